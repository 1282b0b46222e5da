"""What passes is read from its bytes, in whatever portions they come. The library writes the frames here."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Close, Frame, Opcode

from evc5.rigs.tap.messages import Message, Messages

TEXTS = st.text(max_size=300) | st.just("x" * 70_000)  # with a length of 1, 2 and 8 bytes


def written(said: list[tuple[str, int]], masked: bool) -> bytes:
    """Texts as frames, each in so many fragments with a ping between."""
    found = b""
    for text, fragments in said:
        content = text.encode()
        size = max(-(-len(content) // fragments), 1)
        parts = [content[k : k + size] for k in range(0, len(content), size)] or [b""]
        for k, part in enumerate(parts):
            opcode = Opcode.CONT if k else Opcode.TEXT
            found += Frame(opcode, part, fin=k == len(parts) - 1).serialize(mask=masked)
            found += Frame(Opcode.PING, b"still there?").serialize(mask=masked)
    return found


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(TEXTS, st.integers(1, 4)), max_size=4), st.booleans(), st.lists(st.integers(1, 5000))
)
def test_messages_are_read_whatever_the_fragments_and_portions(
    said: list[tuple[str, int]], masked: bool, cuts: list[int]
) -> None:
    data = written(said, masked)
    messages = Messages()
    found: list[Message] = []
    at = 0
    for cut in [*cuts, len(data)]:
        found += messages.feed(data[at : at + cut])
        at += cut
    assert [message.text for message in found] == [text for text, _ in said]
    assert {message.kind for message in found} <= {"text"}


def test_a_close_frame_tells_its_code_and_reason() -> None:
    data = Frame(Opcode.CLOSE, Close(1001, "reboot").serialize()).serialize(mask=True)
    (message,) = Messages().feed(data)
    assert (message.kind, message.closing) == ("close", "1001 reboot")
    (message,) = Messages().feed(Frame(Opcode.CLOSE, b"").serialize(mask=False))
    assert message.closing == "1005"


def test_bytes_that_are_no_utf_8_are_written_out() -> None:
    (message,) = Messages().feed(Frame(Opcode.TEXT, b"[2,\xff]").serialize(mask=False))
    assert message.text == "[2,\\xff]"


def test_a_message_longer_than_is_kept_is_counted_and_the_next_is_read() -> None:
    messages = Messages(most_bytes=1000)
    long = Frame(Opcode.BINARY, bytes(5000)).serialize(mask=True)
    next_ = Frame(Opcode.TEXT, b"next").serialize(mask=True)
    found = [m for k in range(0, len(long), 700) for m in messages.feed(long[k : k + 700])]
    found += messages.feed(next_)
    assert [(m.kind, m.content, m.lost_bytes) for m in found] == [("binary", b"", 5000), ("text", b"next", 0)]


def test_fragments_that_are_too_long_together_are_cut() -> None:
    messages = Messages(most_bytes=1000)
    parts = [Frame(Opcode.TEXT if not k else Opcode.CONT, b"x" * 400, fin=k == 4) for k in range(5)]
    (message,) = [m for part in parts for m in messages.feed(part.serialize(mask=False))]
    assert (len(message.content), message.lost_bytes) == (800, 1200)
