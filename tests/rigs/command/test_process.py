"""evc5 as a process among others: signals, encodings, files that are none, and what it says of them."""

import ast
import gc
import json
import os
import signal
import subprocess
import sys
import time
import unicodedata
import warnings
from pathlib import Path

import pytest
from heeded import heeded
from places import ROOT

from evc5.__main__ import main as evc5_main
from evc5.rigs.command import cli
from evc5.rigs.command.cli import main
from evc5.rigs.command.process import PLAIN, told_in_a_line
from evc5.rigs.errors import warn
from evc5.rigs.printable import printable

SMALL = """
name = "small"
start = 2024-03-01T16:00:00Z
days = 0.02
"""


def evc5(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "evc5", *arguments]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, cwd=cwd, env=variables, capture_output=True, timeout=120)


def test_what_the_system_refuses_is_one_line_and_exit_2(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("small.toml").write_text(SMALL)
    Path("file").write_text("")
    assert main(["run", "small.toml", "--out", "file/run"]) == 2
    assert capsys.readouterr().err == "evc5: --out file/run: Not a directory\n"


def test_a_fault_of_ours_is_exit_3(tmp_path, capsys, monkeypatch):
    def breaks(arguments):
        raise ZeroDivisionError("nobody thought of that")

    monkeypatch.setattr(cli.commands, "list_rigs", breaks)
    rows = tuple((name, breaks if name == "rigs" else do, *rest) for name, do, *rest in cli.COMMANDS)
    monkeypatch.setattr(cli, "COMMANDS", rows)
    assert main(["rigs"]) == 3
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("evc5: a fault of evc5 itself") and "nobody thought of that" in last


def test_what_the_user_wrote_is_repeated_without_driving_the_terminal(capsys):
    assert main(["run", "no\x1b[31m\nsuch\u202erig"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.isprintable() and "no\\x1b[31m\\nsuch\\u202erig" in line


def test_what_is_printable_stays_as_it_is():
    assert printable("größer – ✓ 日本 5 °C") == "größer – ✓ 日本 5 °C"


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8"])
@pytest.mark.parametrize("command", [["run", "first-charge"], ["sheet"], ["run", "--help"]])
def test_output_in_any_encoding_is_no_traceback_and_80_columns_wide(tmp_path, encoding, command):
    done = evc5(*command, cwd=tmp_path, PYTHONIOENCODING=encoding, PYTHONUTF8="0", COLUMNS="80")
    assert done.returncode == 0 and b"Traceback" not in done.stderr, done.stderr.decode()
    lines = done.stdout.decode(encoding).splitlines()
    assert lines and max(map(len, lines)) <= 80


@pytest.mark.slow
def test_at_80_columns_no_figure_of_a_session_is_cut(tmp_path):
    done = evc5("run", "first-charge", cwd=tmp_path, COLUMNS="80", PYTHONIOENCODING="utf-8")
    summary = json.loads((tmp_path / "runs" / "first-charge-1" / "summary.json").read_bytes())
    (session,) = summary["sessions"]
    row = next(line for line in done.stdout.decode().splitlines() if "PASS" in line)
    assert row.split()[0] == str(session["connector"]) and f"{session['kwh']:.2f}" in row.split()
    assert "35 – 100" in row and str(session["samples"]) in row.split()


@pytest.mark.slow
@pytest.mark.parametrize("number", heeded(signal.SIGTERM, signal.SIGHUP))
def test_a_signal_ends_a_run_as_ctrl_c_does(tmp_path, number):
    command = [sys.executable, "-m", "evc5", "run", "year", "--quiet", "--out", str(tmp_path / "run")]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)})
    messages = tmp_path / "run" / "messages.jsonl"
    deadline = time.monotonic() + 60.0
    while not (messages.is_file() and messages.stat().st_size > 300_000):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    assert process.wait(120) == 130
    assert json.loads((tmp_path / "run" / "summary.json").read_bytes())["state"] == "interrupted"
    assert messages.read_bytes().endswith(b"}\n") and not (tmp_path / "run" / ".lock").exists()


@pytest.mark.slow
def test_an_out_that_vanishes_during_the_run_is_one_line_and_exit_2(tmp_path):
    command = [sys.executable, "-m", "evc5", "run", "year", "--quiet", "--out", str(tmp_path / "run")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    messages = tmp_path / "run" / "messages.jsonl"
    deadline = time.monotonic() + 60.0
    while not (messages.is_file() and messages.stat().st_size > 300_000):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    (tmp_path / "run").rename(tmp_path / "moved")
    _, said = process.communicate(timeout=120)
    assert process.returncode == 2
    (line,) = said.splitlines()
    assert "No such file" in line and str(tmp_path / "run") in line


def signs() -> set[str]:
    """Every character beyond ASCII that is no accented letter, in what the rooms may print."""
    found: set[str] = set()
    for path in (ROOT / "rigs").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update(node.value)
    return {sign for sign in found if not sign.isascii() and "LATIN" not in unicodedata.name(sign, "LATIN")}


@pytest.mark.slow
def test_every_sign_that_is_printed_has_one_of_ascii_of_the_same_width():
    assert signs() >= {"✓", "Σ"}
    read = set("␛\xa0𐀀�")  # looked for in what others wrote
    assert [sign for sign in signs() - read if not sign.translate(PLAIN).isascii()] == []


def test_ctrl_c_while_modules_are_loading_is_silent_too(capsys, monkeypatch):
    class Loading:
        @property
        def main(self):
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "evc5.rigs.command.cli", Loading())
    assert evc5_main() == 130
    assert capsys.readouterr() == ("", "")


def test_a_command_asks_no_installed_package_for_plugins_of_pydantic(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PYDANTIC_DISABLE_PLUGINS", raising=False)
    assert main(["rigs"]) == 0
    assert os.environ["PYDANTIC_DISABLE_PLUGINS"] == "__all__"


LEAVING = """
import atexit, sys
from evc5.__main__ import command_line
from evc5.rigs.command import cli

class Kept:
    def __del__(self):
        print("taken apart")

def registers():
    atexit.register(print, "asked at the end")
    return main()

main, cli.main = cli.main, registers
sys.modules["kept"] = Kept()
sys.argv = ["evc5", *sys.argv[1:]]
command_line()
"""


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["rigs"], 0, ["asked at the end"]),
        (["rigs", "--to", "here"], 2, ["asked at the end", "taken apart"]),
    ],
)
def test_a_command_that_went_to_its_end_is_not_taken_apart_object_by_object(
    tmp_path: Path, arguments: list[str], code: int, said: list[str]
) -> None:
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", LEAVING, *arguments]
    run = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=120)
    lines = run.stdout.splitlines()
    assert run.returncode == code
    assert lines[-len(said) :] == said
    assert any("week" in line for line in lines) is (code == 0)  # all that was printed arrives


def test_a_warning_of_data_is_told_once_in_a_line_and_others_as_python_does() -> None:
    said: list[str] = []
    with warnings.catch_warnings(record=True) as others:
        warnings.simplefilter("always")
        with told_in_a_line(said.append):
            for _ in range(2):
                warn("mine.csv: the hours look shifted")
            warnings.warn("old", DeprecationWarning, stacklevel=1)
    assert said == ["mine.csv: the hours look shifted"]
    assert [str(one.message) for one in others] == ["old"]


@pytest.mark.slow
def test_a_command_looks_for_cycles_seldom(capsys, monkeypatch) -> None:
    monkeypatch.setattr("sys.argv", ["evc5", "verify", "--explain"])
    before = gc.get_threshold()
    try:
        gc.set_threshold(700, 10, 10)
        assert evc5_main() == 0
        assert gc.get_threshold()[0] > 10_000 and gc.isenabled()
    finally:
        gc.set_threshold(*before)
        capsys.readouterr()
