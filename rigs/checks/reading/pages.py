"""A transcript by pages: line by line, or by whatever stretch a pattern takes at once."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from evc5.rigs.checks.reading.growth import COMPLETE, Growth
from evc5.rigs.recording.reading.packed import unbuffered

PAGE_BYTES = 1 << 20  # bytes read at a time
AHEAD = 1 << 16  # bytes that should lie ahead: a MeterValues of 22 values has 2700, with its reply 2850


class Pages:
    """`buffer` from `at` on is what comes; `number` is that of the line at `at`, from 1.

    `progress` is told at each page: bytes read so far, of how many. Of a file that grows, a page is read when
    it is full, so that it is the same as that of the whole file.
    """

    def __init__(
        self,
        path: Path,
        progress: Callable[[float, float], None] | None = None,
        growth: Growth = COMPLETE,
    ) -> None:
        self._file = unbuffered(path)
        self._size = path.stat().st_size
        self._progress = progress
        self._growth = growth
        self._ended = False
        self.buffer, self.at, self.number = b"", 0, 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def more(self) -> bool:
        """Is there more? Then a good piece of it lies ahead in the buffer."""
        if len(self.buffer) - self.at < AHEAD and not self._ended:
            self._turn()
        return self.at < len(self.buffer)

    @property
    def reach(self) -> int:
        """Up to where in the buffer a good piece of it lies ahead."""
        return len(self.buffer) - (0 if self._ended else AHEAD)

    def _turn(self) -> None:
        page = self._page()
        self._ended = not page
        self.buffer = self.buffer[self.at :] + page
        self.at = 0
        if self._progress is not None:
            self._progress(self._file.tell(), self._size)

    def _page(self) -> bytes:
        pieces: list[bytes] = []
        wanted = PAGE_BYTES
        while wanted:
            is_over = self._growth.is_over
            piece = self._file.read(wanted)
            if piece:
                pieces.append(piece)
                wanted -= len(piece)
            elif is_over:
                break
            else:
                self._growth.wait()
        return b"".join(pieces)

    def line(self) -> bytes:
        """The next line, with its newline where it has one."""
        end = self.buffer.find(b"\n", self.at)
        while end < 0 and not self._ended:
            self._turn()
            end = self.buffer.find(b"\n", self.at)
        raw = self.buffer[self.at : end + 1] if end >= 0 else self.buffer[self.at :]
        self.skip(len(raw), 1)
        return raw

    def skip(self, count: int, lines: int) -> None:
        """Go on by so many bytes, which hold so many lines."""
        self.at += count
        self.number += lines
