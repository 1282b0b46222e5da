"""Frames that nobody should send, over real sockets through `evc5 tap`: they pass, and it goes on."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_csms import websocket_server
from malformed import OF_STATIONS, malformed, sendable
from test_tap import Tap, taps
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import ServerConnection
from websockets.typing import Subprotocol

__all__ = ["taps"]
BEAT = '[2,"beat","Heartbeat",{}]'
MOST_GROWTH_MB = 150.0  # of the process over a soak: what is kept must not grow with the messages; assumed
ALL_S = 600.0  # for a round and for the judging; 20 s on two busy cores


def echo(ws: ServerConnection) -> None:
    """A back office that says all that it hears: as much that is malformed comes down as goes up."""
    for message in ws:
        ws.send(message)


def resident_mb(process: int) -> float:
    """0 where no /proc tells it."""
    statm = Path(f"/proc/{process}/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6 if statm.exists() else 0.0


def dialled(url: str, identity: str) -> ClientConnection:
    return connect(f"{url}/{identity}", subprotocols=[Subprotocol("ocpp1.6")], compression=None)


def storm(socket: ClientConnection, texts: list[str]) -> list[str | bytes]:
    """Send them all, while somebody reads what comes back."""
    heard: list[str | bytes] = []

    def read() -> None:
        heard.extend(socket.recv(timeout=ALL_S) for _ in texts)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    for text in texts:
        socket.send(sendable(text))
    reader.join(ALL_S)
    return heard


def rows(out: Path, identity: str) -> int:
    """Lines that stand in the recording of a charge point."""
    return sum(one.read_bytes().count(b"\n") for one in (out / identity).glob("*/messages.jsonl"))


def recorded(out: Path, messages: int) -> None:
    """Wait until they are: what waits is no leak."""
    until_s = time.monotonic() + ALL_S
    while rows(out, "A") < messages:
        assert time.monotonic() < until_s, "it is not recorded"
        time.sleep(0.3)


def passes(tap: Tap, out: Path, rounds: int, number: int) -> None:
    """Storms of so many messages each way, beside a charge point that goes on talking; memory stays flat."""
    begin_mb = 0.0
    with dialled(tap.url, "A") as a, dialled(tap.url, "B") as b:
        for seed in range(rounds):
            texts = list(malformed(seed, number, OF_STATIONS))
            assert storm(a, texts) == [sendable(text) for text in texts]
            assert storm(b, [BEAT]) == [BEAT]
            recorded(out, 2 * number * (seed + 1))
            begin_mb = begin_mb or resident_mb(tap.process.pid)
        assert resident_mb(tap.process.pid) - begin_mb < MOST_GROWTH_MB


def is_recorded(tap: Tap, out: Path, rounds: int, number: int) -> None:
    """Every message stands in the recording, and the tap ends as it should."""
    tap.process.send_signal(signal.SIGINT)
    said = "".join(tap.process.communicate(timeout=ALL_S))
    assert "a fault of" not in said and "Traceback" not in said and tap.process.returncode in (0, 1)
    for identity, messages in (("A", 2 * rounds * number), ("B", 2 * rounds)):
        assert rows(out, identity) == messages


@pytest.fixture
def tap(tmp_path: Path, taps: list[Tap]) -> Iterator[Tap]:
    with websocket_server(echo) as office:
        taps.append(Tap(tmp_path / "taps", office))
        yield taps[0]


@pytest.mark.slow
def test_whatever_comes_passes_a_tap_as_it_is(tap: Tap, tmp_path: Path) -> None:
    passes(tap, tmp_path / "taps", rounds=2, number=300)
    is_recorded(tap, tmp_path / "taps", rounds=2, number=300)


@pytest.mark.soak
def test_a_hundred_thousand_malformed_messages_pass_a_tap_as_they_are(tap: Tap, tmp_path: Path) -> None:
    passes(tap, tmp_path / "taps", rounds=10, number=5000)
    is_recorded(tap, tmp_path / "taps", rounds=10, number=5000)
