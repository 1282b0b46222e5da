"""Bugs in when meter values are taken, stamped and sent."""

from typing import Any

from evc5.rigs.selftest.bug import Bug, Patch
from evc5.rigs.selftest.replacements import around, constant, nothing

SAMPLES = "evc5.twin.sessions.samples:Samples"


def _forgetful(original: Any, station: Any) -> None:
    """The queue is kept in RAM."""
    station.memory.queue.clear()
    original(station)


def _summed(original: Any, samples: Any, connector: int) -> None:
    """The next sample one interval after this one was done, not at its own instant."""
    interval = samples._agent.configuration.integer("MeterValueSampleInterval")
    samples.periodic[connector].set(samples._timeline.now + interval + 0.4)


def _also_at_start(original: Any, samples: Any, transaction: Any) -> None:
    original(samples, transaction)
    samples.periodic[transaction.connector].set(samples._timeline.now + 5.0)


def _stops_nothing(original: Any, samples: Any, connector: int) -> None:
    """Sampling is not stopped, only the next instant is."""


def _late_boundary(original: Any, epoch_s: float, interval_s: int, zone: Any = None) -> float:
    boundary: float = original(epoch_s, interval_s, zone) + 1.0
    return boundary


def _from_anywhere(_: Any, epoch_s: float, interval_s: int, __: Any = None) -> float:
    return epoch_s + interval_s


def _stamped_before(original: Any, samples: Any, channel: Any, plan: Any, stamp: Any = None) -> None:
    original(samples, channel, plan, None if stamp is None else stamp - 300.0)


def _only_online(original: Any, samples: Any, channel: Any, plan: Any, stamp: Any = None) -> None:
    if stamp is None or samples._agent.online:
        original(samples, channel, plan, stamp)


def _forgets_first(original: Any, samples: Any) -> None:
    """The first boundary after the link came back is not noticed."""
    was_online = getattr(samples, "was_online", True)
    samples.was_online = samples._agent.online
    if samples._agent.online and not was_online:
        samples.met_epoch_s = samples.boundary_epoch_s
        samples.arm_clock()
    else:
        original(samples)


def _posted_twice(original: Any, samples: Any, *args: Any) -> None:
    original(samples, *args)
    original(samples, *args)


def _clocks_whole(original: Any, samples: Any) -> None:
    plan = samples.clock_tellings()[0].plan
    samples._post_whole(plan, samples.boundary_epoch_s)
    original(samples)


def _samples_without_power(samples: Any) -> None:
    samples.clock.clear()


def _latest_first(original: Any, outbox: Any) -> Any:
    """Of meter values that wait the newest goes first."""
    queue = outbox._memory.queue
    if len(queue) > 2 and {m.action for m in queue} == {"MeterValues"}:
        queue.rotate(1)
    return original(outbox)


def _waits_for_more(original: Any, agent: Any, message: Any) -> None:
    """Meter values are sent by two: the first waits for the second."""
    agent.memory.post(message)
    if message.action != "MeterValues" or len(agent.memory.queue) > 1:
        agent.flush()


BUGS: tuple[Bug, ...] = (
    Bug(
        "queue-lost-on-power-loss",
        "what waits to be sent is lost with the power",
        check="metering.sample-interval",
        clause="4.10",
        rig="power",
        patches=(Patch("evc5.twin.charge_point:ChargePoint._die", around(_forgetful)),),
    ),
    Bug(
        "samples-summed",
        "each sample is due an interval after the last was done, so that they drift",
        check="metering.sample-interval",
        clause="9.1.25",
        rig="charge",
        patches=(Patch(f"{SAMPLES}._arm", around(_summed)),),
    ),
    Bug(
        "sample-at-start",
        "a sample is sent just after the start, before the first interval is over",
        check="metering.sample-interval",
        clause="9.1.25",
        rig="charge",
        patches=(Patch(f"{SAMPLES}.start", around(_also_at_start)),),
    ),
    Bug(
        "sample-interval-change-ignored",
        "a new MeterValueSampleInterval has no effect on a running transaction",
        check="metering.sample-interval",
        clause="5.3, 9.1.25",
        rig="charge",
        patches=(Patch(f"{SAMPLES}._interval_changed", constant(nothing)),),
    ),
    Bug(
        "samples-after-stop",
        "sampling goes on after the transaction has stopped",
        check="metering.sample-interval",
        clause="4.7",
        rig="charge",
        patches=(Patch(f"{SAMPLES}.stop", around(_stops_nothing)),),
    ),
    Bug(
        "trigger-context-periodic",
        "triggered values are marked Sample.Periodic",
        check="metering.sample-interval",
        clause="7.33",
        rig="remote",
        patches=(
            Patch(
                f"{SAMPLES}.message",
                around(lambda old, s, c, context="": old(s, c, "Sample.Periodic")),
            ),
        ),
    ),
    Bug(
        "clock-aligned-late",
        "clock-aligned data is taken a second after its boundary",
        check="metering.clock-boundary",
        clause="9.1.5",
        rig="charge",
        patches=(Patch("evc5.twin.sessions.samples:next_boundary", around(_late_boundary)),),
    ),
    Bug(
        "clock-aligned-from-boot",
        "clock-aligned intervals count from the boot instead of midnight",
        check="metering.clock-boundary",
        clause="4.7, 9.1.5",
        rig="charge",
        patches=(Patch("evc5.twin.sessions.samples:next_boundary", around(_from_anywhere)),),
    ),
    Bug(
        "periodic-context-clock",
        "periodic samples are marked Sample.Clock",
        check="metering.clock-boundary",
        clause="7.33",
        rig="charge",
        patches=(Patch("evc5.twin.sessions.samples:PERIODIC", constant("Sample.Clock")),),
    ),
    Bug(
        "clock-aligned-interval-late",
        "clock-aligned data is stamped with the boundary before",
        check="metering.clock-complete",
        clause="9.1.5",
        rig="charge",
        patches=(Patch(f"{SAMPLES}.post", around(_stamped_before)),),
    ),
    Bug(
        "clock-aligned-lost-offline",
        "clock-aligned data is not kept while the link is down",
        check="metering.clock-complete",
        clause="4.7, 4.10",
        rig="outage",
        patches=(Patch(f"{SAMPLES}.post", around(_only_online)),),
    ),
    Bug(
        "clock-boundary-skipped-after-outage",
        "the first boundary after an outage is skipped",
        check="metering.clock-complete",
        clause="4.7, ER 3.15",
        rig="outage",
        patches=(Patch(f"{SAMPLES}._clock_tick", around(_forgets_first)),),
    ),
    Bug(
        "meter-values-twice",
        "each MeterValues is queued twice",
        check="metering.clock-complete",
        clause="4.7",
        rig="charge",
        patches=(Patch(f"{SAMPLES}.post", around(_posted_twice)),),
    ),
    Bug(
        "clock-context-periodic",
        "clock-aligned data is marked Sample.Periodic",
        check="metering.clock-complete",
        clause="7.33",
        rig="charge",
        patches=(Patch("evc5.twin.sessions.samples:CLOCK", constant("Sample.Periodic")),),
    ),
    Bug(
        "station-clocked",
        "connector 0 tells clock-aligned data, though the station has no meter of its own",
        check="metering.clock-station",
        clause="4.7, ER 3.16",
        rig="charge",
        patches=(Patch(f"{SAMPLES}._clock_tick", around(_clocks_whole)),),
    ),
    Bug(
        "samples-without-power",
        "the mains are gone, and the samples of the time are told all the same",
        check="metering.powered",
        clause="4.7",
        rig="power",
        patches=(Patch(f"{SAMPLES}.die", constant(_samples_without_power)),),
    ),
    Bug(
        "newest-first",
        "after an outage the newest meter value goes first",
        check="metering.order",
        clause="3.7, TC_037_1_CS",
        rig="outage",
        patches=(Patch("evc5.twin.ocpp.outbox:Outbox.next", around(_latest_first)),),
    ),
    Bug(
        "values-by-two",
        "a meter value waits for the next one",
        check="metering.prompt",
        clause="4.7, TC_070_CS",
        rig="charge",
        patches=(Patch("evc5.twin.ocpp.agent:Agent.post", around(_waits_for_more)),),
    ),
)
