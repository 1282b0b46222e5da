"""The elementary functions of a formula, for one number or for many: written once, it serves both.

numpy's own `exp`, `sin` and `cos` may differ from libm's in the last bit, which a printed digit can show. So
`MANY` asks libm for each number, and is `ONE` to the bit; `FAST` is numpy's, where nothing is compared.
"""

import math
from collections.abc import Callable
from operator import mod
from struct import pack, unpack
from typing import Any, NamedTuple

import numpy as np

Number = Any  # a float, or an array of them


class Mixed(Exception):
    """Of many instants some are this way and some that: no one formula holds for all of them."""


class Functions(NamedTuple):
    """What formulas call; each takes and gives numbers of the same shape."""

    exp: Callable[[Number], Number]
    expm1: Callable[[Number], Number]
    sin: Callable[[Number], Number]
    cos: Callable[[Number], Number]
    sqrt: Callable[[Number], Number]
    floor: Callable[[Number], Number]
    modulo: Callable[[Number, Number], Number]
    round: Callable[[Number], Number]  # half to even
    float32: Callable[[Number], Number]  # what is left after 32 bits
    where: Callable[[Number, Number, Number], Number]
    least: Callable[[Number, Number], Number]
    some: Callable[[Number], bool]  # is it other than 0 for any of them?
    holds: Callable[[Number], bool]  # for all of them; Mixed where for some only
    first: Callable[[Number], float]


def _float32(value: float) -> float:
    narrow: float = unpack("<f", pack("<f", value))[0]
    return narrow


def _each(function: Callable[[float], float]) -> Callable[[Number], Number]:
    def many(values: Number) -> Number:
        numbers = values.tolist()
        return np.frombuffer(pack(f"{len(numbers)}d", *map(function, numbers)))  # sooner than np.array

    return many


def _where(condition: Number, one: Number, other: Number) -> Number:
    if isinstance(condition, np.ndarray):
        return np.where(condition, one, other)
    return one if condition else other


def _holds(condition: Number) -> bool:
    count = np.count_nonzero(condition)  # twice as fast as all(), for few numbers
    if 0 < count < condition.size:
        raise Mixed
    return bool(count == condition.size)


def _modulo(values: Number, span: float) -> Number:
    """As `%` gives, several times as fast."""
    rest = values - span * np.floor(values / span)  # exact, where the quotient was not rounded up
    return np.where(rest < 0.0, rest + span, rest)


def _like_ints(function: Callable[[Number], Number]) -> Callable[[Number], Number]:
    """As `math` rounds, to integers: there is no -0."""
    return lambda values: function(values) + 0.0


def _first(values: Number) -> float:
    return float(values[0])


_ROUNDING: dict[str, Any] = {
    "sqrt": np.sqrt,
    "floor": _like_ints(np.floor),
    "modulo": _modulo,
    "round": _like_ints(np.rint),
    "float32": lambda values: values.astype(np.float32).astype(float),
    "where": _where,
    "least": np.minimum,
    "some": np.count_nonzero,
    "holds": _holds,
    "first": _first,
}
ONE = Functions(
    math.exp, math.expm1, math.sin, math.cos, math.sqrt, math.floor, mod, round, _float32, _where, min, bool,
    bool, float,
)  # fmt: skip
MANY = Functions(
    _each(math.exp), _each(math.expm1), _each(math.sin), _each(math.cos), **{**_ROUNDING, "some": bool}
)  # of one segment: what a term is made of are numbers
FAST = Functions(np.exp, np.expm1, np.sin, np.cos, **_ROUNDING)
