"""Meter values that are kept are those that were parsed, for as long as the frames are the same."""

import os
from pathlib import Path

import pandas as pd
import pytest

from evc5 import Bench, Run
from evc5.rigs.analysis.meters import cache
from evc5.rigs.analysis.meters.values import meter_values_table, parsed


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An hour at the plug, with what the station says before and after; a cache folder of our own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(cache, "LEAST_BYTES", 0)
    monkeypatch.setattr(cache, "user_folder", lambda: tmp_path / "home")
    monkeypatch.setattr(cache, "ROWS", 100)  # several groups of rows
    keys = {
        "MeterValueSampleInterval": 60,
        "MeterValuesSampledData": "Voltage,SoC,Energy.Active.Import.Register",
    }
    bench = Bench(
        start="2024-03-01T10:00:00Z", keys=keys | {"ClockAlignedDataInterval": 300}, out=tmp_path / "run"
    )
    bench.advance(600)
    bench.plug_in(1)
    bench.present_tag(1, "TAG1")
    bench.advance(3600)
    bench.send_text("no frame")
    bench.close()
    return tmp_path / "run"


def messages(directory: Path) -> Path:
    return directory / "messages.jsonl"


def is_as_parsed(directory: Path) -> bool:
    pd.testing.assert_frame_equal(meter_values_table(directory), parsed(messages(directory)))
    return True


def without_parsing(directory: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    def refused(path: Path) -> pd.DataFrame:
        raise AssertionError("it was parsed again")

    monkeypatch.setattr("evc5.rigs.analysis.meters.values.parsed", refused)
    return meter_values_table(directory)


@pytest.mark.slow
def test_what_is_kept_is_what_was_parsed_in_values_and_types(
    recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = meter_values_table(recorded)
    assert len(first) > 300 and first.transaction_id.isna().any() and first.phase.isna().any()
    assert (recorded / cache.NAME).is_file()
    again = without_parsing(recorded, monkeypatch)
    pd.testing.assert_frame_equal(again, first)
    assert list(again.columns) == list(first.columns)


@pytest.mark.slow
def test_more_frames_or_another_time_or_version_are_parsed_anew(
    recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(meter_values_table(recorded))
    lines = messages(recorded).read_bytes().splitlines(keepends=True)
    told = next(line for line in lines if b'"MeterValues"' in line)
    with messages(recorded).open("ab") as file:
        file.write(told)
    assert len(meter_values_table(recorded)) > before
    assert is_as_parsed(recorded)
    kept = (recorded / cache.NAME).stat().st_mtime_ns
    os.utime(messages(recorded), ns=(1, 1))
    assert is_as_parsed(recorded)
    monkeypatch.setattr("evc5.__version__", "99.0")
    assert is_as_parsed(recorded)
    assert (recorded / cache.NAME).stat().st_mtime_ns != kept


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(100) + b"PAR1", b"something else"])
def test_a_broken_file_is_parsed_over(recorded: Path, content: bytes) -> None:
    (recorded / cache.NAME).write_bytes(content)
    assert is_as_parsed(recorded)
    assert (recorded / cache.NAME).stat().st_size > len(content)


@pytest.mark.slow
def test_a_read_only_run_is_kept_in_the_users_folder(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder's mode stops no root user: what cannot be written beside the run is what stands in the way."""
    (recorded / cache.NAME).mkdir()
    first = meter_values_table(recorded)
    assert len(list((tmp_path / "home").glob("*.parquet"))) == 1
    pd.testing.assert_frame_equal(without_parsing(recorded, monkeypatch), first)


@pytest.mark.slow
def test_where_nothing_can_be_kept_it_is_parsed_each_time(recorded: Path, tmp_path: Path) -> None:
    (recorded / cache.NAME).mkdir()
    (tmp_path / "home").write_text("a file", "utf-8")
    assert is_as_parsed(recorded) and is_as_parsed(recorded)


@pytest.mark.slow
def test_the_users_folder_does_not_grow_for_ever(recorded: Path, tmp_path: Path) -> None:
    (recorded / cache.NAME).mkdir()
    (tmp_path / "home").mkdir()
    for n in range(cache.MOST_FILES + 5):
        (tmp_path / "home" / f"{n}.parquet").write_bytes(b"")
    meter_values_table(recorded)
    assert len(list((tmp_path / "home").glob("*.parquet"))) == cache.MOST_FILES


@pytest.mark.slow
def test_a_saved_run_brings_what_is_kept(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Run.open(recorded).meter_values
    copy = Run.open(recorded).save(tmp_path / "copy")
    pd.testing.assert_frame_equal(without_parsing(copy.directory, monkeypatch), first)


def test_a_short_run_leaves_no_file(tmp_path: Path) -> None:
    bench = Bench(start="2024-03-01T10:00:00Z", out=tmp_path / "run")
    bench.advance(60)
    bench.close()
    meter_values_table(tmp_path / "run")
    assert not (tmp_path / "run" / cache.NAME).exists()
