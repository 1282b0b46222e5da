"""The state at even instants, held against a bench that was stopped and looked at there."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evc5 import BadInput, Bench, Rig, Run

STEP_S = 22.5
# Between two rows at most 60 s apart the closed form is not quite a parabola: where a curve has its corners.
WITHIN = {"p_w": 10.0, "i1_a": 0.02, "demand1_a": 0.05, "energy_wh": 0.2, "soc": 2e-5, "temp_c": 0.02}
EXACT = ("duty_pct", "capability1_a", "allocated1_a", "offered2_a", "phases", "status", "pilot")
PROFILE = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": {
        "startSchedule": "2024-03-01T10:20:10Z",
        "duration": 600,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.0}],
    },
}


@pytest.fixture(scope="module")
def watched() -> tuple[Run, list[dict[str, Any]]]:
    bench = Bench(start="2024-03-01T10:00:00Z", timezone="Europe/Amsterdam", keys={"HeartbeatInterval": 0})
    bench.plug_in(1, vehicle="vw-id3-58", soc=0.96)
    bench.present_tag(1, "TAG1")
    bench.call("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": PROFILE})
    seen = []
    for n in range(200):
        if n == 150:
            bench.unplug(1)
            bench.advance(0)
        seen.append(bench.reading(1))
        bench.advance(STEP_S)
    return bench.run_so_far(), seen


@pytest.mark.slow
def test_each_instant_is_what_the_bench_showed_just_then(watched: tuple[Run, list[dict[str, Any]]]) -> None:
    run, seen = watched
    found = run.series("22.5s", [*WITHIN, *EXACT])
    mine = found[found.connector == 1].iloc[: len(seen)]
    assert list(mine.t) == [row["t"] for row in seen]
    for name, tolerance in WITHIN.items():
        told = np.array([np.nan if row[name] is None else row[name] for row in seen])
        np.testing.assert_allclose(mine[name].to_numpy(), told, rtol=0, atol=tolerance, err_msg=name)
    for name in EXACT:
        assert list(mine[name]) == [row[name] for row in seen], name


@pytest.mark.slow
def test_instants_stand_on_multiples_of_the_step_in_the_rigs_zone(tmp_path: Path) -> None:
    rig = Rig.from_dict(
        {"name": "idle", "start": "2024-03-31T00:10:00Z", "timezone": "Europe/Amsterdam", "days": 0.25}
    )
    found = rig.run(out=tmp_path / "run").series("15min", ["p_w"])
    mine = found[found.connector == 1]
    assert mine["at"].iloc[0] == datetime(2024, 3, 31, 0, 15, tzinfo=UTC)
    assert str(mine["at"].dt.tz) == "Europe/Amsterdam"
    assert len(mine) == 24  # six hours, of which 00:10 and 06:10 UTC are not even
    assert (mine["at"].dt.minute % 15 == 0).all()
    assert list(found.columns) == ["t", "at", "connector", "p_w"]


def test_the_mean_of_fine_instants_is_the_mean_power(watched: tuple[Run, list[dict[str, Any]]]) -> None:
    run, _ = watched
    fine = run.series("0.5s", ["p_w"])
    mine = fine[(fine.connector == 1) & (fine.t < 3600.0)]
    quarters = run.demand("15min")
    quarters = quarters[(quarters.connector == 1)].iloc[:4]
    means = mine.groupby((mine.t // 900).astype(int)).p_w.mean()
    assert means.to_numpy() == pytest.approx(quarters.mean_w.to_numpy(), rel=1e-3)


def test_a_column_that_telemetry_has_not_is_refused(watched: tuple[Run, list[dict[str, Any]]]) -> None:
    with pytest.raises(BadInput, match=r"columns must be of telemetry's .* got 'power'"):
        watched[0].series("60s", ["power"])
    with pytest.raises(BadInput, match=r"step must divide an hour.* got '7s'"):
        watched[0].series("7s")


@pytest.mark.slow
def test_all_columns_of_a_foreign_recording_without_energy_are_held(tmp_path: Path) -> None:
    """Instruments may tell power and no energy: then nothing says how it went between two readings."""
    run = Rig.from_dict({"name": "idle", "start": "2024-01-01T00:00:00Z", "days": 0.01}).run(
        out=tmp_path / "run"
    )
    (part,) = (run.directory / "telemetry.parquet").glob("*.parquet")
    table = pd.read_parquet(part)
    table["energy_wh"] = np.nan
    table["p_w"] = 100.0 * np.arange(len(table))
    table.to_parquet(part)
    found = Run.open(run.directory).series("1min", ["p_w", "energy_wh"])
    assert found["energy_wh"].isna().all()
    assert set(found["p_w"]) <= set(table["p_w"])
