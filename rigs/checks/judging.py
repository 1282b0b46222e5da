"""The judge: one pass over a recording, frame by frame, with the telemetry of each day once it is past."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from rigs.checks import meter, telemetry
from rigs.checks.bus import Bench, Bus, Event
from rigs.checks.clock import ClockAligned
from rigs.checks.electrical import Offer, ReportedOffer
from rigs.checks.frames import CALL, Frame, Reader, lines
from rigs.checks.instants import epoch
from rigs.checks.ledger import Ledger
from rigs.checks.register import Register
from rigs.checks.requirements import TABLE
from rigs.checks.rpc import Call, Pairing, Validation
from rigs.checks.sampling import Sampling
from rigs.checks.sessions import Sessions
from rigs.checks.story import Story
from rigs.checks.tolerances import Tolerances, policies_of
from rigs.checks.verdict import Verdict, findings_of, read_summary, write_summary
from rigs.errors import BadInput

MESSAGES, EVENTS, TELEMETRY = "messages.jsonl", "events.jsonl", "telemetry.parquet"
FOREVER = float("inf")


def judge(
    path: Path,
    behaviour: str | None = None,
    policies: Mapping[str, str] | None = None,
    tolerances: Mapping[str, float] | None = None,
) -> Verdict:
    """Judge a run directory or a bare `messages.jsonl`; nothing is written.

    Behaviour, policies and tolerances default to what the run's summary says. Raises BadInput for an
    empty or foreign file.
    """
    summary = read_summary(path) if path.is_dir() else {}
    known = {**_mapping(summary, "policies"), **(policies or {})}
    chosen = policies_of(behaviour or summary.get("behaviour"), known)
    limits = Tolerances().with_({**_mapping(summary, "tolerances"), **(tolerances or {})})
    return Judge(path, summary, chosen, limits).run()


def finish(directory: Path, **choices: Any) -> Verdict:
    """Judge a run directory and write the verdict into its summary, atomically."""
    verdict = judge(directory, **choices)
    write_summary(directory, verdict.summary())
    return verdict


def _mapping(summary: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = summary.get(key)
    return dict(found) if isinstance(found, dict) else {}


class Judge:
    """One judging of one recording."""

    def __init__(
        self, path: Path, summary: Mapping[str, Any], policies: dict[str, str], tolerances: Tolerances
    ) -> None:
        self._path, self._summary = path, summary
        self._messages = path / MESSAGES if path.is_dir() else path
        if not self._messages.is_file():
            raise BadInput(f"{path} is neither a run directory nor a transcript")
        self._ledger, self._story, self._bus = Ledger(TABLE), Story(), Bus()
        self._pairing = Pairing(self._ledger, tolerances.call_timeout_s, tolerances.answer_s)
        self._validation = Validation(self._ledger)
        self._reader = Reader()
        self._truth = telemetry.Telemetry()
        bench = Bench(self._bus, self._story, self._ledger, self._truth, tolerances, policies)
        zone = summary.get("timezone")
        ClockAligned(bench, ZoneInfo(zone) if isinstance(zone, str) else None)
        Sampling(bench)
        self._register = Register(bench)
        Offer(bench)
        ReportedOffer(bench)
        self._sessions = Sessions(bench)
        self._frames, self._t = 0, float("-inf")

    def run(self) -> Verdict:
        start = self._start()
        self._reader.start = self._ledger.start = start
        events, parts = self._events(start), self._parts(start)
        event, part = next(events, None), next(parts, None)
        self._register.has_truth = part is not None
        over = _ends(part)
        for number, raw in lines(self._messages):
            frame = self._read(number, raw)
            if frame is None:
                continue
            while event is not None and event.t <= frame.t:
                self._happens(event)
                event = next(events, None)
            while part is not None and frame.t > over:
                self._add(part)
                part = next(parts, None)
                over = _ends(part)
            self._frame(frame, raw)
        while event is not None:
            self._happens(event)
            event = next(events, None)
        while part is not None:
            self._add(part)
            part = next(parts, None)
        return self._verdict(start)

    # -- reading ---------------------------------------------------------------------------------

    def _start(self) -> float:
        """The epoch of t = 0: as the summary says, or from the first line that can be read."""
        said = self._summary.get("start")
        if isinstance(said, str):
            return epoch(said)
        reader, first = Reader(), ""
        for number, raw in lines(self._messages):
            try:
                reader.read(number, raw)
            except ValueError as error:
                first = first or f"line {number}: {error}"
            if reader.start is not None:
                return reader.start
            if number >= 100:
                break
        raise BadInput(f"{self._messages} holds no OCPP frames ({first or 'it is empty'})")

    def _events(self, start: float) -> Iterator[Event]:
        path = self._path / EVENTS
        if not path.is_file():
            return
        for number, raw in lines(path):
            try:
                row = orjson.loads(raw)
                yield Event(start + row["t"], row["connector"], row["event"], row.get("detail") or {})
            except (orjson.JSONDecodeError, KeyError, TypeError) as error:
                self._bad_line(number, f"{EVENTS}: {error!r}", raw)

    def _parts(self, start: float) -> Iterator[dict[int, telemetry.Rows]]:
        directory = self._path / TELEMETRY
        return telemetry.parts(directory, start) if directory.is_dir() else iter(())

    def _read(self, number: int, raw: bytes) -> Frame | None:
        try:
            frame = self._reader.read(number, raw)
        except ValueError as error:
            self._bad_line(number, str(error), raw)
            return None
        self._frames += 1
        if frame.t < self._t - 0.0005:  # times are written to the millisecond where t is not
            self._ledger.broken(
                "recording.line",
                frame.t,
                None,
                "a time not before the line before",
                f"{self._t - frame.t:.3f} s before it",
                f"line {number} goes back in time",
                severity="warning",
            )
        else:
            self._t = frame.t
            self._ledger.judged["recording.line"] += 1
        return frame

    def _bad_line(self, number: int, why: str, raw: bytes) -> None:
        t = self._t if self._frames else self._ledger.start
        cut = not raw.endswith(b"\n")  # a killed run leaves its last line so
        self._ledger.broken(
            "recording.line",
            t,
            None,
            "one JSON record",
            f"{raw[:80]!r}",
            f"line {number}: {why}"[:200],
            severity="warning" if cut else "error",
        )

    # -- telling ---------------------------------------------------------------------------------

    def _frame(self, frame: Frame, raw: bytes) -> None:
        if frame.fault:
            self._foreign(frame)
            return
        self._ledger.judged["frame.form"] += 1
        if frame.kind == CALL:
            self._call(self._pairing.call(frame), frame, raw)
        else:
            answered = self._pairing.reply(frame)
            if answered is not None:
                self._reply(answered, frame)
        if frame.up:
            self._story.heard_t = frame.t

    def _foreign(self, frame: Frame) -> None:
        self._pairing.foreign(frame)
        severity = "error" if frame.up else "warning"  # what a CSMS sends is not the station's fault
        self._ledger.broken(
            "frame.form",
            frame.t,
            None,
            "a CALL, CALLRESULT or CALLERROR",
            frame.fault[:120],
            f"line {frame.line} holds no OCPP frame",
            severity=severity,
        )

    def _call(self, call: Call, frame: Frame, raw: bytes) -> None:
        if not self._validation.call(call):
            return
        if call.action == "BootNotification" and not self._story.boot_asked:
            self._pairing.rebooted(call)
        if call.readings is None and call.action in _READINGS:
            self._readings(call, frame, raw)
        if call.action != "MeterValues":
            self._story.call(call)
        for tell in self._bus.calls.get(call.action, ()):
            tell(call)
        if call.readings and call.action == "MeterValues":
            for reading in call.readings:
                for hear in self._bus.readings:
                    hear(reading)

    def _readings(self, call: Call, frame: Frame, raw: bytes) -> None:
        payload = call.payload
        items = payload.get(_READINGS[call.action], [])
        transaction = self._story.by_id.get(payload.get("transactionId", -1))
        connector = payload.get("connectorId", transaction.connector if transaction else 0)
        try:
            call.readings = meter.read(items, call.t, connector, payload.get("transactionId"))
        except ValueError as error:
            self._ledger.broken(
                "frame.schema",
                call.t,
                connector,
                "a number as the value",
                str(error)[:100],
                f"{call.action} holds a value that is none",
            )
            call.readings = []
            return
        if call.action == "MeterValues":
            frame.readings = call.readings
            self._reader.learn(raw, frame)

    def _reply(self, call: Call, frame: Frame) -> None:
        self._validation.result(call, frame)
        self._story.reply(call)
        for tell in self._bus.replies.get(call.action, ()):
            tell(call)

    def _happens(self, event: Event) -> None:
        self._story.event(event.t, event.name)
        if event.name in ("link-down", "power-cut"):
            self._pairing.interrupted()
        for tell in self._bus.events.get(event.name, ()):
            tell(event)

    def _add(self, part: dict[int, telemetry.Rows]) -> None:
        self._truth.add(part)
        for tell in self._bus.telemetry:
            tell()

    def _verdict(self, start: float) -> Verdict:
        simulated = self._summary.get("simulated_s")
        complete = self._summary.get("state") == "complete" and isinstance(simulated, int | float)
        end = start + float(simulated) if complete and simulated is not None else self._t
        self._pairing.end(end)
        for tell in self._bus.end:
            tell(end)
        if not self._frames:
            raise BadInput(f"{self._messages} holds no OCPP frames")
        ledger = self._ledger
        passed = not any(severity == "error" for _, severity in ledger.failures)
        return Verdict(
            ledger.requirements(),
            findings_of(ledger.findings),
            self._sessions.rows(start),
            self._frames,
            passed,
        )


_READINGS = {"MeterValues": "meterValue", "StopTransaction": "transactionData"}


def _ends(part: dict[int, telemetry.Rows] | None) -> float:
    """The time of a part's last row: once a frame is later, the part's day is past."""
    return max((float(rows["t"][-1]) for rows in (part or {}).values()), default=FOREVER)
