"""How to install, run and test the project, quoted from where it says so."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from packaging.utils import canonicalize_name

from utils.records import Command, Document

MAX_PER_PURPOSE = 12

_SHELLS = frozenset({"", "sh", "bash", "shell", "console", "shell-session", "zsh", "terminal", "cmd", "powershell"})
_RUNNER = r"(?:(?:uv|poetry|pdm|pipenv|hatch|rye) run (?:--?[\w-]+ )*|python3? -m |coverage run -m |npx |sudo |!|%)*"
# These set up the folder one stands in.
_INSTALL_HERE = re.compile(
    r"(?:uv sync|poetry install|pdm install|pipenv (?:install|sync)|hatch env create|(?:npm|pnpm|yarn) (?:install|ci)"
    r"|make (?:install|setup|dev|develop|bootstrap|init)|python3? setup\.py (?:install|develop)"
    r"|(?:\./)?scripts?/(?:install|setup|bootstrap)\S*)(?=\s|$)"
)
# These install what they name, which may be something else.
_INSTALL_NAMED = re.compile(
    r"(?:pip3?|pipx|uv pip|uv tool|conda|mamba|brew|apt|apt-get|dnf|yum|port|scoop|choco) (?:.* )?install\b"
    r"|(?:uv|poetry|pdm|rye|poetry self) add\b|easy_install |pacman -S"
)
_TEST = re.compile(
    r"(?:py\.?test|tox|nox|unittest|hatch test|hatch run \S*test\S*|make (?:tests?|check|pytest|coverage)"
    r"|python3? setup\.py test|(?:npm|pnpm|yarn)(?: run)? test|(?:\./)?scripts?/(?:tests?|check)\S*"
    r"|python3? (?:\S*/)?(?:run_?tests?|test_?\w*|tests/\S+)\.py)(?=\s|$)"
)
_RUN = re.compile(r"docker[ -]compose (?:.* )?up\b|make (?:run|serve|start|demo|up)(?=\s|$)|(?:uvicorn|gunicorn) \S")
_PLACEHOLDER = re.compile(r"<[\w -]+>|\s\[|\{|\.\.\.|…")
_TEST_ENVIRONMENTS = {
    "tox.ini": ("tox", r"\[testenv\]"),
    "pyproject.toml": ("tox", r"\[tool\.tox\]"),
    "noxfile.py": ("nox", r"def tests?\b\w*\("),
}
_MAKE_PURPOSES = {
    "install": ("install", "setup", "dev", "develop", "bootstrap", "init", "deps"),
    "test": ("test", "tests", "check", "pytest"),
    "run": ("run", "serve", "start", "demo"),
}


def find_commands(
    documents: Sequence[Document],
    texts: Mapping[str, str],
    paths: Collection[str],
    programs: Collection[str],
    distributions: Collection[str],
) -> list[Command]:
    """Commands in the code blocks of `documents` and in the Makefiles, tox.ini and noxfile.py among `texts`.

    `paths` are the repository's files, `programs` the console scripts it installs (what starts with one of them runs
    the project) and `distributions` the names it is installed by. At most MAX_PER_PURPOSE each, in the order of
    documents and files, repetitions left out.
    """
    found: dict[tuple[str, str], Command] = {}
    for document in documents:
        for line, text in _shell_lines(document):
            purpose = _purpose(text, posixpath.dirname(document.path), paths, programs, distributions)
            if purpose:
                found.setdefault((purpose, text), Command(purpose, text, document.path, line, text))
    for path, text in texts.items():
        for command in _from_build_file(path, text):
            found.setdefault((command.purpose, command.text), command)
    chosen: list[Command] = []
    for purpose in ("install", "run", "test"):
        chosen += [command for command in found.values() if command.purpose == purpose][:MAX_PER_PURPOSE]
    return chosen


def _shell_lines(document: Document) -> Iterator[tuple[int, str]]:
    """(line, command) of the shell code blocks; where some lines have a `$` prompt, only those are commands."""
    for section in document.sections:
        for block in section.code_blocks:
            if block.language not in _SHELLS:
                continue
            lines = block.code.split("\n")
            # A fence stands one line above its code; an indented block starts with it.
            first = block.line + (1 if block.end_line - block.line + 1 > len(lines) else 0)
            prompted = any(re.match(r"\s*[$%>] ", line) for line in lines)
            for offset, line in enumerate(lines):
                match = re.match(r"\s*(?:\([\w.-]+\) )?([$%>] )?(.*)", line)
                if match is None or (prompted and match.group(1) is None):
                    continue
                command = re.sub(r"\s+#\s.*$", "", match.group(2)).strip()
                if command and not command.endswith("\\") and not command.startswith("#"):
                    yield first + offset, command


def _purpose(
    command: str, folder: str, paths: Collection[str], programs: Collection[str], distributions: Collection[str]
) -> str | None:
    bare = re.sub(rf"^(?:[A-Z_]+=\S+ )*{_RUNNER}", "", command)
    if not bare or len(command) > 200 or _PLACEHOLDER.search(command):
        return None
    if _INSTALL_HERE.match(command) or (_INSTALL_NAMED.match(bare) and _names_project(bare, distributions)):
        return "install"
    if _TEST.match(bare) or _TEST.match(command):
        return "test"
    if bare.split()[0] in programs or _RUN.match(bare) or _runs_a_file(command, folder, paths):
        return "run"
    return None


def _names_project(command: str, distributions: Collection[str]) -> bool:
    """True where an install command means this project: by name, as `.`, `-e …`, `-r …` or a git address."""
    for word in command.split()[1:]:
        name = re.split(r"[\[=<>~!@]", word.strip("\"'"))[0]
        if name in (".", "-e", "-r", "--editable", "--requirement") or name.startswith(("git+", "./")):
            return True
        if name and canonicalize_name(name) in distributions:
            return True
    return False


def _runs_a_file(command: str, folder: str, paths: Collection[str]) -> bool:
    """`python script.py` or `python -m package` of a file that the repository has."""
    match = re.search(r"\b(?:python3?|streamlit run|deepspeed(?: --?\S+)*) (?:(-m) )?([\w./-]+)", command)
    if match is None:
        return False
    if match.group(1):
        module = match.group(2).replace(".", "/")
        return any(path.endswith((f"{module}.py", f"{module}/__main__.py")) for path in paths)
    target = posixpath.normpath(match.group(2))
    return target in paths or posixpath.normpath(posixpath.join(folder, target)) in paths


def _from_build_file(path: str, text: str) -> Iterator[Command]:
    folder, name = posixpath.split(path)
    where = f" -C {folder}" if folder else ""
    if name in ("Makefile", "makefile", "GNUmakefile"):
        for number, line in enumerate(text.split("\n"), start=1):
            match = re.match(r"([A-Za-z][\w.-]*)\s*:(?![:=])", line)
            for purpose, targets in _MAKE_PURPOSES.items():
                if match and match.group(1) in targets:
                    yield Command(purpose, f"make{where} {match.group(1)}", path, number, match.group(0))
    elif path in _TEST_ENVIRONMENTS:
        program, pattern = _TEST_ENVIRONMENTS[path]
        for number, line in enumerate(text.split("\n"), start=1):
            if match := re.match(pattern, line):
                yield Command("test", program, path, number, match.group(0))
                return
