"""From a meter reading to OCPP sampledValue entries: which quantities, in which form.

Everything about a configured list that does not change from sample to sample is worked out once, in a `Plan`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from models.segment import Reading
from twin.frames import Payload

PHASES = ("L1", "L2", "L3")
PERIODIC, CLOCK, BEGIN, END, TRIGGER = (
    "Sample.Periodic",
    "Sample.Clock",
    "Transaction.Begin",
    "Transaction.End",
    "Trigger",
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """One measurand as the device reports it: its unit, its digits, and where its values stand in `flat`."""

    unit: str | None
    form: str
    phases: int | None  # index of L1 in `flat`; L2 and L3 follow
    total: int | None


# Indices into `flat`; the measurands are the sheet's table 3. A current or a voltage has no total.
QUANTITIES = {
    "Current.Import": Quantity("A", "%.2f", 0, None),
    "Voltage": Quantity("V", "%.1f", 3, None),
    "Power.Active.Import": Quantity("W", "%.1f", 6, 18),
    "Power.Factor": Quantity(None, "%.3f", 9, 19),
    "Energy.Active.Import.Register": Quantity("Wh", "%d", 12, 20),
    "Current.Offered": Quantity("A", "%.2f", 15, None),
    "SoC": Quantity("Percent", "%.1f", None, 21),
    "Frequency": Quantity(None, "%.2f", None, 22),
    "Temperature": Quantity("Celsius", "%.1f", None, 23),
}
SOC = 21


def flat(reading: Reading, offered_a: tuple[float, float, float]) -> tuple[Any, ...]:
    """A reading as one row, in the order that `QUANTITIES` counts on."""
    i1, i2, i3 = reading.i_a
    u1, u2, u3 = reading.u_v
    pf = reading.pf
    if pf is None:
        pf = 1.0  # no current flows: the meter shows unity
    w1, w2, w3 = reading.register_phase_wh
    soc = reading.soc
    return (
        i1, i2, i3, u1, u2, u3,
        u1 * i1 * pf, u2 * i2 * pf, u3 * i3 * pf,
        pf if i1 else 1.0, pf if i2 else 1.0, pf if i3 else 1.0,
        w1, w2, w3, *offered_a,
        reading.p_w, pf, reading.register_wh,
        None if soc is None else soc * 100.0, reading.frequency_hz, reading.temp_c,
    )  # fmt: skip


class Plan:
    """A list of measurands, each with its phase or None for the total, ready to be filled in."""

    def __init__(self, wanted: Iterable[tuple[str, str | None]], context: str) -> None:
        self._rows = [_row(measurand, phase, context) for measurand, phase in wanted]
        self._fill = _filler(self._rows)
        self._fill_without_soc = _filler([row for row in self._rows if row[0] != SOC])

    def __bool__(self) -> bool:
        return bool(self._rows)

    def sampled(self, row: tuple[Any, ...]) -> list[Payload]:
        """The sampledValue list for a row of `flat`; SoC is left out while no car is there to tell it."""
        return (self._fill if row[SOC] is not None else self._fill_without_soc)(row)


def _row(measurand: str, phase: str | None, context: str) -> tuple[int, str, Payload]:
    """Where a value stands in `flat`, its format, and its entry but for the value itself."""
    quantity = QUANTITIES[measurand]
    first = quantity.phases if phase is not None else quantity.total
    if first is None:
        raise KeyError(f"{measurand} has no value for {phase or 'all phases together'}")
    entry = {"context": context, "measurand": measurand, "phase": phase, "unit": quantity.unit}
    kept = {key: value for key, value in entry.items() if value is not None}
    return first + (PHASES.index(phase) if phase else 0), quantity.form, kept


def _filler(rows: Sequence[tuple[int, str, Payload]]) -> Callable[[tuple[Any, ...]], list[Payload]]:
    """One formatting operation for all values: several times cheaper than one each."""
    if not rows:
        return lambda _: []
    indices = [index for index, _, _ in rows]
    pick = itemgetter(*indices) if len(indices) > 1 else lambda row: (row[indices[0]],)
    form = "|".join(form for _, form, _ in rows)
    heads = [head for _, _, head in rows]

    def fill(row: tuple[Any, ...]) -> list[Payload]:
        values = (form % pick(row)).split("|")
        return [{"value": value, **head} for value, head in zip(values, heads, strict=True)]

    return fill
