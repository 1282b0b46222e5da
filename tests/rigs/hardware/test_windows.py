"""What Windows does otherwise, as far as it can be seen elsewhere: names of ports, groups of processes."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

from evc5.rigs.hardware.apart import apart
from evc5.rigs.hardware.modbus.ports import place_of
from evc5.rigs.served.back_office import file_name

POSIX_ONLY = {"fcntl", "termios", "tty", "pty", "pwd", "grp", "resource"}
ATTRIBUTES = {"openpty", "ttyname", "fork", "killpg", "setsid", "getpgid", "geteuid", "SIGHUP", "SIGKILL"}
BEHIND_A_SEAM = {
    "rigs/recording/writing/lock.py": {"fcntl"},
    "rigs/served/limits.py": {"resource"},
    "rigs/speed/benchmark.py": {"resource"},
    "rigs/standin/ptys.py": {"tty", "openpty", "ttyname"},
}


def named(path: Path) -> set[str]:
    """The names of modules and attributes in a file that Windows lacks."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & POSIX_ONLY
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module)} & POSIX_ONLY
        elif isinstance(node, ast.Attribute):
            found |= {node.attr} & ATTRIBUTES
    return found


@pytest.mark.slow
def test_what_windows_lacks_stands_behind_its_seams_alone() -> None:
    found = {}
    for folder in ("models", "twin", "rigs"):
        for path in (ROOT / folder).rglob("*.py"):
            if names := named(path):
                found[path.relative_to(ROOT).as_posix()] = names
    assert found == BEHIND_A_SEAM


@pytest.mark.parametrize(
    ("name", "told"),
    [("nt", {"creationflags": 0x200}), ("posix", {"start_new_session": True})],
)
def test_ctrl_c_is_kept_from_a_bench_s_processes(
    monkeypatch: pytest.MonkeyPatch, name: str, told: dict[str, object]
) -> None:
    monkeypatch.setattr("evc5.rigs.hardware.apart.os.name", name)
    monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200, raising=False)
    assert apart() == told


@pytest.mark.parametrize("url", ["serial://COM3?baud=9600", "serial://com3", "serial:///COM3?baud=9600"])
def test_a_com_port_may_be_written_as_people_write_it(url: str) -> None:
    assert place_of(url).port.upper() == "COM3"


def test_a_station_called_like_a_device_has_a_folder_of_another_name() -> None:
    assert file_name("COM3") == "%COM3" and file_name("a:b") == "a%3ab"


@pytest.mark.slow
def test_every_module_loads_where_posix_only_modules_are_missing() -> None:
    """As on Windows: a process whose imports of them fail, and to which the lock is told to be Windows."""
    hidden = "import sys, types, pathlib, contextlib; sys.modules['msvcrt'] = types.ModuleType('msvcrt'); "
    hidden += "; ".join(f"sys.modules[{name!r}] = None" for name in sorted(POSIX_ONLY))
    hidden += "; platform = sys.platform; sys.platform = 'win32'"
    hidden += "; import evc5.rigs.recording.writing.lock; sys.platform = platform; del sys.modules['msvcrt']"
    modules = "evc5.rigs.standin.stand_in, evc5.rigs.standin.talk, evc5.rigs.hardware.guardian"
    modules += (
        ", evc5.rigs.hardware.bench, evc5.rigs.served.serve, evc5.rigs.speed.benchmark, evc5.rigs.command.cli"
    )
    code = f"{hidden}; import {modules}; print('loaded')"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert run.stdout.strip() == "loaded", run.stderr[-2000:]
