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
BESIDES = ("verdict.judging",)
UNITS = {
    **{"S": "s", "A": "A", "V": "V", "VOLTS": "V", "W": "W", "WH": "Wh", "PCT": "%"},
    **{"FACTOR": "1", "PART": "1"},
}
# Constants that no verdict hangs on, and what they are.
NO_THRESHOLDS = {
    **dict.fromkeys(("MOST_KEPT", "MOST_REMEMBERED", "SESSIONS", "MOST_ORDERS"), "bounds memory"),
    **dict.fromkeys(
        ("MOST_TAGS", "MOST_TRIGGERED", "MOST_SAID", "MOST_GROUPS", "MOST_CARS"), "bounds memory"
    ),
    **dict.fromkeys(("MOST_OWED", "MOST_PENDING", "MOST_HOURS", "KEEP_PARTS"), "bounds memory"),
    "MOST_STEPS": "bounds the time that one question takes",
    **dict.fromkeys(
        ("MOST_READINGS_WAITING", "MOST_CHANGES", "MOST_BOOTS", "MOST_TOLD", "LATEST"), "bounds memory"
    ),
    **dict.fromkeys(
        ("MOST_OUTAGES", "MOST_STRETCHES", "MOST_DISTURBED", "MOST_DOUBTFUL", "MOST_CLEARS", "MOST_SILENT"),
        "bounds memory",
    ),
    **dict.fromkeys(
        ("PAGE_BYTES", "AHEAD", "BOOT_WITHIN", "LOOKED_AT_STAMPS"),
        "bounds what is read at a time",
    ),
    **dict.fromkeys(("MOST_FRAMES_WAITING", "MOST_BYTES_WAITING", "KEPT_FRAMES", "CHUNK"), "bounds memory"),
    **dict.fromkeys(("MOST_OPEN", "MOST_BUFFERED", "LARGEST", "LARGEST_FIELD"), "bounds memory"),
    **dict.fromkeys(("LONGEST_FRAME", "LONGEST_HELD", "MOST_BESIDE", "MOST_OPENED"), "bounds memory"),
    **dict.fromkeys(
        (
            "PIECE",
            "SNIFFED_BYTES",
            "MOST_LINES",
            "PAGE_CHARACTERS",
            "SURVEYED",
            "LOOKED_AT_ENTRIES",
            "SHOWN_LINES",
        ),
        "bounds what is read at a time",
    ),
    **dict.fromkeys(("TOLD_LINES", "PACKED"), "tells how far the reader is"),
    "KEEP": "bounds what people read",
    **dict.fromkeys(("FOREVER", "FOREVER_S", "LONG_AGO"), "stands for no end, or no beginning"),
    **dict.fromkeys(("NO_LIMIT", "FIND", "UNKNOWN", "FIRST_OWN"), "stands for none, or for another"),
    **dict.fromkeys(("JUST_AFTER_S", "STEP_HAIR_S"), "puts what has one instant in order"),
    **dict.fromkeys(("MOST_OFFSET_S", "MOST_PPM"), "no clock says more: a summary that does is not ours"),
    **dict.fromkeys(
        ("MOST_INTEGER", "MOST_CONNECTORS"), "no station says more: one that does means nothing by it"
    ),
    "MOST_LINES": "bounds what is read at a time",
    "MOST_INTERVAL_S": "no station says more",
    "CARRY_S": "the numbers of those decide that look back across midnight, none of them so far",
    "MOST_T_S": "no run is so long: a t that is more is none",
    "MOST_MISSED": "bounds the time that is spent on what one wrong t has missed",
    **dict.fromkeys(("TO_MS", "TOLD_TO_S"), "the digits of a stamp"),
}
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
