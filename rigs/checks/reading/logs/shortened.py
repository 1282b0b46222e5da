"""Frames that their logger cut or shortened: what is missing is no fault of the station's."""

import re
from collections import Counter
from collections.abc import Sequence

from evc5.rigs.checks.reading.logs.found import Found

ELLIPSIS = re.compile(r"(?:\.\.\.|…|\[?\(?(?:truncated|\d+ more)\b)[^\[\]{}]{0,24}$", re.IGNORECASE)
SIZE = re.compile(r"^[^\[\]{}]{0,4}\[?(\d{2,7}) (?:bytes|characters|chars)\b")  # as websockets tells it
MARKS = ("...", "…")
LEAST_SHORTENED = 2  # frames that are cut alike, before a logger is to blame
SHORTENED_PART = 0.02  # of the frames; where fewer are cut, the others are judged


def first_of_many(seen: Sequence[Found], torn: Sequence[Found]) -> Found | None:
    """The first frame that was shortened, where so many are that the log cannot be judged.

    `seen` are the frames of a log's beginning, `torn` what began as one and is none.
    """
    lengths = Counter(map(_length, torn))
    cut = [
        found for found in torn if ELLIPSIS.search(found.text) or lengths[_length(found)] >= LEAST_SHORTENED
    ]
    cut += [found for found in seen if _is_smaller_than_told(found)]
    if len(cut) < max(LEAST_SHORTENED, SHORTENED_PART * (len(seen) + len(torn))):
        return None
    return min(cut, key=lambda found: found.line)


def _length(found: Found) -> int:
    return len(found.before) + len(found.text) + len(found.after)


def _is_smaller_than_told(found: Found) -> bool:
    """Something is left out of its middle, and its line says how long it was."""
    size = SIZE.search(found.after)
    said = repr(found.body)
    return size is not None and any(mark in said for mark in MARKS) and int(size[1]) > len(said)
