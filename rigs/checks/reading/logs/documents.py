"""A JSON document that goes over many lines, record by record: never more of it in memory than one record."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from evc5.rigs.checks.reading.logs.finding import HEAD
from evc5.rigs.checks.reading.logs.found import Found
from evc5.rigs.checks.reading.logs.parts import PART
from evc5.rigs.checks.reading.logs.records import frames_of, is_frame, is_pair

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?(?P<open>\Z))|[\[\]{}]', re.DOTALL)
ARRAY_HEAD = re.compile(r"\[\s*[234]\s*,\s*[\"\w]")
OPEN_HEAD = re.compile(r"\[\s*(?:[234]\s*,?\s*)?")
PAGE_CHARACTERS = 1 << 16  # characters that may lie behind before they are let go
LARGEST = 32 << 20  # characters of one record; beyond, its beginning is let go


@dataclass(slots=True, eq=False, repr=False)
class _Open:
    """A container that is not closed yet: where it began, and the frames seen in it, by their lines."""

    at: int
    sign: str
    is_record: bool
    marks: list[int] = field(default_factory=list)


class Document:
    """Takes the lines of a document one by one and gives the frames of each record that ends in it."""

    def __init__(self) -> None:
        self._buffer = ""
        self._at = 0  # so far the buffer was looked at
        self._starts: list[tuple[int, int]] = []  # (place in the buffer, line number)
        self._open: list[_Open] = []
        self._frame_depth = 0  # how deep the frame lies that we are in; 0 outside of any

    @property
    def ended(self) -> bool:
        return not self._open and self._at > 0

    def take(self, number: int, text: str) -> Iterator[Found]:
        if self._starts and self._starts[-1][1] != number:  # else it is the rest of a long line
            self._buffer += "\n"
        self._starts.append((len(self._buffer), number))
        self._buffer += text
        while (match := TOKEN.search(self._buffer, self._at)) is not None:
            if match["open"] is not None or (match[0] == "[" and self._needs_more(match.start())):
                self._at = match.start()  # it is looked at again with what comes next
                break
            self._at = match.end()
            yield from self._token(match)
            if self.ended:
                return
        else:
            self._at = len(self._buffer)
        self._shrink()

    def _needs_more(self, at: int) -> bool:
        """Whether the next lines must tell if an array is a frame."""
        return OPEN_HEAD.fullmatch(self._buffer, at) is not None

    def _token(self, match: re.Match[str]) -> Iterator[Found]:
        sign = match[0]
        if sign in "[{":
            self._opens(match.start(), sign)
        elif sign in "]}":
            yield from self._closes(match.end())
        elif not self._frame_depth and self._open and (HEAD.search(sign) or self._is_part(match)):
            self._open[-1].marks.append(self._line(match.start()))

    def _is_part(self, match: re.Match[str]) -> bool:
        return PART.match(self._buffer, match.start()) is not None and not self._open[-1].marks

    def _opens(self, at: int, sign: str) -> None:
        parent = self._open[-1].sign if self._open else "["
        if not self._frame_depth and sign == "[" and self._open and ARRAY_HEAD.match(self._buffer, at):
            self._open[-1].marks.append(self._line(at))
            self._frame_depth = len(self._open) + 1
        is_record = not self._frame_depth and sign == "{" and parent == "["
        self._open.append(_Open(at, sign, is_record))

    def _closes(self, end: int) -> Iterator[Found]:
        if not self._open:
            return
        closed = self._open.pop()
        if self._frame_depth:
            if self._frame_depth > len(self._open):
                self._frame_depth = 0
                yield from self._bare(closed, end)
        elif closed.marks and closed.is_record:
            yield from self._record(closed.at, end, closed.marks)
        elif self._open:
            self._open[-1].marks += closed.marks

    def _bare(self, frame: _Open, end: int) -> Iterator[Found]:
        """A frame that stands in no record: the document is nothing but frames."""
        if self._open and not any(one.is_record for one in self._open):
            yield from self._record(frame.at, end, [self._open[-1].marks.pop()])

    def _record(self, start: int, end: int, marks: list[int]) -> Iterator[Found]:
        try:
            value: Any = orjson.loads(self._buffer[start:end])
        except orjson.JSONDecodeError:
            return
        if is_pair(value) and self._is_row():  # the row is the record, and this a field of it
            self._open[-1].is_record = True
            self._open[-1].marks += marks
            return
        lines = iter(marks)
        line = marks[0] if marks else self._line(start)
        for found in [Found(line, value)] if is_frame(value) else frames_of(value, line):
            found.line = next(lines, found.line)
            yield found

    def _is_row(self) -> bool:
        return [one.sign for one in self._open[-2:]] == ["[", "["]

    def _line(self, at: int) -> int:
        return next((number for start, number in reversed(self._starts) if start <= at), 0)

    def _shrink(self) -> None:
        """Let go of what lies before the record that is open."""
        records = [one.at for one in self._open if one.is_record and one.at and one.sign == "{"]
        records += [self._open[-1].at] if self._is_row() else []
        keep = min(records[0] if records else self._at, self._at)
        if len(self._buffer) - keep > LARGEST:
            keep = self._at
        if keep < PAGE_CHARACTERS:
            return
        self._buffer = self._buffer[keep:]
        self._at = self._at - keep
        for one in self._open:
            one.at -= keep
        first = max((index for index, (at, _) in enumerate(self._starts) if at <= keep), default=0)
        self._starts = [(at - keep, line) for at, line in self._starts[first:]]
