"""The pytest plugin: `bench`, `rig`, `charger` and `golden`, for tests of charge points and back offices.

A test that fails names the recordings it made, with their findings, last frames and last readings.
"""

import difflib
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

RECORDINGS = pytest.StashKey[list[Path]]()
FLUSHES = pytest.StashKey[list[Callable[[], None]]]()
READINGS = pytest.StashKey[Callable[[], Mapping[int, Mapping[str, Any]]]]()
SHOWN = (  # columns of telemetry that tell a person what stands there
    *("status", "pilot", "duty_pct", "offered1_a", "i1_a", "i2_a", "i3_a", "u1_v", "u2_v", "u3_v"),
    *("p_w", "energy_wh", "temp_c"),
)
LAST_FRAMES, MOST_FINDINGS, MOST_LETTERS = 12, 20, 160  # shown of a failing test's recording


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("evc5")
    group.addoption("--update-golden", action="store_true", help="write golden wire traces anew")
    group.addoption("--evc5-charger", type=int, metavar="PORT", help="a real charge point dials in here")
    group.addoption("--evc5-charger-rig", metavar="FILE", help="the rig that names it and its [hardware]")
    group.addoption("--evc5-charger-wait", type=float, default=120.0, metavar="S", help="how long for it")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "evc5(**options): how the bench fixture builds its charge point")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        for flush in item.stash.get(FLUSHES, []):
            flush()
        if readings := item.stash.get(READINGS, dict)():
            report.sections.append(("last readings", "\n".join(map(_reading, readings.items()))))
        report.sections += [
            (f"recording {directory}", _told(directory)) for directory in item.stash.get(RECORDINGS, [])
        ]
    return report


def _reading(row: tuple[int, Mapping[str, Any]]) -> str:
    """One connector's, as far as anybody knows them."""
    connector, columns = row
    known = [(name, columns.get(name)) for name in SHOWN]
    told = [f"{name} {value:.6g}" if isinstance(value, float) else f"{name} {value}" for name, value in known
            if value is not None]  # fmt: skip
    return f"connector {connector}: {', '.join(told) or 'nothing yet'}"


def _told(directory: Path) -> str:
    """What the judge found in a recording, as far as it was asked, and what passed last."""
    from evc5 import BadInput, Run
    from evc5.rigs.analysis.shown import line
    from evc5.rigs.analysis.trace import last_lines

    try:
        run = Run.open(directory)
        lines = [line(finding) for finding in run.findings[:MOST_FINDINGS]]
        lines += last_lines(run, LAST_FRAMES)
    except BadInput as error:
        return str(error)
    return "\n".join(text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]} …" for text in lines)


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A booted charge point in virtual time; `@pytest.mark.evc5(connectors=1, keys={…})` says which."""
    marker = request.node.get_closest_marker("evc5")
    options = dict(marker.kwargs) if marker else {}
    from evc5 import Bench

    with Bench(**{"out": tmp_path / "bench", **options}) as made:
        recorder = made.assembly.recorder
        request.node.stash.setdefault(RECORDINGS, []).append(recorder.directory)
        request.node.stash.setdefault(FLUSHES, []).append(recorder.flush)
        connectors = range(1, made.rig.station.connectors + 1)
        request.node.stash[READINGS] = lambda: {one: made.reading(one) for one in connectors}
        yield made


@pytest.fixture(scope="session")
def _evc5_charger(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The charge point that dials in, once for all tests; None where no port is given."""
    port = request.config.getoption("--evc5-charger")
    if port is None:
        yield None
        return
    from evc5.rigs.rigfile.file import RigFile
    from evc5.rigs.served.charger import Charger

    file = request.config.getoption("--evc5-charger-rig")
    out = tmp_path_factory.mktemp("charger") / "run"
    wait_s = request.config.getoption("--evc5-charger-wait")
    with Charger(RigFile.load(file) if file else None, out, port, wait_s, lacking=pytest.skip) as made:
        yield made


@pytest.fixture
def charger(request: pytest.FixtureRequest, _evc5_charger: Any) -> Any:
    """A charge point with the verbs of `bench`: the real one of `--evc5-charger PORT`, else the twin.

    A verb that its hardware cannot do skips the test; a reading that nobody measured raises NotAvailable.
    """
    if _evc5_charger is None:
        return request.getfixturevalue("bench")
    request.node.stash.setdefault(RECORDINGS, []).append(_evc5_charger.directory)
    request.node.stash.setdefault(FLUSHES, []).append(_evc5_charger.flush)
    request.node.stash[READINGS] = _evc5_charger.readings
    return _evc5_charger


@pytest.fixture
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """`rig(path or name, days=…, seed=…)` runs a rig file and returns the judged run."""
    from evc5 import Rig

    def run(path_or_name: str | Path, **options: Any) -> Any:
        done = Rig.load(path_or_name).run(**{"out": tmp_path / Path(path_or_name).stem, **options})
        request.node.stash.setdefault(RECORDINGS, []).append(done.directory)
        return done

    yield run


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Iterator[Callable[..., None]]:
    """`golden(bench or run, name)` holds the wire trace against golden/<name>.txt beside the test's file.

    The name defaults to the test's. `--update-golden` writes the file instead.
    """
    from evc5.rigs.analysis.trace import wire_trace

    def check(what: Any, name: str | None = None) -> None:
        told = wire_trace(what.run_so_far() if hasattr(what, "run_so_far") else what)
        _compare(request.path.parent / "golden" / f"{name or request.node.name}.txt", told, request.config)

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
