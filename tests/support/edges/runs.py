"""Numbers by which a run directory is judged: one car on a healthy station, and one thing that is off."""

from collections.abc import Callable
from dataclasses import replace

from handmade import LATENCY_S, Charge, Handmade, at, healthy

from edges import Edge
from edges.short import QUIET, shifted
from evc5.rigs.checks.state.tolerances import Tolerances

ONE = (Charge(1, 600, 630, 7230, 7500),)


def a_reading_told_late(x: float) -> Handmade:
    made = healthy(ONE)
    shifted(made, made.meter_values("Sample.Clock", 2)[-2], x)
    return made


def a_reading_told_early(x: float) -> Handmade:
    """The station's clock is known to be right."""
    made = healthy(ONE)
    made.summary |= {"csms": "embedded", "clock": {"offset_s": 0.0, "drift_ppm": 0.0}}
    shifted(made, made.meter_values("Sample.Clock", 2)[-2], -x)
    return made


def a_stop_told_late(x: float) -> Handmade:
    made = healthy(ONE)
    shifted(made, made.calls("StopTransaction")[0], x)
    return made


def a_sample_off_its_instant(x: float) -> Handmade:
    made = healthy(ONE)
    reading = made.meter_values("Sample.Periodic", 1)[40]["frame"][3]["meterValue"][0]
    reading["timestamp"] = at(630 + 41 * 60 + x)
    return made


def a_boundary_missed_by(x: float) -> Handmade:
    made = healthy(ONE)
    reading = made.meter_values("Sample.Clock", 2)[3]["frame"][3]["meterValue"][0]
    reading["timestamp"] = f"{reading['timestamp'][:-5]}.{round(x * 1e4):04d}Z"
    return made


def silence(x: float) -> Handmade:
    made = healthy((), keys=QUIET)
    made.drop(*made.calls("MeterValues"))
    shifted(made, made.calls("Heartbeat")[-1], x)
    return made


def a_heartbeat_early_by(x: float) -> Handmade:
    made = healthy((), keys=QUIET)
    shifted(made, made.calls("Heartbeat")[2], -x)
    return made


def a_second_call_after(x: float) -> Handmade:
    made = healthy((), keys=QUIET)
    made.lines.remove(made.reply_to(made.calls("Heartbeat")[0]))
    beat = made.calls("Heartbeat")[0]
    made.interject(beat["t"] + x, "Heartbeat", {}, {"currentTime": at(beat["t"])})
    return made


def a_call_unanswered_since(x: float) -> Handmade:
    made = healthy((), keys=QUIET)
    made.frame(made.end - x, "down", [2, "cx", "ClearCache", {}])
    return made


def a_call_unanswered_at_a_pace_of_600(x: float) -> Handmade:
    """35 s are let pass, and the minute that a process is held up in a tenth of a second."""
    made = a_call_unanswered_since(x)
    made.summary |= {"csms": "served", "pace": 600.0}
    return made


def a_start_stamped_ahead_by(x: float) -> Handmade:
    made = healthy(ONE)
    line = made.calls("StartTransaction")[0]
    line["frame"][3]["timestamp"] = at(line["t"] + x)
    return made


def more_than_offered(offer_a: float) -> Callable[[float], Handmade]:
    def make(x: float) -> Handmade:
        made = healthy(ONE)
        for row in made.rows:
            if row["i1_a"]:
                row |= {f"{what}{n}_a": offer_a for n in (1, 2, 3) for what in ("i", "offered")}
        flowing = [row for row in made.rows if row["i1_a"]]
        flowing[len(flowing) // 2]["i1_a"] = offer_a + x
        return made

    return make


GAP_S = 7200.0
CONTINUED = (Charge(1, 600, 630, 3630, 3700), Charge(1, 10_800, 3630 + GAP_S, 14_430, 14_500))
FREE_WH = Tolerances().standby_w * GAP_S / 3600 + Tolerances().resolution_wh + Tolerances().run_out_wh


def a_register_that_jumped_by(x: float) -> Handmade:
    made = healthy(CONTINUED)
    first, second = made.calls("StopTransaction")[0], made.calls("StartTransaction")[1]
    second["frame"][3]["meterStart"] = first["frame"][3]["meterStop"] + int(x)
    return made


def an_end_off_its_meter_stop_by(x: float) -> Handmade:
    made = healthy(ONE)
    payload = made.calls("StopTransaction")[0]["frame"][3]
    payload["transactionData"][1]["sampledValue"][0]["value"] = str(payload["meterStop"] + x)
    return made


def a_charge_that_falls_by(x: float) -> Handmade:
    made = healthy(ONE)
    for line in made.meter_values("Sample.Periodic", 1)[60:]:
        for value in line["frame"][3]["meterValue"][0]["sampledValue"]:
            if value["measurand"] == "SoC":
                value["value"] = f"{50 - x:g}"
    return made


def a_status_after_the_boot_by(x: float) -> Handmade:
    made = healthy((), keys=QUIET)
    shifted(made, made.calls("StatusNotification")[2], x - 0.2)
    return made


def a_boot_overdue_by(x: float) -> Handmade:
    made = healthy((), keys=QUIET)
    boot = made.calls("BootNotification")[0]
    pending = {"status": "Pending", "currentTime": at(0.05), "interval": 300}
    for line in made.lines:
        if line["t"] > 0.06:
            line["t"] += 300.0 + x
            line["at"] = at(line["t"])
    accepted = made.reply_to(boot)["frame"][2]
    made.reply_to(boot)["frame"][2] = pending
    made.end += 300.0 + x
    made.interject(LATENCY_S + 300.0 + x, "BootNotification", boot["frame"][3], accepted)
    return made


def three_boots_within(x: float) -> Handmade:
    made = healthy((), keys=QUIET)
    boot = made.calls("BootNotification")[0]
    for t in (LATENCY_S + x / 2, x):
        made.interject(t, "BootNotification", boot["frame"][3], made.reply_to(boot)["frame"][2])
        for connector in (0, 1, 2):
            payload = {"connectorId": connector, "errorCode": "NoError", "status": "Available"}
            made.call(t + 0.2, "StatusNotification", payload)
    return made


def a_remote_stop_carried_out_after(x: float) -> Handmade:
    made = healthy(ONE)
    stop = made.calls("StopTransaction")[0]
    stop["frame"][3]["reason"] = "Remote"
    asked = stop["t"] - x
    made.interject(
        asked, "RemoteStopTransaction", {"transactionId": 1}, {"status": "Accepted"}, direction="down"
    )
    return made


def an_answer_after_the_link_went_by(x: float) -> Handmade:
    made = healthy((), keys=QUIET)
    beat = made.calls("Heartbeat")[1]
    shifted(made, beat, 0.0)
    reply = made.reply_to(beat)
    made.event(beat["t"] + 0.01, None, "link-down", kind="down")
    made.event(beat["t"] + 60.0, None, "link-up")
    reply["t"] = beat["t"] + 0.01 + x
    reply["at"] = at(reply["t"])
    return made


def charging_before_its_start_by(x: float) -> Handmade:
    """The status is told, and the start comes so long after it."""
    made = healthy(ONE)
    start = made.calls("StartTransaction")[0]
    told = {"connectorId": 1, "errorCode": "NoError", "status": "Charging", "timestamp": at(start["t"] - x)}
    made.interject(start["t"] - x, "StatusNotification", told)
    start["frame"][3]["timestamp"] = at(start["t"])
    return made


ROWS = (
    Edge("metering.promptness.PROMPT_S", 30.0, "metering.prompt", a_reading_told_late, 29.9, 30.1),
    Edge("metering.promptness.EARLY_S", 0.5, "metering.prompt", a_reading_told_early, 0.5, 0.6),
    Edge("metering.promptness.PROMPT_S", 30.0, "transaction.prompt", a_stop_told_late, 29.9, 30.1),
    Edge("state.tolerances.sample_s", 1.0, "metering.sample-interval", a_sample_off_its_instant, 0.99, 1.01),
    Edge("state.tolerances.clock_s", 0.0005, "metering.clock-boundary", a_boundary_missed_by, 0.0004, 0.0006),
    Edge("state.tolerances.heartbeat_s", 30.0, "heartbeat.interval", silence, 29.9, 30.1),
    Edge("wire.liveness.BEAT_SLACK_S", 5.0, "heartbeat.early", a_heartbeat_early_by, 4.9, 5.1),
    Edge("state.tolerances.call_timeout_s", 10.0, "rpc.one-call-station", a_second_call_after, 10.1, 9.9),
    Edge("state.tolerances.answer_s", 35.0, "rpc.answered", a_call_unanswered_since, 34.9, 35.1),
    Edge("state.pace.HELD_UP_S", 0.1, "rpc.answered", a_call_unanswered_at_a_pace_of_600, 94.9, 95.1),
    Edge("state.tolerances.station_clock_s", 2.0, "transaction.times", a_start_stamped_ahead_by, 1.9, 2.1),
    Edge("state.tolerances.current_a", 0.5, "electrical.offer", more_than_offered(8.0), 0.49, 0.51),
    Edge("state.tolerances.current_part", 0.03, "electrical.offer", more_than_offered(60.0), 1.79, 1.81),
    Edge(
        "state.tolerances.standby_w",
        20.0,
        "metering.continuity",
        a_register_that_jumped_by,
        FREE_WH - 1,
        FREE_WH + 1,
    ),
    Edge(
        "state.tolerances.resolution_wh",
        10.0,
        "metering.continuity",
        a_register_that_jumped_by,
        FREE_WH - 1,
        FREE_WH + 1,
    ),
    Edge(
        "state.tolerances.run_out_wh",
        40.0,
        "metering.continuity",
        a_register_that_jumped_by,
        FREE_WH - 1,
        FREE_WH + 1,
    ),
    Edge(
        "metering.register.METER_WHOLE_WH", 1.0, "metering.start-stop", an_end_off_its_meter_stop_by, 0.9, 1.1
    ),
    Edge("metering.consistency.SOC_SLACK_PCT", 1.0, "metering.soc", a_charge_that_falls_by, 0.9, 1.1),
    Edge("wire.boot.REPORT_S", 60.0, "boot.status", a_status_after_the_boot_by, 59.5, 60.5),
    Edge("wire.boot.OVERDUE_S", 60.0, "boot.retry", a_boot_overdue_by, 59.5, 60.5),
    Edge("wire.boot.LOOP_S", 600.0, "boot.repeated", three_boots_within, 601.0, 599.0, severity="warning"),
    Edge(
        "transactions.remote_stops.REMOTE_S",
        30.0,
        "transaction.remote-stop",
        a_remote_stop_carried_out_after,
        29.5,
        30.5,
    ),
    Edge(
        "wire.connection.FLIGHT_S",
        1.0,
        "connection.outage",
        an_answer_after_the_link_went_by,
        0.95,
        1.05,
    ),
    Edge(
        "status.status.START_TOLD_S",
        60.0,
        "status.needs-transaction",
        charging_before_its_start_by,
        59.0,
        61.0,
    ),
)
EDGES = tuple(replace(edge, is_judged=True) for edge in ROWS)
