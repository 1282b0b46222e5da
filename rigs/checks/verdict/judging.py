"""The judge: one pass over a recording, frame by frame, with the telemetry of each day once it is past."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from evc5.rigs.checks.reading.frames import Frame, Reader
from evc5.rigs.checks.reading.growth import COMPLETE, Growth
from evc5.rigs.checks.reading.instants import FOREVER, epoch, is_strict, iso
from evc5.rigs.checks.reading.pages import Pages
from evc5.rigs.checks.reading.sources import Sources
from evc5.rigs.checks.reading.station_time import StationTime, station_time
from evc5.rigs.checks.reading.transcripts import is_event
from evc5.rigs.checks.state.ledger import Ledger
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.pace import left_out, slowed
from evc5.rigs.checks.state.tolerances import Tolerances, policies_of
from evc5.rigs.checks.transactions.session_table import Sessions
from evc5.rigs.checks.verdict import given, recordings
from evc5.rigs.checks.verdict.alongside import EVENTS, JUST_AFTER_S, Alongside
from evc5.rigs.checks.verdict.catalogue import TABLE
from evc5.rigs.checks.verdict.contexts import context_of, mapping
from evc5.rigs.checks.verdict.known_lines import KnownLines
from evc5.rigs.checks.verdict.other_version import other_version
from evc5.rigs.checks.verdict.recordings import Recording
from evc5.rigs.checks.verdict.story import story_break, tell_break
from evc5.rigs.checks.verdict.stretches import Stretches
from evc5.rigs.checks.verdict.telling import Telling
from evc5.rigs.checks.verdict.verdict import Verdict, findings_of, placed, read_summary, write_summary
from evc5.rigs.checks.verdict.without_frames import without_frames
from evc5.rigs.errors import BadInput

WHOLE, STORY = "whole", "story"  # what tells of no hole, or of one that the judge found
TELLS = {  # what the reader tells of a hole by, where it is one for sure
    "skipped": "message ids leave some out",
    "stranger": "a transaction is spoken of that nobody began",
}
ROUNDED_BACK_S = 0.0005  # lines tell to the millisecond where only `at` is written
HEAD_LINES = 100  # assumed: what tells no time of day in so many lines tells none

Progress = Callable[[float, float], None]  # so far, of how much


def judge(
    source: Sources,
    *,
    station: str | None = None,
    timezone: str | None = None,
    end: str | None = None,
    behaviour: str | None = None,
    policies: Mapping[str, str] | None = None,
    tolerances: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Judge a run directory, a `messages.jsonl` or anybody's log of one file or several; nothing is written.

    Of a log: `station` is the one to judge, `timezone` that of its times, `end` where it was written (csms
    or station). Behaviour, policies and tolerances default to what the run's summary, else a boot tells;
    `progress` is told how far it is, of how much. Raises BadInput for what holds no frames.
    """
    given.check_sources(source)
    for name, text in (("station", station), ("timezone", timezone), ("end", end), ("behaviour", behaviour)):
        given.check_text(text, name)
    policies, tolerances = given.table(policies, "policies"), given.table(tolerances, "tolerances")
    recording = recordings.one(source, station, timezone, end)
    return judged(recording, behaviour, policies, tolerances, progress)


def judged(
    recording: Recording,
    behaviour: str | None = None,
    policies: Mapping[str, str] | None = None,
    tolerances: Mapping[str, float] | None = None,
    progress: Progress | None = None,
    growth: Growth = COMPLETE,
) -> Verdict:
    """The verdict on one recording; one of our own may still be written, as `growth` tells."""
    if not recording.keeps_frames:
        return without_frames(recording)
    if recording.transcript.told().version != "1.6":
        return other_version(recording)
    summary = recording.summary
    if behaviour is not None:
        summary["behaviour"] = behaviour
    chosen = policies_of(summary.get("behaviour"), {**mapping(summary, "policies"), **(policies or {})})
    limits = Tolerances().with_({**mapping(summary, "tolerances"), **(tolerances or {})})
    return Judge(recording, chosen, slowed(limits, summary), progress, growth).run()


def finish(directory: Path, verdict: Verdict | None = None, **choices: Any) -> Verdict:
    """Write a verdict into the summary of its run directory, atomically; without one, judge it first."""
    verdict = verdict or judge(directory, **choices)
    write_summary(directory, {"behaviour": verdict.about["behaviour"], **verdict.summary()})
    return verdict


class Judge:
    """One judging of one recording."""

    def __init__(
        self,
        recording: Recording,
        policies: dict[str, str],
        tolerances: Tolerances,
        progress: Progress | None = None,
        growth: Growth = COMPLETE,
    ) -> None:
        self._recording, self._progress = recording, progress
        self._growth = growth
        self._transcript, self._summary = recording.transcript, recording.summary
        self._policies, self._tolerances = policies, tolerances
        self._ledger = Ledger(TABLE)
        self._ledger.left_out = left_out(recording.summary)
        self._stretches = Stretches()
        self._begin()
        self._frames = 0
        self._epoch_s = float("-inf")  # of the latest frame
        self._last_epoch_s = float("-inf")  # of the last one: after a wrong time the others go on as before

    def _begin(self) -> None:
        """At the beginning, or after a hole."""
        self._context = context_of(self._recording, self._policies, self._tolerances, self._ledger)
        self._telling = Telling(self._context)
        self._sessions = Sessions(self._context)

    def run(self) -> Verdict:
        events = self._recording.part(EVENTS)
        time = station_time(self._summary, self._transcript.path, events, self._start())
        self._ledger.time = time
        self._reader = Reader(time.start, time.epoch)
        self._known = KnownLines(self._telling, self._context, time)
        instrument = self._context.telemetry.instrument
        self._alongside = Alongside(self._recording, time, self._growth, instrument, self._bad_line)
        has_telemetry = self._alongside.has_telemetry
        self._context.telemetry.recorded = self._context.evidence.telemetry = has_telemetry
        with np.errstate(over="ignore", invalid="ignore"):  # a station may tell 1e308, and be found wrong
            if self._transcript.is_own:
                self._own()
            else:
                self._log()
            if self._growth is not COMPLETE and self._recording.directory is not None:
                self._summary |= read_summary(self._recording.directory)  # as it is now that all is over
            if self._summary.get("state") == "running":
                self._alongside.forget_events_after(self._end(time))
            self._alongside.catch_up(FOREVER, self._telling, self._frames)
        return self._verdict(time)

    def _own(self) -> None:
        """A `messages.jsonl`: lines, and pairs of lines of known form, which are nearly all."""
        with Pages(self._transcript.path, self._progress, self._growth) as pages:
            while pages.more():
                self._epoch_s, count = self._known.take(pages, self._epoch_s, self._alongside.due)
                self._frames += count
                if count:
                    self._last_epoch_s = self._epoch_s
                    continue
                number = pages.number
                raw = pages.line()
                if raw and not raw.isspace() and not self._known_line(number, raw):
                    self._line(number, raw)

    def _log(self) -> None:
        """A log of anybody's; what its reader concluded of the line stands in it as an event."""
        self._transcript.tell_progress(self._progress)
        for number, raw in self._transcript.records():
            if is_event(raw):
                row = orjson.loads(raw)
                self._concluded(Event(epoch(row["at"]), None, row["event"], row["detail"]))
            elif not self._known_line(number, raw):
                self._line(number, raw)

    def _concluded(self, event: Event) -> None:
        """What the reader of a log made of its silences and ids."""
        if event.name in ("hole", "silence") and event.detail["kind"] != WHOLE:
            self._ledger.holes.silent(epoch(event.detail["since"]), event.epoch_s)
        self._telling.event(event)
        if event.name == "hole":
            self._begins_anew(event)

    def _ask_story(self, frame: Frame) -> None:
        """Does the log lack a start or stop, and so who knows what else?"""
        found = story_break(self._context, frame)
        if found is not None:
            tell_break(self._context, frame.epoch_s, found)
            detail = {"since": iso(frame.epoch_s), "interval_s": None, "kind": STORY}
            self._begins_anew(Event(frame.epoch_s, None, "hole", detail))

    def _begins_anew(self, hole: Event) -> None:
        """Anything may have happened in a hole: nothing that was known is known, as where a log begins."""
        since = epoch(hole.detail["since"])
        if (told_by := TELLS.get(hole.detail["kind"])) is not None:
            told = f"from {iso(since)} to {iso(hole.epoch_s)}"
            self._context.evidence.note(f"the log has a hole {told}: {told_by}")
        self._known.enter()
        if hole.detail["kind"] == STORY:
            self._telling.gathering.flush()  # what runs did not go on to here
        else:
            self._telling.end(since)
        self._stretches.keep(self._context, self._telling, self._sessions)
        before = self._context.evidence
        self._begin()
        self._context.evidence.goes_on(before)
        self._known = KnownLines(self._telling, self._context, self._ledger.time)

    def _known_line(self, number: int, raw: bytes) -> bool:
        """One line of known form: a MeterValues, or the reply to it."""
        if (row := self._known.row(raw)) is not None:
            self._advance(number, row.epoch_s, explained=not self._telling.pairing.is_idle)
            self._known.take_call(number, row)
            return True
        if (reply := self._known.reply(raw)) is not None:
            self._advance(number, reply[0])
            self._known.take_reply(*reply)
            return True
        return False

    def _line(self, number: int, raw: bytes) -> None:
        try:
            frame = self._reader.read(number, raw)
        except ValueError as error:
            self._telling.pairing.broken_line()
            self._bad_line(number, str(error), raw)
            return
        is_idle = self._telling.pairing.is_idle
        explained = self._alongside.explains(frame, is_first=not self._frames, is_idle=is_idle)
        self._advance(number, frame.epoch_s, explained)
        self._alongside.tell_parts_before(frame, self._telling, self._frames)
        self._ledger.held("recording.line")
        if not self._transcript.is_own:
            self._ask_story(frame)
        call = self._telling.frame(frame)
        if call is not None and call.action == "MeterValues" and call.up and not call.lost:
            self._known.learn(raw, call.readings or [])

    def _end(self, time: StationTime) -> float:
        """Up to when the recording tells all: its last frame, or later where it was closed."""
        simulated = self._summary.get("simulated_s")
        return max(
            self._last_epoch_s, time.epoch(float(simulated) if isinstance(simulated, int | float) else 0.0)
        )

    def _advance(self, number: int, epoch_s: float, explained: bool = False) -> None:
        """Time goes on to a line's; what happened before it is told first.

        What goes down takes effect after the frames of its instant, but before one that is `explained` by it.
        """
        self._frames += 1
        self._last_epoch_s = epoch_s
        if (until := epoch_s + JUST_AFTER_S * explained) >= self._alongside.due:
            self._alongside.catch_up(until, self._telling, self._frames)
        if epoch_s >= self._epoch_s:
            self._epoch_s = epoch_s
        elif epoch_s < self._epoch_s - ROUNDED_BACK_S:
            back = f"{self._epoch_s - epoch_s:.3f} s before it"
            message = f"{self._ledger.line_name(number)} goes back in time"
            expected = "a time not before the line before"
            self._ledger.broken(
                "recording.line", epoch_s, None, expected, back, message, severity="warning", line=number
            )

    # -- reading ---------------------------------------------------------------------------------

    def _start(self) -> float:
        """The epoch of t = 0: as the summary says, or from the first line that can be read."""
        said = self._summary.get("start")
        if isinstance(said, str) and is_strict(said):
            return epoch(said)
        reader = Reader()
        first = ""
        for number, raw in self._transcript.records():
            try:
                reader.read(number, raw)
            except ValueError as error:
                first = first or f"line {number}: {error}"
            if reader.start is not None:
                return reader.start
            if number >= HEAD_LINES:
                break
        raise BadInput(f"{self._transcript.name} holds no OCPP frames ({first or 'it is empty'})")

    def _bad_line(self, number: int | None, why: str, raw: bytes) -> None:
        """`number`: of the transcript; of another file `why` says where."""
        epoch_s = max(self._epoch_s, self._ledger.time.start)  # before the first frame it is at none
        cut = not raw.endswith(b"\n")  # a killed run leaves its last line so
        self._ledger.broken(
            "recording.line",
            epoch_s,
            None,
            "one JSON record",
            raw[:80].decode(errors="replace").strip() or "nothing",
            (why if number is None else f"{self._ledger.line_name(number)}: {why}")[:200],
            severity="warning" if cut else "error",
            line=number,
        )

    def _verdict(self, time: StationTime) -> Verdict:
        end = self._end(time)
        self._known.enter()
        self._telling.end(end)
        self._ledger.holes.settle()
        self._stretches.keep(self._context, self._telling, self._sessions)
        self._ledger.knows = self._stretches.knows
        self._context.evidence.notes += self._transcript.told().notes
        if not self._frames:
            raise BadInput(f"{self._transcript.name} holds no OCPP frames")
        return Verdict(
            self._ledger.requirements(),
            placed(findings_of(self._ledger.findings), self._transcript.told()),
            self._stretches.rows,
            self._frames,
            self._passed(),
            about=self._context.about(time.begins, end) | self._stretches.about,
            breakdowns=self._stretches.breakdowns,
        )

    def _passed(self) -> bool | None:
        if self._ledger.errors:
            return False
        unsure = self._stretches.breakdowns or self._summary.get("bench_faults")
        return None if unsure or not self._ledger.any_judged else True
