"""How fast the socket is: the reference load against a back office, beside a bare client.

The bare client is the `websockets` library's own, without compression and keep-alive: it sends each CALL that
the twin sent, and waits for its reply; and as many pings, for which neither waits. The two take turns, as
other load on the machine comes and goes.
"""

import asyncio
import ssl
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from evc5.models.units import DAY_S
from evc5.rigs.bench.network import Remote
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.speed.figures import figure, four_digits
from evc5.rigs.speed.reference_load import LOAD, charging
from evc5.twin.line.endpoint import Endpoint
from evc5.twin.line.websocket import SUBPROTOCOL

TURNS = 3
SOCKET_DAYS = 1.0


@dataclass(frozen=True, slots=True)
class Result:
    """A frame is one CALL with its reply; `wire_ratio` is the twin's time for one, over the bare client's."""

    wire_days_per_s: float = figure("simulated days a second")
    wire_us_per_frame: float = figure("one CALL with its reply")
    bare_us_per_frame: float = figure("the same of a bare websockets client")
    wire_ratio: float = figure("ours over the bare client's")

    def table(self) -> dict[str, float]:
        return four_digits(asdict(self))


def run(url: str, ca_file: Path | None = None, progress: Callable[[str], None] = lambda _: None) -> Result:
    """Measure against the back office at `url`; BadInput where it cannot be reached."""
    rig = RigFile.parse(LOAD)
    pings = int(SOCKET_DAYS * DAY_S / rig.configuration().integer("WebsocketPingInterval"))
    wire, bare = [], []
    for turn in range(TURNS + 1):  # the first one warms up
        progress(f"turn {turn} of {TURNS}: the twin")
        wall_s, texts, endpoint = _twin(rig, url, ca_file)
        progress(f"turn {turn} of {TURNS}: a bare client")
        wire.append(wall_s)
        bare.append(asyncio.run(_bare(endpoint, texts, pings)) / len(texts))
    per_day_s = statistics.median(wire[1:]) / SOCKET_DAYS
    wire_us = statistics.median(wire[1:]) / len(texts) * 1e6
    bare_us = statistics.median(bare[1:]) * 1e6
    return Result(1 / per_day_s, wire_us, bare_us, wire_us / bare_us)


def _twin(rig: RigFile, url: str, ca_file: Path | None) -> tuple[float, list[str], Endpoint]:
    """Wall seconds of the reference load in lockstep, and the CALLs it took."""
    network = Remote(rig, url, ca_file=ca_file)
    with tempfile.TemporaryDirectory(prefix="evc5-bench-") as scratch:
        directory = Path(scratch) / "run"
        bench = charging(directory, network=network)
        began = time.perf_counter()
        bench.advance(SOCKET_DAYS * DAY_S)
        bench.close()
        wall_s = time.perf_counter() - began
        texts = _calls(directory / "messages.jsonl")
    return wall_s, texts, network.endpoint


def _calls(path: Path) -> list[str]:
    """The CALLs of the charge point, as texts."""
    with path.open("rb") as file:
        frames = (orjson.loads(line)["frame"] for line in file if b'"dir":"up","frame":[2,' in line)
        return [orjson.dumps(frame).decode() for frame in frames]


async def _bare(endpoint: Endpoint, texts: list[str], pings: int) -> float:
    """Wall seconds that a bare client takes for the same."""
    authorization = endpoint.authorization()
    headers = {"Authorization": authorization} if authorization else {}
    trust = ssl.create_default_context(cafile=endpoint.ca_file) if endpoint.secure else None
    async with connect(
        endpoint.uri, subprotocols=[Subprotocol(SUBPROTOCOL)], additional_headers=headers, ssl=trust,
        compression=None, ping_interval=None, proxy=None,
    ) as socket:  # fmt: skip
        began = time.perf_counter()
        for n, text in enumerate(texts):
            if n * pings // len(texts) > (n - 1) * pings // len(texts):
                await socket.ping()
            await socket.send(text)
            id_ = text[4 : text.index('"', 4)]
            while not (await socket.recv(decode=True)).startswith((f'[3,"{id_}"', f'[4,"{id_}"')):
                pass  # what the back office says by itself
        return time.perf_counter() - began
