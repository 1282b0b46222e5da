"""Every byte from a charge point to its back office and back, as it came; who listens hears of it afterwards.

A connection is two pumps. What they carry is also read (`evc5.rigs.tap.messages`), but nothing here waits for
that, and nothing that goes wrong there stops a byte.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from evc5.rigs.errors import described
from evc5.rigs.served.limits import Limits
from evc5.rigs.served.listener import Address, Listener
from evc5.rigs.tap import handshake
from evc5.rigs.tap.end import End
from evc5.rigs.tap.handshake import Request, Upstream
from evc5.rigs.tap.messages import Message, Messages

HANDSHAKE_S = 20.0  # for a charge point to say what it wants, and for the back office to answer; assumed
FAREWELL_S = 5.0  # for one side to end after the other has; assumed
BACKLOG = 4096  # charge points that dial in at once, after a power cut of a town
NO_TAP = "the back office demands a certificate of the charge point (mutual TLS), which a tap cannot show"
DEMANDS = ("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE")  # how TLS 1.3 and 1.2 say so

Way = Literal["up", "down"]


@dataclass(slots=True, eq=False)
class Line:
    """One tapped connection."""

    identity: str
    ends: list[End] = field(default_factory=list)

    def abort(self) -> None:
        """Let both sides know at once, as a broken cable does."""
        for end in self.ends:
            end.transport.abort()


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
        self._tasks: set[asyncio.Task[None]] = set()  # the loop itself keeps none alive
        self._loop.set_exception_handler(lambda *_: None)  # what a socket breaks with is told by us
        self.start()

    async def _serve(self) -> None:
        server = await self._loop.create_server(
            lambda: End(self._accepted),
            self._address.host,
            self._address.port,
            ssl=self._tls,
            backlog=BACKLOG,
        )
        await self.until_closed(server.sockets[0])
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    # --- one connection ---

    def _accepted(self, end: End) -> None:
        task = self._loop.create_task(self._tap(end))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tap(self, station: End) -> None:
        line = Line("", [station])
        try:
            await self._connected(line, station)
        except _Unwilling as error:
            self._tell(Told(line, "refused", why=str(error)))
        except TimeoutError:
            slow = "the back office" if line.identity else "the charge point"
            self._tell(Told(line, "refused", why=f"{slow} said nothing for {HANDSHAKE_S:g} s"))
        except (OSError, EOFError):
            pass  # it has gone before it said what it wants
        except Exception as error:  # of ours: this connection ends, the others go on
            self._tell(Told(line, "failed", why=described(error)))
        finally:
            for end in line.ends:
                end.transport.close()

    async def _connected(self, line: Line, station: End) -> None:
        async with asyncio.timeout(HANDSHAKE_S):
            request = await self._requested(station)
            line.identity = request.identity
            if self._open >= self._most:
                raise _Unwilling(f"{self._open} are on the line already (--max-stations)")
        async with self._counted(), asyncio.timeout(None) as patience:
            patience.reschedule(self._loop.time() + HANDSHAKE_S)
            office = await self._dialled(line)
            office.transport.write(request.onward)
            head = await self._answer(office)
            patience.reschedule(None)
            station.transport.write(head)
            if (status := handshake.status(head)) != 101:
                self._tell(Told(line, "refused", why=f"the back office answers {status or 'no HTTP'}"))
                await self._between(line, station, office, is_open=False)
                return
            older = self._lines.get(line.identity)
            if older is not None:  # it has dialled in anew before anybody knew that its old socket is dead
                older.abort()
            self._lines[line.identity] = line
            self._tell(Told(line, "opened"))
            why = await self._between(line, station, office, is_open=True)
            if self._lines.get(line.identity) is line:
                del self._lines[line.identity]
            self._tell(Told(line, "closed", why=why))

    async def _requested(self, station: End) -> Request:
        try:
            return handshake.read(await _head(station), self._upstream)
        except ValueError as error:
            raise _Unwilling(str(error)) from None

    async def _dialled(self, line: Line) -> End:
        up = self._upstream
        try:
            _, office = await self._loop.create_connection(
                End, up.host, up.port, ssl=self._onward, server_hostname=up.host if up.is_tls else None
            )
        except ssl.SSLCertVerificationError as error:
            raise _Unwilling(f"the certificate of {up.url} is not trusted: {error.verify_message}") from None
        except ssl.SSLError as error:
            raise _Unwilling(_of_tls(error)) from None
        except OSError as error:
            raise _Unwilling(f"{up.url} cannot be reached: {_unreached(error, up.is_tls)}") from None
        line.ends.append(office)
        return office

    async def _answer(self, office: End) -> bytes:
        try:
            return await _head(office)
        except (OSError, EOFError):
            why = NO_TAP if self._upstream.is_tls else "it wants wss:// in --to"
            raise _Unwilling(f"the back office hung up before it answered; perhaps {why}") from None

    @asynccontextmanager
    async def _counted(self) -> AsyncIterator[None]:
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1

    async def _between(self, line: Line, station: End, office: End, *, is_open: bool) -> str:
        """Bytes pass both ways until both sides have ended; who ended, and how."""
        closing: list[str] = []
        station.pass_on(office, self._reader(line, "up", closing) if is_open else None)
        office.pass_on(station, self._reader(line, "down", closing) if is_open else None)
        both = {station.ended: office, office.ended: station}
        over, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        first = station if station.ended in over else office
        error = first.ended.result()
        if error is None:
            why = f"the {'charge point' if first is station else 'back office'} hung up"
            both[first.ended].no_more()
        else:
            why = _of_break(error)
            line.abort()
        await asyncio.wait(both, timeout=FAREWELL_S)
        return ", ".join([*closing[:1], why])

    def _reader(self, line: Line, way: Way, closing: list[str]) -> Callable[[bytes], None]:
        messages: Messages | None = Messages()

        def read(data: bytes) -> None:
            nonlocal messages
            messages = self._read(line, way, messages, data, closing)

        return read

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


async def _head(end: End) -> bytes:
    """Up to the empty line that ends it."""
    try:
        return await end.head()
    except EOFError as error:
        if not error.args[0]:
            raise
        raise _Unwilling(f"no HTTP: {error.args[0][:60]!r}") from None
    except ssl.SSLError as error:
        raise _Unwilling(_of_tls(error)) from None
    except ValueError as error:
        raise _Unwilling(str(error)) from None


def _unreached(error: OSError, is_tls: bool) -> str:
    if is_tls and isinstance(error, ConnectionResetError):
        return "it hung up at the TLS handshake; perhaps it wants ws:// in --to"
    if error.errno and not isinstance(error, socket.gaierror):  # asyncio's own words repeat the address
        return os.strerror(error.errno)
    return error.strerror or str(error) or type(error).__name__


def _of_break(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return _of_tls(error)
    return getattr(error, "strerror", None) or "broken"


def _of_tls(error: ssl.SSLError) -> str:
    reason = error.reason or str(error)
    return NO_TAP if any(word in reason for word in DEMANDS) else f"TLS: {reason}"
