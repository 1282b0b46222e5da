"""The verbs of a bench on a charge point that dials in, with and without hardware around it."""

import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from places import ROOT
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from evc5 import BadInput, BenchFault, CallError, NotAvailable
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.served.charger import Charger

pytestmark = pytest.mark.slow
pytest_plugins = ["pytester"]
SIM = {"driver": "sim", "offers_a": 10.0, "period_s": 0.1}
BENCH = {"connector": {"1": {"cable": SIM, "load": {**SIM, "max_a": 20.0}, "meter": SIM}}}
ON_BOTH = """
def test_it_charges_what_it_is_offered(charger):
    charger.plug_in(1, vehicle="vw-id3-58", soc=0.5)
    charger.advance(2)
    assert charger.reading(1)["u1_v"] > 200

def test_a_card_opens_it(charger):
    charger.present_tag(1, "TAG1")

def test_it_fails(charger):
    assert charger.call("GetConfiguration")["configurationKey"] == "nothing"
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def rig(**more: Any) -> RigFile:
    station = {"backend": "hardware", "identity": "CP1", "connectors": 1, "behaviour": "ocpp16"}
    table = {"name": "real", "start": "2024-03-01T10:00:00Z", "days": 1.0, "station": station}
    return RigFile.parse({**table, "csms": {"asks_keys": False}, **more})


@contextmanager
def dialling(port: int) -> Iterator[None]:
    """A charge point that dials until it is heard, boots, and accepts all but Reset."""
    over = threading.Event()

    def converse() -> None:
        with connect(f"ws://127.0.0.1:{port}/CP1", subprotocols=["ocpp1.6"]) as one:
            boot = {"chargePointVendor": "V", "chargePointModel": "M"}
            one.send(orjson.dumps([2, "1", "BootNotification", boot]).decode())
            while not over.is_set():
                with suppress(TimeoutError):
                    answer(one, orjson.loads(one.recv(timeout=0.1)))

    def talk() -> None:
        while not over.is_set():
            with suppress(OSError, ConnectionClosed):
                converse()
            time.sleep(0.05)

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(10.0)


def answer(one: Any, frame: list[Any]) -> None:
    if frame[0] != 2:
        return
    told: list[Any] = [
        3,
        frame[1],
        {"configurationKey": []} if frame[2] == "GetConfiguration" else {"status": "Accepted"},
    ]
    if frame[2] == "Reset":
        told = [4, frame[1], "NotSupported", "no", {}]
    one.send(orjson.dumps(told).decode())


def test_the_verbs_of_a_bench_move_its_devices_and_are_recorded(tmp_path: Path) -> None:
    port = free_port()
    with dialling(port), Charger(rig(hardware=BENCH), tmp_path / "run", port, 20.0) as charger:
        assert charger.call("ClearCache") == {"status": "Accepted"}
        with pytest.raises(CallError, match="NotSupported"):
            charger.call("Reset", {"type": "Soft"})
        charger.plug_in(1, vehicle="vw-id3-58")
        charger.advance(1.0)
        told = charger.reading(1)
        assert told["i1_a"] == pytest.approx(10.0) and told["pilot"] == "C"
        with pytest.raises(NotAvailable, match="soc is measured by nobody here"):
            told["soc"]
        with pytest.raises(NotAvailable, match="nothing for tag at connector 1"):
            charger.present_tag(1, "TAG1")
        with pytest.raises(NotAvailable, match="nothing for power-cut"):
            charger.power.cut()
        with pytest.raises(NotAvailable, match="nothing for fault phase-loss at connector 1"):
            charger.inject("phase-loss")
        with pytest.raises(BadInput, match="fault must be one of"):
            charger.inject("tired")
        with pytest.raises(BadInput, match="vehicle must be one of"):
            charger.plug_in(1, vehicle="cart")
        charger.unplug(1)
        run = charger.run_so_far()
        assert {"plug-in", "unplug"} <= set(run.events["event"])
        assert run.summary["telemetry"]["source"] == "measured" and run.telemetry[
            "i1_a"
        ].max() == pytest.approx(10.0)


def test_nobody_who_dials_in_is_a_fault_of_the_bench(tmp_path: Path) -> None:
    with pytest.raises(BenchFault, match="CP1 has not dialled ws://"):
        Charger(rig(), tmp_path / "run", free_port(), 0.3)


def test_one_test_file_runs_on_the_twin_and_on_metal(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(ON_BOTH)
    words = [sys.executable, "-m", "pytest", "-p", "evc5.pytest_plugin", "-q", "-rs"]
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.run(*words).assert_outcomes(passed=2, failed=1)
    port = free_port()
    (pytester.path / "real.toml").write_text(rig(hardware=BENCH).to_toml())
    with dialling(port):
        real = pytester.run(*words, f"--evc5-charger={port}", "--evc5-charger-rig=real.toml")
    real.assert_outcomes(passed=1, skipped=1, failed=1)
    real.stdout.fnmatch_lines(
        [
            "*connector 1: pilot *i1_a 1*u1_v 230*",
            "*recording *",
            "*GetConfiguration*",
            "SKIPPED*nothing for tag at connector 1*",
        ]
    )
