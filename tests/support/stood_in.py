"""A bench of every driver whose other ends the twin serves from another process, and a run on it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from places import ROOT

from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.served.listener import Address
from evc5.rigs.served.serve import Order, Outcome, serve

BOX = """
mains = 7
[pilot]
B = [0]
C = [0, 1]
[cable]
32 = [2]
[fault]
diode = [3]
"""
ACCURACY = {
    "current_pct": 0.5, "voltage_pct": 0.5, "power_pct": 1.0, "energy_pct": 1.0,
    "current_a": 0.01, "voltage_v": 0.1, "power_w": 1.0, "energy_wh": 1.0,
}  # fmt: skip
PATIENT = {"timeout_s": 20.0}  # a machine that has other work is no fault of the bench


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        servers = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [int(server.getsockname()[1]) for server in servers]


def sessions(connectors: int, seconds: float) -> list[dict[str, Any]]:
    """A car at each connector, soon after the start and nearly to the end."""
    return [
        {"connector": n, "vehicle": "vw-id3-58", "soc": 0.5, "plug_in": 0.05 * seconds,
         "unplug": 0.85 * seconds, "tag_after_s": 0.05 * seconds}
        for n in range(1, connectors + 1)
    ]  # fmt: skip


def rig(name: str, seconds: float, connectors: int, hardware: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "start": "2024-03-01T10:00:00Z",
        "days": seconds / 86_400,
        "station": {
            "backend": "hardware", "identity": "CP1", "connectors": connectors, "behaviour": "ocpp16"
        },
        "hardware": hardware,
        "sessions": sessions(connectors, seconds),
        "recording": {"report": False},
    }  # fmt: skip


def every_driver(folder: Path, seconds: float) -> dict[str, Any]:
    """Serial lines, TCP, SCPI, HTTP, a program, and models in another process; the map is in `folder`."""
    (folder / "box.toml").write_text(BOX)
    load, source, analyser, bus, talk, web = free_ports(6)
    rs485 = f"serial://{folder / 'rs485'}?baud=19200"
    speaks = [sys.executable, "-m", "evc5.rigs.standin.talk", f"127.0.0.1:{talk}"]
    scpi = {"untried": True, **PATIENT}
    first = {
        "cable": {"driver": "modbus-box", "url": rs485, "unit": 2, "map": "box.toml", **PATIENT},
        "load": {
            "driver": "scpi-load", "url": f"TCPIP0::127.0.0.1::{load}::SOCKET", "dialect": "chroma-a800067",
            "max_a": 20.0, **scpi,
        },
        "meter": {"driver": "modbus-meter", "url": rs485, "map": "SDM630", "accuracy": ACCURACY, **PATIENT},
        "bus": {"driver": "meter-emulator", "url": f"serial://{folder / 'bus'}?baud=9600", "map": "SDM630"},
        "reader": {"driver": "command", "program": speaks, **PATIENT},
    }  # fmt: skip
    second = {
        "cable": {"driver": "command", "program": speaks, **PATIENT},
        "load": {"driver": "command", "program": speaks, "max_a": 20.0, **PATIENT},
        "meter": {
            "driver": "scpi-analyser", "url": f"TCPIP0::127.0.0.1::{analyser}::SOCKET",
            "dialect": "yokogawa-wt", "accuracy": ACCURACY, **scpi,
        },
        "bus": {"driver": "meter-emulator", "url": f"tcp://127.0.0.1:{bus}", "map": "ABB-B23", "unit": 3},
        "reader": {"driver": "sim", "url": f"tcp://127.0.0.1:{talk}", **PATIENT},
    }  # fmt: skip
    hardware = {
        "stand_in": True,
        "connector": {"1": first, "2": second},
        "mains": {"driver": "http-switch", "url": f"http://127.0.0.1:{web}", **PATIENT},
        "climate": {"driver": "sim", "url": f"tcp://127.0.0.1:{talk}", **PATIENT},
        "supply": {
            "driver": "scpi-source", "url": f"TCPIP0::127.0.0.1::{source}::SOCKET", "dialect": "ametek-mx",
            **scpi,
        },
    }  # fmt: skip
    return rig("every-driver", seconds, 2, hardware)


def models_alone(seconds: float, period_s: float) -> dict[str, Any]:
    """`sim` in every role, its models in another process."""
    (talk,) = free_ports(1)
    device = {"driver": "sim", "url": f"tcp://127.0.0.1:{talk}", "period_s": period_s, **PATIENT}
    outlet = {"cable": device, "meter": {**device, "accuracy": ACCURACY}, "reader": device}
    return rig("models-alone", seconds, 1, {"connector": {"1": outlet}, "mains": device})


@contextmanager
def stood_in(path: Path, port: int, pace: float) -> Iterator[subprocess.Popen[str]]:
    """`evc5 stand-in` in a process of its own; its ends are served when this begins."""
    words = ["stand-in", str(path), "--csms", f"ws://127.0.0.1:{port}", "--pace", f"{pace:g}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "evc5", *words, "--out", str(path.with_suffix(".twin"))],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        assert "are served" in line, line + process.stderr.read()
        yield process
        if os.name != "nt":
            process.send_signal(signal.SIGINT)  # it would end by itself, some seconds later
        process.wait(60.0)
    finally:
        process.kill()
        process.wait()


def played(table: dict[str, Any], folder: Path, pace: float = 1.0) -> tuple[Outcome, str]:
    """Serve the rig while the twin stands in for its metal; the outcome, and what the twin's end has said."""
    path = folder / "rig.toml"
    path.write_text(RigFile.parse(table).to_toml())
    (port,) = free_ports(1)
    with stood_in(path, port, pace) as process:
        order = Order(Address(port=port), RigFile.load(path), out=folder / "run", pace=pace)
        outcome = serve(order, lambda _: None)
    assert process.stderr is not None
    return outcome, process.stderr.read()
