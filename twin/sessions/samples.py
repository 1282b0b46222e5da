"""When meter values are taken: from the transaction's start, on the clock, and on request."""

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
STOP_DATA_LIMIT = 1000  # meter values kept for one stop besides begin and end; assumed
MICROSECOND = 1e-6  # no two boundaries are so close; more than the rounding of an epoch


class Ahead(NamedTuple):
    """A connector's next periodic values, worked out before their instant."""

    basis: tuple[object, ...]  # its first is the instant
    metered: Metered
    values: list[Payload]


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
        self._periodic = {
            channel.connector: Alarm(self._timeline, self._sampler(channel), SAMPLE)
            for channel in controller.channels
        }
        self._anchors_t_s: dict[int, float] = {}  # by connector: where its interval counts from
        self._intervals: dict[int, int] = {}  # and how long it is
        self._clock = Alarm(self._timeline, self._clock_tick, SAMPLE)
        self._boundary_epoch_s = 0.0  # the next or last clock-aligned instant, by the station's clock
        self._last_boundary_epoch_s = float("-inf")
        averaged = policy("clock_values") == "averaged"
        self._ahead: dict[int, Ahead] = {}
        self._averages = {c.connector: Average(c) for c in controller.channels} if averaged else {}
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
        self._periodic[connector].clear()

    def die(self) -> None:
        """The firmware stops: no instant is waited for any more."""
        self._clock.clear()
        for connector in self._periodic:
            self.stop(connector)

    def _arm(self, connector: int) -> None:
        interval = self._intervals.get(connector, 0)
        if interval <= 0 or connector not in self._anchors_t_s:
            self._periodic[connector].clear()
            return
        anchor_t_s = self._anchors_t_s[connector]
        passed = int((self._timeline.now - anchor_t_s) / interval + 1e-9)
        self._periodic[connector].set(anchor_t_s + (passed + 1) * interval)

    def _sampler(self, channel: Channel) -> Action:
        def sample() -> None:
            self.post(channel, self._plan(SAMPLED, PERIODIC, channel))
            if self._stop_keeps_all:
                self._keep_for_stop(channel, self._plan(STOP_SAMPLED, PERIODIC, channel))
            self._arm(channel.connector)

        return sample

    # --- on the clock ---

    def arm_clock(self) -> None:
        """Wait for the next boundary of the station's clock; one that was met is never met again.

        A station that was never accepted does not know the time.
        """
        interval = self._agent.configuration.integer(CLOCK_INTERVAL)
        if interval <= 0 or not self._agent.memory.recall("accepted", False):
            self._clock.clear()
            return
        clock = self._agent.clock
        t_s = self._timeline.now
        after_epoch_s = max(clock.epoch(t_s) - MICROSECOND, self._last_boundary_epoch_s)
        self._boundary_epoch_s = next_boundary(after_epoch_s, interval, self._zone)
        self._clock.set(max(clock.t(self._boundary_epoch_s), t_s))

    def _accepted(self) -> None:
        if not self._agent.memory.recall("accepted", False):
            self._agent.memory.keep("accepted", True)
            self._last_boundary_epoch_s = self._agent.clock.epoch(self._timeline.now)
        self.arm_clock()

    @property
    def _zone(self) -> ZoneInfo | None:
        local = self._agent.behaviour.policy("clock_midnight") == "local"
        return self._agent.clock.calendar.zone if local else None

    def _clock_stepped(self, step_s: float) -> None:
        """The clock was set: a boundary that it was set over is taken now, if it is the latest."""
        interval = self._agent.configuration.integer(CLOCK_INTERVAL)
        missed_s = self._agent.clock.epoch(self._timeline.now) - self._boundary_epoch_s
        if self._clock.due_s is not None and 0 <= missed_s < min(interval, step_s + MICROSECOND):
            self._clock.set(self._timeline.now)
        else:
            self.arm_clock()

    def _clock_tick(self) -> None:
        self._last_boundary_epoch_s = boundary_epoch_s = self._boundary_epoch_s
        policy = self._agent.behaviour.policy
        stamp_epoch_s = boundary_epoch_s
        if policy("clock_stamp") == "interval-start":
            interval = self._agent.configuration.integer(CLOCK_INTERVAL)
            stamp_epoch_s = last_boundary(boundary_epoch_s, interval, self._zone)
        if policy("clock_connector_zero") == "sent":
            self._post_whole(stamp_epoch_s)
        only_charging = policy("clock_outside_transaction") == "transaction-only"
        for channel in self._controller.channels:
            if channel.connector in self._agent.memory.transactions or not only_charging:
                self.post(channel, self._plan(ALIGNED, CLOCK, channel), stamp_epoch_s)
            if self._stop_keeps_all:
                self._keep_for_stop(channel, self._plan(STOP_ALIGNED, CLOCK, channel), stamp_epoch_s)
        for average in self._averages.values():
            average.begin(self._timeline.now)
        self.arm_clock()

    def _post_whole(self, stamp_epoch_s: float) -> None:
        """Connector 0: all outlets together, of no transaction (errata 3.16)."""
        channels = self._controller.channels
        plan = self._plan(ALIGNED, CLOCK, channels[0])
        answers = all(channel.outlet.meter_answers for channel in channels)
        values = plan.sampled(whole([self._row(channel, plan) for channel in channels]), answers)
        if values:
            told = {"timestamp": self._agent.clock.iso_epoch(stamp_epoch_s), "sampledValue": values}
            payload = {"connectorId": 0, "meterValue": [told]}
            self._agent.post(Message("MeterValues", payload, checked=plan.is_valid))

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
            transaction.data.append(value)
            del transaction.data[:-STOP_DATA_LIMIT]
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
        clock = self._agent.clock
        at = clock.iso(self._timeline.now) if stamp_epoch_s is None else clock.iso_epoch(stamp_epoch_s)
        return {"timestamp": at, "sampledValue": self._values(channel, plan)}

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
            t_s = self._periodic[channel.connector].due_s
            known = self._ahead.get(channel.connector)
            if t_s is None or (known is not None and known.basis[0] == t_s):
                continue
            plan = self._plan(SAMPLED, PERIODIC, channel)
            metered = channel.outlet.metered(t_s)
            values = plan.sampled(self._told(flat(metered, channel.offered_a)), channel.outlet.meter_answers)
            self._ahead[channel.connector] = Ahead(self._basis(channel, plan, t_s), metered, values)

    def _basis(self, channel: Channel, plan: Plan, t_s: float) -> tuple[object, ...]:
        """All that periodic values depend on: the neighbours too, for they warm each other."""
        segments = [other.outlet.segment for other in self._controller.channels]
        return (t_s, plan, channel.offered_a, channel.outlet.meter_answers, *segments)

    def _row(self, channel: Channel, plan: Plan) -> Row:
        metered = channel.metered()  # its register is kept whatever is told
        if self._averages and plan.context == CLOCK:
            return self._told(self._averages[channel.connector].mean(self._timeline.now))
        return self._told(flat(metered, channel.offered_a))

    def _told(self, row: Row) -> Row:
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
