"""Numbers that stand in the judge's functions without a name, so that no edge can hold them."""

import ast
from collections.abc import Iterator
from itertools import pairwise

PLAIN = {0, 1, 2}  # none, one, a pair or a half
HAIR = {1e-6}  # of arithmetic
PHASES = {1, 2, 3}  # L1 to L3, where they are listed or counted
FACTORS = {0.5, 3, 10, 60, 100, 1000, 3600, 60_000, 86_400, 0.001}  # that convert units
# Functions whose numbers are sizes, digits or shapes: they bound memory, or how a thing is told.
HARMLESS = {"round", "deque", "lru_cache", "reshape", "read", "find", "arange", "zeros", "split"}
TIMES = (ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.LShift)

WIRE = "the parts of a frame (J 4.2)"
CALENDAR = "the calendar"
KILO = "what units are mistaken by"
PER_CENT = "all of it, in per cent"
MEMORY = "bounds memory"
SHOWN = "how it is told"
# By module below rigs/checks and number: why it needs no name.
ALLOWED = {
    **dict.fromkeys([("reading.frames", 3), ("reading.frames", 4), ("reading.frames", 5)], WIRE),
    **dict.fromkeys([("reading.logs.actions", 4), ("reading.logs.found", 4)], WIRE),
    ("reading.logs.outages", 3): WIRE,
    ("reading.logs.records", 3): "a field, what it says and what that is called",
    **dict.fromkeys([("electrical.allocation", 3), ("state.spread", 3)], "all phases"),
    ("reading.transcripts", 3): SHOWN,
    **dict.fromkeys([("reading.logs.stamps", n) for n in (12, 31, 100, 1972, 2000)], CALENDAR),
    ("reading.logs.stamps", 10): "the digits of a time in seconds",
    ("reading.logs.times", 9): "the digits of nanoseconds",
    **dict.fromkeys(
        [(f"metering.{name}", n) for name in ("energy", "consistency") for n in (1000, 0.001)], KILO
    ),
    **dict.fromkeys([("metering.consistency", 100), ("electrical.mode3", 100)], PER_CENT),
    ("metering.values_against_telemetry", 100): PER_CENT,
    ("metering.register", 8): "how far a line's bend may lie from its chord",
    ("reading.station_pace", 0.001): "nothing is divided by nothing",
    ("reading.station_time", 1.0): "the pace of a clock that keeps time",
    **dict.fromkeys([("reading.instants", 3600), ("reading.instants", 60_000), ("wire.clocks", 3600)], SHOWN),
    **dict.fromkeys([("electrical.limits", 100_000), ("reading.columns", 2048)], MEMORY),
    **dict.fromkeys([("reading.ids", 100_000), ("reading.ids", 64), ("reading.logs.found", 16_384)], MEMORY),
    **dict.fromkeys([("reading.templates", 32), ("reading.logs.decoding", 20), ("state.ledger", 20)], MEMORY),
    **dict.fromkeys([("state.profiles_in_force", 20_000), ("state.transactions", 64)], MEMORY),
}


def unnamed(source: str) -> Iterator[tuple[int, float]]:
    """By line: those in functions and classes that compare, add, are handed on or stand in for what lacks."""
    for node in ast.parse(source).body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        for path in _numbers(node, ()):
            if _decides(path):
                number = path[-1]
                assert isinstance(number, ast.Constant)
                yield number.lineno, float(number.value)


def _numbers(node: ast.AST, above: tuple[ast.AST, ...]) -> Iterator[tuple[ast.AST, ...]]:
    """Each number with all that it stands in."""
    here = (*above, node)
    if isinstance(node, ast.Constant) and _is_number(node.value):
        yield here
    for child in ast.iter_child_nodes(node):
        yield from _numbers(child, here)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _decides(path: tuple[ast.AST, ...]) -> bool:
    number = path[-1]
    assert isinstance(number, ast.Constant)
    holders = [one for one in path[:-1] if not isinstance(one, ast.UnaryOp)]
    around = holders[-1]
    if any(isinstance(one, ast.Subscript) and inner is one.slice for one, inner in pairwise(path)):
        return False  # a place
    if any(isinstance(one, ast.Call) and _name(one.func) in HARMLESS for one in holders[-2:]):
        return False
    if isinstance(around, ast.BinOp) and isinstance(around.op, TIMES):
        return number.value not in PLAIN | FACTORS | HAIR
    if isinstance(around, ast.Tuple | ast.Call) and number.value in PHASES and isinstance(number.value, int):
        return False
    if isinstance(number.value, float) and abs(number.value) == 1.0:
        return not _is_whole(number, around)
    if isinstance(number.value, float) and number.value == 2.0:
        return True
    return number.value not in PLAIN | HAIR


def _is_whole(number: ast.Constant, around: ast.AST) -> bool:
    """Does 1.0 stand for the whole, or for no change of scale? Seconds are added behind what they move."""
    if isinstance(around, ast.BinOp):
        return around.left is number
    is_array = isinstance(around, ast.Call) and "np." in ast.unparse(around.func)
    is_default = isinstance(around, ast.Call) and _name(around.func) == "get"
    return is_array or is_default or not isinstance(around, ast.Call)


def _name(function: ast.AST) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
