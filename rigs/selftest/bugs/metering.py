"""Bugs in how meter values are taken, filled in and stamped."""

from typing import Any

from evc5.rigs.selftest.bug import Bug, Patch, around, constant, nothing, says
from evc5.twin.sessions.metering import SOC

SAMPLES = "evc5.twin.sessions.samples:Samples"
Payload = dict[str, Any]


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
    was_online, samples.was_online = getattr(samples, "was_online", True), samples._agent.online
    if samples._agent.online and not was_online:
        samples._last_boundary = samples._boundary
        samples.arm_clock()
    else:
        original(samples)


def _summed(original: Any, samples: Any, connector: int) -> None:
    """The next sample one interval after this one was done, not at its own instant."""
    interval = samples._agent.configuration.integer("MeterValueSampleInterval")
    samples._periodic[connector].set(samples._timeline.now + interval + 0.4)


def _also_at_start(original: Any, samples: Any, transaction: Any) -> None:
    original(samples, transaction)
    samples._periodic[transaction.connector].set(samples._timeline.now + 5.0)


def _twice(original: Any, samples: Any, *args: Any) -> None:
    original(samples, *args)
    original(samples, *args)


def _goes_on(original: Any, samples: Any, connector: int) -> None:
    """Sampling is not stopped, only the next instant is."""


def _since_plug_in(original: Any, outlet: Any) -> Any:
    """The register of the meter is set back whenever a car comes."""
    reading = original(outlet)
    if getattr(outlet, "last_car", outlet) is not outlet.circuit.car:
        outlet.last_car, outlet.base_wh = outlet.circuit.car, reading.register_wh
    return reading._replace(register_wh=reading.register_wh - outlet.base_wh)


def _values(change: Any) -> Any:
    """A payload of MeterValues with every sampled value changed."""

    def changed(payload: Payload) -> Payload:
        for value in payload["meterValue"]:
            value["sampledValue"] = [new for old in value["sampledValue"] if (new := change(old)) is not None]
        return payload

    return says("MeterValues", changed)


def _of(measurand: str, change: Any) -> Any:
    """`_values` for one measurand only."""
    return _values(lambda value: change(value) if value["measurand"] == measurand else value)


def _scaled(factor: float) -> Any:
    return lambda value: {**value, "value": f"{float(value['value']) * factor:.2f}"}


def _stale(original: Any, samples: Any, channel: Any, plan: Any, stamp: Any = None) -> Any:
    """What is sent is the reading before, with the stamp of this one."""
    value = original(samples, channel, plan, stamp)
    kept = samples.__dict__.setdefault("kept", {})
    before = kept.get((channel.connector, id(plan)), value)
    kept[channel.connector, id(plan)] = value
    return {**value, "sampledValue": before["sampledValue"]}


def _without_soc(_: Any, row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*row[:SOC], None, *row[SOC + 1 :])


def _of_one_phase(original: Any, reading: Any, offered_a: Any) -> Any:
    """The total power is that of L1."""
    row = list(original(reading, offered_a))
    row[18] = row[6]
    return tuple(row)


def _swapped(original: Any, reading: Any, offered_a: Any) -> Any:
    """The energy register of L1 stands where the total should."""
    row = list(original(reading, offered_a))
    row[20] = row[12]
    return tuple(row)


def _without(original: Any, plan: Any, wanted: Any, context: str) -> None:
    original(plan, [(name, phase) for name, phase in wanted if name != "Voltage"], context)


def _first_phase(original: Any, plan: Any, wanted: Any, context: str) -> None:
    original(plan, [(name, phase) for name, phase in wanted if phase in (None, "L1")], context)


def _frozen_voltage(original: Any, reading: Any, offered_a: Any) -> Any:
    row = list(original(reading, offered_a))
    row[3:6] = [115.0, 115.0, 115.0]
    return tuple(row)


def _rounded(payload: Payload) -> Payload:
    return payload | {"meterStop": payload["meterStop"] // 1000 * 1000}


def _session_energy(payload: Payload) -> Payload:
    return payload | {"meterStart": 0}


def _no_transaction(payload: Payload) -> Payload:
    return {name: value for name, value in payload.items() if name != "transactionId"}


BUGS: tuple[Bug, ...] = (
    Bug(
        "clock-aligned-late",
        "clock-aligned data is taken a second after its boundary",
        "metering.clock-boundary",
        "9.1.5",
        "charge",
        (Patch("evc5.twin.sessions.samples:next_boundary", around(_late_boundary)),),
    ),
    Bug(
        "clock-aligned-interval-late",
        "clock-aligned data is stamped with the boundary before",
        "metering.clock-complete",
        "9.1.5",
        "charge",
        (Patch(f"{SAMPLES}.post", around(_stamped_before)),),
    ),
    Bug(
        "clock-aligned-from-boot",
        "clock-aligned intervals count from the boot instead of midnight",
        "metering.clock-boundary",
        "4.7, 9.1.5",
        "charge",
        (Patch("evc5.twin.sessions.samples:next_boundary", around(_from_anywhere)),),
    ),
    Bug(
        "clock-aligned-lost-offline",
        "clock-aligned data is not kept while the link is down",
        "metering.clock-complete",
        "4.7, 4.10",
        "outage",
        (Patch(f"{SAMPLES}.post", around(_only_online)),),
    ),
    Bug(
        "clock-boundary-skipped-after-outage",
        "the first boundary after an outage is skipped",
        "metering.clock-complete",
        "4.7, ER 3.15",
        "outage",
        (Patch(f"{SAMPLES}._clock_tick", around(_forgets_first)),),
    ),
    Bug(
        "samples-summed",
        "each sample is due an interval after the last was done, so that they drift",
        "metering.sample-interval",
        "9.1.25",
        "charge",
        (Patch(f"{SAMPLES}._arm", around(_summed)),),
    ),
    Bug(
        "sample-at-start",
        "a sample is sent just after the start, before the first interval is over",
        "metering.sample-interval",
        "9.1.25",
        "charge",
        (Patch(f"{SAMPLES}.start", around(_also_at_start)),),
    ),
    Bug(
        "sample-interval-change-ignored",
        "a new MeterValueSampleInterval has no effect on a running transaction",
        "metering.sample-interval",
        "5.3, 9.1.25",
        "charge",
        (Patch(f"{SAMPLES}._interval_changed", constant(nothing)),),
    ),
    Bug(
        "meter-values-twice",
        "each MeterValues is queued twice",
        "metering.clock-complete",
        "4.7",
        "charge",
        (Patch(f"{SAMPLES}.post", around(_twice)),),
    ),
    Bug(
        "samples-after-stop",
        "sampling goes on after the transaction has stopped",
        "metering.sample-interval",
        "4.7",
        "charge",
        (Patch(f"{SAMPLES}.stop", around(_goes_on)),),
    ),
    Bug(
        "register-reset",
        "the energy register starts from zero with each car",
        "metering.register-monotonic",
        "7.31",
        "charge",
        (Patch("evc5.models.outlet:Outlet.metered", around(_since_plug_in)),),
    ),
    Bug(
        "register-of-one-phase",
        "the total energy register tells that of L1",
        "metering.start-stop",
        "7.31",
        "charge",
        (Patch("evc5.twin.sessions.samples:flat", around(_swapped)),),
    ),
    Bug(
        "reading-stale",
        "each message carries the reading before, with the stamp of this one",
        "metering.true-energy",
        "6.26",
        "charge",
        (Patch(f"{SAMPLES}._meter_value", around(_stale)),),
    ),
    Bug(
        "periodic-context-clock",
        "periodic samples are marked Sample.Clock",
        "metering.clock-boundary",
        "7.33",
        "charge",
        (Patch("evc5.twin.sessions.samples:PERIODIC", constant("Sample.Clock")),),
    ),
    Bug(
        "clock-context-periodic",
        "clock-aligned data is marked Sample.Periodic",
        "metering.clock-complete",
        "7.33",
        "charge",
        (Patch("evc5.twin.sessions.samples:CLOCK", constant("Sample.Periodic")),),
    ),
    Bug(
        "trigger-context-periodic",
        "triggered values are marked Sample.Periodic",
        "metering.sample-interval",
        "7.33",
        "remote",
        (
            Patch(
                "evc5.twin.sessions.samples:Samples.message",
                around(lambda old, s, c, context="": old(s, c, "Sample.Periodic")),
            ),
        ),
    ),
    Bug(
        "begin-data-missing",
        "StopTransaction lacks the Transaction.Begin values",
        "metering.stop-data",
        "6.49, 9.1.30",
        "charge",
        (Patch(f"{SAMPLES}.begin", constant(lambda samples, channel: [])),),
    ),
    Bug(
        "end-context-wrong",
        "the values at the stop are marked Sample.Periodic",
        "metering.stop-data",
        "7.33",
        "charge",
        (Patch("evc5.twin.sessions.samples:END", constant("Sample.Periodic")),),
    ),
    Bug(
        "stop-data-of-wrong-list",
        "transactionData follows MeterValuesSampledData instead of StopTxnSampledData",
        "metering.stop-data",
        "9.1.30",
        "charge",
        (Patch("evc5.twin.sessions.samples:STOP_SAMPLED", constant("MeterValuesSampledData")),),
    ),
    Bug(
        "energy-unit-kilo",
        "watt-hours are told as kWh",
        "metering.true-energy",
        "7.45",
        "charge",
        (_of("Energy.Active.Import.Register", lambda value: {**value, "unit": "kWh"}),),
    ),
    Bug(
        "power-in-kilowatts",
        "kilowatts are told as W",
        "metering.power",
        "7.45",
        "charge",
        (_of("Power.Active.Import", _scaled(0.001)),),
    ),
    Bug(
        "temperature-unit-missing",
        "the temperature is told without its unit, so that it counts as Wh",
        "metering.units",
        "7.44, 7.45",
        "charge",
        (_of("Temperature", lambda v: {k: x for k, x in v.items() if k != "unit"}),),
    ),
    Bug(
        "power-of-one-phase",
        "the power of L1 is told as the total",
        "metering.energy-power",
        "7.31",
        "charge",
        (Patch("evc5.twin.sessions.samples:flat", around(_of_one_phase)),),
    ),
    Bug(
        "voltage-halved",
        "the voltage is told as 115 V",
        "metering.power",
        "7.31",
        "charge",
        (Patch("evc5.twin.sessions.samples:flat", around(_frozen_voltage)),),
    ),
    Bug(
        "current-doubled",
        "twice the current is told",
        "electrical.reported-offer",
        "7.31",
        "charge",
        (_of("Current.Import", _scaled(2.0)),),
    ),
    Bug(
        "measurand-missing",
        "Voltage is configured and not sent",
        "metering.measurands",
        "9.1.17",
        "charge",
        (Patch("evc5.twin.sessions.metering:Plan.__init__", around(_without)),),
    ),
    Bug(
        "phases-missing",
        "only L1 is sent of measurands that have three phases",
        "metering.measurands",
        "9.1.17",
        "charge",
        (Patch("evc5.twin.sessions.metering:Plan.__init__", around(_first_phase)),),
    ),
    Bug(
        "measurand-list-change-ignored",
        "a new MeterValuesSampledData has no effect",
        "metering.measurands",
        "5.3, 9.1.17",
        "charge",
        (
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
        "soc-inverted",
        "what is missing of the charge is told as state of charge",
        "metering.soc",
        "7.31",
        "full",
        (_of("SoC", lambda value: {**value, "value": f"{100.0 - float(value['value']):.1f}"}),),
    ),
    Bug(
        "soc-untold",
        "the state of charge is left out although the car tells it",
        "metering.measurands",
        "7.31, sheet table 3",
        "charge",
        (Patch("evc5.twin.sessions.samples:Samples._told", constant(_without_soc)),),
    ),
    Bug(
        "meter-stop-rounded",
        "meterStop is cut to whole kWh",
        "metering.start-stop",
        "6.49",
        "charge",
        (says("StopTransaction", _rounded),),
    ),
    Bug(
        "meter-start-zero",
        "meterStart is always 0, as if the meter were reset",
        "metering.continuity",
        "6.45",
        "charge",
        (says("StartTransaction", _session_energy),),
    ),
    Bug(
        "transaction-id-missing",
        "MeterValues in a transaction do not carry its id",
        "transaction.carries-id",
        "6.33, ER 3.16",
        "charge",
        (says("MeterValues", _no_transaction),),
    ),
)
