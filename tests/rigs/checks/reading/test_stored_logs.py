"""Logs as databases, dashboards, tools and mail programs keep them; what is no log is refused by its name."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from log_forms import STATION, Form, conversation, lined
from stored_log_forms import PARTED, STORED, TWO, answered_rows, numbered_rows, of_two, plain_line, shortened

from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.checks.reading.transcripts import Transcript
from evc5.rigs.errors import BadInput


def written(folder: Path, content: bytes) -> Path:
    path = folder / "a.log"
    path.write_bytes(content)
    return path


def read(path: Path, station: str | None = None) -> list[dict[str, object]]:
    return [json.loads(raw) for _, raw in Transcript([path], station=station).records()]


@pytest.mark.parametrize("form", STORED, ids=[form.name for form in STORED])
def test_a_stored_log_is_read(form: Form, tmp_path: Path) -> None:
    told = conversation()
    found = read(written(tmp_path, form.write(told)))
    assert [row["frame"] for row in found] == [said.frame for said in told]
    assert [row["dir"] for row in found] == ["up" if said.up else "down" for said in told]
    assert {row["station"] for row in found} == ({STATION} if form.named else {""})
    off_s = [abs(epoch(str(row["at"])) - said.t) for row, said in zip(found, told, strict=True)]
    assert max(off_s) < (form.seconds or 0.0)


@pytest.mark.parametrize("write", [numbered_rows, answered_rows])
@pytest.mark.parametrize("newest_first", [False, True])
def test_a_table_without_message_ids_pairs_its_replies(
    write: object, newest_first: bool, tmp_path: Path
) -> None:
    """The ids are made up; a reply bears that of its own CALL, and what was said is as it was."""
    ids_of = {said.frame[1] for said in conversation() if said.action in ("SelfMade", "DataTransfer")}
    told = [said for said in conversation() if said.frame[1] not in ids_of]
    head, *rows = write(told).decode().splitlines(keepends=True)  # type: ignore[operator]
    content = head + "".join(rows[::-1] if newest_first else rows)
    found = [row for row in read(written(tmp_path, content.encode())) if "frame" in row]
    assert (
        [(row["dir"], row["frame"][2:]) for row in found]
        == [  # type: ignore[index]
            ("up" if said.up else "down", said.frame[2:]) for said in told
        ]
    )
    ids = [row["frame"][1] for row in found]  # type: ignore[index]
    assert ids[::2] == ids[1::2]
    assert len(set(ids)) == len(told) // 2


@pytest.mark.parametrize("line", PARTED.values(), ids=list(PARTED))
def test_stations_are_parted_by_a_column_that_no_word_labels(line: object, tmp_path: Path) -> None:
    path = written(tmp_path, of_two(line))  # type: ignore[arg-type]
    for name in TWO:
        found = read(path, station=name)
        assert [row["frame"] for row in found] == [said.frame for said in conversation()]
        assert {row["station"] for row in found} == {name}


def test_a_station_that_dials_in_anew_is_no_other(tmp_path: Path) -> None:
    """The number of its connection is another then; nobody takes turns."""
    told = conversation()
    half = len(told) // 2
    lines = [f"{said.iso} conn{at >= half:d}7 {said.json}" for at, said in enumerate(told)]
    assert {row["station"] for row in read(written(tmp_path, "\n".join(lines).encode()))} == {""}


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.log", "x")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (zipped(), "zip archive"),
        (b"%PDF-1.7\n", "PDF"),
        (b"SQLite format 3\x00", "SQLite"),
        (b"\x0a\x0d\x0d\x0a\x1c\x00", "tshark"),
        (b"Subject: log\nContent-Transfer-Encoding: quoted-printable\n\n=5B", "mail"),
        (b"2024-03-01 10:00:00 in WzIsIjEiLCJIZWFydGJlYXQiLHt9XQ==", "base64"),
        (
            b"starting\n10:00:00 POST <soap:Envelope xmlns:soap='http://www.w3.org/2003/05/'>",
            "line 2: .* SOAP",
        ),
        (b"10:00:00 5b 32 2c 22 31 22", "hexadecimal"),
        (lined(shortened)(conversation()), "shortened (line 1: "),
        ("\n".join(plain_line(said)[:90] for said in conversation()).encode(), "shortened (line 1: "),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_name(content: bytes, what: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=what.replace("(", r"\(")) as refused:
        read(written(tmp_path, content))
    assert "\n" not in str(refused.value)


def test_a_single_torn_frame_is_no_shortened_log(tmp_path: Path) -> None:
    lines = [plain_line(said) for said in conversation()]
    lines[10] = lines[10][:-4]
    found = read(written(tmp_path, "\n".join(lines).encode()))
    assert len(found) == len(lines)
    assert ["text" in row for row in found].count(True) == 1
