"""A packed file of frames is read as the plain one of the same lines, wherever a kill has cut it."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evc5.rigs.checks.reading import frames as judged
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading import packed
from evc5.rigs.recording.reading.frames import LAST, heads, last_t
from evc5.rigs.recording.writing.journal import Journal
from evc5.rigs.recording.writing.levels import Levels

SKIPPABLE = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"notes"  # RFC 8878, 3.1.2
# RFC 8878, 3.1.1, by hand: no window in a single segment of 6 bytes, with a checksum; a raw block of 2 bytes
# and, the last one, 4 times "c". Its checksum is not looked at.
BY_HAND = b"\x28\xb5\x2f\xfd\x24\x06" + b"\x10\x00\x00ab" + b"\x23\x00\x00c" + b"sums"


def instant(second: int) -> str:
    return f"2024-03-01T00:{second // 60:02}:{second % 60:02}.000Z"


def line(second: int, size: int = 0) -> bytes:
    at = instant(second)
    frame = f'[2,"{second}","Heartbeat",{{}}]{" " * size}'
    return f'{{"t":{second}.0,"at":"{at}","station":"CP1","dir":"up","frame":{frame}}}\n'.encode()


def zstd(text: bytes) -> bytes:
    """One block, by a program that is not ours."""
    return bytes(pa.Codec("zstd").compress(text, asbytes=True))


def written(folder, lines, ends):
    """The same lines as a plain file and as a packed one, whose blocks end behind these lines."""
    folder.mkdir(exist_ok=True)
    events = Journal(folder / "events.jsonl")
    journals = [Levels(form).journal(folder, events) for form in ("jsonl", "zst")]
    for number, one in enumerate(lines):
        for journal in journals:
            journal.write(one)
            if number in ends:
                journal.flush()
    for journal in journals:
        journal.flush()
    return folder / "messages.jsonl", folder / "messages.jsonl.zst"


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    count=st.integers(0, 40), ends=st.sets(st.integers(0, 39)), window=st.tuples(*[st.integers(0, 45)] * 2)
)
def test_both_forms_hold_the_same_frames_in_any_window(tmp_path_factory, count, ends, window):
    lines = [line(7 * n) for n in range(count)]
    plain, zst = written(tmp_path_factory.mktemp("both"), lines, ends)
    assert packed.opened(zst).read() == packed.opened(plain).read() == b"".join(lines)
    assert last_t(zst) == last_t(plain) == max(0.0, 7.0 * (count - 1))
    since, until = (instant(7 * n) for n in window)
    for begin, end in ((since, until), ("", until), (since, LAST)):
        told = [head.t for head, _ in heads(zst, begin, end)]
        assert told == [head.t for head, _ in heads(plain, begin, end)]
        assert told == [7.0 * n for n in range(count) if begin <= instant(7 * n) < end]


@pytest.mark.slow
def test_of_a_file_that_was_cut_all_whole_blocks_are_read(tmp_path):
    lines = [line(n, size=40) for n in range(6)]
    _, zst = written(tmp_path, lines, ends={1, 3})
    content = zst.read_bytes()
    ends = [block.end for block in packed.blocks(zst)]
    assert len(ends) == 3
    for size in range(len(content) + 1):
        zst.write_bytes(content[:size])
        whole = sum(end <= size for end in ends)
        assert [text for _, text in judged.lines(zst)] == lines[: 2 * whole] or size < 4


def test_what_is_damaged_before_its_end_is_refused_by_name_and_place(tmp_path):
    path = tmp_path / "messages.jsonl.zst"
    first = zstd(line(0))
    path.write_bytes(first + b"what is this" + zstd(line(1)))
    with pytest.raises(
        BadInput, match=f"messages.jsonl.zst cannot be unpacked: it is damaged at byte {len(first)}$"
    ):
        list(judged.lines(path))
    spoilt = bytearray(zstd(b"".join(map(line, range(90)))))
    spoilt[20:60] = b"\xff" * 40
    path.write_bytes(spoilt)
    with pytest.raises(BadInput, match=r"messages.jsonl.zst cannot be unpacked: "):
        list(judged.lines(path))


def test_blocks_of_other_programs_are_found(tmp_path):
    path = tmp_path / "messages.jsonl.zst"
    text = b"".join(map(line, range(5000)))
    parts = [SKIPPABLE, BY_HAND, zstd(text), SKIPPABLE, zstd(b"")]
    path.write_bytes(b"".join(parts))
    begins = [sum(map(len, parts[:n])) for n in range(6)]
    assert packed.blocks(path) == [(begins[n], begins[n + 1]) for n in (1, 2, 4)]
    with packed.Unpacked(path, packed.blocks(path)[1:]) as stream:
        assert stream.readall() == text


def test_what_a_full_disk_did_not_take_of_a_block_is_written_later(tmp_path, monkeypatch):
    whole = []

    def pack(text: bytes) -> bytes:
        whole.append(text)
        return b"<" + text + b">"

    journal = Journal(tmp_path / "x", pack=pack)
    journal.write(b"one")
    with monkeypatch.context() as full:
        full.setattr("evc5.rigs.recording.writing.journal.open", _no_room, raising=False)
        for _ in range(2):
            with pytest.raises(OSError, match="No space left"):
                journal.flush()
    journal.write(b"two")
    journal.flush()
    assert (tmp_path / "x").read_bytes() == b"<one><two>"
    assert whole == [b"one", b"two"]


def _no_room(*_, **__):
    raise OSError(28, "No space left on device")
