"""When meter values are taken: from the transaction's start, on the clock, and on request."""

from models.timeline import SAMPLE, Action, Alarm
from twin.agent import Agent
from twin.channel import Channel
from twin.clock import next_boundary
from twin.controller import Controller
from twin.frames import Payload
from twin.memory import Message, Transaction
from twin.metering import BEGIN, CLOCK, END, PERIODIC, TRIGGER, Plan, flat

SAMPLED, ALIGNED, STOP_SAMPLED = "MeterValuesSampledData", "MeterValuesAlignedData", "StopTxnSampledData"
SAMPLE_INTERVAL, CLOCK_INTERVAL = "MeterValueSampleInterval", "ClockAlignedDataInterval"


class Samples:
    """Takes readings at their instants and posts them. Source: OCPP 1.6 3.16, 4.7, 9.1.5, 9.1.16–9.1.18."""

    def __init__(self, agent: Agent, controller: Controller) -> None:
        self._agent, self._controller, self._timeline = agent, controller, agent.timeline
        self._plans: dict[tuple[str, str, int], Plan] = {}
        self._periodic = {
            channel.connector: Alarm(self._timeline, self._sampler(channel), SAMPLE)
            for channel in controller.channels
        }
        self._anchors: dict[int, float] = {}  # by connector: where its interval counts from
        self._clock = Alarm(self._timeline, self._clock_tick, SAMPLE)
        self._boundary = 0.0  # the next or last clock-aligned instant, epoch seconds of the station
        agent.configuration.on_change.append(self._configured)
        agent.on_accepted.append(self.arm_clock)
        agent.on_clock_set.append(lambda _: self.arm_clock())

    # --- from the start of the transaction ---

    def start(self, transaction: Transaction) -> None:
        """Sample a transaction every interval from its start, `start + n · interval`."""
        self._anchors[transaction.connector] = transaction.start_s
        self._arm(transaction.connector)

    def stop(self, connector: int) -> None:
        self._anchors.pop(connector, None)
        self._periodic[connector].clear()

    def die(self) -> None:
        """The firmware stops: no instant is waited for any more."""
        self._clock.clear()
        for connector in self._periodic:
            self.stop(connector)

    def _arm(self, connector: int) -> None:
        interval = self._agent.configuration.integer(SAMPLE_INTERVAL)
        if interval <= 0 or connector not in self._anchors:
            self._periodic[connector].clear()
            return
        anchor = self._anchors[connector]
        passed = int((self._timeline.now - anchor) / interval + 1e-9)
        self._periodic[connector].set(anchor + (passed + 1) * interval)

    def _sampler(self, channel: Channel) -> Action:
        def sample() -> None:
            self.post(channel, self._plan(SAMPLED, PERIODIC, channel))
            self._arm(channel.connector)

        return sample

    # --- on the clock ---

    def arm_clock(self) -> None:
        """Wait for the next boundary of the station's clock; one that has passed is never met again."""
        interval = self._agent.configuration.integer(CLOCK_INTERVAL)
        if interval <= 0 or not self._agent.registration:
            self._clock.clear()
            return
        behaviour, clock = self._agent.behaviour, self._agent.clock
        zone = clock.calendar.zone if behaviour.policy("clock_midnight") == "local" else None
        after = max(clock.epoch(self._timeline.now) + 1e-6, self._last_boundary)
        self._boundary = next_boundary(after, interval, zone)
        self._clock.set(max(clock.t(self._boundary), self._timeline.now))

    _last_boundary = float("-inf")

    def _clock_tick(self) -> None:
        self._last_boundary = self._boundary
        policy, stamp = self._agent.behaviour.policy, self._boundary
        if policy("clock_stamp") == "interval-start":
            stamp -= self._agent.configuration.integer(CLOCK_INTERVAL)
        only_charging = policy("clock_outside_transaction") == "transaction-only"
        for channel in self._controller.channels:
            if channel.connector in self._agent.memory.transactions or not only_charging:
                self.post(channel, self._plan(ALIGNED, CLOCK, channel), stamp)
        self.arm_clock()

    # --- on request, and for the stop ---

    def message(self, channel: Channel, context: str = TRIGGER) -> Message | None:
        """A MeterValues of the moment with the sampled measurands; None where the list is empty."""
        return self._message(channel, self._plan(SAMPLED, context, channel))

    def begin(self, channel: Channel) -> list[Payload]:
        """The Transaction.Begin values to keep until the stop."""
        return self._stop_data(channel, BEGIN)

    def end(self, channel: Channel) -> list[Payload]:
        return self._stop_data(channel, END)

    def _stop_data(self, channel: Channel, context: str) -> list[Payload]:
        plan = self._plan(STOP_SAMPLED, context, channel)
        return [self._meter_value(channel, plan)] if plan else []

    # --- readings ---

    def post(self, channel: Channel, plan: Plan, stamp: float | None = None) -> None:
        """Queue a MeterValues with the values of this instant, stamped by the station's clock."""
        message = self._message(channel, plan, stamp)
        if message is not None:
            self._agent.post(message)

    def _message(self, channel: Channel, plan: Plan, stamp: float | None = None) -> Message | None:
        value = self._meter_value(channel, plan, stamp)
        if not value["sampledValue"]:
            return None
        payload = {"connectorId": channel.connector, "meterValue": [value]}
        transaction = self._agent.memory.transactions.get(channel.connector)
        return Message("MeterValues", payload, transaction, checked=plan.is_valid)

    def _meter_value(self, channel: Channel, plan: Plan, stamp: float | None = None) -> Payload:
        clock = self._agent.clock
        at = clock.iso(self._timeline.now) if stamp is None else clock.iso_epoch(stamp)
        return {
            "timestamp": at,
            "sampledValue": plan.sampled(
                flat(channel.metered(), channel.offered_a), channel.outlet.meter_answers
            ),
        }

    def _plan(self, key: str, context: str, channel: Channel) -> Plan:
        plan = self._plans.get((key, context, channel.connector))
        if plan is None:
            wanted = self._agent.configuration.measurands(key, channel.connector)
            plan = Plan(((measurand.name, phase) for measurand, phase in wanted), context)
            self._plans[key, context, channel.connector] = plan
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
        for connector in self._anchors:
            self._anchors[connector] = self._timeline.now
            self._arm(connector)
