"""What a log lacks is said once, and no error follows from it."""

import json
from pathlib import Path
from typing import Any

import pytest
from log_forms import FORMS, Form, Said, conversation, home_assistant, steve

from evc5 import BadInput
from evc5.rigs.checks import Verdict, judge
from evc5.rigs.checks.reading.logs import decoding

Rows = list[dict[str, Any]]


def judged(folder: Path, told: list[Said], line: Any = home_assistant, **choices: Any) -> Verdict:
    path = folder / "a.log"
    path.write_text("\n".join(map(line, told)) + "\n")
    return judge(path, **choices)


def errors(verdict: Verdict) -> list[tuple[str, str]]:
    return [(row["requirement"], row["message"]) for row in verdict.findings if row["severity"] == "error"]


@pytest.fixture
def whole() -> list[Said]:
    return conversation()[:-2]  # without the action of its own


def test_the_whole_conversation_has_no_error(whole: list[Said], tmp_path: Path) -> None:
    assert errors(judged(tmp_path, whole)) == []


@pytest.mark.parametrize("up", [True, False])
def test_one_direction_alone(up: bool, whole: list[Said], tmp_path: Path) -> None:
    verdict = judged(tmp_path, [said for said in whole if said.up == up])
    assert errors(verdict) == []
    assert [note for note in verdict.about["notes"] if "alone" in note] != []


@pytest.mark.parametrize("first", range(1, 20))
def test_it_may_begin_anywhere(first: int, whole: list[Said], tmp_path: Path) -> None:
    assert errors(judged(tmp_path, whole[first:])) == []


@pytest.mark.parametrize("last", range(5, 27, 2))
def test_it_may_end_anywhere(last: int, whole: list[Said], tmp_path: Path) -> None:
    assert errors(judged(tmp_path, whole[:last])) == []


@pytest.mark.parametrize("form", [form for form in FORMS if form.name in ("steve", "json-array", "steve-gz")])
def test_it_may_end_in_the_middle_of_a_frame(form: Form, whole: list[Said], tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    written = form.write(whole)
    path.write_bytes(written[: written.rindex(b"}]", 0, -20)] if form.name != "steve-gz" else written[:-90])
    verdict = judge(path)
    assert errors(verdict) == []
    if form.name != "json-array":  # of a document the records that end in it are read
        assert [note for note in verdict.about["notes"] if "in the middle of a frame" in note] != []


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS, ids=[form.name for form in FORMS])
def test_any_form_may_end_at_any_place(form: Form, whole: list[Said], tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    written = form.write(whole)
    for last in range(len(written) // 4, len(written), len(written) // 16 or 1):
        path.write_bytes(written[:last])
        try:
            assert errors(judge(path)) == [], last
        except BadInput:  # one value without an end, packed in one block, or half a name as a second station
            assert form.name in ("loki", "steve-gz", "steve-bz2", "steve-xz", "monta-csv")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["json-array", "array-of-frames", "loki", "elastic", "cloudwatch", "har"])
def test_a_document_in_one_line_may_be_longer_than_what_is_read_at_once(
    name: str, whole: list[Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = next(form for form in FORMS if form.name == name)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(json.loads(form.write(whole)), separators=(",", ":")))
    at_once = judge(path)
    for piece in (50, 333, 1000):
        monkeypatch.setattr(decoding, "PIECE", piece)
        by_pieces = judge(path)
        assert (by_pieces.frames, errors(by_pieces)) == (at_once.frames, errors(at_once)) == (len(whole), [])


def test_the_same_log_twice_is_read_once(whole: list[Said], tmp_path: Path) -> None:
    once, twice = judged(tmp_path, whole), judged(tmp_path, whole + whole)
    assert (twice.frames, twice.findings) == (once.frames, once.findings)
    assert [note for note in twice.about["notes"] if f"{len(whole)} frames" in note] != []


def test_a_message_said_twice_is_no_log_said_twice(whole: list[Said], tmp_path: Path) -> None:
    """The station sends its StopTransaction again under the same id: that is the station's, and is judged."""
    stop = next(k for k, said in enumerate(whole) if said.action == "StopTransaction")
    again = [Said(said.t + 20.0, said.up, said.frame) for said in whole[stop : stop + 2]]
    found = errors(judged(tmp_path, whole + again))
    assert "message id used before" in [message for _, message in found]


def at(t: float) -> str:
    return Said(t, True, []).iso


def offline(silent_s: float, old: bool) -> list[Said]:
    """A session; the station is silent for a time, and then tells what it measured in it."""
    told: list[Said] = []
    start, n = 1709287200.0, 0

    def call(t: float, action: str, payload: Any, reply: Any) -> None:
        nonlocal n
        n += 1
        told.append(Said(t, True, [2, str(n), action, payload]))
        told.append(Said(t + 0.1, False, [3, str(n), reply]))

    def values(t: float, of: float) -> None:
        sampled = [{"value": str(1000 + (of - start) * 2), "context": "Sample.Periodic"}]
        item = {"timestamp": at(of), "sampledValue": sampled}
        call(t, "MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": [item]}, {})

    accepted = {"status": "Accepted", "currentTime": at(start), "interval": 120}
    call(start, "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, accepted)
    for connector, told_status in ((0, "Available"), (1, "Preparing")):
        status = {"connectorId": connector, "status": told_status, "errorCode": "NoError"}
        call(start + 1 + connector, "StatusNotification", status, {})
    begun = {"connectorId": 1, "idTag": "T", "meterStart": 1020, "timestamp": at(start + 10)}
    call(start + 10, "StartTransaction", begun, {"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
    charging = {"connectorId": 1, "status": "Charging", "errorCode": "NoError"}
    call(start + 11, "StatusNotification", charging, {})
    for k in range(1, 4):
        values(start + 10 + 60 * k, start + 10 + 60 * k)
    back = start + 10 + 60 * 3 + silent_s
    for k in range(4, int(silent_s / 60) + 3):
        values(back + 0.5 * k, start + 10 + 60 * k if old else back + 0.5 * k)
    return told


def test_a_station_offline_is_seen_by_its_silence_and_its_old_stamps(tmp_path: Path) -> None:
    found = judged(tmp_path, offline(1500.0, old=True), steve).findings
    assert [row["message"] for row in found if row["severity"] == "error"] == []
    assert [row["message"] for row in found if "late" in row["message"]] == []


def test_a_station_that_is_late_without_a_silence_is_late(tmp_path: Path) -> None:
    """Heartbeats go on, so the line is up; what it then tells is told late."""
    told = offline(1500.0, old=True)
    last = told[13].t
    beats = []
    for k in range(1, 14):
        t = last + 100.0 * k
        beats += [
            Said(t, True, [2, f"h{k}", "Heartbeat", {}]),
            Said(t + 0.1, False, [3, f"h{k}", {"currentTime": at(t)}]),
        ]
    found = judged(tmp_path, sorted(told + beats, key=lambda said: said.t), steve).findings
    assert any(row["requirement"] == "metering.prompt" for row in found)


def test_a_log_of_another_ocpp_is_called_that(tmp_path: Path) -> None:
    station = {"model": "M", "vendorName": "V"}
    frames = [
        [2, "1", "BootNotification", {"reason": "PowerUp", "chargingStation": station}],
        [3, "1", {"status": "Accepted", "currentTime": "2024-03-01T10:00:00Z", "interval": 300}],
        [2, "2", "TransactionEvent", {"eventType": "Started", "seqNo": 0}],
    ]
    told = [Said(1709287200.0 + 100 * k, frame[0] == 2, frame) for k, frame in enumerate(frames)]
    verdict = judged(tmp_path, told)  # with silences in between
    (finding,) = verdict.findings
    assert "OCPP 2.0.1" in finding["message"]
    assert (finding["severity"], finding["line"], verdict.passed) == ("warning", 1, None)
    assert json.loads(json.dumps(verdict.summary()))["frames"] == 3


STRANGE = [2, "c1", "SetVariables", {"setVariableData": []}]


@pytest.mark.parametrize(
    "around",
    [
        [[2, "1", "StatusNotification", {"connectorId": 1, "status": "Available", "errorCode": "NoError"}]],
        [[2, "1", "Heartbeat", {}], [4, "c1", "NotImplemented", "", {}]],
        [[2, "1", "Authorize", {"idTag": "TAG1"}]],
        [[2, "c2", "ChangeConfiguration", {"key": "HeartbeatInterval", "value": "300"}]],
    ],
    ids=["a-status", "refused", "a-card", "a-key"],
)
def test_one_strange_call_makes_no_log_of_another_ocpp(around: list[Any], tmp_path: Path) -> None:
    path = tmp_path / "short.log"
    path.write_text("".join(f"{json.dumps(frame)}\n" for frame in [STRANGE, *around]), encoding="utf-8")
    assert judge(path).about.get("version", "1.6") == "1.6"


def test_a_log_of_heartbeats_and_one_event_of_201_is_of_201(tmp_path: Path) -> None:
    frames = [[2, str(n), "Heartbeat", {}] for n in range(20)] + [[2, "20", "NotifyEvent", {"seqNo": 0}]]
    path = tmp_path / "short.log"
    path.write_text("".join(f"{json.dumps(frame)}\n" for frame in frames), encoding="utf-8")
    assert judge(path).about["version"] == "2.0.1"
