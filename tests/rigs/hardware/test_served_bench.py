"""A rig played on a bench that we serve: what its devices do, what its meter reads, and how it is left."""

import io
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bench_box
import orjson
import pyarrow.parquet as pq
import pytest
from local_csms import until
from places import ROOT
from websockets.sync.client import connect

from evc5.rigs.hardware.modbus import maps
from evc5.rigs.hardware.modbus.serving import MeterEmulator
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.served.listener import Address
from evc5.rigs.served.serve import Order, Outcome, serve

BOX = ROOT / "tests" / "support" / "bench_box.py"
VOLTS = 230.0


def flowing(box: Path, factor: float = 1.0) -> dict[str, float | None]:
    """What the meter at the box's outlet sees."""
    now = bench_box.read(box)
    amps = [factor * draw if now["state"] == "C" and now["mains"] else 0.0 for draw in now["draws"]]
    told: dict[str, float | None] = {f"i{phase}_a": one for phase, one in enumerate(amps, 1)}
    told |= {f"u{phase}_v": VOLTS for phase in (1, 2, 3)}
    return told | {"total_w": VOLTS * sum(amps), "hz": 50.0, "energy_wh": 1000.0}


@contextmanager
def meter(box: Path, factor: float = 1.0) -> Iterator[str]:
    """An SDM630 on TCP that reads the outlet; its URL."""
    served = MeterEmulator(
        "tcp://127.0.0.1:0", maps.find("SDM630", Path()), {1: lambda: flowing(box, factor)}
    )
    try:
        yield f"tcp://127.0.0.1:{served.port}"
    finally:
        served.close()


def rig(box: Path, meter_url: str, seconds: float) -> dict[str, Any]:
    """A car that comes at once and stays to the end."""
    device = {"driver": "command", "program": [sys.executable, str(BOX), str(box)]}
    read = {"driver": "modbus-meter", "url": meter_url, "map": "SDM630", "period_s": 0.2, "timeout_s": 1.0}
    outlet = {
        "cable": {**device, "period_s": 0.2},
        "load": {**device, "max_a": 20.0},
        "reader": device,
        "meter": {**read, "accuracy": {"current_pct": 0.5, "power_pct": 1.0, "current_a": 0.01}},
    }
    session = {
        "vehicle": "vw-id3-58",
        "soc": 0.5,
        "plug_in": 0.2,
        "unplug": seconds - 0.5,
        "tag_after_s": 0.1,
    }
    return {
        "name": "metal",
        "start": "2024-03-01T10:00:00Z",
        "days": seconds / 86_400,
        "station": {"backend": "hardware", "identity": "CP1", "connectors": 1, "behaviour": "ocpp16"},
        "hardware": {"connector": {"1": outlet}, "mains": device},
        "sessions": [session],
        "csms": {"asks_keys": False},
        "recording": {"report": False},
    }


class Serving:
    """`evc5 csms` with such a rig in a thread, and a charge point of a few lines that has dialled in."""

    def __init__(self, table: dict[str, Any], out: Path) -> None:
        self.said: list[str] = []
        self._outcome: list[Outcome] = []
        order = Order(Address(port=0), RigFile.parse(table), out=out)
        self.thread = threading.Thread(target=lambda: self._outcome.append(serve(order, self.said.append)))
        self.thread.start()
        until(lambda: bool(self.said))
        url = self.said[0].split()[-1].replace("<identity>", "CP1")
        self.socket = connect(url, subprotocols=["ocpp1.6"]).__enter__()
        boot = {"chargePointVendor": "V", "chargePointModel": "M"}
        self.socket.send(orjson.dumps([2, "1", "BootNotification", boot]).decode())

    def outcome(self) -> Outcome:
        self.thread.join(60.0)
        self.socket.close()
        return self._outcome[0]


@pytest.fixture
def no_hands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sits at the terminal."""
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setattr("evc5.rigs.served.serve.END_POLL_S", 0.05)


def rows_of(run: Path) -> list[dict[str, Any]]:
    return [
        row
        for path in sorted(run.glob("telemetry.parquet/*.parquet"))
        for row in pq.read_table(path).to_pylist()
    ]


@pytest.mark.slow
def test_devices_play_the_rig_and_what_they_read_is_its_telemetry(no_hands: None, tmp_path: Path) -> None:
    box, out = tmp_path / "box.json", tmp_path / "run"
    with meter(box) as url:
        outcome = Serving(rig(box, url, 3.0), out).outcome()
    assert outcome.bench_fault is None
    events = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    done = {row["event"]: row["detail"] for row in events if "driver" in row["detail"]}
    assert set(done) == {"plug-in", "tag", "unplug"} and done["plug-in"]["driver"] == "command"
    summary = json.loads((out / "summary.json").read_text())
    assert summary["telemetry"]["source"] == "measured" and summary["telemetry"]["current_pct"] == 0.5
    assert summary["bench"]["dead"] is True and summary["bench"]["fault"] is None
    rows = rows_of(out)
    assert max(row["i1_a"] for row in rows) == pytest.approx(16.0) and rows[-1]["i1_a"] == 0.0
    charging = [row for row in rows if row["i1_a"] > 0.0]
    assert {row["pilot"] for row in charging} == {"C"} and charging[0]["offered1_a"] == pytest.approx(16.0)
    assert {(row["soc"], row["allocated1_a"], row["status"]) for row in rows} == {(None, None, None)}
    assert bench_box.read(box) | {"card": None, "mains": None} == bench_box.DEAD | {"mains": None}


@pytest.mark.slow
def test_more_than_was_offered_is_found_by_the_measured_current_alone(no_hands: None, tmp_path: Path) -> None:
    box, out = tmp_path / "box.json", tmp_path / "run"
    table = rig(box, "", 4.0)
    table["checks"] = {"tolerances": {"reaction_s": 0.5}}
    with meter(box, factor=1.25) as url:
        table["hardware"]["connector"]["1"]["meter"]["url"] = url
        outcome = Serving(table, out).outcome()
    (run,) = outcome.runs
    assert not outcome.passed
    assert [finding["requirement"] for finding in run.findings if finding["severity"] == "error"] == [
        "electrical.offer"
    ]


@pytest.mark.slow
def test_a_device_that_is_gone_ends_the_run_inconclusive_and_the_bench_dead(
    no_hands: None, tmp_path: Path
) -> None:
    box, out = tmp_path / "box.json", tmp_path / "run"
    with meter(box) as url:
        serving = Serving(rig(box, url, 30.0), out)
        until(lambda: any(bench_box.read(box)["draws"]))
    outcome = serving.outcome()  # its meter has gone
    assert outcome.bench_fault is not None and "no answer" in outcome.bench_fault and not outcome.passed
    summary = json.loads((out / "summary.json").read_text())
    assert summary["bench_faults"] == [outcome.bench_fault] and summary["passed"] is None
    assert bench_box.read(box)["state"] == "A" and bench_box.read(box)["draws"] == [0.0] * 3
    assert summary["bench"]["dead"] is True  # the mains were cut


@pytest.mark.slow
def test_a_run_that_is_killed_leaves_the_bench_dead(tmp_path: Path) -> None:
    killed(tmp_path, lambda box: until(lambda: any(bench_box.read(box)["draws"])), is_dead)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no process groups that a signal reaches")
def test_ctrl_c_at_the_terminal_leaves_the_bench_dead(tmp_path: Path) -> None:
    """It reaches the whole group: the programs that drive the bench must outlive it, to switch all off."""
    killed(tmp_path, lambda box: until(lambda: any(bench_box.read(box)["draws"])), is_dead, at_terminal)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100))
def test_a_run_that_is_killed_at_any_moment_leaves_the_bench_dead(tmp_path: Path, seed: int) -> None:
    moment_s = random.Random(seed).uniform(0.0, 4.0)
    killed(tmp_path, lambda box: time.sleep(moment_s), is_at_rest)


def outright(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)


def at_terminal(process: "subprocess.Popen[str]") -> None:
    os.killpg(process.pid, signal.SIGINT)


def killed(
    folder: Path,
    wait: Callable[[Path], object],
    ends: Callable[[dict[str, Any]], bool],
    end: Callable[["subprocess.Popen[str]"], None] = outright,
) -> None:
    """Serve a rig from another process, wait for the moment, end it, and see that the bench is dead soon."""
    box = folder / "box.json"
    with meter(box) as url:
        (folder / "metal.toml").write_text(RigFile.parse(rig(box, url, 60.0)).to_toml())
        command = [sys.executable, "-m", "evc5", "csms", "--port", "0", str(folder / "metal.toml")]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            [*command, "--out", str(folder / "run")], env=environment, text=True, stderr=subprocess.PIPE,
            stdin=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        assert process.stderr is not None
        url = process.stderr.readline().split()[-1].replace("<identity>", "CP1")
        with connect(url, subprotocols=["ocpp1.6"]):
            wait(box)
            end(process)
            process.wait(30.0)
            within(30.0, lambda: ends(bench_box.read(box)))


def is_at_rest(box: dict[str, Any]) -> bool:
    """Killed before it touched the bench, it leaves the mains as they were."""
    return (box["state"], box["draws"]) == ("A", [0.0] * 3)


def is_dead(box: dict[str, Any]) -> bool:
    return (box["state"], box["draws"], box["mains"]) == ("A", [0.0] * 3, False)


def within(seconds: float, holds: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)
