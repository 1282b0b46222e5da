"""What a recording holds beside its frames, events and parts of telemetry, told in order of time."""

from collections.abc import Callable, Iterator
from typing import Any

from evc5.rigs.checks.reading import telemetry
from evc5.rigs.checks.reading.frames import CALL, Frame, Reader
from evc5.rigs.checks.reading.growth import COMPLETE, Growth, lines_as_they_come
from evc5.rigs.checks.reading.instants import FOREVER
from evc5.rigs.checks.reading.instruments import Instrument, is_evidence
from evc5.rigs.checks.reading.station_time import StationTime
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.verdict.parts_together import Part, PartsTogether, several_at_once
from evc5.rigs.checks.verdict.recordings import Recording
from evc5.rigs.checks.verdict.telling import Telling
from evc5.rigs.recording.reading.events import event_row

EVENTS, TELEMETRY = "events.jsonl", "telemetry.parquet"
TOLD_LATE_S = 60.0  # assumed: what happened is told within a minute, and telemetry is judged in its light
JUST_AFTER_S = 1e-6
POWER_LOSS = {"fault": "power-cut", "clear": "power-restore"}
GOES_DOWN = ("power-cut", "link-down", "reset")

BadLine = Callable[[None, str, bytes], None]  # no line of the transcript, why, what stands there


class Alongside:
    """Both, each told when the frames have come to its time; `due` is the next one's."""

    def __init__(
        self,
        recording: Recording,
        time: StationTime,
        growth: Growth,
        instrument: Instrument,
        on_bad_line: BadLine,
    ) -> None:
        self._recording, self._time, self._growth = recording, time, growth
        self._on_bad_line = on_bad_line
        self._events, self._parts = self._read_events(), self._read_parts(instrument)
        self._event, self._part = next(self._events, None), next(self._parts, None)
        self._past = PartsTogether()
        self.has_telemetry = self._part is not None
        self.due = self._next_due()

    def forget_events_after(self, epoch_s: float) -> None:
        """A kill may leave events ahead of the frames that followed on them."""
        rest = (self._event, *self._events) if self._event is not None else ()
        known = (event for event in rest if event.epoch_s <= epoch_s)
        self._events = iter([*known])
        self._event = next(self._events, None)

    def explains(self, frame: Frame, is_first: bool, is_idle: bool) -> bool:
        """Is it a frame that only what went down at its instant explains? `is_idle`: no CALL waits."""
        if not frame.up or frame.kind != CALL:
            return False
        if frame.action == "BootNotification":
            return not is_first  # the first of all explains itself
        return self._event is not None and self._event.name == "link-down" and not is_idle

    def catch_up(self, epoch_s: float, telling: Telling, frames: int) -> None:
        """Tell all that is due by then; `frames` is how many were told."""
        while (self._event is not None or self._part is not None) and self._next_due() <= epoch_s:
            if self._event is not None and _told_at(self._event) <= _ends(self._part):
                self.tell_parts_before(self._event, telling, frames)
                telling.event(self._event)
                self._event = next(self._events, None)
            elif self._part is not None:
                self._part_is_past(self._part, telling, frames)
        self.due = self._next_due()

    def tell_parts_before(self, what: Frame | Event, telling: Telling, frames: int) -> None:
        """The parts that wait, where they are to be judged before that."""
        if self._past.are_due(what):
            telling.part(self._past.take(frames))

    def _part_is_past(self, part: Part, telling: Telling, frames: int) -> None:
        self._past.put(part)
        self._part = next(self._parts, None)
        if not self._past.may_wait(_ends(part), frames, self._part):
            telling.part(self._past.take(frames))

    def _next_due(self) -> float:
        return min(_ends(self._part), FOREVER if self._event is None else _told_at(self._event))

    # -- reading ---------------------------------------------------------------------------------

    def _read_events(self) -> Iterator[Event]:
        path = self._recording.part(EVENTS)
        if path is None:
            yield from self._silences()
            return
        for number, raw in lines_as_they_come(path, self._growth):
            try:
                row = event_row(raw)
            except ValueError as error:
                self._on_bad_line(None, f"line {number}: {EVENTS}: {error}", raw)
            else:
                yield _event(self._time.epoch(row["t"]), row["connector"], row["event"], row["detail"])

    def _silences(self) -> Iterator[Event]:
        """Of frames alone: what they tell of their line. A log's reader marks it as it goes."""
        transcript, time = self._recording.transcript, self._time
        if not transcript.is_own:
            return
        from evc5.rigs.checks.reading.logs.outages import silences  # the few recordings without events

        for since, until in silences(transcript.path, Reader(time.start, time.epoch)):
            yield Event(since, None, "link-down", {})
            yield Event(until, None, "link-up", {})

    def _read_parts(self, instrument: Instrument) -> Iterator[Part]:
        directory = self._recording.part(TELEMETRY)
        if directory is None or not is_evidence(self._recording.summary.get("telemetry")):
            return iter(())
        parts = telemetry.parts(directory, self._time, instrument, self._growth)
        return several_at_once(parts) if self._growth is COMPLETE else parts


def _event(epoch_s: float, connector: int | None, name: str, detail: dict[str, Any]) -> Event:
    """As the recording tells it; a fault named power-loss is the mains' and takes the whole station."""
    if name in POWER_LOSS and detail.get("fault") == "power-loss":
        return Event(epoch_s, None, POWER_LOSS[name], detail)
    return Event(epoch_s, connector, name, detail)


def _told_at(event: Event) -> float:
    """What goes down takes effect after the frames of its instant, all else before them."""
    return event.epoch_s + JUST_AFTER_S if event.name in GOES_DOWN else event.epoch_s


def _ends(part: Part | None) -> float:
    """When a part may be judged: its last row is past, and so is what was told of it."""
    return max((float(rows["epoch_s"][-1]) for rows in (part or {}).values()), default=FOREVER) + TOLD_LATE_S
