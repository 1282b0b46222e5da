"""The judge: one pass over a recording, frame by frame, with the telemetry of each day once it is past."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from evc5.rigs.checks.metering.clock import restamping
from evc5.rigs.checks.reading import meter, telemetry
from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Gathered, Gathering
from evc5.rigs.checks.reading.frames import CALL, Frame, Reader, lines
from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.checks.reading.meter import Reading
from evc5.rigs.checks.reading.pages import Pages
from evc5.rigs.checks.reading.station_time import set_ahead_s
from evc5.rigs.checks.reading.templates import Row, Template, Templates
from evc5.rigs.checks.reading.transcripts import is_own, transcript
from evc5.rigs.checks.state.agenda import Agenda
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import Evidence
from evc5.rigs.checks.state.ledger import Ledger
from evc5.rigs.checks.state.listeners import Bus, Event
from evc5.rigs.checks.state.profiles_in_force import ProfilesInForce
from evc5.rigs.checks.state.station_history import StationHistory
from evc5.rigs.checks.state.tolerances import Tolerances, policies_of
from evc5.rigs.checks.transactions.repeats import Repeats
from evc5.rigs.checks.transactions.session_table import Sessions
from evc5.rigs.checks.verdict.catalogue import CHECKS, TABLE
from evc5.rigs.checks.verdict.verdict import Verdict, findings_of, read_summary, write_summary
from evc5.rigs.checks.wire.heartbeat import Heartbeat
from evc5.rigs.checks.wire.pairing import Pairing
from evc5.rigs.checks.wire.validation import Validation
from evc5.rigs.errors import BadInput

MESSAGES, EVENTS, TELEMETRY = "messages.jsonl", "events.jsonl", "telemetry.parquet"
FOREVER = float("inf")

Progress = Callable[[float, float], None]  # so far, of how much


def judge(
    path: Path,
    behaviour: str | None = None,
    policies: Mapping[str, str] | None = None,
    tolerances: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Judge a run directory, a bare `messages.jsonl` or a text log (`transcripts`); nothing is written.

    Behaviour, policies and tolerances default to what the run's summary says; `progress` is told how far it
    is, of how much. Raises BadInput for an empty or foreign file.
    """
    summary = read_summary(path) if path.is_dir() else {}
    known = {**_mapping(summary, "policies"), **(policies or {})}
    chosen = policies_of(behaviour or summary.get("behaviour"), known)
    limits = Tolerances().with_({**_mapping(summary, "tolerances"), **(tolerances or {})})
    if behaviour is not None:
        summary["behaviour"] = behaviour
    return Judge(path, summary, chosen, limits, progress).run()


def finish(directory: Path, **choices: Any) -> Verdict:
    """Judge a run directory and write the verdict into its summary, atomically."""
    verdict = judge(directory, **choices)
    write_summary(directory, verdict.summary())
    return verdict


def _is_from_power_on(path: Path, summary: Mapping[str, Any]) -> bool:
    """Recorded from the station's first moment on? A real one, or one with a memory, had a life before."""
    return path.is_dir() and summary.get("csms") != "served" and not summary.get("continues")


def _mapping(summary: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = summary.get(key)
    return dict(found) if isinstance(found, dict) else {}


class Judge:
    """One judging of one recording."""

    def __init__(
        self,
        path: Path,
        summary: Mapping[str, Any],
        policies: dict[str, str],
        tolerances: Tolerances,
        progress: Progress | None = None,
    ) -> None:
        self._path, self._summary, self._progress = path, summary, progress
        self._messages = path / MESSAGES if path.is_dir() else path
        if not self._messages.is_file():
            raise BadInput(f"{path} is neither a run directory nor a transcript")
        self._ledger, self._history, self._bus = Ledger(TABLE), StationHistory(), Bus()
        self._evidence = Evidence(self._history, behaviour=summary.get("behaviour"))
        self._evidence.header = _mapping(summary, "keys")
        self._evidence.from_power_on = _is_from_power_on(path, summary)
        self._evidence.events = (path / EVENTS).is_file()
        self._ledger.knows = self._evidence.knows
        self._repeats = Repeats(self._ledger)
        waits = tolerances.call_timeout_s, tolerances.answer_s
        self._pairing = Pairing(self._ledger, *waits, self._gave_up)
        self._history.link.waiting = self._pairing.waits_since
        self._validation = Validation(self._ledger, policies.get("occupied_status", "off") != "off")
        self._gathering = Gathering(self._no_number)
        self._fluent_pairs = self._fluent_calls = self._fluent_replies = (
            0  # of known form: counted here, entered at the end
        )
        self._truth = telemetry.Telemetry()
        zone = summary.get("timezone")
        zone = ZoneInfo(zone) if isinstance(zone, str) else None
        context = Context(
            self._bus,
            self._history,
            ProfilesInForce(self._bus, self._history, policies),
            Agenda(self._bus),
            self._evidence,
            self._ledger,
            self._truth,
            tolerances,
            policies,
            zone,
        )
        for check in CHECKS:
            check(context)
        self._blocks: dict[tuple[Template, bytes, bytes], tuple[int, Gathered]] = {}
        self._flushed = 0
        self._heartbeat = Heartbeat(context)
        self._sessions = Sessions(context)
        self._gathering.listeners = self._bus.readings
        self._gathering.restamp = restamping(context)
        self._frames, self._t = 0, float("-inf")

    def run(self) -> Verdict:
        start = self._start()
        start += set_ahead_s(self._messages, self._path / EVENTS, start)
        self._ledger.start = start
        self._reader, self._templates = Reader(start), Templates(start)
        self._events, self._parts = self._read_events(start), self._read_parts(start)
        self._event, self._part = next(self._events, None), next(self._parts, None)
        self._truth.recorded = self._evidence.telemetry = self._part is not None
        self._due = self._next_due()
        if is_own(self._messages):
            self._own(start)
        else:
            for number, raw in transcript(self._messages):
                self._line(number, raw)
        self._catch_up(FOREVER)
        return self._verdict(start)

    def _own(self, start: float) -> None:
        """A `messages.jsonl`: lines, and pairs of lines of known form, which are nearly all."""
        with Pages(self._messages, self._progress) as pages:
            while pages.more():
                self._known_pairs(start, pages)
                number, raw = pages.number, pages.line()
                if raw and not raw.isspace() and not self._known(start, number, raw):
                    self._line(number, raw)

    # -- the two lines that come by the hundred thousand -----------------------------------------

    def _known_pairs(self, start: float, pages: Pages) -> None:
        """Each MeterValues with its reply right behind it, up to where something else comes."""
        if not self._pairing.is_idle or self._repeats.waiting:
            return
        match, stamp_of, is_new = self._templates.match_pair, self._templates.stamp, self._pairing.paired
        put, hear, t, answered, count = self._gathering.put, self._heartbeat.hear, self._t, self._t, 0
        while (found := match(pages.buffer, pages.at)) is not None:
            template, pair = found
            groups, head = pair.groups(), template.head
            t, stamp = start + float(groups[head[0]]), stamp_of(template, groups)
            answered = start + float(groups[-1])
            in_order = self._t <= t <= answered < self._due
            if stamp is None or not in_order or not is_new(groups[head[1]].decode()):
                break
            connector, block = self._block(template, groups)
            put(connector, block, t, stamp, b",".join(groups[template.values]))
            hear(t)
            self._t, self._history.link.heard_at = answered, t
            count += 1
            pages.skip(pair.end() - pages.at, 2)
            if not pages.more():
                break
        self._frames += 2 * count
        self._fluent_pairs += count

    def _block(self, template: Template, groups: tuple[bytes, ...]) -> tuple[int, Gathered]:
        """Connector and block of a reading: the same for the same bytes, until blocks are handed out."""
        if self._flushed != self._gathering.flushed:
            self._flushed = self._gathering.flushed
            self._blocks.clear()
        at = template.head[3]
        key = (template, groups[template.head[2]], groups[at] if at >= 0 else b"")
        known = self._blocks.get(key)
        if known is None:
            connector, transaction = int(key[1]), int(key[2]) if at >= 0 else None
            block = self._gathering.block(connector, transaction, template.layout)
            known = self._blocks[key] = (connector, block)
        return known

    def _known(self, start: float, number: int, raw: bytes) -> bool:
        """One line of known form: a MeterValues, or the reply to it."""
        if raw.find(b'"MeterValues"', 0, 256) > 0:
            row = self._templates.match(raw)
            if row is not None:
                self._known_call(number, row)
            return row is not None
        match = EMPTY_REPLY.fullmatch(raw)
        if match is None or not self._pairing.expects_empty_reply(match[2].decode()):
            return False
        self._known_reply(number, start + float(match[1]), match[2].decode())
        return True

    def _known_call(self, number: int, row: Row) -> None:
        self._advance(number, row.t)
        self._fluent_calls += 1
        call = Call(number, row.t, True, False, row.id, "MeterValues", None)
        call.row = row
        self._pairing.call(call)
        if not self._repeats.is_again(call):
            self._gathering.add(row)
        self._heartbeat.hear(row.t)
        self._history.link.heard_at = row.t

    def _known_reply(self, number: int, t: float, id: str) -> None:
        self._advance(number, t)
        self._fluent_replies += 1
        call = self._pairing.reply(t, False, id)
        if call is not None and call.again:
            self._repeats.confirmed(call)

    # -- any other -------------------------------------------------------------------------------

    def _line(self, number: int, raw: bytes) -> None:
        try:
            frame = self._reader.read(number, raw)
        except ValueError as error:
            self._pairing.broken_line()
            self._bad_line(number, str(error), raw)
            return
        self._advance(number, frame.t)
        self._note(frame)
        self._ledger.held("recording.line")
        self._frame(frame, raw)

    def _note(self, frame: Frame) -> None:
        """Where it stands, and what there is of it to know from."""
        self._ledger.lines.tell(frame.t, frame.line)
        evidence = self._evidence
        evidence.up |= frame.up
        evidence.down |= not frame.up
        evidence.began = frame.t if evidence.began is None else evidence.began

    def _advance(self, number: int, t: float) -> None:
        """Time goes on to a line's; what happened before it is told first."""
        self._frames += 1
        if t >= self._due:
            self._catch_up(t)
        if t >= self._t:
            self._t = t
        elif t < self._t - 0.0005:  # to the millisecond, where only `at` is written
            back = f"{self._t - t:.3f} s before it"
            message = f"line {number} goes back in time"
            expected = "a time not before the line before"
            self._ledger.broken("recording.line", t, None, expected, back, message, severity="warning")

    def _next_due(self) -> float:
        return min(_ends(self._part), FOREVER if self._event is None else _told_at(self._event))

    def _catch_up(self, t: float) -> None:
        while (self._event is not None or self._part is not None) and self._next_due() <= t:
            if self._event is not None and _told_at(self._event) <= _ends(self._part):
                self._happens(self._event)
                self._event = next(self._events, None)
            elif self._part is not None:
                self._add(self._part)
                self._part = next(self._parts, None)
        self._due = self._next_due()

    # -- reading ---------------------------------------------------------------------------------

    def _start(self) -> float:
        """The epoch of t = 0: as the summary says, or from the first line that can be read."""
        said = self._summary.get("start")
        if isinstance(said, str):
            return epoch(said)
        reader, first = Reader(), ""
        for number, raw in transcript(self._messages):
            try:
                reader.read(number, raw)
            except ValueError as error:
                first = first or f"line {number}: {error}"
            if reader.start is not None:
                return reader.start
            if number >= 100:
                break
        raise BadInput(f"{self._messages} holds no OCPP frames ({first or 'it is empty'})")

    def _read_events(self, start: float) -> Iterator[Event]:
        path = self._path / EVENTS
        if not path.is_file():
            return
        for number, raw in lines(path):
            try:
                row = orjson.loads(raw)
                yield Event(start + row["t"], row["connector"], row["event"], row.get("detail") or {})
            except (orjson.JSONDecodeError, KeyError, TypeError) as error:
                self._bad_line(number, f"{EVENTS}: {error!r}", raw)

    def _read_parts(self, start: float) -> Iterator[dict[int, telemetry.Rows]]:
        directory = self._path / TELEMETRY
        return telemetry.parts(directory, start) if directory.is_dir() else iter(())

    def _bad_line(self, number: int, why: str, raw: bytes) -> None:
        t = self._t if self._frames else self._ledger.start
        cut = not raw.endswith(b"\n")  # a killed run leaves its last line so
        self._ledger.broken(
            "recording.line",
            t,
            None,
            "one JSON record",
            raw[:80].decode(errors="replace").strip() or "nothing",
            f"line {number}: {why}"[:200],
            severity="warning" if cut else "error",
        )

    # -- telling ---------------------------------------------------------------------------------

    def _frame(self, frame: Frame, raw: bytes) -> None:
        if frame.fault:
            self._foreign(frame)
            return
        self._ledger.held("frame.form")
        if frame.kind == CALL:
            self._ledger.seen.add(frame.action)
            call = Call(frame.line, frame.t, frame.up, frame.lost, frame.id, frame.action, frame.payload)
            call.lost |= not call.up and self._history.boots.registration in (
                "",
                "Rejected",
            )  # it need not listen
            self._pairing.call(call)
            self._call(call, raw)
        elif frame.lost and not frame.up:  # what the station answered is so, heard or not
            self._pairing.lost_reply(frame.up, frame.id)
        else:
            answered = self._pairing.reply(frame.t, frame.up, frame.id)
            if answered is not None:
                self._reply(answered, frame)
        if frame.up:
            self._history.link.heard_at = frame.t

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

    def _call(self, call: Call, raw: bytes) -> None:
        valid = self._validation.call(call)
        if call.up:
            self._heartbeat.hear(call.t)
        if call.action != "MeterValues":
            for tell in self._bus.any_call:
                tell(call)
        if not valid:
            return
        if call.action in _BARRIER_CALLS:
            self._gathering.flush()
        if call.action == "BootNotification" and not self._history.boots.boot_asked:
            self._pairing.rebooted(call)
        if call.action in _READINGS:
            call.readings = self._readings(call)
        if self._repeats.is_again(call):
            if call.action != "MeterValues":
                self._history.transactions.again(call)
            return
        if call.action == "MeterValues":
            self._meter_values(call, raw)
        else:
            self._history.call(call)
        for tell in self._bus.calls.get(call.action, ()):
            tell(call)

    def _meter_values(self, call: Call, raw: bytes) -> None:
        readings = call.readings or []
        for reading in readings:
            self._gathering.add_reading(reading)
        if len(readings) == 1 and call.up and not call.lost:
            self._templates.learn(raw, readings[0].layout)

    def _readings(self, call: Call) -> list[Reading]:
        payload = call.payload
        items = payload.get(_READINGS[call.action], [])
        transaction = self._history.transactions.by_id.get(payload.get("transactionId", -1))
        connector = payload.get("connectorId", transaction.connector if transaction else 0)
        try:
            return meter.read(items, call.t, connector, payload.get("transactionId"))
        except ValueError as error:
            self._no_number(call.t, connector, str(error))
            return []

    def _no_number(self, t: float, connector: int, text: str) -> None:
        self._ledger.broken(
            "frame.schema",
            t,
            connector,
            "a number as the value",
            text[:100],
            "a meter value that is no number",
        )

    def _reply(self, call: Call, frame: Frame) -> None:
        if call.action in _BARRIER_REPLIES:
            self._gathering.flush()
        self._validation.result(call, frame)
        for tell in self._bus.any_reply:
            tell(call)
        if call.error is not None:
            self._gave_up(call)
        else:
            self._repeats.confirmed(call)
        self._history.reply(call)
        for tell in self._bus.replies.get(call.action, ()):
            tell(call)

    def _gave_up(self, call: Call) -> None:
        """A CALL got no reply, or a CALLERROR."""
        self._history.link.gave_up(call)
        self._repeats.gave_up(call)

    def _happens(self, event: Event) -> None:
        self._ledger.seen.add(event.name)
        if event.name in _BARRIER_EVENTS:
            self._gathering.flush()
        self._history.event(event.t, event.name, event.connector, event.detail)
        if event.name in ("link-down", "power-cut"):
            self._pairing.interrupted()
        for tell in self._bus.events.get(event.name, ()):
            tell(event)

    def _add(self, part: dict[int, telemetry.Rows]) -> None:
        self._gathering.flush()
        self._truth.add(part)
        for tell in self._bus.telemetry:
            tell()

    def _verdict(self, start: float) -> Verdict:
        simulated = self._summary.get("simulated_s")
        end = max(self._t, start + (float(simulated) if isinstance(simulated, int | float) else 0.0))
        self._gathering.flush()
        self._pairing.end(end)
        for requirement in _FLUENT:
            self._ledger.held(requirement, 2 * self._fluent_pairs + self._fluent_calls + self._fluent_replies)
        self._ledger.held("frame.timestamp", self._fluent_pairs + self._fluent_calls)
        for requirement in _PAIRED:
            self._ledger.held(requirement, self._fluent_pairs)
        for tell in self._bus.end:
            tell(end)
        if not self._frames:
            raise BadInput(f"{self._messages} holds no OCPP frames")
        ledger = self._ledger
        return Verdict(
            ledger.requirements(),
            findings_of(ledger.findings),
            self._sessions.rows(),
            self._frames,
            ledger.errors == 0,
        )


_READINGS = {"MeterValues": "meterValue", "StopTransaction": "transactionData"}
_FLUENT = ("recording.line", "frame.form", "frame.schema")  # what a line of known form keeps by its form

_PAIRED = ("rpc.id", "rpc.one-call-station", "rpc.matched", "rpc.answered")

# What the readings before it must not be seen in the light of.
_BARRIER_CALLS = frozenset({"StartTransaction", "StopTransaction", "BootNotification"})
_BARRIER_REPLIES = frozenset(
    {"StartTransaction", "BootNotification", "GetConfiguration", "ChangeConfiguration"}
)
_BARRIER_EVENTS = frozenset({"link-down", "link-up", "power-cut", "power-restore", "reset", "clock-set"})

JUST_AFTER_S = 1e-6


def _told_at(event: Event) -> float:
    """What goes down takes effect after the frames of its instant, all else before them."""
    return event.t + JUST_AFTER_S if event.name in ("power-cut", "link-down", "reset") else event.t


EMPTY_REPLY = re.compile(
    rb'\{"t":(-?(?:0|[1-9]\d*)(?:\.\d+)?),"at":"[^"\\]*","station":"[^"\\]*","dir":"down",'
    rb'"frame":\[3,"([^"\\]{1,36})",\{\}\]\}\n'
)


TOLD_S = 60.0  # assumed: what happened is told within a minute, and telemetry is judged in its light


def _ends(part: dict[int, telemetry.Rows] | None) -> float:
    """When a part may be judged: its last row is past, and so is what was told of it."""
    return max((float(rows["t"][-1]) for rows in (part or {}).values()), default=FOREVER) + TOLD_S
