"""The pytest plugin: `bench`, `rig` and `golden` for regression tests of charge points and back offices.

Our packages have everyday names (models, twin, rigs), and a project under test may have folders of the same:
so they are imported inside the fixtures only, and while a fixture lives `models`, `twin` and `rigs` are ours.
"""

import difflib
import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

OURS = ("models", "rigs", "twin")
HOME = Path(__file__).resolve().parent  # where they stand: a checkout, or site-packages
_kept: dict[str, ModuleType] = {}  # ours, between the tests that use them


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("evc5")
    group.addoption("--update-golden", action="store_true", help="write golden wire traces anew")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "evc5(**options): how the bench fixture builds its charge point")


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A booted charge point in virtual time; `@pytest.mark.evc5(connectors=1, keys={…})` says which."""
    marker = request.node.get_closest_marker("evc5")
    options = dict(marker.kwargs) if marker else {}
    with ours():
        from rigs import Bench

        with Bench(**{"out": tmp_path / "bench", **options}) as made:
            yield made


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """`rig(path or name, days=…, seed=…)` runs a rig file and returns the judged run."""
    with ours():
        from rigs import Rig

        def run(path_or_name: str | Path, **options: Any) -> Any:
            return Rig.load(path_or_name).run(**{"out": tmp_path / Path(path_or_name).stem, **options})

        yield run


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Iterator[Callable[..., None]]:
    """`golden(bench or run, name)` holds the wire trace against golden/<name>.txt beside the test's file.

    The name defaults to the test's. `--update-golden` writes the file instead.
    """
    with ours():
        from rigs.trace import wire_trace

        def check(what: Any, name: str | None = None) -> None:
            told = wire_trace(what.run_so_far() if hasattr(what, "run_so_far") else what)
            _compare(
                request.path.parent / "golden" / f"{name or request.node.name}.txt", told, request.config
            )

        yield check


def _compare(path: Path, told: str, config: pytest.Config) -> None:
    if config.getoption("--update-golden"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(told, encoding="utf-8")
        return
    if not path.is_file():
        pytest.fail(f"there is no golden trace {path}; pytest --update-golden writes it", pytrace=False)
    kept = path.read_text(encoding="utf-8")
    if kept != told:
        rows = difflib.unified_diff(kept.splitlines(), told.splitlines(), str(path), "this run", lineterm="")
        pytest.fail("\n".join([f"the wire trace is not {path.name}:", *rows]), pytrace=False)


@contextmanager
def ours() -> Iterator[None]:
    """Have our packages under their names; those of the same name that were there come back afterwards."""
    before = _named()
    foreign = not before or any(not _is_ours(sys.modules[name]) for name in OURS if name in sys.modules)
    if foreign:
        _replace(before, _kept)
    sys.path.insert(0, str(HOME))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(HOME))
        if foreign:
            _kept.update(_named())
            _replace(_kept, before)


def _named() -> dict[str, ModuleType]:
    """The modules loaded under our names, whosever they are."""
    return {name: module for name, module in sys.modules.items() if name.partition(".")[0] in OURS}


def _replace(old: dict[str, ModuleType], new: dict[str, ModuleType]) -> None:
    for name in old:
        sys.modules.pop(name, None)
    sys.modules.update(new)


def _is_ours(module: ModuleType) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).resolve().is_relative_to(HOME)
