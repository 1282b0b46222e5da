"""Listens for charge points in a thread of its own, until it is closed."""

import asyncio
import errno
import os
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evc5.rigs import user_files
from evc5.rigs.errors import BadInput

SERVER_START_S = 10.0


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

    def refusal(self, error: Exception, flag: str = "") -> BadInput:
        """Why nothing can be listened to here; without `flag`, host and port have one each."""
        if not isinstance(error, OSError) or isinstance(error, socket.gaierror):
            why = getattr(error, "strerror", None) or "no host name"
            return BadInput(f"{flag or '--host'} {self.host}: {why}")
        flag = flag or ("--host" if error.errno == errno.EADDRNOTAVAIL else "--port")
        why = os.strerror(error.errno) if error.errno else str(error)
        return BadInput(f"{flag}: {self.host}:{self.port} cannot be listened on: {why}")


def _readable(flag: str, path: Path) -> None:
    try:
        user_files.check(path)
    except OSError as error:
        raise BadInput(f"{flag} {path}: {error.strerror}") from None


class Listener:
    """Whoever listens gives `_serve`, and calls `start` once it is ready to be spoken to.

    BadInput where nothing can be listened to, which speaks of `flag` where one tells host and port.
    """

    def __init__(self, address: Address, thread: str, flag: str = "") -> None:
        self._address = address
        self._flag = flag
        self._tls = address.tls()
        self.port = address.port
        self._started = threading.Event()
        self._failure: Exception | None = None
        self._loop = asyncio.new_event_loop()
        self._stop: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, name=thread, daemon=True)

    def start(self) -> None:
        """Return once charge points may dial in."""
        self._thread.start()
        if not self._started.wait(SERVER_START_S):
            where = f"{self._flag or '--host'} {self._address.host}"
            raise BadInput(f"{where}: cannot be listened on within {SERVER_START_S:g} s")
        if self._failure is not None:
            raise self._address.refusal(self._failure, self._flag)

    @property
    def url(self) -> str:
        """What a charge point appends its identity to."""
        return f"{'ws' if self._tls is None else 'wss'}://{self._address.host}:{self.port}"

    def close(self) -> None:
        with suppress(RuntimeError):  # it has ended already
            self._loop.call_soon_threadsafe(self._stop.cancel)
        self._thread.join(SERVER_START_S)

    async def until_closed(self, listening: Any) -> None:
        """Tell that this socket listens, and wait for `close`."""
        self.port = listening.getsockname()[1]
        self._started.set()
        with suppress(asyncio.CancelledError):
            await self._stop

    async def _serve(self) -> None:
        """Listen, and end with `until_closed`."""
        raise NotImplementedError

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except (OSError, UnicodeError) as error:  # the second: what can be no host name
            self._failure = error
        finally:
            self._started.set()
            self._loop.close()
