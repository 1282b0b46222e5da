"""From values to places on the page: round numbers on an axis, and no more points than can be seen."""

import math

from evc5.rigs.recording.reading.columns import Array

Point = tuple[float, float]


def round_ticks(low: float, high: float, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten within the range, at most so many."""
    span = max(high - low, 1e-9)
    size = 10.0 ** math.floor(math.log10(span / max(most, 1)))
    step = next(size * part for part in (1, 2, 5, 10, 20) if span / (size * part) <= most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def strokes(x: Array, y: Array) -> list[list[Point]]:
    """The unbroken parts of a line: a NaN ends one."""
    found: list[list[Point]] = [[]]
    for across, down in zip(x.tolist(), y.tolist(), strict=True):
        if down == down and across == across:
            found[-1].append((across, down))
        elif found[-1]:
            found.append([])
    return [stroke for stroke in found if stroke]


def thinned(points: list[Point], within: float) -> list[Point]:
    """The line through fewer of its points: those left out lie no farther than `within` above or below it.

    Points come from left to right; where the line rises straight up, both ends are kept.
    """
    if len(points) < 3:
        return points
    kept = [points[0]]
    last = points[0]
    low = -math.inf
    high = math.inf
    for x, y in points[1:]:
        from_x, from_y = kept[-1]
        upright = x == last[0]
        if upright or not low <= (y - from_y) / (x - from_x) <= high:
            if last != kept[-1]:
                kept.append(last)
            from_x, from_y = last
            low, high = -math.inf, math.inf
        if upright:
            kept.append((x, y))
        else:
            low = max(low, (y - within - from_y) / (x - from_x))
            high = min(high, (y + within - from_y) / (x - from_x))
        last = (x, y)
    return kept if kept[-1] == last else [*kept, last]
