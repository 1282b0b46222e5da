"""Lines that a container's log driver cut at 16 KB are joined again, whichever driver it was."""

import json
from pathlib import Path

import pytest
from log_forms import Said

from evc5.rigs.checks.reading.transcripts import Transcript

SIZE = 16_384  # bytes at which Docker and containerd cut a line
T = 1709287200.0


def long_told(pieces: int) -> list[Said]:
    keys = [{"key": f"Key{k}", "readonly": False, "value": "x" * 90 + '\\"é'} for k in range(120 * pieces)]
    return [
        Said(T, True, [2, "1", "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}]),
        Said(T + 1, False, [2, "c1", "GetConfiguration", {}]),
        Said(T + 2, True, [3, "c1", {"configurationKey": keys}]),
        Said(T + 3, True, [2, "2", "Heartbeat", {}]),
        Said(T + 3, False, [3, "2", {"currentTime": "2024-03-01T10:00:03Z"}]),
    ]


def line(said: Said) -> str:
    word = "receive message" if said.up else "send"
    return f"{said.clock('%Y-%m-%d %H:%M:%S.%f')} INFO [ocpp] CP1: {word} {said.json}"


def pieces(text: str) -> list[str]:
    return [text[at : at + SIZE] for at in range(0, len(text), SIZE)]


def by_kubernetes(said: Said) -> list[str]:
    parts = pieces(line(said))
    flags = ["P"] * (len(parts) - 1) + ["F"]
    return [f"{said.iso} stdout {flag} {part}" for part, flag in zip(parts, flags, strict=True)]


def by_docker(said: Said) -> list[str]:
    parts = pieces(line(said) + "\n")
    return [json.dumps({"log": part, "stream": "stdout", "time": said.iso}) for part in parts]


def by_compose(said: Said) -> list[str]:
    return [f"csms-1  | {part}" for part in pieces(line(said))]


def by_docker_with_times(said: Said) -> list[str]:
    return [f"{said.iso} {part}" for part in pieces(line(said))]


def by_journald(said: Said) -> list[str]:
    return [f"{said.clock('%b %d %H:%M:%S')} office csms[412]: {part}" for part in pieces(line(said))]


def by_serial(said: Said) -> list[str]:
    return pieces(line(said))


@pytest.mark.parametrize(
    "cut", [by_kubernetes, by_docker, by_compose, by_docker_with_times, by_journald, by_serial]
)
@pytest.mark.parametrize("length", [1, 3])
def test_a_line_that_was_cut_is_one_frame(cut, length: int, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    told = long_told(length)
    path = tmp_path / "0.log"
    path.write_text("\n".join(part for said in told for part in cut(said)) + "\n")
    found = [(number, json.loads(raw)) for number, raw in Transcript([path]).records()]
    assert [row["frame"] for _, row in found] == [said.frame for said in told]
    assert [number for number, _ in found][:3] == [1, 2, 3]
    assert found[3][0] == 3 + len(cut(told[2]))


def test_the_parts_of_two_streams_may_be_mixed(tmp_path: Path) -> None:
    told = long_told(2)
    whole, other = by_kubernetes(told[2]), "2024-03-01T10:00:02.5Z stderr F a warning [2, 3]"
    lines = [*by_kubernetes(told[1]), whole[0], other, *whole[1:]]
    path = tmp_path / "0.log"
    path.write_text("\n".join(lines) + "\n")
    found = [json.loads(raw)["frame"] for _, raw in Transcript([path]).records()]
    assert found == [told[1].frame, told[2].frame]
