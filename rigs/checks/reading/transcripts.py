"""The forms in which testers have their transcripts, told apart by content and read as our own is.

- `messages.jsonl`: a JSON record a line, with `dir` up or down
- `[2024-03-01T10:00:00.000Z] send [2,"1","Heartbeat",{}]`: time, direction and frame
- `… CP001: receive message [2,"1","Heartbeat",{}]`, `… CP001: send [3,…`: mobilityhouse/ocpp
- `… recv CP001: [2,"1","Heartbeat",{}]`, `… send CP001: [3,…`: the log of evcc

A log of send and receive may be either end's: whose it is shows in who sends what only a charge point sends.
Times without a zone are taken as UTC; where a log has no times, its frames' own timestamps stand for them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from evc5.rigs.checks.reading.frames import CALL, lines
from evc5.rigs.checks.reading.instants import epoch, iso
from evc5.rigs.errors import BadInput

SNIFFED = 5000  # lines by which a form is told; a log may begin with much else
LONGEST = 1 << 20  # characters of one frame; beyond, it never ends

# Who asks what, OCPP 1.6 section 4 and the security whitepaper; DataTransfer comes from either.
ASKED_BY_STATION = frozenset(
    {
        *("Authorize", "BootNotification", "DiagnosticsStatusNotification", "FirmwareStatusNotification"),
        *("Heartbeat", "MeterValues", "StartTransaction", "StatusNotification", "StopTransaction"),
        *("LogStatusNotification", "SecurityEventNotification", "SignCertificate"),
        "SignedFirmwareStatusNotification",
    }
)
SENT = frozenset({"send", "sent", "out", "outgoing", "tx", ">", ">>", "->", "-->", "→"})
RECEIVED = frozenset(
    {"receive", "received", "receive message", "recv", "in", "incoming", "rx", "<", "<<", "<-", "<--", "←"}
)
TIME = re.compile(
    r"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(?: ?(Z|[+-]\d\d:?\d\d)\b)?", re.ASCII
)
STAMP = re.compile(r'"(?:timestamp|currentTime)"\s*:\s*"([^"]+)"')


@dataclass(frozen=True, slots=True)
class Form:
    """A form of text log; where it is `dense`, every line is a frame's or broken."""

    head: re.Pattern[str]  # up to the frame: groups `dir`, `frame`, and `station` if the line names it
    dense: bool


_BRACKETED = r'^\[[^\]]*\d:\d\d[^\]]*\]\s*(?P<dir>[^\s[\]{}"][^[\]{}"]{0,24}?)[:\s]\s*(?P<frame>\S.*)'
FORMS = (
    Form(re.compile(r"(?P<station>[^\s:]+): (?P<dir>receive message|send) (?P<frame>.*)"), False),
    Form(re.compile(r"\b(?P<dir>recv|send|sent) (?P<station>[^\s:]+): (?P<frame>\[.*)"), False),
    Form(re.compile(_BRACKETED), True),
)


def transcript(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a transcript with their numbers, whatever its form, as `messages.jsonl` has them.

    A line that cannot be understood is passed on as it stands, for the judge to complain of. Raises BadInput
    where a log holds the frames of several stations.
    """
    form = _form(path)
    return lines(path) if form is None else _Log(path, form).records()


def is_own(path: Path) -> bool:
    """Is it, as far as its beginning tells, a `messages.jsonl`?"""
    return _form(path) is None


def _form(path: Path) -> Form | None:
    """The form of the first line that has one; None for our own."""
    for _, raw in islice(lines(path), SNIFFED):
        if raw.lstrip().startswith(b"{") and b'"dir"' in raw:
            return None
        text = _text(raw)
        for form in FORMS:
            if (match := form.head.search(text)) and match["frame"].startswith("["):
                return form
    return None


@dataclass(slots=True)
class _Entry:
    """A frame in the making: it may go on over lines."""

    line: int
    t: float | None
    way: str
    station: str
    text: str

    def frame(self) -> Any:
        """The decoded frame; None while it has no end."""
        try:
            return orjson.loads(self.text)
        except orjson.JSONDecodeError:
            return None


class _Log:
    """One text log, read twice: its first lines for what they tell of the rest, then all."""

    def __init__(self, path: Path, form: Form) -> None:
        self._path, self._form = path, form
        self._station = ""
        first = list(islice(self._entries(), SNIFFED))
        self._sent_is_up = next((up for entry in first if (up := _sent_is_up(entry)) is not None), False)
        self._now = next((t for entry in first if (t := _told(entry.text)) is not None), 0.0)

    def records(self) -> Iterator[tuple[int, bytes]]:
        start: float | None = None
        for entry in self._entries(broken=True):
            way = _way(entry.way, self._sent_is_up)
            if not way:
                yield entry.line, entry.text.encode()
                continue
            self._only(entry.station)
            self._now = max(self._now, _told(entry.text) or self._now)
            t = self._now if entry.t is None else entry.t
            start = t if start is None else start
            record = {"t": round(t - start, 6), "at": iso(t), "station": entry.station, "dir": way}
            frame = entry.frame()
            record |= {"text": entry.text} if frame is None else {"frame": frame}
            yield entry.line, orjson.dumps(record) + b"\n"

    def _entries(self, *, broken: bool = False) -> Iterator[_Entry]:
        """The frames of the log; with `broken`, what is none in a dense log too, without a way."""
        entry: _Entry | None = None
        for number, raw in lines(self._path):
            text = _text(raw)
            match = self._form.head.search(text)
            if match is not None:
                if entry is not None:
                    yield entry
                entry = _begun(number, match, text)
            elif entry is not None and len(entry.text) < LONGEST and entry.frame() is None and _goes_on(text):
                entry.text += text
            elif broken and self._form.dense:
                if entry is not None:
                    yield entry
                entry = None
                yield _Entry(number, None, "", "", text)
        if entry is not None:
            yield entry

    def _only(self, station: str) -> None:
        self._station = self._station or station
        if station != self._station:
            raise BadInput(f"{self._path} holds the frames of {self._station} and {station}; one at a time")


def _begun(number: int, match: re.Match[str], text: str) -> _Entry:
    groups = match.groupdict()
    t = _time(text[: match.start("frame")])
    return _Entry(number, t, groups["dir"].strip(" :").lower(), groups.get("station") or "", groups["frame"])


def _way(word: str, sent_is_up: bool) -> str:
    """Up or down; empty for a word that says neither."""
    if word in ("up", "down"):
        return word
    if word not in SENT | RECEIVED:
        return ""
    return "up" if (word in SENT) == sent_is_up else "down"


def _sent_is_up(entry: _Entry) -> bool | None:
    """Whether it is the station's log, where this entry tells."""
    frame = entry.frame()
    if entry.way not in SENT | RECEIVED or not isinstance(frame, list) or len(frame) != 4:
        return None
    if frame[0] != CALL or not isinstance(frame[2], str) or frame[2] == "DataTransfer":
        return None
    return (entry.way in SENT) == (frame[2] in ASKED_BY_STATION)


def _goes_on(text: str) -> bool:
    """A line that begins with a time begins something else."""
    return TIME.match(text.lstrip("[ ")) is None


def _time(text: str) -> float | None:
    """The first time that stands in a text, in epoch seconds."""
    match = TIME.search(text)
    if match is None:
        return None
    year, month, day, clock, fraction, zone = match.groups()
    zone = zone or "Z"
    zone = zone if zone == "Z" or ":" in zone else f"{zone[:3]}:{zone[3:]}"
    return _epoch(f"{year}-{month}-{day}T{clock}.{fraction or 0}{zone}")


def _told(text: str) -> float | None:
    """The latest instant of which a frame tells."""
    return max((t for stamp in STAMP.findall(text) if (t := _epoch(stamp)) is not None), default=None)


def _epoch(text: str) -> float | None:
    try:
        return epoch(text)
    except ValueError:
        return None


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").rstrip("\r\n")
