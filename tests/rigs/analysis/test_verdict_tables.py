"""Sessions, requirements and findings as tables, and the zone that their instants may be looked at in."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from evc5 import Rig, Run
from evc5.rigs.recording.reading.run_directory import write_summary

RIG = """
name = "small"
start = 2024-03-30T16:00:00Z
days = 0.5
timezone = "Europe/Amsterdam"
[[sessions]]
connector = 1
vehicle = "vw-id3-58"
soc = 0.5
plug_in = "10m"
unplug = "2h"
[[sessions]]
connector = 2
vehicle = "renault-zoe-ze50"
soc = 0.2
plug_in = "1h"
unplug = "30h"
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("small")
    (folder / "small.toml").write_text(RIG)
    return Rig.load(folder / "small.toml").run(out=folder / "run")


@pytest.mark.slow
def test_sessions_are_the_plug_ins_with_what_flowed_meanwhile(run: Run) -> None:
    plugs = run.events[run.events["event"] == "plug-in"]
    table = run.sessions.sort_values("plug_in")
    assert table["plug_in"].tolist() == plugs["at"].tolist() and table["connector"].tolist() == [1, 2]
    assert (table["plug_in"].dt.tz is not None) and table["unplug"].isna().tolist() == [False, True]
    for session, connector in zip(table.itertuples(), (1, 2), strict=True):
        rows = run.telemetry[run.telemetry["connector"] == connector]
        flowed_kwh = (rows["energy_wh"].iloc[-1] - rows["energy_wh"].iloc[0]) / 1000
        assert session.kwh == pytest.approx(flowed_kwh, abs=0.001)
    transactions = run.transactions.set_index("transaction_id")
    for session in table.itertuples():
        assert transactions.loc[session.transaction_id, "connector"] == session.connector
        assert session.transactions == 1


def test_requirements_are_the_summary_s_with_one_number_a_column(run: Run) -> None:
    table = run.requirements.set_index("id")
    assert len(table) == len(run.summary["requirements"]) > 50
    frames = table.loc["frame.form"]
    assert (frames["verdict"], frames["count"]) == ("PASS", len(run.messages))
    assert (table.loc[table["verdict"] == "NOT EXERCISED", "count"] == 0).all()
    assert all(isinstance(reasons, dict) for reasons in table["not_compared"])


def test_findings_are_lines_and_a_table(run: Run, tmp_path: Path) -> None:
    assert run.findings.table.empty and str(run.findings.table["at"].dt.tz) == "UTC"
    saved = run.save(tmp_path / "judged")
    finding = {
        "check": "status", "requirement": "status.true", "severity": "error", "t": 60.0,
        "at": "2024-03-30T16:01:00.000Z", "line": 7, "connector": None, "times": 3, "expected": "Available",
        "actual": "Faulted", "message": "the status is wrong", "blames": "station",
    }  # fmt: skip
    write_summary(saved.directory, saved.summary | {"findings": [finding]})
    (row,) = Run.open(saved.directory).findings.table.to_dict("records")
    assert row["at"] == pd.Timestamp(run.start) + timedelta(seconds=60) and pd.isna(row["connector"])
    assert (row["times"], row["line"], row["blames"]) == (3, 7, "station")


def test_instants_may_be_looked_at_in_the_rig_s_zone_across_a_change_of_the_clock(run: Run) -> None:
    assert run.tz == ZoneInfo("Europe/Amsterdam")
    local = run.telemetry["at"].dt.tz_convert(run.tz)
    assert local.iloc[0] == run.start and local.iloc[0].hour == 17
    assert local.iloc[-1].utcoffset() == timedelta(hours=2)  # summer time since the night
    assert np.allclose(
        np.diff(local).astype("timedelta64[us]").astype(float) / 1e6, run.telemetry["t"].diff()[1:]
    )


def test_a_run_that_nobody_judged_has_empty_tables_of_the_same_columns(run: Run, tmp_path: Path) -> None:
    saved = run.save(tmp_path / "unjudged")
    told = ("sessions", "requirements", "findings", "timezone")
    write_summary(saved.directory, {key: value for key, value in saved.summary.items() if key not in told})
    bare = Run.open(saved.directory)
    assert bare.sessions.empty and bare.sessions.columns.equals(run.sessions.columns)
    assert bare.requirements.empty and bare.requirements.columns.equals(run.requirements.columns)
    assert bare.tz == ZoneInfo("UTC") and isinstance(bare.start, datetime)
