"""Leaps over quiet stretches: from now to just before the next thing that is more than time passing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from operator import attrgetter, itemgetter
from typing import Any, Protocol

import numpy as np
import orjson

from evc5.models.functions import Mixed
from evc5.models.timeline import Ring
from evc5.rigs.recording.writing.recorder import Recorder
from evc5.rigs.stretches.agenda import Agenda, Call, Post
from evc5.rigs.stretches.instants import epoch_texts, run_seconds, texts
from evc5.rigs.stretches.lines import Lines
from evc5.rigs.stretches.streams import streams
from evc5.rigs.stretches.values import Columns, columns, is_averaged, means, rows
from evc5.twin.charge_point import ChargePoint
from evc5.twin.clock import Calendar
from evc5.twin.line.link import MemoryLink
from evc5.twin.ocpp.frames import Payload, call_text, result_text
from evc5.twin.ocpp.memory import Transaction
from evc5.twin.sessions.metering import Entry, Row
from evc5.twin.sessions.samples import Telling

FEWEST_CALLS = 4  # fewer are stepped through as fast
LONGEST_S = 6 * 3600.0  # what is rendered at once stays in the caches


class Office(Protocol):
    """The back office as it answers while nothing is scripted."""

    @property
    def scripts(self) -> Any: ...
    @property
    def listeners(self) -> Sequence[Callable[[str, Payload, Payload | None, float], None]]: ...
    def answer(self, action: str, payload: Payload, t_s: float) -> Payload | None: ...


class Stretches:
    """Renders what one station tells while it is quiet, and leaves all as if it had been stepped through."""

    def __init__(
        self,
        station: ChargePoint,
        link: MemoryLink,
        office: Office,
        recorder: Recorder,
        calendar: Calendar,
        identity: str,
    ) -> None:
        self._timeline = station.timeline
        self._calendar = calendar
        self._station = station
        self._samples = station.samples
        self._link = link
        self._office = office
        self._recorder = recorder
        self._lines = Lines(recorder, identity)
        samples = station.samples
        agent = station.agent
        self._rhythm = {agent.beat, agent.rpc.watchdog, samples.clock, *samples.periodic.values()}
        self._told_once = {agent.rpc.watchdog, *samples.periodic.values()}  # with one CALL a ring, or none
        self._stepped_until_s = 0.0  # too little to do before, or nothing that is covered
        self.calls = 0  # rendered so far

    # --- may it leap? ---

    def leap(self, until_s: float) -> bool:
        """Render what is told up to the next other thing, at most to `until_s`; False where it is stepped."""
        timeline = self._timeline
        now_s = timeline.now
        if now_s < self._stepped_until_s:
            return False
        end_s, settings = timeline.ahead(self._rhythm, min(until_s, now_s + LONGEST_S))
        if not settings:
            return False
        if self._is_brief(settings, end_s - now_s):
            self._stepped_until_s = end_s
            return False
        if not self._is_quiet():
            return False
        by_alarm = {stream.alarm: stream for stream in streams(self._station, self._link.latency_s)}
        end_s, settings = timeline.ahead({*by_alarm, self._station.agent.rpc.watchdog}, end_s)
        rings = [(one, by_alarm[one.alarm]) for one in settings if one.alarm in by_alarm]
        tellings = (telling for stream in by_alarm.values() for telling in stream.tellings)
        silent = {telling for telling in tellings if not self._entries(telling)}
        agenda = Agenda(rings, silent, self._link.latency_s)
        agenda.run(end_s)
        if len(agenda.calls) < FEWEST_CALLS or not self._render(agenda):
            self._stepped_until_s = end_s
            return False
        self._settle(agenda)
        return True

    def _is_brief(self, settings: Sequence[Ring], lasts_s: float) -> bool:
        """Is it seen at a glance that there is too little to tell? Nothing but samples, and none twice."""
        return (
            len(settings) < FEWEST_CALLS
            and lasts_s <= self._samples.shortest_interval_s
            and all(ring.alarm in self._told_once for ring in settings)
        )

    def _is_quiet(self) -> bool:
        """Nothing is under way, and nothing may come between."""
        station = self._station
        agent = station.agent
        link = self._link
        return (
            agent.at_rest
            and not link.is_silent
            and link.latency_s < agent.rpc.timeout_s
            and not station.restart.going_down
            and not station.memory.lasting
            and not self._recorder.hides
            and "MeterValues" not in self._office.scripts
            and "Heartbeat" not in self._office.scripts
        )

    def _entries(self, telling: Telling) -> list[Entry]:
        """What it has to say; of a stop that nobody waits for, nothing."""
        channel = telling.channel
        if telling.kept and self._transaction(telling) is None:
            return []
        return telling.plan.told(channel is not None and self._samples.tells_soc(channel))

    def _transaction(self, telling: Telling) -> Transaction | None:
        if telling.channel is None:
            return None
        return self._station.memory.transactions.get(telling.channel.connector)

    # --- rendering ---

    def _render(self, agenda: Agenda) -> bool:
        """Write what an agenda tells; False, and nothing done, where no one formula holds for all of it."""
        times: dict[Telling, list[float]] = {}
        for t_s, telling, _ in chain((call.post for call in agenda.calls), agenda.kept):
            if telling is not None:
                times.setdefault(telling, []).append(t_s)
        try:
            told = self._columns({one: t_s for one, t_s in times.items() if self._counts(one)})
        except Mixed:
            return False
        self._write(agenda.calls, told)
        self._keep(agenda.kept, told)
        return True

    def _counts(self, telling: Telling) -> bool:
        """Do its values go anywhere? Of frames that nobody sees, those of the next average do."""
        return telling.kept or self._is_read or is_averaged(self._samples, telling)

    def _columns(self, times: Mapping[Telling, list[float]]) -> dict[Telling, Columns]:
        samples = self._samples
        channels = self._station.controller.channels
        averaged = [telling for telling in times if is_averaged(samples, telling)]
        told = {
            telling: columns(samples, telling, t_s, channels)
            for telling, t_s in times.items()
            if telling not in averaged
        }
        if averaged:  # last: it moves them on
            told |= means(samples, averaged, times[averaged[0]], channels)
        return told

    def _write(self, calls: Sequence[Call], told: Mapping[Telling, Columns]) -> None:
        ids = self._station.agent.rpc.take_ids(len(calls))
        self.calls += len(calls)
        pairs = self._pairs(calls, ids, told) if self._is_read else []
        text = "".join(pairs) if self._recorder.keeps_frames else ""
        self._recorder.lines(text, 2 * len(calls), calls[-1].answered_t_s)
        if self._office.listeners:
            self._let_hear(calls, pairs)

    @property
    def _is_read(self) -> bool:
        """Does anybody see the frames?"""
        return self._recorder.keeps_frames or bool(self._office.listeners)

    def _pairs(self, calls: Sequence[Call], ids: Sequence[str], told: Mapping[Telling, Columns]) -> list[str]:
        """Each CALL with its reply."""
        count = len(calls)
        moments = [*(call.sent_t_s for call in calls), *(call.answered_t_s for call in calls)]
        t, at = run_seconds(moments), texts(self._calendar, moments)
        stamps = self._stamps([call.post for call in calls])
        fill = {
            telling: self._filler(telling, columns) for telling, columns in told.items() if not telling.kept
        }
        lines = []
        for call, id_, stamp, sent, sent_at, answered, answered_at in zip(
            calls, ids, stamps, t[:count], at[:count], t[count:], at[count:], strict=True
        ):
            telling = call.post.telling
            if telling is None:
                lines.append(self._heartbeat(call, id_, sent, sent_at, answered, answered_at))
            else:
                form, values = fill[telling]
                lines.append(form((sent, sent_at, id_, stamp, *next(values), answered, answered_at, id_)))
        return lines

    def _let_hear(self, calls: Sequence[Call], pairs: Sequence[str]) -> None:
        """Whoever listens to the back office hears the last of what each telling told."""
        last = {call.post.telling: place for place, call in enumerate(calls) if call.post.telling is not None}
        for place in sorted(last.values()):
            _, _, action, payload = orjson.loads(pairs[place].partition("\n")[0])["frame"]
            for listener in self._office.listeners:
                listener(action, payload, {}, calls[place].sent_t_s)

    def _filler(
        self, telling: Telling, told: Columns
    ) -> tuple[Callable[[Any], str], Iterator[tuple[Any, ...]]]:
        """How a telling is written, and the values that differ, call by call."""
        entries = self._entries(telling)
        answer = self._office.answer("MeterValues", {}, self._timeline.now) or {}
        connector = 0 if telling.channel is None else telling.channel.connector
        form = self._lines.pattern(connector, self._transaction(telling), entries, told, answer)
        differing = [told[index] for index, _, _ in entries if isinstance(told[index], list)]
        return form, zip(*differing, strict=True) if differing else repeat(())

    def _heartbeat(self, call: Call, id_: str, t: str, at: str, answered_t: str, answered_at: str) -> str:
        answer = self._office.answer("Heartbeat", {}, call.sent_t_s) or {}
        asked = call_text(id_, "Heartbeat", {})
        return self._lines.pair(t, at, asked, answered_t, answered_at, result_text(id_, answer))

    def _stamps(self, posts: Sequence[Post]) -> list[str]:
        """The station's timestamps of what was told."""
        t_s: Any = np.array([post.t_s for post in posts])
        at_once: Any = self._station.clock.epoch(t_s)
        return epoch_texts(
            [
                epoch_s if post.stamp_epoch_s is None else post.stamp_epoch_s
                for post, epoch_s in zip(posts, at_once.tolist(), strict=True)
            ]
        )

    def _keep(self, kept: Sequence[Post], told: Mapping[Telling, Columns]) -> None:
        """What StopTransaction is to tell as well."""
        each: dict[Telling, Iterator[Row]] = {}
        for post, stamp in zip(kept, self._stamps(kept), strict=True):
            telling = post.telling
            assert telling is not None
            transaction = self._transaction(telling)
            if telling not in each:
                each[telling] = iter(rows(told[telling], sum(one.telling == telling for one in kept)))
            value = {
                "timestamp": stamp,
                "sampledValue": telling.plan.sampled(next(each[telling])),
            }
            if transaction is not None:
                transaction.keep(value)

    # --- what is left behind ---

    def _settle(self, agenda: Agenda) -> None:
        """Alarms, watchdog and samples as they would stand."""
        rpc = self._station.agent.rpc
        last_t_s = agenda.calls[-1].answered_t_s
        rung = sorted(
            (due for due in agenda.rest.due if due.set_t_s is not None), key=attrgetter("set_t_s", "number")
        )
        alarms = [(due.set_t_s, due.stream.alarm, due.t_s) for due in rung]
        watched = rpc.watched((call.sent_t_s, call.answered_t_s) for call in agenda.calls)
        if watched is not None:
            alarms.append((watched[0], rpc.watchdog, watched[1]))
        for _, alarm, due_t_s in sorted(alarms, key=itemgetter(0)):
            alarm.clear()
            alarm.set(due_t_s)
        if rpc.watchdog.due_s is not None and rpc.watchdog.due_s < last_t_s:
            rpc.watchdog.clear()
        self._timeline.skip_to(last_t_s)
        for due in rung:
            due.stream.settle(due.state)
