"""What listening in costs: charge points straight to a back office, and as many through `evc5 tap`, at once.

Office and tap are processes of their own. Each charge point says one MeterValues a second, at an instant of
the second that is its own, and waits for its answer; whoever went straight and whoever went through the tap
did so in the same seconds. Were the second counted from the answer, all that one stall held up would speak at
once from then on, and wait for each other in the generator of the load.
"""

import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import orjson
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from evc5.rigs.speed.figures import four_digits
from evc5.twin.line.websocket import SUBPROTOCOL

STATIONS, SECONDS = 200, 60.0
EVERY_S = 1.0
SPREAD_S = 2.0  # over which charge points dial in
SECOND_WATCH = 0.5  # of the run: from here on memory must not grow
VALUES = 22  # of a reading: as many as the reference load's
OFFICE = """
import asyncio
from websockets.asyncio.server import serve
async def answer(ws):
    async for _ in ws:
        await ws.send('[3,"x",{}]')
async def main():
    options = dict(subprotocols=["ocpp1.6"], compression=None, ping_interval=None)
    async with serve(answer, "127.0.0.1", 0, **options) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().create_future()
asyncio.run(main())
"""


@dataclass(frozen=True, slots=True)
class Result:
    """Milliseconds from a CALL to its answer, at the median and the 99th percentile; `lost` got none."""

    stations: int
    calls: int
    direct_p50_ms: float
    direct_p99_ms: float
    tapped_p50_ms: float
    tapped_p99_ms: float
    added_p50_ms: float
    added_p99_ms: float
    lost: int
    tap_mb: float  # at the end
    tap_growth_mb: float  # since the middle; 0 where the system does not tell

    def table(self) -> dict[str, float]:
        return four_digits(asdict(self))


def run(
    stations: int = STATIONS, seconds: float = SECONDS, progress: Callable[[str], None] = lambda _: None
) -> Result:
    """Measure with so many charge points each way."""
    with (
        tempfile.TemporaryDirectory(prefix="evc5-bench-") as scratch,
        _office() as office,
        _tap(office, Path(scratch) / "tap", stations) as (tapped, process),
    ):
        progress(f"{stations} charge points straight and {stations} through the tap, {seconds:g} s")
        return asyncio.run(_measured(office, tapped, stations, seconds, process.pid))


@contextmanager
def _office() -> Iterator[str]:
    """A back office that answers everything; its URL."""
    with subprocess.Popen([sys.executable, "-c", OFFICE], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"ws://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


@contextmanager
def _tap(office: str, out: Path, stations: int) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """`evc5 tap` in front of it, recording only; its URL and process."""
    command = [sys.executable, "-m", "evc5", "tap", "--listen", "127.0.0.1:0", "--to", office]
    command += ["--record-only", "--max-stations", str(stations + 1), "--out", str(out)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = process.stderr.readline()
            yield said.split("dial ")[1].split("/<identity>")[0], process
        finally:
            process.terminate()
            process.communicate()


async def _measured(office: str, tapped: str, stations: int, seconds: float, tap: int) -> Result:
    stop = time.monotonic() + SPREAD_S + seconds
    straight: list[float] = []
    through: list[float] = []
    lost = [0]
    watch = asyncio.create_task(_memory(tap, SPREAD_S + seconds * SECOND_WATCH))
    await asyncio.gather(
        *(_charger(f"{office}/D{n}", straight, lost, stop) for n in range(stations)),
        *(_charger(f"{tapped}/T{n}", through, lost, stop) for n in range(stations)),
    )
    middle_mb, end_mb = await watch, _resident_mb(tap)
    direct, added = _percentiles(straight), _percentiles(through)
    return Result(
        stations, len(straight) + len(through), *direct, *added, added[0] - direct[0], added[1] - direct[1],
        lost[0], end_mb, end_mb - middle_mb,
    )  # fmt: skip


async def _charger(url: str, took_s: list[float], lost: list[int], stop: float) -> None:
    """A MeterValues a second, each answered before the next; one that is overdue goes at once."""
    await asyncio.sleep(random.uniform(0.0, SPREAD_S))
    text = _meter_values()
    protocols = [Subprotocol(SUBPROTOCOL)]
    options = {"compression": None, "ping_interval": None, "proxy": None, "open_timeout": 60.0}
    async with connect(url, subprotocols=protocols, **options) as socket:  # type: ignore[arg-type]
        due = time.monotonic() + random.uniform(0.0, EVERY_S)
        while due < stop:
            await asyncio.sleep(due - time.monotonic())
            due += EVERY_S
            began = time.perf_counter()
            await socket.send(text)
            try:
                await asyncio.wait_for(socket.recv(), 30.0)
            except TimeoutError:
                lost[0] += 1
            else:
                took_s.append(time.perf_counter() - began)


def _meter_values() -> str:
    value = {"value": "230.0", "measurand": "Voltage", "phase": "L1", "unit": "V"}
    reading = {"timestamp": "2024-03-01T10:00:00Z", "sampledValue": [value] * VALUES}
    return orjson.dumps([2, "x", "MeterValues", {"connectorId": 1, "meterValue": [reading]}]).decode()


def _percentiles(took_s: list[float]) -> tuple[float, float]:
    middle, most = np.percentile(np.array(took_s) * 1e3, (50, 99))
    return float(middle), float(most)


async def _memory(process: int, after_s: float) -> float:
    await asyncio.sleep(after_s)
    return _resident_mb(process)


def _resident_mb(process: int) -> float:
    """What a process holds in memory; 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
