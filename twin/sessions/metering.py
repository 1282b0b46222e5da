"""From a meter reading to OCPP sampledValue entries: which quantities, in which form.

Everything about a configured list that does not change from sample to sample is worked out once, in a `Plan`.
"""

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from evc5.models.functions import ONE, Functions
from evc5.models.meter import Metered
from evc5.models.supply import Three
from evc5.twin.ocpp.frames import Payload
from evc5.twin.ocpp.schemas import validator
from evc5.twin.sheet.keys import PHASES
from evc5.twin.sheet.rows import MEASURED

PERIODIC, CLOCK, BEGIN, END, TRIGGER = (
    "Sample.Periodic",
    "Sample.Clock",
    "Transaction.Begin",
    "Transaction.End",
    "Trigger",
)


class Quantity(NamedTuple):
    """One measurand as the device reports it: its digits, and where its values stand in `flat`."""

    form: str
    phases: int | None  # index of L1 in `flat`; L2 and L3 follow
    total: int | None


# Indices into `flat`; the measurands are the sheet's table 3.
QUANTITIES = {
    "Current.Import": Quantity("%.2f", 0, None),
    "Voltage": Quantity("%.1f", 3, None),
    "Power.Active.Import": Quantity("%.1f", 6, 18),
    "Power.Factor": Quantity("%.3f", 9, 19),
    "Energy.Active.Import.Register": Quantity("%d", 12, 20),
    "Current.Offered": Quantity("%.2f", 15, None),
    "SoC": Quantity("%.1f", None, 21),
    "Frequency": Quantity("%.2f", None, 22),
    "Temperature": Quantity("%.1f", None, 23),
}
SOC = 21
REGISTERS = (12, 13, 14, 20)
NOT_METERED = {15, 16, 17, SOC, 23}  # the offer, the car's charge and the sensor: not the kWh meter's


Row = tuple[Any, ...]
"""Numbers in that order (of many instants: arrays where they differ); SoC is None where no car tells it."""
Entry = tuple[int, str, Payload]
"""Where a value stands in `flat`, its format, and its sampledValue but for the value itself."""


def flat(metered: Metered, offered_a: Three, fn: Functions = ONE) -> Row:
    """What was read as one row, in the order that `QUANTITIES` counts on."""
    i_a, u_v, phase_w, p_w, pf, register_wh, register_phase_wh, soc, temp_c, frequency_hz = metered
    return (
        *i_a, *u_v, *phase_w,
        *(fn.where(amps != 0.0, pf, 1.0) for amps in i_a),
        *register_phase_wh, *offered_a,
        p_w, pf, register_wh, None if soc is None else soc * 100.0, frequency_hz, temp_c,
    )  # fmt: skip


def whole(rows: Sequence[Row]) -> Row:
    """The station as connector 0 tells it, there being no central meter: its outlets together."""
    first = rows[0]
    columns = list(zip(*rows, strict=True))
    volts = first[3:6]
    currents = tuple(map(sum, columns[0:3]))
    powers = tuple(map(sum, columns[6:9]))
    factors = tuple(
        min(p / (u * i), 1.0) if u * i else 1.0 for p, u, i in zip(powers, volts, currents, strict=True)
    )
    apparent = sum(u * i for u, i in zip(volts, currents, strict=True))
    total = sum(columns[18])
    return (
        *currents, *volts, *powers, *factors,
        *map(sum, columns[12:18]),
        total, min(total / apparent, 1.0) if apparent else 1.0, sum(columns[20]), None, first[22],
        max(columns[23]),
    )  # fmt: skip


class Plan:
    """A list of measurands, each with its phase or None for the total, ready to be filled in."""

    def __init__(self, wanted: Iterable[tuple[str, str | None]], context: str) -> None:
        self.context = context
        self._rows = [_row(measurand, phase, context) for measurand, phase in wanted]
        metered = [row for row in self._rows if row[0] in NOT_METERED]
        self._told = {  # by whether a car tells its SoC, and whether the kWh meter answers
            (True, True): self._rows,
            (False, True): [row for row in self._rows if row[0] != SOC],
            (True, False): metered,
            (False, False): [row for row in metered if row[0] != SOC],
        }
        self._fill = {known: _filler(rows) for known, rows in self._told.items()}
        entries = [{**entry, "value": "0"} for _, _, entry in self._rows]
        self.is_valid = _is_valid(entries)  # whatever the values are: they are text, and all else is fixed

    def __bool__(self) -> bool:
        return bool(self._rows)

    def told(self, with_soc: bool, meter_answers: bool = True) -> list[Entry]:
        """What is told: no SoC while no car tells it, nothing that the kWh meter measures while that does not
        answer."""
        return self._told[with_soc, meter_answers]

    def sampled(self, row: Row, meter_answers: bool = True) -> list[Payload]:
        """The sampledValue list of a row of `flat`."""
        return self._fill[row[SOC] is not None, meter_answers](row)


def _is_valid(entries: list[Payload]) -> bool:
    """Does a MeterValues with these entries keep to its schema?"""
    check = validator("MeterValues")
    values = [{"timestamp": "2024-01-01T00:00:00.000Z", "sampledValue": entries}]
    return check is not None and check.is_valid({"connectorId": 1, "transactionId": 1, "meterValue": values})


def _row(measurand: str, phase: str | None, context: str) -> Entry:
    quantity = QUANTITIES[measurand]
    first = quantity.phases if phase is not None else quantity.total
    if first is None:
        raise KeyError(f"{measurand} has no value for {phase or 'all phases together'}")
    entry = {"context": context, "measurand": measurand, "phase": phase, "unit": MEASURED[measurand].unit}
    kept = {key: value for key, value in entry.items() if value}
    return first + (PHASES.index(phase) if phase else 0), quantity.form, kept


def _filler(rows: Sequence[Entry]) -> Callable[[Row], list[Payload]]:
    """One formatting operation for all values: several times cheaper than one each."""
    if not rows:
        return lambda _: []
    indices = [index for index, _, _ in rows]
    pick = itemgetter(*indices) if len(indices) > 1 else lambda row: (row[indices[0]],)
    form = "|".join(form for _, form, _ in rows)
    blanks = [{"value": "", **head} for _, _, head in rows]

    def fill(row: Row) -> list[Payload]:
        entries = [blank.copy() for blank in blanks]  # copied and set: half the cost of merging two dicts
        for entry, value in zip(entries, (form % pick(row)).split("|"), strict=True):
            entry["value"] = value
        return entries

    return fill
