"""Each check passes a healthy recording and is tripped by one with the fault it is there for."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from handmade import Charge, Handmade, at, healthy, sampled
from trips import TRIPS, a_meter_three_percent_fast, a_missing_sample, payload

from evc5.rigs.analysis.run import Run
from evc5.rigs.checks import finish, judge
from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.checks.verdict.render import show
from evc5.rigs.errors import BadInput

WRITTEN = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
EXERCISED_BY_HEALTHY = {
    *("recording.line", "frame.form", "frame.schema", "frame.timestamp"),
    *("rpc.id", "rpc.one-call-station", "rpc.one-call-csms", "rpc.matched", "rpc.answered"),
    *("metering.sample-interval", "metering.clock-boundary", "metering.clock-complete"),
    *("metering.register-monotonic", "metering.true-energy", "metering.start-stop", "metering.continuity"),
    *("electrical.offer", "electrical.reported-offer"),
}


def verdicts(verdict: Any) -> dict[str, str]:
    return {row["id"]: row["verdict"] for row in verdict.requirements}


@pytest.mark.slow
def test_a_healthy_recording_passes_every_requirement_it_exercises(tmp_path: Path) -> None:
    verdict = judge(healthy().write(tmp_path / "run"))
    assert verdict.findings == []
    assert {id for id, word in verdicts(verdict).items() if word == "PASS"} >= EXERCISED_BY_HEALTHY


EVERY = [  # each third one in the fast set, to keep it fast; all of them with the slow tests
    pytest.param(*trip, marks=[] if number % 3 == 0 else pytest.mark.slow)
    for number, trip in enumerate(TRIPS)
]


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "requirement"), EVERY, ids=lambda x: getattr(x, "__name__", x))
def test_each_check_is_tripped_by(
    fault: Callable[[Handmade], None], requirement: str, tmp_path: Path
) -> None:
    made = healthy()
    fault(made)
    verdict = judge(made.write(tmp_path / "run"))
    assert verdicts(verdict)[requirement] == "FAIL"
    assert not verdict.passed


@pytest.mark.slow
def test_a_finding_names_time_connector_expected_and_actual(tmp_path: Path) -> None:
    made = healthy()
    made.drop(made.meter_values("Sample.Clock", 1)[7])
    (finding,) = judge(made.write(tmp_path / "run")).findings
    assert finding == {
        "check": "metering",
        "requirement": "metering.clock-complete",
        "severity": "error",
        "t": 8 * 900.0,
        "at": "2024-03-01T12:00:00.000Z",
        "line": None,
        "connector": 1,
        "times": 1,
        "expected": "data of the boundary 2024-03-01T12:00:00.000Z",
        "actual": "none",
        "message": "clock-aligned data misses a boundary",
        "blames": "station",
    }


@pytest.mark.slow
def test_a_bare_transcript_is_judged_as_far_as_its_frames_allow(tmp_path: Path) -> None:
    made = healthy()
    a_missing_sample(made)
    verdict = judge(made.write(tmp_path / "run") / "messages.jsonl")
    words = verdicts(verdict)
    assert words["metering.sample-interval"] == "FAIL"
    assert words["metering.true-energy"] == words["electrical.offer"] == "NOT JUDGED"
    assert words["metering.clock-complete"] == "PASS"
    assert [session["transactions"] for session in verdict.sessions] == [[1], [2], [3]]


@pytest.mark.slow
def test_without_a_known_interval_samples_are_not_judged(tmp_path: Path) -> None:
    made = healthy()
    made.drop(*made.calls("GetConfiguration"))
    words = verdicts(judge(made.write(tmp_path / "run")))
    assert words["metering.sample-interval"] == words["metering.clock-complete"] == "NOT JUDGED"


@pytest.mark.slow
def test_spaces_in_the_frames_change_nothing_but_the_speed(tmp_path: Path) -> None:
    run = healthy().write(tmp_path / "run")
    dense = judge(run)
    spaced = "".join(
        json.dumps(json.loads(x)) + "\n" for x in (run / "messages.jsonl").read_text().splitlines()
    )
    (run / "messages.jsonl").write_text(spaced)
    assert judge(run) == dense


@pytest.mark.slow
def test_every_broken_line_is_a_finding_with_its_number(tmp_path: Path) -> None:
    run = healthy().write(tmp_path / "run")
    lines = (run / "messages.jsonl").read_text().splitlines()
    lines[30] = lines[30][:40]
    lines[60] = "null"
    (run / "messages.jsonl").write_text("\n".join(lines) + "\n")
    messages = [f["message"] for f in judge(run).findings if f["requirement"] == "recording.line"]
    assert [m.split(":")[0] for m in messages] == ["line 31", "line 61"]


@pytest.mark.slow
def test_the_cut_last_line_of_a_killed_run_is_a_warning(tmp_path: Path) -> None:
    run = healthy().write(tmp_path / "run", state="running", simulated_s=0.0)
    text = (run / "messages.jsonl").read_text()
    (run / "messages.jsonl").write_text(text[:-30])
    verdict = judge(run)
    assert verdict.passed
    assert [f["severity"] for f in verdict.findings] == ["warning"]


@pytest.mark.parametrize("content", ["", "hello\nworld\n", '{"a": 1}\n'])
def test_an_empty_or_foreign_file_is_refused_in_one_line(content: str, tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl"
    path.write_text(content)
    with pytest.raises(BadInput, match=r"some\.jsonl holds no OCPP frames \("):
        judge(path)


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize("zone", ["Mars/Base", "Europe", "", "x" * 300, 7])
def test_a_zone_that_nobody_knows_keeps_no_recording_from_being_judged(tmp_path: Path, zone: Any) -> None:
    run = healthy().write(tmp_path / "run", rig="hand", seed=3)
    summary = json.loads((run / "summary.json").read_text())
    (run / "summary.json").write_text(json.dumps({**summary, "timezone": zone}))
    assert judge(run).passed
    assert str(Run.open(run).tz) == "UTC"


def test_finish_writes_the_verdict_into_the_summary(tmp_path: Path) -> None:
    run = healthy().write(tmp_path / "run", rig="hand", seed=3)
    verdict = finish(run)
    summary = json.loads((run / "summary.json").read_text())
    assert summary["passed"] is True and summary["rig"] == "hand"
    assert summary["sessions"] == verdict.sessions and summary["requirements"] == verdict.requirements
    assert sorted(path.name for path in run.iterdir()) == [
        "events.jsonl",
        "messages.jsonl",
        "summary.json",
        "telemetry.parquet",
    ]


@pytest.mark.slow
def test_a_transaction_of_a_car_that_nobody_saw_come_is_a_session_of_its_own(tmp_path: Path) -> None:
    """Not one of the car before it, which has left."""
    made = healthy()
    coming = next(e for e in reversed(made.events) if e["event"] == "plug-in" and e["connector"] == 1)
    made.events.remove(coming)
    first, _, third = judge(made.write(tmp_path / "run")).sessions
    assert (first["vehicle"], first["transactions"]) == ("vw-id3-58", [1])
    start = next(c for c in made.calls("StartTransaction") if c["t"] > coming["t"])
    assert (third["vehicle"], third["transactions"]) == (None, [3])
    assert third["plug_in"] == start["frame"][3]["timestamp"]


@pytest.mark.slow
def test_a_session_tells_its_energy_charge_and_shortfall(tmp_path: Path) -> None:
    first, _, third = judge(healthy().write(tmp_path / "run")).sessions
    del first["judged"]
    assert first | {"soc_to": None} == {
        "connector": 1,
        "vehicle": "vw-id3-58",
        "plug_in": at(600),
        "unplug": at(7500),
        "kwh": 20.24,  # 6600 s at 3 x 16 A x 230 V
        "soc_from": 0.3,
        "soc_to": None,
        "samples": 109,
        "needed_kwh": 20.0,
        "shortfall_kwh": 0.0,
        "transactions": [1],
        "verdict": "PASS",
    }
    assert third["kwh"] == 9.2 and third["shortfall_kwh"] == 10.8


@pytest.mark.slow
def test_a_session_tells_what_it_put_to_the_test(tmp_path: Path) -> None:
    made = healthy()
    made.drop(made.meter_values("Sample.Periodic", 2)[5])
    verdict = judge(made.write(tmp_path / "run"))
    ids = [row["id"] for row in verdict.requirements]
    told = [dict(zip(ids, session["judged"], strict=True)) for session in verdict.sessions]
    assert [session["connector"] for session in verdict.sessions] == [1, 2, 1]
    assert [one["metering.sample-interval"] for one in told] == ["P", "F", "P"]
    assert {one["transaction.remote-stop"] for one in told} == {"-"}  # nobody asked for one
    assert {one["rpc.id"] for one in told} == {"-"}  # the station's as a whole


@pytest.mark.slow
def test_the_verdict_fits_a_hundred_columns(tmp_path: Path) -> None:
    from rich.console import Console

    made = healthy()
    a_meter_three_percent_fast(made)
    console = Console(width=160, record=True, file=(tmp_path / "out").open("w"), color_system=None)
    show(judge(made.write(tmp_path / "run")).summary(), console)
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 100
    assert "found · " in text and "metering.true-energy" in text


def test_a_changed_interval_anchors_the_samples_anew(tmp_path: Path) -> None:
    charge = Charge(1, 600, 630, 7230, 7500)
    made = healthy([charge], keys={"MeterValueSampleInterval": "60"})
    made.drop(*[line for line in made.meter_values("Sample.Periodic") if line["t"] > 3000])
    change = {"key": "MeterValueSampleInterval", "value": "300"}
    made.interject(2999.95, "ChangeConfiguration", change, {"status": "Accepted"}, direction="down")
    for t in range(3300, 7230, 300):
        value = {
            "timestamp": at(t),
            "sampledValue": sampled("Sample.Periodic", 16.0, 120_000 + (t - 630) * 11040 / 3600),
        }
        made.interject(t + 1, "MeterValues", {"connectorId": 1, "transactionId": 1, "meterValue": [value]})
    verdict = judge(made.write(tmp_path / "run"))
    assert verdict.findings == []


@pytest.mark.slow
def test_a_message_repeated_for_want_of_a_reply_counts_once(tmp_path: Path) -> None:
    made = healthy()
    line = made.meter_values("Sample.Periodic", 2)[10]
    made.lines.remove(made.reply_to(line))
    made.interject(line["t"] + 30, "MeterValues", payload(line))
    verdict = judge(made.write(tmp_path / "run"))
    assert verdict.passed
    assert verdicts(verdict)["transaction.repeat"] == "PASS"
    assert [f["requirement"] for f in verdict.findings] == ["rpc.answered"]


@pytest.mark.slow
def test_power_cut_at_the_instant_of_a_frame_comes_after_it(tmp_path: Path) -> None:
    made = healthy(end=8000.0)
    made.event(7500.0, None, "power-cut")
    made.lines = [line for line in made.lines if line["t"] < 7500.1]
    made.rows = [row for row in made.rows if row["t"] < 7500.0]
    assert judge(made.write(tmp_path / "run")).findings == []


def in_another_time(made: Handmade, ahead_s: float) -> None:
    """The back office, and so the station, live so far ahead of the recording."""
    for line in made.lines:
        text = json.dumps(line["frame"])
        line["frame"] = json.loads(WRITTEN.sub(lambda m: at((epoch(m[0]) - epoch(at(0))) + ahead_s), text))


@pytest.mark.slow
@pytest.mark.parametrize("ahead_s", [-7200.0, 3600.0])
def test_a_station_set_to_its_back_offices_clock_is_judged_in_that_time(
    ahead_s: float, tmp_path: Path
) -> None:
    made = healthy()
    in_another_time(made, ahead_s)
    assert not judge(made.write(tmp_path / "unset")).passed
    made.event(0.05, None, "clock-set", offset_s=ahead_s)
    verdict = judge(made.write(tmp_path / "set"))
    assert verdict.findings == []
    assert {id for id, word in verdicts(verdict).items() if word == "PASS"} >= EXERCISED_BY_HEALTHY


@pytest.mark.slow
def test_a_wrong_clock_that_was_set_right_is_judged_in_the_recordings_time(tmp_path: Path) -> None:
    made = healthy()
    made.event(0.05, None, "clock-set", offset_s=-3600.0)
    assert judge(made.write(tmp_path / "run")).findings == []


@pytest.mark.slow
def test_events_that_a_kill_left_ahead_of_the_frames_are_not_judged(tmp_path: Path) -> None:
    """What a hand did after the last frame kept is not known to have gone without an answer."""
    run = healthy().write(tmp_path / "run")
    lines = (run / "messages.jsonl").read_bytes().splitlines(keepends=True)
    half = [line for line in lines if json.loads(line)["t"] < 3.5 * 3600.0]
    (run / "messages.jsonl").write_bytes(b"".join(half))
    for part in (run / "telemetry.parquet").glob("*.parquet"):
        part.unlink()  # of a day that was not over
    summary = json.loads((run / "summary.json").read_text())
    killed = {key: value for key, value in summary.items() if key not in ("simulated_s", "frames")}
    (run / "summary.json").write_text(json.dumps({**killed, "state": "running"}))
    assert [row for row in judge(run).findings if row["severity"] == "error"] == []
    (run / "summary.json").write_text(json.dumps({**killed, "state": "complete"}))
    assert [row for row in judge(run).findings if row["severity"] == "error"] != []
