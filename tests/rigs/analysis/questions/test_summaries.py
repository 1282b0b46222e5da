"""Sums by session, day and phase, held against loops over the rows of telemetry."""

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evc5 import Rig, Run

pytestmark = pytest.mark.slow

DAYS = {
    "name": "days",
    "start": "2024-10-26T15:00:00Z",
    "timezone": "Europe/Amsterdam",
    "days": 1.75,
    "sessions": [
        {"connector": 1, "vehicle": "vw-id3-58", "plug_in": "1h7m13s", "unplug": "20h", "energy_kwh": 30.0},
        {"connector": 2, "vehicle": "nissan-leaf-40", "plug_in": "2h", "unplug": "3h11m", "energy_kwh": 20.0},
        {"connector": 2, "vehicle": "vw-id3-58", "plug_in": "30h", "unplug": "31h", "soc": 0.1},
        {"connector": 1, "vehicle": "peugeot-e208-7kw", "plug_in": "40h", "unplug": "60h", "soc": 0.9},
    ],
    "csms": {
        "actions": [
            {
                "at": "4h",
                "action": "SetChargingProfile",
                "payload": {
                    "connectorId": 0,
                    "csChargingProfiles": {
                        "chargingProfileId": 1,
                        "stackLevel": 0,
                        "chargingProfilePurpose": "TxDefaultProfile",
                        "chargingProfileKind": "Absolute",
                        "chargingSchedule": {
                            "startSchedule": "2024-10-26T19:00:00Z",
                            "chargingRateUnit": "A",
                            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 9.0}],
                        },
                    },
                },
            }
        ]
    },
}


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Rig.from_dict(DAYS).run(out=tmp_path_factory.mktemp("summaries") / "run")


def gaps(run: Run, connector: int) -> pd.DataFrame:
    """From each row of telemetry to the next: what held, how long it lasted, what came meanwhile."""
    rows = run.telemetry[run.telemetry.connector == connector].drop_duplicates("t", keep="last")
    rows = rows.assign(lasts_s=-rows.t.diff(-1), wh=-rows.energy_wh.diff(-1)).iloc[:-1]
    middle = rows["at"] + pd.to_timedelta(rows.lasts_s / 2, unit="s")
    rows["day"] = middle.dt.tz_convert(run.tz).dt.date
    return rows


def limit_use(rows: pd.DataFrame) -> float:
    """A car that follows holds its current from row to row, but for ramps and tapers."""
    flowing = rows[rows.p_w > 0]
    used = (flowing[["i1_a", "i2_a", "i3_a"]].max(axis=1) * flowing.lasts_s).sum()
    allowed = (flowing[["allocated1_a", "allocated2_a", "allocated3_a"]].max(axis=1) * flowing.lasts_s).sum()
    return float(used / allowed)


def test_a_session_is_what_the_rows_of_its_stay_add_up_to(days: Run) -> None:
    found = days.by_session()
    assert list(found.connector) == [1, 2, 2, 1]
    needs = [30_000.0, 20_000.0, None, None]
    for row, needed_wh in zip(found.itertuples(), needs, strict=True):
        end = days.start + timedelta(seconds=days.end_s) if pd.isna(row.unplug) else row.unplug
        rows = gaps(days, row.connector)
        mine = rows[(rows["at"] >= row.plug_in) & (rows["at"] < end)]
        flowing = mine[mine.p_w > 0]
        assert row.energy_wh == pytest.approx(mine.wh.sum())
        assert row.peak_w == pytest.approx(mine.p_w.max(), rel=1e-3)
        assert row.stay_min == pytest.approx((end - row.plug_in).total_seconds() / 60)
        assert row.charging_min == pytest.approx(flowing.lasts_s.sum() / 60)
        over = flowing["at"].iloc[-1] + timedelta(seconds=flowing.lasts_s.iloc[-1])
        assert row.idle_min == pytest.approx((end - over).total_seconds() / 60, abs=1e-4)
        assert row.mean_w == pytest.approx(row.energy_wh * 60 / row.stay_min)
        assert row.load_factor == pytest.approx(row.mean_w / row.peak_w)
        assert row.limit_use == pytest.approx(limit_use(mine), rel=0.01)
        if needed_wh is None:
            assert np.isnan(row.needed_wh) and np.isnan(row.unserved_wh)
        else:
            assert row.unserved_wh == pytest.approx(max(0.0, needed_wh - row.energy_wh))
    assert found.unserved_wh.iloc[1] > 10_000.0
    assert pd.isna(found.unplug.iloc[3]) and str(found.plug_in.dt.tz) == "Europe/Amsterdam"


def test_a_day_is_what_the_rows_between_its_midnights_add_up_to(days: Run) -> None:
    found = days.by_day().set_index(["day", "connector"])
    sessions = days.by_session()
    for connector in (1, 2):
        rows = gaps(days, connector)
        for day, mine in rows.groupby("day"):
            row = found.loc[(day, connector)]
            assert row.energy_wh == pytest.approx(mine.wh.sum(), abs=0.5)
            assert row.charging_min == pytest.approx(mine[mine.p_w > 0].lasts_s.sum() / 60, abs=1e-6)
            assert row.peak_w == pytest.approx(mine.p_w.max(), rel=1e-3)
            here = sessions[(sessions.connector == connector) & (sessions.plug_in.dt.date == day)]
            assert row.sessions == len(here)
            phases = mine[["i1_a", "i2_a", "i3_a"]]
            assert row.unbalance_a == pytest.approx((phases.max(axis=1) - phases.min(axis=1)).max(), abs=0.05)
    total = found.xs(0, level="connector")
    for name in ("energy_wh", "charging_min", "idle_min", "occupied_min", "sessions", "unserved_wh"):
        parts = found[found.index.get_level_values("connector") > 0].groupby("day")[name].sum()
        assert list(total[name]) == pytest.approx(list(parts)), name
    hours = [day.hour for day in pd.Series([days.start]).dt.tz_convert(days.tz)]
    assert hours == [17]
    lengths_h = total.energy_wh / total.mean_w
    assert list(lengths_h) == pytest.approx([7.0, 25.0, 10.0])  # 27 October has an hour more
    assert total.unserved_wh.sum() == pytest.approx(sessions.unserved_wh.sum())
    assert total.idle_min.sum() == pytest.approx(sessions.idle_min.sum())


def test_the_phases_share_the_energy_as_their_currents_do(days: Run) -> None:
    found = days.by_phase().set_index(["connector", "phase"])
    expected: dict[tuple[int, str], Any] = {}
    for connector in (1, 2):
        rows = gaps(days, connector)
        sums = rows[["i1_a", "i2_a", "i3_a"]].sum(axis=1)
        for n, phase in enumerate(("L1", "L2", "L3"), 1):
            part = rows.wh * (rows[f"i{n}_a"] / sums.where(sums > 0)).fillna(0.0)
            expected[connector, phase] = part.sum()
            row = found.loc[(connector, phase)]
            assert row.energy_wh == pytest.approx(part.sum(), abs=2.0)  # Wh: of the ramps
            assert row.peak_a == pytest.approx(rows[f"i{n}_a"].max(), rel=1e-3, abs=0.05)
    energy = days.telemetry.groupby("connector").energy_wh.last()
    for connector in (1, 2):
        assert found.loc[connector].energy_wh.sum() == pytest.approx(energy[connector], rel=1e-6)
        assert found.loc[connector].share.sum() == pytest.approx(1.0)
    assert found.loc[0].energy_wh.sum() == pytest.approx(energy.sum(), rel=1e-6)


def test_a_run_in_which_nobody_came_has_days_and_no_sessions(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    idle = {key: value for key, value in DAYS.items() if key not in ("sessions", "csms")}
    run = Rig.from_dict({**idle, "days": 0.5}).run(out=tmp_path_factory.mktemp("idle") / "run")
    assert len(run.by_session()) == 0
    assert run.by_day().energy_wh.sum() == 0.0 and run.by_day().load_factor.isna().all()
    assert run.by_phase().share.isna().all()
