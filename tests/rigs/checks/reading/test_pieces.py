"""A log that was split into files, and one that ends anywhere, are read as the log that they were."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from log_forms import STATION, Said, conversation, home_assistant

from evc5 import BadInput
from evc5.rigs.checks import judge
from evc5.rigs.checks.reading.transcripts import is_event, opened

Content = Callable[[list[Said]], bytes]


def as_text(told: list[Said]) -> bytes:
    return "".join(home_assistant(said) + "\n" for said in told).encode()


def as_table(told: list[Said], station_last: bool = True) -> bytes:
    names = ["time", "direction", "message", "station"]
    if not station_last:
        names = ["time", "message", "station", "direction"]
    file = io.StringIO()
    table = csv.DictWriter(file, names, lineterminator="\n")
    table.writeheader()
    for said in told:
        way = "received" if said.up else "sent"
        table.writerow({"time": said.iso, "direction": way, "message": said.json, "station": STATION})
    return file.getvalue().encode()


def in_umlauts(told: list[Said]) -> bytes:
    return as_text(told).replace(b"CP001", "Ladesäule-7".encode())


def read(source: Any) -> list[tuple[Any, str]]:
    (transcript,) = opened(source)
    rows = [json.loads(raw) for _, raw in transcript.records() if not is_event(raw)]
    return [(row["frame"], row["dir"]) for row in rows]


def said_by(told: list[Said]) -> list[tuple[Any, str]]:
    return [(said.frame, "up" if said.up else "down") for said in told]


def letters(n: int) -> str:
    return "abcdefghijklmnopqrstuvwxyz"[n // 26] + "abcdefghijklmnopqrstuvwxyz"[n % 26]


NAMES: dict[str, Callable[[int], str]] = {
    "x": lambda n: "x" + letters(n),
    "log.txt.": lambda n: "log.txt." + letters(n),
    "numbers": lambda n: f"part-{n:02}.log",
    "from one": lambda n: f"cp.log.{n + 1:03}",
}


def split(folder: Path, content: bytes, size: int, name: Callable[[int], str]) -> list[Path]:
    parts = [content[at : at + size] for at in range(0, len(content), size)]
    paths = [folder / name(n) for n in range(len(parts))]
    for path, part in zip(paths, parts, strict=True):
        path.write_bytes(part)
    return paths


@pytest.mark.slow
def test_the_pieces_of_a_log_are_one_whatever_the_byte(tmp_path: Path) -> None:
    content, told = as_text(conversation()), said_by(conversation())
    for size in range(len(content) // 3, len(content) // 3 + 120, 7):
        paths = split(tmp_path, content, size, NAMES["x"])
        assert read(paths) == told
        for path in paths:
            path.unlink()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("written", [as_text, as_table, in_umlauts])
def test_pieces_may_be_of_any_name_and_form(name: str, written: Content, tmp_path: Path) -> None:
    split(tmp_path, written(conversation()), 1009, NAMES[name])
    assert read(str(tmp_path / "*")) == said_by(conversation())


def test_a_packed_log_may_be_in_pieces(tmp_path: Path) -> None:
    paths = split(tmp_path, gzip.compress(as_text(conversation())), 300, NAMES["x"])
    assert read(paths) == said_by(conversation())


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_rows_of_a_table_go_on_in_files_that_have_no_names_on_top(name: str, tmp_path: Path) -> None:
    rows = as_table(conversation()).splitlines(keepends=True)
    for n, at in enumerate(range(0, len(rows), 9)):
        (tmp_path / NAMES[name](n)).write_bytes(b"".join(rows[at : at + 9]))
    assert read(str(tmp_path / "*")) == said_by(conversation())


def test_logs_of_stations_that_count_are_no_pieces(tmp_path: Path) -> None:
    for n in range(1, 4):
        (tmp_path / f"CP0{n}.log").write_bytes(as_text(conversation()))
    assert len(opened(str(tmp_path / "*"))) == 3


def test_a_log_newest_first_may_be_in_pieces(tmp_path: Path) -> None:
    lines = as_text(conversation()).splitlines(keepends=True)[::-1]
    for n, at in enumerate(range(0, len(lines), 9)):
        (tmp_path / NAMES["x"](n)).write_bytes(b"".join(lines[at : at + 9]))
    assert read(str(tmp_path / "*")) == said_by(conversation())


@pytest.mark.slow
@pytest.mark.parametrize("station_last", [True, False])
def test_a_row_that_ends_in_the_name_of_its_station_is_of_that_station(
    station_last: bool, tmp_path: Path
) -> None:
    told = conversation()[:-2]
    content = as_table(told, station_last).rstrip(b"\n")
    end = content.rindex(STATION.encode())
    for left in range(len(STATION)):
        (tmp_path / "a.csv").write_bytes(content[: end + left])
        (transcript,) = opened(tmp_path / "a.csv")
        assert transcript.told().stations == (STATION,)


@pytest.mark.slow
@pytest.mark.parametrize("left", [1, 5, 15, 22, 24, 28, 45, 52])
def test_a_log_that_ends_anywhere_has_no_broken_line(left: int, tmp_path: Path) -> None:
    """In a frame, in a time, in a word."""
    text = "".join(
        f"[{said.iso}] {'send' if said.up else 'receive'} {said.json}\n" for said in conversation()
    )
    (tmp_path / "a.log").write_text(text[: text.rindex("[2,") + left])
    verdict = judge(tmp_path / "a.log")
    assert [row for row in verdict.findings if row["requirement"] == "recording.line"] == []


@pytest.mark.slow
def test_zstd_that_is_cut_is_read_up_to_there(tmp_path: Path) -> None:
    told = [said for hour in range(100) for said in conversation(1709287200.0 + 3600 * hour)]
    content = as_text(told)
    packed = bytes(pa.Codec("zstd").compress(content, asbytes=True))
    (tmp_path / "a.zst").write_bytes(packed[: len(packed) * 9 // 10])
    verdict = judge(tmp_path / "a.zst")
    assert verdict.about["transactions"] > 0
    assert any("packing has no end" in note for note in verdict.about["notes"])


def test_zstd_that_is_damaged_is_refused(tmp_path: Path) -> None:
    packed = bytes(pa.Codec("zstd").compress(as_text(conversation()), asbytes=True))
    (tmp_path / "a.zst").write_bytes(packed[:200] + bytes(40) + packed[240:])
    with pytest.raises(BadInput, match="cannot be unpacked"):
        judge(tmp_path / "a.zst")
