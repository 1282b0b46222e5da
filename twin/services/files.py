"""Files that the device fetches and delivers, here with a server that is only simulated.

Over the network (`network_files`) or not, a transfer takes the time that its size asks for, in the run's own
seconds.
"""

from collections.abc import MutableMapping
from posixpath import join
from typing import Protocol
from urllib.parse import urlsplit

from evc5.twin.line.endpoint import scrubbed

RATE_BYTES_S = 125_000.0  # 1 Mbit/s, a modem's; assumed
LATENCY_S = 1.0  # to find the server and log in; assumed
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
        if scheme_of(url) not in SCHEMES:
            return None
        return next((held for name, held in self.contents.items() if scrubbed(name) == scrubbed(url)), None)

    def put(self, url: str, name: str, content: bytes) -> bool:
        taken = self.takes and scheme_of(url) in SCHEMES
        if taken:
            self.contents[address(url, name)] = content
        return taken


def scheme_of(url: str) -> str:
    """In lower case; "" of what can be no URL at all."""
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""


def address(url: str, name: str) -> str:
    """Where a file of this name goes: into the directory that the location names (assumed)."""
    return join(url, name)
