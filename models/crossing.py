"""When a smooth temperature first leaves a band: to 1 ms, none missed, and without polling.

From where it stands with slope T' a curve whose second derivative stays within M cannot reach a threshold g
away before h, the positive root of M h²/2 + T' h = g. Stepping by h never jumps over a crossing, and near one
it converges like Newton's method.
"""

from collections.abc import Callable
from math import inf, sqrt

ENOUGH_S = 5e-4  # a step this short is the crossing: within 1 ms

Curve = Callable[[float], tuple[float, float]]  # value and slope


def leaves(
    curve: Curve, bend: Callable[[float], float], low: float, high: float, since_s: float, until_s: float
) -> tuple[float, int] | None:
    """The first instant in (start, end] at which the curve is at `high` (+1) or `low` (-1); None if it stays.

    `bend(t)` bounds |second derivative| from t to `until_s`.
    """
    t_s = since_s
    while t_s <= until_s:
        value, slope = curve(t_s)
        most = bend(t_s)
        up_s, down_s = _no_sooner(high - value, slope, most), _no_sooner(value - low, -slope, most)
        step_s = min(up_s, down_s)
        if step_s < ENOUGH_S:
            return t_s + step_s, 1 if up_s <= down_s else -1
        t_s += step_s
    return None


def _no_sooner(gap: float, slope: float, bend: float) -> float:
    if gap <= 0.0:
        return 0.0
    if gap == inf:
        return inf
    root = sqrt(slope * slope + 2.0 * bend * gap)
    if slope > 0.0:
        return 2.0 * gap / (slope + root)
    return (root - slope) / bend if bend else inf
