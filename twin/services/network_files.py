"""Files that the device fetches from real servers and delivers to them, by HTTP(S) and FTP."""

import ftplib
import io
from collections.abc import Callable
from http.client import HTTPException
from typing import TypeVar
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

from evc5.twin.services.files import SCHEMES, address

WALL_TIMEOUT_S = 10.0  # of the wall clock, for a real server that does not answer; assumed
T = TypeVar("T")


class NetworkFiles:
    """Real servers, by HTTP(S) and FTP; while a request waits, the run's time stands still."""

    def get(self, url: str) -> bytes | None:
        return _tried(lambda: _get(url))

    def put(self, url: str, name: str, content: bytes) -> bool:
        return bool(_tried(lambda: _put(url, name, content)))


def _tried(transfer: Callable[[], T]) -> T | None:
    try:
        return transfer()
    except (OSError, EOFError, ValueError, ftplib.Error, HTTPException):  # URLError is an OSError
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
