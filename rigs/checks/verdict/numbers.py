"""Every number that the judge decides by, read from the checks themselves: name, value, unit, source.

A number is a constant of a module, its unit the name's suffix, its source the comment on its line.
Tolerances, which a user may change, are numbers too.
"""

import ast
import inspect
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from evc5.rigs import checks
from evc5.rigs.checks.state.tolerances import Tolerances

# Rooms whose numbers decide; of how verdicts are told only what decides, too.
ROOMS = (
    "wire",
    "status",
    "transactions",
    "metering",
    "charging",
    "electrical",
    "device",
    "state",
    "reading",
    "reading.logs",
)
BESIDES = ("verdict.alongside", "verdict.judging")
UNITS = {
    **{"S": "s", "A": "A", "V": "V", "VOLTS": "V", "W": "W", "WH": "Wh", "PCT": "%"},
    **{"FACTOR": "1", "PART": "1"},
}
# Constants that no verdict hangs on, by what they are.
OTHERS = {
    "bounds memory": (
        *("CHUNK", "KEEP_PARTS", "KEPT_FRAMES", "LARGEST", "LARGEST_FIELD", "LATEST", "MOST_BOOTS"),
        *(
            "MOST_ANSWERED",
            "MOST_BUFFERED",
            "MOST_BYTES_WAITING",
            "MOST_CARS",
            "MOST_CLEARS",
            "MOST_DISTURBED",
        ),
        *("MOST_DOUBTFUL", "MOST_FRAMES_WAITING", "MOST_GROUPS", "MOST_HOURS", "MOST_KEPT", "MOST_OPEN"),
        *("MOST_ORDERS", "MOST_OUTAGES", "MOST_OWED", "MOST_PENDING", "MOST_READINGS_WAITING"),
        *("MOST_REMEMBERED", "MOST_SAID", "MOST_SILENT", "MOST_STRETCHES", "MOST_TAGS", "MOST_TOLD"),
        *("MOST_TRIGGERED", "MOST_WAITING", "SESSIONS"),
    ),
    "bounds the time that one question, or one wrong t, takes": ("MOST_CHANGES", "MOST_MISSED", "MOST_STEPS"),
    "bounds what is read at a time": (
        *(
            "AHEAD",
            "HALF_A_BLOCK",
            "LOOKED_AT_ENTRIES",
            "MOST_LINES",
            "PAGE_BYTES",
            "PAGE_CHARACTERS",
            "PIECE",
        ),
        *("SHOWN_LINES", "SNIFFED_BYTES", "SURVEYED"),
    ),
    "tells how far the reader is": ("TOLD_LINES", "PACKED"),
    "bounds what people read": ("KEEP",),
    "stands for no end, or no beginning": ("FOREVER", "FOREVER_S", "LONG_AGO"),
    "stands for none, or for another": ("NO_LIMIT", "FIND", "UNKNOWN", "FIRST_OWN"),
    "puts what has one instant in order": ("JUST_AFTER_S", "STEP_HAIR_S"),
    "no clock and no station says more: what does is not ours": (
        *("MOST_INTERVAL_S", "MOST_OFFSET_S", "MOST_PPM"),
    ),
    "says which of two readers reads the same": ("MOST_OPENED",),
    "as far as any check looks back: the numbers of those decide": ("CARRY_S",),
    "the digits of a stamp": ("TO_MS", "TOLD_TO_S"),
    "a prefix of a unit": ("KILO",),
}
NO_THRESHOLDS = {name: why for why, names in OTHERS.items() for name in names}
TOLERANCES = "state.tolerances"


@dataclass(frozen=True, slots=True)
class Number:
    """One number; `module` is below `evc5.rigs.checks`, and with the name its identity."""

    module: str
    name: str
    value: float
    unit: str
    source: str

    @property
    def id(self) -> str:
        return f"{self.module}.{self.name}"


@cache
def numbers() -> tuple[Number, ...]:
    """All of them, module by module."""
    found = [number for module in modules() for number in _of(module)]
    return (*found, *_tolerances())


def numbers_of(requirement: str) -> list[Number]:
    """Those of the module that judges a requirement, and the tolerances that it names."""
    for module in modules():
        if requirement in {row.id for row in getattr(module, "REQUIREMENTS", ())}:
            text = inspect.getsource(module)
            named = [one for one in _tolerances() if f"tolerances.{one.name}" in text]
            return [*_of(module), *named]
    return []


def modules() -> Iterator[ModuleType]:
    for room in ROOMS:
        package = import_module(f"{checks.__name__}.{room}")
        for info in iter_modules(package.__path__, f"{package.__name__}."):
            yield import_module(info.name)
    for name in BESIDES:
        yield import_module(f"{checks.__name__}.{name}")


def _of(module: ModuleType) -> Iterator[Number]:
    text = inspect.getsource(module)
    comments = _comments(text)
    name = module.__name__.removeprefix(f"{checks.__name__}.")
    for node in ast.parse(text).body:
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        constant = node.targets[0].id
        value = getattr(module, constant, None)
        if constant.isupper() and _is_number(constant, value) and not isinstance(node.value, ast.Name):
            lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            source = next((comments[line] for line in lines if line in comments), "")
            yield Number(name, constant, float(value or 0.0), _unit(constant), source)


def _is_number(name: str, value: object) -> bool:
    counts = isinstance(value, int | float) and not isinstance(value, bool)
    return counts and name not in NO_THRESHOLDS


def _comments(text: str) -> dict[int, str]:
    """By line: the comment on it."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {one.start[0]: one.string.lstrip("# ") for one in tokens if one.type == tokenize.COMMENT}


def _unit(name: str) -> str:
    return UNITS.get(name.rpartition("_")[2], "1")


def _tolerances() -> Iterator[Number]:
    comments = _comments(inspect.getsource(inspect.getmodule(Tolerances) or Tolerances))
    lines = inspect.getsource(inspect.getmodule(Tolerances) or Tolerances).splitlines()
    for name, default in Tolerances.described():
        number = next(n for n, line in enumerate(lines, 1) if line.strip().startswith(f"{name}: float"))
        yield Number(TOLERANCES, name, float(default), _unit(name.upper()), comments.get(number, ""))
