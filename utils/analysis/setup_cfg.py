"""setup.cfg, pytest.ini and tox.ini as manifests."""

from __future__ import annotations

import re

from utils.analysis.licences import licence_of_name
from utils.analysis.manifests import Manifest

REQUIREMENTS = {"install_requires": "runtime", "setup_requires": "build", "tests_require": "tests"}


def ini_sections(text: str) -> dict[str, dict[str, list[tuple[int, str]]]]:
    """{section: {key: [(line, text), …]}} of an INI file; a value's continuation lines are items of their own."""
    sections: dict[str, dict[str, list[tuple[int, str]]]] = {}
    section: dict[str, list[tuple[int, str]]] = {}
    values: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith(("#", ";")):
            continue
        if header := re.fullmatch(r"\[([^\]]+)\]", stripped):
            section = sections.setdefault(header.group(1).strip(), {})
            values = []
        elif line[0] in " \t":
            values.append((number, stripped))
        elif match := re.match(r"([^=:]+?)\s*[=:]\s*(.*)", stripped):
            values = section.setdefault(match.group(1).strip(), [])
            if match.group(2):
                values.append((number, match.group(2)))
    return sections


def read_setup_cfg(path: str, text: str) -> Manifest:
    """A setup.cfg, pytest.ini or tox.ini as far as it declares a package or test folders."""
    manifest = Manifest(path)
    sections = ini_sections(text)
    metadata, options = (_respelled(sections.get(name, {})) for name in ("metadata", "options"))
    for table, key, field_name in (
        (metadata, "name", "name"),
        (metadata, "version", "version"),
        (metadata, "description", "tagline"),
        (metadata, "summary", "tagline"),
        (options, "python_requires", "requires_python"),
        (metadata, "python_requires", "requires_python"),  # where pbr reads it
    ):
        for line, value in table.get(key, [])[:1]:
            if not value.startswith(("attr:", "file:")):
                manifest.state(field_name, value, line)
    for line, value in [*metadata.get("license_expression", [])[:1], *metadata.get("license", [])[:1]]:
        manifest.state("license", licence_of_name(value) or value, line)
    manifest.classify((value, line) for line, value in metadata.get("classifiers", []))
    groups = [(group, options.get(key, [])) for key, group in REQUIREMENTS.items()]
    groups += sections.get("options.extras_require", {}).items()
    for group, items in groups:
        _dependencies(manifest, group.partition(":")[0] or "runtime", items)
    for group, items in sections.get("options.entry_points", {}).items():
        for line, value in items:
            name, equals, target = value.partition("=")
            if equals:
                manifest.enter(name.strip(), group, target, line)
    for name in ("tool:pytest", "pytest"):
        manifest.test_paths += [
            part for _, value in sections.get(name, {}).get("testpaths", []) for part in value.split()
        ]
    return manifest


def _respelled(section: dict[str, list[tuple[int, str]]]) -> dict[str, list[tuple[int, str]]]:
    """Its keys as setuptools knows them: `Python-Requires` is `python_requires`."""
    return {key.lower().replace("-", "_"): values for key, values in section.items()}


def _dependencies(manifest: Manifest, group: str, items: list[tuple[int, str]]) -> None:
    """The requirements that are listed, or those of the files that `file:` names."""
    if items and items[0][1].startswith("file:"):
        for name in " ".join(value for _, value in items).removeprefix("file:").split(","):
            manifest.include(name.strip(), group)
        return
    for line, value in items:
        manifest.depend(value, group, line)
