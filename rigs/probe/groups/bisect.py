"""The edge between what is taken and what is not, of whole numbers."""

from collections.abc import Callable


def edge(taken: int, refused: int, takes: Callable[[int], bool]) -> int:
    """The last number that is taken on the way from one that is to one that is not, whichever is greater."""
    while abs(refused - taken) > 1:
        middle = (taken + refused) // 2
        if takes(middle):
            taken = middle
        else:
            refused = middle
    return taken


def highest(start: int, most: int, takes: Callable[[int], bool]) -> int:
    """The highest number up to `most` that is taken, from one that is: by doubling, then by halving."""
    taken, step = start, 1
    while taken < most:
        tried = min(most, taken + step)
        if not takes(tried):
            return edge(taken, tried, takes)
        taken, step = tried, step * 2
    return taken
