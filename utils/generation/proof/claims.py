"""One proof per kind of claim: each returns None when the claim is proven, else why not."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator

from utils.generation.proof import locate, relations
from utils.generation.proof.counting import count_of
from utils.generation.proof.locate import Found, find, same_code, squeeze
from utils.generation.proof.resolve import Repository
from utils.records import Claim

_RULE = r"([-=~*^#+_])\1{2,}[ \t]*"
_FIELDS = re.compile(
    r"\n[ \t]*(?=:(?:param|parameter|arg|argument|key|keyword|type|returns?|rtype|raises?|except|yields?)\b[^\n`]*:"
    r"|(?:Args|Arguments|Param(?:eter)?s|Returns?|Raises|Yields|Examples?|Notes?|Attributes|Warnings?):?[ \t]*(?:\n|$)"
    rf"|[A-Z][a-z]+(?: [A-Z][a-z]+)?:[ \t]*(?:\n|$)|\.\. \w|>>> |@\w+ |{_RULE}$)",
    re.MULTILINE,
)
_OVERLINE = re.compile(rf"{_RULE}\n")  # a title may have a line above it, too

Proof = Callable[[Repository, Claim], "str | None"]


def prove(repo: Repository, claim: Claim) -> str | None:
    """None when `claim` holds in the repository, else the reason why it is not proven."""
    if claim.kind in ON_REPOSITORY:
        return ON_REPOSITORY[claim.kind](repo, claim)
    if claim.kind in ON_ELEMENT:
        candidates = find(repo, claim.subject)
        reasons = [ON_ELEMENT[claim.kind](repo, found, claim.value) for found in candidates]
        if not reasons:
            return _on_path(repo, claim) or f"{claim.subject} is not defined"
        return None if None in reasons else reasons[0]
    return f"no proof is known for {claim.kind}"


def _defined_in(repo: Repository, found: Found, value: object) -> str | None:
    return None if found.path == value else f"defined in {found.path}"


def _at_line(repo: Repository, found: Found, value: object) -> str | None:
    lines = [line for _, line, _ in locate.spans(found)]
    return None if value in lines else f"at line {lines[0]}"


def _spans(repo: Repository, found: Found, value: object) -> str | None:
    known = [[start, end] for start, _, end in locate.spans(found)]
    return None if isinstance(value, list | tuple) and list(value) in known else f"spans {known[0]}"


def _is_a(repo: Repository, found: Found, value: object) -> str | None:
    kinds = locate.kinds(repo, found)
    return None if value in kinds else f"is a {' or '.join(sorted(kinds))}"


def _has_signature(repo: Repository, found: Found, value: object) -> str | None:
    lines = repo.sources.lines(found.path)
    if lines is None or not isinstance(value, str):
        return "no source to compare with"
    if found.name:
        texts = locate.statements(lines, found)
    elif found.definition.kind in ("function", "class"):
        texts = [locate.signature(lines, found.definition)]
    else:
        return f"a {found.definition.kind} has no signature"
    return None if any(same_code(text, value) for text in texts) else f"its signature is {texts[0]}"


def _has_parameter(repo: Repository, found: Found, value: object) -> str | None:
    names = [parameter[0] for parameter in found.definition.parameters] if not found.name else []
    return None if isinstance(value, str) and value.lstrip("*") in names else f"its parameters are {', '.join(names)}"


def _returns(repo: Repository, found: Found, value: object) -> str | None:
    if found.name or found.definition.kind != "function":
        return "not a function"
    said = found.definition.returns
    if value is None or said is None:
        return None if said == value else f"its return annotation is {said}"
    return None if same_code(said, str(value)) else f"its return annotation is {said}"


def _raises(repo: Repository, found: Found, value: object) -> str | None:
    raised = set(found.definition.raises) if not found.name else set()
    known = raised | {text.rpartition(".")[2] for text in raised}
    return None if value in known else f"it raises {', '.join(sorted(raised)) or 'nothing by name'}"


def _decorated_by(repo: Repository, found: Found, value: object) -> str | None:
    texts = found.definition.decorators if not found.name else []
    wanted = str(value).removeprefix("@")
    return None if any(same_code(text, wanted) for text in texts) else f"its decorators are {texts}"


def _documented_as(repo: Repository, found: Found, value: object) -> str | None:
    lines = repo.sources.lines(found.path) or []
    text = locate.docstring_after(lines, found) if found.name else found.definition.docstring
    if not text or not isinstance(value, str):
        return "it has no docstring"
    return None if is_summary(value, text) else f"its docstring begins {squeeze(text)[:80]!r}"


def is_summary(value: str, docstring: str) -> bool:
    """True for the first paragraph (up to a field list in it), or whole sentences from its beginning."""
    wanted = squeeze(value)
    text = docstring.strip()
    above = _OVERLINE.match(text)
    text = text[above.end() if above else 0 :].lstrip().split("\n\n")[0]
    paragraph = squeeze(text)
    fields = _FIELDS.search(text)
    before_fields = squeeze(text[: fields.start()]) if fields else paragraph
    if not wanted or wanted in (paragraph, before_fields):
        return bool(wanted)
    rest = paragraph.removeprefix(wanted)
    return rest != paragraph and wanted[-1] in ".!?。！？" and rest[:1] in " "


def _on_path(repo: Repository, claim: Claim) -> str | None:
    """What may be said of a file or folder: that it is one, how long it is, what its text says of it."""
    path = claim.subject.rstrip("/")
    if claim.kind == "is_a" and claim.value in ("file", "folder", "document", "module", "script"):
        is_there = path in repo.sources.folders if claim.value == "folder" else repo.sources.exists(path)
        return None if is_there else f"{path} does not exist"
    return f"{claim.subject} is not defined"


def _contains(repo: Repository, claim: Claim) -> str | None:
    paths = [found.path for found in find(repo, str(claim.value))]
    folder = claim.subject.rstrip("/") + "/"
    if claim.subject in paths or any(path.startswith(folder) for path in paths):
        return None
    if not paths and repo.sources.exists(str(claim.value)) and str(claim.value).startswith(folder):
        return None
    return f"{claim.value} is in {paths[0]}" if paths else f"{claim.value} is not defined"


def _quotes(repo: Repository, claim: Claim) -> str | None:
    if not isinstance(claim.value, list | tuple) or len(claim.value) != 3:
        return "a quotation is [start, end, text]"
    start, end, text = claim.value
    lines = repo.sources.lines(claim.subject)
    if lines is None or not (1 <= start <= end <= len(lines)):
        return f"{claim.subject} has no lines {start}-{end}"
    raw = "\n".join(line.rstrip() for line in lines[start - 1 : end])
    wanted = "\n".join(line.rstrip() for line in str(text).split("\n")).strip("\n")
    if not wanted.strip():
        return "the quotation is empty"
    if wanted in raw or wanted in textwrap.dedent(raw) or squeeze(wanted) in squeeze(raw):
        return None
    return f"lines {start}-{end} of {claim.subject} read otherwise"


def _absent(repo: Repository, claim: Claim) -> str | None:
    name = str(claim.value)
    parts = [part for part in name.replace("/", ".").split(".") if part]
    if not parts:
        return "no name is given"
    if repo.sources.exists(name):
        return f"{name} exists"
    return None if any(part not in repo.names for part in parts) else f"{name} is a name in this repository"


def _depends_on(repo: Repository, claim: Claim) -> str | None:
    return relations.depends_on(repo, str(claim.value))


def _count(repo: Repository, claim: Claim) -> str | None:
    if not isinstance(claim.value, list | tuple) or len(claim.value) != 2:
        return "a count is [what, n]"
    counted = count_of(repo, claim.subject, str(claim.value[0]))
    if counted is None:
        return f"no way is known to count {claim.value[0]} of {claim.subject}"
    return None if claim.value[1] in counted else f"counted {sorted(counted)}"


def _swapped(proof: Callable[[Repository, str, str], str | None]) -> Proof:
    return lambda repo, claim: proof(repo, str(claim.value), claim.subject)


def _straight(proof: Callable[[Repository, str, str], str | None]) -> Proof:
    return lambda repo, claim: proof(repo, claim.subject, str(claim.value))


ON_ELEMENT: dict[str, Callable[[Repository, Found, object], str | None]] = {
    "defined_in": _defined_in,
    "at_line": _at_line,
    "spans": _spans,
    "is_a": _is_a,
    "has_signature": _has_signature,
    "has_parameter": _has_parameter,
    "returns": _returns,
    "raises": _raises,
    "decorated_by": _decorated_by,
    "documented_as": _documented_as,
}
ON_REPOSITORY: dict[str, Proof] = {
    "calls": _straight(relations.calls),
    "called_by": _swapped(relations.calls),
    "inherits_from": _straight(relations.inherits_from),
    "has_subclass": _swapped(relations.inherits_from),
    "overrides": _straight(relations.overrides),
    "raised_by": _straight(relations.raised_by),
    "decorates": _straight(relations.decorates),
    "imports": _straight(relations.imports),
    "imported_from": _straight(relations.imported_from),
    "contains": _contains,
    "depends_on": _depends_on,
    "count": _count,
    "quotes": _quotes,
    "absent": _absent,
}


def known_kinds() -> Iterator[str]:
    """Every claim kind that has a proof."""
    yield from ON_ELEMENT
    yield from ON_REPOSITORY
