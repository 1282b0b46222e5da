"""Energy by interval, held against the twin's own register read at each boundary."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from evc5 import BadInput, Bench, Rig, Run

NIGHT = {
    "name": "night",
    "start": "2024-03-30T19:00:00Z",
    "timezone": "Europe/Amsterdam",
    "days": 1.25,
    "sessions": [
        {"connector": 1, "vehicle": "vw-id3-58", "plug_in": "1h7m13s", "unplug": "9h", "soc": 0.3},
        {"connector": 2, "vehicle": "tesla-model-3-rwd", "plug_in": "2h", "unplug": "10h11m", "soc": 0.8},
    ],
}


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Rig.from_dict(NIGHT).run(out=tmp_path_factory.mktemp("demand") / "run")


def test_each_quarter_has_the_energy_that_the_twin_counted_at_its_ends() -> None:
    bench = Bench(start="2024-03-01T10:00:00Z")
    bench.plug_in(1, vehicle="vw-id3-58", soc=0.93)
    bench.present_tag(1, "TAG1")
    read_wh = [0.0]
    for _ in range(8):
        bench.advance(450)
        read_wh.append(bench.reading(1)["energy_wh"])
    bench.close()
    found = Run.open(bench.assembly.recorder.directory).demand("7min30s")
    mine = found[found.connector == 1]
    assert mine.energy_wh.to_numpy()[:8] == pytest.approx(np.diff(read_wh), abs=0.02)  # Wh
    assert (mine.max_w >= mine.mean_w - 1e-9).all()
    assert mine.mean_w.to_numpy() == pytest.approx(mine.energy_wh.to_numpy() * 8.0)


@pytest.mark.slow
def test_the_sum_is_the_energy_of_the_run_and_the_total_that_of_its_connectors(night: Run) -> None:
    found = night.demand()
    last = night.telemetry.groupby("connector").energy_wh.last()
    by_connector = found.groupby("connector").energy_wh.sum()
    assert by_connector[1] == pytest.approx(last[1])
    assert by_connector[2] == pytest.approx(last[2])
    assert by_connector[0] == pytest.approx(last.sum())


def test_the_highest_total_is_at_least_every_total_of_one_instant(night: Run) -> None:
    table = night.telemetry.pivot_table(index="t", columns="connector", values="p_w", aggfunc="last").ffill()
    total_w = table.sum(axis=1)
    found = night.demand("1h")
    highest = found[found.connector == 0].max_w.max()
    assert highest >= total_w.max() - 1e-6
    assert highest <= total_w.max() * 1.01


@pytest.mark.slow
@pytest.mark.parametrize(("day", "quarters"), [("2024-03-31", 92), ("2024-10-27", 100), ("2024-05-01", 96)])
def test_a_day_has_as_many_quarters_as_its_clock_has(day: str, quarters: int, tmp_path: Path) -> None:
    zone = "Europe/Amsterdam"
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).isoformat()
    rig = Rig.from_dict({"name": "idle", "start": start, "timezone": zone, "days": 2.0})
    found = rig.run(out=tmp_path / "run").demand()
    starts = found[found.connector == 0].start
    assert (starts.dt.strftime("%Y-%m-%d") == day).sum() == quarters
    lasts = found.end - found.start
    assert set(lasts) == {timedelta(minutes=15)}


def test_the_first_and_last_interval_are_cut_where_the_run_begins_and_ends(night: Run) -> None:
    found = night.demand("2h")
    assert found.start.min() == datetime(2024, 3, 30, 19, 0, tzinfo=UTC)
    assert found.end.max() == datetime(2024, 4, 1, 1, 0, tzinfo=UTC)
    assert str(found.start.dt.tz) == "Europe/Amsterdam"


@pytest.mark.slow
@pytest.mark.parametrize(("day", "hours"), [("2024-03-31", 23), ("2024-10-27", 25)])
def test_a_day_is_one_interval_however_long(day: str, hours: int, tmp_path: Path) -> None:
    zone = "Europe/Amsterdam"
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)) - timedelta(hours=2)
    rig = Rig.from_dict({"name": "idle", "start": start.isoformat(), "timezone": zone, "days": 2.0})
    found = rig.run(out=tmp_path / "run").demand("1D")
    lasts = (found.end - found.start)[found.connector == 0]
    assert list(lasts)[:2] == [timedelta(hours=2), timedelta(hours=hours)]


@pytest.mark.parametrize("interval", ["7min", "5h", "2D", "-15min", "0s", "quarter", "NaT"])
def test_an_interval_that_no_day_divides_into_is_refused(night: Run, interval: str) -> None:
    with pytest.raises(BadInput, match=f"interval must .* got '{interval}'"):
        night.demand(interval)


@pytest.mark.parametrize(
    ("interval", "told"),
    [(900, "interval must be a duration as 15min"), ("1us", "more than 50,000,000 of them")],
)
def test_what_counts_no_seconds_or_too_many_of_them_is_refused(night: Run, interval: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        night.demand(interval)
