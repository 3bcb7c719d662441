"""What functions and classes outside the repository do with what they are given, as data: see `shapes` for the rules.

A function's `Model` says what a call gives, keeps and calls, in shapes: descriptions of values in terms of the call's
arguments. What the library makes and asks for again, such as a future, is an object of a kind; its methods are listed
under "kind.method". Functions that need more than this have code of their own in `models`.
"""

from __future__ import annotations

from dataclasses import dataclass

KEEPING = frozenset({"namespace"})  # kinds of objects that have the attributes that they are given
VALUE = "\0value"  # the key of what an object of the library keeps: a future's result, a context variable's value


@dataclass(frozen=True, slots=True, eq=False)
class Arg:
    """An argument, by its position or its keyword."""

    at: int
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Each:
    """What iterating over something gives; it is asked for `__iter__`."""

    of: Shape
    backwards: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Inside:
    """What lies in a container."""

    of: Shape


@dataclass(frozen=True, slots=True, eq=False)
class Many:
    """A new container of any number of these."""

    of: Shape = ()


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """A new tuple of these."""

    of: tuple[Shape, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """A new tuple of the positional arguments from one on; `each`: of what iterating over them gives."""

    start: int = 0
    each: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """A new dictionary."""

    keys: Shape
    of: Shape


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What calling something gives, with these arguments, and those that lie in `spread` and, by name, in `words`.

    `hidden`: a thread, an event loop or code of the library calls it, and not the code that gives it.
    """

    of: Shape
    args: tuple[Shape, ...] = ()
    spread: Shape = ()
    words: Shape = ()
    hidden: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Entered:
    """What `with` gives of something."""

    of: Shape
    asynchronous: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Called:
    """Something that gives this when it is called."""

    of: Shape


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """A new object of a kind; `words`: that keeps all that is given by keyword."""

    kind: str
    value: Shape = ()
    words: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Same:
    """The object whose method is called, or another view of it: what the one keeps the other has."""

    kind: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What the object whose method is called keeps."""


@dataclass(frozen=True, slots=True, eq=False)
class Either:
    """The one where it is given, else the other."""

    given: Arg
    default: Shape


Shape = (
    Arg | Each | Inside | Many | Parts | Rest | Mapping | Run | Entered | Called | Thing | Same | Kept | Either
    | tuple["Shape", ...]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Model:
    """What a call does: what it gives; what the object keeps whose method it is (`words`: all keyword arguments, by
    their names); the container that it fills, and with what; what it calls beside; what it compares unless it has a
    `key`; and what it asks for its hash."""

    gives: Shape = ()
    keeps: Shape = ()
    words: bool = False
    fills: tuple[Shape, Shape] | None = None
    runs: Shape = ()
    orders: Shape = ()
    hashes: Shape = ()


FIRST, SECOND, THIRD = Arg(0), Arg(1), Arg(2)
EACH, EACH_SECOND = Each(FIRST), Each(SECOND)
INSIDE = Inside(FIRST)
SEARCHED = (INSIDE, SECOND)
KEY = Arg(9, "key")
ALL = Inside(Rest(each=True))
GROUPED = Arg(1, "key")
CALL_FIRST = Run(FIRST, spread=Rest(1), hidden=True)
CALL_SECOND = Run(SECOND, spread=Rest(2), hidden=True)
IN_THREAD = Model(runs=Run(Arg(1, "target"), spread=Arg(3, "args"), words=Arg(4, "kwargs"), hidden=True))
FOLDED = Run(SECOND, (EACH, EACH))
TASK = Model((FIRST, Thing("future", FIRST)))
DONE = Parts((Many(EACH), Many(EACH)))

MODELS: dict[str, Model] = {
    # what gives its argument back
    **dict.fromkeys(
        (
            "copy.copy",
            "copy.deepcopy",
            "dataclasses.replace",
            "asyncio.run",
            "asyncio.wait_for",
            "asyncio.shield",
            "weakref.proxy",
            "inspect.unwrap",
            "functools.cache",
            "functools.singledispatch",
            "functools.lru_cache",
            "functools.total_ordering",
            "functools.cmp_to_key",
            "types.coroutine",
            "types.MappingProxyType",
            "enum.member",
        ),
        Model(FIRST),
    ),
    # what iterates
    **dict.fromkeys(
        (
            "iter",
            "collections.deque",
            "itertools.islice",
            "itertools.cycle",
            "tqdm.tqdm",
            "weakref.WeakSet",
            "random.sample",
            "random.choices",
            "collections.Counter",
            "asyncio.as_completed",
            "concurrent.futures.as_completed",
        ),
        Model(Many(EACH)),
    ),
    "iter of a function": Model(Many(Run(FIRST))),
    "reversed": Model(Many(Each(FIRST, backwards=True))),
    "set": Model(Many(EACH), hashes=EACH),
    "frozenset": Model(Many(EACH), hashes=EACH),
    "sorted": Model(Many(EACH), runs=Run(KEY, (EACH,)), orders=EACH),
    "enumerate": Model(Many(Parts(((), EACH)))),
    "zip": Model(Many(Rest(each=True))),
    "map": Model(Many(Run(FIRST, spread=Rest(1, each=True)))),
    "filter": Model(Many(EACH_SECOND), runs=Run(FIRST, (EACH_SECOND,))),
    "itertools.filterfalse": Model(Many(EACH_SECOND), runs=Run(FIRST, (EACH_SECOND,))),
    "itertools.takewhile": Model(Many(EACH_SECOND), runs=Run(FIRST, (EACH_SECOND,))),
    "itertools.dropwhile": Model(Many(EACH_SECOND), runs=Run(FIRST, (EACH_SECOND,))),
    "itertools.starmap": Model(Many(Run(FIRST, spread=EACH_SECOND))),
    "itertools.chain": Model(Many(ALL)),
    "itertools.chain.from_iterable": Model(Many(Each(EACH))),
    "itertools.tee": Model(Many(Many(EACH))),
    "itertools.repeat": Model(Many(FIRST)),
    "itertools.product": Model(Many(Rest(each=True))),
    "itertools.zip_longest": Model(Many(Rest(each=True))),
    "itertools.compress": Model(Many(EACH)),
    "itertools.pairwise": Model(Many(Many(EACH))),
    "itertools.batched": Model(Many(Many(EACH))),
    "itertools.permutations": Model(Many(Many(EACH))),
    "itertools.combinations": Model(Many(Many(EACH))),
    "itertools.combinations_with_replacement": Model(Many(Many(EACH))),
    "itertools.accumulate": Model(Many((EACH, FOLDED))),
    "itertools.groupby": Model(Many(Parts((Run(GROUPED, (EACH,)), Many(EACH))))),
    "functools.reduce": Model(Run(FIRST, (Either(THIRD, EACH_SECOND), EACH_SECOND))),
    "dict.fromkeys": Model(Mapping(EACH, SECOND)),
    "random.choice": Model(INSIDE),
    # what sorts, or keeps sorted
    "heapq.heapify": Model(orders=INSIDE),
    "heapq.heappush": Model(fills=(FIRST, SECOND), orders=INSIDE),
    "heapq.heappop": Model(INSIDE, orders=INSIDE),
    "heapq.heapreplace": Model(INSIDE, fills=(FIRST, SECOND), orders=INSIDE),
    "heapq.heappushpop": Model((INSIDE, SECOND), fills=(FIRST, SECOND), orders=INSIDE),
    "heapq.nsmallest": Model(Many(EACH_SECOND), runs=Run(Arg(2, "key"), (EACH_SECOND,), hidden=True)),
    "heapq.nlargest": Model(Many(EACH_SECOND), runs=Run(Arg(2, "key"), (EACH_SECOND,), hidden=True)),
    "heapq.merge": Model(Many(ALL), runs=Run(KEY, (ALL,), hidden=True)),
    **dict.fromkeys(
        ("bisect.bisect", "bisect.bisect_left", "bisect.bisect_right"), Model(runs=Run(KEY, (INSIDE,)), orders=SEARCHED)
    ),
    **dict.fromkeys(
        ("bisect.insort", "bisect.insort_left", "bisect.insort_right"),
        Model(fills=(FIRST, SECOND), runs=Run(KEY, (SEARCHED,)), orders=SEARCHED),
    ),
    # texts
    "json.dumps": Model(runs=Run(Arg(9, "default"), ((FIRST, INSIDE),), hidden=True)),
    "json.dump": Model(runs=Run(Arg(9, "default"), ((FIRST, INSIDE),), hidden=True)),
    "re.compile": Model(Thing("pattern")),
    "re.sub": Model(runs=Run(SECOND, ((),))),
    "re.subn": Model(runs=Run(SECOND, ((),))),
    "pickle.dumps": Model(Many(FIRST)),
    "pickle.loads": Model(INSIDE),
    # objects with attributes
    "types.SimpleNamespace": Model(Thing("namespace", words=True)),
    "argparse.Namespace": Model(Thing("namespace", words=True)),
    "threading.local": Model(Thing("namespace")),
    "argparse.ArgumentParser": Model(Thing("parser")),
    # objects that hold one thing
    "contextvars.ContextVar": Model(Thing("variable", Arg(1, "default"))),
    "contextvars.copy_context": Model(Thing("context")),
    "weakref.ref": Model(Called(FIRST)),
    "weakref.WeakMethod": Model(Called(FIRST)),
    "weakref.finalize": Model(runs=CALL_SECOND),
    # contexts
    "contextlib.nullcontext": Model(Thing("holder", FIRST)),
    "contextlib.ExitStack": Model(Thing("stack")),
    "contextlib.AsyncExitStack": Model(Thing("stack")),
    # queues
    **dict.fromkeys(
        [
            f"{module}.{name}"
            for module, names in {
                "queue": ("Queue", "LifoQueue", "PriorityQueue", "SimpleQueue"),
                "asyncio": ("Queue", "LifoQueue", "PriorityQueue"),
                "multiprocessing": ("Queue", "SimpleQueue", "JoinableQueue"),
            }.items()
            for name in names
        ],
        Model(Many()),
    ),
    # threads and processes
    "threading.Thread": IN_THREAD,
    "multiprocessing.Process": IN_THREAD,
    "threading.Timer": Model(runs=Run(Arg(1, "function"), spread=Arg(2, "args"), words=Arg(3, "kwargs"), hidden=True)),
    "concurrent.futures.ThreadPoolExecutor": Model(Thing("executor")),
    "concurrent.futures.ProcessPoolExecutor": Model(Thing("executor")),
    "concurrent.futures.Future": Model(Thing("future")),
    "concurrent.futures.wait": Model(DONE),
    **dict.fromkeys(
        (
            "multiprocessing.Pool",
            "multiprocessing.pool.Pool",
            "multiprocessing.pool.ThreadPool",
            "multiprocessing.dummy.Pool",
        ),
        Model(Thing("pool")),
    ),
    # coroutines: awaiting a task gives what the coroutine gives
    "asyncio.create_task": TASK,
    "asyncio.ensure_future": TASK,
    "asyncio.gather": Model(Rest()),
    "asyncio.wait": Model(DONE),
    "asyncio.Future": Model(Thing("future")),
    "asyncio.TaskGroup": Model(Thing("tasks")),
    "asyncio.to_thread": Model(CALL_FIRST),
    "asyncio.new_event_loop": Model(Thing("loop")),
    "asyncio.get_event_loop": Model(Thing("loop")),
    "asyncio.get_running_loop": Model(Thing("loop")),
}
METHODS: dict[str, Model] = {  # of the things above, by their kinds
    "pattern.sub": Model(runs=Run(FIRST, ((),))),
    "pattern.subn": Model(runs=Run(FIRST, ((),))),
    **dict.fromkeys(
        (
            "parser.add_subparsers",
            "parser.add_parser",
            "parser.add_argument_group",
            "parser.add_mutually_exclusive_group",
        ),
        Model(Same()),
    ),
    "parser.set_defaults": Model(words=True),
    "parser.parse_args": Model(Same("namespace")),
    "parser.parse_known_args": Model(Parts((Same("namespace"), ()))),
    "variable.set": Model(keeps=FIRST),
    "variable.get": Model((Kept(), FIRST)),
    "context.run": Model(Run(FIRST, spread=Rest(1))),
    "stack.enter_context": Model(Entered(FIRST)),
    "stack.enter_async_context": Model(Entered(FIRST, asynchronous=True)),
    "stack.callback": Model(FIRST, runs=Run(FIRST, spread=Rest(1))),
    "stack.push_async_callback": Model(FIRST, runs=Run(FIRST, spread=Rest(1))),
    "stack.pop_all": Model(Same()),
    "executor.submit": Model(Thing("future", CALL_FIRST)),
    "executor.map": Model(Many(Run(FIRST, spread=Rest(1, each=True), hidden=True))),
    "future.result": Model(Kept()),
    "future.set_result": Model(keeps=FIRST),
    "future.add_done_callback": Model(runs=Run(FIRST, (Same(),), hidden=True)),
    **dict.fromkeys(
        ("pool.map", "pool.imap", "pool.imap_unordered"), Model(Many(Run(FIRST, (EACH_SECOND,), hidden=True)))
    ),
    "pool.starmap": Model(Many(Run(FIRST, spread=EACH_SECOND, hidden=True))),
    "pool.apply": Model(Run(FIRST, spread=Arg(1, "args"), words=Arg(2, "kwds"), hidden=True)),
    "pool.apply_async": Model(
        Thing("pending", Run(FIRST, spread=Arg(1, "args"), words=Arg(2, "kwds"), hidden=True)),
    ),
    "pool.map_async": Model(Thing("pending", Many(Run(FIRST, (EACH_SECOND,), hidden=True)))),
    "pending.get": Model(Kept()),
    "tasks.create_task": TASK,
    "loop.create_task": TASK,
    "loop.run_until_complete": Model(FIRST),
    "loop.create_future": Model(Thing("future")),
    "loop.run_in_executor": Model(CALL_SECOND),
    "loop.call_soon": Model(runs=CALL_FIRST),
    "loop.call_soon_threadsafe": Model(runs=CALL_FIRST),
    "loop.call_later": Model(runs=CALL_SECOND),
    "loop.call_at": Model(runs=CALL_SECOND),
}
