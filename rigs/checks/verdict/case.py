"""What one sends to a maker: a page that tells a finding, and the shortest transcript that judges the same.

Names of cards, stations and people are replaced, the same by the same; vendor, model and firmware stay.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from evc5.rigs.checks.reading.frames import Reader
from evc5.rigs.checks.reading.logs.told import Told
from evc5.rigs.checks.state.ledger import NUMBERS
from evc5.rigs.checks.verdict.judging import judge
from evc5.rigs.checks.verdict.recordings import Recording
from evc5.rigs.checks.verdict.render import place
from evc5.rigs.checks.verdict.verdict import Verdict
from evc5.rigs.errors import BadInput
from evc5.rigs.printable import fenced, in_markdown
from evc5.rigs.recording.reading.frames import json_text

PAGE, TRANSCRIPT = "README.md", "messages.jsonl"
BEFORE, AFTER = 8, 4  # frames around a finding that the page shows
MOST_LETTERS = 400  # of a frame on the page
MOST_RECORDS = 20_000  # of a recording that are looked at: the first few, and those up to the finding
SHORTENING_S = 20.0  # for the shortest transcript; what is short enough by then is taken
TAGS = frozenset({"idTag", "parentIdTag"})
SECRET = {  # field: what stands for its value
    **{"chargePointSerialNumber": "SERIAL", "chargeBoxSerialNumber": "SERIAL", "meterSerialNumber": "SERIAL"},
    **{"iccid": "ICCID", "imsi": "IMSI", "location": "ftp://example.invalid/"},
}

Record = dict[str, Any]  # one line as `messages.jsonl` has it
Choices = Mapping[str, Any]


@dataclass(slots=True, eq=False, repr=False)
class Names:
    """Other names for cards and stations, the same for the same."""

    _tags: dict[str, str] = field(default_factory=dict)

    def of(self, value: Any, name: str = "") -> Any:
        """The same value with its names replaced."""
        if isinstance(value, dict):
            return {key: self.of(one, key) for key, one in value.items()}
        if isinstance(value, list):
            return [self.of(one, name) for one in value]
        if name in TAGS and isinstance(value, str):
            return self._tags.setdefault(value.lower(), f"TAG{len(self._tags) + 1}")
        return SECRET.get(name, value) if isinstance(value, str) else value

    def in_text(self, text: str) -> str:
        for tag, other in self._tags.items():
            text = re.sub(re.escape(tag), other, text, flags=re.IGNORECASE)
        return text


def write_cases(directory: Path, recording: Recording, verdict: Verdict, choices: Choices) -> list[Path]:
    """A folder for each error finding; returns them. BadInput where they cannot be written."""
    found = [one for one in verdict.findings if one["severity"] == "error"]
    written = []
    for number, finding in enumerate(found, 1):
        folder = directory / f"{number:02}-{finding['requirement']}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder, recording, verdict, finding, choices)
        except OSError as error:
            raise BadInput(f"--case {folder}: {error.strerror}") from None
        written.append(folder)
    return written


def _write(
    folder: Path, recording: Recording, verdict: Verdict, finding: Mapping[str, Any], choices: Choices
) -> None:
    names = Names()
    records = [(line, _renamed(record, names)) for line, record in _records(recording, finding)]
    told = {**finding, "message": names.in_text(finding["message"])}
    shortest = _shortest([record for _, record in records], told, choices)
    if shortest is not None:
        _save(folder / TRANSCRIPT, shortest)
    page = "\n".join(_page(records, verdict, finding, shortest, recording.transcript.told()))
    (folder / PAGE).write_text(names.in_text(page), encoding="utf-8")


def _records(recording: Recording, finding: Mapping[str, Any]) -> list[tuple[int, Record]]:
    """The frames from the beginning to a while after the finding."""
    found: list[tuple[int, Record]] = []
    reader = Reader()
    for line, raw in recording.transcript.records():
        try:
            frame = reader.read(line, raw)
        except ValueError:  # no frame: the verdict tells of it
            continue
        record = orjson.loads(raw)
        if not isinstance(record.get("t"), int | float):
            record["t"] = round(frame.epoch_s - (reader.start or 0.0), 6)
        found.append((line, record))
        if len(found) > 2 * MOST_RECORDS and not _is_past(record, finding):
            del found[MOST_RECORDS // 10 : MOST_RECORDS]
    return found[: 2 * MOST_RECORDS]


def _is_past(record: Record, finding: Mapping[str, Any]) -> bool:
    return str(record.get("at", "")) > str(finding["at"])


def _renamed(record: Record, names: Names) -> Record:
    renamed = {**record, "station": "STATION"}
    if "frame" in record:
        renamed["frame"] = names.of(record["frame"])
    return renamed


# -- the shortest that judges the same -------------------------------------------------------------


def _shortest(records: list[Record], finding: Mapping[str, Any], choices: Choices) -> list[Record] | None:
    """Exchanges are left out as long as the finding stays; None where frames alone do not show it."""
    until = time.monotonic() + SHORTENING_S
    with TemporaryDirectory() as scratch:
        path = Path(scratch) / TRANSCRIPT

        def shows(some: Sequence[list[Record]]) -> bool:
            _save(path, sorted((one for part in some for one in part), key=lambda one: float(one["t"])))
            try:
                verdict = judge(path, **choices)
            except BadInput:
                return False
            return any(_is_same(one, finding) for one in verdict.findings)

        exchanges = list(_exchanges(records))
        if not shows(exchanges):
            return None
        kept = _reduced(exchanges, shows, until)
    return sorted((one for part in kept for one in part), key=lambda one: float(one["t"]))


def _exchanges(records: list[Record]) -> Iterator[list[Record]]:
    """Each CALL with its reply; what is neither, alone."""
    by_id: dict[str, list[Record]] = {}
    for record in records:
        frame = record.get("frame")
        id = str(frame[1]) if isinstance(frame, list) and len(frame) > 1 else f"line {len(by_id)}"
        by_id.setdefault(id, []).append(record)
    yield from by_id.values()


def _reduced(
    parts: list[list[Record]], shows: Callable[[list[list[Record]]], bool], until: float
) -> list[list[Record]]:
    """Delta debugging: pieces are left out, large ones first, then smaller, until each is needed."""
    size = max(len(parts) // 2, 1)
    while time.monotonic() < until:
        begin, shrunk = 0, False
        while begin < len(parts) and time.monotonic() < until:
            without = parts[:begin] + parts[begin + size :]
            if without and shows(without):
                parts = without
                shrunk = True
            else:
                begin += size
        if size == 1 and not shrunk:
            break
        size = max(size // 2, 1)
    return parts


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Findings of one cause: the same requirement, in words that differ in numbers alone."""
    alike = one["requirement"] == other["requirement"] and one["severity"] == other["severity"]
    return alike and NUMBERS.sub("#", one["message"]) == NUMBERS.sub("#", other["message"])


def _save(path: Path, records: Sequence[Record]) -> None:
    path.write_bytes(b"".join(json_text(record).encode() + b"\n" for record in records))


# -- the page --------------------------------------------------------------------------------------


def _page(
    records: list[tuple[int, Record]],
    verdict: Verdict,
    finding: Mapping[str, Any],
    shortest: list[Record] | None,
    told: Told,
) -> Iterator[str]:
    row = next(row for row in verdict.requirements if row["id"] == finding["requirement"])
    station = verdict.about.get("station", {})
    who = " ".join(filter(None, (station.get(name) for name in ("vendor", "model", "firmware"))))
    blames = finding["blames"]
    yield from (f"# {in_markdown(finding['message'])}", "", f"Station: {in_markdown(who or 'not told')}")
    yield f"Requirement: {row['id']}, {row['title']}"
    yield f"Clauses: {row['source']} (OCPP 1.6 by section; J: OCPP-J; ER: errata)"
    yield f"At fault: {blames if isinstance(blames, str) else ' or '.join(blames)}"
    line = f", {place(finding)}" if finding["line"] else ""
    yield f"First at: {finding['at']}{in_markdown(line)}"
    yield from (f"Times: {finding['times']}", "", f"Found: {in_markdown(finding['actual'])}")
    yield f"Right would be: {in_markdown(finding['expected'])}"
    yield from ("", "## The frames around it", "", *fenced(list(_around(records, finding, told))))
    yield from ("", "## To see it again", "")
    if shortest is None:
        yield "The frames alone do not show it: it rests on what the run directory holds besides."
    else:
        frames = f"{len(shortest)} frame{'' if len(shortest) == 1 else 's'}"
        yield f"`{TRANSCRIPT}` holds {frames} that judge the same: `evc5 verify {TRANSCRIPT}`."
        yield "Cards and stations have other names."


def _around(records: list[tuple[int, Record]], finding: Mapping[str, Any], told: Told) -> Iterator[str]:
    line = finding.get("file"), finding["line"]
    places = [told.place(number) for number, _ in records]
    at = [k for k, (_, record) in enumerate(records) if places[k] == line or _is_past(record, finding)]
    middle = at[0] if at else len(records) - 1
    for k in range(max(middle - BEFORE, 0), min(middle + AFTER + 1, len(records))):
        record = records[k][1]
        text = json_text(record["frame"]) if "frame" in record else str(record.get("text"))
        mark = ">" if places[k] == line else " "
        arrow = "->" if record["dir"] == "up" else "<-"
        yield f"{mark}{places[k][1]:>6} {record.get('at', '')} {arrow} {text[:MOST_LETTERS]}"
