"""A recording that is still being written is read as the whole one, wherever its writer has come to."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evc5.rigs.checks.reading.growth import closed_parts, lines_as_they_come
from evc5.rigs.checks.reading.pages import AHEAD, PAGE_BYTES, Pages


class Writer:
    """Whoever waits has one more piece written; after the last one all is over."""

    def __init__(self, pieces: Iterable[Callable[[], object]]) -> None:
        self._pieces = iter(pieces)
        self.is_over = False

    def wait(self) -> None:
        write = next(self._pieces, None)
        if write is None:
            self.is_over = True
        else:
            write()


def appended(path: Path, pieces: Iterable[bytes]) -> Writer:
    path.write_bytes(b"")

    def write(piece: bytes) -> None:
        with path.open("ab") as file:
            file.write(piece)

    return Writer([lambda piece=piece: write(piece) for piece in pieces])


@pytest.mark.slow
@settings(max_examples=20)
@given(st.lists(st.text("ab \n", max_size=6).map(str.encode), max_size=12))
def test_a_line_is_told_once_and_whole(tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("grows") / "events.jsonl"
    told = list(lines_as_they_come(path, appended(path, pieces)))
    whole = split(b"".join(pieces))
    assert told == [(number, raw) for number, raw in enumerate(whole, 1) if not raw.isspace()]


def split(text: bytes) -> list[bytes]:
    *whole, rest = text.split(b"\n")
    return [*(line + b"\n" for line in whole), *([rest] if rest else [])]


def turned(pages: Pages) -> Iterator[tuple[bytes, int]]:
    """The buffer at each line, and its number."""
    with pages:
        while pages.more():
            yield pages.buffer[pages.at :], pages.number
            pages.line()


@pytest.mark.parametrize("step", [700_001, PAGE_BYTES, 3 * PAGE_BYTES])
def test_pages_of_a_file_that_grows_are_those_of_the_whole(tmp_path: Path, step: int) -> None:
    text = b"".join(b"%d" % n + b"x" * 60_000 + b"\n" for n in range(60))
    assert len(text) > 3 * PAGE_BYTES > AHEAD
    (tmp_path / "whole").write_bytes(text)
    writer = appended(tmp_path / "grows", [text[at : at + step] for at in range(0, len(text), step)])
    whole = turned(Pages(tmp_path / "whole"))
    for one, other in zip(whole, turned(Pages(tmp_path / "grows", growth=writer)), strict=True):
        assert one == other


def test_a_packed_file_that_grows_is_read_block_by_block(tmp_path: Path) -> None:
    texts = [b"".join(b"%d-%d\n" % (block, n) for n in range(2000)) for block in range(4)]
    blocks = [bytes(pa.Codec("zstd").compress(text, asbytes=True)) for text in texts]
    halves = [half for block in blocks[1:] for half in (block[:9], block[9:])]
    path = tmp_path / "grows"
    writer = appended(path, [blocks[0], *halves])
    writer.wait()  # something is there before anybody reads
    assert b"".join(line for line in _lines(Pages(path, growth=writer))) == b"".join(texts)


def _lines(pages: Pages) -> Iterator[bytes]:
    with pages:
        while pages.more():
            yield pages.line()


def test_the_latest_part_is_read_when_another_follows_or_all_is_over(tmp_path: Path) -> None:
    names = [f"part-{n:05}.parquet" for n in range(3)]
    there: list[list[str]] = []
    writer = Writer([(tmp_path / name).touch for name in names])
    for path in closed_parts(tmp_path, writer):
        there.append([path.name, *sorted(other.name for other in tmp_path.iterdir())])
    assert there == [[names[0], *names[:2]], [names[1], *names], [names[2], *names]]
