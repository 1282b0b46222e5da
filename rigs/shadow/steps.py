"""At which temperature the metal's offer was taken back by heat, and given back by cooling.

Its firmware acts on the hottest of its sensors, of which it may tell one alone: what is learned is a bound.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evc5.rigs.shadow.metal import Metal
from evc5.rigs.shadow.seen import DERATING, GIVEN_BACK, NOT_TOLD, Learned

STEP_A = 0.4  # a smaller change of the offer is the rounding of an 8-bit pilot, 60 A / 256
DISTURBED_S = 20.0  # assumed: so soon after a profile, a start or a stop an offer changes for that
TOLD_WITHIN_S = 300.0  # assumed: a sensor is told so often where derating is to be learned
DIGITS, LEAST_DIGIT_K = 2.0, 0.1  # assumed: a sensor is no further off, of what it tells to such a digit
SETTLING = ("SetChargingProfile", "ClearChargingProfile", "StartTransaction", "StopTransaction", "Reset")
WORDS = {DERATING: "heat takes", GIVEN_BACK: "cooling gives back", NOT_TOLD: "something takes"}
AT_LEAST = "at least: of {told}, another may have been hotter"
COOLER = "no hotter than what was borne without it: not used"

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Sensor:
    """What one sensor told, in the order of time."""

    t_s: Array
    temp_c: Array

    def at(self, t_s: Array) -> Array:
        """°C at each instant, between the readings around it; not known far from any."""
        place = np.clip(np.searchsorted(self.t_s, t_s), 1, max(len(self.t_s) - 1, 1))
        near = [np.abs(self.t_s[np.minimum(place - n, len(self.t_s) - 1)] - t_s) for n in (0, 1)]
        known = np.minimum(*near) <= TOLD_WITHIN_S
        return np.where(known, np.interp(t_s, self.t_s, self.temp_c), np.nan)

    @property
    def off_k(self) -> float:
        """How far what it tells may be from what it has, but for what all its readings have in common."""
        jumps = np.abs(np.diff(self.temp_c))
        return DIGITS * max(float(jumps[jumps > 0.0].min(initial=np.inf)), LEAST_DIGIT_K)

    def around(self, t_s: float) -> tuple[float, float]:
        """The readings before and after an instant."""
        after = int(np.clip(np.searchsorted(self.t_s, t_s), 0, len(self.t_s) - 1))
        return float(self.temp_c[max(after - 1, 0)]), float(self.temp_c[after])


@dataclass(frozen=True, slots=True)
class Step:
    """A change of the offer that nothing but heat explains."""

    key: str
    amps: tuple[float, float]
    temp_c: float
    around_c: tuple[float, float]


def steps(metal: Metal, by_connector: dict[int, pd.DataFrame]) -> Iterator[Learned]:
    """Each step of the offer with all its sightings, if nothing else had happened."""
    settling = np.array(sorted(call.t for call, _ in metal.calls if call.action in SETTLING))
    found: defaultdict[tuple[str, tuple[float, float]], list[Step]] = defaultdict(list)
    told = 0
    for connector, rows in by_connector.items():
        known = rows.dropna(subset=["offered1_a"])
        if sensors := _sensors(metal, connector):
            told = max(told, len(sensors))
            for one in _steps(known["t"].to_numpy(), known["offered1_a"].to_numpy(), sensors, settling):
                found[one.key, one.amps].append(one)
    for (key, (from_a, to_a)), some in sorted(found.items(), key=lambda one: one[0][1], reverse=True):
        yield Learned(
            f"{WORDS[key]} {from_a:g} A to {to_a:g} A", key, "°C", tuple(one.temp_c for one in some),
            amps=(from_a, to_a), around=tuple(temp_c for one in some for temp_c in one.around_c),
            note=COOLER if key == NOT_TOLD else AT_LEAST.format(told=_count(told)),
        )  # fmt: skip


def _steps(t_s: Array, offer_a: Array, sensors: list[Sensor], settling: Array) -> Iterator[Step]:
    if len(t_s) == 0:
        return
    by_sensor = np.stack([one.at(t_s) for one in sensors])
    hottest_c = np.fmax.reduce(by_sensor)
    for k in (np.flatnonzero(np.abs(np.diff(offer_a)) > STEP_A) + 1).tolist():
        disturbed = ((settling <= t_s[k] + 1.0) & (settling >= t_s[k] - DISTURBED_S)).any()
        from_a, to_a = float(offer_a[k - 1]), float(offer_a[k])
        if disturbed or min(from_a, to_a) <= 0.0 or np.isnan(hottest_c[k]):
            continue
        sensor = sensors[int(np.nanargmax(by_sensor[:, k]))]
        around_c = sensor.around(float(t_s[k]))
        key = GIVEN_BACK if to_a > from_a else DERATING
        if key == DERATING and _borne(hottest_c[:k], offer_a[:k], from_a) > max(around_c) + sensor.off_k:
            key = NOT_TOLD
        yield Step(key, (round(from_a, 1), round(to_a, 1)), float(hottest_c[k]), around_c)


def _borne(temp_c: Array, offer_a: Array, from_a: float) -> float:
    """The hottest that was told while as much was offered: a step of this sensor lies above it."""
    return float(np.fmax.reduce(temp_c[offer_a >= from_a - STEP_A], initial=-np.inf))


def _sensors(metal: Metal, connector: int) -> list[Sensor]:
    """All that told a temperature of a connector or of the whole station: instruments, and its own."""
    read = metal.run.telemetry
    parts = [read[read["connector"] == connector].dropna(subset=["temp_c"])[["t", "temp_c"]]]
    told = metal.run.meter_values
    told = told[(told["measurand"] == "Temperature") & told["connector"].isin((0, connector))]
    told = told.assign(temp_c=_celsius(told)).dropna(subset=["temp_c"])
    parts += [rows[["t", "temp_c"]] for _, rows in told.groupby(["connector", "location"], observed=True)]
    return [
        Sensor(rows["t"].to_numpy(float), rows["temp_c"].to_numpy(float))
        for rows in (part.sort_values("t", kind="stable") for part in parts)
        if len(rows)
    ]


def _celsius(told: pd.DataFrame) -> pd.Series:
    """Their values in °C, whichever of OCPP's units they are told in (OCPP 1.6, 7.45)."""
    value, unit = told["value"], told["unit"].astype("object")
    return value.where(unit != "Fahrenheit", (value - 32.0) / 1.8).where(unit != "K", value - 273.15)


def _count(sensors: int) -> str:
    return "the one sensor told" if sensors == 1 else f"the hottest of {sensors} sensors told"
