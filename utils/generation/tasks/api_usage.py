"""api_usage: signatures, imports, parameters, calls that bind, and the repository's own calls."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import partial

from utils.generation.calls import import_of, usage_of
from utils.generation.facts import CALLABLE, Context, Fact, rank
from utils.generation.prose import function_shape, own_parameters, parameter_name, quote
from utils.generation.templates import Slot, Voice
from utils.records import CallSite, Claim, CodeElement, Evidence, Parameter

FEWEST_TO_RECOGNISE = 2  # parameters; fewer do not tell one function from another
MOST_TO_RECOGNISE = 8
LONGEST_DEFAULT = 80  # characters of a parameter quoted with its default
LONGEST_CALL = 120  # characters of a quoted call's line


def facts(context: Context) -> Iterator[Fact]:
    """Every usage fact."""
    yield from declarations(context)
    callables = [element for element in context.elements if element.kind in CALLABLE]
    profiles = Counter(_profile(element) for element in callables)
    for element in context.elements:
        if element.kind in ("function", "class", "method", "property") and usage_of(context, element, 0):
            yield Fact.about("call", element, partial(_call, context, element))
        if element.id in context.sites and element.kind in CALLABLE and _usable_sites(context, element):
            yield Fact.about("call_site", element, partial(_call_site, context, element))
    for element in callables:
        own = own_parameters(element)
        if own and element.name != "__init__":
            yield Fact.about("parameters", element, partial(_parameters, context, element))
        if any(item.default is not None for item in own):
            yield Fact.about("default", element, partial(_default, context, element))
        if (
            FEWEST_TO_RECOGNISE <= len(own) <= MOST_TO_RECOGNISE
            and profiles[_profile(element)] == 1
            and not element.name.startswith("__")
        ):
            yield Fact.about("by_signature", element, partial(_by_signature, context, element))


def declarations(context: Context) -> Iterator[Fact]:
    """How symbols are imported and declared."""
    for element in context.elements:
        if (
            element.kind in ("function", "class", "constant")
            and element.parent == element.module
            and import_of(context, element)
        ):
            yield Fact.about("import", element, partial(_import, context, element))
        if element.signature and element.kind in CALLABLE:
            yield Fact.about("signature", element, partial(_signature, context, element))


def _profile(element: CodeElement) -> frozenset[str]:
    return frozenset(parameter.name for parameter in own_parameters(element))


def _call(context: Context, element: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    slots = context.slots(element, voice)
    usage = usage_of(context, element, variant % 3) or usage_of(context, element, 0)
    if usage is None:
        return slots
    claims = tuple(Claim("has_parameter", owner.id, parameter.name) for owner, parameter in usage.passed)
    slots["code"] = Slot(
        f"```python\n{usage.code}\n```", tuple(dict.fromkeys([*usage.imported, *claims])), context.span(element)
    )
    if usage.instance is not None:
        name = Slot(context.display(usage.instance.id), (Claim("is_a", usage.instance.id, "class"),))
        slots["note"] = voice.say("needs_instance", variant, name=name)
    elif "await" in usage.code or "async " in usage.code:
        slots["note"] = voice.say("needs_async", variant)
    if element.kind in CALLABLE:
        slots["takes"] = function_shape(element, voice, variant)
    return slots


def _import(context: Context, element: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    slots = context.slots(element, voice)
    if (imported := import_of(context, element)) is not None:
        slots["code"] = Slot(imported.code, imported.claims)
    return slots


def _signature(context: Context, element: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    slots = context.slots(element, voice)
    if element.kind in CALLABLE:
        slots["takes"] = function_shape(element, voice, variant)
    return slots


def _by_signature(context: Context, element: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    slots = context.slots(element, voice)
    slots["parameters"] = voice.listed([parameter_name(element, item) for item in own_parameters(element)])
    slots["name"] = slots["name"]._replace(claims=slots["parameters"].claims)
    return slots


def _parameters(context: Context, element: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    slots = context.slots(element, voice)
    own = own_parameters(element)
    required = [parameter_name(element, item) for item in own if not _is_optional(item)]
    optional = [_with_default(element, item) for item in own if _is_optional(item)]
    if required:
        slots["required"] = voice.listed(required)
    if optional:
        slots["optional"] = voice.listed(optional)
    if any(item.default is not None for item in own):
        slots["defaults"] = slots["optional"]
    if element.returns and "`" not in element.returns:
        returned = Slot(element.returns, (Claim("returns", element.id, element.returns),))
        slots["returned"] = voice.say("returns_annotated", variant, type=returned)
    if documented := _documented(element, voice):
        slots["documented"] = voice.bullets(documented)
    return slots


def _default(context: Context, element: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    """One of the parameters whose default can be quoted, always the same one."""
    found = [(item, _with_default(element, item)) for item in own_parameters(element) if item.default is not None]
    quoted = [(item, declared) for item, declared in found if declared.claims[0].kind == "quotes"]
    if not quoted:
        return {}
    item, declared = min(quoted, key=lambda pair: rank("default", element.id, pair[0].name))
    return {**context.slots(element, voice), "parameter": Slot(item.name), "declared": declared}


def _is_optional(parameter: Parameter) -> bool:
    return parameter.default is not None or parameter.kind.startswith("var_")


def _with_default(element: CodeElement, parameter: Parameter) -> Slot:
    """The parameter as the signature writes it, default included, where that stands on one line."""
    name = parameter_name(element, parameter)
    if parameter.default is None or "`" in parameter.default:
        return name
    pattern = re.compile(
        rf"\b{re.escape(parameter.name)}\b\s*(?::[^=]*)?=\s*{re.escape(parameter.default)}(?=\s*[,)#]|\s*$)"
    )
    for number, line in enumerate(element.code.split("\n")[: element.signature.count("\n") + 4]):
        found = pattern.search(line)
        if found and len(found.group()) <= LONGEST_DEFAULT and "`" not in found.group():
            return quote(element.path, found.group(), element.start_line + number)._replace(
                claims=(*quote(element.path, found.group(), element.start_line + number).claims, *name.claims)
            )
    return name


def _documented(element: CodeElement, voice: Voice) -> list[Slot]:
    """What the docstring says of each parameter, where it says so on one line that can be quoted."""
    names = {parameter.name for parameter in own_parameters(element)}
    lines = element.code.split("\n")
    found = []
    for item in element.doc.params if element.doc else []:
        text = item.description.strip()
        if item.name not in names or not text or "\n" in text or "`" in text:
            continue
        for number, line in enumerate(lines):
            if text in line and item.name in line:
                at = element.start_line + number
                claims = (Claim("quotes", element.path, (at, at, text)), Claim("has_parameter", element.id, item.name))
                found.append(voice.say("parameter_means", 0, name=Slot(item.name), text=Slot(text, claims)))
                break
    return found


def _usable_sites(context: Context, element: CodeElement) -> list[CallSite]:
    return [
        site
        for site in context.sites[element.id]
        if site.caller in context.known
        and site.caller != element.id
        and _call_line(context, site) is not None
        and f"{element.name if element.name != '__init__' else element.id.split('.')[-2]}("
        in (_call_line(context, site) or "")
    ]


def _call_line(context: Context, site: CallSite) -> str | None:
    """The source line of a call, where it is complete in itself."""
    caller = context.all.get(site.caller)
    if caller is None or caller.path != site.path or not caller.start_line <= site.line <= caller.end_line:
        return None
    lines = caller.code.split("\n")
    index = site.line - caller.start_line
    line = lines[index].strip() if index < len(lines) else ""
    balanced = all(line.count(left) == line.count(right) for left, right in ("()", "[]", "{}"))
    return line if line and balanced and len(line) <= LONGEST_CALL and "```" not in line else None


def _call_site(context: Context, element: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    proven = [
        each for each in _usable_sites(context, element) if context.holds(Claim("calls", each.caller, element.id))
    ]
    if not proven:
        return {}
    sites = sorted(proven, key=lambda site: rank(site.path, site.caller, site.line))
    site = sites[variant % min(len(sites), 3)]
    line = _call_line(context, site) or ""
    at = (Evidence(site.path, site.line, site.line),)
    quote = Claim("quotes", site.path, (site.line, site.line, line))
    return {
        **context.slots(element, voice),
        "code": Slot(line, (quote, Claim("called_by", element.id, site.caller)), at),
        "caller": Slot(context.display(site.caller), (Claim("calls", site.caller, element.id),)),
        "site": Slot(site.path, (Claim("defined_in", site.caller, site.path),)),
        "line": Slot(str(site.line), (quote,)),
    }
