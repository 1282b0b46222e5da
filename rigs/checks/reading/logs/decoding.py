"""From the bytes of a log to its lines of text, whatever they are packed in and however they are written."""

import bz2
import codecs
import gzip
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from io import BufferedReader, RawIOBase, TextIOWrapper
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple, cast

import pyarrow as pa

from evc5.rigs import user_files
from evc5.rigs.errors import BadInput

PIECE = 1 << 20  # characters read at once: a line that is longer comes in pieces of one number
# Colours and cursor movements, ECMA-48 5.4, as they are or as syslog, `cat -v` and JSON write the escape.
ANSI = re.compile(r"(?:\x1b|#033|\^\[|\\u001[bB]|\\x1[bB]|\\033|\u241b)\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]")
SNIFFED_BYTES = 4096
HALF_A_BLOCK = 1 << 16  # of zstd (RFC 8878, 3.1.1.2.3); a read that fails has lost what it had unpacked
ZEROS_PART = 0.2  # assumed: of the bytes of Latin text in UTF-16 half are zeros, of other text none
UNPACKABLE = (OSError, lzma.LZMAError, zlib.error, pa.ArrowException)


class Line(NamedTuple):
    """A line of a log, or a piece of one; `number` from 1, over all its files."""

    number: int
    text: str
    is_open: bool = False  # its end is not there (yet)


def lines(path: Path, first: int = 1, on_cut: Callable[[Path], Any] | None = None) -> Iterator[Line]:
    """The lines of a log that are not blank, without their ends; a line's number is kept.

    `on_cut` is told of a packed one that ends before its packing does: its lines are those before that.
    """
    number = first
    raw = _unpacked(path)
    with TextIOWrapper(raw, encoding=_encoding(path), errors="replace", newline="\n") as file:
        begun = False
        for text, ended in _pieces(path, file):
            if text and not text.isspace():
                yield Line(number, text, is_open=not ended)
            elif not begun and ended:
                yield Line(number, "")
            begun = not ended
            number += ended
    if isinstance(raw, Unpacked) and raw.is_cut and on_cut is not None:
        on_cut(path)


def _pieces(path: Path, file: IO[str]) -> Iterator[tuple[str, bool]]:
    """Lines without their ends, each with whether it ends there; one that is long comes in several."""
    rest = ""
    while page := _next(path, file):
        text = rest + page
        clean = _plain if "\x00" in text or "\r" in text or _may_be_coloured(text) else str
        *whole, rest = text.split("\n")
        for line in whole:
            while len(line) >= PIECE:
                yield clean(line[:PIECE]), False
                line = line[PIECE:]
            yield clean(line), True
        while len(rest) >= PIECE:
            yield clean(rest[:PIECE]), False
            rest = rest[PIECE:]
    if rest:
        yield _plain(rest), False


def _next(path: Path, file: IO[str]) -> str:
    try:
        return file.read(PIECE)
    except UNPACKABLE as error:
        raise BadInput(f"{path} cannot be unpacked: {error}") from None


def _plain(text: str) -> str:
    if "\x00" in text:
        text = text.replace("\x00", "")
    if _may_be_coloured(text):
        text = ANSI.sub("", text)
    return text.replace("\r", "") if "\r" in text else text


def _may_be_coloured(text: str) -> bool:
    escaped = "\\" in text and ("\\u001" in text or "\\x1" in text or "\\033" in text)
    return "\x1b" in text or escaped or "#033" in text or "^[" in text or "\u241b" in text


def _unpacked(path: Path) -> BinaryIO:
    with user_files.opened(path) as file:
        magic = file.read(6)
    for mark, opener in PACKED.items():
        if magic.startswith(mark):
            return Unpacked(opener(path))
    return user_files.opened(path, 1 << 20)


class Unpacked(BufferedReader):
    """What was packed, as far as it goes: whoever packed it may have been killed."""

    def __init__(self, packed: Any) -> None:
        self._raw = _Raw(packed)
        super().__init__(self._raw, PIECE)

    @property
    def is_cut(self) -> bool:
        return self._raw.is_cut


class _Raw(RawIOBase):
    def __init__(self, packed: Any) -> None:
        self._packed = packed
        self.is_cut = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            found = self._packed.read1(len(buffer))
        except EOFError:
            self.is_cut = True
            return 0
        buffer[: len(found)] = found
        return len(found)

    def close(self) -> None:
        self._packed.close()
        super().close()


class _Zstd:
    """As the others of PACKED are read: what ends before its packing does is an EOFError."""

    def __init__(self, path: Path) -> None:
        self._stream = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")

    def read1(self, size: int) -> bytes:
        try:
            return cast(bytes, self._stream.read(min(size, HALF_A_BLOCK)))
        except OSError as error:
            if "runcated" in str(error):
                raise EOFError from None
            raise

    def close(self) -> None:
        self._stream.close()


PACKED: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
    b"\x28\xb5\x2f\xfd": _Zstd,
}

# What people have in the place of a log, by how it begins, and what would do.
NO_LOGS = {
    b"PK\x03\x04": "is a zip archive or an Office file: unpack it, or save the sheet as CSV",
    b"7z\xbc\xaf": "is a 7z archive: unpack it and name the files in it",
    b"Rar!": "is a RAR archive: unpack it and name the files in it",
    b"%PDF": "is a PDF: judge the text it was made from",
    b"\xd0\xcf\x11\xe0": "is an Office file: save its text, or the sheet as CSV",
    b"SQLite format 3": "is an SQLite database: export the table of messages as CSV",
    b"PAR1": "is a Parquet file: export it as CSV or JSON lines",
    b"ElfFile": "is a Windows event log: export it as text or CSV",
    **dict.fromkeys(
        (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\x0a\x0d\x0d\x0a"),
        "is a capture of packets: export it, as tshark -r FILE -Y websocket -T json",
    ),
}
MAILED = re.compile(rb"^content-transfer-encoding: (?:quoted-printable|base64)", re.IGNORECASE | re.MULTILINE)


def _encoding(path: Path) -> str:
    """By the byte order mark; without one by where the zeros stand, else UTF-8."""
    head = _head(path)
    for mark, why in NO_LOGS.items():
        if head.startswith(mark):
            raise BadInput(f"{path} {why}")
    if MAILED.search(head):
        raise BadInput(f"{path} is a mail as it was sent: save its text, or what is attached")
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) > ZEROS_PART * len(head):
        return "utf-16-be" if even > odd else "utf-16-le"
    return "utf-8-sig" if _is_utf8(head) else "cp1252"


def _head(path: Path) -> bytes:
    with _unpacked(path) as file:
        try:
            return file.read(SNIFFED_BYTES)
        except UNPACKABLE as error:
            raise BadInput(f"{path} cannot be unpacked: {error}") from None


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True
