"""A tap between a stock charge point and a stock back office of the `ocpp` library, as a user runs it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from ocpp.v16.enums import RegistrationStatus
from places import ROOT
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

pytestmark = pytest.mark.slow
TIME = "2024-03-01T10:00:00Z"


class Office(ChargePoint):
    """Accepts whatever comes."""

    @on("BootNotification")
    def boot(self, **_: Any) -> call_result.BootNotification:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return call_result.BootNotification(now, 300, RegistrationStatus.accepted)

    @on("Authorize")
    def authorize(self, **_: Any) -> call_result.Authorize:
        return call_result.Authorize({"status": "Accepted"})


async def office(connection: ServerConnection) -> None:
    assert connection.request is not None
    station = Office(connection.request.path, connection)
    try:
        await station.start()
    except Exception:
        return


class Tap:
    """`evc5 tap` as a process."""

    def __init__(self, out: Path, to: str, *more: str) -> None:
        argv = [sys.executable, "-m", "evc5", "tap", "--listen", "127.0.0.1:0", "--to", to, "--out", str(out)]
        self.process = subprocess.Popen(
            [*argv, *more], cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert self.process.stderr is not None
        self.url = self.process.stderr.readline().split()[4].removesuffix("/<identity>")

    def end(self) -> tuple[str, int]:
        """What it said since, and its exit code."""
        self.process.send_signal(signal.SIGINT)
        said = "".join(self.process.communicate(timeout=60))
        return said, self.process.returncode


@pytest.fixture
def taps() -> Iterator[list[Tap]]:
    made: list[Tap] = []
    yield made
    for one in made:
        one.process.kill()
        one.process.wait()


async def charges(url: str) -> None:
    async with connect(f"{url}/CP1", subprotocols=["ocpp1.6"]) as connection:  # type: ignore[list-item]
        station = ChargePoint("CP1", connection)
        listening = asyncio.create_task(station.start())
        booted = await station.call(call.BootNotification("model", "vendor"))
        assert booted.status == RegistrationStatus.accepted
        await station.call(call.Authorize("04AB12CD"))
        listening.cancel()


def test_what_stock_peers_say_passes_is_recorded_and_judged(tmp_path: Path, taps: list[Tap]) -> None:
    async def run() -> tuple[str, int]:
        async with serve(office, "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as server:  # type: ignore[list-item]
            port = next(iter(server.sockets)).getsockname()[1]
            taps.append(Tap(tmp_path / "taps", f"ws://127.0.0.1:{port}/ocpp"))
            await charges(taps[0].url)
            await asyncio.sleep(0.2)
            return await asyncio.to_thread(taps[0].end)

    said, code = asyncio.run(run())
    (directory,) = (tmp_path / "taps/CP1").iterdir()
    frames = [json.loads(line)["frame"] for line in (directory / "messages.jsonl").open()]
    assert [(frame[0], frame[2]) for frame in frames if frame[0] == 2] == [
        (2, "BootNotification"),
        (2, "Authorize"),
    ]
    assert len(frames) == 4
    assert frames[2][3]["idTag"].startswith("tag-")
    assert "CP1 is connected" in said
    assert "requirements judged" in said
    assert code in (0, 1)
    assert (directory / "report.html").exists()
