"""The families of facts: which task each belongs to, which way it asks, and which slots its wordings may use."""

from __future__ import annotations

from typing import NamedTuple

from utils.records import Direction, Task


class Family(NamedTuple):
    """One kind of fact. `weight`: its exposures relative to the family a user asks most of the same task."""

    task: Task
    direction: Direction
    weight: float
    fields: frozenset[str]


def _family(task: Task, direction: Direction, weight: float, fields: str) -> Family:
    return Family(task, direction, weight, frozenset(fields.split()))


_SYMBOL = "name id kind path"

FAMILIES: dict[str, Family] = {
    "location": _family("code_location", "forward", 1.0, _SYMBOL),
    "line": _family("code_location", "forward", 0.35, _SYMBOL + " line start end"),
    "owner": _family("code_location", "forward", 0.35, _SYMBOL + " short owner"),
    "file_contents": _family("code_location", "reverse", 1.0, "path items"),
    "file_of_two": _family("code_location", "reverse", 0.35, "name other path"),
    "explain": _family("code_explanation", "forward", 1.0, _SYMBOL + " line summary signature shape behaviour"),
    "behaviour": _family("code_explanation", "forward", 1.0, _SYMBOL + " line steps calls"),
    "exceptions": _family("code_explanation", "forward", 0.5, _SYMBOL + " line raises handles"),
    "members": _family("code_explanation", "forward", 0.7, _SYMBOL + " line methods fields bases"),
    "by_summary": _family("code_explanation", "reverse", 0.5, _SYMBOL + " line summary"),
    "source": _family("code_explanation", "forward", 0.3, _SYMBOL + " source summary"),
    "value": _family("code_explanation", "forward", 0.5, _SYMBOL + " line signature block"),
    "compare": _family("code_explanation", "forward", 0.5, "name other path other_path base shared first second"),
    "result": _family("code_explanation", "forward", 0.5, _SYMBOL + " annotated returned yields"),
    "field_default": _family("code_explanation", "forward", 0.35, _SYMBOL + " line signature owner"),
    "rationale": _family("code_explanation", "forward", 1.0, _SYMBOL + " comments"),
    "call": _family("api_usage", "forward", 1.0, _SYMBOL + " code note takes"),
    "signature": _family("api_usage", "forward", 1.0, _SYMBOL + " signature takes"),
    "by_signature": _family("api_usage", "reverse", 0.5, _SYMBOL + " parameters"),
    "import": _family("api_usage", "forward", 0.5, _SYMBOL + " code"),
    "parameters": _family("api_usage", "forward", 0.7, _SYMBOL + " required optional defaults documented returned"),
    "default": _family("api_usage", "forward", 0.35, _SYMBOL + " parameter declared"),
    "call_site": _family("api_usage", "forward", 0.7, _SYMBOL + " code caller site line"),
    "purpose": _family("project_overview", "forward", 1.0, "description path"),
    "structure": _family("project_overview", "forward", 1.0, "items count"),
    "package": _family("project_overview", "forward", 1.0, "package items"),
    "module_role": _family("project_overview", "forward", 1.0, "module path summary defines uses used_by"),
    "dependencies": _family("project_overview", "forward", 1.0, "items path group"),
    "dependency": _family("project_overview", "forward", 0.5, "package specifier path group"),
    "entry_points": _family("project_overview", "forward", 1.0, "items"),
    "statistics": _family("project_overview", "forward", 1.0, "what count"),
    "command": _family("project_overview", "forward", 1.0, "action command path"),
    "license": _family("project_overview", "forward", 1.0, "license path"),
    "python_version": _family("project_overview", "forward", 1.0, "specifier path"),
    "document": _family("project_overview", "forward", 0.5, "path title items"),
    "topic": _family("project_overview", "reverse", 0.35, "word items"),
    "environment": _family("project_overview", "forward", 0.5, "name path line code others"),
    "environment_list": _family("project_overview", "forward", 1.0, "items"),
    "option": _family("project_overview", "forward", 0.35, "name path line code others"),
    "implement": _family("design_proposal", "forward", 1.0, "name base path steps answer"),
    "register": _family("design_proposal", "forward", 1.0, "name path steps answer"),
    "change_impact": _family("design_proposal", "forward", 1.0, "name path steps answer"),
    "extend_module": _family("design_proposal", "forward", 1.0, "module path steps answer"),
    "callees": _family("code_relation", "forward", 1.0, _SYMBOL + " items"),
    "callers": _family("code_relation", "reverse", 1.0, _SYMBOL + " items"),
    "bases": _family("code_relation", "forward", 1.0, _SYMBOL + " items"),
    "subclasses": _family("code_relation", "reverse", 1.0, _SYMBOL + " items"),
    "overrides": _family("code_relation", "forward", 1.0, _SYMBOL + " base"),
    "overridden_by": _family("code_relation", "reverse", 1.0, _SYMBOL + " items"),
    "imports": _family("code_relation", "forward", 1.0, "module path items"),
    "importers": _family("code_relation", "reverse", 1.0, "module path items"),
    "related": _family("code_relation", "forward", 0.7, "name other relation path other_path"),
    "call_path": _family("code_relation", "forward", 0.7, "name other middle"),
    "raised_in": _family("code_relation", "reverse", 0.7, _SYMBOL + " items more"),
    "tested_by": _family("code_relation", "reverse", 0.5, _SYMBOL + " items"),
    "decorated_with": _family("code_relation", "reverse", 0.7, _SYMBOL + " items"),
    "interaction": _family("code_relation", "forward", 0.7, "module other items steps"),
    "absent": _family("absent_symbol", "forward", 1.0, "name near near_or"),
    "present": _family("absent_symbol", "forward", 1.0, _SYMBOL),
}
