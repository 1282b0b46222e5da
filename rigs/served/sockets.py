"""The sockets of a back office: each charge point that dials in is a line to the environment's thread.

The library's asyncio server runs in a thread of its own; what it hears is posted to the hub, one errand a
frame. Source: OCPP-J 1.6 section 3 and 6.2.
"""

import asyncio
import base64
import binascii
import errno
import hmac
import http
import logging
import os
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from evc5.rigs.errors import BadInput
from evc5.rigs.served.limits import Allowance, Limits
from evc5.twin.line.endpoint import password_of
from evc5.twin.line.hub import Hub
from evc5.twin.line.websocket import MAX_MESSAGE_BYTES, SUBPROTOCOL

KEEPALIVE_S = 60.0  # wall clock: how often a silent charge point is pinged, and has to answer; assumed
UNHEARD = 64  # frames of one charge point waiting for the environment, before its socket is read no further
UNHEARD_BYTES = 1 << 20  # ... and no more than these of them
READ_AHEAD = 2  # messages that the library keeps for us, of up to MAX_MESSAGE_BYTES each
UNSENT = 1000  # frames that a charge point does not take, before it is hung up on
BREATH_S = 0.005
SERVER_START_S = 10.0

_log = logging.getLogger(
    "evc5.rigs.served.sockets"
)  # at DEBUG the library writes out requests, and so credentials
_log.setLevel(logging.CRITICAL)
_log.propagate = False


@dataclass(frozen=True, slots=True)
class Address:
    """Where the back office is to be found, and with what certificate."""

    host: str = "127.0.0.1"
    port: int = 9000
    certificate: Path | None = None  # PEM, with its key where `key` is absent
    key: Path | None = None

    def tls(self) -> ssl.SSLContext | None:
        """BadInput where certificate and key do not fit or cannot be read."""
        if self.certificate is None:
            return None
        _readable("--tls-cert", self.certificate)
        if self.key is not None:
            _readable("--tls-key", self.key)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.certificate, self.key, password="")  # else it asks for one
        except ssl.SSLError as error:
            wanted = "must be PEM and hold a certificate and its key, without a password"
            if error.reason == "KEY_VALUES_MISMATCH":
                wanted = f"must be the certificate of the key in {self.key or self.certificate}"
            raise BadInput(f"--tls-cert {self.certificate} {wanted}") from None
        return context

    def refusal(self, error: Exception) -> BadInput:
        """Why nothing can be listened to here."""
        if not isinstance(error, OSError) or isinstance(error, socket.gaierror):
            return BadInput(f"--host {self.host}: {getattr(error, 'strerror', None) or 'no host name'}")
        flag = "--host" if error.errno == errno.EADDRNOTAVAIL else "--port"
        why = os.strerror(error.errno) if error.errno else str(error)
        return BadInput(f"{flag}: {self.host}:{self.port} cannot be listened on: {why}")


def _readable(flag: str, path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise BadInput(f"{flag} {path}: {error.strerror}") from None


class Line:
    """One charge point's open socket, to be spoken to from the environment's thread."""

    def __init__(self, identity: str, connection: ServerConnection, loop: asyncio.AbstractEventLoop) -> None:
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


class Server:
    """Serves until `close`. `keys` are the charge points known here and their AuthorizationKeys, "" for none.

    Where none is known, all are welcome; else others get 404, and wrong credentials 401. Beyond as many as
    `limits` allows on the line, more get 503.
    """

    def __init__(
        self, address: Address, keys: Mapping[str, str], hub: Hub, ears: Ears, limits: Limits
    ) -> None:
        limits.make_room()
        self._address = address
        self._keys = keys
        self._hub = hub
        self._ears = ears
        self._limits = limits
        self._on_line = 0
        self._tls = address.tls()
        self.port = address.port
        self._started = threading.Event()
        self._failure: Exception | None = None
        self._loop = asyncio.new_event_loop()
        self._stop: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, name="evc5-csms", daemon=True)
        self._thread.start()
        if not self._started.wait(SERVER_START_S):
            raise BadInput(f"--host {address.host}: cannot be listened on within {SERVER_START_S:g} s")
        if self._failure is not None:
            raise address.refusal(self._failure)

    @property
    def url(self) -> str:
        """What a charge point appends its identity to."""
        return f"{'ws' if self._tls is None else 'wss'}://{self._address.host}:{self.port}"

    def close(self) -> None:
        with suppress(RuntimeError):  # it has ended already
            self._loop.call_soon_threadsafe(self._stop.cancel)
        self._thread.join(SERVER_START_S)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except (OSError, UnicodeError) as error:  # the second: what can be no host name
            self._failure = error
        finally:
            self._started.set()
            self._loop.close()

    async def _serve(self) -> None:
        async with serve(
            self._talk, self._address.host, self._address.port, ssl=self._tls,
            process_request=self._admit, select_subprotocol=_subprotocol, compression=None,
            ping_interval=KEEPALIVE_S, ping_timeout=KEEPALIVE_S, close_timeout=1.0,
            max_size=MAX_MESSAGE_BYTES, max_queue=READ_AHEAD, logger=_log,
        ) as server:  # fmt: skip
            self.port = next(iter(server.sockets)).getsockname()[1]
            self._started.set()
            with suppress(asyncio.CancelledError):
                await self._stop

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """None to let a charge point in, the refusal otherwise. Source: OCPP-J 3.2, 6.2.2."""
        identity = _identity(request)
        if not identity or (self._keys and identity not in self._keys):
            self._refuse(identity, "404, unknown here")
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
        if connection.subprotocol is None:
            self._refuse(_identity(connection.request), f"does not offer the subprotocol {SUBPROTOCOL}")
            await connection.close(1002, f"{SUBPROTOCOL} only")  # OCPP-J 3.2
            return
        line = Line(_identity(connection.request), connection, self._loop)
        writer = asyncio.create_task(line.write())
        self._on_line += 1
        self._hub.post(lambda: self._ears.opened(line))
        try:
            await self._listen(connection, line)
        except ConnectionClosed:
            pass
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


def _identity(request: Request) -> str:
    """The last part of the path, decoded (OCPP-J 3.1.1)."""
    return unquote(request.path.partition("?")[0].rpartition("/")[2])


def _subprotocol(connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return Subprotocol(SUBPROTOCOL) if SUBPROTOCOL in offered else None


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
