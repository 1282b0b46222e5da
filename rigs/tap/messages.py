"""One direction of a WebSocket, read from the bytes that pass. Source: RFC 6455 section 5."""

from collections.abc import Iterator
from dataclasses import dataclass

from websockets.utils import apply_mask

CONTINUATION, TEXT, BINARY, CLOSE = 0x0, 0x1, 0x2, 0x8
CONTROL = 0x8  # opcodes from here on are control frames, which may stand between fragments
MOST_BYTES = 16 << 20  # of one message: a longer one passes, and is not kept; assumed


@dataclass(frozen=True, slots=True)
class Message:
    """What was said: `kind` is "text", "binary" or "close"; `lost_bytes` of it were too many to be kept."""

    kind: str
    content: bytes
    lost_bytes: int = 0

    @property
    def text(self) -> str:
        """As it may be written down: bytes that are no UTF-8 are written out."""
        return self.content.decode("utf-8", "backslashreplace")

    @property
    def closing(self) -> str:
        """Code and reason of a close frame; 1005 where it has none (7.1.5)."""
        code = int.from_bytes(self.content[:2]) if len(self.content) >= 2 else 1005
        return f"{code} {self.content[2:].decode('utf-8', 'backslashreplace')}".strip()


class Messages:
    """Puts messages together from bytes in any portions; never in the way of them."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._buffer = bytearray()
        self._kind = 0  # of the message whose fragments are coming
        self._parts = bytearray()
        self._lost_bytes = 0
        self._skip = 0  # bytes of a frame that is not kept

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that these bytes complete."""
        self._buffer += data
        while True:
            if self._skip:
                passed = min(self._skip, len(self._buffer))
                del self._buffer[:passed]
                self._skip -= passed
                if self._skip:
                    return
            head = _head(self._buffer)
            if head is None:
                return
            if head.length > self._most:
                self._skip = head.begin + head.length
                self._lost_bytes += head.length
                yield from self._frame(head, b"")
                continue
            end = head.begin + head.length
            if len(self._buffer) < end:
                return
            payload = bytes(self._buffer[head.begin : end])
            del self._buffer[:end]
            yield from self._frame(head, apply_mask(payload, head.mask) if head.mask else payload)

    def _frame(self, head: "Head", payload: bytes) -> Iterator[Message]:
        if head.opcode >= CONTROL:
            if head.opcode == CLOSE:
                yield Message("close", payload)
            return
        if head.opcode != CONTINUATION:
            self._kind = head.opcode
        if len(self._parts) + len(payload) > self._most:
            self._lost_bytes += len(payload)
        else:
            self._parts += payload
        if head.is_last:
            yield Message("binary" if self._kind == BINARY else "text", bytes(self._parts), self._lost_bytes)
            self._parts.clear()
            self._lost_bytes = 0


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a frame; its payload begins at `begin`."""

    is_last: bool
    opcode: int
    mask: bytes
    begin: int
    length: int


def _head(buffer: bytearray) -> Head | None:
    """What the buffer begins with; None where it does not hold all of it yet."""
    if len(buffer) < 2:
        return None
    length, begin = buffer[1] & 0x7F, 2
    wide = {126: 2, 127: 8}.get(length, 0)
    masked = 4 if buffer[1] & 0x80 else 0
    if len(buffer) < begin + wide + masked:
        return None
    if wide:
        length = int.from_bytes(buffer[begin : begin + wide])
        begin += wide
    mask = bytes(buffer[begin : begin + masked])
    return Head(bool(buffer[0] & 0x80), buffer[0] & 0x0F, mask, begin + masked, length)
