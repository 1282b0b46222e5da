"""What comes from a charge point's socket to its CSMS, and that there is none: known without any library."""

from typing import NamedTuple

OPEN_TIMEOUT_S = 10.0  # wall clock, until the handshake is done; assumed


class NoConnection(Exception):
    """The socket did not open: one line that says where and why, without credentials."""


class Gone(NamedTuple):
    """The last that comes from a socket: it is closed, and why."""

    why: str


class Pong:
    """The answer to a ping."""


Message = str | Pong | Gone
PONG = Pong()
