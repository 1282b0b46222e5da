"""When meter values are taken: from the transaction's start, on the clock, and on request."""

from collections.abc import Callable
from math import inf
from typing import NamedTuple
from zoneinfo import ZoneInfo

from evc5.models.meter import Metered
from evc5.models.timeline import SAMPLE, Action, Alarm
from evc5.twin.clock import last_boundary, next_boundary
from evc5.twin.connector.channel import Channel
from evc5.twin.connector.controller import Controller
from evc5.twin.ocpp.agent import Agent
from evc5.twin.ocpp.frames import Payload
from evc5.twin.ocpp.memory import Message, Transaction
from evc5.twin.sessions.averages import Average
from evc5.twin.sessions.metering import BEGIN, CLOCK, END, PERIODIC, SOC, TRIGGER, Plan, Row, flat, whole

SAMPLED, ALIGNED = "MeterValuesSampledData", "MeterValuesAlignedData"
STOP_SAMPLED, STOP_ALIGNED = "StopTxnSampledData", "StopTxnAlignedData"
SAMPLE_INTERVAL, CLOCK_INTERVAL = "MeterValueSampleInterval", "ClockAlignedDataInterval"
MICROSECOND = 1e-6  # no two boundaries are so close; more than the rounding of an epoch


class Ahead(NamedTuple):
    """A connector's next periodic values, worked out before their instant."""

    basis: tuple[object, ...]  # its first is the instant
    metered: Metered
    values: list[Payload]


class Telling(NamedTuple):
    """What is told of one channel, of all together where None, each time that an alarm of samples rings."""

    channel: Channel | None
    plan: Plan
    kept: bool = False  # for StopTransaction, instead of sent at once


class Samples:
    """Takes readings at their instants and posts them. Source: OCPP 1.6 3.16, 4.7, 9.1.5, 9.1.16–9.1.18."""

    def __init__(self, agent: Agent, controller: Controller) -> None:
        self._agent = agent
        self._controller = controller
        self._timeline = agent.timeline
        policy = agent.behaviour.policy
        self._knows_soc = policy("soc_known") == "car"
        self._stop_keeps_all = policy("stop_data") == "every-sample"
        self._plans: dict[tuple[str, str, int], Plan] = {}
        self.periodic = {
            channel.connector: Alarm(self._timeline, self._sampler(channel), SAMPLE)
            for channel in controller.channels
        }
        self._anchors_t_s: dict[int, float] = {}  # by connector: where its interval counts from
        self._intervals: dict[int, int] = {}  # and how long it is
        self.clock = Alarm(self._timeline, self._clock_tick, SAMPLE)
        self.boundary_epoch_s = 0.0  # the next or last clock-aligned instant, by the station's clock
        self.met_epoch_s = float("-inf")
        averaged = policy("clock_values") == "averaged"
        self._ahead: dict[int, Ahead] = {}
        self.averages = {c.connector: Average(c) for c in controller.channels} if averaged else {}
        agent.configuration.on_change.append(self._configured)
        agent.on_accepted.append(self._accepted)
        agent.on_clock_set.append(self._clock_stepped)
        agent.timeline.idle.append(self.look_ahead)

    # --- from the start of the transaction ---

    def start(self, transaction: Transaction) -> None:
        """Sample a transaction every interval from its start, `start + n · interval`."""
        self._anchors_t_s[transaction.connector] = transaction.began_t_s
        self._intervals[transaction.connector] = self._agent.configuration.integer(SAMPLE_INTERVAL)
        self._arm(transaction.connector)

    def stop(self, connector: int) -> None:
        self._anchors_t_s.pop(connector, None)
        self.periodic[connector].clear()

    def die(self) -> None:
        """The firmware stops: no instant is waited for any more."""
        self.clock.clear()
        for connector in self.periodic:
            self.stop(connector)

    def _arm(self, connector: int) -> None:
        t_s = self.rhythm(connector)(self._timeline.now)
        if t_s is None:
            self.periodic[connector].clear()
        else:
            self.periodic[connector].set(t_s)

    def rhythm(self, connector: int) -> Callable[[float], float | None]:
        """The first periodic instant after any other, as things are now; None where there is none."""
        interval = self._intervals.get(connector, 0)
        anchor_t_s = self._anchors_t_s.get(connector)
        if interval <= 0 or anchor_t_s is None:
            return lambda _: None
        return lambda t_s: anchor_t_s + (int((t_s - anchor_t_s) / interval + 1e-9) + 1) * interval

    @property
    def shortest_interval_s(self) -> float:
        """No periodic instants of one connector are closer to each other."""
        return min((interval for interval in self._intervals.values() if interval > 0), default=inf)

    def _sampler(self, channel: Channel) -> Action:
        def sample() -> None:
            self._tell(self.periodic_tellings(channel))
            self._arm(channel.connector)

        return sample

    def periodic_tellings(self, channel: Channel) -> list[Telling]:
        """What is told at each of a channel's periodic instants."""
        told = [Telling(channel, self._plan(SAMPLED, PERIODIC, channel))]
        if self._stop_keeps_all:
            told.append(Telling(channel, self._plan(STOP_SAMPLED, PERIODIC, channel), kept=True))
        return told

    # --- on the clock ---

    def arm_clock(self) -> None:
        """Wait for the next boundary of the station's clock; one that was met is never met again.

        A station that was never accepted does not know the time.
        """
        interval = self._agent.configuration.integer(CLOCK_INTERVAL)
        if interval <= 0 or not self._agent.memory.recall("accepted", False):
            self.clock.clear()
            return
        self.boundary_epoch_s, t_s = self.next_boundary(self._timeline.now, self.met_epoch_s)
        self.clock.set(t_s)

    def next_boundary(self, t_s: float, met_epoch_s: float) -> tuple[float, float]:
        """The first boundary after the one that was met and not before `t_s`, and when that will be."""
        clock = self._agent.clock
        interval = self._agent.configuration.integer(CLOCK_INTERVAL)
        after_epoch_s = max(clock.epoch(t_s) - MICROSECOND, met_epoch_s)
        boundary_epoch_s = next_boundary(after_epoch_s, interval, self._zone)
        return boundary_epoch_s, max(clock.t(boundary_epoch_s), t_s)

    def _accepted(self) -> None:
        if not self._agent.memory.recall("accepted", False):
            self._agent.memory.keep("accepted", True)
            self.met_epoch_s = self._agent.clock.epoch(self._timeline.now)
        self.arm_clock()

    @property
    def _zone(self) -> ZoneInfo | None:
        local = self._agent.behaviour.policy("clock_midnight") == "local"
        return self._agent.clock.calendar.zone if local else None

    def _clock_stepped(self, step_s: float) -> None:
        """The clock was set: a boundary that it was set over is taken now, if it is the latest."""
        interval = self._agent.configuration.integer(CLOCK_INTERVAL)
        missed_s = self._agent.clock.epoch(self._timeline.now) - self.boundary_epoch_s
        if self.clock.due_s is not None and 0 <= missed_s < min(interval, step_s + MICROSECOND):
            self.clock.set(self._timeline.now)
        else:
            self.arm_clock()

    def _clock_tick(self) -> None:
        self.met_epoch_s = self.boundary_epoch_s
        self._tell(self.clock_tellings(), self.clock_stamp_epoch_s(self.boundary_epoch_s))
        for average in self.averages.values():
            average.begin(self._timeline.now)
        self.arm_clock()

    def clock_stamp_epoch_s(self, boundary_epoch_s: float) -> float:
        """What clock-aligned data of this boundary are stamped with, by policy `clock_stamp`."""
        if self._agent.behaviour.policy("clock_stamp") != "interval-start":
            return boundary_epoch_s
        interval = self._agent.configuration.integer(CLOCK_INTERVAL)
        return last_boundary(boundary_epoch_s, interval, self._zone)

    def clock_tellings(self) -> list[Telling]:
        """What is told at a boundary of the clock, as things are."""
        policy = self._agent.behaviour.policy
        told = []
        if policy("clock_connector_zero") == "sent":
            told.append(Telling(None, self._plan(ALIGNED, CLOCK, self._controller.channels[0])))
        only_charging = policy("clock_outside_transaction") == "transaction-only"
        for channel in self._controller.channels:
            if channel.connector in self._agent.memory.transactions or not only_charging:
                told.append(Telling(channel, self._plan(ALIGNED, CLOCK, channel)))
            if self._stop_keeps_all:
                told.append(Telling(channel, self._plan(STOP_ALIGNED, CLOCK, channel), kept=True))
        return told

    def _tell(self, tellings: list[Telling], stamp_epoch_s: float | None = None) -> None:
        for channel, plan, kept in tellings:
            if channel is None:
                self._post_whole(plan, stamp_epoch_s)
            elif kept:
                self._keep_for_stop(channel, plan, stamp_epoch_s)
            else:
                self.post(channel, plan, stamp_epoch_s)

    def _post_whole(self, plan: Plan, stamp_epoch_s: float | None) -> None:
        """Connector 0: all outlets together, of no transaction (errata 3.16)."""
        channels = self._controller.channels
        answers = all(channel.outlet.meter_answers for channel in channels)
        values = plan.sampled(whole([self._row(channel, plan) for channel in channels]), answers)
        if values:
            told = {"timestamp": self._stamp(stamp_epoch_s), "sampledValue": values}
            payload = {"connectorId": 0, "meterValue": [told]}
            self._agent.post(Message("MeterValues", payload, checked=plan.is_valid))

    def read(self, tellings: list[Telling], t_s: float) -> None:
        """These were told at `t_s`: their meters have been read."""
        for channel, _, kept in tellings:
            for one in self._controller.channels if channel is None else () if kept else (channel,):
                one.metered(one.outlet.metered(t_s))

    # --- on request, and for the stop ---

    def message(self, channel: Channel, context: str = TRIGGER) -> Message | None:
        """A MeterValues of the moment with the sampled measurands; None where the list is empty."""
        return self._message(channel, self._plan(SAMPLED, context, channel))

    def begin(self, channel: Channel) -> list[Payload]:
        """The Transaction.Begin values to keep until the stop."""
        return self._at(channel, BEGIN)

    def end(self, channel: Channel, stamp_epoch_s: float | None = None) -> list[Payload]:
        """The Transaction.End values; stamped with the end, where that was before now."""
        return self._at(channel, END, stamp_epoch_s)

    def _at(self, channel: Channel, context: str, stamp_epoch_s: float | None = None) -> list[Payload]:
        plan = self._plan(STOP_SAMPLED, context, channel, STOP_ALIGNED)
        value = self._meter_value(channel, plan, stamp_epoch_s) if plan else {"sampledValue": []}
        return [value] if value["sampledValue"] else []

    def _keep_for_stop(self, channel: Channel, plan: Plan, stamp_epoch_s: float | None = None) -> None:
        """What the stop tells as well; of too much the oldest goes, never begin and end (errata 3.14)."""
        transaction = self._agent.memory.transactions.get(channel.connector)
        if transaction is None or not plan:
            return
        value = self._meter_value(channel, plan, stamp_epoch_s)
        if value["sampledValue"]:
            transaction.keep(value)
            self._agent.memory.changed(transaction)

    # --- readings ---

    def post(self, channel: Channel, plan: Plan, stamp_epoch_s: float | None = None) -> None:
        """Queue a MeterValues with the values of this instant, stamped by the station's clock."""
        message = self._message(channel, plan, stamp_epoch_s)
        if message is not None:
            self._agent.post(message)

    def _message(self, channel: Channel, plan: Plan, stamp_epoch_s: float | None = None) -> Message | None:
        value = self._meter_value(channel, plan, stamp_epoch_s)
        if not value["sampledValue"]:
            return None
        payload = {"connectorId": channel.connector, "meterValue": [value]}
        transaction = self._agent.memory.transactions.get(channel.connector)
        return Message("MeterValues", payload, transaction, checked=plan.is_valid)

    def _meter_value(self, channel: Channel, plan: Plan, stamp_epoch_s: float | None = None) -> Payload:
        return {"timestamp": self._stamp(stamp_epoch_s), "sampledValue": self._values(channel, plan)}

    def _stamp(self, epoch_s: float | None) -> str:
        clock = self._agent.clock
        return clock.iso(self._timeline.now) if epoch_s is None else clock.iso_epoch(epoch_s)

    def _values(self, channel: Channel, plan: Plan) -> list[Payload]:
        """The sampledValue list of this instant."""
        ahead = self._ahead.get(channel.connector)
        if ahead is not None and ahead.basis == self._basis(channel, plan, self._timeline.now):
            del self._ahead[channel.connector]
            channel.metered(ahead.metered)
            return ahead.values
        return plan.sampled(self._row(channel, plan), channel.outlet.meter_answers)

    def look_ahead(self) -> None:
        """Work out what each connector's next periodic values are if everything stays as it is."""
        for channel in self._controller.channels:
            t_s = self.periodic[channel.connector].due_s
            known = self._ahead.get(channel.connector)
            if t_s is None or (known is not None and known.basis[0] == t_s):
                continue
            plan = self._plan(SAMPLED, PERIODIC, channel)
            metered = channel.outlet.metered(t_s)
            values = plan.sampled(self.told(flat(metered, channel.offered_a)), channel.outlet.meter_answers)
            self._ahead[channel.connector] = Ahead(self._basis(channel, plan, t_s), metered, values)

    def _basis(self, channel: Channel, plan: Plan, t_s: float) -> tuple[object, ...]:
        """All that periodic values depend on: the neighbours too, for they warm each other."""
        segments = [other.outlet.segment for other in self._controller.channels]
        return (t_s, plan, channel.offered_a, channel.outlet.meter_answers, *segments)

    def _row(self, channel: Channel, plan: Plan) -> Row:
        metered = channel.metered()  # its register is kept whatever is told
        if self.averages and plan.context == CLOCK and channel.outlet.meter_is_sound:
            return self.told(self.averages[channel.connector].mean(self._timeline.now))
        return self.told(flat(metered, channel.offered_a))

    def tells_soc(self, channel: Channel) -> bool:
        return self._knows_soc and channel.outlet.segment.soc is not None

    def told(self, row: Row) -> Row:
        """A row without what the station does not know."""
        return row if self._knows_soc else (*row[:SOC], None, *row[SOC + 1 :])

    def _plan(self, key: str, context: str, channel: Channel, *more: str) -> Plan:
        plan = self._plans.get((key, context, channel.connector))
        if plan is None:
            configuration = self._agent.configuration
            wanted = [configuration.measurands(name, channel.connector) for name in (key, *more)]
            asked = dict.fromkeys((measurand.name, phase) for one in wanted for measurand, phase in one)
            plan = self._plans[key, context, channel.connector] = Plan(asked, context)
        return plan

    # --- configuration ---

    def _configured(self, key: str) -> None:
        if key == CLOCK_INTERVAL:
            self.arm_clock()
        elif key == SAMPLE_INTERVAL:
            self._interval_changed()
        else:
            self._plans.clear()

    def _interval_changed(self) -> None:
        """Policy `sample_interval_changed`: count anew from now, or leave running transactions alone."""
        if self._agent.behaviour.policy("sample_interval_changed") != "at-once":
            return
        for connector in self._anchors_t_s:
            self._anchors_t_s[connector] = self._timeline.now
            self._intervals[connector] = self._agent.configuration.integer(SAMPLE_INTERVAL)
            self._arm(connector)
