"""Files that `split` and its like made of one: parted at lines, or wherever so many bytes were full."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from evc5.rigs import user_files

COUNTS = re.compile(r"[a-z]+|\d+")  # xaa and xab, log.txt.aa, part-00.csv, log.001
LETTERS = "abcdefghijklmnopqrstuvwxyz"
FIRST = "aa"


def runs(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """The same paths; those together that are pieces of one file, by their names and what they are."""
    run: list[Path] = []
    for path in paths:
        if run and not _counted(run[-1], path):
            yield from _judged(run)
            run = []
        run.append(path)
    yield from _judged(run) if run else ()


def are_lettered(paths: Sequence[Path]) -> bool:
    """Are they aa, ab and so on, in this order?"""
    return len(paths) > 1 and _counted(*paths[:2]).endswith(FIRST) and all(map(_counted, paths, paths[1:]))


def are_of_bytes(paths: Sequence[Path]) -> bool:
    """Are they of one size but for the last, and does one end in the middle of a line?"""
    if len(paths) < 2 or not all(_counted(*pair) for pair in pairwise(paths)):
        return False
    sizes = [path.stat().st_size for path in paths]
    alike = len({*sizes[:-1]}) == 1 and 0 < sizes[-1] <= sizes[0]
    return alike and not all(_ends_a_line(path) for path in paths[:-1])


def _judged(run: list[Path]) -> Iterator[list[Path]]:
    """Letters tell by themselves; numbers may be those of stations, or of days."""
    if are_lettered(run) or are_of_bytes(run) or _have_one_head(run):
        yield run
    else:
        yield from ([path] for path in run)


def _have_one_head(run: list[Path]) -> bool:
    """Are they parts of a table whose names stand on top of the first alone?"""
    if len(run) < 2:
        return False
    from evc5.rigs.checks.reading.logs import decoding, tables  # a tenth of a second, which others need not

    heads = [next(decoding.lines(path), decoding.Line(1, "")).text for path in run]
    return tables.separator(heads[0]) is not None and not any(map(tables.separator, heads[1:]))


def _counted(path: Path, other: Path) -> str:
    """What counts in the name of a piece, where another one's goes on by one; empty where none does."""
    if path.parent != other.parent:
        return ""
    for match in COUNTS.finditer(path.name):
        which = match[0]
        if path.name[: match.start()] + _next(which) + path.name[match.end() :] == other.name:
            return which if len(which) > 1 else ""
    return ""


def _next(which: str) -> str:
    if which.isdigit():
        return str(int(which) + 1).zfill(len(which))
    rest = which.rstrip(LETTERS[-1])
    if not rest:
        return ""
    return rest[:-1] + LETTERS[LETTERS.index(rest[-1]) + 1] + LETTERS[0] * (len(which) - len(rest))


def _ends_a_line(path: Path) -> bool:
    with user_files.opened(path) as file:
        file.seek(-1, 2)
        return file.read(1) == b"\n"
