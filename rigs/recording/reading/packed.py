"""A file of lines, plain or packed with zstd, read as the text that it holds.

A packed file is a row of zstd frames, called blocks here, since a frame is OCPP's elsewhere. Our own hold
whole lines each and about a megabyte of text. What a kill has cut is the last block, and is left out.
Source of the format: RFC 8878, 3.1.
"""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from evc5.rigs import user_files
from evc5.rigs.errors import BadInput

BUFFER_BYTES = 1 << 20

_MAGIC = 0xFD2FB528  # 3.1.1
_SKIPPABLE = range(0x184D2A50, 0x184D2A60)  # 3.1.2: no text
_DICTIONARY_ID_BYTES = (0, 1, 2, 4)  # 3.1.1.1.3, by flag
_CONTENT_SIZE_BYTES = (0, 2, 4, 8)  # 3.1.1.1.4, by flag; 1 for the first in a single segment
_CHECKSUM_BYTES = 4
_RLE = 1  # 3.1.1.2.2: a data block of one byte, which its size repeats


class Block(NamedTuple):
    """Where a zstd frame lies in its file, in bytes."""

    begin: int
    end: int


def is_packed(path: Path) -> bool:
    with user_files.opened(path) as file:
        magic = int.from_bytes(file.read(4), "little")
    return magic == _MAGIC or magic in _SKIPPABLE


def opened(path: Path) -> BinaryIO:
    """The text of a file as a buffered stream."""
    return io.BufferedReader(unbuffered(path), BUFFER_BYTES)


def unbuffered(path: Path) -> io.RawIOBase:
    """The same in pieces; `tell` says how much of the file has been read."""
    return Unpacked(path) if is_packed(path) else cast(io.RawIOBase, user_files.opened(path, 0))


def blocks(path: Path, begin: int = 0) -> list[Block]:
    """The whole blocks of a packed file from a byte on; BadInput where it is damaged before its end."""
    with user_files.opened(path) as file:
        return list(_blocks(path, file, begin, file.seek(0, io.SEEK_END)))


class Unpacked(io.RawIOBase):
    """The text of some blocks of a packed file, in order; where none are named, of all that come."""

    def __init__(self, path: Path, some: Sequence[Block] | None = None) -> None:
        self._path = path
        self._file = user_files.opened(path)
        self._grows = some is None
        self._rest = iter(some or ())
        self._stream: Any = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while self._stream is not None or self._turn():
            try:
                count = int(self._stream.readinto(buffer))
            except OSError as error:
                raise BadInput(f"{self._path} cannot be unpacked: {error}") from None
            if count:
                return count
            self._stream = None
        return 0

    def tell(self) -> int:
        """How much of the packed file has been read, in bytes."""
        return self._file.tell()

    def close(self) -> None:
        self._file.close()
        super().close()

    def _turn(self) -> bool:
        """Go on to the next block, if there is one."""
        import pyarrow as pa  # costly, and of use to packed files only

        block = next(self._rest, None)
        if block is None and self._grows:
            self._rest = iter(blocks(self._path, self._file.tell()))
            block = next(self._rest, None)
        if block is None:
            return False
        self._file.seek(block.begin)
        content = self._file.read(block.end - block.begin)
        self._stream = pa.CompressedInputStream(pa.BufferReader(content), "zstd")
        return True


def _blocks(path: Path, file: BinaryIO, begin: int, size: int) -> Iterator[Block]:
    while begin + 4 <= size:
        magic = _number(file, begin, 4)
        if magic != _MAGIC and magic not in _SKIPPABLE:
            raise BadInput(f"{path} cannot be unpacked: it is damaged at byte {begin}")
        end = begin + 8 + _number(file, begin + 4, 4) if magic in _SKIPPABLE else _end(file, begin, size)
        if end > size:
            return
        if magic == _MAGIC:
            yield Block(begin, end)
        begin = end


def _end(file: BinaryIO, begin: int, size: int) -> int:
    """Where the zstd frame that begins there ends; beyond `size` where it was cut."""
    descriptor = _number(file, begin + 4, 1)
    is_single = bool(descriptor & 0x20)
    content_size = _CONTENT_SIZE_BYTES[descriptor >> 6] or int(is_single)
    at = begin + 5 + (not is_single) + _DICTIONARY_ID_BYTES[descriptor & 3] + content_size
    is_last = False
    while not is_last and at + 3 <= size:
        header = _number(file, at, 3)
        is_last = bool(header & 1)
        at += 3 + (1 if header >> 1 & 3 == _RLE else header >> 3)
    return at + _CHECKSUM_BYTES * bool(descriptor & 4) if is_last else size + 1


def _number(file: BinaryIO, at: int, count: int) -> int:
    file.seek(at)
    return int.from_bytes(file.read(count), "little")
