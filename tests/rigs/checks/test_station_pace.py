"""A twin that dials in accelerated: one finding names it, and all else is judged in its own time."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from random_days import Step, play

from evc5.rigs.checks import judge
from evc5.rigs.checks.verdict.verdict import Verdict

TABLE = {"name": "steps", "start": "2024-03-01T00:00:00Z", "days": 3660.0}
WALL = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
PACE = 60.0
KEYS = {
    "MeterValueSampleInterval": 60,
    "ClockAlignedDataInterval": 300,
    "MeterValuesSampledData": "Current.Import,Energy.Active.Import.Register",
}


def step(verb: str, *args: Any) -> Step:
    return Step(verb, args)


CHARGED = [
    step("advance", 100.0),
    step("plug_in", 1, "vw-id3-58", 0.4, 32.0),
    step("present_tag", 1, "TAG1"),
    step("advance", 3000.0),
    step("present_tag", 1, "TAG1"),
    step("advance", 60.0),
    step("unplug", 1),
    step("advance", 900.0),
]
OFFLINE = [*CHARGED[:4], step("link.down"), step("advance", 3000.0), step("link.up"), *CHARGED[3:]]


def served(steps: list[Step], to_wall: Callable[[float], float], directory: Path) -> Verdict:
    """What a back office that lives in the wall's time records of these steps; `to_wall`: seconds of both."""
    bench = play({**TABLE, "station": {"behaviour": "ocpp16", "latency_s": 0.05, "keys": KEYS}}, steps)
    bench.close()
    lines = (bench.assembly.recorder.directory / "messages.jsonl").read_text().splitlines()
    told = []
    for record in (json.loads(line) for line in lines):
        t_s = to_wall(record["t"])
        at = (WALL + timedelta(seconds=t_s)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        reply = record["frame"][2] if record["dir"] == "down" else {}
        if isinstance(reply, dict) and "currentTime" in reply:
            reply["currentTime"] = at
        told.append(json.dumps({**record, "t": t_s, "at": at}))
    (directory / "messages.jsonl").write_text("\n".join(told) + "\n")
    (directory / "events.jsonl").write_text("")
    end = to_wall(float(json.loads(lines[-1])["t"]))
    head = {"csms": "served", "start": f"{WALL:%Y-%m-%dT%H:%M:%SZ}", "state": "complete", "simulated_s": end}
    (directory / "summary.json").write_text(json.dumps(head | {"behaviour": "ocpp16"}))
    return judge(directory)


def told_of(verdict: Verdict) -> list[tuple[str, str, int]]:
    return [(row["requirement"], row["severity"], row["times"]) for row in verdict.findings]


@pytest.mark.slow
@pytest.mark.parametrize("pace", [PACE, 5000.0])
def test_a_twin_that_is_run_accelerated_is_one_warning(pace: float, tmp_path: Path) -> None:
    verdict = served(CHARGED, lambda t_s: t_s / pace, tmp_path)
    assert told_of(verdict) == [("clock.station", "warning", 1)]
    found = verdict.findings[0]
    assert f"{pace:,.0f} times as fast" in found["actual"]
    assert "accelerated" in found["message"]
    counts = {row["id"]: row["count"] for row in verdict.requirements}
    assert counts["metering.sample-interval"] >= 45
    assert counts["metering.energy-power"] >= 40
    assert verdict.about["since"].startswith("2024-03-01T00:0")


@pytest.mark.slow
@pytest.mark.parametrize("burst_s", [0.02, 0.05, 0.3])
def test_frames_of_several_minutes_that_come_at_one_moment_are_not_late(
    burst_s: float, tmp_path: Path
) -> None:
    """Whoever has other work reads what came meanwhile at once; a minute of the station's is 12 ms here."""
    verdict = served(CHARGED, lambda t_s: ceil(t_s / 5000.0 / burst_s) * burst_s, tmp_path)
    assert told_of(verdict) == [("clock.station", "warning", 1)]
    counts = {row["id"]: row["count"] for row in verdict.requirements}
    assert counts["metering.energy-power"] >= 40


@pytest.mark.slow
def test_a_station_of_another_day_that_lives_as_fast_as_we_is_a_fault(tmp_path: Path) -> None:
    verdict = served(CHARGED, lambda t_s: t_s, tmp_path)
    assert ("clock.station", "error") in {(name, severity) for name, severity, _ in told_of(verdict)}


@pytest.mark.slow
def test_what_was_kept_for_the_line_s_return_is_no_acceleration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("test_station_pace.WALL", datetime(2024, 3, 1, tzinfo=UTC))
    verdict = served(OFFLINE, lambda t_s: t_s, tmp_path)
    assert "clock.station" not in {name for name, _, _ in told_of(verdict)}
