"""The same conversation is read from every form of log: frames, directions, times, station, line numbers."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from log_forms import FORMS, STATION, Form, Said, conversation

from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.checks.reading.transcripts import Transcript, is_event


def read(path: Path, **choices: Any) -> list[tuple[int, dict[str, Any]]]:
    return frames_of(Transcript([path], **choices))


def frames_of(transcript: Transcript) -> list[tuple[int, dict[str, Any]]]:
    return [(number, json.loads(raw)) for number, raw in transcript.records() if not is_event(raw)]


def written(folder: Path, content: bytes) -> Path:
    path = folder / "a.log"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("form", FORMS, ids=[form.name for form in FORMS])
def test_a_log_is_read_whatever_its_form(form: Form, tmp_path: Path) -> None:
    told = conversation()
    found = read(written(tmp_path, form.write(told)))
    assert [row["frame"] for _, row in found] == [said.frame for said in told]
    assert [row["dir"] for _, row in found] == ["up" if said.up else "down" for said in told]
    assert {row["station"] for _, row in found} == ({STATION} if form.named else {""})
    if form.seconds is not None:
        assert off_s(found, told) < form.seconds


def off_s(found: list[tuple[int, dict[str, Any]]], told: list[Said]) -> float:
    return max(abs(epoch(row["at"]) - said.t) for (_, row), said in zip(found, told, strict=True))


@pytest.mark.parametrize("name", ["noisy", "markdown", "pretty-array", "monta-csv"])
def test_line_numbers_are_those_of_the_file(name: str, tmp_path: Path) -> None:
    form = next(form for form in FORMS if form.name == name)
    told = conversation()
    content = form.write(told).decode().split("\n")
    for number, row in read(written(tmp_path, form.write(told))):
        near = "".join(content[number - 1 : number + 3])
        assert f'"{row["frame"][1]}"' in near


HOURS = [-9.5, -5.0, -3.5, 0.0, 1.0, 2.0, 5.75, 8.75, 13.0]


def local(said: Said, hours: float) -> str:
    word = "receive message" if said.up else "send"
    return f"{said.clock('%Y-%m-%d %H:%M:%S.%f', hours)} CP: {word} {said.json}"


@pytest.mark.parametrize("hours", HOURS)
def test_the_zone_of_a_log_is_learned_from_what_the_csms_tells(hours: float, tmp_path: Path) -> None:
    told = conversation()
    path = written(tmp_path, "\n".join(local(said, hours) for said in told).encode())
    transcript = Transcript([path])
    found = frames_of(transcript)
    assert off_s(found, told) < 0.001
    assert transcript.told().knows_clock
    (note,) = transcript.told().notes
    assert "UTC" in note and "currentTime" in note


def test_a_station_that_tells_local_time_as_utc_does_not_teach_the_zone(tmp_path: Path) -> None:
    """Its stamps are two hours off; the CSMS's tell the truth, and the frames go by them."""
    told = conversation()
    content = "\n".join(local(said, 0.0) for said in told)
    for said in told:
        if said.up:
            content = content.replace('"timestamp":"2024-03-01T10', '"timestamp":"2024-03-01T12')
    found = read(written(tmp_path, content.encode()))
    assert off_s(found, told) < 0.001


def test_without_the_csms_s_time_the_clock_is_not_known(tmp_path: Path) -> None:
    told = [said for said in conversation() if "currentTime" not in said.json]
    transcript = Transcript([written(tmp_path, "\n".join(local(said, 2.0) for said in told).encode())])
    assert not transcript.told().knows_clock


def test_a_zone_that_is_named_stands_over_what_is_learned(tmp_path: Path) -> None:
    told = conversation()
    path = written(tmp_path, "\n".join(local(said, 2.0) for said in told).encode())
    found = read(path, zone=ZoneInfo("UTC"))
    assert epoch(found[0][1]["at"]) - told[0].t == pytest.approx(7200.0)


AUTUMN, SPRING = 1729990200.0, 1711846200.0  # 02:50 and 01:50 in Amsterdam, before the clocks change


@pytest.mark.parametrize("named", [None, "Europe/Amsterdam"])
@pytest.mark.parametrize("start", [AUTUMN, SPRING])
def test_the_night_in_which_the_clocks_change(start: float, named: str | None, tmp_path: Path) -> None:
    """Heartbeats every five minutes: the hour that October has twice is told apart by the lines' order."""
    told = []
    zone = ZoneInfo("Europe/Amsterdam")
    for k in range(40):
        t = start + 300.0 * k
        told.append(Said(t, True, [2, str(k), "Heartbeat", {}]))
        now = datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        told.append(Said(t + 0.1, False, [3, str(k), {"currentTime": now}]))
    lines = [f"{said.at.astimezone(zone):%Y-%m-%d %H:%M:%S} CP: {said.json}" for said in told]
    zone_named = None if named is None else ZoneInfo(named)
    found = read(written(tmp_path, "\n".join(lines).encode()), zone=zone_named)
    assert off_s(found, told) < 1.0


def test_a_clock_of_the_csms_that_jumps_is_not_taken_for_a_change_of_zone(tmp_path: Path) -> None:
    told = []
    for k in range(20):
        t = 1709287200.0 + 300.0 * k
        told.append(Said(t, True, [2, str(k), "Heartbeat", {}]))
        now = datetime.fromtimestamp(t + 3600.0 * (k > 9), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        told.append(Said(t + 0.1, False, [3, str(k), {"currentTime": now}]))
    found = read(written(tmp_path, "\n".join(local(said, 1.0) for said in told).encode()))
    assert off_s(found, told) < 0.001
