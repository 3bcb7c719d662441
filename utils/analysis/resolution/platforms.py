"""Conditions on the platform, the Python version and the type checker, decided for Linux, a recent Python and a run.

So are imports and names that may be missing: what a recent Python brings along is there.

A module that defines one name in both branches of such a condition defines the one or the other: what the name stands
for afterwards is the branch that would run here. The code of either branch is analysed.
"""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Sequence

from utils.analysis.resolution.syntax import last_name

# Names that say what the platform is: constants, and what is asked by `is_`
NEVER = re.compile(r"_?(?:(?:IS_|ON_)?(?:MS_?)?WIN(?:DOWS|32|64)?|(?:is|on)_(?:ms)?win(?:dows|32|64)?"
                   r"|(?:IS_|ON_)(?:MAC(?:OS)?|OSX|DARWIN)|is_(?:mac(?:os)?|osx|darwin)|TYPE_CHECKING)")  # fmt: skip
ALWAYS = re.compile(r"_?(?:(?:IS_|ON_)?(?:LINUX|POSIX)|is_(?:linux|posix))")
VERSION = re.compile(r"_?(?:is_?)?py(?:thon)?_?([23])k?", re.IGNORECASE)  # names that say whether Python is that one
PLATFORMS = frozenset({"sys.platform", "os.name", "platform.system()", "system()"})
VERSIONS = frozenset({"sys.version_info", "sys.version_info.major", "sys.version", "sys.hexversion"})
ONE_MAJOR = {2: False, "2": False, 3: True, "3": True}  # what the first part of the version is compared to
HERE = ("linux", "posix")
NOT_FOUND = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
UNKNOWN = frozenset({"NameError", "Exception", "BaseException"})


def decided(test: ast.expr) -> bool | None:
    """Whether a condition holds; None where that depends on more than the platform."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = decided(test.operand)
        return None if inner is None else not inner
    if isinstance(test, ast.BoolOp):
        decisive = isinstance(test.op, ast.Or)  # one that is true decides an `or`, one that is false an `and`
        parts = [decided(value) for value in test.values]
        return decisive if decisive in parts else None if None in parts else not decisive
    if isinstance(test, ast.Call) and not test.args and not test.keywords:
        test = test.func  # is_windows()
    if isinstance(test, (ast.Name, ast.Attribute)):
        return meant(last_name(test), isinstance(test, ast.Attribute))
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return compared(test)
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and test.func.attr == "startswith":
        return named(test.func.value, test.args[:1])
    return None


def meant(name: str, is_attribute: bool) -> bool | None:
    """Whether a name that says something of the platform is true; another module's may say it of something else."""
    version = VERSION.fullmatch(name)
    if version is not None:
        return version[1] == "3"
    if is_attribute:
        return False if name == "TYPE_CHECKING" else None
    return False if NEVER.fullmatch(name) else True if ALWAYS.fullmatch(name) else None


def for_checkers(test: ast.expr, holds: bool = True) -> bool:
    """Whether a condition holds, or does not, for type checkers only."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return for_checkers(test.operand, not holds)
    return holds and isinstance(test, (ast.Name, ast.Attribute)) and last_name(test) == "TYPE_CHECKING"


def there_for_sure(body: Sequence[ast.stmt], handler: ast.ExceptHandler) -> frozenset[str]:
    """The names that the statements of a `try` give something of Python's own, so that a handler gives them nothing:
    imports where it catches what a failing import raises, builtins where it catches what an unknown name raises."""
    names = []
    imports, unknown = catches(handler, NOT_FOUND), catches(handler, UNKNOWN)
    for node in body:
        if isinstance(node, ast.Import) and imports:
            names += [item.asname or item.name for item in node.names if is_of_python(item.name)]
        elif isinstance(node, ast.ImportFrom) and imports and not node.level and is_of_python(node.module or ""):
            names += [item.asname or item.name for item in node.names]
        elif isinstance(node, ast.Assign) and unknown and hasattr(builtins, getattr(node.value, "id", "")):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
    return frozenset(names)


def is_of_python(module: str) -> bool:
    """Whether a module comes with Python."""
    return module.partition(".")[0] in sys.stdlib_module_names


def catches(handler: ast.ExceptHandler, exceptions: frozenset[str]) -> bool:
    """Whether a handler runs where one of these is raised."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or (isinstance(kind, ast.Name) and kind.id in exceptions) for kind in kinds)


def compared(test: ast.Compare) -> bool | None:
    left, operator, right = test.left, test.ops[0], test.comparators[0]
    if isinstance(left, ast.Subscript):
        left = left.value
    if dotted(left) in VERSIONS:
        if isinstance(operator, (ast.Gt, ast.GtE, ast.Lt, ast.LtE)):
            return isinstance(operator, (ast.Gt, ast.GtE))
        if not isinstance(operator, (ast.Eq, ast.NotEq)) or not isinstance(right, ast.Constant):
            return None
        major = ONE_MAJOR.get(right.value)
        return None if major is None else major is isinstance(operator, ast.Eq)
    if isinstance(operator, (ast.In, ast.NotIn)) and isinstance(right, (ast.Tuple, ast.List, ast.Set)):
        found = named(left, right.elts)
    elif isinstance(operator, (ast.Eq, ast.NotEq)):
        found = named(left, [right])
    else:
        return None
    return None if found is None else found is not isinstance(operator, (ast.NotEq, ast.NotIn))


def dotted(node: ast.expr) -> str:
    """`a.b.c()` as it is written, without what makes an imported name private (`import sys as _sys`); empty for
    anything but names, attributes and calls without arguments."""
    parts = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            parts.append(f".{node.attr}")
            node = node.value
        elif isinstance(node, ast.Call) and not node.args and not node.keywords:
            parts.append("()")
            node = node.func
        else:
            return ""
    return "".join([node.id.lstrip("_"), *reversed(parts)])


def named(left: ast.expr, names: list[ast.expr]) -> bool | None:
    if dotted(left).removesuffix(".lower()") not in PLATFORMS:
        return None
    texts = [item.value for item in names if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    if not texts:
        return None
    return any(text.lower().startswith(HERE) for text in texts)
