"""Python's own standard library as elements, by static reading: facts that are true by construction.

Only source files are read; nothing is imported. What is there depends on the Python that runs, so the facts are those
of its version.
"""

from __future__ import annotations

import ast
import sys
import sysconfig
import tokenize
import warnings
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TypeGuard

from utils.records import CodeElement, Doc, Parameter, ParameterKind

LEFT_OUT = frozenset(
    name
    for names in (
        "antigravity this turtle turtledemo",  # jokes and lessons
        "idlelib lib2to3 test pydoc_data ensurepip",  # programs and their data, not libraries
        "encodings",  # a table per code page, all of one shape
        "distutils imp asynchat asyncore smtpd binhex formatter parser symbol",  # removed, or on their way
        "aifc audioop cgi cgitb chunk crypt imghdr mailcap msilib nis nntplib ossaudiodev pipes sndhdr spwd sunau "
        "telnetlib uu xdrlib",  # dead batteries (PEP 594)
        "sre_compile sre_constants sre_parse nturl2path opcode genericpath ntpath posixpath pyclbr symtable tabnanny "
        "modulefinder pyexpat rlcompleter stringprep",  # machinery behind other modules
    )
    for name in names.split()
)
LEFT_OUT_INSIDE = ("ctypes/macholib", "curses/", "dbm/", "tkinter/", "xml/dom/", "xml/sax/", "wsgiref/", "xmlrpc/")
PLAIN_DECORATORS = frozenset({"classmethod", "staticmethod", "property"})  # others may make something else of it
LARGEST_FILE = 400_000  # bytes


@lru_cache(maxsize=1)
def stdlib_elements() -> tuple[CodeElement, ...]:
    """Modules, public top-level classes and functions, and public methods of the running Python's standard library."""
    root = Path(sysconfig.get_paths()["stdlib"])
    names = sorted(name for name in sys.stdlib_module_names if not name.startswith("_") and name not in LEFT_OUT)
    return tuple(element for name in names for path in _files(root, name) for element in _read(root, path))


def _files(root: Path, name: str) -> list[Path]:
    folder = root / name
    if not folder.is_dir():
        return [path for path in [root / f"{name}.py"] if path.is_file()]
    found = [path for path in sorted(folder.rglob("*.py")) if "test" not in path.relative_to(root).as_posix()]
    kept = [path for path in found if not path.relative_to(root).as_posix().startswith(LEFT_OUT_INSIDE)]
    return [path for path in kept if not any(_is_private(part) for part in path.parts[-2:])]


def _is_private(part: str) -> bool:
    return part.startswith("_") and part != "__init__.py"


def _is_public(node: ast.stmt) -> TypeGuard[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
        return False
    return isinstance(node, ast.ClassDef) or all(
        isinstance(decorator, ast.Name) and decorator.id in PLAIN_DECORATORS for decorator in node.decorator_list
    )


def _read(root: Path, path: Path) -> Iterator[CodeElement]:
    try:
        with tokenize.open(path) as stream:
            text = stream.read(LARGEST_FILE + 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, OSError):
        return
    where = path.relative_to(root)
    module = ".".join(where.with_suffix("").parts).removesuffix(".__init__")
    lines = text.removesuffix("\n").split("\n")
    yield _element(tree, module, None, module, where.as_posix(), lines)
    for node in tree.body:
        if _is_public(node):
            yield _element(node, f"{module}.{node.name}", module, module, where.as_posix(), lines)
            for item in node.body if isinstance(node, ast.ClassDef) else []:
                if _is_public(item) and not isinstance(item, ast.ClassDef):
                    owner = f"{module}.{node.name}"
                    yield _element(item, f"{owner}.{item.name}", owner, module, where.as_posix(), lines)


def _element(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
    element_id: str,
    parent: str | None,
    module: str,
    path: str,
    lines: list[str],
) -> CodeElement:
    docstring = ast.get_docstring(node)
    summary = docstring.strip().split("\n\n")[0] if docstring else ""
    element = CodeElement(
        id=element_id,
        kind="module",
        name=element_id.rpartition(".")[2],
        module=module,
        parent=parent,
        language="python",
        path=path,
        start_line=1,
        line=1,
        end_line=max(len(lines), 1),
        signature="",
        docstring=docstring,
        doc=Doc(summary=summary) if summary else None,
    )
    if isinstance(node, ast.Module):
        return element
    element.line = element.start_line = node.lineno
    element.end_line = node.end_lineno or node.lineno
    if isinstance(node, ast.ClassDef):
        element.kind = "class"
        element.bases = [ast.unparse(base) for base in node.bases]
        element.signature = f"class {node.name}" + (f"({', '.join(element.bases)})" if element.bases else "")
        return element
    element.kind = "function" if parent == module else "method"
    element.is_async = isinstance(node, ast.AsyncFunctionDef)
    element.returns = ast.unparse(node.returns) if node.returns else None
    element.decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
    element.parameters = list(_parameters(node.args))
    prefix = "async def" if element.is_async else "def"
    tail = f" -> {element.returns}" if element.returns else ""
    element.signature = f"{prefix} {node.name}({ast.unparse(node.args)}){tail}"
    return element


def _parameters(args: ast.arguments) -> Iterator[Parameter]:
    positional = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(args.defaults)) + list(args.defaults)
    for index, (arg, default) in enumerate(zip(positional, defaults, strict=True)):
        kind: ParameterKind = "positional_only" if index < len(args.posonlyargs) else "positional_or_keyword"
        yield _parameter(arg, kind, default)
    if args.vararg:
        yield _parameter(args.vararg, "var_positional", None)
    for arg, keyword_default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        yield _parameter(arg, "keyword_only", keyword_default)
    if args.kwarg:
        yield _parameter(args.kwarg, "var_keyword", None)


def _parameter(arg: ast.arg, kind: ParameterKind, default: ast.expr | None) -> Parameter:
    annotation = ast.unparse(arg.annotation) if arg.annotation else None
    return Parameter(arg.arg, kind, annotation, ast.unparse(default) if default is not None else None)
