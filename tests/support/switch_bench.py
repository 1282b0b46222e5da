"""Relays on Modbus coils and switches on the network, served on this machine; some of them stick."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice


class CoilBox:
    """Coils of unit 1; those that are `stuck` stay as they are."""

    def __init__(self, count: int) -> None:
        self.stuck: set[int] = set()
        self._coils = [False] * count
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self.server: Any = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        assert self._ready.wait(10.0)

    @property
    def port(self) -> int:
        return int(self.server.transport.sockets[0].getsockname()[1])

    def on(self) -> set[int]:
        return {number for number, is_on in enumerate(self._coils) if is_on}

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self.server.shutdown(), self._loop).result(10.0)
        self.thread.join(10.0)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except asyncio.CancelledError:
            pass
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        bits = [SimData(0, count=64, values=False, datatype=DataType.BITS)]
        words = [SimData(0, values=0, datatype=DataType.REGISTERS)]
        device = SimDevice(id=1, simdata=(bits, bits, words, words), action=self._act)
        self.server = ModbusTcpServer([device], address=("127.0.0.1", 0))
        await self.server.listen()
        self._ready.set()
        await self.server.serving

    async def _act(
        self, function: int, start: int, address: int, count: int, words: Any, values: Any
    ) -> None:
        """Coils lie packed in words, the lowest bit first; told before a write, and once more after it."""
        for coil in self.stuck:
            words[coil // 16] &= ~(1 << coil % 16)
        self._coils = [bool(words[n // 16] >> n % 16 & 1) for n in range(len(self._coils))]


@contextmanager
def coil_box(count: int) -> Iterator[CoilBox]:
    box = CoilBox(count)
    try:
        yield box
    finally:
        box.close()


class WebSwitch:
    """A Shelly or a Gude of three outputs; `says` overrides every answer."""

    def __init__(self, kind: str, server: HTTPServer) -> None:
        self.kind = kind
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        self.states = {0: False, 1: False, 2: False}
        self.stuck = False
        self.says: bytes | None = None

    def set(self, channel: int, on: bool) -> None:
        if not self.stuck:
            self.states[channel] = on

    def rpc(self, asked: dict[str, Any]) -> dict[str, Any]:
        channel = asked["params"]["id"]
        if asked["method"] == "Switch.Set":
            self.set(channel, asked["params"]["on"])
            return {"id": 1, "result": {"was_on": False}}
        return {"id": 1, "result": {"output": self.states[channel]}}

    def status(self, query: dict[str, list[str]]) -> dict[str, Any]:
        if "cmd" in query:
            self.set(int(query["p"][0]), query["s"][0] == "1")
        return {"outputs": [{"state": int(self.states[number])} for number in (1, 2)]}


@contextmanager
def web_switch(kind: str) -> Iterator[WebSwitch]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.answer(one.rpc(json.loads(self.rfile.read(int(self.headers["Content-Length"])))))

        def do_GET(self) -> None:
            self.answer(one.status(parse_qs(urlsplit(self.path).query)))

        def answer(self, told: dict[str, Any]) -> None:
            body = one.says if one.says is not None else json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        one = WebSwitch(kind, server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield one
        server.shutdown()
