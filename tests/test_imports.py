"""Arrows point down only: models know no OCPP, twin knows no rigs, the judge knows nothing of the judged."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODELS = {"numpy", "simpy"}  # simpy in one file, see below
TWIN = {"models", "simpy", "numpy", "ocpp", "orjson", "jsonschema_rs", "websockets"}
JUDGE = {"numpy", "ocpp", "orjson", "jsonschema_rs", "pyarrow", "pandas", "rich"}


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Full names of what a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written in full"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def outside(path: Path, allowed: set[str]) -> set[str]:
    roots = {name.split(".")[0] for name in imported(path)}
    return roots - allowed - set(sys.stdlib_module_names) - {path.relative_to(ROOT).parts[0]}


@pytest.mark.parametrize("path", files("models"), ids=str)
def test_models_import_only_the_standard_library_and_numpy(path: Path) -> None:
    assert outside(path, MODELS) == set()


@pytest.mark.parametrize("path", files("twin"), ids=str)
def test_the_twin_imports_nothing_of_the_rigs(path: Path) -> None:
    assert outside(path, TWIN) == set()


@pytest.mark.parametrize("path", files("rigs/checks"), ids=str)
def test_the_judge_imports_nothing_of_the_judged(path: Path) -> None:
    assert outside(path, JUDGE) == set()
    rigs = {name for name in imported(path) if name.startswith("rigs.")}
    shared = ("rigs.checks", "rigs.errors", "rigs.columns")  # columns: arrow to numpy, no rule of the device
    assert {name for name in rigs if not name.startswith(shared)} == set()


def test_only_one_file_of_the_models_schedules() -> None:
    assert users("models", "simpy") == {"models/timeline.py"}


def test_only_one_file_of_the_twin_knows_sockets() -> None:
    assert users("twin", "websockets") <= {"twin/websocket.py"}


def users(folder: str, library: str) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for path in files(folder)
        if any(name.split(".")[0] == library for name in imported(path))
    }


def test_of_ocpp_the_twin_uses_schemas_and_enums_only() -> None:
    names = {name for path in files("twin") for name in imported(path) if name.split(".")[0] == "ocpp"}
    assert {name for name in names if not name.startswith("ocpp.v16.enums.")} <= {
        "ocpp.v16",
        "ocpp.v16.schemas",
    }
