"""Numbers by which logs of any station are judged."""

from collections.abc import Callable
from typing import Any

from foreign import (
    BEGIN_S,
    REPLY_S,
    Log,
    at,
    currents,
    minutes,
    period,
    power,
    profile,
    register,
    sample,
    voltages,
)

from edges import Edge


def charging(told: Callable[[int], list[Any]], wire: dict[str, Any] | None = None, count: int = 6) -> Log:
    log = Log()
    if wire is not None:
        log.set_profile(20, wire)
    log.begin()
    for n, t in enumerate(minutes(count), 1):
        log.values(t, *told(n))
    return log


def a_limit_lowered_before(late_s: float) -> Log:
    log = Log()
    log.begin()
    log.set_profile(BEGIN_S + 120 - late_s - 0.1, profile(period(6)))
    for t in minutes(2):
        log.values(t, *currents(16, 16, 16))
    return log


def an_offer_lowered_before(late_s: float) -> Log:
    log = Log()
    log.begin()
    log.set_profile(BEGIN_S + 120 - late_s - 0.1, profile(period(6)))
    for t in minutes(2):
        log.values(t, *currents(3), sample("Current.Offered", 16, "A"))
    return log


def one_phase_asked_before(late_s: float) -> Log:
    log = Log()
    log.begin()
    log.set_profile(BEGIN_S + 240 - late_s - 0.1, profile(period(16, 0, 1)))
    for t in minutes(4):
        log.values(t, *currents(16, 16, 16))
    return log


def a_mean_told_after(late_s: float) -> Log:
    log = Log()
    log.begin()
    log.set_profile(BEGIN_S + 20, profile(period(6)))
    log.values(BEGIN_S + 20.1 + late_s, *currents(16), context="Sample.Clock")
    return log


def a_second_phase(amps: float) -> Log:
    return charging(lambda _: currents(6, amps), profile(period(16, 0, 1)))


def power_under_six_amps(watts: float) -> Log:
    return charging(lambda _: [power(watts)], profile(period(6)))


def two_connectors_apart(apart_s: float) -> Log:
    log = Log(connectors=2)
    log.set_profile(20, profile(period(20), chargingProfilePurpose="ChargePointMaxProfile"), 0)
    for connector in (1, 2):
        log.begin(BEGIN_S + connector, connector=connector, id=connector)
    for n in range(4):
        t = 400 + 400 * n
        log.values(t, *currents(16, 16, 16), connector=1, id=1)
        log.values(t + apart_s, *currents(16, 16, 16), connector=2, id=2)
    return log


def a_composite(limit: float = 10, start_s: float = 0.0, change_s: float = 60.0) -> Log:
    log = Log()
    log.set_profile(20, profile(period(6), period(10, 160)))
    rows = [period(6), period(limit, int(change_s))]
    schedule = {"duration": 600, "chargingRateUnit": "A", "chargingSchedulePeriod": rows}
    reply = {"status": "Accepted", "scheduleStart": at(100 + start_s), "chargingSchedule": schedule}
    log.down(100, "GetCompositeSchedule", {"connectorId": 1, "duration": 600}, reply)
    return log


def a_rise(wh_a_minute: float) -> Log:
    return charging(lambda n: [register(round(1000 + wh_a_minute * n))])


def a_rise_of_alternating_current(wh_a_minute: float) -> Log:
    return charging(lambda n: [register(round(1000 + wh_a_minute * n)), *voltages(230)])


def a_register_that_stands_still(watts: float) -> Log:
    """Power that moves, so that only the whole tells."""
    return charging(lambda n: [register(1000), power(round(watts * (0.8 + 0.4 * (n % 2))))], count=10)


def an_energy_of(wh_a_minute: float) -> Log:
    """Power that moves, so that only the whole tells."""
    return charging(
        lambda n: [register(round(1000 + wh_a_minute * n)), power(9000 + 2000 * (n % 2))], count=10
    )


def a_current_at_a_poor_factor(watts: float) -> Log:
    return charging(lambda _: [power(watts), *currents("16.0", "16.0", "16.0"), *voltages(230, 230, 230)])


def an_interval(wh: float) -> Log:
    return charging(
        lambda n: [register(10_000 + 1001 * n), sample("Energy.Active.Import.Interval", wh, "Wh")]
    )


def samples_off_by(off_s: float) -> Log:
    log = Log()
    log.configure(10, MeterValuesSampledData="Energy.Active.Import.Register", MeterValueSampleInterval="60")
    log.begin()
    for n in range(1, 11):
        log.values(BEGIN_S + off_s + 60 * n, register(1000 + 50 * n))
    return log


def a_clock_ahead_by(ahead_s: float) -> Log:
    log = Log()
    log.status(30, "Unavailable", timestamp=at(30 + ahead_s))
    return log


def a_status_of(days: float) -> Log:
    log = Log()
    log.status(30, "Unavailable", timestamp=at(30 - 86_400 * days))
    return log


def values_behind_alike(wander_s: float) -> Log:
    log = Log()
    log.begin(stamp=at(BEGIN_S - 400))
    for n, t in enumerate(minutes(6), 1):
        log.values(t, register(1000 + 50 * n), stamp=at(t - 400 - wander_s * (n % 2)))
    return log


def values_behind_for(span_s: float) -> Log:
    log = Log()
    log.begin()
    for n in range(3):
        t = BEGIN_S + 500 + span_s / 2 * n
        log.values(t, register(1000 + n), stamp=at(t - 400))
    return log


def a_stamp_again_after(late_s: float) -> Log:
    log = Log()
    log.begin()
    log.values(BEGIN_S + 60, register(1050))
    log.values(BEGIN_S + 60 + late_s, register(1060), stamp=at(BEGIN_S + 60))
    return log


def a_csms_ahead_by(ahead_s: float) -> Log:
    log = Log()
    log.up(60, "Heartbeat", {}, {"currentTime": at(60 + ahead_s)})
    return log


MOVED = "charging.flow"


def drawn_in_suspended(amps: float) -> Log:
    log = charging(lambda _: currents(amps))
    log.status(BEGIN_S + 61, "SuspendedEV")
    return log


def drawn_after_suspended(stands_s: float) -> Log:
    """Of three samples the last two are so long after the status, and longer."""
    log = charging(lambda _: currents(16), count=3)
    log.status(BEGIN_S + 120 - stands_s, "SuspendedEV")
    return log


def another_reason_after_a_remote_stop(x: float) -> Log:
    log = Log()
    log.begin()
    log.down(400 - REPLY_S, "RemoteStopTransaction", {"transactionId": 7})
    stop = {"transactionId": 7, "meterStop": 1300, "timestamp": at(400 + x), "reason": "EmergencyStop"}
    log.up(400 + x, "StopTransaction", stop)
    return log


def a_start_on_another_tag(after_s: float) -> Log:
    log = Log()
    log.status(20, "Preparing")
    log.down(30 - REPLY_S, "RemoteStartTransaction", {"connectorId": 1, "idTag": "APP"})
    told = {"connectorId": 1, "idTag": "OTHER", "meterStart": 1000, "timestamp": at(30 + after_s)}
    accepted = {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}
    log.up(30 + after_s, "StartTransaction", told, accepted)
    for t in minutes(2):
        log.values(t, register(1000))
    return log


def a_start_after_its_refusal(after_s: float) -> Log:
    log = Log()
    log.status(20, "Preparing")
    refused = {"status": "Rejected"}
    log.down(30 - REPLY_S, "RemoteStartTransaction", {"connectorId": 1, "idTag": "APP"}, refused)
    told = {"connectorId": 1, "idTag": "APP", "meterStart": 1000, "timestamp": at(30 + after_s)}
    accepted = {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}
    log.up(30 + after_s, "StartTransaction", told, accepted)
    for t in minutes(2):
        log.values(t, register(1000))
    return log


def a_reply_given_again(after_s: float) -> Log:
    log = Log()
    log.down(30 - REPLY_S, "GetLocalListVersion", {}, {"listVersion": 0})
    for t_s in range(60, 600, 50):  # the ids go on: nothing is missing
        log.up(t_s, "Heartbeat", {}, {"currentTime": at(t_s)})
    log.line(30 + after_s, "send", [3, "c4", {"listVersion": 0}])
    return log


EDGES = (
    Edge("status.against_flow.DRAWS_A", 3.0, "status.no-flow", drawn_in_suspended, 2.9, 3.1),
    Edge("status.against_flow.STANDS_S", 60.0, "status.no-flow", drawn_after_suspended, 59, 61),
    Edge(
        "transactions.stops.SAME_STOP_S",
        5.0,
        "transaction.stop-reason",
        another_reason_after_a_remote_stop,
        5.2,
        4.8,
        "warning",
    ),
    Edge(
        "device.without_effect.BEGINS_AT_ONCE_S",
        2.0,
        "remote.start-answer",
        a_start_after_its_refusal,
        2.1,
        1.9,
    ),
    Edge("device.without_effect.ANOTHER_S", 10.0, "remote.started", a_start_on_another_tag, 11, 9),
    Edge("wire.pairing.AGAIN_S", 600.0, "rpc.matched", a_reply_given_again, 601, 599, says="second reply"),
    Edge("charging.flow_limits.FOLLOWED_S", 60.0, MOVED, a_limit_lowered_before, 59, 61),
    Edge("charging.flow_limits.OFFERED_S", 20.0, "charging.reported", an_offer_lowered_before, 19, 21),
    Edge(
        "charging.flow_limits.SWITCHED_S",
        120.0,
        "charging.flow-phases",
        one_phase_asked_before,
        119,
        121,
        "warning",
    ),
    Edge("charging.flow_limits.AVERAGE_S", 900.0, MOVED, a_mean_told_after, 959, 961),
    Edge("charging.flow_limits.SIDE_BY_SIDE_S", 90.0, "charging.flow-together", two_connectors_apart, 91, 89),
    Edge("reading.flow.CARRIES_A", 1.0, "charging.flow-phases", a_second_phase, 0.9, 1.1, "warning"),
    Edge(
        "charging.composite.START_S",
        300.0,
        "charging.composite-form",
        lambda x: a_composite(start_s=x),
        299,
        301,
    ),
    Edge(
        "charging.composite.TENTH",
        0.100001,
        "charging.composite-limit",
        lambda x: a_composite(limit=x),
        10.1,
        10.2,
    ),
    Edge(
        "charging.composite.BESIDE_S",
        2.0,
        "charging.composite-limit",
        lambda x: a_composite(change_s=x),
        58,
        57,
    ),
    Edge("reading.meter.MOST_W", 1000000.0, "metering.energy-limit", a_rise, 16_601, 16_701),
    Edge(
        "reading.meter.MOST_AC_W",
        60720.0,
        "metering.energy-limit",
        a_rise_of_alternating_current,
        1011,
        1031,
    ),
    Edge("metering.energy.TELLING_WH", 50.0, "metering.energy-power", a_register_that_stands_still, 740, 780),
    Edge("metering.energy.OF_TOLD", 0.5, "metering.energy-power", an_energy_of, 245, 255),
    Edge("metering.energy.INTERVAL_PART", 0.1, "metering.energy-interval", an_interval, 1110, 1120),
    Edge("metering.energy.LEAST_FACTOR", 0.5, "metering.power", a_current_at_a_poor_factor, 4600, 4200),
    Edge(
        "metering.consistency.WHOLE_PART", 0.1, "metering.power", a_current_at_a_poor_factor, 12_150, 12_250
    ),
    Edge("metering.sampling.NEAR_PART", 0.1, "metering.sample-interval", samples_off_by, 5.5, 6.5),
    Edge("wire.clocks.AHEAD_S", 60.0, "clock.station", a_clock_ahead_by, 59, 61),
    Edge("wire.clocks.AHEAD_S", 60.0, "clock.csms", a_csms_ahead_by, 59, 61, "warning"),
    Edge("wire.clocks.OLDEST_S", 31622400.0, "clock.station", a_status_of, 365, 367),
    Edge("wire.clocks.SAME_S", 2.0, "clock.station", values_behind_alike, 2.5, 1.5),
    Edge("wire.clocks.RUN_S", 60.0, "clock.station", values_behind_for, 59, 61),
    Edge("wire.clocks.STILL_S", 30.0, "clock.station", a_stamp_again_after, 29, 31),
)
