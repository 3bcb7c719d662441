"""The one typed configuration, and the command that points it at a repository.

    python utils/config_manager.py https://github.com/pallets/flask
    python utils/config_manager.py ../my-project --name my_project --revision v2.1

Reads and writes config/config.yaml (or --config PATH): only `repository.url`, `.name` and `.revision` change; every
comment and every other setting is kept.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Iterable, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import msgspec
import yaml

from utils.console import DEFAULT_CONFIG, EXIT_DONE, ROOT, UserError, relative, run, without_credentials
from utils.settings import (
    AnalysisSettings,
    Count,
    EvaluationSettings,
    GenerationSettings,
    LoraSettings,
    MergeSettings,
    ModelSettings,
    PathSettings,
    RepositorySettings,
    Settings,
    TrainingSettings,
)

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same in C, where it was built
NOT_YAML = (yaml.YAMLError, ValueError)  # the latter for what looks like a date and is none


class UniqueKeyLoader(LOADER):
    """Refuses a key that a section has twice; YAML's own loaders take the last without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping; raises `yaml.YAMLError` for a key that is there already."""
        lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            line, name = key.start_mark.line + 1, (key.tag, str(key.value))
            if name in lines:
                raise yaml.YAMLError(f"line {line} has the key `{key.value}` again, after line {lines[name]}")
            lines[name] = line
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


class Config(Settings, frozen=True):
    """One run, from the repository to the report. `load_config` notes beside the fields where it read them from."""

    repository: RepositorySettings
    analysis: AnalysisSettings = AnalysisSettings()
    generation: GenerationSettings = GenerationSettings()
    model: ModelSettings = ModelSettings()
    lora: LoraSettings = LoraSettings()
    training: TrainingSettings = TrainingSettings()
    merge: MergeSettings = MergeSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    paths: PathSettings = PathSettings()
    seed: Count = 42

    def __post_init__(self) -> None:
        if self.training.quantization == "4bit" and self.model.device == "cpu":
            raise ValueError("training.quantization=4bit needs model.device=cuda")

    @property
    def repo_name(self) -> str:
        """The name that questions call the repository by, and that its folders carry."""
        return self.repository.name or name_from_url(self.repository.url)

    @property
    def checkout_dir(self) -> Path:
        """The folder whose files are analysed: the user's own for a local path as it stands, else a clone."""
        if is_url(self.repository.url) or self.repository.revision is not None:
            return ROOT / self.paths.repos / self.repo_name
        return repository_path(self.repository.url)

    @property
    def data_dir(self) -> Path:
        """`data/<repo>`."""
        return ROOT / self.paths.data / self.repo_name

    @property
    def output_dir(self) -> Path:
        """`output/<repo>`."""
        return ROOT / self.paths.output / self.repo_name

    @property
    def analysis_dir(self) -> Path:
        """Where step 01 writes."""
        return self.data_dir / "analysis"

    @property
    def dataset_dir(self) -> Path:
        """Where step 02 writes."""
        return self.data_dir / "dataset"

    @property
    def adapter_dir(self) -> Path:
        """Where step 03 writes."""
        return self.output_dir / "adapter"

    @property
    def merged_dir(self) -> Path:
        """Where step 04 writes."""
        return self.output_dir / "merged"

    @property
    def evaluation_dir(self) -> Path:
        """Where step 05 writes."""
        return self.output_dir / "evaluation"

    @property
    def chat_dir(self) -> Path:
        """Where step 06 keeps what was asked and answered."""
        return self.output_dir / "chat"

    def command(self, script: str, launcher: str = "python") -> str:
        """The command that runs `scripts/<script>.py` as this run was: with its `--config` and its overrides."""
        path, overrides = self.__dict__.get("read_from", (DEFAULT_CONFIG, ()))
        chosen = [] if path.resolve() == DEFAULT_CONFIG else ["--config", relative(path)]
        given = [*chosen, *(without_credentials(override) for override in overrides)]
        return shlex.join([*launcher.split(), relative(ROOT / "scripts" / f"{script}.py"), *given])


def load_config(path: Path, overrides: Sequence[str] = ()) -> Config:
    """Read `path`, apply `section.key=value` overrides, validate; raises a `UserError` naming all mistakes at once."""
    data = _read_yaml(path)
    for override in overrides:
        _apply(data, override)
    try:
        config = Config.from_data(data)
    except msgspec.ValidationError:
        raise UserError(f"{relative(path)}: {'; '.join(_mistakes(Config, data))}") from None
    config.__dict__["read_from"] = path, tuple(overrides)
    return config


def is_url(text: str) -> bool:
    """True for what git would fetch over a network: `https://…`, `ssh://…`, `git@host:owner/name`."""
    return (bool(urlsplit(text).scheme) and "://" in text) or bool(re.match(r"^[\w.-]+@[\w.-]+:", text))


def repository_path(url: str) -> Path:
    """The folder that a local `repository.url` names; relative paths are taken from the project's root."""
    return (ROOT / Path(url.removeprefix("file://")).expanduser()).resolve()


def name_from_url(url: str) -> str:
    """`https://github.com/pallets/flask.git` → `flask`; `.` → the project's own folder name."""
    last = re.split(r"[/:]", without_credentials(url).rstrip("/"))[-1] if is_url(url) else repository_path(url).name
    return re.sub(r"[^A-Za-z0-9._-]+", "_", last.removesuffix(".git")).strip("._-") or "repository"


def set_repository(path: Path, url: str, name: str | None, revision: str | None) -> None:
    """Point the YAML at `path` to a repository, keeping its comments and every other setting.

    Raises `UserError` when the file does not parse or what would be written is not a valid configuration.
    """
    from ruamel.yaml import YAML  # only this command edits a file; the scripts just read it

    _read_yaml(path)
    editor = YAML()
    editor.preserve_quotes = True
    editor.width = 4096
    document = editor.load(path.read_text(encoding="utf-8"))
    chosen = url if is_url(url) else str(Path(url).expanduser().resolve())
    document["repository"].update({"url": chosen, "name": name or name_from_url(chosen), "revision": revision})
    text = StringIO()
    editor.dump(document, text)
    draft = path.with_suffix(".yaml.new")
    draft.write_text(text.getvalue(), encoding="utf-8")
    try:
        load_config(draft)
    except UserError:
        draft.unlink()
        raise
    draft.replace(path)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=UniqueKeyLoader)
    except FileNotFoundError:
        raise UserError(f"there is no config at {relative(path)}; name one with --config PATH") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{relative(path)} cannot be read as YAML text: {error}") from None
    except NOT_YAML as error:
        raise UserError(f"{relative(path)} is not valid YAML: {_one_line(str(error))}") from None
    if not isinstance(data, dict) or not isinstance(data.get("repository"), dict):
        raise UserError(f"{relative(path)} has no `repository:` section; start from config/config.yaml")
    return data


def _apply(data: dict[str, Any], override: str) -> None:
    dotted, equals, text = override.partition("=")
    if not equals or not dotted:
        raise UserError(f"the override {override!r} is not of the form section.key=value")
    try:
        value = yaml.load(text, Loader=UniqueKeyLoader)
    except NOT_YAML as error:
        raise UserError(f"the override {override!r} has a value that is not YAML: {_one_line(str(error))}") from None
    *sections, key = dotted.split(".")
    for section in sections:
        if not isinstance(data.get(section), dict):
            data[section] = {}
        data = data[section]
    data[key] = value


def _mistakes(kind: type[Settings], data: Any, section: str = "") -> list[str]:
    """All that is wrong in a section ("" or "name."), by dotted path: msgspec stops at the first mistake."""
    if not isinstance(data, dict):
        return [f"{section.removesuffix('.')}: expected a section, not {data!r}"]
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    found = [_unknown(section, str(name), fields) for name in data if name not in fields]
    for name, field in fields.items():
        if name not in data:
            found += [f"{section}{name}: a value is needed"] if field.required else []
        elif isinstance(field.type, type) and issubclass(field.type, Settings):
            found += _mistakes(field.type, data[name], f"{section}{name}.")
        else:
            try:
                msgspec.convert(data[name], field.type, strict=False)
            except msgspec.ValidationError as error:
                found.append(f"{section}{name}: {_expected(error, field.type, data[name])}")
    if not found:  # each value may be; what is left is how they go together
        try:
            kind.from_data(data)
        except msgspec.ValidationError as error:
            found.append(section + _reason(error))
    return found


def _unknown(section: str, name: str, known: Iterable[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, n=1)
    return f"{section}{name} is not a setting" + (f" (did you mean {close[0]}?)" if close else "")


def _expected(error: msgspec.ValidationError, kind: Any, value: Any) -> str:
    """What a value should have been, and what it is; of a list, the first item that is none of the choices."""
    known = choices(kind)
    wrong = [item for item in (value if isinstance(value, list) else [value]) if item not in known]
    if known and wrong:
        return f"expected one of {', '.join(known)}, not {wrong[0]!r}"
    return f"{_reason(error)}, not {value!r}"


def choices(kind: Any) -> tuple[str, ...]:
    """The texts that a type allows: those of a `Literal`, which may be optional or that of a list's items."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    return tuple(choice for part in get_args(kind) for choice in choices(part))


def _reason(error: msgspec.ValidationError) -> str:
    """msgspec's "Expected `int`, got `str` - at `$.lora.r`" without what the user is told anyway."""
    message = re.sub(r"(, got `\w+`)?( - at `[^`]*`)?$", "", str(error))
    return f"{message[0].lower()}{message[1:]}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def main(argv: Sequence[str] | None = None) -> int:
    """Point a configuration at a repository."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="https:// or ssh address of a git repository, or a folder")
    parser.add_argument("--name", help="what questions call it (default: the last part of the url)")
    parser.add_argument("--revision", help="branch, tag or commit (default: what is checked out)")
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="PATH")
    options = parser.parse_args(argv)
    if not is_url(options.url) and not Path(options.url).expanduser().is_dir():
        raise UserError(f"{options.url} is neither a git address nor a folder")
    set_repository(options.config, options.url, options.name, options.revision)
    config = load_config(options.config)
    shown = without_credentials(config.repository.url)
    print(f"{relative(options.config)} now points at {shown} (called {config.repo_name})")
    print(f"next: python {relative(ROOT / 'scripts/01_analyze_repo.py')}")
    return EXIT_DONE


if __name__ == "__main__":
    run(main)
