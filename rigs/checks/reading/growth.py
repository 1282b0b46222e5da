"""A recording that somebody may still be writing: readers wait at its end until more comes or it is over."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from evc5.rigs import user_files


class Growth(Protocol):
    """Whether it is over is asked before one reads: what is read then is all."""

    @property
    def is_over(self) -> bool: ...

    def wait(self) -> None:
        """Until more may have come."""
        ...


class Complete:
    """Nobody writes any more."""

    is_over = True

    def wait(self) -> None:
        raise RuntimeError("a recording that is complete does not grow")


COMPLETE = Complete()


def lines_as_they_come(path: Path, growth: Growth = COMPLETE) -> Iterator[tuple[int, bytes]]:
    """The lines of a plain file that are not blank, with their numbers, each as soon as it is whole."""
    told = 0
    rest = b""
    with user_files.opened(path) as file:
        while True:
            is_over = growth.is_over
            *whole, rest = (rest + file.read()).split(b"\n")
            for number, raw in enumerate(whole, told + 1):
                if raw and not raw.isspace():
                    yield number, raw + b"\n"
            told += len(whole)
            if is_over:
                break
            growth.wait()
    if rest and not rest.isspace():
        yield told + 1, rest


def closed_parts(directory: Path, growth: Growth = COMPLETE) -> Iterator[Path]:
    """The parts of a telemetry in order; the latest may yet be written anew, until all is over."""
    told = 0
    while True:
        is_over = growth.is_over
        paths = sorted(directory.glob("*.parquet"))
        closed = paths if is_over else paths[:-1]
        yield from closed[told:]
        told = max(told, len(closed))
        if is_over:
            return
        growth.wait()
