"""Short recordings of a healthy station, and what rows of edges do to them."""

from collections.abc import Iterable
from typing import Any

import foreign
from handmade import Charge, Handmade, _row, at, healthy

CAR = (Charge(1, 60, 90, 1290, 1350),)  # 20 minutes on connector 1
TWO_CARS = (*CAR, Charge(2, 60, 92, 1290, 1350))
START_S, STOP_S, UNPLUG_S = 90.0, 1290.0, 1350.0
END_S = 1800.0
QUIET = {"ClockAlignedDataInterval": "0"}


def short(charges: Iterable[Charge] = CAR, end: float = END_S, **keys: str) -> Handmade:
    return healthy(charges, end, keys)


def idle(end: float = END_S, **keys: str) -> Handmade:
    """Nothing but boot, statuses and heartbeats."""
    made = healthy((), end, QUIET | keys)
    made.drop(*made.calls("MeterValues"))
    return made


def shifted(made: Handmade, line: dict[str, Any], by_s: float) -> None:
    """A CALL and its reply go so much later."""
    for one in (line, made.reply_to(line)):
        one["t"] += by_s
        one["at"] = at(one["t"])


def status(made: Handmade, t: float, told: str, connector: int = 1, **more: Any) -> None:
    payload = {"connectorId": connector, "errorCode": "NoError", "status": told, "timestamp": at(t)}
    made.interject(t, "StatusNotification", payload | more)


def order(made: Handmade, t: float, action: str, payload: Any, reply: Any = None) -> None:
    """A CALL of the CSMS, answered at t."""
    answer = {"status": "Accepted"} if reply is None else reply
    made.interject(t - 0.05, action, payload, answer, direction="down")


def unanswered(made: Handmade, t: float, action: str = "Heartbeat") -> None:
    """A CALL of the station that meets silence, and one a minute later that does not."""
    made.interject(t, action, {}, {"currentTime": at(t)})
    made.lines.pop()
    made.interject(t + 40.0, "Heartbeat", {}, {"currentTime": at(t + 40.0)})


def profile(limit: float, unit: str = "A", phases: int | None = None, **fields: Any) -> dict[str, Any]:
    """A TxDefaultProfile of one period, from long ago on."""
    return foreign.profile(foreign.period(limit, phases=phases), unit=unit, **fields)


def limited(made: Handmade, t: float, wire: dict[str, Any], connector: int = 1) -> None:
    """A profile accepted at t."""
    order(made, t, "SetChargingProfile", {"connectorId": connector, "csChargingProfiles": wire})


def painted(
    made: Handmade,
    since: float,
    until: float,
    connector: int = 1,
    step_s: float = 0.0,
    charges: tuple[Charge, ...] = CAR,
    **columns: Any,
) -> None:
    """Telemetry shows these values from `since` to `until`; with a step, in rows so far apart.

    A column named without its phase is all three of it.
    """
    instants = {since, until}
    if step_s:
        instants |= {since + n * step_s for n in range(1, int((until - since) / step_s) + 1)}
    known = {row["t"] for row in made.rows if row["connector"] == connector}
    for t in instants - known:
        made.rows.append(_row_at(made, charges, connector, t))
    for row in made.rows:
        if row["connector"] == connector and since <= row["t"] < until:
            row |= _by_phase(row, columns)


def _row_at(made: Handmade, charges: tuple[Charge, ...], connector: int, t: float) -> dict[str, Any]:
    """One more row, as the one before it stands, with the energy of its instant."""
    before = max(
        (row for row in made.rows if row["connector"] == connector and row["t"] <= t),
        key=lambda row: row["t"],
    )
    fresh = _row(charges, connector, t)
    return before | {name: fresh[name] for name in ("t", "energy_wh", "register_wh")}


def _by_phase(row: dict[str, Any], columns: dict[str, Any]) -> dict[str, Any]:
    """`offered_a=6` stands for offered1_a to offered3_a."""
    told: dict[str, Any] = {}
    for name, value in columns.items():
        stem, _, unit = name.rpartition("_")
        names = [name] if name in row else [f"{stem}{n}_{unit}" for n in (1, 2, 3)]
        told |= dict.fromkeys(names, value)
    return told
