"""Bugs in what meter values tell: measurands, units, phases, registers."""

from typing import Any

from evc5.rigs.selftest.bug import Bug, Patch
from evc5.rigs.selftest.replacements import around, constant, says, says_values, scaled
from evc5.twin.sessions.metering import SOC

SAMPLES = "evc5.twin.sessions.samples:Samples"
Payload = dict[str, Any]


def _without_voltage(original: Any, plan: Any, wanted: Any, context: str) -> None:
    original(plan, [(name, phase) for name, phase in wanted if name != "Voltage"], context)


def _first_phase(original: Any, plan: Any, wanted: Any, context: str) -> None:
    original(plan, [(name, phase) for name, phase in wanted if phase in (None, "L1")], context)


def _without_soc(_: Any, row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*row[:SOC], None, *row[SOC + 1 :])


def _frozen_voltage(original: Any, reading: Any, offered_a: Any) -> Any:
    row = list(original(reading, offered_a))
    row[3:6] = [115.0, 115.0, 115.0]
    return tuple(row)


def _shifted(original: Any, metered: Any, offered_a: Any) -> Any:
    """Of the registers by phase each tells the next one's, the last what follows them."""
    row = original(metered, offered_a)
    return (*row[:12], *row[13:16], *row[15:])


def _of_one_phase(original: Any, reading: Any, offered_a: Any) -> Any:
    """The total power is that of L1."""
    row = list(original(reading, offered_a))
    row[18] = row[6]
    return tuple(row)


def _since_plug_in(original: Any, outlet: Any) -> Any:
    """The register of the meter is set back whenever a car comes."""
    reading = original(outlet)
    if getattr(outlet, "last_car", outlet) is not outlet.circuit.car:
        outlet.last_car, outlet.base_wh = outlet.circuit.car, reading.register_wh
    return reading._replace(register_wh=reading.register_wh - outlet.base_wh)


def _stale(original: Any, samples: Any, channel: Any, plan: Any, stamp: Any = None) -> Any:
    """What is sent is the reading before, with the stamp of this one."""
    value = original(samples, channel, plan, stamp)
    kept = samples.__dict__.setdefault("kept", {})
    before = kept.get((channel.connector, id(plan)), value)
    kept[channel.connector, id(plan)] = value
    return {**value, "sampledValue": before["sampledValue"]}


def _register_of_l1(original: Any, reading: Any, offered_a: Any) -> Any:
    """The energy register of L1 stands where the total should."""
    row = list(original(reading, offered_a))
    row[20] = row[12]
    return tuple(row)


def _rounded(payload: Payload) -> Payload:
    return payload | {"meterStop": payload["meterStop"] // 1000 * 1000}


def _session_energy(payload: Payload) -> Payload:
    return payload | {"meterStart": 0}


def _voltage_low(original: Any, metered: Any, offered_a: Any) -> Any:
    row = original(metered, offered_a)
    return (*row[:3], *(volts * 0.9 for volts in row[3:6]), *row[6:])


BUGS: tuple[Bug, ...] = (
    Bug(
        "measurand-missing",
        "Voltage is configured and not sent",
        check="metering.measurands",
        clause="9.1.17",
        rig="charge",
        patches=(Patch("evc5.twin.sessions.metering:Plan.__init__", around(_without_voltage)),),
    ),
    Bug(
        "phases-missing",
        "only L1 is sent of measurands that have three phases",
        check="metering.measurands",
        clause="9.1.17",
        rig="charge",
        patches=(Patch("evc5.twin.sessions.metering:Plan.__init__", around(_first_phase)),),
    ),
    Bug(
        "measurand-list-change-ignored",
        "a new MeterValuesSampledData has no effect",
        check="metering.measurands",
        clause="5.3, 9.1.17",
        rig="charge",
        patches=(
            Patch(
                "evc5.twin.sheet.configuration:Configuration.measurands",
                around(
                    lambda old, self, key, connector, kept={}: kept.setdefault(
                        (id(self), key, connector), old(self, key, connector)
                    )
                ),
            ),
        ),
    ),
    Bug(
        "voltage-in-decivolts",
        "tenths of a volt are told as volts",
        check="metering.range",
        clause="7.31, 7.45",
        rig="charge",
        patches=(says_values("Voltage", scaled(10.0)),),
    ),
    Bug(
        "energy-in-milliwatt-hours",
        "a thousand times the energy is told",
        check="metering.energy-limit",
        clause="7.31",
        rig="charge",
        patches=(says_values("Energy.Active.Import.Register", scaled(1000.0)),),
    ),
    Bug(
        "soc-untold",
        "the state of charge is left out although the car tells it",
        check="metering.measurands",
        clause="7.31, sheet table 3",
        rig="charge",
        patches=(Patch(f"{SAMPLES}.told", constant(_without_soc)),),
    ),
    Bug(
        "temperature-unit-missing",
        "the temperature is told without its unit, so that it counts as Wh",
        check="metering.units",
        clause="7.44, 7.45",
        rig="charge",
        patches=(says_values("Temperature", lambda v: {k: x for k, x in v.items() if k != "unit"}),),
    ),
    Bug(
        "begin-data-missing",
        "StopTransaction lacks the Transaction.Begin values",
        check="metering.stop-data",
        clause="6.49, 9.1.30",
        rig="charge",
        patches=(Patch(f"{SAMPLES}.begin", constant(lambda samples, channel: [])),),
    ),
    Bug(
        "end-context-wrong",
        "the values at the stop are marked Sample.Periodic",
        check="metering.stop-data",
        clause="7.33",
        rig="charge",
        patches=(Patch("evc5.twin.sessions.samples:END", constant("Sample.Periodic")),),
    ),
    Bug(
        "stop-data-of-wrong-list",
        "transactionData follows MeterValuesSampledData instead of StopTxnSampledData",
        check="metering.stop-data",
        clause="9.1.30",
        rig="charge",
        patches=(Patch("evc5.twin.sessions.samples:STOP_SAMPLED", constant("MeterValuesSampledData")),),
    ),
    Bug(
        "power-in-kilowatts",
        "kilowatts are told as W",
        check="metering.power",
        clause="7.45",
        rig="charge",
        patches=(says_values("Power.Active.Import", scaled(0.001)),),
    ),
    Bug(
        "voltage-halved",
        "the voltage is told as 115 V",
        check="metering.power",
        clause="7.31",
        rig="charge",
        patches=(Patch("evc5.twin.sessions.samples:flat", around(_frozen_voltage)),),
    ),
    Bug(
        "registers-shifted",
        "each phase tells the register of the next",
        check="metering.phases",
        clause="7.31, 7.14",
        rig="charge",
        patches=(Patch("evc5.twin.sessions.samples:flat", around(_shifted)),),
    ),
    Bug(
        "power-of-one-phase",
        "the power of L1 is told as the total",
        check="metering.energy-power",
        clause="7.31",
        rig="charge",
        patches=(Patch("evc5.twin.sessions.samples:flat", around(_of_one_phase)),),
    ),
    Bug(
        "soc-inverted",
        "what is missing of the charge is told as state of charge",
        check="metering.soc",
        clause="7.31",
        rig="full",
        patches=(
            says_values("SoC", lambda value: {**value, "value": f"{100.0 - float(value['value']):.1f}"}),
        ),
    ),
    Bug(
        "register-reset",
        "the energy register starts from zero with each car",
        check="metering.register-monotonic",
        clause="7.31",
        rig="charge",
        patches=(Patch("evc5.models.outlet:Outlet.metered", around(_since_plug_in)),),
    ),
    Bug(
        "reading-stale",
        "each message carries the reading before, with the stamp of this one",
        check="metering.true-energy",
        clause="6.26",
        rig="charge",
        patches=(Patch(f"{SAMPLES}._meter_value", around(_stale)),),
    ),
    Bug(
        "energy-unit-kilo",
        "watt-hours are told as kWh",
        check="metering.energy-limit",
        clause="7.45",
        rig="charge",
        patches=(says_values("Energy.Active.Import.Register", lambda value: {**value, "unit": "kWh"}),),
    ),
    Bug(
        "register-of-one-phase",
        "the total energy register tells that of L1",
        check="metering.start-stop",
        clause="7.31",
        rig="charge",
        patches=(Patch("evc5.twin.sessions.samples:flat", around(_register_of_l1)),),
    ),
    Bug(
        "meter-stop-rounded",
        "meterStop is cut to whole kWh",
        check="metering.start-stop",
        clause="6.49",
        rig="charge",
        patches=(says("StopTransaction", _rounded),),
    ),
    Bug(
        "meter-start-zero",
        "meterStart is always 0, as if the meter were reset",
        check="metering.continuity",
        clause="6.45",
        rig="charge",
        patches=(says("StartTransaction", _session_energy),),
    ),
    Bug(
        "voltage-low",
        "the voltage is told a tenth too low",
        check="metering.true-values",
        clause="EN 50470-3",
        rig="charge",
        patches=(Patch("evc5.twin.sessions.samples:flat", around(_voltage_low)),),
    ),
)
