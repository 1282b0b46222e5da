"""The opening handshake of a tapped connection: read here, sent on with another Host and without compression.

Everything else passes as it came: path, query, subprotocols, Authorization. Source: RFC 6455 section 4.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from evc5.rigs.errors import BadInput
from evc5.rigs.served.sockets import identity_of

END = b"\r\n\r\n"
MOST_BYTES = 1 << 16  # of a request or an answer before its body; assumed: a charge point needs about 400
# Host names the back office now; without an offer of an extension, frames are as plain as they look.
OURS = (b"host", b"sec-websocket-extensions")
PORTS = {"ws": 80, "wss": 443}
HOST = re.compile(r"[^\s/?#@\\]+")  # of a name or an address: what else no name holds, the resolver tells


@dataclass(frozen=True, slots=True)
class Upstream:
    """The back office of `--to`."""

    url: str
    host: str
    port: int
    is_tls: bool
    path: str  # stands before the charge point's own

    @classmethod
    def of(cls, url: str) -> "Upstream":
        """BadInput where the URL is none of a WebSocket, or holds what a tap has no use for."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise BadInput(f"--to {url}: {error}") from None
        if parts.scheme not in PORTS or not parts.hostname or not HOST.fullmatch(parts.hostname) or port == 0:
            raise BadInput(f"--to must be ws://host[:port][/path] or wss://…, got {url}")
        if parts.username is not None or parts.password is not None:
            raise BadInput("--to must hold no credentials: each charge point brings its own")
        if parts.query or parts.fragment:
            raise BadInput(f"--to must end with its path, got {url}")
        port = PORTS[parts.scheme] if port is None else port
        return cls(url, parts.hostname, port, parts.scheme == "wss", parts.path.rstrip("/"))

    @property
    def authority(self) -> str:
        """What Host says: without the port where it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS["wss" if self.is_tls else "ws"] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Request:
    """A charge point's request: as it came, and as it goes on."""

    target: str
    onward: bytes

    @property
    def identity(self) -> str:
        return identity_of(self.target)


def read(head: bytes, upstream: Upstream) -> Request:
    """The request that `head` is; ValueError where it is none of HTTP."""
    first, *fields = head.removesuffix(END).split(b"\r\n")
    method, space, rest = first.partition(b" ")
    target, gap, version = rest.rpartition(b" ")
    if not (space and gap and method == b"GET" and version.startswith(b"HTTP/1.")):
        raise ValueError(f"no request for a WebSocket: {first[:60]!r}")
    kept = [field for field in fields if field.partition(b":")[0].strip().lower() not in OURS]
    line = b"GET " + upstream.path.encode() + target + b" " + version
    host = b"Host: " + upstream.authority.encode()
    return Request(target.decode("latin-1"), b"\r\n".join([line, host, *kept]) + END)


def status(head: bytes) -> int:
    """The status of the back office's answer; 0 where it is none of HTTP."""
    version, _, rest = head.partition(b" ")
    code = rest[:3]
    return int(code) if version.startswith(b"HTTP/1.") and code.isdigit() and len(code) == 3 else 0
