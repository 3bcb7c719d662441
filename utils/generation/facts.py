"""What a repository offers to ask about: an index over step 01's records, and the facts drawn from it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from utils.generation.behaviour import Behaviour, read_behaviour
from utils.generation.exports import find_exports
from utils.generation.families import FAMILIES
from utils.generation.file_roles import is_supporting, is_test
from utils.generation.grouping import grouped, inside, suffixes, turned_round
from utils.generation.templates import Slot, Slots, Voice
from utils.generation.verify import Verdict, Verifier
from utils.mentions import is_path
from utils.records import PYTHON_SUFFIXES, Analysis, CallSite, Claim, ClaimKind, CodeElement, Evidence

CALLABLE = frozenset({"function", "method"})
SYMBOLS = frozenset({"class", "function", "method", "property"})
SHORT_NAME = 3  # characters; a name this short says too little to be asked for without its owner
LOGGERS = frozenset({"log", "logger", "_log", "_logger"})
BEHAVIOURS_KEPT = 4096

_RULER = re.compile(r"([~=^*#_-])\1{3}")  # a heading's underline, swept into the summary
_WORD = re.compile(r"[^\W\d]\w*")


class Fact(NamedTuple):
    """One thing that can be taught. `build` words its slots in a language; `variant` varies the wording.

    `element`: whose exposures it counts towards (the subject itself for facts that no element owns).
    """

    family: str
    subject: str
    element: str
    public: bool
    build: Callable[[Voice, int], Slots]

    @classmethod
    def about(cls, family: str, element: CodeElement, build: Callable[[Voice, int], Slots]) -> Fact:
        """A fact whose subject is the element itself."""
        return cls(family, element.id, element.id, is_public(element), build)

    @property
    def key(self) -> str:
        """The fact string of DESIGN.md, `family:subject`."""
        return f"{self.family}:{self.subject}"

    @property
    def task(self) -> str:
        """The task its family belongs to."""
        return FAMILIES[self.family].task


def rank(*parts: object) -> int:
    """A stable pseudo-random 64-bit number for `parts`: selection by it does not depend on what else is there."""
    text = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


class Context:
    """An index over one repository's analysis.

    `elements` are those asked about (no tests unless wanted, no repeated ids); names are judged ambiguous over all.
    `unreadable` are the files whose path an answer cannot name: nothing in them is known here.
    """

    def __init__(
        self,
        repo: str,
        analysis: Analysis,
        elements: Sequence[CodeElement],
        include_tests: bool,
        root: Path | None = None,
    ) -> None:
        self.repo = repo
        self.root = root
        self.analysis = analysis
        paths = {element.path for element in elements}
        self.unreadable = frozenset(path for path in paths if not is_path(path))
        elements = [element for element in elements if element.path not in self.unreadable]
        self.all = {element.id: element for element in elements}
        self.path_is_test = {
            path: not include_tests and is_test(path, analysis.project.test_paths) for path in paths - self.unreadable
        }
        repeated = {each.id.rpartition("#")[0] for each in elements if "#" in each.id and not is_accessor(each)}
        self.elements = [
            element
            for element in elements
            if not self.path_is_test[element.path] and "#" not in element.id and not inside(element.id, repeated)
        ]
        self.known = {element.id for element in self.elements}
        self._suffixes = suffixes(self.all)
        self._behaviours: dict[str, Behaviour] = {}
        self.verifier: Verifier | None = None
        self.judged: dict[tuple[str, str], Verdict] = {}

    @cached_property
    def supporting(self) -> frozenset[str]:
        """The files that are not what the project offers: documentation, examples, automation, packaging. Where there
        are no other files, these are what it offers."""
        paths = {element.path for element in self.elements}
        found = frozenset(path for path in paths if is_supporting(path))
        return found if len(found) < len(paths) else frozenset()

    def is_offered(self, element: CodeElement) -> bool:
        """True for what a user of the project would ask about: a public name, not in a supporting file, no special
        method, nothing inside a function."""
        special = element.name.startswith("__") and element.kind != "module"
        supports = element.path in self.supporting
        return is_public(element) and not supports and not special and not self.is_inside_function(element)

    def is_trivial(self, element: CodeElement) -> bool:
        """True for what no one asks about: a module's logger, its `__all__`, what only its run as a script defines."""
        if element.kind == "constant" and (element.name.lower() in LOGGERS or element.name.startswith("__")):
            return True
        return element.id in self._script_parts

    @cached_property
    def _script_parts(self) -> frozenset[str]:
        """What stands in a module's `if __name__ == …:` block, which no import reaches."""
        found: set[str] = set()
        for module in self.elements:
            if module.kind == "module" and "\nif __name__" in module.code:
                lines = module.code.split("\n")
                for element in self.children.get(module.id, []):
                    above = lines[: element.line]
                    if len(above) == element.line and above[-1][:1].isspace():
                        outer = next((line for line in reversed(above) if line[:1].strip(" \t)#")), "")
                        found.update([element.id] if outer.startswith("if __name__") else [])
        return frozenset(found)

    def is_inside_function(self, element: CodeElement) -> bool:
        """True for what is defined in a function: a decorator's wrapper says nothing to who does not know it."""
        outer = self.all.get(element.parent or "")
        return outer is not None and outer.kind in ("function", "method", "property")

    @cached_property
    def children(self) -> dict[str, list[CodeElement]]:
        """Parent id → the elements directly in it, in source order."""
        return grouped((element.parent or "", element) for element in self.elements)

    @cached_property
    def words(self) -> frozenset[str]:
        """Every name-like word of the repository's code, and of all texts that the verifier reads, so that a name
        outside it is nowhere in use."""
        found = set(self.verifier.repository.names) if self.verifier is not None else set()
        for element in self.all.values():
            found.add(element.name)
            if element.kind == "module":
                found.update(_WORD.findall(element.code))
        return frozenset(found)

    @cached_property
    def modules(self) -> list[CodeElement]:
        """The modules asked about."""
        return [element for element in self.elements if element.kind == "module"]

    @cached_property
    def python_files(self) -> list[str]:
        """The paths of all Python files of the checkout: also of those that were left out or could not be read."""
        found = {file.path for file in self.analysis.files if file.module}
        others = {*self.analysis.excluded, *(skipped.path for skipped in self.analysis.skipped)}
        found.update(path for path in others if path.endswith(PYTHON_SUFFIXES) and self.is_file(path))
        return sorted(found)

    def is_file(self, path: str) -> bool:
        """Whether the checkout has a file under a path, which is no link."""
        return self.root is not None and (self.root / path).is_file() and not (self.root / path).is_symlink()

    def python_files_in(self, package: CodeElement | None) -> int:
        """How many Python files are in a package's folder and below it, tests included; all of them for null."""
        folder = package.path.removesuffix("__init__.py") if package else ""
        return sum(path.startswith(folder) for path in self.python_files)

    def looks_like_test(self, path: str) -> bool:
        """True for a test file, whether or not tests are asked about."""
        return is_test(path, self.analysis.project.test_paths)

    @lru_cache(maxsize=256)  # noqa: B019 - a context lives as long as its run
    def lines(self, path: str) -> list[str]:
        """The lines of a file of the checkout that is not code (README, pyproject.toml); empty where there is none."""
        try:
            text = (self.root / path).read_text("utf-8") if self.root else ""
        except (OSError, UnicodeDecodeError):
            return []
        return text.removesuffix("\n").split("\n") if text else []

    def line(self, path: str, number: int) -> str:
        """One line of such a file; empty where it does not exist."""
        lines = self.lines(path)
        return lines[number - 1] if 1 <= number <= len(lines) else ""

    @cached_property
    def by_path(self) -> dict[str, list[CodeElement]]:
        """Path → the file's top-level classes, functions and constants, in source order."""
        top = (e for e in self.elements if e.kind != "module" and e.parent == e.module)
        return grouped((e.path, e) for e in top if not self.is_trivial(e))

    @cached_property
    def callers(self) -> dict[str, list[str]]:
        """Callee id → caller ids, sorted. Callers in tests are among them."""
        return turned_round(self.analysis.call_graph)

    @cached_property
    def importers(self) -> dict[str, list[str]]:
        """Module id → the modules that import it, sorted."""
        return turned_round(self.analysis.imports)

    @cached_property
    def subclasses(self) -> dict[str, list[str]]:
        """Class id → its direct subclasses, sorted."""
        return turned_round(self.analysis.inheritance)

    @cached_property
    def overridden_by(self) -> dict[str, list[str]]:
        """Method id → the methods that override it, sorted."""
        return grouped((e.overrides, e.id) for e in self.elements if e.overrides)

    @cached_property
    def sites(self) -> dict[str, list[CallSite]]:
        """Callee id → its call sites."""
        return grouped((site.callee, site) for site in self.analysis.call_sites)

    def holds(self, claim: Claim) -> bool:
        """Whether the verifier confirms what may be left unsaid; `judged` keeps what it said of each claim."""
        if self.verifier is None:
            return True
        if claim.kind == "called_by":  # the same statement, seen from the other end
            claim = Claim("calls", str(claim.value), claim.subject)
        verdict = self.verifier.verdict(claim)
        self.judged[claim.kind, f"{claim.subject} {claim.kind} {claim.value}"] = verdict
        return verdict == "proven"

    def guess(self, claim: Claim) -> Verdict:
        """What the verifier says of a claim that only a name speaks for: where it is wrong, no one has claimed it."""
        return self.verifier.verdict(claim) if self.verifier is not None else "proven"

    @cached_property
    def exports(self) -> dict[str, str]:
        """Element id → the package a reader would import it from, where that is not its own module."""
        return find_exports(self.all)

    def behaviour(self, element: CodeElement) -> Behaviour:
        """What the element's code does; kept for the next wording of the same fact."""
        found = self._behaviours.get(element.id)
        if found is None:
            if len(self._behaviours) >= BEHAVIOURS_KEPT:
                self._behaviours.clear()
            found = self._behaviours[element.id] = read_behaviour(element)
        return found

    def display(self, element_id: str) -> str:
        """The shortest dotted end of an id that no other element shares; methods keep their class."""
        element = self.all.get(element_id)
        if element is None or element.kind == "module":
            return element_id
        parts = element_id.split(".")
        owner = self.all.get(element.parent or "")
        first = 2 if owner is not None and owner.kind != "module" else 1
        for length in range(first, len(parts)):
            suffix = ".".join(parts[-length:])
            if self._suffixes[suffix] == 1 and len(suffix) > SHORT_NAME:
                return suffix
        return element_id

    def is_unique(self, name: str) -> bool:
        """True when one element only ends in `name`, and it is long enough to be asked for."""
        return self._suffixes[name] == 1 and len(name) > SHORT_NAME

    def symbol(self, element_id: str, kind: ClaimKind | None = None, subject: str = "") -> Slot:
        """The displayed name in backticks, claiming `kind(subject, element_id)` where asked."""
        claims = (Claim(kind, subject, element_id),) if kind else ()
        return Slot(f"`{self.display(element_id)}`", claims)

    def span(self, element: CodeElement) -> tuple[Evidence, ...]:
        """The element's lines as evidence."""
        return (Evidence(element.path, element.start_line, element.end_line),)

    def slots(self, element: CodeElement, voice: Voice) -> dict[str, Slot]:
        """The slots every fact about an element has: repo, name, id, kind, path, line, signature, summary."""
        subject, span = element.id, self.span(element)
        slots = {
            "repo": Slot(self.repo),
            "name": Slot(self.display(subject), (), span),
            "id": Slot(subject),
            "kind": Slot(voice.words[element.kind], (Claim("is_a", subject, element.kind),)),
            "path": Slot(element.path, (Claim("defined_in", subject, element.path),)),
            "line": Slot(str(element.line), (Claim("at_line", subject, element.line),)),
        }
        if element.signature:
            slots["signature"] = Slot(flush(element.signature), (Claim("has_signature", subject, element.signature),))
        if (text := summary_of(element)) and self.holds(Claim("documented_as", subject, text)):
            slots["summary"] = Slot(text.removesuffix("."), (Claim("documented_as", subject, text),))
        return slots


def is_public(element: CodeElement) -> bool:
    """True where no part of its own dotted name is private; a private module may well hold a public API."""
    if element.kind == "module":
        return element.is_public
    local = element.id.removeprefix(element.module + ".").split(".")
    return not any(part.startswith("_") and not part.endswith("__") for part in local)


def is_accessor(element: CodeElement) -> bool:
    """True for the setter, getter or deleter of a property, which has its name and is a part of it."""
    return any(
        text in (f"{element.name}.{use}" for use in ("setter", "getter", "deleter")) for text in element.decorators
    )


def decorator_name(text: str) -> str:
    """The last name of a decorator: `lru_cache` of `functools.lru_cache(maxsize=None)`."""
    return text.partition("(")[0].strip().rpartition(".")[2]


def flush(signature: str) -> str:
    """A signature over several lines as it would stand at the margin: a method's is indented in its class."""
    first, *rest = signature.split("\n")
    if not rest or not rest[-1].lstrip().startswith(")"):
        return signature
    indent = len(rest[-1]) - len(rest[-1].lstrip())
    return "\n".join([first, *(line[min(indent, len(line) - len(line.lstrip())) :] for line in rest)])


def summary_of(element: CodeElement) -> str:
    """The docstring's summary on one line; empty where there is none or it could not be quoted safely."""
    text = " ".join(element.doc.summary.split()) if element.doc else ""
    return "" if len(text) > 300 or len(text) < 8 or "```" in text or _RULER.search(text) else text


def importable(dotted: str) -> bool:
    """True when `dotted` can stand in an import statement as it is."""
    return all(part.isidentifier() for part in dotted.split(".")) and not dotted.endswith("__main__")
