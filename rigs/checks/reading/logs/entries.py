"""From lines to frames: one may stand anywhere in a line, go on over several, or be cut by a container."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, islice, pairwise
from operator import itemgetter

import orjson

from evc5.rigs.checks.reading.logs import finding, tables
from evc5.rigs.checks.reading.logs.decoding import Line
from evc5.rigs.checks.reading.logs.documents import Document
from evc5.rigs.checks.reading.logs.finding import HEAD, Place
from evc5.rigs.checks.reading.logs.found import Found
from evc5.rigs.checks.reading.logs.parts import RowIds
from evc5.rigs.checks.reading.logs.records import frames_of, may_hold

LONGEST_FRAME = 1 << 20  # characters of one frame; beyond, it never ends
MOST_HELD = 60  # lines above a frame that may tell of it: a packet of Wireshark's export has as many
LONGEST_HELD = 400  # characters of a line above a frame in which its time may stand
TOO_SHORT = 3  # assumed: lines that begin with so few of the same characters do so by chance
SAMPLED = 100  # lines by which a table is told from a log whose first line looks like names
NANOSECONDS = re.compile(r"\d{19}")
MOST_ANSWERED = 20_000  # rows of one answer of Loki; its own limit is 5,000
CUT_BYTES = 4000  # a container's log driver cuts a line at 16 KB, a serial console at 4 KB

OPEN_HEAD = re.compile(r"\[\s*(?:[234]\s*,?\s*)?$")  # the next line tells if this begins a frame
HEAD_GOES_ON = re.compile(r"\s*(?:[234]\s*,?\s*)?(?:$|\\*[\"'])|\s*[234]\s*,")
DOCUMENT = re.compile(r"\s*(?:\[\s*(?:[{\[]\s*)*|\{\s*(?:\"[^\"]*\"\s*:.*)?)$")
# Those of a document that is all one line, and cut off or longer than a piece.
ROWS = re.compile(r"\s*\[\s*(?:\{\s*\"[^\"]*\"\s*:|\[\s*[234]\s*,)")
# What a line begins with that goes on where a container cut it: Kubernetes, Docker, compose, syslog.
PREFIX = re.compile(
    r"(?:[\w./-]+\s+\| ?)?(?:\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) (?:std(?:out|err) [FP] )?)?"
    r"(?:(?:<\d+>)?[A-Z][a-z]{2} [ \d]\d [\d:]{8} \S+ \S+?(?:\[\d+\])?: )?"
)
PARTIAL = re.compile(r"\S+T[\d:.]+(?:Z|[+-]\d\d:\d\d) std(?:out|err) P ")
WHOLE = re.compile(r"\S+T[\d:.]+(?:Z|[+-]\d\d:\d\d) std(?:out|err) F ")
# A line that begins so is another entry of the log, not the rest of the one before.
BEGINS = re.compile(
    r"[\[(<|\s]{0,3}(?:time=\"?|ts=)?(?:\d{4}[-/.]\d\d|\d\d?[/.:-]\d\d[/.:-]\d\d|[A-Z][a-z]{2},? +\d|\d{10})"
    r"|[\[(]?(?:TRACE|DEBUG|INFO|WARN|ERROR|trace|debug|info|warn|error)\b"
)
QUOTE = re.compile(r'(?<!\\)"')
CLOSER_LOOK = re.compile(r"[\s{`~]|\[[\[{]")  # a line that begins so may be more than text with a frame
FENCE = re.compile(r"\s*(?:```|~~~)")


def entries(lines: Iterable[Line]) -> Iterator[Found]:
    """The frames of a log, and the lines that hold none, as `Found`s that say so."""
    open_lines: list[int] = []
    source = _noted(lines, open_lines)
    head = next(source, None)
    while head is not None and (not head.text or FENCE.match(head.text)):
        head = next(source, None)
    if head is None:
        return
    begun = list(islice(source, SAMPLED))
    sign = tables.separator(head.text)
    is_table = sign is not None and _frames(tables.rows(head, begun, sign)) >= _frames(_texts((head, *begun)))
    rest = chain(begun, source)
    ids = RowIds()
    every = tables.rows(head, rest, sign) if sign and is_table else _texts(chain((head,), rest))
    for found in _by_time(_to_the_end(every, open_lines)):
        yield ids.given(found) if found.answers else found


def _by_time(every: Iterable[Found]) -> Iterator[Found]:
    """Loki answers stream by stream, each row with its time in nanoseconds: they are of one log."""
    held: list[tuple[int, Found]] = []
    for found in every:
        stamp = found.fields.get("0", "") if found.fields else ""
        if NANOSECONDS.fullmatch(stamp) and len(held) < MOST_ANSWERED:
            held.append((int(stamp), found))
            continue
        yield from _sorted(held)
        held = []
        yield found
    yield from _sorted(held)


def _sorted(held: list[tuple[int, Found]]) -> Iterator[Found]:
    """Those that run backwards are left as they are: others look into that."""
    if any(before < after for (before, _), (after, _) in pairwise(held)):
        held.sort(key=itemgetter(0))
    yield from (found for _, found in held)


def _noted(lines: Iterable[Line], open_lines: list[int]) -> Iterator[Line]:
    """The same, with the number of one that has no end."""
    for line in lines:
        if line.is_open:
            open_lines[:] = [line.number]
        yield line


def _to_the_end(every: Iterable[Found], open_lines: list[int]) -> Iterator[Found]:
    """The last of all may end with the log, before its own end: then it is no frame, and no line."""
    last: Found | None = None
    for found in every:
        if last is not None:
            yield last
        last = found
    if last is not None:
        if last.is_frame and last.body is None and not finding.is_closed(last.text):
            last.is_frame, last.is_cut = False, True
        elif not last.is_frame and last.line in open_lines:
            last.text = ""
        yield last


def _texts(lines: Iterable[Line]) -> Iterator[Found]:
    reading = _Reading()
    for line in lines:
        yield from reading.take(line)
    yield from reading.end()


def _frames(found: Iterable[Found]) -> int:
    return sum(one.kind > 0 for one in found)


class _Reading:
    """One reading of a log: what is begun and not ended."""

    def __init__(self) -> None:
        self._held: deque[str] = deque(maxlen=MOST_HELD)
        self._document: Document | None = None
        self._first = 0  # number of the line on which what is begun begins
        self._text = ""  # of an entry that goes on
        self._record: tuple[dict[str, object], str] | None = (
            None  # a JSON line whose text goes on in the next
        )
        self._partial: dict[str, tuple[int, str]] = {}  # by stream: lines that Kubernetes parted

    def take(self, line: Line) -> Iterator[Found]:
        if self._document is not None:
            yield from self._in_document(line)
            return
        if not self._text and (found := self._at_a_glance(line)) is not None:
            yield found
            return
        whole = self._joined(line)
        if whole is None:
            return
        if self._text:
            yield from self._goes_on(whole)
        elif not whole.text or FENCE.match(whole.text):
            self._held.append("")
        else:
            yield from self._line(whole)

    def end(self) -> Iterator[Found]:
        for number, text in self._partial.values():
            yield from self._line(Line(number, text))
        if self._text:
            yield from self._flush()
        if self._record is not None:
            yield from self._record_ends()

    # -- lines -----------------------------------------------------------------------------------

    def _at_a_glance(self, line: Line) -> Found | None:
        """The frame that ends its line, as nearly all do: what the closer look would find, without it."""
        text = line.text
        if text[-1:] != "]" or CLOSER_LOOK.match(text) or " std" in text[:60]:
            return None
        head = HEAD.search(text)
        body = None if head is None else finding.at_once(text[head.start() :])
        if head is None or body is None or len(body) < 2:
            return None
        found = Found(line.number, body, "", text[: head.start()], "", tuple(self._held))
        self._held.clear()
        return found

    def _joined(self, line: Line) -> Line | None:
        """A line as its program wrote it, where Kubernetes parted it; None while it goes on."""
        text = line.text
        if " std" not in text[:60]:
            return line
        stream = "err" if " stderr " in text[:60] else "out"
        if match := PARTIAL.match(text):
            number, before = self._partial.pop(stream, (line.number, ""))
            self._partial[stream] = number, before + (text[match.end() :] if before else text)
            return None if len(before) < LONGEST_FRAME else Line(*self._partial.pop(stream))
        if stream in self._partial and (match := WHOLE.match(text)):
            number, before = self._partial.pop(stream)
            return Line(number, before + text[match.end() :])
        return line

    def _line(self, line: Line) -> Iterator[Found]:
        number = line.number
        text = finding.plain(line.text)
        first = text.lstrip()[:1]
        if first == "{" and (found := self._json_line(number, text)) is not None:
            yield from found
            return
        begins = DOCUMENT.match(text) is not None and OPEN_HEAD.search(text) is None
        if not begins and text.lstrip()[:2] in ("[{", "[["):
            if found := self._json_line(number, text):
                yield from found
                return
            begins = ROWS.match(text) is not None and not finding.is_closed(text)
        if begins:
            self._document = Document()
            yield from self._in_document(line)
        else:
            yield from self._text_line(number, text)

    def _json_line(self, number: int, text: str) -> list[Found] | None:
        """The frames of a line that is one JSON value, or None where it is none."""
        try:
            value = orjson.loads(text.strip().rstrip(","))
        except orjson.JSONDecodeError:
            return None
        found = list(frames_of(value, number)) if may_hold(text) or self._record is not None else []
        found = self._parted(number, value, found)
        return found or [Found(number, None, text[:LONGEST_HELD], is_frame=False)]

    def _parted(self, number: int, value: object, found: list[Found]) -> list[Found]:
        """Docker parts what is longer than 16 KB: a frame that has no end goes on in the next record."""
        if not isinstance(value, dict):
            return found
        if self._record is not None:
            before, name = self._record
            self._record = None
            text = value.get(name)
            if isinstance(text, str):
                value = {**before, name: f"{before[name]}{text}"}
                found = list(frames_of(value, self._first))
        else:
            self._first = number
        if found and found[-1].body is None and found[-1].text and not found[-1].after:
            tail = found[-1].text[-40:]
            names = [name for name, text in value.items() if isinstance(text, str) and text.endswith(tail)]
            if names and len(str(value[names[0]])) < LONGEST_FRAME and not finding.is_closed(found[-1].text):
                self._record = value, names[0]
                return found[:-1]
        return found

    def _record_ends(self) -> Iterator[Found]:
        if self._record is not None:
            value = self._record[0]
            self._record = None
            yield from frames_of(value, self._first)

    def _in_document(self, line: Line) -> Iterator[Found]:
        document = self._document
        if document is None:
            return
        yield from document.take(line.number, line.text)
        if document.ended:
            self._document = None

    # -- text ------------------------------------------------------------------------------------

    def _text_line(self, number: int, text: str) -> Iterator[Found]:
        found = finding.places(text) if "[" in text else []
        if (found and found[-1].is_cut) or (not found and OPEN_HEAD.search(text)):
            self._first, self._text = number, text
            return
        if not found:
            self._held.append(text[:LONGEST_HELD])
            yield Found(number, None, text[:LONGEST_HELD], is_frame=False)
            return
        yield from self._places(number, text, found)

    def _goes_on(self, line: Line) -> Iterator[Found]:
        """The next line of an entry that has no end yet."""
        text = finding.plain(line.text)
        if not HEAD.search(self._text):  # is the bracket at its end a frame's?
            if HEAD_GOES_ON.match(text) and text:
                yield from self._append(text)
                return
            before = self._text
            self._text = ""
            self._held.append(before[:LONGEST_HELD])
            if DOCUMENT.match(before):
                self._document = Document()
                yield from self._in_document(Line(self._first, before))
                yield from self._in_document(line)
                return
            yield Found(self._first, None, before[:LONGEST_HELD], is_frame=False)
            yield from self._line(line) if text else ()
            return
        if self._is_rest(text):
            yield from self._append(self._unprefixed(text))
            return
        yield from self._flush()
        yield from self._line(line)

    def _is_rest(self, text: str) -> bool:
        if len(self._text) > LONGEST_FRAME or FENCE.match(text):
            return False
        rest = self._unprefixed(text)
        if HEAD.match(rest.lstrip()) is not None or self._is_alike(text):
            return False
        return BEGINS.match(rest) is None or (self._is_in_string() and HEAD.search(rest) is None)

    def _is_in_string(self) -> bool:
        """Does the line end within quotes? Then even what looks like a time is the rest of what they hold."""
        head = HEAD.search(self._text)
        return head is not None and len(QUOTE.findall(self._text, head.start())) % 2 == 1

    def _is_alike(self, text: str) -> bool:
        """Does a line begin as the entry began? Then it is one of its own."""
        head = HEAD.search(self._text)
        before = self._text[: head.start()].split("\n")[0] if head else ""
        begins = before[:12]
        is_alike = _shape(text[: len(begins)]) == _shape(begins)
        return len(before) > TOO_SHORT and len(self._text) < CUT_BYTES and is_alike

    def _unprefixed(self, text: str) -> str:
        """A line without what a container wrote before it, where it was cut by one."""
        if len(self._text.encode()) < CUT_BYTES:
            return text
        mine, its = PREFIX.match(self._text), PREFIX.match(text)
        return text[its.end() :] if mine and its and mine.end() and its.end() else text

    def _append(self, text: str) -> Iterator[Found]:
        self._text += text
        if "]" in text or not HEAD.search(self._text):
            found = finding.places(self._text)
            if found and not found[-1].is_cut:
                whole = self._text
                self._text = ""
                yield from self._places(self._first, whole, found)

    def _flush(self) -> Iterator[Found]:
        """What has no end is told as it stands."""
        text = self._text
        self._text = ""
        found = finding.places(text)
        if found:
            yield from self._places(self._first, text, found)
        else:
            yield Found(self._first, None, text[:LONGEST_HELD], is_frame=False)

    def _places(self, number: int, text: str, found: list[Place]) -> Iterator[Found]:
        at = 0
        held = tuple(self._held)
        for index, place in enumerate(found):
            end = found[index + 1].start if index + 1 < len(found) else len(text)
            before, after = text[at : place.start], text[place.end : end]
            yield Found(
                number,
                place.body,
                place.text,
                before if index == 0 else text[: found[0].start] + before,
                after,
                held,
            )
            at = place.end
        self._held.clear()


def _shape(text: str) -> str:
    return re.sub(r"[A-Za-z]", "a", re.sub(r"\d", "#", text))
