"""Files that the device fetches and delivers: over the network, or with a server that is only simulated.

Either way a transfer takes the time that its size asks for, in the run's own seconds.
"""

import ftplib
import io
from collections.abc import Callable, MutableMapping
from posixpath import join
from typing import Protocol, TypeVar
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

from evc5.twin.line.endpoint import scrubbed

RATE_BYTES_S = 125_000.0  # 1 Mbit/s, a modem's; assumed
LATENCY_S = 1.0  # to find the server and log in; assumed
WALL_TIMEOUT_S = 10.0  # of the wall clock, for a real server that does not answer; assumed
T = TypeVar("T")
SCHEMES = ("http", "https", "ftp")  # 6.21, 6.57: what a location may be; anything else fails


class Files(Protocol):
    """A way to files; both methods say None or False where it failed."""

    def get(self, url: str) -> bytes | None: ...
    def put(self, url: str, name: str, content: bytes) -> bool: ...


def seconds(size: int) -> float:
    """How long a transfer of so many bytes takes."""
    return LATENCY_S + size / RATE_BYTES_S


class SimulatedFiles:
    """A server of any name that has what was put into `contents`, takes everything and asks no password."""

    def __init__(self, contents: MutableMapping[str, bytes] | None = None) -> None:
        self.contents: MutableMapping[str, bytes] = {} if contents is None else contents
        self.takes = True  # does it let itself be written to?

    def get(self, url: str) -> bytes | None:
        if urlsplit(url).scheme not in SCHEMES:
            return None
        return next((held for name, held in self.contents.items() if scrubbed(name) == scrubbed(url)), None)

    def put(self, url: str, name: str, content: bytes) -> bool:
        taken = self.takes and urlsplit(url).scheme in SCHEMES
        if taken:
            self.contents[address(url, name)] = content
        return taken


class NetworkFiles:
    """Real servers, by HTTP(S) and FTP; while a request waits, the run's time stands still."""

    def get(self, url: str) -> bytes | None:
        return _tried(lambda: _get(url))

    def put(self, url: str, name: str, content: bytes) -> bool:
        return bool(_tried(lambda: _put(url, name, content)))


def address(url: str, name: str) -> str:
    """Where a file of this name goes: into the directory that the location names (assumed)."""
    return join(url, name)


def _tried(transfer: Callable[[], T]) -> T | None:
    try:
        return transfer()
    except (OSError, EOFError, ValueError, ftplib.Error):  # URLError is an OSError
        return None


def _get(url: str) -> bytes:
    if urlsplit(url).scheme not in SCHEMES:
        raise ValueError(f"the location must be of {', '.join(SCHEMES)}, got {url}")
    with urlopen(url, timeout=WALL_TIMEOUT_S) as answer:
        content: bytes = answer.read()
    return content


def _put(url: str, name: str, content: bytes) -> bool:
    scheme = urlsplit(url).scheme
    if scheme == "ftp":
        _store(url, name, content)
    elif scheme in ("http", "https"):
        with urlopen(Request(address(url, name), content, method="PUT"), timeout=WALL_TIMEOUT_S):
            pass
    else:
        raise ValueError(f"the location must be of {', '.join(SCHEMES)}, got {url}")
    return True


def _store(url: str, name: str, content: bytes) -> None:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or ftplib.FTP_PORT
    with ftplib.FTP(timeout=WALL_TIMEOUT_S) as ftp:
        ftp.connect(host, port)
        ftp.login(unquote(parts.username or "anonymous"), unquote(parts.password or ""))
        if parts.path.strip("/"):
            ftp.cwd(unquote(parts.path.lstrip("/")))
        ftp.storbinary(f"STOR {name}", io.BytesIO(content))
