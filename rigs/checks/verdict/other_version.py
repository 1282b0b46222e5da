"""A log of another OCPP is called that, and nothing in it is judged."""

from typing import Any

from evc5.rigs.checks.reading.frames import Reader
from evc5.rigs.checks.reading.instants import iso
from evc5.rigs.checks.reading.station_time import StationTime
from evc5.rigs.checks.reading.transcripts import is_event
from evc5.rigs.checks.state.ledger import Ledger
from evc5.rigs.checks.state.requirement import UNKNOWN
from evc5.rigs.checks.verdict.catalogue import TABLE
from evc5.rigs.checks.verdict.recordings import Recording
from evc5.rigs.checks.verdict.verdict import Verdict, findings_of, placed


def other_version(recording: Recording) -> Verdict:
    """The verdict on a log of OCPP 2.0.1: one warning, nothing judged."""
    told, ledger = recording.transcript.told(), Ledger(TABLE)
    reader = Reader()
    frames = 0
    last = 0.0
    line: int | None = None
    for number, raw in recording.transcript.records():
        if is_event(raw):
            continue
        frame = reader.read(number, raw)
        line = frame.line if line is None else line
        last = frame.epoch_s
        frames += 1
    start = reader.start or 0.0
    ledger.time = StationTime(start)
    ledger.broken(
        "frame.schema",
        start,
        None,
        "OCPP 1.6",
        f"OCPP {told.version}",
        f"this is a log of OCPP {told.version}, another protocol: the judge knows 1.6J alone",
        severity="warning",
        blames=UNKNOWN,
        line=line,
        count=0,
    )
    about: dict[str, Any] = {
        "version": told.version,
        "behaviour": None,
        "station": {},
        "since": iso(start),
        "until": iso(last),
        "transactions": 0,
        "notes": [],
    }
    return Verdict(
        ledger.requirements(),
        placed(findings_of(ledger.findings), recording.transcript.told()),
        [],
        frames,
        None,
        about=about,
    )
