"""Numbers by which a recording is read: its clock, its outages, the order in which it tells."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foreign import BEGIN_S, REPLY_S, Log, at, register
from handmade import Charge, Handmade
from handmade import at as run_at

from edges import Edge, Recording, judged
from edges.short import END_S, STOP_S, idle, order, painted, shifted, short
from evc5.rigs.checks.reading.transcripts import Transcript
from evc5.rigs.errors import BadInput

FRESH_S = BEGIN_S + 60  # when the first value was told


# -- the clock of a run ------------------------------------------------------------------------------


def drifting(made: Handmade, offset_s: float, set_s: float, step_s: float) -> Handmade:
    """A clock that hardly drifts, and was once set."""
    made.summary["clock"] = {"offset_s": offset_s, "drift_ppm": 0.001}
    made.event(set_s, None, "clock-set", offset_s=step_s)
    return made


def a_clock_set_back_by(x: float) -> Handmade:
    """The stamps before it are those of the run."""
    made = short()
    made.calls("StopTransaction")[0]["frame"][3]["timestamp"] = run_at(STOP_S - x)
    return drifting(made, 0.0, 600.0, -x)


def a_start_ahead_of_a_clock_that_was_off_by(x: float) -> Handmade:
    """It is stamped 2.5 s later than the run has it; 2 s are let pass."""
    made = short()
    made.calls("StartTransaction")[0]["frame"][3]["timestamp"] = run_at(92.5)
    return drifting(made, x, 300.0, -x)


def a_sample_off_beside_a_clock_set(x: float) -> Handmade:
    """The clock gains 0.9 s so long before a sample's stamp that lies 1.5 s off."""
    made = short()
    line = next(c for c in made.meter_values("Sample.Periodic", 1) if c["t"] >= 690)
    line["frame"][3]["meterValue"][0]["timestamp"] = run_at(689.4)
    return drifting(made, 0.0, 689.4 - x, 0.9)


def a_clock_never_set_though_off_by(x: float) -> Handmade:
    """Its own back office tells it the time of the run at its boot."""
    made = short()
    made.summary |= {"csms": "embedded", "clock": {"offset_s": x, "drift_ppm": 0.0}}
    return made


def a_clock_ahead_by(x: float) -> Log:
    log = Log()
    log.status(30, "Unavailable", timestamp=at(30 + x))
    return log


# -- the order of a run ------------------------------------------------------------------------------


def a_stop_told_after_the_day(x: float) -> Handmade:
    """It was at 50,300 s, and midnight is at 50,400; the last row of the day is a second before."""
    made = short((Charge(1, 49_000, 49_030, 50_300, 50_380),), end=51_000)
    made.drop(*made.calls("MeterValues"))
    for connector in (1, 2):
        painted(made, 50_399, 50_399.5, connector)
        made.rows = [row for row in made.rows if row["t"] != 50_399.5]
    shifted(made, made.calls("StopTransaction")[0], 50_399 + x - 50_300)
    return made


# -- the outages of a log ----------------------------------------------------------------------------


def told(log: Log, t: float, stamp: float) -> None:
    log.values(t, register(1100), stamp=at(stamp))


def silent_for(silence_s: float, boot: bool, old_s: float = 100.0) -> Log:
    """A value told after a silence, and taken in it."""
    log = Log(boot=boot)
    log.begin()
    for t in (BEGIN_S + 20, FRESH_S):
        told(log, t, t)
    told(log, FRESH_S + silence_s, FRESH_S + silence_s - old_s)
    return log


def without_an_interval(silence_s: float) -> Log:
    return silent_for(silence_s, boot=False)


def with_an_interval_of_five_minutes(silence_s: float) -> Log:
    return silent_for(silence_s, boot=True)


def a_value_from_before_the_silence_by(x: float) -> Log:
    return silent_for(700, boot=True, old_s=700 + x)


def an_old_value_behind(heartbeats: list[float], late_s: float) -> Log:
    """After a silence of 700 s come heartbeats, and then what was taken meanwhile."""
    log = Log()
    log.begin()
    told(log, FRESH_S, FRESH_S)
    begin = FRESH_S + 700
    for t in heartbeats:
        log.up(begin + t, "Heartbeat", {}, {"currentTime": at(begin + t + REPLY_S)})
    told(log, begin + late_s, begin - 100)
    return log


def an_old_value_behind_so_many(heartbeats: float) -> Log:
    return an_old_value_behind([float(n) for n in range(int(heartbeats))], 20)


def an_old_value_so_long_after(x: float) -> Log:
    return an_old_value_behind([0, x - 0.5], x)


# -- a station whose time runs fast ------------------------------------------------------------------


def stamped(pairs: list[tuple[float, float]]) -> Handmade:
    """A station that dialled in, and says something at these seconds with stamps of those."""
    made = Handmade(summary={"csms": "served"}, end=pairs[-1][0] + 10.0)
    identity = {"chargePointVendor": "V", "chargePointModel": "M"}
    made.call(
        0.0, "BootNotification", identity, {"status": "Accepted", "currentTime": run_at(0), "interval": 0}
    )
    for t, stamp in pairs:
        told = {"connectorId": 0, "status": "Available", "errorCode": "NoError", "timestamp": run_at(stamp)}
        made.call(t, "StatusNotification", told)
    return made


def a_station_so_fast(x: float) -> Handmade:
    return stamped([(10.0 * k, 10.0 * k * x - 3600.0) for k in range(1, 11)])


def a_station_that_leaps_so_often(x: float) -> Handmade:
    """Ten times from stamp to stamp, and as often as not by more than has passed."""
    leaps = [100.0 if k < 10 * x else 10.0 for k in range(10)]
    return stamped([(10.0 + 10.0 * k, sum(leaps[:k]) - 3600.0) for k in range(11)])


def a_fast_station_off_at_its_boot_by(x: float) -> Handmade:
    return stamped([(10.0 * k, 25.0 * k - 15.0 - x) for k in range(1, 6)])


def a_fast_station_with_so_many_stamps(x: float) -> Handmade:
    return stamped([(10.0 * k, 100.0 * k - 3600.0) for k in range(round(x))])


def a_station_that_is_fast_after(x: float) -> Handmade:
    """So many stamps are right, a thousand and more that follow leap."""
    stamps = [10.0 * k if k < x else 10.0 * x + 100.0 * (k - x) for k in range(1, 1200)]
    return stamped([(10.0 * k, stamp - 3600.0) for k, stamp in enumerate(stamps, 1)])


def pace(number: str, value: float, make: Callable[[float], Handmade], inside: float, outside: float) -> Edge:
    name = f"reading.station_pace.{number}"
    return Edge(name, value, "clock.station", make, inside, outside, "warning", "many times as fast")


@dataclass
class Rewritten(Handmade):
    """Its lines are changed once they are written."""

    change: Callable[[list[dict[str, Any]]], None] = lambda rows: None

    def write(self, directory: Path, **summary: Any) -> Path:
        super().write(directory, **summary)
        path = directory / "messages.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        self.change(rows)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return directory


def a_line_back_by(x: float) -> Handmade:
    def back(rows: list[dict[str, Any]]) -> None:
        rows[-1]["t"] = rows[-2]["t"] - x

    return Rewritten(lines=idle().lines, end=END_S, change=back)


class Undated(Rewritten):
    """Nor does its summary tell a time of day."""

    def write(self, directory: Path, **summary: Any) -> Path:
        super().write(directory, **summary)
        (directory / "summary.json").write_text('{"state": "complete", "simulated_s": 7200}')
        return directory


def dated_in_line(x: float) -> Handmade:
    def undated(rows: list[dict[str, Any]]) -> None:
        for row in rows[: int(x) - 1]:
            del row["at"]

    return Undated(lines=short(((Charge(1, 60, 90, 6090, 6150)),), 7200).lines, end=7200, change=undated)


def a_word_at(x: float) -> Handmade:
    made = idle()
    made.frame(x, "up", [2, "b", "Heartbeat", {}])
    return made


class RefusedEdge(Edge):
    """Broken is a recording that is refused."""

    def breaks(self, x: float, directory: Path) -> bool:
        try:
            judged(self.make(x), directory, self.choices)
        except BadInput:
            return True
        return False


class BootEdge(Edge):
    """Broken is a recording that does not tell whose it is."""

    def breaks(self, x: float, directory: Path) -> bool:
        made = self.make(x)
        return Transcript([made.write(directory) / "messages.jsonl"]).boot == {}


def booted_in_line(x: float) -> Handmade:
    made = Handmade()
    for n in range(1, int(x)):
        made.frame(float(n), "up", [2, str(n), "Heartbeat", {}])
    made.frame(x, "up", [2, "b", "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}])
    return made


def heartbeats_with_an_interval_of(x: float) -> Handmade:
    made = idle(7300.0)
    for call in made.calls("BootNotification"):
        made.reply_to(call)["frame"][2]["interval"] = int(x)
    for item in made.reply_to(made.calls("GetConfiguration")[0])["frame"][2]["configurationKey"]:
        item["value"] = str(int(x)) if item["key"] == "HeartbeatInterval" else item["value"]
    return made


def a_third_not_unlocked_of(x: float) -> Handmade:
    """A station that is said to have so many connectors."""
    made = idle(NumberOfConnectors=str(int(x)))
    order(made, 600.0, "UnlockConnector", {"connectorId": 3}, {"status": "NotSupported"})
    return made


def late(
    number: str, value: float, make: Callable[[float], Recording], inside: float, outside: float
) -> Edge:
    """Of another maker's values that come late, and no outage is seen that they waited for."""
    name = f"reading.logs.outages.{number}"
    return Edge(name, value, "metering.prompt", make, inside, outside, severity="warning")


EDGES = (
    BootEdge("reading.transcripts.BOOT_WITHIN", 500, "", booted_in_line, 500, 501),
    Edge(
        "state.keys.MOST_INTEGER",
        2147483647,
        "heartbeat.early",
        heartbeats_with_an_interval_of,
        2**31,
        2**31 - 1,
    ),
    Edge("state.station_history.MOST_CONNECTORS", 1000, "unlock.answer", a_third_not_unlocked_of, 1001, 1000),
    Edge("reading.frames.MOST_T_S", 1e10, "recording.line", a_word_at, 9.9e9, 1.01e10),
    pace("LOOKED_AT_STAMPS", 500, a_station_that_is_fast_after, 110, 90),
    RefusedEdge("verdict.judging.HEAD_LINES", 100, "", dated_in_line, 100, 101),
    Edge("verdict.judging.ROUNDED_BACK_S", 0.0005, "recording.line", a_line_back_by, 4e-4, 6e-4, "warning"),
    pace("FAST_PACE", 2.0, a_station_so_fast, 1.9, 2.1),
    pace("FAST_MOSTLY", 0.8, a_station_that_leaps_so_often, 0.7, 0.9),
    pace("FAST_STAMPS", 4, a_fast_station_with_so_many_stamps, 3, 4),
    pace("NOT_ADOPTED_S", 60.0, a_fast_station_off_at_its_boot_by, 59, 61),
    Edge("reading.station_time.MOST_STEP_S", 10.0, "transaction.times", a_clock_set_back_by, 9.9, 10.1),
    Edge(
        "reading.station_time.ADOPTED_S",
        1.0,
        "transaction.times",
        a_start_ahead_of_a_clock_that_was_off_by,
        0.9,
        1.1,
    ),
    Edge(
        "reading.station_time.ADOPTED_S",
        1.0,
        "clock.station",
        a_clock_never_set_though_off_by,
        0.9,
        1.1,
        says="the CSMS tells the time",
    ),
    Edge(
        "wire.clocks.AHEAD_S",
        60.0,
        "clock.station",
        a_clock_never_set_though_off_by,
        59,
        61,
        says="the CSMS tells the time",
        choices={"policies": {"follow_csms_time": "never"}},
    ),
    Edge(
        "reading.station_time.SETTING_S",
        2.0,
        "metering.sample-interval",
        a_sample_off_beside_a_clock_set,
        2.7,
        2.9,
    ),
    Edge(
        "reading.station_time.SET_NEAR_S",
        1.0,
        "metering.sample-interval",
        a_sample_off_beside_a_clock_set,
        2.7,
        2.9,
    ),
    Edge("reading.instants.QUARTER_S", 900.0, "clock.station", a_clock_ahead_by, 450, 900, says="local time"),
    Edge("verdict.alongside.TOLD_LATE_S", 60.0, "status.true", a_stop_told_after_the_day, 59, 61),
    late("SILENT_S", 600.0, without_an_interval, 610, 590),
    late("BEATS", 1.5, with_an_interval_of_five_minutes, 455, 445),
    late("OLD_S", 30.0, a_value_from_before_the_silence_by, 29, 31),
    late("LOOKED_AT_FRAMES", 12, an_old_value_behind_so_many, 5, 6),
    late("WITHIN_S", 60.0, an_old_value_so_long_after, 59.9, 61),
)
