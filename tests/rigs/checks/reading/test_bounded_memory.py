"""Memory does not grow with a log: neither with its length, nor read from its end, nor with its stations."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from log_forms import Said, steve
from places import ROOT

START = 1709287200.0
FRAMES = 8_000
GROWTH_MB = 40.0  # of a log five times as long: what is kept of a frame is bounded, and buffers fill
JUDGING = r"""
import re, sys
from evc5.rigs.checks.verdict.judging import judged
from evc5.rigs.checks.verdict.recordings import every
frames = sum(judged(recording).frames for recording in every(sys.argv[1], None, None, None))
kb = re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1]  # not ru_maxrss, which a parent lends
print(frames, int(kb) / 1024)
"""


def told(frames: int) -> Iterator[Said]:
    boot = {"chargePointVendor": "V", "chargePointModel": "M"}
    accepted = {"status": "Accepted", "currentTime": "2024-03-01T10:00:00Z", "interval": 86400}
    yield Said(START, True, [2, "0", "BootNotification", boot])
    yield Said(START, False, [3, "0", accepted])
    for k in range(1, frames // 2):
        t = START + 10.0 * k
        data = {"vendorId": "v", "data": json.dumps({"at": t, "text": "x" * 300})}
        yield Said(t, True, [2, str(k), "DataTransfer", data])
        yield Said(t, False, [3, str(k), {"status": "Accepted"}])


def peak_mb(path: Path, frames: int) -> float:
    run = subprocess.run(
        [sys.executable, "-c", JUDGING, str(path)],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    read, peak = run.stdout.split()
    assert int(read) == frames
    return float(peak)


def written(path: Path, frames: int, *, reverse: bool = False, stations: int = 1) -> Path:
    lines = []
    for number, said in enumerate(told(frames)):
        lines.append(steve(said).replace("CP001", f"CP{number // 2 % stations:03}") + "\n")
    path.write_text("".join(reversed(lines) if reverse else lines))
    return path


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
@pytest.mark.parametrize("choices", [{}, {"reverse": True}, {"stations": 40}])
def test_memory_does_not_grow_with_a_log(choices: dict[str, int], tmp_path: Path) -> None:
    short = peak_mb(written(tmp_path / "short.log", FRAMES, **choices), FRAMES)
    long = peak_mb(written(tmp_path / "long.log", 5 * FRAMES, **choices), 5 * FRAMES)
    assert long - short < GROWTH_MB
