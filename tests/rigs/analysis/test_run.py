"""A run read back: frames, tables, windows, copies, and what a kill left."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from small_world import START, SmallBench

from evc5.rigs.analysis.run import Run
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading import run_directory, telemetry


def call(id_, action, payload):
    return json.dumps([2, id_, action, payload])


def result(id_, payload):
    return json.dumps([3, id_, payload])


def meter_values(connector, timestamp, *values, transaction=None):
    payload = {
        "connectorId": connector,
        "meterValue": [{"timestamp": timestamp, "sampledValue": list(values)}],
    }
    return payload if transaction is None else payload | {"transactionId": transaction}


@pytest.fixture
def bench(tmp_path):
    return SmallBench(tmp_path / "run")


def opened(bench):
    bench.close()
    return Run.open(bench.directory)


def transaction(bench, id_tag="TAG1", number=7):
    start = {"connectorId": 1, "idTag": id_tag, "meterStart": 100, "timestamp": "2024-03-01T10:00:00.000Z"}
    bench.frame(call("s", "StartTransaction", start))
    bench.frame(result("s", {"transactionId": number, "idTagInfo": {"status": "Accepted"}}), up=False)


def stopped(bench, number=7, **more):
    stop = {"transactionId": number, "meterStop": 150, "timestamp": "2024-03-01T11:00:00.000Z"}
    bench.frame(call("e", "StopTransaction", stop | more))
    bench.frame(result("e", {}), up=False)


def test_frames_stream_in_order_with_what_they_are(bench):
    bench.frame(call("1", "Heartbeat", {}))
    bench.advance(0.05)
    bench.frame(result("1", {"currentTime": "2024-03-01T10:00:00Z"}), up=False)
    first, second = opened(bench).frames()
    assert (first.dir, first.kind, first.id, first.action, first.frame) == (
        "up",
        "CALL",
        "1",
        "Heartbeat",
        [2, "1", "Heartbeat", {}],
    )
    assert (second.dir, second.kind, second.action) == ("down", "CALLRESULT", "Heartbeat")
    assert second.at == START + timedelta(seconds=0.05)
    assert second.payload == {"currentTime": "2024-03-01T10:00:00Z"}


def test_an_action_selects_its_calls_and_on_request_their_replies(bench):
    bench.frame(call("1", "Heartbeat", {}))
    bench.frame(result("1", {}), up=False)
    bench.frame(call("c1", "Reset", {"type": "Soft"}), up=False)
    bench.frame('[4,"c1","NotSupported","no",{"a":1}]')
    run = opened(bench)
    assert [frame.kind for frame in run.frames(action="Reset")] == ["CALL"]
    assert [frame.kind for frame in run.frames(action="Reset", replies=True)] == ["CALL", "CALLERROR"]
    assert list(run.frames(action="Reset", replies=True))[1].payload == {"a": 1}


def test_frames_of_the_same_id_in_both_directions_are_kept_apart(bench):
    bench.frame(call("1", "Heartbeat", {}))
    bench.frame(call("1", "Reset", {"type": "Hard"}), up=False)
    bench.frame(result("1", {"status": "Accepted"}), up=True)
    bench.frame(result("1", {}), up=False)
    assert [frame.action for frame in opened(bench).frames()] == ["Heartbeat", "Reset", "Reset", "Heartbeat"]


def test_text_that_is_no_frame_streams_as_text(bench):
    bench.frame('[2,"x"', up=False)
    (frame,) = opened(bench).frames()
    assert (frame.kind, frame.action, frame.frame, frame.text, frame.payload) == (
        None,
        None,
        None,
        '[2,"x"',
        {},
    )


@pytest.mark.parametrize(
    "since, until",
    [
        (600.0, 1200.0),
        ("2024-03-01T10:10:00Z", "2024-03-01T11:20:00+01:00"),
        (datetime(2024, 3, 1, 10, 10, tzinfo=UTC), pd.Timestamp("2024-03-01T10:20:00Z")),
    ],
)
def test_a_window_takes_its_first_instant_and_leaves_its_last(bench, since, until):
    for minute in range(0, 40, 5):
        bench.advance(minute * 60.0)
        bench.frame(call(str(minute), "Heartbeat", {}))
    assert [frame.id for frame in opened(bench).frames(since=since, until=until)] == ["10", "15"]


def test_a_window_in_a_long_recording_is_found_without_losing_a_frame(bench):
    for second in range(5000):
        bench.advance(float(second))
        bench.frame(call(str(second), "Heartbeat", {"pad": "x" * (second % 97)}))
    run = opened(bench)
    for since in (0.0, 0.5, 1.0, 777.0, 2500.25, 4998.999, 4999.0):
        first = next(run.frames(since=since))
        assert first.t == np.ceil(since)
    assert list(run.frames(since=5000.0)) == []


def test_meter_values_have_a_row_for_each_value_with_the_defaults_of_the_standard(bench):
    bench.frame(call("1", "MeterValues", meter_values(2, "2024-03-01T11:00:00+01:00", {"value": "12.5"})))
    table = opened(bench).meter_values
    (row,) = table.reset_index().to_dict("records")
    assert pd.isna(row.pop("transaction_id")) and pd.isna(row.pop("phase"))
    assert row == {
        "at": pd.Timestamp("2024-03-01T10:00:00Z"), "t": 0.0, "connector": 2, "context": "Sample.Periodic",
        "measurand": "Energy.Active.Import.Register", "location": "Outlet", "unit": "Wh",
        "value": 12.5, "raw": "12.5",
    }  # fmt: skip
    assert table.columns.tolist() == [
        "t", "connector", "transaction_id", "context", "measurand", "phase", "location", "unit", "value",
        "raw",
    ]  # fmt: skip


def test_meter_values_of_a_stop_belong_to_the_connector_of_its_transaction(bench):
    transaction(bench)
    end = {
        "timestamp": "2024-03-01T11:00:00Z",
        "sampledValue": [{"value": "150", "context": "Transaction.End"}],
    }
    stopped(bench, transactionData=[end])
    table = opened(bench).meter_values
    assert table["transaction_id"].dtype == "Int64"
    assert table[["connector", "transaction_id", "context"]].values.tolist() == [[1, 7, "Transaction.End"]]


def test_values_that_never_arrived_are_no_meter_values(bench):
    bench.frame(call("1", "MeterValues", meter_values(1, "2024-03-01T10:00:00Z", {"value": "1"})), lost=True)
    assert opened(bench).meter_values.empty


def test_signed_values_keep_their_text_and_have_no_number(bench):
    signed = {"value": "OCMF|{}", "format": "SignedData"}
    bench.frame(call("1", "MeterValues", meter_values(1, "2024-03-01T10:00:00Z", signed)))
    (row,) = opened(bench).meter_values.to_dict("records")
    assert np.isnan(row["value"]) and row["raw"] == "OCMF|{}"


def test_a_transaction_has_its_start_and_its_stop(bench):
    transaction(bench)
    stopped(bench)
    (row,) = opened(bench).transactions.to_dict("records")
    assert row == {
        "transaction_id": 7, "connector": 1, "id_tag": "TAG1",
        "meter_start_wh": 100.0, "meter_stop_wh": 150.0,
        "start": pd.Timestamp("2024-03-01T10:00:00Z"), "stop": pd.Timestamp("2024-03-01T11:00:00Z"),
        "reason": "Local",
    }  # fmt: skip


def test_an_open_transaction_has_no_stop(bench):
    transaction(bench)
    table = opened(bench).transactions
    assert table[["stop", "meter_stop_wh", "reason"]].isna().all(axis=None)
    assert (table["transaction_id"].dtype, str(table["start"].dt.tz)) == ("Int64", "UTC")


def test_a_start_that_nobody_answered_has_no_number(bench):
    start = {"connectorId": 2, "idTag": "T", "meterStart": 0, "timestamp": "2024-03-01T10:00:00Z"}
    bench.frame(call("s", "StartTransaction", start))
    assert opened(bench).transactions["transaction_id"].isna().tolist() == [True]


def test_messages_name_the_action_of_replies_and_what_was_lost(bench):
    bench.frame(call("1", "Heartbeat", {}), lost=True)
    bench.frame(call("2", "Heartbeat", {}))
    bench.frame(result("2", {}), up=False)
    table = opened(bench).messages
    assert table.columns.tolist() == ["t", "at", "station", "dir", "id", "action", "kind", "lost"]
    assert table["action"].tolist() == ["Heartbeat"] * 3
    assert table["lost"].tolist() == [True, False, False]
    assert table["at"].tolist() == [pd.Timestamp(START)] * 3


def test_events_are_a_table(bench):
    bench.recorder.event(0.0, None, "link-down", {})
    bench.recorder.event(0.0, 1, "tag", {"id_tag": "T"})
    table = opened(bench).events
    assert table.columns.tolist() == ["t", "at", "connector", "event", "detail"]
    assert table["connector"].isna().tolist() == [True, False]
    assert (table["detail"][1], table["at"][1]) == ({"id_tag": "T"}, pd.Timestamp(START))


def test_telemetry_is_a_table_with_the_columns_of_the_run_directory(bench):
    bench.outlets[0].draw(16.0)
    bench.advance(90.0)
    table = opened(bench).telemetry
    assert table.columns.tolist() == [
        "t", "at", "connector", "pilot", "duty_pct", "status", "phases",
        "demand1_a", "demand2_a", "demand3_a", "capability1_a", "capability2_a", "capability3_a",
        "allocated1_a", "allocated2_a", "allocated3_a", "offered1_a", "offered2_a", "offered3_a",
        "i1_a", "i2_a", "i3_a", "limited_by", "u1_v", "u2_v", "u3_v", "p_w", "pf",
        "energy_wh", "register_wh", "soc", "temp_c",
    ]  # fmt: skip
    one = table[table["connector"] == 1]
    assert one["at"].tolist() == [pd.Timestamp(START) + pd.Timedelta(seconds=t_s) for t_s in (0, 60, 90)]
    assert (one["p_w"] == 11_040.0).all() and one["soc"].is_monotonic_increasing
    assert (one[["demand1_a", "demand2_a", "demand3_a"]] == 16.0).all(axis=None) and len(one) == 3
    assert table[table["connector"] == 2]["demand1_a"].isna().all()


def test_a_window_of_telemetry_is_cut_from_its_parts_in_every_column(bench):
    bench.channels[1].become("Charging", "rated", 16.0)
    bench.outlets[0].draw(10.0)
    bench.advance(300.0)
    bench.channels[1].become("Charging", "profile", 8.0)
    bench.outlets[0].draw(7.5)
    bench.advance(600.0)
    run = opened(bench)
    place = run.directory / "telemetry.parquet"
    cut = telemetry.read(place, ("t", "connector", "offered3_a", "i1_a"), since_s=240.0, until_s=301.0)
    assert cut["t"].tolist() == [240.0, 300.0] and cut["i1_a"].tolist() == [10.0, 7.5]
    assert cut["offered3_a"].tolist() == [16.0, 8.0]


def test_what_held_stands_at_both_ends_of_a_window(bench):
    bench.advance(86_400.0)
    bench.channels[1].become("Charging", "rated", 16.0)
    bench.outlets[0].draw(0.0)
    bench.advance(2 * 86_400.0)
    run = opened(bench)
    place, columns = run.directory / "telemetry.parquet", ("t", "offered1_a")
    rows = telemetry.during(place, columns, 1, 80_000.0, 90_000.0)
    assert rows["t"].tolist() == [80_000.0, 86_400.0, 90_000.0]
    assert rows["offered1_a"].tolist() == [0.0, 16.0, 16.0]


def test_an_empty_recording_gives_empty_tables(tmp_path):
    bench = SmallBench(tmp_path / "run", watched=False)
    run = opened(bench)
    assert all(table.empty for table in (run.messages, run.meter_values, run.transactions, run.events))
    assert str(run.meter_values.index.tz) == "UTC"


def test_a_killed_run_opens_up_to_where_it_was(bench):
    for hour in range(30):
        bench.advance(hour * 3600.0)
        bench.frame(call(str(hour), "Heartbeat", {}))
    with open(bench.directory / "messages.jsonl", "ab") as file:
        file.write(b'{"t":104400.0,"at":"2024-03-02T15:00:00.000Z","stat')  # what the kill cut
    (bench.directory / "telemetry.parquet" / ".part-00001.parquet.partial").write_bytes(b"PAR1")
    run = Run.open(bench.directory)
    assert (run.summary["state"], run.passed) == ("running", False)
    assert [frame.id for frame in run.frames()] == [str(hour) for hour in range(30)]
    assert run.end_s == 29 * 3600.0
    assert run.telemetry["t"].tolist() == [0.0, 0.0]  # the day that was complete; nothing changed in it


def test_verdict_and_findings_come_from_the_summary(bench):
    bench.close()
    finding = {"check": "samples", "severity": "error", "t": 1.0}
    summary = run_directory.read_summary(bench.directory) | {"passed": False, "findings": [finding]}
    run_directory.write_summary(bench.directory, summary)
    run = Run.open(bench.directory)
    assert (run.passed, run.findings) == (False, [finding])


def test_a_saved_run_is_the_same_run_elsewhere(bench, tmp_path):
    transaction(bench)
    run = opened(bench)
    saved = run.save(tmp_path / "kept" / "week")
    assert saved.summary == run.summary
    assert saved.transactions.equals(run.transactions) and saved.telemetry.equals(run.telemetry)


def test_saving_replaces_a_run_and_refuses_anything_else(bench, tmp_path):
    run = opened(bench)
    assert run.save(bench.directory) is run
    SmallBench(tmp_path / "old").close()
    run.save(tmp_path / "old")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes").write_text("")
    with pytest.raises(BadInput, match="not a run directory"):
        run.save(tmp_path / "mine")


def test_what_is_no_run_directory_is_refused_in_one_line(tmp_path):
    with pytest.raises(BadInput, match=r"is not a run directory: it has no summary\.json$"):
        Run.open(tmp_path)
    (tmp_path / "summary.json").write_text("{")
    with pytest.raises(BadInput, match=r"summary\.json cannot be read as JSON"):
        Run.open(tmp_path)


def test_a_recording_that_another_program_has_written_anew_gives_the_same_tables(bench, tmp_path):
    transaction(bench)
    value = {"value": "12", "measurand": "Current.Import", "phase": "L1", "unit": "A"}
    bench.frame(call("m", "MeterValues", meter_values(1, "2024-03-01T10:30:00Z", value, transaction=7)))
    bench.frame(result("m", {}), up=False)
    stopped(bench)
    run = opened(bench)
    again = run.save(tmp_path / "again")
    path = again.directory / "messages.jsonl"
    spaced = [json.dumps(json.loads(line)) for line in path.read_text().splitlines()]
    path.write_text("".join(f"{line}\n" for line in spaced))
    for table in ("messages", "transactions", "meter_values"):
        pd.testing.assert_frame_equal(getattr(again, table), getattr(run, table))
    assert len(run.transactions) and len(run.meter_values)


def test_a_file_is_no_run_directory(tmp_path):
    file = tmp_path / "sessions.json"
    file.write_text("[]")
    with pytest.raises(BadInput, match=r"sessions\.json is not a run directory: it is a file$"):
        Run.open(file)
