"""Which car stood there, as far as the recording tells."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from evc5.models.vehicles import Vehicle
from evc5.rigs.shadow.hands import Hand
from evc5.rigs.shadow.metal import Metal

USUAL = "vw-id3-58"  # where nothing is told of it
LEARNED = "-learned"  # of a car like another but for what a shadow has learned of it
USUAL_SOC = 0.3  # assumed: it takes what the transaction took, at least
CABLE_A = 32.0
GRID_V = 230.0
LEAST_A = 1.0  # a phase that carries less is not in use


@dataclass(frozen=True, slots=True)
class Car:
    vehicle: Vehicle
    soc: float  # 0 to 1 on arrival
    cable_a: float = CABLE_A


def car_of(metal: Metal, hand: Hand, named: str | None, known: Mapping[str, Vehicle]) -> Car:
    """The car of a plug-in: the recording's own, the named one, else the preset nearest in current."""
    told = str(hand.detail.get("vehicle"))
    until_s = _leaves_s(metal, hand)
    if told not in known:
        told = named or _nearest(metal, hand, until_s, known)
    told = f"{told}{LEARNED}" if f"{told}{LEARNED}" in known else told
    vehicle = known[told]
    soc = hand.detail.get("soc")
    if soc is None:
        soc = _soc(metal, hand, until_s, vehicle)
    return Car(vehicle, float(soc), float(hand.detail.get("cable_a") or CABLE_A))


def _leaves_s(metal: Metal, hand: Hand) -> float:
    gone = (
        other.t_s
        for other in metal.hands
        if (other.event, other.connector) == ("unplug", hand.connector) and other.t_s > hand.t_s
    )
    return next(gone, metal.ended_s)


def _readings(metal: Metal, hand: Hand, until_s: float) -> pd.DataFrame:
    """What its connector's meter told while it stood there."""
    told = metal.run.meter_values
    return told[(told["connector"] == hand.connector) & told["t"].between(hand.t_s, until_s)]


def _nearest(metal: Metal, hand: Hand, until_s: float, known: Mapping[str, Vehicle]) -> str:
    """By the phases that carried current and the highest of them; the usual one where none was told."""
    here = _readings(metal, hand, until_s)
    amps = here[here["measurand"] == "Current.Import"].groupby("phase", dropna=True)["value"].max()
    used = [float(most) for most in amps if most >= LEAST_A]
    if not used:
        return USUAL
    fitting = {name: car for name, car in known.items() if car.phases == len(used)}
    return min(fitting or known, key=lambda name: (abs(known[name].max_a - max(used)), name))


def _soc(metal: Metal, hand: Hand, until_s: float, vehicle: Vehicle) -> float:
    """As told, else what leaves room for just the energy that it took, where it stopped by itself."""
    here = _readings(metal, hand, until_s)
    percent = here[here["measurand"] == "SoC"]["value"]
    if len(percent) and 0.0 <= percent.iloc[0] <= 100.0:
        return float(percent.iloc[0]) / 100.0
    since, until = (metal.run.start + timedelta(seconds=t_s) for t_s in (hand.t_s, until_s))
    runs = metal.run.transactions
    runs = runs[(runs["connector"] == hand.connector) & runs["start"].between(since, until)]
    took_wh = float((runs["meter_stop_wh"] - runs["meter_start_wh"]).sum())
    ac_w = vehicle.phases * vehicle.max_a * GRID_V
    room = vehicle.dc_w(ac_w) / ac_w * took_wh / vehicle.usable_wh
    statuses = [
        call.payload.get("status")
        for call, _ in metal.calls
        if call.action == "StatusNotification"
        and call.payload.get("connectorId") == hand.connector
        and hand.t_s <= call.t <= until_s
    ]
    return min(max(1.0 - room, 0.0), 1.0) if "SuspendedEV" in statuses and room > 0.0 else USUAL_SOC
