"""Values, units, phases and registers that cannot be."""

from tampering.kinds import BENCH, Kind, both, kind, put, scaled, some, told_as, untold
from tampering.recorded import REGISTER, Recorded, call, payload, sample, samples, values

CURRENT, VOLTAGE, POWER = "Current.Import", "Voltage", "Power.Active.Import"
OFFERED, SOC, WARMTH = "Current.Offered", "SoC", "Temperature"
ALL = some(0)
RISES = ("metering.register-monotonic", "metering.energy-power", "metering.energy-limit", "metering.phases")


def _frozen(told: Recorded) -> None:
    for one in values(samples(told)[3], REGISTER):
        told_as(REGISTER, one["value"], some(4, 18))(told)


def _stuck(told: Recorded) -> None:
    """The meter answers the same for ten minutes while the car charges."""
    for row in samples(told)[4:14]:
        for one, old in zip(_sampled(row), _sampled(samples(told)[3]), strict=True):
            one["value"] = old["value"]


def _sampled(row: dict) -> list[dict]:
    found: list[dict] = payload(row)["meterValue"][0]["sampledValue"]
    return found


def _swapped(told: Recorded) -> None:
    """The meter's registers of current and voltage are confused."""
    row = samples(told)[8]
    for one, other in zip(values(row, CURRENT), values(row, VOLTAGE), strict=True):
        one["value"], other["value"] = other["value"], one["value"]


def _twice(told: Recorded) -> None:
    sampled = _sampled(samples(told)[8])
    sampled.append(values(samples(told)[8], CURRENT)[0] | {"value": "3.00"})


def _of_another_time(told: Recorded) -> None:
    """The whole of a sample is that of the first, taken before the car drew."""
    first, late = samples(told)[1], samples(told)[15]
    payload(late)["meterValue"][0]["sampledValue"] = payload(first)["meterValue"][0]["sampledValue"]


VALUES: tuple[Kind, ...] = (
    kind("a current is doubled", scaled(CURRENT, 2.0), "charging.flow", "electrical.reported-offer"),
    kind("a current is halved", scaled(CURRENT, 0.5), "metering.power"),
    kind("a current is told in mA as A", scaled(CURRENT, 1000.0), "metering.range"),
    kind("a current is negative", told_as(CURRENT, "-9.9"), "metering.range", "metering.power"),
    kind("a current is told by one phase alone", told_as(CURRENT, "0.00", some(3, 12)), "metering.power"),
    kind("a power is a thousandth", scaled(POWER, 0.001), "metering.power"),
    kind("a power is doubled", scaled(POWER, 2.0), "metering.power"),
    kind("a power is none under load", told_as(POWER, "0", some(8, 12)), "metering.power"),
    kind("a power has the wrong sign", scaled(POWER, -1.0), "metering.range", "metering.power"),
    kind("a voltage is tenfold", scaled(VOLTAGE, 10.0), "metering.range"),
    kind("a voltage is between lines", scaled(VOLTAGE, 1.732), "metering.true-values", shown_by=BENCH),
    kind("a voltage is none while current flows", told_as(VOLTAGE, "0.0"), "metering.power"),
    kind("current and voltage change places", _swapped, "metering.range"),
    kind("an offer is doubled", scaled(OFFERED, 2.0), "charging.reported"),
    kind(
        "an offer is none while current flows",
        told_as(OFFERED, "0.0", some(3, 12)),
        "electrical.reported-offer",
    ),
    kind("a state of charge is tenfold", scaled(SOC, 10.0), "metering.soc"),
    kind("a state of charge falls while it charges", told_as(SOC, "5", some(10, 11)), "metering.soc"),
    kind("a temperature is a hundredfold", scaled(WARMTH, 100.0), "metering.range"),
    kind("a temperature is below all that is", told_as(WARMTH, "-300"), "metering.range"),
    kind("a register is tenfold", scaled(REGISTER, 10.0), *RISES),
    kind("a register is a thousandth", scaled(REGISTER, 0.001, ALL), *RISES),
    kind("a register falls once", told_as(REGISTER, "1"), *RISES),
    kind("a register stands still under load", _frozen, *RISES),
    kind("a register runs at half the rate", scaled(REGISTER, 0.5, ALL), *RISES, "metering.start-stop"),
    kind("a register wraps at 200", told_as(REGISTER, lambda old: f"{float(old) % 200:g}", ALL), *RISES),
    kind(
        "all that a meter tells stands still", _stuck, "metering.energy-power", "metering.register-monotonic"
    ),
    kind("a sample is that of another time", _of_another_time, *RISES),
    kind("a register is told as kWh", told_as(REGISTER, "kWh", ALL, "unit"), *RISES),
    kind("a current has the unit of a voltage", told_as(CURRENT, "V", field="unit"), "metering.units"),
    kind("a power has the unit of energy", told_as(POWER, "Wh", field="unit"), "metering.units"),
    kind("a unit is none of the standard's", told_as(CURRENT, "Ampere", field="unit"), "frame.schema"),
    kind("a measurand is none of the standard's", told_as(SOC, "Charge", field="measurand"), "frame.schema"),
    kind("a value is a number", put(sample(8), "meterValue.0.sampledValue.0.value", 230), "frame.schema"),
    kind("a value is no number", told_as(CURRENT, "none"), "metering.range", "frame.schema"),
    kind("a value is empty", told_as(VOLTAGE, ""), "metering.range", "frame.schema"),
    kind("a value has a decimal comma", told_as(VOLTAGE, lambda old: old.replace(".", ",")), "frame.schema"),
    kind("a value is told twice, and otherwise", _twice, "metering.measurands", "metering.power"),
    kind("a measurand is missing", untold(VOLTAGE), "metering.measurands"),
    kind("a measurand is missing in all samples", untold(VOLTAGE, which=ALL), "metering.measurands"),
    kind("a phase is missing", untold(CURRENT, "L2"), "metering.measurands"),
    kind(
        "a phase is told under another's name", told_as(CURRENT, "L1", field="phase"), "metering.measurands"
    ),
    kind("a state of charge has a phase", told_as(SOC, "L1", field="phase"), "metering.measurands"),
    kind(
        "all values of a sample are of a car that does not charge",
        both(*(told_as(name, "0.00") for name in (CURRENT, POWER))),
        "metering.energy-power",
        "service.served",
        "metering.true-values",
        shown_by=BENCH,
    ),
    kind("meterStop is 33 MWh", put(call("StopTransaction"), "meterStop", 33_000_000), "metering.start-stop"),
    kind(
        "meterStop lags behind the samples",
        put(call("StopTransaction"), "meterStop", lambda old: old - 500),
        "metering.start-stop",
    ),
    kind(
        "meterStart is ahead of the samples",
        put(call("StartTransaction", 1), "meterStart", lambda old: old + 5000),
        "metering.start-stop",
    ),
    kind(
        "meterStart is negative",
        put(call("StartTransaction", 1), "meterStart", -12),
        "metering.start-stop",
        "metering.continuity",
        "metering.register-monotonic",
    ),
    kind(
        "meterStart starts anew at 0",
        put(call("StartTransaction", 2), "meterStart", 0),
        "metering.start-stop",
        "metering.continuity",
        "metering.register-monotonic",
    ),
)
