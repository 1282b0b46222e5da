"""What the metal's currents teach: its meter's gain, ramps, steps of derating, how two connectors share.

Only what instruments have read teaches it: telemetry that was made of the charge point's own words is none.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from evc5.rigs.shadow.metal import Metal
from evc5.rigs.shadow.seen import GAIN, RAMP, Learned
from evc5.rigs.shadow.steps import steps

LEAST_WH = 500.0  # of a transaction whose register teaches a gain: a meter of 1 Wh is then 0.2 % off; assumed
OFF_A, ON_A = 0.5, 5.0  # below no current, above a charging car; assumed
RISES_WITHIN_S = 30.0  # assumed: a ramp is over by then
STEADY_A = 0.3  # assumed: less is no ramp any more
FROM_PART, TO_PART = 0.1, 0.9  # of the current that is reached: where a ramp is timed
LEAST_STEPS = 2.0  # readings that a ramp spans, else it is faster than they tell
EQUAL_A = 1.0  # assumed: two offers no further apart are equal
CONNECTORS = (1, 2)
FIRST, EQUAL = "first-come", "equal"

Array = np.ndarray[Any, np.dtype[Any]]


def flow(metal: Metal) -> list[Learned]:
    """All that the recording shows; nothing where no instrument has read."""
    if metal.run.summary.get("telemetry", {}).get("source") == "meter_values":
        return []
    rows = metal.run.telemetry
    by_connector = {n: rows[rows["connector"] == n].sort_values("t") for n in CONNECTORS}
    found = [*_gains(metal, by_connector), *_ramps(metal, by_connector), *steps(metal, by_connector)]
    return [one for one in found if one.seen]


def sharing(metal: Metal) -> tuple[str, int] | None:
    """How two connectors that charge at once share what there is, and at how many changes that was seen."""
    rows = metal.run.telemetry
    offers = [rows[rows["connector"] == n].sort_values("t") for n in CONNECTORS]
    if any(part["offered1_a"].notna().sum() == 0 for part in offers):
        return None
    t_s = np.unique(np.concatenate([part["t"].to_numpy() for part in offers]))
    first, second = (_stepped(part, "offered1_a", t_s) for part in offers)
    limit_a = np.nanmax(first + second)
    short = (
        (first > 0) & (second > 0) & (first + second > limit_a - EQUAL_A) & (limit_a < _most(first, second))
    )
    if not short.any():
        return None
    is_equal = np.abs(first - second)[short] <= EQUAL_A
    seen = {EQUAL: int(is_equal.sum()), FIRST: int((~is_equal).sum())}
    policy = max(seen, key=lambda name: seen[name])
    return policy, seen[policy]


def _most(first: Array, second: Array) -> float:
    """What both would be offered, had each all that one ever was alone."""
    return float(np.nanmax(first) + np.nanmax(second))


def _gains(metal: Metal, by_connector: dict[int, pd.DataFrame]) -> Iterator[Learned]:
    """What the charger counted of each transaction, against what the reference did."""
    seen = []
    for connector, began_s, ended_s, told_wh in _transactions(metal):
        rows = by_connector.get(connector)
        if rows is None or rows["energy_wh"].notna().sum() < 2:
            continue
        known = rows.dropna(subset=["energy_wh"])
        since, until = np.interp([began_s, ended_s], known["t"], known["energy_wh"])
        if until - since >= LEAST_WH:
            seen.append(100.0 * (told_wh / float(until - since) - 1.0))
    yield Learned("the gain of its kWh meters", GAIN, "%", tuple(seen))


def _transactions(metal: Metal) -> Iterator[tuple[int, float, float, float]]:
    """Connector, begin and end in seconds of the run, and the Wh counted, of each that was told as it was."""
    begun: dict[int, tuple[int, float, float]] = {}
    for call, reply in metal.calls:
        told = call.payload
        if call.action == "StartTransaction" and reply is not None and reply.kind == "CALLRESULT":
            begun[reply.payload.get("transactionId", 0)] = (told["connectorId"], call.t, told["meterStart"])
        elif call.action == "StopTransaction" and told.get("transactionId") in begun:
            connector, began_s, from_wh = begun.pop(told["transactionId"])
            yield connector, began_s, call.t, told["meterStop"] - from_wh


def _ramps(metal: Metal, by_connector: dict[int, pd.DataFrame]) -> Iterator[Learned]:
    """How fast each car's current rises from nothing to what is drawn, A/s on a phase."""
    seen: defaultdict[str, list[float]] = defaultdict(list)
    for connector, rows in by_connector.items():
        known = rows.dropna(subset=["i1_a"])
        t_s, amps = known["t"].to_numpy(), known["i1_a"].to_numpy()
        for k in np.flatnonzero((amps[:-1] < OFF_A) & (amps[1:] >= OFF_A)).tolist():
            seen[_car(metal, connector, float(t_s[k]))] += _ramp(t_s, amps, k)
    for car, slopes in sorted(seen.items()):
        whose = f"the current of {car}" if car else "a car's current"
        yield Learned(f"how fast {whose} rises", RAMP, "A/s", tuple(slopes), of=car)


def _car(metal: Metal, connector: int, t_s: float) -> str:
    """Which car was plugged in last, as the recording names it; nothing where it does not."""
    came = [one for one in metal.hands if one.event == "plug-in" and one.connector == connector]
    return next((str(one.detail.get("vehicle") or "") for one in reversed(came) if one.t_s <= t_s), "")


def _ramp(t_s: Array, amps: Array, k: int) -> list[float]:
    """The slope of one rise, which begins at row `k`; empty where it is not over, or faster than told."""
    window = (t_s >= t_s[k]) & (t_s <= t_s[k] + RISES_WITHIN_S)
    t_s, amps = t_s[window], amps[window]
    reached = amps[-1]
    settled = np.flatnonzero(amps >= reached - STEADY_A)
    if reached < ON_A or len(settled) == 0 or (np.abs(amps[settled[0] :] - reached) > STEADY_A).any():
        return []
    rising = slice(0, settled[0] + 1)
    since, until = np.interp([FROM_PART * reached, TO_PART * reached], amps[rising], t_s[rising])
    step_s = float(np.median(np.diff(t_s[rising]))) if settled[0] > 0 else np.inf
    if until - since < LEAST_STEPS * step_s:
        return []
    return [float((TO_PART - FROM_PART) * reached / (until - since))]


def _stepped(rows: pd.DataFrame, column: str, t_s: Array) -> Array:
    """What stood in a column at each instant: as it was told last."""
    known = rows.dropna(subset=[column])
    place = np.searchsorted(known["t"].to_numpy(), t_s, side="right") - 1
    found: Array = np.where(place >= 0, known[column].to_numpy()[np.maximum(place, 0)], 0.0)
    return found
