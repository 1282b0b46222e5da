"""One side of a tapped connection: a socket whose bytes are held until it is told where they go.

What comes goes on within the very call that brings it: no task has to be woken, and nothing of ours is done
in between. Reading it comes after, once all that came at this moment has gone on.
"""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

from evc5.rigs.tap.handshake import END, MOST_BYTES

# Of an end, so that most messages are read at once; a new one of 256 KiB a read, as asyncio has it, costs
# more than sending.
BUFFER_BYTES = 1 << 13
Read = Callable[[bytes], None]


class End(asyncio.BufferedProtocol):
    """`accepted` is called once there is a connection."""

    transport: asyncio.Transport

    def __init__(self, accepted: Callable[["End"], object] = lambda end: None) -> None:
        self._accepted = accepted
        self._loop = asyncio.get_running_loop()
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self._held = bytearray()
        self._is_held_back = False
        self._changed = asyncio.Event()
        self._to: asyncio.Transport | None = None
        self._read: Read | None = None
        self._unread: list[bytes] = []
        self._sender: End | None = None  # whose bytes are written here
        # Done with None where it hung up, else with what the connection broke with.
        self.ended: asyncio.Future[Exception | None] = self._loop.create_future()

    # --- the opening ---

    async def head(self) -> bytes:
        """Up to the empty line that ends it; what has come after it stays held.

        OSError where the connection broke, EOFError where it ended before, with what came until then;
        ValueError where it is too long.
        """
        while (at := self._held.find(END)) < 0:
            if len(self._held) > MOST_BYTES:
                raise ValueError(f"a head of more than {MOST_BYTES} bytes")
            if self.ended.done():
                raise self.ended.result() or EOFError(bytes(self._held))
            self._changed.clear()
            await self._changed.wait()
        head = bytes(self._held[: at + len(END)])
        del self._held[: at + len(END)]
        return head

    def pass_on(self, to: "End", read: Read | None) -> None:
        """From now on all goes to that end, what is held first; `read` hears of it afterwards."""
        self._to, self._read = to.transport, read
        to._sender = self
        if self._is_held_back:
            self._is_held_back = False
            self.transport.resume_reading()
        if self._held:
            held = bytes(self._held)
            self._held.clear()
            self._came(held)

    def no_more(self) -> None:
        """Nothing follows: the other side may still have something to say."""
        with suppress(OSError, RuntimeError):
            if self.transport.can_write_eof():
                self.transport.write_eof()
            else:
                self.transport.close()

    # --- what asyncio calls ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        sock = transport.get_extra_info("socket")
        with suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._accepted(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._came(bytes(self._buffer[:nbytes]))

    def eof_received(self) -> bool:
        self._end(None)
        return self.transport.get_extra_info("ssl_object") is None  # with TLS nothing can be said after it

    def connection_lost(self, error: Exception | None) -> None:
        self._end(error)

    def pause_writing(self) -> None:
        if self._sender is not None:
            with suppress(RuntimeError):  # it has gone
                self._sender.transport.pause_reading()

    def resume_writing(self) -> None:
        if self._sender is not None:
            with suppress(RuntimeError):
                self._sender.transport.resume_reading()

    # --- helpers ---

    def _came(self, data: bytes) -> None:
        if self._to is None:
            self._hold(data)
            return
        if self._to.is_closing():
            return
        self._to.write(data)
        if self._read is not None:
            if not self._unread:
                self._loop.call_soon(self._hand_over)
            self._unread.append(data)

    def _hold(self, data: bytes) -> None:
        self._held += data
        self._changed.set()
        if len(self._held) > MOST_BYTES and not self._is_held_back:
            self._is_held_back = True
            self.transport.pause_reading()

    def _hand_over(self) -> None:
        unread, self._unread = self._unread, []
        for data in unread:
            if self._read is not None:
                self._read(data)

    def _end(self, error: Exception | None) -> None:
        if self._unread:
            self._hand_over()
        if not self.ended.done():
            self.ended.set_result(error)
        self._changed.set()
