"""Numbers by which meter values are judged: against each other, their time, and what telemetry shows."""

from typing import Any

from foreign import BEGIN_S, Log, currents, minutes, power, register, sample
from handmade import Charge, Handmade, at

from edges import Edge
from edges.short import idle, order, painted, shifted, short, unanswered

READ_S = 690.0  # the tenth sample of a charge that began at 90


def sampled(made: Handmade, stamp: float = READ_S) -> dict[str, Any]:
    """The line of the sample of connector 1 that was taken then."""
    return next(c for c in made.meter_values("Sample.Periodic", 1) if c["t"] >= stamp)


def values(line: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = line["frame"][3]["meterValue"][0]["sampledValue"]
    return found


def a_charge_that_stands_still_for(x: float) -> Log:
    log = Log()
    log.begin()
    for n, t in enumerate(minutes(41)):
        log.values(t, register(round(1000 + x * n / 40)), power(50_000), sample("SoC", 45, "Percent"))
    return log


# -- when they are told ------------------------------------------------------------------------------


def a_stamp_before_the_one_before(x: float) -> Handmade:
    made = short()
    sampled(made)["frame"][3]["meterValue"][0]["timestamp"] = at(READ_S - 60 - x)
    return made


def told_late_after_an_outage(x: float) -> Handmade:
    made = short(end=3000)
    made.event(1750 - x, None, "link-down", kind="down")
    made.event(1800 - x, None, "link-up")
    shifted(made, made.meter_values("Sample.Clock", 2)[1], 40)
    return made


def told_late_after_silence(x: float) -> Handmade:
    """What went unanswered holds up what comes in the 220 s after it, and those wait with it."""
    made = idle(end=6000)
    unanswered(made, 5400 - x)
    value = {"timestamp": at(5400), "sampledValue": [{"value": "5000", "context": "Sample.Clock"}]}
    made.interject(5440, "MeterValues", {"connectorId": 2, "meterValue": [value]}, {})
    return made


def an_interval_changed_after_a_sample_was_due(x: float) -> Handmade:
    """None is told from then on; ten minutes were asked for so long after its instant."""
    made = short((Charge(1, 60, 90, 9000, 9100),), end=1000)
    for line in made.meter_values("Sample.Periodic", 1):
        if line["t"] >= READ_S:
            made.lines.remove(made.reply_to(line))
            made.lines.remove(line)
    order(made, READ_S + x, "ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "600"})
    return made


def a_sample_missing_before_the_end(x: float) -> Handmade:
    made = short((Charge(1, 60, 90, 9000, 9100),), end=READ_S + x)
    made.lines.remove(made.reply_to(sampled(made)))
    made.lines.remove(sampled(made))
    return made


def a_value_without_its_id(x: float) -> Handmade:
    """Taken as the transaction stops, which is told x later, and just before that something else."""
    made = short((Charge(1, 60, 90, 900, 960),))
    value = next(c for c in made.meter_values("Sample.Clock", 1) if c["t"] >= 900)
    value["frame"][3].pop("transactionId", None)
    quiet = {"timestamp": at(899.5 + x), "sampledValue": [{"value": "5000", "context": "Sample.Clock"}]}
    made.interject(899.5 + x, "MeterValues", {"connectorId": 2, "meterValue": [quiet]}, {})
    for t in (905, 899.7 + x):
        order(made, t, "ChangeConfiguration", {"key": "HeartbeatInterval", "value": "3600"})
    shifted(made, made.calls("StopTransaction")[0], x)
    return made


# -- against each other ------------------------------------------------------------------------------


def power_and(amps: float, watts: float) -> Log:
    log = Log()
    log.begin()
    for t in minutes(6):
        log.values(t, power(watts), *currents(*[f"{amps:.1f}"] * 3))
    return log


def little_power_at(amps: float) -> Log:
    return power_and(amps, 100)


def so_much_power_at_16_amps(watts: float) -> Log:
    return power_and(16, watts)


def so_much_power_at_a_current_of_16_amps(watts: float) -> Log:
    """Of which phase it is, or whether of each, is not told."""
    log = Log()
    log.begin()
    for t in minutes(6):
        log.values(t, power(watts), sample("Current.Import", "16.0", "A"))
    return log


def a_power_on_one_phase(x: float) -> Handmade:
    """It should be 16 A at 230 V: 3,680 W."""
    made = short()
    for value in values(sampled(made)):
        if value["measurand"] == "Power.Active.Import" and value["phase"] == "L2":
            value["value"] = f"{3680 + x:.1f}"
    return made


def a_charge_that_falls_before_a_new_car(x: float) -> Handmade:
    """Its transaction goes on; the new car's first charge is told so long before it was plugged in."""
    made = short()
    made.event(READ_S + x, 1, "plug-in", cable_a=32.0, soc=0.2)
    for line in made.calls("MeterValues"):
        for value in values(line):
            if value["measurand"] == "SoC" and line["t"] >= READ_S:
                value["value"] = "20"
    return made


# -- energy ------------------------------------------------------------------------------------------


def rises(*wh: float, watts: tuple[float, ...] = (), meter: int = 0) -> Log:
    """A register that rises by so much from minute to minute, and the power told with each showing."""
    log = Log()
    log.begin(meter=meter)
    total = float(meter)
    for n, (t, rise) in enumerate(zip(minutes(len(wh)), wh, strict=True)):
        total += rise
        told = [power(round(watts[n]))] if watts else []
        log.values(t, register(round(total)), *told)
    return log


EVEN = (11_040.0,) * 8  # 184 Wh a minute


def a_rise_at_an_even_power(wh: float) -> Log:
    return rises(184, 184, 184, wh, 184, 184, 184, 184, watts=EVEN)


def a_rise_at_a_power_that_moves(part: float) -> Log:
    watts = tuple(11_040 * (1 - part * (n % 2)) for n in range(8))
    return rises(184, 184, 184, 250, 184, 184, 184, 184, watts=watts)


def a_rise_with_a_status_before_it(x: float) -> Log:
    log = rises(184, 184, 184, 250, 184, 184, 184, 184, watts=EVEN)
    log.status(BEGIN_S + 180 - x, "Charging")
    return log


def a_thousand_times(x: float) -> Log:
    return rises(*[184_000 * x] * 8, watts=EVEN)


def a_rise_a_minute(wh: float) -> Log:
    return rises(*[wh] * 6, meter=1)


def showings_in_large_steps(count: float) -> Log:
    """18 kWh from one to the next: less than a megawatt brings, were they rounded to a kWh."""
    return rises(*[18_000] * int(count))


def showings_from_step_to_step(wh: float) -> Log:
    return rises(*[wh] * 5)


# -- occasions ---------------------------------------------------------------------------------------


def a_trigger_unasked_at(x: float) -> Log:
    log = Log()
    log.values(x, register(1000), context="Trigger", id=None)
    return log


def no_charge_told_after_the_plug(x: float) -> Handmade:
    made = short()
    plug = next(event for event in made.events if event["event"] == "plug-in")
    plug["t"] = READ_S - x
    line = sampled(made)
    told = [value for value in values(line) if value["measurand"] != "SoC"]
    line["frame"][3]["meterValue"][0]["sampledValue"] = told
    return made


# -- against telemetry -------------------------------------------------------------------------------


def a_current_that_changed_before(x: float) -> Handmade:
    made = short()
    painted(made, READ_S - x, READ_S + 30, step_s=2, i_a=8.0)
    return made


def an_offer_beside_an_order(x: float) -> Handmade:
    made = short()
    painted(made, READ_S - 20, READ_S + 20, step_s=2, offered_a=8.0)
    order(made, READ_S + x, "ChangeConfiguration", {"key": "HeartbeatInterval", "value": "3600"})
    return made


def a_factor_of_little_power(watts: float) -> Handmade:
    made = short()
    painted(made, READ_S - 20, READ_S + 20, p_w=watts)
    told = {"value": "0.5", "measurand": "Power.Factor", "context": "Sample.Periodic"}
    values(sampled(made)).append(told)
    return made


def a_factor_of(x: float) -> Handmade:
    made = short()
    for one in values(sampled(made)):
        if one.get("measurand") == "Power.Factor":
            one["value"] = f"{x:.4f}"
    return made


def a_phase_untold_under(volts: float) -> Handmade:
    """Its third wire is under so much voltage all the time: the day before tells it."""
    midnight = 14 * 3600.0
    car = Charge(1, midnight + 60, midnight + 90, midnight + 390, midnight + 450)
    made = short((car,), midnight + 600, ClockAlignedDataInterval="0")
    for row in made.rows:
        row["u3_v"] = volts
    for value in (one for call in made.calls("MeterValues") for one in call["frame"][3]["meterValue"]):
        value["sampledValue"] = [one for one in value["sampledValue"] if one.get("phase") != "L3"]
    return made


EDGES = (
    Edge("metering.measurands.LIVE_V", 50.0, "metering.measurands", a_phase_untold_under, 49, 51),
    Edge(
        "metering.consistency.MOST_FACTOR",
        1.0005,
        "metering.power",
        a_factor_of,
        1.0004,
        1.0006,
        says="power factor",
    ),
    Edge("metering.promptness.SAME_ORDER_S", 1.5, "metering.order", a_stamp_before_the_one_before, 1.4, 1.6),
    Edge("metering.promptness.LATE_QUEUE_S", 600.0, "metering.prompt", told_late_after_an_outage, 599, 601),
    Edge("metering.promptness.CATCH_UP_S", 3600.0, "metering.prompt", told_late_after_silence, 3815, 3825),
    Edge(
        "metering.sampling.SAMPLE_STAMP_S",
        0.001,
        "metering.sample-interval",
        an_interval_changed_after_a_sample_was_due,
        0.0008,
        0.0015,
        choices={"policies": {"sample_interval_changed": "at-once"}},
    ),
    Edge(
        "state.tolerances.grace_s", 35.0, "metering.sample-interval", a_sample_missing_before_the_end, 34, 36
    ),
    Edge(
        "transactions.transactions.STOP_TOLD_LATE_S",
        60.0,
        "transaction.carries-id",
        a_value_without_its_id,
        60,
        61,
    ),
    Edge("metering.energy.LOADED_A", 6.0, "metering.power", little_power_at, 5.9, 6.1),
    Edge("state.profiles.HIGH_VOLTS", 1.1, "metering.power", so_much_power_at_16_amps, 13_350, 13_450),
    Edge(
        "state.profiles.PHASES_UNTOLD",
        3,
        "metering.power",
        so_much_power_at_a_current_of_16_amps,
        13_350,
        13_450,
    ),
    Edge("state.tolerances.start_a", 0.04, "metering.power", a_power_on_one_phase, 241, 244),
    Edge("state.tolerances.power_part", 0.01, "metering.power", a_power_on_one_phase, 241, 244),
    Edge(
        "metering.consistency.CAR_STAMP_S",
        0.001,
        "metering.soc",
        a_charge_that_falls_before_a_new_car,
        0.0008,
        0.0015,
    ),
    Edge("metering.energy.WHOLE_WH", 1.0, "metering.energy-power", a_rise_at_an_even_power, 197, 199),
    Edge("state.tolerances.meter_class", 0.01, "metering.energy-power", a_rise_at_an_even_power, 197, 199),
    Edge(
        "state.tolerances.steady_part",
        0.02,
        "metering.energy-power",
        a_rise_at_a_power_that_moves,
        0.021,
        0.019,
    ),
    Edge(
        "metering.energy.DISTURBED_S", 5.0, "metering.energy-power", a_rise_with_a_status_before_it, 4.5, 5.5
    ),
    Edge(
        "metering.energy.KILO_PART",
        0.3,
        "metering.energy-power",
        a_thousand_times,
        1.31,
        1.29,
        says="Wh called kWh",
    ),
    Edge(
        "reading.steps.COARSEST_WH",
        1000.0,
        "metering.energy-limit",
        showings_from_step_to_step,
        18_000,
        20_000,
    ),
    Edge("reading.steps.TELLING", 3, "metering.energy-limit", showings_in_large_steps, 3, 2),
    Edge(
        "metering.consistency.STILL_WH",
        30_000.0,
        "metering.soc",
        a_charge_that_stands_still_for,
        29_999,
        30_001,
    ),
    Edge("metering.energy_limit.SLACK_WH", 10.0, "metering.energy-limit", a_rise_a_minute, 16_677, 16_681),
    Edge("metering.measurands.TRIGGERED_S", 60.0, "metering.context", a_trigger_unasked_at, 59, 61),
    Edge(
        "metering.measurands.SOC_TOLD_S", 60.0, "metering.measurands", no_charge_told_after_the_plug, 59, 61
    ),
    Edge(
        "metering.values_against_telemetry.AROUND_S",
        1.5,
        "metering.true-values",
        a_current_that_changed_before,
        1.4,
        1.6,
    ),
    Edge(
        "metering.values_against_telemetry.SAME_INSTANT_S",
        0.01,
        "metering.true-values",
        an_offer_beside_an_order,
        0.008,
        0.015,
    ),
    Edge(
        "metering.values_against_telemetry.FACTOR_W",
        200.0,
        "metering.true-values",
        a_factor_of_little_power,
        190,
        210,
    ),
)
