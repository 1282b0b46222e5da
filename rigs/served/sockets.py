"""The sockets of a back office: each charge point that dials in is a line to the environment's thread.

The library's asyncio server runs in a thread of its own; what it hears is posted to the hub, one errand a
frame. Source: OCPP-J 1.6 section 3 and 6.2.
"""

import asyncio
import base64
import binascii
import hmac
import http
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from urllib.parse import unquote

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import Event
from websockets.typing import Subprotocol

from evc5.rigs.served.limits import Allowance, Limits
from evc5.rigs.served.listener import Address, Listener
from evc5.twin.line.endpoint import password_of
from evc5.twin.line.hub import Hub
from evc5.twin.line.websocket import MAX_MESSAGE_BYTES, SUBPROTOCOL

KEEPALIVE_S = 60.0  # wall clock: how often a silent charge point is pinged, and has to answer; assumed
UNHEARD = 64  # frames of one charge point waiting for the environment, before its socket is read no further
UNHEARD_BYTES = 1 << 20  # ... and no more than these of them
READ_AHEAD = 2  # messages that the library keeps for us, of up to MAX_MESSAGE_BYTES each
UNSENT = 1000  # frames that a charge point does not take, before it is hung up on
BREATH_S = 0.005
NAMED_AT_MOST = 4  # of those who may dial in
NOT_ASKED_FOR = "not asked for: one of a maker unknown here would end the handshake"

_log = logging.getLogger(
    "evc5.rigs.served.sockets"
)  # at DEBUG the library writes out requests, and so credentials
_log.setLevel(logging.CRITICAL)
_log.propagate = False


class Connection(ServerConnection):
    """A socket that counts the pings that come; the library answers them."""

    pings = 0

    def process_event(self, event: Event) -> None:
        self.pings += isinstance(event, Frame) and event.opcode is Opcode.PING
        super().process_event(event)


class Line:
    """One charge point's open socket, to be spoken to from the environment's thread."""

    def __init__(self, identity: str, connection: Connection, loop: asyncio.AbstractEventLoop) -> None:
        self.identity = identity
        self.posted = self.heard = 0  # frames; the first counts the server's thread, the second the other
        self.posted_bytes = self.heard_bytes = 0
        self._connection = connection
        self._loop = loop
        self._unsent: asyncio.Queue[str] = asyncio.Queue(UNSENT)

    def send(self, text: str) -> None:
        with suppress(RuntimeError):  # the server has ended
            self._loop.call_soon_threadsafe(self._put, text)

    def close(self) -> None:
        """Hang up without waiting for an answer."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._connection.transport.abort)

    def _put(self, text: str) -> None:
        try:
            self._unsent.put_nowait(text)
        except asyncio.QueueFull:
            self._connection.transport.abort()

    @property
    def behind(self) -> bool:
        """Has the environment more than enough to do with what came?"""
        return self.posted - self.heard > UNHEARD or self.posted_bytes - self.heard_bytes > UNHEARD_BYTES

    @property
    def pings(self) -> int:
        """How many WebSocket pings have come."""
        return self._connection.pings

    def handshake(self) -> dict[str, str]:
        """How it dialled in: subprotocols, credentials, compression, TLS. No secret is told."""
        request = self._connection.request
        headers = request.headers if request is not None else Headers()
        tls = self._connection.transport.get_extra_info("ssl_object")
        return {
            "subprotocols": ", ".join(headers.get_all("Sec-WebSocket-Protocol")) or "none",
            "credentials": _credentials(headers.get("Authorization", ""), self.identity),
            "compression": ", ".join(headers.get_all("Sec-WebSocket-Extensions")) or "none",
            "tls": "none" if tls is None else f"{tls.version()}, {tls.cipher()[0]}",
            "client_certificate": "none" if tls is None else NOT_ASKED_FOR,
        }

    async def write(self) -> None:
        """Send what is to be sent, until the socket is gone."""
        while True:
            await self._connection.send(await self._unsent.get())


@dataclass(frozen=True, slots=True)
class Ears:
    """Whom the server tells, in the environment's thread."""

    opened: Callable[[Line], None]
    heard: Callable[[Line, str], None]
    closed: Callable[[Line, str], None]  # and why
    refused: Callable[[str, str], None]  # an identity that was not let in, and why
    slowed: Callable[[Line, str], None]  # it sends faster than it may, and is read more slowly
    failed: Callable[[str, Exception], None]  # a fault of ours over this identity


def _some(names: Collection[str]) -> str:
    rest = len(names) - NAMED_AT_MOST
    return ", ".join([*islice(names, NAMED_AT_MOST), *([f"{rest} more"] if rest > 0 else [])])


class Server(Listener):
    """Serves until `close`. `keys` are the charge points known here and their AuthorizationKeys, "" for none.

    Where none is known, all are welcome; else others get 404, and wrong credentials 401. Beyond as many as
    `limits` allows on the line, more get 503.
    """

    def __init__(
        self, address: Address, keys: Mapping[str, str], hub: Hub, ears: Ears, limits: Limits
    ) -> None:
        limits.make_room()
        super().__init__(address, "evc5-csms")
        self._keys = keys
        self._hub = hub
        self._ears = ears
        self._limits = limits
        self._on_line = 0
        self.start()

    async def _serve(self) -> None:
        async with serve(
            self._talk, self._address.host, self._address.port, ssl=self._tls,
            process_request=self._admit, select_subprotocol=_subprotocol, compression=None,
            ping_interval=KEEPALIVE_S, ping_timeout=KEEPALIVE_S, close_timeout=1.0,
            max_size=MAX_MESSAGE_BYTES, max_queue=READ_AHEAD, logger=_log,
            create_connection=Connection,
        ) as server:  # fmt: skip
            await self.until_closed(next(iter(server.sockets)))

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """None to let a charge point in, the refusal otherwise. Source: OCPP-J 3.2, 6.2.2."""
        identity = identity_of(request.path)
        if not identity or (self._keys and identity not in self._keys):
            self._refuse(identity, f"404, unknown here: {_some(self._keys)} may dial in")
            return connection.respond(http.HTTPStatus.NOT_FOUND, "unknown charge point\n")
        if self._on_line >= self._limits.stations:
            self._refuse(identity, f"503, {self._on_line} are on the line already (--max-stations)")
            return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "no room for another\n")
        key = self._keys.get(identity, "")
        if key and not _is_password(request.headers.get("Authorization", ""), identity, key):
            self._refuse(identity, "401, wrong credentials or none")
            response = connection.respond(http.HTTPStatus.UNAUTHORIZED, "credentials required\n")
            response.headers["WWW-Authenticate"] = 'Basic realm="OCPP"'
            return response
        return None

    def _refuse(self, identity: str, why: str) -> None:
        self._hub.post(lambda: self._ears.refused(identity, why))

    async def _talk(self, connection: ServerConnection) -> None:
        assert connection.request is not None  # else it would not be open
        identity = identity_of(connection.request.path)
        if connection.subprotocol is None:
            self._refuse(identity, f"does not offer the subprotocol {SUBPROTOCOL}")
            await connection.close(1002, f"{SUBPROTOCOL} only")  # OCPP-J 3.2
            return
        assert isinstance(connection, Connection)  # which `serve` was told to make
        line = Line(identity, connection, self._loop)
        writer = asyncio.create_task(line.write())
        self._on_line += 1
        self._hub.post(lambda: self._ears.opened(line))
        try:
            await self._listen(connection, line)
        except ConnectionClosed:
            pass
        except Exception as error:
            self._hub.post(partial(self._ears.failed, identity, error))
            connection.transport.abort()
        finally:
            self._on_line -= 1
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            why = f"{connection.close_code or 1006} {connection.close_reason or ''}".strip()
            self._hub.post(lambda: self._ears.closed(line, why))

    async def _listen(self, connection: ServerConnection, line: Line) -> None:
        allowance = Allowance(self._limits)
        told = False
        async for message in connection:
            text = message if isinstance(message, str) else message.decode("utf-8", "backslashreplace")
            self._post(line, text, len(message))
            wait_s, why = allowance.take(len(message))
            if why and not told:
                told = True
                self._hub.post(partial(self._ears.slowed, line, why))
            if wait_s:
                await asyncio.sleep(wait_s)
            while line.behind:
                await asyncio.sleep(BREATH_S)

    def _post(self, line: Line, text: str, size: int) -> None:
        def hear() -> None:
            line.heard += 1
            line.heard_bytes += size
            self._ears.heard(line, text)

        line.posted += 1
        line.posted_bytes += size
        self._hub.post(hear)


def identity_of(path: str) -> str:
    """The last part of the path that was asked for, decoded (OCPP-J 3.1.1)."""
    return unquote(path.partition("?")[0].rpartition("/")[2])


def _subprotocol(connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return Subprotocol(SUBPROTOCOL) if SUBPROTOCOL in offered else None


def _credentials(header: str, identity: str) -> str:
    """Which kind, and whether the user is the identity (OCPP-J 6.2.2)."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return scheme or "none"
    try:
        user = base64.b64decode(encoded, validate=True).partition(b":")[0]
    except (binascii.Error, ValueError):
        return "Basic, unreadable"
    return "Basic, its identity as user" if user == identity.encode() else "Basic, another user"


def _is_password(header: str, identity: str, key: str) -> bool:
    """Basic credentials with the identity as user; the key in either form (OCPP-J 6.2.2, or as text)."""
    scheme, _, encoded = header.partition(" ")
    try:
        user, _, password = base64.b64decode(encoded, validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return False
    right = {password_of(key), key.encode()}
    known = any(hmac.compare_digest(password, one) for one in right)
    return scheme.lower() == "basic" and hmac.compare_digest(user, identity.encode()) and known
