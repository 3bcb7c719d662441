"""The records that travel between the steps: elements and analysis (01), samples and claims (02).

Every record is an immutable-by-convention `msgspec.Struct`: typed, validated when it is read, and encoded in
field order, so that the same facts always give the same bytes. Interfaces are fixed; add fields at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

ANALYSIS_SCHEMA = "analysis/1"
DATASET_SCHEMA = "dataset/1"
BASE_SCHEMA = "base/1"
ADAPTER_SCHEMA = "adapter/1"
MERGED_SCHEMA = "merged/1"
EVALUATION_SCHEMA = "evaluation/1"
PYTHON_SUFFIXES = (".py", ".pyw")

R = TypeVar("R", bound=msgspec.Struct)

ElementKind = Literal["module", "class", "function", "method", "property", "constant", "attribute", "field"]
ParameterKind = Literal["positional_only", "positional_or_keyword", "var_positional", "keyword_only", "var_keyword"]


class Parameter(msgspec.Struct):
    """One parameter; `annotation` and `default` are source text, or null where the source says nothing."""

    name: str
    kind: ParameterKind
    annotation: str | None = None
    default: str | None = None


class DocItem(msgspec.Struct):
    """One documented parameter, return value or exception; `name` is null for a return value without one."""

    name: str | None
    annotation: str | None
    description: str


class Doc(msgspec.Struct):
    """A docstring's parts. A documented parameter that the signature does not have is left out: it is no fact."""

    summary: str = ""
    params: list[DocItem] = []
    returns: list[DocItem] = []
    raises: list[DocItem] = []
    examples: list[str] = []


class CodeElement(msgspec.Struct):
    """One definition. Lines are 1-based and inclusive; `path` is posix, relative to the repository's root.

    `start_line` is the first decorator's line, `line` the `def`/`class`/assignment line. `signature` is the complete
    source text between the keyword's line and the colon (`async def f(a, *, b=1) -> int`, `class C(B)`,
    `LIMIT = 3` for a constant). `parameters` includes `self` and `cls`. `decorators` are source text without `@`.
    """

    id: str
    kind: ElementKind
    name: str
    module: str
    parent: str | None
    language: str
    path: str
    start_line: int
    line: int
    end_line: int
    signature: str
    parameters: list[Parameter] = []
    returns: str | None = None
    decorators: list[str] = []
    docstring: str | None = None
    doc: Doc | None = None
    bases: list[str] = []
    overrides: str | None = None
    is_async: bool = False
    is_public: bool = True
    complexity: int = 1
    code: str = ""


class Skipped(msgspec.Struct):
    """A file that was not analysed, or not in full, and why."""

    path: str
    reason: str


class SourceFile(msgspec.Struct):
    """One analysed file; `module` is null for a file that is not code (Markdown)."""

    path: str
    language: str
    module: str | None
    lines: int
    sha256: str


class Provenance(msgspec.Struct):
    """Where the facts come from. `commit` is null outside a git checkout; `dirty`: the work tree differs from it."""

    url: str
    commit: str | None
    dirty: bool
    tool_version: str


class Section(msgspec.Struct):
    """One Markdown section: its heading (`level` 1..6), its lines up to the next heading, and the code blocks in them.

    What stands before the first heading is a section without title, of level 0, where it holds a code block.
    """

    title: str
    level: int
    line: int
    end_line: int
    code_blocks: list[CodeBlock] = []


class CodeBlock(msgspec.Struct):
    """One fenced or indented code block; lines include the fences."""

    language: str
    line: int
    end_line: int
    code: str


class Document(msgspec.Struct):
    """One Markdown file; `summary` is its first real paragraph (no badge, HTML or logo), empty if there is none.

    The summary is plain text on one line: the words of lines `summary_line` to `summary_end_line` in their order,
    without emphasis marks and link targets (code spans keep their backticks).
    """

    path: str
    title: str
    summary: str
    sections: list[Section] = []
    summary_line: int | None = None
    summary_end_line: int | None = None


class Dependency(msgspec.Struct):
    """One declared dependency; `line` is where `path` declares it, `marker` the environments it is meant for.

    `group` is "runtime", "build", or the name of the extra, dependency group or requirements file (`dev`, `docs`, …).
    """

    name: str
    specifier: str
    group: str
    path: str
    line: int
    marker: str | None = None


class EntryPoint(msgspec.Struct):
    """A declared entry point (group "console_scripts", …; target `pkg.mod:func`) or a `__main__` file ("main")."""

    name: str
    group: str
    target: str
    path: str
    line: int


class Architecture(msgspec.Struct):
    """`layers`: the import graph's strongly connected components, lowest first; `packages`: name → module count."""

    layers: list[list[str]] = []
    packages: dict[str, int] = {}


class Project(msgspec.Struct):
    """What the repository says of itself; null or empty where it says nothing.

    `description` is the README's first real paragraph, else the declared one; `tagline` is the declared one.
    `sources` says where each of name, description, tagline, version, requires_python and license stands.
    """

    name: str
    description: str = ""
    description_path: str | None = None
    description_line: int | None = None
    version: str | None = None
    requires_python: str | None = None
    license: str | None = None
    license_path: str | None = None
    languages: list[str] = []
    dependencies: list[Dependency] = []
    entry_points: list[EntryPoint] = []
    modules: list[str] = []
    architecture: Architecture = msgspec.field(default_factory=Architecture)
    test_paths: list[str] = []
    commands: list[Command] = []
    tagline: str | None = None
    sources: dict[str, Evidence] = {}


class Command(msgspec.Struct):
    """How to install, run or test the project: `purpose` install|run|test, `text` is what to type.

    `quote` is what stands at path:line: the text itself, or the target's line of a Makefile (`test:` for `make test`).
    """

    purpose: str
    text: str
    path: str
    line: int
    quote: str = ""


class Statistics(msgspec.Struct):
    """Counts over the analysed files; `documented_share` is of public classes, functions and methods, 0..1."""

    files_by_language: dict[str, int] = {}
    lines_by_language: dict[str, int] = {}
    elements_by_kind: dict[str, int] = {}
    documented_share: float = 0.0


class Evidence(msgspec.Struct):
    """Lines of the repository that prove a statement; 1-based, inclusive."""

    path: str
    start_line: int
    end_line: int


class Pattern(msgspec.Struct):
    """Something the repository does more than once.

    kind        subject                          members
    implementation  the base class or protocol   the classes that implement it
    usage       the element that is used         (evidence: the call sites)
    interaction the module that uses             the names it uses, all of module `target`
    registration    the registry or decorator    the elements registered with it
    `required` lists the abstract methods to write (implementation). `evidence` has one span per member, in order
    (for usage: one per call site).
    """

    kind: Literal["implementation", "usage", "interaction", "registration"]
    subject: str
    members: list[str] = []
    evidence: list[Evidence] = []
    target: str | None = None
    required: list[str] = []


class CallSite(msgspec.Struct):
    """One resolved call: `callee` is called in `caller` at `path:line`."""

    caller: str
    callee: str
    path: str
    line: int


class Analysis(msgspec.Struct):
    """analysis.json. `call_graph` has resolved project-internal edges only: {caller id: [callee ids]}, sorted.

    `excluded` are the paths that `repository.exclude` leaves out.
    """

    schema: str
    provenance: Provenance
    project: Project
    statistics: Statistics
    files: list[SourceFile]
    documents: list[Document]
    call_graph: dict[str, list[str]]
    imports: dict[str, list[str]]
    inheritance: dict[str, list[str]]
    patterns: list[Pattern]
    skipped: list[Skipped]
    call_sites: list[CallSite] = []
    excluded: list[str] = []


# --- samples ---------------------------------------------------------------------------------------------------------

Task = Literal[
    "code_explanation",
    "api_usage",
    "code_location",
    "project_overview",
    "design_proposal",
    "code_relation",
    "absent_symbol",
    "general_knowledge",
]
Direction = Literal["forward", "reverse"]
Probe = Literal["unseen_wording", "reverse", "cross_language", "absent_symbol", "unseen_fact", "general"]

ClaimKind = Literal[
    "defined_in",
    "at_line",
    "spans",
    "is_a",
    "has_signature",
    "has_parameter",
    "returns",
    "raises",
    "raised_by",
    "decorated_by",
    "decorates",
    "documented_as",
    "calls",
    "called_by",
    "inherits_from",
    "has_subclass",
    "overrides",
    "imports",
    "imported_from",
    "contains",
    "depends_on",
    "count",
    "quotes",
    "absent",
    "general",
]


PATH_SUBJECTS: frozenset[ClaimKind] = frozenset({"contains", "quotes"})
REPOSITORY_SUBJECTS: frozenset[ClaimKind] = frozenset({"absent", "depends_on", "count", "general"})
ELEMENT_VALUES: frozenset[ClaimKind] = frozenset(
    {
        "calls",
        "called_by",
        "inherits_from",
        "has_subclass",
        "overrides",
        "imports",
        "contains",
        "raised_by",
        "decorates",
    }
)
"""What a claim's subject is where it is no element, and which claims have an element for their value."""


class Claim(msgspec.Struct, frozen=True):
    """One checkable statement about the repository at one commit.

    `subject` is an element id, a path or the repository's name. `value` by kind:
    defined_in path · at_line int · spans [start, end] · is_a kind · has_signature source text · has_parameter name ·
    returns annotation source · raises exception name as written · decorated_by source text without `@` ·
    documented_as the docstring's summary · calls, called_by, inherits_from, has_subclass, overrides, raised_by,
    decorates element id (or the source text of a base outside the repository) · imports module id · imported_from the
    module that has the element under its own name · contains element id (subject: a path) · depends_on distribution
    name · count [what, n] · quotes [start_line, end_line, text] (subject: a path) · absent the name (subject: the
    repository's name) · general the expected answer.
    """

    kind: ClaimKind
    subject: str
    value: Any


class Message(msgspec.Struct, omit_defaults=True):
    """One chat message. `reasoning_content` is what a thinking model writes between its think tags."""

    role: Literal["system", "user", "assistant"]
    content: str
    reasoning_content: str | None = None


class SampleMetadata(msgspec.Struct):
    """`fact` names what is taught (`location:pkg.mod.f`), `wording` the template that words it (`where_is/en/03`)."""

    id: str
    task: Task
    language: str
    direction: Direction
    fact: str
    wording: str
    probe: Probe | None
    claims: list[Claim]
    evidence: list[Evidence]
    commit: str | None


class Sample(msgspec.Struct):
    """One row of train.jsonl, val.jsonl or test.jsonl."""

    messages: list[Message]
    metadata: SampleMetadata


def split_fact(fact: str) -> tuple[str, str]:
    """`location:pkg.mod.f` → (`location`, `pkg.mod.f`)."""
    family, _, subject = fact.partition(":")
    return family, subject


def read_jsonl(path: Path, record: type[R]) -> Iterator[R]:
    """The records of a JSON-lines file, one at a time; raises `msgspec.ValidationError` on a row of another shape."""
    decoder = msgspec.json.Decoder(record)
    with path.open("rb") as stream:
        for line in stream:
            yield decoder.decode(line)


def write_jsonl(path: Path, records: Iterable[msgspec.Struct]) -> int:
    """Write one record per line; returns how many."""
    encoder = msgspec.json.Encoder()
    count = 0
    with path.open("wb") as stream:
        for record in records:
            stream.write(encoder.encode(record) + b"\n")
            count += 1
    return count
