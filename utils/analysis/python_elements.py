"""Every definition of a Python file as a `CodeElement`: complete, exact, nothing invented."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Collection
from dataclasses import dataclass, field

from utils.analysis.assignments import Assigned, assigned_names
from utils.analysis.class_forms import ClassForm, FileNames, class_forms
from utils.analysis.docstrings import parse_docstring
from utils.analysis.naming import Definition, Names
from utils.analysis.source_text import SourceText
from utils.analysis.sources import UnreadableError
from utils.records import CodeElement, Doc, ElementKind, Parameter, ParameterKind

PROPERTIES = frozenset({"property", "cached_property", "abstractproperty"})
QUOTED = 200_000_000  # characters of code and signatures; nesting by hand quotes a file four times
ACCESSORS = ("getter", "setter", "deleter")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(slots=True)
class Elements:
    """A file's `elements` in source order, and what linking needs to say more of some.

    `forms` are what the file tells of a class (`Form.told`), by id; `kinds` what an element is in each of LINKED_FORMS,
    by id, where its class may be found to have another form.
    """

    elements: list[CodeElement] = field(default_factory=list)
    forms: dict[str, list[ClassForm]] = field(default_factory=dict)
    kinds: dict[str, tuple[ElementKind, ...]] = field(default_factory=dict)


def extract_elements(
    tree: ast.Module, names: Names, source: SourceText, module: str, path: str, submodules: Collection[str] = ()
) -> Elements:
    """The module, its definitions and its constants.

    `submodules` are as in `assign_ids`. Raises `UnreadableError` where they would be too large to write.
    """
    extractor = _Extractor(tree, names, source, module, path)
    extractor.taken.update(submodules)
    return extractor.elements()


def _last_name(node: ast.expr) -> str:
    """`x` of `x`, and of `Base.x` where a class changes a property of its base."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


class _Extractor:
    def __init__(self, tree: ast.Module, names: Names, source: SourceText, module: str, path: str) -> None:
        self.tree, self.names, self.source, self.module, self.path = tree, names, source, module, path
        self.taken = set(names.ids.values())
        self.counts: dict[str, int] = {}
        self.quoted = 0
        self.public: dict[ast.AST, bool] = {tree: is_public_module(module)}

    def elements(self) -> Elements:
        definitions = [node for node in self.names.scopes if isinstance(node, Definition)]
        classes = [node for node in definitions if isinstance(node, ast.ClassDef)]
        names = FileNames(self.names.scopes)
        forms = class_forms(classes, self.names.scopes, names)
        found = [(0, 0, self._module())]
        for node in definitions:
            self._weigh(node)
            element = self._class(node) if isinstance(node, ast.ClassDef) else self._function(node)
            found.append((node.lineno, node.col_offset, element))
        scopes: list[ast.Module | ast.ClassDef] = [self.tree, *classes]
        kinds: dict[str, tuple[ElementKind, ...]] = {}
        for scope in scopes:
            for assigned in assigned_names(scope, names, forms.get(scope)):
                self._weigh(assigned.node)
                element = self._assigned(assigned, scope)
                found.append((assigned.node.lineno, assigned.node.col_offset, element))
                if assigned.linked:
                    kinds[element.id] = assigned.linked
        found.sort(key=lambda item: item[:2])
        elements = [element for _, _, element in found]
        for element in elements:
            element.code = self.source.span(element.start_line, element.end_line)
        return Elements(
            elements, {self.names.ids[node]: told for node, form in forms.items() if (told := form.told)}, kinds
        )

    def _weigh(self, node: ast.stmt) -> None:
        """Each element quotes its lines: many on one long line would be many times the file."""
        self.quoted += 2 * self.source.size(node.lineno, node.end_lineno or node.lineno)
        if self.quoted > QUOTED:
            raise UnreadableError("too many definitions share their lines")

    def _module(self) -> CodeElement:
        docstring = docstring_of(self.tree)
        end = len(self.source.lines)
        return CodeElement(
            id=self.module,
            kind="module",
            name=self.module.rpartition(".")[2],
            module=self.module,
            parent=None,
            language="python",
            path=self.path,
            start_line=1,
            line=1,
            end_line=end,
            signature="",
            docstring=docstring,
            doc=parse_docstring(docstring, ()) if docstring else None,
            is_public=self.public[self.tree],
        )

    def _class(self, node: ast.ClassDef) -> CodeElement:
        docstring = docstring_of(node)
        return self._definition(
            node,
            "class",
            docstring,
            parse_docstring(docstring, _constructor_names(node)) if docstring else None,
            bases=[self.source.of(base) for base in node.bases],
        )

    def _function(self, node: Function) -> CodeElement:
        parameters = self._parameters(node.args)
        docstring = docstring_of(node)
        return self._definition(
            node,
            self._function_kind(node),
            docstring,
            parse_docstring(docstring, {parameter.name for parameter in parameters}) if docstring else None,
            parameters=parameters,
            returns=self.source.of(node.returns) if node.returns else None,
            is_async=isinstance(node, ast.AsyncFunctionDef),
            complexity=self.names.complexity[node],
        )

    def _definition(
        self, node: Function | ast.ClassDef, kind: ElementKind, docstring: str | None, doc: Doc | None, **rest: object
    ) -> CodeElement:
        scope = self.names.scopes[node]
        public = self.public[node] = self._is_public(node.name, scope)
        return CodeElement(
            id=self.names.ids[node],
            kind=kind,
            name=node.name,
            module=self.module,
            parent=self.names.ids[scope],
            language="python",
            path=self.path,
            start_line=self.source.decorator_line(node.decorator_list[0]) if node.decorator_list else node.lineno,
            line=node.lineno,
            end_line=node.end_lineno or node.lineno,
            signature=self.source.header(node),
            decorators=[self.source.of(decorator) for decorator in node.decorator_list],
            docstring=docstring,
            doc=doc,
            is_public=public,
            **rest,  # type: ignore[arg-type]
        )

    def _assigned(self, assigned: Assigned, scope: ast.Module | ast.ClassDef) -> CodeElement:
        node, parent = assigned.node, self.names.ids[scope]
        docstring = clean(assigned.docstring) if assigned.docstring else None
        return CodeElement(
            id=self._free_id(f"{self.names.dotted[scope]}.{assigned.name}"),
            kind=assigned.kind,
            name=assigned.name,
            module=self.module,
            parent=parent,
            language="python",
            path=self.path,
            start_line=node.lineno,
            line=node.lineno,
            end_line=node.end_lineno or node.lineno,
            signature=self.source.of(node),
            docstring=docstring,
            doc=parse_docstring(docstring, ()) if docstring else None,
            is_public=self._is_public(assigned.name, scope),
        )

    def _free_id(self, dotted: str) -> str:
        count = self.counts.get(dotted, 1)  # those below are taken
        candidate = dotted if count == 1 else f"{dotted}#{count}"
        while candidate in self.taken:
            count += 1
            candidate = f"{dotted}#{count}"
        self.counts[dotted] = count
        self.taken.add(candidate)
        return candidate

    def _is_public(self, name: str, scope: ast.AST) -> bool:
        """Public by its name, and not hidden in something private or in a function."""
        return not isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef)) and self.public[scope] and is_public(name)

    def _function_kind(self, node: Function) -> ElementKind:
        if not isinstance(self.names.scopes[node], ast.ClassDef):
            return "function"
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Attribute):
                is_accessor = decorator.attr in ACCESSORS and _last_name(decorator.value) == node.name
                if is_accessor or decorator.attr in PROPERTIES:
                    return "property"
            elif isinstance(decorator, ast.Name) and decorator.id in PROPERTIES:
                return "property"
        return "method"

    def _parameters(self, arguments: ast.arguments) -> list[Parameter]:
        positional = [*arguments.posonlyargs, *arguments.args]
        first_default = len(positional) - len(arguments.defaults)
        found = []
        for index, argument in enumerate(positional):
            kind: ParameterKind = "positional_only" if index < len(arguments.posonlyargs) else "positional_or_keyword"
            default = arguments.defaults[index - first_default] if index >= first_default else None
            found.append(self._parameter(argument, kind, default))
        if arguments.vararg:
            found.append(self._parameter(arguments.vararg, "var_positional", None))
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            found.append(self._parameter(argument, "keyword_only", default))
        if arguments.kwarg:
            found.append(self._parameter(arguments.kwarg, "var_keyword", None))
        return found

    def _parameter(self, argument: ast.arg, kind: ParameterKind, default: ast.expr | None) -> Parameter:
        annotation = self.source.of(argument.annotation) if argument.annotation else None
        return Parameter(argument.arg, kind, annotation, self.source.of(default) if default else None)


def docstring_of(node: ast.Module | ast.ClassDef | Function) -> str | None:
    """The cleaned docstring of a definition; null where there is none or it is empty."""
    first = node.body[0] if node.body else None
    if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Constant):
        return None
    return (clean(first.value.value) or None) if isinstance(first.value.value, str) else None


def clean(docstring: str) -> str:
    """Indentation removed; lone surrogates, which JSON cannot hold, escaped."""
    return inspect.cleandoc(docstring).encode("utf-8", "backslashreplace").decode()


def is_public(name: str) -> bool:
    """No leading underscore, or a name that the language gives a meaning."""
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__") and len(name) > 4)


def is_public_module(module: str) -> bool:
    """Every part of the dotted name is public."""
    return all(is_public(part) for part in module.split("."))


def _constructor_names(node: ast.ClassDef) -> set[str]:
    """What a class's docstring may document: its own constructor's parameters, or the fields that make one."""
    names: set[str] = set()
    for statement in node.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)) and statement.name in ("__init__", "__new__"):
            arguments = statement.args
            every = (*arguments.posonlyargs, *arguments.args, arguments.vararg, *arguments.kwonlyargs, arguments.kwarg)
            names.update(argument.arg for argument in every if argument)
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            names.add(statement.target.id)
    return names
