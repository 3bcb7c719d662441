"""A second reading of Python definitions that shares no code with the product: the oracle for completeness.

    python tests/analysis/reference_walk.py <folder> [<folder> ...]

Analyses each folder, reads it again by its own means (a recursive visitor, `ast.get_source_segment`, and signatures cut
by the tokenizer instead of by positions) and prints how many definitions are missing, extra or wrong in any field.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
import warnings
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

FIELDS = ("id", "kind", "name", "start_line", "line", "end_line", "signature", "parameters", "returns", "decorators")
FIELDS += ("is_async", "docstring", "code")
KINDS = ("class", "function", "method", "property")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def read_definitions(source: str) -> list[dict[str, Any]]:
    """Every def and class of a file in source order, each as the fields that the analysis must agree with."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
    reader = _Reader(source)
    reader.visit(tree)
    return sorted(reader.found, key=lambda item: (item["line"], item["column"]))


class _Reader(ast.NodeVisitor):
    def __init__(self, source: str) -> None:
        self.source = source
        self.lines = io.StringIO(source).readlines()  # like the parser, and unlike splitlines(), only at line ends
        self.owners: list[ast.AST] = []
        self.names: list[str] = []
        self.found: list[dict[str, Any]] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._definition(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._definition(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._definition(node)

    def _definition(self, node: Any) -> None:
        is_function = isinstance(node, FUNCTIONS)
        in_class = bool(self.owners) and isinstance(self.owners[-1], ast.ClassDef)
        decorators = [self._text(item) for item in node.decorator_list]
        kind = "class" if not is_function else "function" if not in_class else "method"
        if kind == "method" and any(_makes_property(text, node.name) for text in decorators):
            kind = "property"
        self.found.append(
            {
                "dotted": ".".join([*self.names, node.name]),
                "column": node.col_offset,
                "kind": kind,
                "name": node.name,
                "start_line": min([node.lineno] + [self._at_sign(item.lineno) for item in node.decorator_list]),
                "line": node.lineno,
                "end_line": node.end_lineno,
                "signature": self._signature(node),
                "parameters": self._parameters(node.args) if is_function else [],
                "returns": self._text(node.returns) if is_function else None,
                "decorators": decorators,
                "is_async": isinstance(node, ast.AsyncFunctionDef),
                "docstring": ast.get_docstring(node) or None,
            }
        )
        self.owners.append(node)
        self.names.append(node.name)
        self.generic_visit(node)
        self.owners.pop()
        self.names.pop()

    def _at_sign(self, line: int) -> int:
        """Where the decorator begins whose expression begins on `line`: brackets may open on lines before it."""
        while not self.lines[line - 1].strip(" \t\f").startswith("@"):
            line -= 1
        return line

    def _text(self, node: Any) -> str | None:
        if node is None:
            return None
        if node.lineno == node.end_lineno:  # get_source_segment splits the whole file each time
            row = self.lines[node.lineno - 1].encode()
            return row[node.col_offset : node.end_col_offset].decode()
        return ast.get_source_segment(self.source, node)

    def _parameters(self, arguments: ast.arguments) -> list[tuple[str, str, str | None, str | None]]:
        rows = []
        ordered = [(item, "positional_only") for item in arguments.posonlyargs]
        ordered += [(item, "positional_or_keyword") for item in arguments.args]
        missing: list[ast.expr | None] = [None] * (len(ordered) - len(arguments.defaults))
        for (item, kind), default in zip(ordered, missing + list(arguments.defaults), strict=True):
            rows.append((item.arg, kind, self._text(item.annotation), self._text(default)))
        if arguments.vararg:
            rows.append((arguments.vararg.arg, "var_positional", self._text(arguments.vararg.annotation), None))
        for item, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            rows.append((item.arg, "keyword_only", self._text(item.annotation), self._text(default)))
        if arguments.kwarg:
            rows.append((arguments.kwarg.arg, "var_keyword", self._text(arguments.kwarg.annotation), None))
        return rows

    def _signature(self, node: Any) -> str:
        """From the keyword to the colon at bracket depth 0, found by the tokenizer (a lambda's colon is skipped)."""
        start = len(self.lines[node.lineno - 1].encode()[: node.col_offset].decode())
        rows = [self.lines[node.lineno - 1][start:], *self.lines[node.lineno :]]
        depth = lambdas = 0
        for token in tokenize.generate_tokens(iter(rows).__next__):
            if token.type == tokenize.NAME and token.string == "lambda" and depth == 0:
                lambdas += 1  # `-> lambda: 1:`
            elif token.type == tokenize.OP:
                depth += (token.string in "([{") - (token.string in ")]}")
                if token.string == ":" and depth == 0:
                    if not lambdas:
                        row, column = token.start
                        return ("".join(rows[: row - 1]) + rows[row - 1][:column]).rstrip()
                    lambdas -= 1
        raise AssertionError(f"no colon after line {node.lineno}")


def _makes_property(decorator: str | None, name: str) -> bool:
    text = decorator or ""
    owner, dot, last = text.rpartition(".")
    if last in ("property", "cached_property", "abstractproperty"):
        return "(" not in text
    return bool(dot) and owner.rpartition(".")[2] == name and last in ("setter", "getter", "deleter")


def compare(source: str, module: str, elements: list[Any], modules: Iterable[str] = ()) -> Counter[str]:
    """Counts of `right`, `missing`, `extra` and `wrong <field>` among the analysis' definitions of one file.

    A definition that is called like one of `modules` counts as the second of that name.
    """
    rows = source.split("\n")
    actual = {element.line: element for element in elements if element.kind in KINDS}
    outcome: Counter[str] = Counter()
    seen: Counter[str] = Counter(modules)
    for item in read_definitions(source):
        element = actual.pop(item["line"], None)
        if element is None:
            outcome["missing"] += 1
            continue
        dotted = f"{module}.{item['dotted']}"
        seen[dotted] += 1
        item["id"] = dotted if seen[dotted] == 1 else f"{dotted}#{seen[dotted]}"
        item["code"] = "\n".join(rows[item["start_line"] - 1 : item["end_line"]])
        found = {name: getattr(element, name) for name in FIELDS}
        found["parameters"] = [(each.name, each.kind, each.annotation, each.default) for each in element.parameters]
        wrong = [name for name in FIELDS if found[name] != item[name]]
        outcome.update([f"wrong {name}" for name in wrong] or ["right"])
    outcome["extra"] += len(actual)
    return outcome


def compare_folder(folder: Path) -> Counter[str]:
    """The same over every Python file below `folder` that the analysis has not skipped."""
    from utils.analysis.pipeline import analyze
    from utils.records import Provenance

    analysis, elements = analyze(folder, "reference", Provenance("", None, False, ""))
    by_path: dict[str, list[Any]] = {file.path: [] for file in analysis.files if file.language == "python"}
    modules = {file.path: file.module for file in analysis.files}
    for element in elements:
        by_path[element.path].append(element)
    outcome: Counter[str] = Counter(files=len(by_path), skipped=len(analysis.skipped))
    for path, found in by_path.items():
        with tokenize.open(folder / path) as stream:
            outcome += compare(stream.read(), modules[path] or "", found, set(modules.values()) - {None})
    return outcome


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(name, dict(compare_folder(Path(name).resolve())))
