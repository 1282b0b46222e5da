"""What rings again and again by itself: heartbeats, periodic samples, clock-aligned samples."""

from collections.abc import Sequence
from typing import Any, Protocol

from evc5.models.timeline import Alarm
from evc5.twin.charge_point import ChargePoint
from evc5.twin.connector.channel import Channel
from evc5.twin.ocpp.agent import HEARTBEAT, Agent
from evc5.twin.sessions.samples import Samples, Telling

State = Any  # what a stream must know from one ring to the next


Rung = tuple[float | None, float | None, State]
"""Of one ring: the epoch seconds told with it (None: the instant itself), when the next is due, the state."""


class Stream(Protocol):
    """One alarm that sets itself anew each time it rings."""

    alarm: Alarm
    state: State
    is_heartbeat: bool

    @property
    def tellings(self) -> Sequence[Telling]:
        """The samples that are told at each ring; it may be that nobody is to be told any."""
        ...

    def ring(self, t_s: float, state: State) -> Rung: ...

    def settle(self, state: State) -> None:
        """It has rung: leave the device as if the rings up to this state had been stepped through."""
        ...


class Heartbeats:
    """Every HeartbeatInterval, past all that waits in the queue."""

    tellings: Sequence[Telling] = ()
    is_heartbeat = True

    def __init__(self, agent: Agent) -> None:
        self.alarm = agent.beat
        self.state: State = None
        self._interval_s = agent.configuration.integer(HEARTBEAT)

    def ring(self, t_s: float, state: State) -> Rung:
        return None, t_s + self._interval_s, None

    def settle(self, state: State) -> None:
        """A heartbeat leaves nothing behind."""


class Periodic:
    """The samples of a transaction, every MeterValueSampleInterval from its start."""

    is_heartbeat = False

    def __init__(self, samples: Samples, channel: Channel) -> None:
        self.alarm = samples.periodic[channel.connector]
        self.tellings = samples.periodic_tellings(channel)
        self.state: State = None  # the last instant
        self._samples = samples
        self._next = samples.rhythm(channel.connector)

    def ring(self, t_s: float, state: State) -> Rung:
        return None, self._next(t_s), t_s

    def settle(self, state: State) -> None:
        self._samples.read(self.tellings, state)


class Aligned:
    """Clock-aligned samples, at the boundaries of the station's clock."""

    is_heartbeat = False

    def __init__(self, samples: Samples) -> None:
        self.alarm = samples.clock
        self.tellings = samples.clock_tellings()
        self.state: State = (samples.boundary_epoch_s, samples.met_epoch_s, None)  # and the last instant
        self._samples = samples

    def ring(self, t_s: float, state: State) -> Rung:
        met_epoch_s = state[0]
        stamp_epoch_s = self._samples.clock_stamp_epoch_s(met_epoch_s)
        next_epoch_s, next_t_s = self._samples.next_boundary(t_s, met_epoch_s)
        return stamp_epoch_s, next_t_s, (next_epoch_s, met_epoch_s, t_s)

    def settle(self, state: State) -> None:
        samples = self._samples
        samples.boundary_epoch_s, samples.met_epoch_s, last_t_s = state
        samples.read(self.tellings, last_t_s)
        for average in samples.averages.values():
            average.begin(last_t_s)


def streams(station: ChargePoint, delay_s: float) -> list[Stream]:
    """All that may be rendered ahead of a station as it is now, whose CALLs are answered after this delay."""
    samples = station.samples
    channels = station.controller.channels
    periodic: list[Stream] = [Periodic(samples, channel) for channel in channels]
    every: list[Stream] = [Aligned(samples), *periodic]
    found = [stream for stream in every if all(_is_plain(telling, channels) for telling in stream.tellings)]
    if station.agent.keeps_its_time(delay_s):
        found.append(Heartbeats(station.agent))
    return found


def _is_plain(telling: Telling, channels: Sequence[Channel]) -> bool:
    """Do its meters answer what is so, and does what is told keep to the schema?"""
    asked = channels if telling.channel is None else [telling.channel]
    return (telling.plan.is_valid or not telling.plan) and all(
        channel.outlet.meter_answers and channel.outlet.meter_is_sound for channel in asked
    )
