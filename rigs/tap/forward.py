"""Every byte from a charge point to its back office and back, as it came; who listens hears of it afterwards.

A connection is two pumps. What they carry is also read (`evc5.rigs.tap.messages`), but nothing here waits for
that, and nothing that goes wrong there stops a byte.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

from evc5.rigs.errors import described
from evc5.rigs.served.limits import Limits
from evc5.rigs.served.listener import Address, Listener
from evc5.rigs.tap import handshake
from evc5.rigs.tap.handshake import Request, Upstream
from evc5.rigs.tap.messages import Message, Messages

PORTION = 1 << 16  # bytes passed on at a time
HANDSHAKE_S = 20.0  # for a charge point to say what it wants, and for the back office to answer; assumed
FAREWELL_S = 5.0  # for one side to end after the other has; assumed
BACKLOG = 4096  # charge points that dial in at once, after a power cut of a town
NO_TAP = "the back office demands a certificate of the charge point (mutual TLS), which a tap cannot show"
DEMANDS = ("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE")  # how TLS 1.3 and 1.2 say so

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
Way = Literal["up", "down"]


@dataclass(slots=True, eq=False)
class Line:
    """One tapped connection."""

    identity: str
    writers: list[Writer] = field(default_factory=list)

    def abort(self) -> None:
        """Let both sides know at once, as a broken cable does."""
        for writer in self.writers:
            writer.transport.abort()


@dataclass(frozen=True, slots=True)
class Told:
    """Something that a connection did: a message that passed, or its begin and end with the reason."""

    line: Line
    kind: Literal["opened", "up", "down", "closed", "refused", "unread", "failed"]
    message: Message | None = None
    why: str = ""


class Forwarder(Listener):
    """Listens until `close`; `tell` hears in the forwarding thread and must return at once."""

    def __init__(
        self, address: Address, upstream: Upstream, tell: Callable[[Told], None], stations: int
    ) -> None:
        Limits(stations).make_room(sockets=2)
        super().__init__(address, "evc5-tap", flag="--listen")
        self._upstream = upstream
        self._tell = tell
        self._most = stations
        self._onward = ssl.create_default_context() if upstream.is_tls else None
        self._lines: dict[str, Line] = {}  # by identity: the newest
        self._open = 0
        self._loop.set_exception_handler(lambda *_: None)  # what a socket breaks with is told by us
        self.start()

    async def _serve(self) -> None:
        server = await asyncio.start_server(
            self._tap, self._address.host, self._address.port, ssl=self._tls, backlog=BACKLOG
        )
        await self.until_closed(server.sockets[0])
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    # --- one connection ---

    async def _tap(self, reader: Reader, writer: Writer) -> None:
        line = Line("", [writer])
        try:
            await self._connected(line, reader, writer)
        except _Unwilling as error:
            self._tell(Told(line, "refused", why=str(error)))
        except TimeoutError:
            slow = "the back office" if line.identity else "the charge point"
            self._tell(Told(line, "refused", why=f"{slow} said nothing for {HANDSHAKE_S:g} s"))
        except (OSError, asyncio.IncompleteReadError):
            pass  # it has gone before it said what it wants
        except Exception as error:  # of ours: this connection ends, the others go on
            self._tell(Told(line, "failed", why=described(error)))
        finally:
            for one in line.writers:
                one.close()

    async def _connected(self, line: Line, reader: Reader, writer: Writer) -> None:
        _no_delay(writer)
        async with asyncio.timeout(HANDSHAKE_S):
            request = await self._requested(reader)
            line.identity = request.identity
            if self._open >= self._most:
                raise _Unwilling(f"{self._open} are on the line already (--max-stations)")
        async with self._counted(), asyncio.timeout(None) as patience:
            patience.reschedule(self._loop.time() + HANDSHAKE_S)
            onward, out = await self._dialled(line)
            out.write(request.onward)
            head = await self._answer(onward)
            patience.reschedule(None)
            writer.write(head)
            if (status := handshake.status(head)) != 101:
                self._tell(Told(line, "refused", why=f"the back office answers {status or 'no HTTP'}"))
                await self._between(line, (reader, writer), (onward, out), is_open=False)
                return
            older = self._lines.get(line.identity)
            if older is not None:  # it has dialled in anew before anybody knew that its old socket is dead
                older.abort()
            self._lines[line.identity] = line
            self._tell(Told(line, "opened"))
            why = await self._between(line, (reader, writer), (onward, out), is_open=True)
            if self._lines.get(line.identity) is line:
                del self._lines[line.identity]
            self._tell(Told(line, "closed", why=why))

    async def _requested(self, reader: Reader) -> Request:
        try:
            return handshake.read(await _head(reader), self._upstream)
        except ValueError as error:
            raise _Unwilling(str(error)) from None

    async def _dialled(self, line: Line) -> tuple[Reader, Writer]:
        up = self._upstream
        try:
            reader, writer = await asyncio.open_connection(
                up.host, up.port, ssl=self._onward, server_hostname=up.host if up.is_tls else None
            )
        except ssl.SSLCertVerificationError as error:
            raise _Unwilling(f"the certificate of {up.url} is not trusted: {error.verify_message}") from None
        except ssl.SSLError as error:
            raise _Unwilling(_of_tls(error)) from None
        except OSError as error:
            why = error.strerror or str(error) or type(error).__name__
            raise _Unwilling(f"{up.url} cannot be reached: {why}") from None
        line.writers.append(writer)
        _no_delay(writer)
        return reader, writer

    async def _answer(self, onward: Reader) -> bytes:
        try:
            return await _head(onward)
        except (OSError, asyncio.IncompleteReadError):
            why = f"perhaps {NO_TAP}" if self._upstream.is_tls else "it told no reason"
            raise _Unwilling(f"the back office hung up before it answered; {why}") from None

    @asynccontextmanager
    async def _counted(self) -> AsyncIterator[None]:
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1

    async def _between(
        self, line: Line, station: tuple[Reader, Writer], office: tuple[Reader, Writer], *, is_open: bool
    ) -> str:
        """Carry bytes both ways until both sides have ended; who ended, and how."""
        ends: list[str] = []
        closing: list[str] = []

        async def carry(reader: Reader, writer: Writer, way: Way) -> None:
            messages = Messages() if is_open else None
            try:
                while data := await reader.read(PORTION):
                    writer.write(data)
                    messages = self._read(line, way, messages, data, closing)
                    await writer.drain()
                ends.append(f"the {'charge point' if way == 'up' else 'back office'} hung up")
                with suppress(OSError, RuntimeError):
                    if writer.can_write_eof():
                        writer.write_eof()
                    else:
                        writer.close()
            except OSError as error:
                ends.append(_of_tls(error) if isinstance(error, ssl.SSLError) else error.strerror or "broken")
                line.abort()

        ways = [
            asyncio.create_task(carry(station[0], office[1], "up")),
            asyncio.create_task(carry(office[0], station[1], "down")),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait(ways, timeout=FAREWELL_S)
        finally:
            for way in ways:
                way.cancel()
        return ", ".join([*closing[:1], *ends[:1]])

    def _read(
        self,
        line: Line,
        way: Way,
        messages: Messages | None,
        data: bytes,
        closing: list[str],
    ) -> Messages | None:
        """Read what passed; None once that went wrong: then it passes unread."""
        if messages is None:
            return None
        try:
            for message in messages.feed(data):
                if message.kind == "close":
                    closing.append(message.closing)
                else:
                    self._tell(Told(line, way, message))
        except Exception as error:  # whatever it is, the bytes go on
            self._tell(Told(line, "unread", why=f"{type(error).__name__}: {error}"))
            return None
        return messages


class _Unwilling(Exception):
    """This connection is not tapped, and why."""


async def _head(reader: Reader) -> bytes:
    """Up to the empty line that ends it."""
    try:
        head = await reader.readuntil(handshake.END)
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            raise
        raise _Unwilling(f"no HTTP: {error.partial[:60]!r}") from None
    except asyncio.LimitOverrunError:
        raise _Unwilling(f"a head of more than {handshake.MOST_BYTES} bytes") from None
    except ssl.SSLError as error:
        raise _Unwilling(_of_tls(error)) from None
    return head


def _of_tls(error: ssl.SSLError) -> str:
    reason = error.reason or str(error)
    return NO_TAP if any(word in reason for word in DEMANDS) else f"TLS: {reason}"


def _no_delay(writer: Writer) -> None:
    sock = writer.get_extra_info("socket")
    if sock is not None:
        with suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
