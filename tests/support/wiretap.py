"""A wire that writes down every byte that passes, and that can be cut: one stands on each side of a tap."""

import asyncio
import threading
from contextlib import suppress
from dataclasses import dataclass, field

END = b"\r\n\r\n"
KEY = b"sec-websocket-key:"
START_S = 20.0


@dataclass
class Passed:
    """The bytes of one connection, each side's head and what came after it."""

    up: bytearray = field(default_factory=bytearray)
    down: bytearray = field(default_factory=bytearray)
    cut: bool = False  # by us, or because one end was gone: bytes on their way are lost then
    ended: str = ""  # which end hung up first: "up" the one that dialled, "down" the other

    @property
    def key(self) -> bytes:
        """Sec-WebSocket-Key: of one connection alone, and the same on both sides of a tap."""
        lines = bytes(self.up).partition(END)[0].split(b"\r\n")
        return next((line[len(KEY) :].strip() for line in lines if line.lower().startswith(KEY)), b"")

    @property
    def identity(self) -> str:
        """The last part of the path that was asked for."""
        return bytes(self.up).split(b" ")[1].rpartition(b"/")[2].decode()

    @property
    def said(self) -> bytes:
        return bytes(self.up).partition(END)[2]

    @property
    def heard(self) -> bytes:
        return bytes(self.down).partition(END)[2]


class Wire:
    """From a port of our own to another's, in a thread of its own until `close`."""

    def __init__(self) -> None:
        self.connections: list[Passed] = []
        self.port = 0
        self.to_port = 0
        self._writers: dict[int, tuple[Passed, list[asyncio.StreamWriter]]] = {}
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(START_S)

    def cut(self) -> None:
        """Break all that is open, as a cable that is pulled."""
        self._loop.call_soon_threadsafe(self._cut)

    def other_end_dies(self) -> None:
        """What is open now counts as cut: bytes on their way to a process that is killed are lost."""
        for passed, _ in list(self._writers.values()):
            passed.cut = True

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_S)

    def _cut(self) -> None:
        for passed, writers in self._writers.values():
            passed.cut = True
            for writer in writers:
                writer.transport.abort()

    def _run(self) -> None:
        server = self._loop.run_until_complete(asyncio.start_server(self._pass, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            onward, out = await asyncio.open_connection("127.0.0.1", self.to_port)
        except OSError:
            writer.transport.abort()
            return
        passed = Passed()
        self.connections.append(passed)
        self._writers[id(passed)] = passed, [writer, out]
        await asyncio.gather(
            self._pump(passed, "up", reader, out), self._pump(passed, "down", onward, writer)
        )
        del self._writers[id(passed)]
        for one in (writer, out):
            one.close()

    async def _pump(
        self, passed: Passed, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        into = passed.up if way == "up" else passed.down
        try:
            while data := await reader.read(1 << 16):
                into.extend(data)
                writer.write(data)
                await writer.drain()
            passed.ended = passed.ended or way
            with suppress(OSError, RuntimeError):
                writer.write_eof()
        except OSError:
            passed.cut = True
            writer.transport.abort()
