"""Two recordings of one rig: what was changed in the second by hand is found, and nothing else."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import evc5
from evc5 import BadInput, Rig
from evc5.rigs.command.cli import main
from evc5.rigs.compare.align import nearest
from evc5.rigs.compare.compare import Comparison, compare
from evc5.rigs.compare.exchanges import Exchange
from evc5.rigs.compare.fields import differences, gaps, texts
from evc5.rigs.compare.figure import plot_comparison
from evc5.rigs.compare.render import show

Line = dict[str, Any]


def at(t: float) -> str:
    return f"2024-03-01T{10 + int(t) // 3600:02}:{int(t) // 60 % 60:02}:{t % 60:06.3f}Z"


class Recording:
    """A charge on connector 1 with a sample a minute, written without a line of the twin or of the judge."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.call(0, "BootNotification", {"chargePointVendor": "E", "chargePointModel": "EVC5"}, _ACCEPTED)
        self.call(10, "StatusNotification", {"connectorId": 1, "status": "Preparing", "errorCode": "NoError"})
        start = {"connectorId": 1, "idTag": "T", "meterStart": 1000, "timestamp": at(60)}
        self.call(60, "StartTransaction", start, {"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
        for minute in range(1, 6):
            self.sample(60 * (minute + 1), 1000 + 100 * minute)
        stop = {"transactionId": 7, "meterStop": 1500, "timestamp": at(400), "reason": "Local"}
        self.call(400, "StopTransaction", stop)
        self.call(900, "Heartbeat", {}, {"currentTime": at(900)})

    def call(self, t: float, action: str, payload: Any, reply: Any = None) -> None:
        id = str(len(self.lines))
        self.lines.append({"t": t, "at": at(t), "dir": "up", "frame": [2, id, action, payload]})
        self.lines.append({"t": t + 0.1, "at": at(t + 0.1), "dir": "down", "frame": [3, id, reply or {}]})

    def sample(self, t: float, wh: float) -> None:
        value = {"value": str(wh), "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
        reading = [{"timestamp": at(t), "sampledValue": [value]}]
        self.call(t, "MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": reading})

    def of(self, action: str) -> list[Line]:
        return [line for line in self.lines if line["frame"][2] == action]

    def drop(self, line: Line) -> None:
        self.lines = [other for other in self.lines if other["frame"][1] != line["frame"][1]]

    def write(self, path: Path) -> Path:
        path.write_text(
            "".join(json.dumps(line) + "\n" for line in sorted(self.lines, key=lambda row: row["t"]))
        )
        return path


_ACCEPTED = {"status": "Accepted", "currentTime": at(0), "interval": 900}


@pytest.fixture
def found(tmp_path: Path) -> Callable[[Callable[[Recording], None]], Comparison]:
    """Compares the recording with one that was changed."""

    def run(change: Callable[[Recording], None]) -> Comparison:
        changed = copy.deepcopy(Recording())
        change(changed)
        return compare(Recording().write(tmp_path / "a.jsonl"), changed.write(tmp_path / "b.jsonl"))

    return run


Found = Callable[[Callable[[Recording], None]], Comparison]


def test_a_recording_is_like_itself(found: Found) -> None:
    comparison = found(lambda _: None)
    assert comparison.alike
    assert comparison.paired == 10
    assert comparison.table()["transactions"] == [
        {
            "connector": 1, "start_s": 60.0, "start_later_s": 0.0, "stop_later_s": 0.0, "in": "both",
            "energy_a_wh": 500.0, "energy_b_wh": 500.0, "reason_a": "Local", "reason_b": "Local",
            "alike": True,
        }
    ]  # fmt: skip


def test_other_ids_of_messages_and_transactions_are_alike(found: Found) -> None:
    def renumber(recording: Recording) -> None:
        for line in recording.lines:
            text = json.dumps(line["frame"]).replace('"transactionId": 7', '"transactionId": 4711')
            line["frame"] = json.loads(text)
            line["frame"][1] = f"x{line['frame'][1]}"

    assert found(renumber).alike


def test_a_message_that_was_not_sent_is_missing_and_no_other(found: Found) -> None:
    comparison = found(lambda recording: recording.drop(recording.of("MeterValues")[2]))
    assert [(kind, row.count, row.t_s) for kind, row in comparison.missing.items()] == [
        ("MeterValues Sample.Periodic", 1, 240.0)
    ]
    assert (comparison.extra, comparison.timing, comparison.meter) == ({}, {}, {})


def test_a_new_message_is_extra(found: Found) -> None:
    said = {"connectorId": 1, "status": "Finishing", "errorCode": "NoError"}
    comparison = found(lambda recording: recording.call(401, "StatusNotification", said))
    assert list(comparison.extra) == ["StatusNotification Finishing"]


def test_a_field_that_differs_is_told_with_both_values(found: Found) -> None:
    def change(recording: Recording) -> None:
        recording.of("StatusNotification")[0]["frame"][3]["errorCode"] = "OtherError"

    fields = found(change).table()["fields"]
    assert fields == [
        {
            "message": "StatusNotification Preparing", "field": "errorCode", "count": 1, "t": 10.0,
            "connector": 1, "a": "NoError", "b": "OtherError",
        }
    ]  # fmt: skip


def test_a_transaction_told_later_is_aligned_by_its_start(found: Found) -> None:
    """All of it 31 s later, more than half an interval: its samples yet are its first to fifth."""

    def later(recording: Recording) -> None:
        for line in recording.lines:
            if 60 <= line["t"] <= 401:
                text = json.dumps(line["frame"])
                for t in (60, *range(120, 361, 60), 400):
                    text = text.replace(at(t), at(t + 31))
                line |= {"t": line["t"] + 31, "at": at(line["t"] + 31), "frame": json.loads(text)}

    comparison = found(later)
    assert (comparison.missing, comparison.extra, comparison.meter) == ({}, {}, {})
    assert {kind: (row.count, round(row.worst, 3)) for kind, row in comparison.timing.items()} == {
        "StartTransaction": (1, 31.0),
        "MeterValues Sample.Periodic": (5, 31.0),
        "StopTransaction": (1, 31.0),
    }


def test_meter_values_differ_as_numbers(found: Found) -> None:
    def more(recording: Recording) -> None:
        sample = recording.of("MeterValues")[4]["frame"][3]["meterValue"][0]["sampledValue"][0]
        sample["value"] = "1512.5"

    comparison = found(more)
    ((key, row),) = comparison.meter.items()
    assert (key, row.count, row.worst) == (("Energy.Active.Import.Register", "Wh"), 1, 12.5)
    assert comparison.fields == {}


def test_tolerances_make_small_differences_alike(tmp_path: Path) -> None:
    changed = Recording()
    changed.of("StopTransaction")[0]["frame"][3]["meterStop"] = 1501
    a, b = Recording().write(tmp_path / "a"), changed.write(tmp_path / "b")
    assert [key[0] for key in compare(a, b).meter] == ["meterStop"]
    (row,) = compare(a, b, meter_tolerance_pct=0.1).transactions
    assert not row["alike"]  # 1 of 1500 Wh on the register, but of 500 Wh in the transaction
    forgiven = compare(a, b, meter_tolerance_pct=0.3)
    assert forgiven.meter == {}
    assert [row["alike"] for row in forgiven.transactions] == [True]


def test_a_transaction_that_only_one_has_is_told_once_and_not_by_each_message(found: Found) -> None:
    def without(recording: Recording) -> None:
        for line in [line for line in recording.lines if 60 <= line["t"] <= 400 and line["dir"] == "up"]:
            recording.drop(line)

    comparison = found(without)
    assert [(row["in"], row["energy_a_wh"], row["energy_b_wh"]) for row in comparison.transactions] == [
        ("a", 500.0, None)
    ]
    assert list(comparison.missing) == ["StartTransaction"]


def test_verdicts_and_findings_that_differ_are_told(found: Found) -> None:
    comparison = found(lambda recording: recording.call(902, "SelfDestruct", {}))
    assert ("frame.schema", "PASS", "FAIL") in [
        (row["id"], row["verdict_a"], row["verdict_b"]) for row in comparison.verdicts
    ]
    told = {(row["message"], row["count_a"], row["count_b"]) for row in comparison.findings}
    assert ("unknown action", 0, 1) in told


def couples(a: list[float], b: list[float]) -> list[tuple[float | None, float | None]]:
    timed = [[(t, Exchange(t, "up", "Heartbeat", {})) for t in side] for side in (a, b)]
    return [(x and x.t_s, y and y.t_s) for x, y in nearest(*timed)]


def test_each_is_paired_with_the_nearest_and_the_others_stay_alone() -> None:
    assert couples([60, 120, 180], [61, 181]) == [(60, 61), (120, None), (180, 181)]
    assert couples([100], [40, 101, 160]) == [(None, 40), (100, 101), (None, 160)]
    assert couples([10], [9000]) == [(10, None), (None, 9000)]
    assert couples([10, 11], [10.9, 12]) == [(10, 10.9), (11, 12)]


def test_keys_in_another_order_are_the_same_and_a_changed_one_is_named() -> None:
    a = {"configurationKey": [{"key": "A", "value": "1"}, {"key": "B", "value": "2"}]}
    b = {"configurationKey": [{"key": "B", "value": "3"}, {"key": "A", "value": "1"}]}
    assert list(differences(a, b)) == [("configurationKey[B].value", "2", "3")]


def test_a_measurand_that_only_one_tells_is_a_gap() -> None:
    def payload(*measurands: str) -> dict[str, Any]:
        return {"meterValue": [{"sampledValue": [{"value": "1", "measurand": name} for name in measurands]}]}

    (gap,) = gaps(payload("SoC", "Voltage"), payload("SoC"))
    assert (gap.measurand, gap.a, gap.b) == ("Voltage", 1.0, None)


def test_payloads_of_any_shape_are_compared() -> None:
    for odd in (7, [1], [{"sampledValue": 3}], [{"sampledValue": [None, {"value": []}]}]):
        assert list(gaps({"meterValue": odd}, {})) == []


def test_long_values_are_shown_from_where_they_part() -> None:
    assert texts("x" * 100 + "=1", "x" * 100 + "=2") == ("…" + "x" * 15 + "=1", "…" + "x" * 15 + "=2")


def test_the_comparison_fits_a_hundred_columns(found: Found) -> None:
    def break_much(recording: Recording) -> None:
        recording.of("StopTransaction")[0]["frame"][3] |= {"reason": "[bold]Other", "meterStop": 1800}
        recording.of("Heartbeat")[0]["t"] += 40
        recording.drop(recording.of("MeterValues")[1])

    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    show(found(break_much), console)
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 100
    assert "[bold]Other" in text
    assert "DIFFERENT" in text


def test_a_figure_has_a_panel_for_each_kind_of_difference(found: Found) -> None:
    def change(recording: Recording) -> None:
        recording.drop(recording.of("MeterValues")[1])
        recording.of("MeterValues")[3]["frame"][3]["meterValue"][0]["sampledValue"][0]["value"] = "1512.5"

    names = [axes.get_title(loc="left") for axes in plot_comparison(found(change)).axes]
    assert names == [
        "Messages that differ",
        "Energy.Active.Import.Register, connector 1, B − A, Wh",
        "Energy of each transaction, connector 1, B − A, Wh",
    ]


def test_a_run_and_the_log_of_a_real_station_are_compared_by_their_frames(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    Recording().write(run / "messages.jsonl")
    (run / "summary.json").write_text(json.dumps({"behaviour": "ocpp16", "start": at(0)}))
    (run / "events.jsonl").write_text(json.dumps({"t": 5.0, "connector": 1, "event": "plug-in"}) + "\n")
    log = tmp_path / "station.log"
    rows = sorted(Recording().lines, key=lambda row: row["t"])
    log.write_text("".join(f"[{row['at']}] {row['dir']} {json.dumps(row['frame'])}\n" for row in rows))
    assert compare(run, log).alike


@pytest.mark.slow
def test_the_exit_code_says_alike_different_or_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = Recording()
    changed.drop(changed.of("Heartbeat")[0])
    a, b = str(Recording().write(tmp_path / "a")), str(changed.write(tmp_path / "b"))
    assert main(["compare", a, a, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["alike"] is True
    figure = tmp_path / "figure.png"
    assert main(["compare", a, b, "--quiet", "--figure", str(figure)]) == 1
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("second", "more", "said"),
    [
        ("nowhere", [], "nowhere: no such file or directory"),
        ("empty", [], "empty holds no OCPP frames"),
        (".", [], ". is not a run directory: it has no messages.jsonl"),
        ("a", ["--figure", "a.xyz"], "--figure must end in .png, .svg or .pdf, got a.xyz"),
        ("a", ["--seconds", "-1"], "must be a number >= 0, got -1"),
    ],
)
def test_bad_input_is_told_in_one_line(
    second: str,
    more: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Recording().write(Path("a"))
    Path("empty").write_text("")
    assert main(["compare", "a", second, *more]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert said in err


@pytest.mark.slow
def test_two_runs_are_compared_by_themselves_or_by_their_directories(tmp_path: Path) -> None:
    charge = {"connector": 1, "vehicle": "vw-id3-58", "plug_in": "10m", "unplug": "40m", "soc": 0.5}
    rig = Rig.from_dict({"name": "one", "start": "2024-03-01T10:00:00Z", "days": 0.05, "sessions": [charge]})
    run = rig.run(out=tmp_path / "a")
    slower = rig.revised({"sessions[0].unplug": "30m"}).run(out=tmp_path / "b")
    assert repr(evc5.compare(run, run.directory)) == "<Comparison: alike>"
    found = evc5.compare(str(run.directory), slower)
    assert not found.alike
    assert repr(found).startswith("<Comparison: different in ")
    with pytest.raises(BadInput):
        evc5.compare(run, tmp_path / "nothing")
