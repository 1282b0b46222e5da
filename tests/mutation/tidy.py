"""What two recordings of a small rig must have in common, where something prescribes it."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq

Row = dict[str, Any]
Frame = tuple[float, str, list[Any], bool]  # when, which way, the array, lost?

FLOWS = {  # they move by themselves; all else stays until a row tells that it changed
    *("t", "energy_wh", "register_wh", "soc", "temp_c", "p_w", "pf"),
    *(f"{name}{k}_{unit}" for k in (1, 2, 3) for name, unit in (("demand", "a"), ("i", "a"), ("u", "v"))),
}
SAME_S = 0.1  # frames so near one another may go in any order
HAIR_S = 0.001  # instants are written to the millisecond
TO_MS = 3


@dataclass(frozen=True, slots=True)
class Tidy:
    """A recording without what nothing prescribes."""

    frames: dict[bytes, list[float]]  # what is told, and when each time
    steps: list[bytes]  # of telemetry: what does not move by itself, at each of its changes
    rows: dict[tuple[float, int], bytes]  # by instant and connector


def alike(one: Tidy, other: Tidy) -> bool:
    """Is the same told in both?

    A row of telemetry that only one has tells nothing else where what the rows before and after it tell is
    the same: it is written whenever anything happens, be it for the station's own log.
    """
    both = one.rows.keys() & other.rows.keys()
    same = all(one.rows[key] == other.rows[key] for key in both)
    return same and one.steps == other.steps and _are_near(one.frames, other.frames)


def _are_near(one: dict[bytes, list[float]], other: dict[bytes, list[float]]) -> bool:
    """Are the same frames told at the same times, but for a tenth of a second?"""
    return one.keys() == other.keys() and all(
        len(times) == len(other[told])
        and all(abs(a - b) <= SAME_S + HAIR_S for a, b in zip(times, other[told], strict=True))
        for told, times in one.items()
    )


def tidied(directory: Path) -> Tidy:
    """Read so.

    Left out are message ids; the order of frames within a tenth of a second; the free text of CALLERRORs
    (J 4.2.3) and of StatusNotification's info (6.47); a status that another follows in the same instant, with
    the same stamp; the status of a station that is down, which tells none; of a composite schedule the period
    that says what the one before it said (the limit at each second is the same); and the power factor of a
    phase without current, which is 0/0.
    """
    rows = list(_rows(directory))
    steps, at = list(_steps(rows)), {(row["t"], row["connector"]): orjson.dumps(row) for row in rows}
    frames: dict[bytes, list[float]] = {}
    for t, told in _told(list(_frames(directory))):
        frames.setdefault(told, []).append(t)
    return Tidy(frames, steps, at)


# -- frames ------------------------------------------------------------------------------------------


def _frames(directory: Path) -> Iterator[Frame]:
    for line in (directory / "messages.jsonl").read_bytes().splitlines():
        row = orjson.loads(line)
        frame = row.get("frame")
        yield row["t"], row["dir"], frame if isinstance(frame, list) else [row.get("text")], "lost" in row


def _told(frames: list[Frame]) -> Iterator[tuple[float, bytes]]:
    overtaken = _overtaken(frames)
    actions = {frame[1]: frame[2] for _, _, frame, _ in frames if frame[0] == 2}
    for t, way, frame, lost in frames:
        if len(frame) > 1 and frame[1] in overtaken:
            continue
        if frame[0] == 2:
            frame = [frame[2], _metered({k: v for k, v in frame[3].items() if k != "info"})]
        elif len(frame) > 1:
            frame = [actions.get(frame[1], "?"), _merged(frame[2])]  # the payload, or the code
        yield t, orjson.dumps([way, lost, frame])


def _overtaken(frames: list[Frame]) -> set[str]:
    """The StatusNotifications that another of their connector and their instant follows."""
    last: dict[tuple[int, str], str] = {}
    found = set()
    for _, _, frame, _ in frames:
        if frame[0] == 2 and frame[2] == "StatusNotification":
            key = frame[3]["connectorId"], frame[3].get("timestamp", frame[1])
            found |= {last[key]} if key in last else set()
            last[key] = frame[1]
    return found


def _metered(payload: Row) -> Row:
    for name in ("meterValue", "transactionData"):
        if name in payload:
            readings = [{**one, "sampledValue": _sampled(one["sampledValue"])} for one in payload[name]]
            payload = {**payload, name: readings}
    return payload


def _sampled(values: list[Row]) -> list[Row]:
    amps = [one for one in values if one.get("measurand") == "Current.Import" and "phase" in one]
    still = {one["phase"] for one in amps if float(one["value"]) == 0.0}
    return [one for one in values if one.get("measurand") != "Power.Factor" or one.get("phase") not in still]


def _merged(payload: Any) -> Any:
    schedule = payload.get("chargingSchedule") if isinstance(payload, dict) else None
    if not isinstance(schedule, dict):
        return payload
    periods = schedule["chargingSchedulePeriod"]
    told = [{k: v for k, v in period.items() if k != "startPeriod"} for period in periods]
    news = [period for k, period in enumerate(periods) if k == 0 or told[k] != told[k - 1]]
    return payload | {"chargingSchedule": schedule | {"chargingSchedulePeriod": news}}


# -- telemetry ---------------------------------------------------------------------------------------


def _rows(directory: Path) -> Iterator[Row]:
    down = _down(directory)
    for part in sorted((directory / "telemetry.parquet").glob("*.parquet")):
        for row in pq.read_table(part).to_pylist():
            if any(since <= row["t"] <= until for since, until in down):
                del row["status"]
            yield {k: round(v, 6) if isinstance(v, float) else v for k, v in row.items() if k != "at"}


def _steps(rows: list[Row]) -> Iterator[bytes]:
    last: dict[int, Row] = {}
    for row in rows:
        told = {name: value for name, value in row.items() if name not in FLOWS}
        if told != last.get(row["connector"]):
            yield orjson.dumps([round(row["t"], TO_MS), told])
        last[row["connector"]] = told


def _down(directory: Path) -> list[tuple[float, float]]:
    """From each power cut or restart to the BootNotification after it."""
    events = [orjson.loads(line) for line in (directory / "events.jsonl").read_bytes().splitlines()]
    booted = [t for t, way, frame, _ in _frames(directory) if way == "up" and "BootNotification" in frame]
    ends = [row["t"] for row in events if row["event"] in ("power-cut", "reset")]
    return [(t, min([boot for boot in booted if boot > t], default=inf)) for t in ends]
