"""Files that are none, never end, or nest without end: one line and exit 2, wherever one is named."""

import ast
import gc
import json
import os
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from places import ROOT

from evc5 import Bench, judge
from evc5.rigs import user_files
from evc5.rigs.command.cli import main
from evc5.rigs.command.password import with_password
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
CAR = '[[vehicles]]\nid = "v"\nlike = "vw-id3-58"\ncurve = "{}"\n'

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


MADE_UP = "/proc/self/status"  # a regular file by its mode, of no size, as /proc/kmsg


@pytest.mark.parametrize("what", ["/dev/zero", "pipe", "/", MADE_UP])
@pytest.mark.parametrize(
    "argv",
    [
        ["run", "{}"], ["run", "r.toml", "--behaviour", "{}"], ["verify", "{}"], ["compare", "{}", "{}"],
        ["compare", "log.jsonl", "{}"], ["sweep", "{}"], ["verify", "log.jsonl", "--known", "{}"],
        ["run", "r.toml", "--replay", "{}"], ["csms", "--tls-cert", "{}"],
        ["run", "r.toml", "--csms", "ws://127.0.0.1:1", "--password-file", "{}"],
        ["run", "r.toml", "--csms", "wss://127.0.0.1:1", "--ca-file", "{}"],
        ["sheet", "--behaviour", "{}"], ["probe", "--restore", "{}"], ["csms", "{}"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_is_no_file_is_refused_where_a_file_is_asked_for(said: Said, argv: list[str], what: str) -> None:
    said(*[word.format(what) for word in argv])


@pytest.mark.parametrize("what", ["/dev/zero", "pipe", ".", MADE_UP])
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


@pytest.mark.parametrize("name", ["messages.jsonl", "events.jsonl"])
@pytest.mark.parametrize("argv", [["verify", "{}"], ["compare", "{}", "{}"]], ids=" ".join)
def test_what_is_no_file_is_refused_within_a_run_directory(said: Said, argv: list[str], name: str) -> None:
    Path("run").mkdir()
    Path("run/summary.json").write_text('{"format": "evc5-run/2"}')
    Path("run/messages.jsonl").write_text(Path("log.jsonl").read_text())
    Path("run", name).unlink(missing_ok=True)
    os.mkfifo(Path("run", name))
    said(*[word.format("run") for word in argv])


@pytest.mark.skipif(not os.path.exists("/dev/fd"), reason="no shell can hand pipes over here")
@pytest.mark.parametrize("folder", ["/dev/fd", "/proc/self/fd"])
def test_a_log_and_a_password_may_come_through_a_pipe_of_the_shell(said: Said, folder: str) -> None:
    def piped(text: str) -> Path:
        end, begin = os.pipe()
        os.write(begin, text.encode())
        os.close(begin)
        return Path(folder, str(end))

    path = piped(Path("log.jsonl").read_text())
    if not path.exists():
        pytest.skip(f"no {folder} here")
    assert judge(path).findings == judge("log.jsonl").findings
    url = with_password("ws://127.0.0.1:9000/x", piped("much-secret\n"))
    assert url == "ws://:much-secret@127.0.0.1:9000/x"


@pytest.mark.skipif(os.name == "nt", reason="kept open by no second name")
def test_a_file_that_is_empty_is_none_of_those_that_are_made_up(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    assert user_files.content(path) == b""


# Who reads a file otherwise, and why nobody waits there.
OWN = dict.fromkeys(
    [
        "rigs/checks/reading/logs/fleet.py", "rigs/checks/reading/schemas.py",
        "rigs/checks/verdict/beside.py",
        "rigs/command/probe.py", "rigs/hardware/shipped.py", "rigs/keeper/journal.py", "rigs/probe/line.py",
        "rigs/recording/writing/lock.py", "rigs/rigfile/file.py", "rigs/selftest/selftest.py",
        "rigs/speed/over_socket.py", "rigs/speed/reference_load.py", "rigs/speed/tap_latency.py",
        "twin/ocpp/schemas.py",
    ],
    "written or shipped by ourselves",
) | {
    "rigs/user_files.py": "it looks first",
    "rigs/checks/reading/transcripts.py": "a pipe of the shell's",
    "twin/ocpp/store.py": "looks first, by plain_file",
    "twin/sheet/behaviour_file.py": "looks first, by plain_file",
    "twin/sheet/plain_file.py": "it looks",
}  # fmt: skip


def readers() -> set[str]:
    """The files of ours that open one to read it."""
    files = [*(ROOT / "rigs").rglob("*.py"), *(ROOT / "twin").rglob("*.py")]
    return {path.relative_to(ROOT).as_posix() for path in files if any(map(reads, calls(path)))}


def calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]


def reads(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    words = {node.value for node in ast.walk(call) if isinstance(node, ast.Constant)}
    return name in ("read_text", "read_bytes") or (name == "open" and bool(words & {"r", "rb"}))


@pytest.mark.slow
def test_whoever_opens_a_file_of_a_user_looks_first_what_it_is() -> None:
    assert readers() == set(OWN)


@pytest.fixture
def _no_collection() -> Iterator[None]:
    """At the limit of recursion there is no room for who hears of garbage collected, as hypothesis does."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize(
    "argv",
    [
        ["run", "d.toml"], ["sweep", "d.toml"], ["sheet", "--behaviour", "d.toml"],
        ["verify", "log.jsonl", "--known", "d.toml"], ["run", "r.toml", "--behaviour", "d.toml"],
    ],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.usefixtures("_no_collection")
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
