"""Arrows point down only: a row for each room says what it may import; no circle anywhere, no name twice."""

import ast
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from places import ROOT

FOLDERS = ("models", "twin", "rigs")
JUDGE = "rigs.recording.reading rigs.errors rigs.user_files"
ROOMS = {
    # room: (rooms of ours, libraries beside the standard library)
    "models": ("", "numpy simpy"),
    "twin.clock": ("models", ""),
    "twin.line": ("models", "websockets"),
    "twin.sheet": ("", ""),
    "twin.ocpp": ("models twin.clock twin.line twin.sheet", "ocpp orjson jsonschema_rs"),
    "twin.connector": ("models", ""),
    "twin.charging": ("models twin.clock twin.connector twin.ocpp twin.sheet", ""),
    "twin.sessions": ("models twin.clock twin.connector twin.ocpp twin.sheet", "numpy"),
    "twin.services": (
        "models twin.clock twin.charging twin.connector twin.line twin.ocpp twin.sessions twin.sheet",
        "",
    ),
    "twin.charge_point": ("models twin", ""),
    "rigs.durations": ("models", ""),
    "rigs.errors": ("rigs.printable", ""),
    "rigs.printable": ("", ""),
    "rigs.secrets": ("", ""),
    "rigs.user_files": ("rigs.errors", ""),
    "rigs.recording.reading": ("rigs.errors rigs.user_files", "numpy orjson pyarrow"),
    "rigs.recording.writing": (
        "models twin rigs.errors rigs.secrets rigs.recording.reading",
        "numpy orjson pyarrow",
    ),
    "rigs.checks.reading": (JUDGE, "numpy ocpp orjson jsonschema_rs pyarrow"),
    "rigs.checks.state": (f"{JUDGE} rigs.checks.reading", "numpy"),
    "rigs.checks.wire": (f"{JUDGE} rigs.checks.reading rigs.checks.state", "numpy"),
    "rigs.checks.status": (f"{JUDGE} rigs.checks.reading rigs.checks.state", "numpy"),
    "rigs.checks.transactions": (f"{JUDGE} rigs.checks.reading rigs.checks.state", "numpy"),
    "rigs.checks.metering": (f"{JUDGE} rigs.checks.reading rigs.checks.state", "numpy"),
    "rigs.checks.charging": (
        f"{JUDGE} rigs.checks.reading rigs.checks.state rigs.checks.status",
        "numpy",
    ),
    "rigs.checks.electrical": (f"{JUDGE} rigs.checks.reading rigs.checks.state", "numpy"),
    "rigs.checks.device": (
        f"{JUDGE} rigs.checks.reading rigs.checks.state rigs.checks.status rigs.checks.metering"
        " rigs.checks.charging rigs.checks.transactions",
        "numpy",
    ),
    "rigs.checks.verdict": (
        f"{JUDGE} rigs.printable rigs.checks",
        "numpy orjson rich pandas",
    ),
    "rigs.tariffs": (
        "rigs.user_files rigs.errors rigs.recording.reading rigs.session_data rigs.rigfile",
        "numpy pandas pydantic",
    ),
    "rigs.analysis": (
        "rigs.user_files rigs.errors rigs.printable rigs.durations rigs.recording.reading rigs.checks"
        " rigs.tariffs models twin",
        "jinja2 matplotlib numpy orjson pandas pyarrow",
    ),
    "rigs.compare": (
        "rigs.user_files rigs.errors rigs.recording.reading rigs.checks rigs.analysis",
        "matplotlib numpy orjson rich",
    ),
    "rigs.shadow": (
        "rigs.errors rigs.secrets rigs.recording rigs.checks rigs.analysis rigs.rigfile rigs.bench models"
        " twin",
        "matplotlib numpy orjson pandas rich",
    ),
    "rigs.session_data": ("rigs.user_files rigs.errors", "numpy pandas"),
    "rigs.rigfile": (
        "rigs.user_files rigs.errors rigs.secrets rigs.session_data rigs.checks models twin",
        "pandas pydantic",
    ),
    "rigs.hardware": (
        "rigs.user_files rigs.errors rigs.recording.reading rigs.recording.writing rigs.rigfile models",
        "pymodbus pyvisa",
    ),
    "rigs.stretches": ("models twin rigs.recording.writing", "numpy orjson"),
    "rigs.controllers": ("rigs.errors rigs.tariffs", "numpy"),
    "rigs.bench": (
        "rigs.user_files rigs.errors rigs.secrets rigs.recording rigs.stretches rigs.checks"
        " rigs.analysis rigs.rigfile"
        " rigs.controllers models twin",
        "orjson pandas",
    ),
    "rigs.standin": (
        "rigs.errors rigs.checks rigs.rigfile rigs.bench rigs.hardware models twin",
        "",
    ),
    "rigs.keeper": ("rigs.user_files rigs.errors rigs.secrets twin", ""),
    "rigs.served": (
        "rigs.user_files rigs.errors rigs.printable rigs.durations rigs.recording rigs.checks rigs.analysis"
        " rigs.rigfile rigs.bench"
        " rigs.hardware rigs.keeper rigs.secrets models twin",
        "orjson websockets",
    ),
    "rigs.tap": (
        "rigs.user_files rigs.errors rigs.printable rigs.recording rigs.checks rigs.analysis rigs.served"
        " twin",
        "orjson websockets",
    ),
    "rigs.probe": (
        "rigs.user_files rigs.errors rigs.secrets rigs.recording rigs.keeper rigs.bench rigs.served twin",
        "",
    ),
    "rigs.selftest": ("rigs.errors rigs.checks rigs.rigfile rigs.bench models twin", "numpy orjson rich"),
    "rigs.speed": (
        "rigs.errors rigs.rigfile rigs.bench models twin",
        "acnportal numpy ocpp orjson websockets",
    ),
    "rigs.sweep": (
        "rigs.user_files rigs.errors rigs.recording rigs.checks rigs.rigfile rigs.controllers"
        " rigs.bench rigs.analysis",
        "numpy pandas pydantic",
    ),
    "rigs.command": ("rigs models twin", "distributed numpy pandas rich"),
    "rigs.data": ("rigs.errors rigs.rigfile rigs.session_data", ""),
    "rigs.examples": ("", "pytest"),
}
ONE_FILE = {"simpy": "models.timeline", "websockets": "twin.line.websocket"}  # in models and twin


@cache
def modules() -> dict[str, Path]:
    """Every module of ours by its name below `evc5`."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


@cache
def imported(name: str) -> tuple[frozenset[str], frozenset[str]]:
    """Modules of ours, and libraries, that a module imports: at its top, in a function or for types alone."""
    ours, others = set(), set()
    for full in _names(modules()[name]):
        root, _, rest = full.partition(".")
        if root == "evc5":
            ours.add(rest if rest in modules() else rest.rpartition(".")[0])
        elif root not in sys.stdlib_module_names:
            others.add(root)
    return frozenset(ours - {name, ""}), frozenset(others)


def _names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, rooms: str) -> bool:
    return any(name == room or name.startswith(room + ".") for room in rooms.split())


def room_of(name: str) -> str | None:
    found = [room for room in ROOMS if within(name, room)]
    return max(found, key=len) if found else None


def test_a_room_imports_only_what_its_row_says() -> None:
    wrong = {}
    for name in modules():
        if (room := room_of(name)) is None:
            continue
        below, libraries = ROOMS[room]
        ours, others = imported(name)
        wrong[name] = {other for other in ours if not within(other, f"{room} {below}")}
        wrong[name] |= others - set(libraries.split())
    assert {name: what for name, what in wrong.items() if what} == {}


def test_every_module_stands_in_a_room() -> None:
    doors = {"models", "twin", "rigs", "rigs.checks", "rigs.recording"}
    assert [name for name in modules() if room_of(name) is None and name not in doors] == []


def test_no_import_runs_in_a_circle() -> None:
    graph = {name: imported(name)[0] for name in modules()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("library", ONE_FILE)
def test_only_one_file_knows(library: str) -> None:
    users = {name for name in modules() if name.split(".")[0] in ("models", "twin")}
    assert {name for name in users if library in imported(name)[1]} == {ONE_FILE[library]}


@pytest.mark.slow
def test_of_ocpp_the_twin_uses_schemas_and_enums_only() -> None:
    twin = [path for name, path in modules().items() if name.startswith("twin.")]
    names = {name for path in twin for name in _names(path) if name.split(".")[0] == "ocpp"}
    assert {name for name in names if not name.startswith("ocpp.v16.enums.")} <= {
        "ocpp.v16",
        "ocpp.v16.schemas",
    }


def test_no_room_holds_more_than_25_files() -> None:
    counts = {path.parent: 0 for path in modules().values()}
    for path in modules().values():
        counts[path.parent] += 1
    assert {str(folder): count for folder, count in counts.items() if count > 25} == {}


def test_no_two_test_files_bear_one_name() -> None:
    """Pytest, which imports each by its name alone, would collect one of them only."""
    names = Counter(
        path.name for room in ("tests", "rigs/examples") for path in (ROOT / room).rglob("test_*.py")
    )
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.slow
def test_every_module_loads_once_and_under_one_name() -> None:
    """A file reached both as `twin.x` and as `evc5.twin.x` would be two modules with two states."""
    loaded = f"import load_all; load_all.check({str(ROOT)!r})"
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "support")])
    run = subprocess.run(
        [sys.executable, "-c", loaded], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr[-2000:]
