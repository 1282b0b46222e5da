"""What a sweep varies: for each key some values or a range, and which points of all these are taken."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import floor, isfinite
from random import Random
from typing import Any

from evc5.rigs.errors import BadInput
from evc5.rigs.rigfile.plain import parts, plain

RANGE = {"from", "to", "step", "whole"}
SAMPLES = ("grid", "random", "latin-hypercube")
Point = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choices:
    """These values and no others."""

    values: tuple[Any, ...]

    def at(self, share: float) -> Any:
        """The value at a share of the whole, 0 <= share < 1."""
        return self.values[floor(share * len(self.values))]


@dataclass(frozen=True, slots=True)
class Span:
    """Every number from `low` to `high`."""

    low: float
    high: float

    def at(self, share: float) -> float:
        return self.low + share * (self.high - self.low)


Axis = Choices | Span


def axes(over: Mapping[str, Any]) -> dict[str, Axis]:
    """The axis of each key path; tables within tables, as TOML makes of dotted keys, are one path."""
    found = {path: _axis(path, value) for path, value in _flat(over)}
    for path in found:
        parts(path)
    return found


def points(over: Mapping[str, Axis], sample: str, runs: int | None, seed: int) -> list[Point]:
    """The points that a grid or so many draws take, the same for the same seed."""
    if sample not in SAMPLES:
        raise BadInput(f"sample must be {', '.join(SAMPLES)}, got {sample!r}")
    if sample == "grid":
        if runs is not None:
            raise BadInput(f"runs must come with a sample of random or latin-hypercube, got {runs} with grid")
        return _grid(over)
    if runs is None or runs < 1:
        raise BadInput(f"runs must be >= 1 with a sample of {sample}, got {runs}")
    shares = {key: _shares(Random(f"{seed}:{key}"), runs, sample == "latin-hypercube") for key in over}
    return [{key: axis.at(shares[key][n]) for key, axis in over.items()} for n in range(runs)]


def _grid(over: Mapping[str, Axis]) -> list[Point]:
    """Every combination; the last key changes fastest."""
    for path, axis in over.items():
        if isinstance(axis, Span):
            raise BadInput(f"over.{path} must give a step for a grid, or be a list")
    every = [axis.values for axis in over.values() if isinstance(axis, Choices)]
    return [dict(zip(over, values, strict=True)) for values in product(*every)]


def _shares(random: Random, runs: int, strata: bool) -> list[float]:
    """Numbers of [0, 1); with strata, one in each of as many equal parts."""
    if not strata:
        return [random.random() for _ in range(runs)]
    order = list(range(runs))
    random.shuffle(order)
    most = 1.0 - 2.0**-53  # the division may round up to 1
    return [min((stratum + random.random()) / runs, most) for stratum in order]


def _flat(over: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in over.items():
        name = f"{path}.{key}" if path else key
        if isinstance(value, Mapping) and not RANGE & set(value):
            yield from _flat(value, name)
        else:
            yield name, value


def _axis(path: str, value: Any) -> Axis:
    value = plain(value)
    if isinstance(value, dict):
        return _range(path, value)
    if not isinstance(value, list):
        raise BadInput(f"over.{path} must be a list of values or a range {{from, to, step}}, got {value!r}")
    if not value:
        raise BadInput(f"over.{path} must have at least one value, got an empty list")
    return Choices(tuple(value))


def _range(path: str, given: Mapping[str, Any]) -> Axis:
    """Whole numbers or steps are choices; what is left is a span."""
    for key in sorted(set(given) - RANGE):
        raise BadInput(f"over.{path}.{key} is not a key of a range; known: {', '.join(sorted(RANGE))}")
    low = _number(path, given, "from")
    high = _number(path, given, "to")
    whole = given.get("whole", False)
    if not isinstance(whole, bool):
        raise BadInput(f"over.{path}.whole must be true or false, got {whole!r}")
    if low > high:
        raise BadInput(f"over.{path}.to must be >= from ({low:g}), got {high:g}")
    if "step" not in given and not whole:
        return Span(low, high)
    step = _number(path, given, "step") if "step" in given else 1
    if step <= 0:
        raise BadInput(f"over.{path}.step must be > 0, got {step:g}")
    numbers = (low, high, step)
    if whole and any(number != floor(number) for number in numbers):
        raise BadInput(f"over.{path} must have whole numbers with whole = true, got {list(numbers)}")
    return Choices(tuple(_steps(numbers, whole)))


def _steps(numbers: Sequence[float], whole: bool) -> Iterator[float]:
    """From low to high, both included where a step ends there; rounding does not lose the last."""
    low, high, step = map(int, numbers) if whole else numbers
    for n in range(floor((high - low) / step + 1e-9) + 1):
        yield low + n * step if isinstance(step, int) else round(low + n * step, 12)


def _number(path: str, given: Mapping[str, Any], key: str) -> float:
    if key not in given:
        raise BadInput(f"over.{path}.{key} is required in a range")
    value = given[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise BadInput(f"over.{path}.{key} must be a number, got {value!r}")
    return value
