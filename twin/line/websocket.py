"""One WebSocket from a charge point to its CSMS, non-blocking. The only file that imports `websockets`.

The library's protocol is used without its threads and without an event loop: the thread that owns the
environment reads and writes by itself. Source: RFC 6455, OCPP-J 1.6 section 3.
"""

import logging
import os
import selectors
import socket
import ssl
import struct
import time
from contextlib import suppress

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus, NegotiationError
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from evc5.twin.line.endpoint import Endpoint
from evc5.twin.line.incoming import OPEN_TIMEOUT_S, PONG, Gone, Message, NoConnection

try:
    from websockets.speedups import apply_mask
except ImportError:  # where the library came without its C part
    from websockets.utils import apply_mask

SUBPROTOCOL = "ocpp1.6"  # OCPP-J 3.1.2
MAX_MESSAGE_BYTES = 1 << 20  # what a station takes; assumed (the largest of 1.6 has some 100 kB)
SEND_TIMEOUT_S = 10.0  # wall clock: a peer that takes nothing for so long is gone; assumed
CLOSE_WAIT_S = 0.2  # wall clock: how long a Close of ours waits for its answer; assumed
READ_BYTES = 1 << 16
FINAL_TEXT, MASKED = 0x81, 0x80  # RFC 6455 5.2: FIN and opcode 1; what a client sends is masked
LONGER, LONGEST = 126, 127  # ... the length takes 2 bytes more, or 8
MASKS_BYTES = 4096
UNSUPPORTED_DATA, INVALID_DATA = 1003, 1007  # RFC 6455 7.4.1

REFUSED = {
    401: "the credentials were refused (identity, AuthorizationKey)",
    403: "the charge point was refused",
    404: "path or identity is not known there",
}

# At DEBUG the library writes out the request, and with it the credentials.
_log = logging.getLogger("evc5.twin.line.websocket.protocol")
_log.setLevel(logging.WARNING)


class Socket:
    """An open WebSocket; whatever ends it comes out of `receive` as the last message."""

    def __init__(self, raw: socket.socket, protocol: ClientProtocol, early: list[Frame]) -> None:
        self.raw = raw
        self._protocol = protocol
        self._messages: list[Message] = []  # come, and not yet asked for
        self._parts: list[bytes] = []  # of a message in fragments
        self._gone = ""
        self._between = False  # is the parser between two frames?
        self._masks = b""
        self._masked = 0
        for frame in early:  # came in one piece with the handshake
            self._take(frame)

    @property
    def unheard(self) -> bool:
        """Is there something to receive that no selector will tell of?"""
        return bool(self._messages or self._gone)

    def send(self, text: str) -> bool:
        """Put a text on the wire; False where the socket is no longer open."""
        if self._gone or self._protocol.state is not State.OPEN:
            return False
        self._write(memoryview(_text_frame(text.encode(), self._mask())))
        return not self._gone

    def ping(self) -> bool:
        """Ask for a `Pong`; False where the socket is no longer open."""
        if self._gone or self._protocol.state is not State.OPEN:
            return False
        self._protocol.send_ping(b"")
        self._flush()
        return not self._gone

    def receive(self) -> list[Message]:
        """What has come, in whole messages; nothing where there is nothing yet."""
        while not self._gone and self._read() and isinstance(self.raw, ssl.SSLSocket) and self.raw.pending():
            pass  # what TLS has decrypted and keeps, no selector tells of
        messages = self._messages
        self._messages = []
        if self._gone or self._protocol.state is not State.OPEN:
            messages.append(Gone(self._gone or self._how()))
        return messages

    def close(self) -> None:
        """Say goodbye and close. Source: RFC 6455 7.1.1."""
        with suppress(OSError):
            if self._protocol.state is State.OPEN and not self._gone:
                self._protocol.send_close(1000)
                self._flush()
                self._await_close()
        self.raw.close()

    def abort(self) -> None:
        """Be gone without a word, as when the cable is cut or the power fails."""
        with suppress(OSError):
            self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.raw.close()

    def _mask(self) -> bytes:
        """Four bytes that nobody can foretell; the system is asked for many at once."""
        if self._masked == len(self._masks):
            self._masks = os.urandom(MASKS_BYTES)
            self._masked = 0
        self._masked += 4
        return self._masks[self._masked - 4 : self._masked]

    def _read(self) -> bool:
        """Take in what is there; False where nothing was."""
        try:
            data = self.raw.recv(READ_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError as error:
            self._gone = f"the connection broke: {_said(error)}"
            return False
        if self._is_short_text(data):
            self._take_text(data[2:])
            return True
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        self._between = not self._protocol.reader.buffer
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._take(event)
        self._flush()  # pongs, and the answer to a Close
        return bool(data)

    def _is_short_text(self, data: bytes) -> bool:
        """Is this just one short text frame, as nearly every reply is? The parser is slow with so little."""
        return (
            len(data) > 1
            and data[0] == FINAL_TEXT
            and data[1] == len(data) - 2 < LONGER
            and self._between
            and not self._parts
            and self._protocol.state is State.OPEN
        )

    def _take(self, frame: Frame) -> None:
        """Keep the message that this frame is or completes."""
        if frame.opcode is Opcode.PONG:
            self._messages.append(PONG)
        elif frame.opcode is Opcode.BINARY:
            self._fail(UNSUPPORTED_DATA, "the CSMS sent a binary frame")
        elif frame.opcode in (Opcode.TEXT, Opcode.CONT) and not self._gone:
            self._parts.append(bytes(frame.data))
            if frame.fin:
                whole = b"".join(self._parts)
                self._parts = []
                self._take_text(whole)

    def _take_text(self, whole: bytes) -> None:
        try:
            self._messages.append(whole.decode())
        except UnicodeDecodeError:
            self._fail(INVALID_DATA, "the CSMS sent a text frame that is not UTF-8")

    def _fail(self, code: int, why: str) -> None:
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code)
            self._flush()
        self._gone = why

    def _how(self) -> str:
        """How the connection ended."""
        protocol = self._protocol
        if protocol.close_rcvd is not None:
            code, said = protocol.close_rcvd.code, protocol.close_rcvd.reason
            return f"the CSMS closed the connection ({code}{', ' + said if said else ''})"
        if isinstance(protocol.parser_exc, EOFError) or protocol.parser_exc is None:
            inside = self._parts or str(protocol.parser_exc).startswith("stream ends after")
            return f"the connection ended {'in the middle of a frame' if inside else 'without a Close'}"
        return f"the CSMS broke the WebSocket protocol: {protocol.parser_exc}"

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data and not self._gone:
                self._write(memoryview(data))

    def _write(self, data: memoryview) -> None:
        deadline_wall_s = time.monotonic() + SEND_TIMEOUT_S
        while data:
            try:
                data = data[self.raw.send(data) :]
            except (BlockingIOError, ssl.SSLWantWriteError):
                if not _ready(self.raw, selectors.EVENT_WRITE, deadline_wall_s):
                    self._gone = f"the CSMS took nothing for {SEND_TIMEOUT_S:g} s"
                    return
            except ssl.SSLWantReadError:
                _ready(self.raw, selectors.EVENT_READ, deadline_wall_s)
            except OSError as error:
                self._gone = f"the connection broke: {_said(error)}"
                return

    def _await_close(self) -> None:
        deadline_wall_s = time.monotonic() + CLOSE_WAIT_S
        while not self._gone and self._protocol.state is not State.CLOSED:
            if not _ready(self.raw, selectors.EVENT_READ, deadline_wall_s) or not self._read():
                return


def open_socket(endpoint: Endpoint, timeout_s: float = OPEN_TIMEOUT_S) -> Socket:
    """Dial in; `NoConnection` where that fails or takes longer than `timeout_s`."""
    try:
        return _open(endpoint, time.monotonic() + timeout_s)
    except (OSError, InvalidHandshake, EOFError) as error:
        why = f"no answer within {timeout_s:g} s" if isinstance(error, TimeoutError) else _why(error)
        raise NoConnection(f"{endpoint.uri}: {why}") from None


def _open(endpoint: Endpoint, deadline_wall_s: float) -> Socket:
    raw = socket.create_connection(endpoint.address, timeout=_left(deadline_wall_s))
    try:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if endpoint.secure:
            raw = _context(endpoint).wrap_socket(raw, server_hostname=endpoint.address[0])
        opened = _handshake(raw, endpoint, deadline_wall_s)
        raw.setblocking(False)
        return opened
    except BaseException:
        raw.close()
        raise


def _context(endpoint: Endpoint) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=endpoint.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # OCPP 1.6 security extension, profile 2
    return context


def _handshake(raw: socket.socket, endpoint: Endpoint, deadline_wall_s: float) -> Socket:
    protocol = ClientProtocol(
        parse_uri(endpoint.uri),
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        max_size=MAX_MESSAGE_BYTES,
        logger=_log,
    )
    request = protocol.connect()
    authorization = endpoint.authorization()
    if authorization is not None:
        request.headers["Authorization"] = authorization
    protocol.send_request(request)
    raw.sendall(b"".join(protocol.data_to_send()))
    while protocol.state is State.CONNECTING and protocol.handshake_exc is None:
        raw.settimeout(_left(deadline_wall_s))
        data = raw.recv(READ_BYTES)
        if data:
            protocol.receive_data(data)
        else:
            protocol.receive_eof()
    if protocol.handshake_exc is not None:
        raise protocol.handshake_exc
    if protocol.subprotocol is None:
        raise NegotiationError("none")
    return Socket(raw, protocol, [event for event in protocol.events_received() if isinstance(event, Frame)])


def _text_frame(data: bytes, mask: bytes) -> bytes:
    """A text in one frame, as RFC 6455 5.2 has it; the library's way to it takes four times as long."""
    size = len(data)
    if size < LONGER:
        head = struct.pack("!BB", FINAL_TEXT, MASKED | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", FINAL_TEXT, MASKED | LONGER, size)
    else:
        head = struct.pack("!BBQ", FINAL_TEXT, MASKED | LONGEST, size)
    return b"".join((head, mask, apply_mask(data, mask)))


def _why(error: Exception) -> str:
    """Why a connection did not come about."""
    if isinstance(error, InvalidStatus):
        response = error.response
        meaning = REFUSED.get(response.status_code, "no WebSocket is served there")
        return f"HTTP {response.status_code}: {meaning}"
    if isinstance(error, NegotiationError):
        return f"the CSMS does not agree to the subprotocol {SUBPROTOCOL} ({error})"
    if isinstance(error, InvalidMessage | EOFError):
        return "what answers there does not speak HTTP"
    if isinstance(error, InvalidHandshake):
        return f"the WebSocket handshake failed: {error}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or error}"
    return _said(error)


def _said(error: Exception) -> str:
    """What the operating system says, without its number."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return text[:1].lower() + text[1:]


def _left(deadline_wall_s: float) -> float:
    left = deadline_wall_s - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


# `select.select` knows no descriptor from 1,024 on; where there is only that (Windows), it counts otherwise.
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)


def _ready(waiting: socket.socket, for_what: int, deadline_wall_s: float) -> bool:
    with _Selector() as selector:
        selector.register(waiting, for_what)
        return bool(selector.select(max(0.0, deadline_wall_s - time.monotonic())))
