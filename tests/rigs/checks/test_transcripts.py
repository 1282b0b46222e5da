"""The same frames in every form that testers have them in get the same verdict."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from handmade import healthy

from evc5.rigs.checks import judge
from evc5.rigs.checks.reading.transcripts import transcript
from evc5.rigs.command.cli import main
from evc5.rigs.errors import BadInput

Line = dict[str, Any]


def bracketed(line: Line) -> str:
    return f"[{line['at']}] {'Send' if line['dir'] == 'up' else 'Receive'}: {json.dumps(line['frame'])}"


def absolute(line: Line) -> str:
    return f"[{line['at']}] {line['dir']} {json.dumps(line['frame'])}"


def of_csms(line: Line) -> str:
    """As logging.basicConfig(format="%(asctime)s %(levelname)s:%(name)s:%(message)s") writes it."""
    clock = line["at"].replace("T", " ").replace(".", ",").rstrip("Z")
    word = "receive message" if line["dir"] == "up" else "send"
    return f"{clock} INFO:ocpp:CP 1/EVC5: {word} {json.dumps(line['frame'])}"


def of_station(line: Line) -> str:
    word = "send" if line["dir"] == "up" else "receive message"
    return f"{line['at']} INFO EVC5: {word} {json.dumps(line['frame'])}"


def of_evcc(line: Line) -> str:
    clock = line["at"][:19].replace("-", "/").replace("T", " ")
    word = "recv" if line["dir"] == "up" else "send"
    return f"[ocpp  ] TRACE {clock} {word} EVC5: {json.dumps(line['frame'])}"


def written(path: Path, form: Callable[[Line], str], lines: list[Line]) -> Path:
    path.write_text("".join(form(line) + "\n" for line in lines))
    return path


@pytest.fixture(scope="module")
def frames() -> list[Line]:
    return sorted(healthy().lines, key=lambda line: line["t"])


def records(path: Path) -> list[Line]:
    return [json.loads(raw) for _, raw in transcript(path)]


@pytest.mark.slow
@pytest.mark.parametrize("form", [bracketed, absolute, of_csms, of_station])
def test_every_form_is_read_as_our_own(
    form: Callable[[Line], str], frames: list[Line], tmp_path: Path
) -> None:
    read = records(written(tmp_path / "a.log", form, frames))
    wanted = ("at", "dir", "frame")
    assert [[row[key] for key in wanted] for row in read] == [[row[key] for key in wanted] for row in frames]


@pytest.mark.slow
def test_the_log_of_evcc_is_read_to_the_second(frames: list[Line], tmp_path: Path) -> None:
    read = records(written(tmp_path / "evcc.log", of_evcc, frames))
    assert [(row["at"][:19], row["dir"]) for row in read] == [(row["at"][:19], row["dir"]) for row in frames]


@pytest.mark.slow
@pytest.mark.parametrize("form", [bracketed, of_csms])
def test_a_log_gets_the_verdict_that_its_messages_get(
    form: Callable[[Line], str], frames: list[Line], tmp_path: Path
) -> None:
    own = judge(written(tmp_path / "messages.jsonl", json.dumps, frames[:150]))
    log = judge(written(tmp_path / "a.log", form, frames[:150]))
    assert [row["count"] for row in own.requirements if row["id"] == "frame.form"] == [150]
    assert (log.requirements, log.findings) == (own.requirements, own.findings)


def test_a_frame_may_go_on_over_lines_and_other_lines_may_stand_between(tmp_path: Path) -> None:
    path = tmp_path / "home-assistant.log"
    path.write_text(
        "2021-03-17 20:20:20 WARNING (MainThread) [homeassistant.loader] a custom integration\n"
        '2021-03-17 20:23:00 INFO (MainThread) [ocpp] Box: send [2,"7","TriggerMessage",{}]\n'
        '2021-03-17 20:23:01 INFO (MainThread) [ocpp] Box: receive message [3,"7",\n'
        '{\n"status": "Accepted"\n}]\n'
        "Traceback (most recent call last):\n"
    )
    assert [(row["dir"], row["frame"]) for row in records(path)] == [
        ("down", [2, "7", "TriggerMessage", {}]),
        ("up", [3, "7", {"status": "Accepted"}]),
    ]


def test_where_a_log_has_no_times_the_frames_own_stand_for_them(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text(
        'INFO:ocpp:CP1: receive message [2,"1","Heartbeat",{}]\n'
        'INFO:ocpp:CP1: send [3,"1",{"currentTime":"2024-03-01T10:00:05Z"}]\n'
        'INFO:ocpp:CP1: receive message [2,"2","Heartbeat",{}]\n'
        'INFO:ocpp:CP1: send [3,"2",{"currentTime":"2024-03-01T10:05:05Z"}]\n'
    )
    assert [row["at"][11:19] for row in records(path)] == ["10:00:05", "10:00:05", "10:00:05", "10:05:05"]


@pytest.mark.slow
def test_each_broken_line_is_a_finding_with_its_number(frames: list[Line], tmp_path: Path) -> None:
    path = tmp_path / "broken.log"
    rows = [absolute(line) for line in frames]
    rows[10:10] = ["what is this", rows[9][:-2], f"[{frames[9]['at']}] sideways [2]"]
    path.write_text("\n".join(rows) + "\n")
    verdict = judge(path)
    said = [found["message"] for found in verdict.findings]
    assert [message[:7] for message in said if message.startswith("line ")] == [
        "line 11", "line 12", "line 13",
    ]  # fmt: skip
    assert verdict.frames == len(frames) + 1  # the cut one had a time and a direction


@pytest.mark.parametrize("form", [bracketed, json.dumps])
def test_a_clock_going_backwards_and_an_unknown_action_are_judged_as_far_as_they_go(
    form: Callable[[Line], str], frames: list[Line], tmp_path: Path
) -> None:
    cut = frames[:40]
    unknown = {**cut[-1], "dir": "up", "frame": [2, "odd", "SelfDestruct", {}]}
    back = {**cut[0], "dir": "up", "frame": [2, "late", "Heartbeat", {}]}
    del back["t"], unknown["t"]
    verdict = judge(written(tmp_path / "a.log", form, [*cut, unknown, back]))
    said = {(found["requirement"], found["message"]) for found in verdict.findings}
    assert ("frame.schema", "unknown action") in said
    assert ("recording.line", "line 42 goes back in time") in said


def test_a_log_of_several_stations_is_refused(frames: list[Line], tmp_path: Path) -> None:
    rows = [of_station(line) for line in frames[:4]]
    path = tmp_path / "two.log"
    path.write_text("\n".join([*rows, rows[0].replace("EVC5:", "EVC6:")]))
    with pytest.raises(BadInput, match=r"two\.log holds the frames of EVC5 and EVC6"):
        judge(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", b"\x89PNG\r\n\x1a\n\x00\xff", b'{"name": "x"}\n', b"a,b\n1,2\n", b"Jo: send help\n"],
)
def test_an_empty_or_foreign_file_is_refused_in_one_line(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "foreign"
    path.write_bytes(content)
    assert main(["verify", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "holds no OCPP frames" in err


@pytest.mark.slow
def test_the_reply_to_a_call_on_a_broken_line_is_not_blamed(frames: list[Line], tmp_path: Path) -> None:
    lines = [json.dumps(line) for line in frames]
    lines[20] = lines[20][:80]  # a CALL, cut
    path = tmp_path / "messages.jsonl"
    path.write_text("\n".join(lines) + "\n")
    said = {(row["requirement"], row["message"].partition(" not")[0]) for row in judge(path).findings}
    assert frames[20]["frame"][0] == 2 and ("recording.line", "line 21:") in said
    assert "rpc.matched" not in {requirement for requirement, _ in said}
