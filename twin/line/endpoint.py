"""Where a charge point dials in, and with what credentials. Source: OCPP-J 1.6 sections 3.1 and 6.2."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A CSMS's URL, to which the percent-encoded identity is appended (OCPP-J 3.1.1).

    `key` gives the AuthorizationKey of the moment, "" for none; user and password in the URL go before it.
    `ca_file` (PEM) is trusted instead of the system's authorities. ValueError says what the URL must be.
    """

    url: str
    identity: str
    key: Callable[[], str] = str
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        shown = scrubbed(self.url)
        if not is_dialable(self.url):
            raise ValueError(f"must be ws://host[:port][/path] or wss://…, got {shown!r}")
        parts = urlsplit(self.url)
        if parts.query or parts.fragment:
            raise ValueError(f"must end with its path, as the identity is appended to it, got {shown!r}")
        try:
            _ = parts.port
        except ValueError:
            raise ValueError(f"must have a port from 0 to 65535, got {shown!r}") from None

    @property
    def shown(self) -> str:
        """The URL as it may be shown and recorded."""
        return scrubbed(self.url)

    @property
    def uri(self) -> str:
        """What is dialled, without credentials."""
        return f"{self.shown.rstrip('/')}/{quote(self.identity, safe='')}"

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or (443 if self.secure else 80)

    @property
    def secure(self) -> bool:
        return urlsplit(self.url).scheme == "wss"

    def authorization(self) -> str | None:
        """The Authorization header, None without credentials. Source: OCPP-J 6.2.2."""
        parts = urlsplit(self.url)
        user = unquote(parts.username) if parts.username else self.identity
        password = unquote(parts.password).encode() if parts.password else password_of(self.key())
        if not password:
            return None
        return "Basic " + base64.b64encode(user.encode() + b":" + password).decode()


def is_dialable(url: str) -> bool:
    """Is it a WebSocket's, of a host that names can have (RFC 3490: no label empty or beyond 63 octets)?"""
    try:
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")
    except ValueError:
        return False
    return parts.scheme in ("ws", "wss") and bool(parts.hostname)


def place(text: str, identity: str, serial: str, tls: bool) -> tuple[str, str]:
    """URL and identity that a com_Endpoint means: it ends with who dials in, #OSN# or #SN#.

    Source: EVC4 stations; that it may go without ws:// or the placeholder: seen, what it means then: assumed.
    """
    url = text if "://" in text else f"{'wss' if tls else 'ws'}://{text}"
    for placeholder, who in (("#OSN#", identity), ("#SN#", serial)):
        if url.upper().endswith(f"/{placeholder}"):
            return url[: -len(placeholder)], who
    return url, identity


def without_password(url: str) -> str:
    """A URL that keeps its user: the password is another from now on."""
    parts = urlsplit(url)
    user, _, _ = (parts.username or "").partition(":")
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{user}@{host}" if user else host).geturl()


def scrubbed(url: str) -> str:
    """A URL without user and password; what can be no URL is not repeated at all."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "no URL"
    return SplitResult(*parts)._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def password_of(key: str) -> bytes:
    """AuthorizationKey as a password: 40 hex digits are 20 bytes (OCPP-J 6.2.2), anything else is text."""
    if len(key) == 40:
        try:
            return bytes.fromhex(key)
        except ValueError:
            pass  # the security extension's key is text of up to 40 characters
    return key.encode()
