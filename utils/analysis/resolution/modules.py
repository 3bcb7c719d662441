"""The modules of a repository, and what each says of itself by names alone.

Whatever is asked of a module is noted in `consulted`: what was found out for a module follows from its own code, from
the answers to these questions, and from the messages of other modules (see `exchange`). A module of which all three are
as they were needs not be solved again (see `replay`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from utils.analysis.places import is_example
from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.ir import CLASS_BITS, LOCAL, NODE_BITS

MASK = (1 << CLASS_BITS) - 1

# A question to one module, as it is noted: 2 * number for a function, 2 * number + 1 for a class, -node for what is
# defined at a node, (index of the module, name) for an export, and with no name for what it imports and offers.
Question = Any
WHOLE = None


class Module:
    """One file's summary, of which each part is decoded when it is needed first."""

    __slots__ = (
        "_code", "_data", "_face", "_nodes", "home", "index", "is_example", "name", "offset", "package", "roots",
    )  # fmt: skip

    def __init__(
        self, index: int, name: str, path: str, data: Callable[[], memoryview], roots: Sequence[str] = ()
    ) -> None:
        self.index = index
        self.home = index + 1  # what the numbers of its nodes begin with
        self.offset = self.home << NODE_BITS
        self.name = name
        self.package = path.rsplit("/", 1)[-1] == "__init__.py"
        self.is_example = is_example(path)
        self.roots = roots
        self._data = data
        self._face: ir.Face | None = None
        self._code: ir.Code | None = None
        self._nodes: dict[int, tuple[int, int]] | None = None

    @property
    def face(self) -> ir.Face:
        if self._face is None:
            self._face = ir.load_face(self._data())
        return self._face

    def read(self) -> memoryview:
        """The summary, as it is stored."""
        return self._data()

    def have(self, summary: memoryview) -> None:
        """Do not read the summary any more: this is it."""
        self._data = lambda: summary

    def forget_code(self) -> None:
        """Free the memory; what is asked for again is decoded again."""
        self._code = None

    @property
    def code(self) -> ir.Code:
        if self._code is None:
            self._code = ir.load_code(self._data())
        return self._code

    def defined(self, node: int) -> tuple[int, int] | None:
        """The function or class that a node (without the module's offset) stands for, as a value."""
        if self._nodes is None:
            base = self.index << CLASS_BITS
            functions = {record.node: (kinds.FUNCTION, base | number) for number, record in self.face.functions.items()}
            classes = {record.node: (kinds.CLASS, base | number) for number, record in self.face.classes.items()}
            self._nodes = functions | classes
        return self._nodes.get(node)

    def answer(self, question: Question) -> Any:
        """What the module says to a question, in a form that can be compared."""
        face = self.face
        if isinstance(question, tuple):
            name = question[1]
            if name is WHOLE:
                fixtures = [number for number, record in face.functions.items() if record.flags & ir.FIXTURE]
                return face.public, face.stars, face.imports, fixtures
            nodes = face.exports.get(name, [])
            return name in face.declared, nodes, [(face.origins.get(node), self.defined(node)) for node in nodes]
        if question < 0:
            node = -question & LOCAL
            return self.defined(node), node in face.mixed, node in face.decorated
        records: dict[int, Any] = face.classes if question & 1 else face.functions
        record = records.get((question >> 1) & MASK)
        return None if record is None else msgspec.structs.astuple(record)


class Modules:
    """All modules, numbered in the order of their names; functions and classes are numbered (index of the module <<
    CLASS_BITS | number in the module)."""

    def __init__(self, modules: Sequence[Module]) -> None:
        self.modules = modules
        self.by_name: dict[str, Module] = {}
        for module in self.modules:
            self.by_name.setdefault(module.name, module)
        self.prefixes = prefixes(self.by_name)
        self.consulted: set[Question] = set()

    # --- names of modules --------------------------------------------------------------------------------------------

    def internal(self, name: str) -> bool:
        return name in self.by_name or name in self.prefixes

    def locate(self, name: str, importer: Module) -> str:
        """An absolute name as imported by `importer`; a script may also import the files beside it."""
        for root in importer.roots:
            if self.internal(f"{root}.{name.split('.')[0]}"):
                return f"{root}.{name}"
        if self.internal(name.split(".")[0]) or "." not in importer.name:
            return name
        beside = f"{importer.name.rpartition('.')[0]}.{name}"
        return beside if beside in self.by_name and not self.is_package(importer) else name

    def is_package(self, importer: Module) -> bool:
        parent = self.by_name.get(importer.name.rpartition(".")[0])
        return importer.package or (parent is not None and parent.package)

    # --- questions to one module -------------------------------------------------------------------------------------

    def function_of(self, number: int) -> tuple[Module, ir.Function]:
        self.consulted.add(number << 1)
        module = self.modules[number >> CLASS_BITS]
        return module, module.face.functions[number & MASK]

    def class_of(self, number: int) -> tuple[Module, ir.Class]:
        self.consulted.add(number << 1 | 1)
        module = self.modules[number >> CLASS_BITS]
        return module, module.face.classes[number & MASK]

    def defined_at(self, module: Module, node: int, kind: int) -> int | None:
        """The number of the function or class that a node of a module stands for, if it does."""
        self.consulted.add(-(module.offset | node))
        found = module.defined(node)
        return found[1] if found is not None and found[0] == kind else None

    def function_at(self, module: Module, node: int) -> int | None:
        return self.defined_at(module, node, kinds.FUNCTION)

    def class_at(self, module: Module, node: int) -> int | None:
        return self.defined_at(module, node, kinds.CLASS)

    def definition(self, node: int) -> tuple[int, int] | None:
        """The one value of the node of a function or class; None for any other node, which may hold anything."""
        self.consulted.add(-node)
        module = self.modules[(node >> NODE_BITS) - 1]
        local = node & LOCAL
        return None if local in module.face.mixed else module.defined(local)

    def is_decorated(self, what: tuple[Any, ...]) -> bool:
        """Whether a value is a function or class that has a decorator."""
        if what[0] not in (kinds.FUNCTION, kinds.CLASS):
            return False
        owner, record = self.function_of(what[1]) if what[0] == kinds.FUNCTION else self.class_of(what[1])
        self.consulted.add(-(owner.offset | record.node))
        return record.node in owner.face.decorated

    def exports_of(self, module: Module, name: str) -> list[int] | None:
        """The nodes that a name stands for in a module, star imports aside."""
        self.consulted.add((module.index, name))
        return module.face.exports.get(name)

    def is_declared(self, module: Module, name: str) -> bool:
        """Whether a module has a name for type checkers only."""
        self.consulted.add((module.index, name))
        return name in module.face.declared

    def face_of(self, module: Module) -> ir.Face:
        """For what the module imports and offers as a whole."""
        self.consulted.add((module.index, WHOLE))
        return module.face

    def fixtures_of(self, module: Module) -> list[ir.Function]:
        """The functions of a module that pytest takes for fixtures."""
        self.consulted.add((module.index, WHOLE))
        found = [number for number, record in module.face.functions.items() if record.flags & ir.FIXTURE]
        return [self.function_of(module.index << CLASS_BITS | number)[1] for number in found]


def module_of(question: Question) -> int:
    """The index of the module that a question is put to."""
    if isinstance(question, tuple):
        return int(question[0])
    return (-question >> NODE_BITS) - 1 if question < 0 else question >> 1 >> CLASS_BITS


def prefixes(names: Iterable[str]) -> set[str]:
    """The packages above these modules, whether or not they have a file."""
    found: set[str] = set()
    for name in names:
        above = name.rpartition(".")[0]
        while above and above not in found:
            found.add(above)
            above = above.rpartition(".")[0]
    return found
