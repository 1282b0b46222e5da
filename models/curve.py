"""How much power a battery accepts at each state of charge: piecewise linear, in capacities per hour (C)."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

# Constant-voltage knees by rate: PyBaMM, Chen2020 NMC, 4.2 V, C/50 cut-off (SPMe and DFN agree below C/3).
KNEES = ((0.69, 1.0), (0.92, 1 / 3), (0.957, 1 / 5), (0.975, 1 / 8), (0.99, 1 / 15), (1.0, 1 / 50))
# Between some knees the curve hangs below the straight line: fitted, with as few points as will do, so that
# the constant-voltage times of the same source (18, 30, 38, 47 and 74 min from the knees on) hold within 3 %.
SAGS = ((0.782, 0.5529), (0.9795, 0.06846), (0.994, 0.03487))
# Assumed: above 1C the first line is carried on, to 2C.
DEFAULT_POINTS = ((0.345, 2.0), *sorted((*KNEES, *SAGS)))
CUT_OFF_RATE = 1 / 50  # 1/h; a curve is never below it, so that full is reached in finite time


class Piece(NamedTuple):
    """One straight piece: rate `r0` (1/h) at `s0`, `r1` at `s1`, and its slope (1/h per unit of SoC)."""

    s0: float
    s1: float
    r0: float
    r1: float
    slope: float


class Curve:
    """Accepted rate over SoC; constant outside its points, and at a step the later point holds."""

    __slots__ = ("_columns", "_ends_down", "_starts", "_starts_down", "pieces", "points")

    def __init__(self, points: Sequence[tuple[float, float]] = DEFAULT_POINTS) -> None:
        self.points = tuple((float(soc), float(rate)) for soc, rate in points)
        _check(self.points)
        self.pieces = _pieces(self.points)
        self._starts = [piece.s0 for piece in self.pieces]
        starts, _, rates, _, slopes = np.array(self.pieces).T
        self._columns = (starts, rates, slopes)  # s0, r0 and slope of each piece
        rises = any(r1 > r0 for _, _, r0, r1, _ in self.pieces)
        rises = rises or any(after.r0 > before.r1 for before, after in pairwise(self.pieces))
        self._starts_down = [] if rises else [-piece.r0 for piece in self.pieces]
        self._ends_down = [] if rises else [-piece.r1 for piece in self.pieces]

    @classmethod
    def from_kw(cls, points: Sequence[tuple[float, float]], usable_wh: float) -> "Curve":
        """From SoC (0-1) and kW into the battery."""
        return cls([(soc, kw * 1000.0 / usable_wh) for soc, kw in points])

    def piece(self, soc: float) -> int:
        """Index of the piece that holds at `soc`."""
        return max(bisect_right(self._starts, soc) - 1, 0)

    def down_to(self, rate: float) -> int:
        """No piece before this one begins at `rate` or below, or ends below it; 0 of a curve that rises."""
        return min(bisect_left(self._starts_down, -rate), bisect_right(self._ends_down, -rate))

    def rate(self, soc: float, piece: int | None = None) -> float:
        """Accepted power at `soc`, on `piece` where that is known, in capacities per hour."""
        s0, _, r0, _, slope = self.pieces[self.piece(soc) if piece is None else piece]
        return r0 + slope * (soc - s0)

    def rates(self, soc: Any) -> Any:
        """`rate` at many states of charge."""
        starts, rates, slopes = self._columns
        index = np.maximum(starts.searchsorted(soc, side="right") - 1, 0)
        return rates[index] + slopes[index] * (soc - starts[index])

    def soc_at(self, rate: float, piece: int) -> float:
        """Where within a sloping piece the curve takes this rate."""
        s0, _, r0, _, slope = self.pieces[piece]
        return s0 + (rate - r0) / slope

    def __repr__(self) -> str:
        return f"Curve({self.points!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Curve) and self.points == other.points

    def __hash__(self) -> int:
        return hash(self.points)


def _check(points: tuple[tuple[float, float], ...]) -> None:
    if not points:
        raise ValueError("curve must have at least one point, got none")
    last = 0.0
    for soc, rate in points:
        if not 0.0 <= soc <= 1.0:
            raise ValueError(f"curve SoC must be within 0 and 1, got {soc:g}")
        if soc < last:
            raise ValueError(f"curve SoC must not fall, got {soc:g} after {last:g}")
        if not rate >= 0.0:
            raise ValueError(f"curve power must be >= 0, got {rate:g} at SoC {soc:g}")
        last = soc


def _pieces(points: tuple[tuple[float, float], ...]) -> tuple[Piece, ...]:
    whole = _floored([(0.0, points[0][1]), *points, (1.0, points[-1][1])])
    return tuple(
        Piece(s0, s1, r0, r1, (r1 - r0) / (s1 - s0)) for (s0, r0), (s1, r1) in pairwise(whole) if s1 > s0
    )


def _floored(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The same line, but never below the cut-off: with a point where it goes under or comes up."""
    floored = []
    for (s0, r0), (s1, r1) in pairwise([points[0], *points]):
        if (r0 - CUT_OFF_RATE) * (r1 - CUT_OFF_RATE) < 0.0:
            floored.append((s0 + (CUT_OFF_RATE - r0) / (r1 - r0) * (s1 - s0), CUT_OFF_RATE))
        floored.append((s1, max(r1, CUT_OFF_RATE)))
    return floored
