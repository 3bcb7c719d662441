"""The report as one HTML file: no network, no script but its own, and nothing the repository wrote is markup."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from utils.evaluation.plots import COLORS, change_plot, score_plot
from utils.evaluation.results import Result, change
from utils.evaluation.table import compared_line, interval, label, percent, probability
from utils.records import Claim

PAGE = Path(__file__).parent / "page"
VERBS = {
    "defined_in": "is defined in",
    "at_line": "is at line",
    "spans": "spans lines",
    "is_a": "is a",
    "has_signature": "has the signature",
    "has_parameter": "has the parameter",
    "returns": "returns",
    "raises": "raises",
    "raised_by": "is raised by",
    "decorated_by": "is decorated by",
    "decorates": "decorates",
    "documented_as": "is documented as",
    "calls": "calls",
    "called_by": "is called by",
    "inherits_from": "inherits from",
    "has_subclass": "has the subclass",
    "overrides": "overrides",
    "imports": "imports",
    "imported_from": "is imported from",
    "contains": "contains",
    "depends_on": "depends on",
    "count": "has",
    "quotes": "says",
    "absent": "has no symbol",
    "general": "→",
}


def write_html(path: Path, report: Mapping[str, Any], results: Sequence[Result]) -> None:
    """Write the page. Every text is escaped by the template; the data stands in a JSON block that cannot end early."""
    headline, _, evidence = str(report["conclusion"]).partition(". ")
    script = (PAGE / "report.js").read_text(encoding="utf-8")
    systems = report["metadata"]["systems"]
    environment = Environment(
        loader=FileSystemLoader(PAGE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"percent": percent, "interval": interval, "probability": probability, "label": label}
    page = environment.get_template("report.html.j2").render(
        report=report,
        headline=headline.rstrip("."),
        evidence=evidence,
        exact={system: found["rate"] for system, found in report["summary"]["overall"]["exact"].items()},
        compared=compared_line(report["metadata"].get("compared") or {}),
        systems=systems,
        colors=COLORS,
        style=Markup((PAGE / "report.css").read_text(encoding="utf-8")),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        data=_json_block({"systems": systems, "rows": [_row(result) for result in results]}),
        plots={
            "task": Markup(score_plot(report["by_task"], systems, "task")),
            "probe": Markup(score_plot(report["by_probe"], systems, "probe")),
            "changes": Markup(change_plot(report["changes"])),
        },
        filters={
            "task": sorted({result.task for result in results}),
            "probe": sorted({result.probe for result in results if result.probe}),
            "language": sorted({result.question.language for result in results}),
        },
    )
    path.write_text(page, encoding="utf-8", errors="replace")


def claim_text(claim: Claim) -> str:
    """The claim as a short sentence."""
    value = claim.value
    if claim.kind in ("spans", "quotes"):
        value = f"{value[0]}-{value[1]}" if claim.kind == "spans" else str(value[-1])
    elif claim.kind == "count":
        value = f"{value[-1]} {value[0]}"
    return f"{claim.subject} {VERBS[claim.kind]} {value}"


def _row(result: Result) -> dict[str, Any]:
    question = result.question
    first = next(iter(result.answers.values()))
    return {
        "id": question.id,
        "task": result.task,
        "taskLabel": label(result.task),
        "probe": result.probe or "",
        "probeLabel": label(result.probe) if result.probe else "",
        "language": question.language,
        "change": change(result),
        "question": question.text,
        "reference": question.reference,
        "claims": [[claim_text(verdict.claim), verdict.required] for verdict in first.grade.verdicts],
        "answers": {system: _answer(answer) for system, answer in result.answers.items()},
    }


def _answer(answer: Any) -> dict[str, Any]:
    return {
        "text": answer.text,
        "score": answer.grade.score,
        "made": [verdict.made for verdict in answer.grade.verdicts],
        "invented": [mention.text for mention in answer.grade.mentions if not mention.exists],
        "strays": answer.grade.strays,
        "finished": answer.finished,
        "excerpts": answer.excerpts,
    }


def _json_block(data: Any) -> Markup:
    """JSON that is safe inside a script element: no `<`, `>` or `&` is left in it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)
