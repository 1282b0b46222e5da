"""Files that are none, never end, or nest without end: one line and exit 2, wherever one is named."""

import json
import os
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from evc5 import Bench
from evc5.rigs import user_files
from evc5.rigs.command.cli import main
from evc5.rigs.errors import BadInput

RIG = 'name = "a"\nstart = 2024-03-01T00:00:00Z\ndays = 0.01\n[recording]\nreport = false\n'
BEAT = {
    "t": 0.0,
    "at": "2024-03-01T16:00:00.000Z",
    "station": "CP1",
    "dir": "up",
    "frame": [2, "1", "Heartbeat", {}],
}
DEEP = "a = " + "[" * 10_000 + "]" * 10_000 + "\n"
CAR = '[[vehicles]]\nid = "v"\nbase = "vw-id3-58"\ncurve = "{}"\n'

Said = Callable[..., str]

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such files")


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Said:
    """The one line that a refused command says."""
    monkeypatch.chdir(tmp_path)
    Path("log.jsonl").write_text(json.dumps(BEAT) + "\n")
    Path("r.toml").write_text(RIG)
    os.mkfifo("pipe")

    def refused(*argv: str) -> str:
        assert main(argv) == 2
        out, err = capsys.readouterr()
        (line,) = err.splitlines()
        assert out == "" and line.startswith("evc5: ")
        return line

    return refused


@pytest.mark.parametrize("what", ["/dev/zero", "pipe", "/"])
@pytest.mark.parametrize(
    "argv",
    [
        ["run", "{}"], ["run", "r.toml", "--behaviour", "{}"], ["verify", "{}"], ["compare", "{}", "{}"],
        ["compare", "log.jsonl", "{}"], ["sweep", "{}"], ["verify", "log.jsonl", "--known", "{}"],
        ["run", "r.toml", "--replay", "{}"], ["csms", "--tls-cert", "{}"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_is_no_file_is_refused_where_a_file_is_asked_for(said: Said, argv: list[str], what: str) -> None:
    said(*[word.format(what) for word in argv])


@pytest.mark.parametrize("what", ["/dev/zero", "pipe", "."])
@pytest.mark.parametrize(
    "table",
    [
        '[sessions_csv]\npath = "{}"\n', '[[session_files]]\npath = "{}"\n', CAR,
        '[station]\nmemory = "{}"\n', '[station.files]\n"http://x/y" = "{}"\n',
        '[station]\nbehaviour = "{}"\n',
    ],
    ids=["sessions", "session file", "curve", "memory", "firmware", "behaviour"],
)  # fmt: skip
def test_what_is_no_file_is_refused_where_a_rig_names_one(said: Said, table: str, what: str) -> None:
    Path("r.toml").write_text(RIG + table.format(what))
    said("run", "r.toml", "--quiet")
    assert not Path("runs/a-1").exists()


@pytest.mark.parametrize(
    "argv",
    [
        ["run", "d.toml"], ["sweep", "d.toml"], ["sheet", "--behaviour", "d.toml"],
        ["verify", "log.jsonl", "--known", "d.toml"], ["run", "r.toml", "--behaviour", "d.toml"],
    ],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize("deep", [DEEP, "a=" + "{a=" * 5000 + "1" + "}" * 5000], ids=["arrays", "tables"])
def test_toml_that_nests_without_end_is_refused(said: Said, argv: list[str], deep: str) -> None:
    Path("d.toml").write_text(deep)
    assert "nested too deep" in said(*argv)


def test_json_that_nests_without_end_is_refused(said: Said) -> None:
    Path("s.json").write_text("[" * 10_000 + "]" * 10_000)
    Path("r.toml").write_text(RIG + '[[session_files]]\npath = "s.json"\nformat = "acn-json"\n')
    assert "s.json" in said("run", "r.toml")


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (".".join("a" * 100_000) + " = 1", "more than 100 names"),
        ("[" + ".".join("a" * 100_000) + "]", "more than 100 names"),
        ("seed = " + "9" * 5000, "4300 digits"),
    ],
)
def test_toml_that_would_take_for_ever_or_no_number_holds_is_refused(
    tmp_path: Path, told: str, why: str
) -> None:
    path = tmp_path / "r.toml"
    path.write_text(told)
    with pytest.raises(tomllib.TOMLDecodeError, match=why):
        user_files.toml(path)


def test_long_words_and_prose_with_full_stops_are_toml_like_any(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text(f'a = "{"x" * 100_000}"\r\nb = "{"word. " * 1000}"\r\n{".".join("k" * 90)} = 1\r\n')
    assert list(user_files.toml(path)) == ["a", "b", "k"]


def test_a_file_longer_than_anybody_writes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.write_bytes(bytes(11))
    assert user_files.content(path, most=11) == bytes(11)
    with pytest.raises(OSError, match="at most 10 bytes"):
        user_files.content(path, most=10)


@pytest.mark.parametrize(
    "start", ["0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"]
)
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"])
def test_years_that_no_run_can_go_on_from_are_refused(start: str, zone: str) -> None:
    with pytest.raises(BadInput, match="start must be within the years 1000 and 8999"):
        Bench(start=start, timezone=zone)


@pytest.mark.slow
@pytest.mark.parametrize("start", ["1000-01-01T00:00:00Z", "8999-12-31T23:59:59Z"])
def test_the_first_and_the_last_year_can_be_lived_in(start: str) -> None:
    bench = Bench(start=start, timezone="Pacific/Kiritimati").advance(86_400)
    assert bench.run_so_far().summary["state"] == "running"


@pytest.mark.parametrize(
    "table",
    [
        "[csms.tags.A]\nexpires = 0001-01-01T00:00:00+14:00\n",
        '[[csms.actions]]\nat = 9999-12-31T23:59:59-14:00\naction = "ClearCache"\n',
        '[[outages]]\nstart = 0001-01-01T00:00:00+14:00\nend = 2024-12-31T00:00:00Z\nkind = "down"\n',
    ],
)
def test_years_are_refused_wherever_a_rig_names_an_instant(said: Said, table: str) -> None:
    Path("r.toml").write_text(RIG + table)
    assert "must be within the years 1000 and 8999" in said("run", "r.toml")
