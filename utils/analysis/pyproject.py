"""pyproject.toml (PEP 621, 639, 735, Poetry, uv, PDM, Hatch, Flit) and Pipfile as manifests."""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Iterator
from typing import Any

from utils.analysis.licences import licence_of_name
from utils.analysis.manifests import Manifest
from utils.analysis.toml_lines import Place, locate
from utils.records import Dependency

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


ALTERNATIVE = " || "  # between the versions that Poetry may choose from


class _Toml:
    """A TOML file's values together with their places."""

    def __init__(self, data: dict[str, Any], places: dict[tuple[str, ...], Place]) -> None:
        self.data, self.places = data, places

    def table(self, *path: str) -> dict[str, Any]:
        value: Any = self.data
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value if isinstance(value, dict) else {}

    def place(self, *path: str) -> Place:
        """The place of a key, else of the nearest key around it (inline tables)."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return Place(1, 1)

    def items(self, *path: str) -> Iterator[tuple[Any, int]]:
        """(element, line) of an array."""
        value, place = self.table(*path[:-1]).get(path[-1]), self.place(*path)
        for index, item in enumerate(value if isinstance(value, list) else []):
            yield item, place.items[index] if index < len(place.items) else place.line


def read_toml(path: str, text: str) -> Manifest:
    """A pyproject.toml or Pipfile; one that does not parse declares nothing."""
    manifest = Manifest(path)
    try:
        toml = _Toml(tomllib.loads(text), locate(text))
    except (tomllib.TOMLDecodeError, RecursionError):
        return manifest
    if posixpath.basename(path) == "Pipfile":
        _poetry_dependencies(manifest, toml, "runtime", "packages")
        _poetry_dependencies(manifest, toml, "dev", "dev-packages")
        return manifest
    _project_table(manifest, toml)
    _poetry_table(manifest, toml)
    _flit_table(manifest, toml)
    for item, line in toml.items("build-system", "requires"):
        manifest.depend(item, "build", line)
    for group in toml.table("dependency-groups"):
        for item, line in toml.items("dependency-groups", group):
            manifest.depend(item, group, line)
    for item, line in toml.items("tool", "uv", "dev-dependencies"):
        manifest.depend(item, "dev", line)
    for group in toml.table("tool", "pdm", "dev-dependencies"):
        for item, line in toml.items("tool", "pdm", "dev-dependencies", group):
            manifest.depend(item, group, line)
    for environment in toml.table("tool", "hatch", "envs"):
        for key in ("dependencies", "extra-dependencies"):
            for item, line in toml.items("tool", "hatch", "envs", environment, key):
                manifest.depend(item, environment, line)
    paths = toml.table("tool", "pytest", "ini_options").get("testpaths")
    listed = paths.split() if isinstance(paths, str) else paths if isinstance(paths, list) else []
    manifest.test_paths = [item for item in listed if isinstance(item, str)]
    _dynamic_files(manifest, toml)
    return manifest


def _project_table(manifest: Manifest, toml: _Toml) -> None:
    """PEP 621 and PEP 639."""
    project = toml.table("project")
    for key, field_name in (
        ("name", "name"),
        ("version", "version"),
        ("description", "tagline"),
        ("requires-python", "requires_python"),
    ):
        place = toml.place("project", key)
        manifest.state(field_name, project.get(key), place.line, place.end_line)
    _licence(manifest, toml, "project")
    for item, line in toml.items("project", "dependencies"):
        manifest.depend(item, "runtime", line)
    for extra in toml.table("project", "optional-dependencies"):
        for item, line in toml.items("project", "optional-dependencies", extra):
            manifest.depend(item, extra, line)
    for table, group in (("scripts", "console_scripts"), ("gui-scripts", "gui_scripts")):
        for name, target in toml.table("project", table).items():
            manifest.enter(name, group, target, toml.place("project", table, name).line)
    for group in toml.table("project", "entry-points"):
        for name, target in toml.table("project", "entry-points", group).items():
            manifest.enter(name, group, target, toml.place("project", "entry-points", group, name).line)


def _licence(manifest: Manifest, toml: _Toml, *table: str) -> None:
    value, place = toml.table(*table).get("license"), toml.place(*table, "license", "text")
    text = value.get("text") if isinstance(value, dict) else value
    if isinstance(text, str) and len(text) < 200:
        manifest.state("license", licence_of_name(text) or text, place.line, place.end_line)
    manifest.classify(toml.items(*table, "classifiers"))


def _poetry_table(manifest: Manifest, toml: _Toml) -> None:
    base = ("tool", "poetry")
    poetry = toml.table(*base)
    for key, field_name in (("name", "name"), ("version", "version"), ("description", "tagline")):
        place = toml.place(*base, key)
        manifest.state(field_name, poetry.get(key), place.line, place.end_line)
    _licence(manifest, toml, *base)
    python = toml.table(*base, "dependencies").get("python")
    manifest.state("requires_python", python, toml.place(*base, "dependencies", "python").line)
    _poetry_dependencies(manifest, toml, "runtime", *base, "dependencies")
    _poetry_dependencies(manifest, toml, "dev", *base, "dev-dependencies")
    for group in toml.table(*base, "group"):
        _poetry_dependencies(manifest, toml, group, *base, "group", group, "dependencies")
    for name, target in toml.table(*base, "scripts").items():
        manifest.enter(name, "console_scripts", _target(target), toml.place(*base, "scripts", name).line)
    for group in toml.table(*base, "plugins"):
        for name, target in toml.table(*base, "plugins", group).items():
            manifest.enter(name, group, target, toml.place(*base, "plugins", group, name).line)


def _flit_table(manifest: Manifest, toml: _Toml) -> None:
    """What Flit read before there was PEP 621; without a `dist-name` the module's is the distribution's."""
    base = ("tool", "flit", "metadata")
    metadata = toml.table(*base)
    for key, field_name in (("dist-name", "name"), ("module", "name"), ("requires-python", "requires_python")):
        place = toml.place(*base, key)
        manifest.state(field_name, metadata.get(key), place.line, place.end_line)
    _licence(manifest, toml, *base)
    for key, group in (("requires", "runtime"), ("dev-requires", "dev")):
        for item, line in toml.items(*base, key):
            manifest.depend(item, group, line)
    for extra in toml.table(*base, "requires-extra"):
        for item, line in toml.items(*base, "requires-extra", extra):
            manifest.depend(item, extra, line)
    for name, target in toml.table("tool", "flit", "scripts").items():
        manifest.enter(name, "console_scripts", target, toml.place("tool", "flit", "scripts", name).line)
    for group in toml.table("tool", "flit", "entrypoints"):
        for name, target in toml.table("tool", "flit", "entrypoints", group).items():
            manifest.enter(name, group, target, toml.place("tool", "flit", "entrypoints", group, name).line)


def _target(value: Any) -> Any:
    return value.get("reference") or value.get("callable") if isinstance(value, dict) else value


def _poetry_dependencies(manifest: Manifest, toml: _Toml, group: str, *path: str) -> None:
    """`name = "^1.0"`, `name = {version = "^1.0", …}` or several such tables, of which the environment chooses one.

    The specifier is Poetry's own notation, as written; of several tables they are joined by its `||`.
    """
    extras = {key: names for key, names in toml.table(*path[:-1], "extras").items() if isinstance(names, list)}
    for name, value in toml.table(*path).items():
        if name.lower() == "python":
            continue
        choices = value if isinstance(value, list) else [value]
        specifiers = [_poetry_specifier(choice) for choice in choices]
        tables = [choice for choice in choices if isinstance(choice, dict)]
        within = next((key for key, names in extras.items() if name in names), "optional")
        chosen = within if any(table.get("optional") is True for table in tables) else group
        marker = tables[0].get("markers") if len(tables) == 1 else None
        manifest.dependencies.append(
            Dependency(
                name=name,
                specifier=ALTERNATIVE.join(dict.fromkeys(specifiers)) if all(specifiers) else "",
                group=chosen,
                path=manifest.path,
                line=toml.place(*path, name).line,
                marker=marker if isinstance(marker, str) else None,
            )
        )


def _poetry_specifier(value: Any) -> str:
    """The version or address that is asked for; empty where any will do."""
    details = value if isinstance(value, dict) else {}
    specifier = value if isinstance(value, str) else str(details.get("version") or details.get("git") or "")
    return "" if specifier == "*" else specifier


def _dynamic_files(manifest: Manifest, toml: _Toml) -> None:
    """`dynamic` dependencies that setuptools reads from requirements files."""
    dynamic = ("tool", "setuptools", "dynamic")
    tables = [("runtime", toml.table(*dynamic, "dependencies"))]
    tables += [(extra, value) for extra, value in toml.table(*dynamic, "optional-dependencies").items()]
    for group, table in tables:
        names = table.get("file") if isinstance(table, dict) else None
        for name in [names] if isinstance(names, str) else names if isinstance(names, list) else []:
            manifest.include(name, group)
