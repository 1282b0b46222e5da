"""The recorder: what stands in the files of a run directory, and what survives a kill."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from small_world import SmallBench

from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading import run_directory

HEARTBEAT = '[2,"7","Heartbeat",{}]'


@pytest.fixture
def bench(tmp_path):
    return SmallBench(tmp_path / "run")


def lines(bench, name="messages.jsonl"):
    return [json.loads(line) for line in (bench.directory / name).read_text().splitlines()]


def telemetry(bench, connector=1):
    table = pq.read_table(bench.directory / "telemetry.parquet").to_pylist()
    return [row for row in table if row["connector"] == connector]


def test_a_frame_stands_in_its_line_as_it_was_sent(bench):
    bench.advance(0.1 + 0.2)
    bench.frame('[2,"7","Heartbeat",{ }]')
    bench.close()
    assert (bench.directory / "messages.jsonl").read_text() == (
        '{"t":0.30000000000000004,"at":"2024-03-01T10:00:00.300Z","station":"CP1","dir":"up",'
        '"frame":[2,"7","Heartbeat",{ }]}\n'
    )


def test_a_lost_frame_says_so(bench):
    bench.frame(HEARTBEAT, lost=True)
    bench.close()
    assert lines(bench)[0]["lost"] is True


@pytest.mark.parametrize("text", ['[2,"x"', "", "null", '{"a":1}', '[2,"\ud800"]', "[2,\n"])
def test_what_is_no_json_array_is_kept_as_text(bench, text):
    bench.frame(text, up=False)
    bench.close()
    (line,) = lines(bench)
    assert (line["dir"], line["text"], "frame" in line) == ("down", text, False)


def test_a_pretty_printed_frame_stays_on_one_line(bench):
    bench.frame('[3,\r\n "7",\n {"a": "x\\ny"}]', up=False)
    bench.close()
    assert lines(bench)[0]["frame"] == [3, "7", {"a": "x\ny"}]


def test_frames_of_a_foreign_station_are_looked_at_in_both_directions(tmp_path):
    bench = SmallBench(tmp_path / "run", own_station=False)
    bench.frame("[2,", up=True)
    bench.close()
    assert lines(bench)[0]["text"] == "[2,"


def test_events_carry_connector_and_detail(bench):
    bench.advance(5.0)
    bench.recorder.event(5.0, 1, "plug-in", {"vehicle": "vw-id3-58", "soc": 0.2})
    bench.recorder.event(5.0, None, "link-down", {})
    bench.close()
    assert lines(bench, "events.jsonl")[0] == {
        "t": 5.0, "at": "2024-03-01T10:00:05.000Z", "connector": 1, "event": "plug-in",
        "detail": {"vehicle": "vw-id3-58", "soc": 0.2},
    }  # fmt: skip
    assert lines(bench, "events.jsonl")[1]["connector"] is None


def test_at_most_one_hour_of_frames_waits_in_memory(bench):
    for minute in range(0, 61, 10):
        bench.advance(minute * 60.0)
        bench.frame(HEARTBEAT)
    assert len(lines(bench)) == 7


def test_a_quarter_of_a_megabyte_of_frames_waits_in_memory_at_most(bench):
    long = f'[2,"7","DataTransfer",{{"vendorId":"x","data":"{"y" * 1000}"}}]'
    for _ in range(1000):
        bench.frame(long)
    assert len(lines_so_far(bench)) >= 700


def lines_so_far(bench):
    return (bench.directory / "messages.jsonl").read_bytes().splitlines()


def test_a_row_stands_at_every_change_and_at_whole_minutes_while_something_varies(bench):
    bench.advance(30.0)
    bench.outlets[0].draw(16.0)
    bench.advance(150.0)
    bench.outlets[0].draw(0.0)
    bench.advance(600.0)
    bench.close()
    assert [row["t"] for row in telemetry(bench)] == [0.0, 30.0, 60.0, 120.0, 150.0, 600.0]


def test_a_row_is_the_state_just_after_its_instant(bench):
    bench.advance(3600.0)
    bench.outlets[0].draw(10.0)
    bench.outlets[0].draw(16.0)  # within one instant the last word holds
    bench.advance(7200.0)
    bench.close()
    first, last = telemetry(bench)[1], telemetry(bench)[-1]
    assert (first["t"], first["p_w"], first["energy_wh"]) == (3600.0, 11_040.0, 0.0)
    assert (last["t"], last["energy_wh"]) == (7200.0, 11_040.0)


def test_a_change_of_status_alone_makes_a_row(bench):
    bench.advance(10.0)
    bench.channels[2].become("Unavailable")
    bench.close()
    assert [(row["t"], row["status"]) for row in telemetry(bench, 2)] == [
        (0.0, "Available"),
        (10.0, "Unavailable"),
    ]


def test_an_event_makes_a_row_where_it_happened(bench):
    bench.advance(10.0)
    bench.recorder.event(10.0, 2, "tag", {"id_tag": "T"})
    bench.advance(20.0)
    bench.close()
    assert [row["t"] for row in telemetry(bench, 1)] == [0.0, 20.0]
    assert [row["t"] for row in telemetry(bench, 2)] == [0.0, 10.0, 20.0]


def test_quantities_that_do_not_exist_are_null(bench):
    bench.close()
    (row,) = telemetry(bench)
    assert (row["soc"], row["pf"], row["demand1_a"]) == (None, None, None)
    assert [row[f"capability{phase}_a"] for phase in (1, 2, 3)] == [32.0, 32.0, 32.0]


def test_a_car_that_wants_less_than_its_allocation_is_the_limit(bench):
    bench.outlets[0].draw(16.0)
    bench.channels[1].become("Charging", "rated", 32.0)
    bench.advance(1.0)
    bench.channels[1].become("Charging", "profile", 10.0)
    bench.advance(2.0)
    bench.close()
    assert [row["limited_by"] for row in telemetry(bench)] == ["car", "profile", "profile"]


def test_each_day_of_utc_is_a_closed_part_while_the_run_goes_on(bench):
    bench.outlets[0].draw(16.0)
    for hour in range(60):
        bench.advance(hour * 3600.0)
        bench.frame(HEARTBEAT)
    parts = sorted((bench.directory / "telemetry.parquet").iterdir())
    spans = [
        (pq.read_table(part)["t"].to_numpy().min(), pq.read_table(part)["t"].to_numpy().max())
        for part in parts
    ]
    assert spans == [(0.0, 50_340.0), (50_400.0, 136_740.0)]  # 10:00 to midnight, then a whole day


def test_every_day_begins_with_a_row_for_each_connector(bench):
    bench.advance(3 * 86_400.0)
    bench.close()
    midnights = [50_400.0 + day * 86_400.0 for day in range(3)]
    assert [row["t"] for row in telemetry(bench, 2)] == [0.0, *midnights, 3 * 86_400.0]


def test_rows_are_in_order_of_time_and_connector(bench):
    for outlet in bench.outlets:
        outlet.draw(6.0)
    bench.advance(300.0)
    bench.close()
    table = pq.read_table(bench.directory / "telemetry.parquet")
    keys = list(zip(table["t"].to_pylist(), table["connector"].to_pylist(), strict=True))
    assert keys == sorted(keys) and len(keys) == 12


def test_a_checkpoint_completes_the_directory_and_recording_goes_on(bench):
    bench.outlets[0].draw(16.0)
    bench.advance(90.0)
    bench.recorder.checkpoint(90.0)
    assert [row["t"] for row in telemetry(bench)] == [0.0, 60.0, 90.0]
    bench.advance(130.0)
    bench.close()
    assert [row["t"] for row in telemetry(bench)] == [0.0, 60.0, 120.0, 130.0]


def test_the_electrical_world_is_recorded_without_a_controller(tmp_path):
    bench = SmallBench(tmp_path / "run", watched=False)
    bench.recorder.watch(bench, None, bench.timeline)
    bench.close()
    assert telemetry(bench)[0]["status"] is None


def test_energy_is_the_same_however_the_spans_are_cut(tmp_path):
    whole, cut = SmallBench(tmp_path / "whole"), SmallBench(tmp_path / "cut")
    for bench in (whole, cut):
        bench.outlets[0].draw(13.0)
    for second in range(0, 7200, 77):
        cut.advance(float(second))
        cut.recorder.event(float(second), 1, "tag", {"id_tag": "T"})
    for bench in (whole, cut):
        bench.advance(7200.0)
        bench.close()
    one = {row["t"]: row["energy_wh"] for row in telemetry(whole)}
    other = {row["t"]: row["energy_wh"] for row in telemetry(cut)}
    assert all(np.isclose(other[t_s], energy_wh, rtol=1e-12) for t_s, energy_wh in one.items())


def test_the_summary_tells_a_run_that_goes_on_from_one_that_ended(bench):
    assert run_directory.read_summary(bench.directory)["state"] == "running"
    bench.frame(HEARTBEAT)
    bench.advance(60.0)
    bench.close("interrupted")
    summary = run_directory.read_summary(bench.directory)
    assert (summary["state"], summary["simulated_s"], summary["frames"]) == ("interrupted", 60.0, 1)
    assert (summary["rig"], summary["start"]) == ("small", "2024-03-01T10:00:00.000Z")


def test_an_existing_run_is_replaced_and_strangers_in_it_are_left_alone(bench):
    bench.advance(3 * 86_400.0)
    bench.close()
    (bench.directory / "notes.txt").write_text("mine")
    again = SmallBench(bench.directory)
    again.close()
    assert lines(again) == [] and len(telemetry(again)) == 1
    assert (bench.directory / "notes.txt").read_text() == "mine"


def test_a_directory_that_is_no_run_is_refused_and_untouched(tmp_path):
    (tmp_path / "thesis.tex").write_text("years")
    with pytest.raises(BadInput, match="not a run directory"):
        SmallBench(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_summary_of_another_program_does_not_make_a_run(tmp_path):
    (tmp_path / "summary.json").write_text('{"state": "complete"}')
    with pytest.raises(BadInput, match="not a run directory"):
        SmallBench(tmp_path)


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(BadInput, match="is a file"):
        SmallBench(tmp_path / "run")


def test_an_empty_directory_is_taken(tmp_path):
    SmallBench(tmp_path).close()
    assert run_directory.is_run(tmp_path)


def test_frames_that_come_with_the_wall_clock_can_be_watched(bench, monkeypatch):
    wall = iter([0.0, 1.5, 1.5, 2.0, 3.0, 3.0])
    monkeypatch.setattr(
        "evc5.rigs.recording.writing.recorder._now", lambda: bench.recorder._began + next(wall)
    )
    seen = []
    for second in range(4):
        bench.advance(float(second))
        bench.frame(HEARTBEAT)
        seen.append(len(lines_so_far(bench)))
    assert seen == [0, 2, 2, 4]


@pytest.mark.parametrize("depth", [100, 900, 1021, 5000])
def test_a_deep_frame_is_kept_as_text_that_any_reader_takes(bench, depth):
    deep = f'[2,"d","DataTransfer",{{"vendorId":"v","data":{"[" * depth}{"]" * depth}}}]'
    bench.frame(deep, up=False)
    bench.close()
    (line,) = lines(bench)
    assert line["text"] == deep and "frame" not in line
