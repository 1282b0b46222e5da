"""Installed, the project is one name, evc5: it disturbs nobody's modules, and nobody's modules disturb it."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
from pathlib import Path

import pytest
from places import ROOT

import evc5

pytestmark = pytest.mark.slow

LEFT_OUT = (".*", "build", "dist", "runs", "site", "node_modules", "__pycache__", "*.egg-info")
THEIRS = {  # what a user's folder may hold: each of our folders' names, and of a folder deep inside
    "models/__init__.py": "WHOSE = 'theirs'\n",
    "twin.py": "WHOSE = 'theirs'\n",
    "rigs/__init__.py": "",
    "rigs/mine.py": "WHOSE = 'theirs'\n",
    "checks.py": "WHOSE = 'theirs'\n",
}
BOTH = """
import checks, models, twin
from rigs import mine
from evc5 import Bench, Rig, Run
assert {checks.WHOSE, models.WHOSE, twin.WHOSE, mine.WHOSE} == {"theirs"}
bench = Bench(start="2024-03-01T10:00:00Z")
bench.plug_in(1, vehicle="vw-id3-58", soc=0.2)
bench.present_tag(1, "TAG1")
bench.advance(600)
assert bench.reading(1)["i1_a"] > 6
assert Rig.load("first-charge").run(days=0.1, out="first").passed
assert len(Run.open("first").telemetry)
"""
TEST = """
def test_both(bench, rig):
    import checks, models, twin
    from rigs import mine
    assert {checks.WHOSE, models.WHOSE, twin.WHOSE, mine.WHOSE} == {"theirs"}
    bench.plug_in(1)
    bench.advance(10)
    assert bench.reading(1)["pilot"] == "B"
"""
ENTRY_POINTS = "[pytest11]\nevc5.pytest_plugin = evc5.pytest_plugin\n"


def run(*argv: str | Path, cwd: Path) -> str:
    """What a process of its own prints; no path of this checkout reaches it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
    done = subprocess.run([*map(str, argv)], cwd=cwd, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, f"{argv}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def environment(at: Path) -> Path:
    """A fresh virtual environment's Python, with the third-party packages of this one and nothing of ours.

    They are linked one by one: where this process runs from an installed evc5, that one must not be found.
    """
    venv.create(at, with_pip=False, symlinks=os.name != "nt")
    python = at / ("Scripts" if os.name == "nt" else "bin") / "python"
    others = at / "others"
    others.mkdir()
    for outer in dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]):
        for package in Path(outer).iterdir():
            if "evc5" not in package.name and package.suffix != ".pth":
                (others / package.name).symlink_to(package)
    (site_packages(python) / "outer.pth").write_text(str(others))
    return python


def site_packages(python: Path) -> Path:
    asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(run(python, "-c", asked, cwd=python.parent).strip())


def install(python: Path, *what: str | Path, cwd: Path) -> None:
    options = ("--no-deps", "--no-index", "--no-build-isolation", "--quiet")
    run(sys.executable, "-m", "pip", "--python", python, "install", *options, *what, cwd=cwd)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, without what earlier builds have left in it."""
    to = tmp_path_factory.mktemp("checkout") / "project"
    return shutil.copytree(ROOT, to, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))


@pytest.fixture(scope="module")
def built(checkout: Path) -> Path:
    """The folder with the sdist, and the wheel made from it."""
    pytest.importorskip("build")
    pytest.importorskip("setuptools", minversion="77")
    run(
        sys.executable, "-m", "build", "--no-isolation", "--outdir", checkout / "dist", checkout, cwd=checkout
    )
    return checkout / "dist"


@pytest.fixture(scope="module")
def python(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with nothing of ours but the wheel."""
    made = environment(tmp_path_factory.mktemp("installed") / "venv")
    (wheel,) = built.glob("*.whl")
    install(made, wheel, cwd=built)
    return made


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A user's folder, with modules of the names of ours."""
    for name, text in THEIRS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_site_packages_gains_one_package_and_its_metadata(python: Path) -> None:
    found = {path.name for path in site_packages(python).iterdir()} - {"outer.pth"}
    assert found == {"evc5", f"evc5_twin-{evc5.__version__}.dist-info"}


def test_the_wheel_carries_what_the_checkout_has(python: Path, checkout: Path) -> None:
    installed = site_packages(python) / "evc5"
    assert not any(path.is_symlink() for path in installed.rglob("*"))
    for folder in ("models", "twin", "rigs"):
        there = {path.relative_to(checkout) for path in (checkout / folder).rglob("*") if path.is_file()}
        here = {path.relative_to(installed) for path in (installed / folder).rglob("*") if path.is_file()}
        assert {path for path in here if "__pycache__" not in path.parts} == there
    assert (installed / "py.typed").is_file()
    assert (next(installed.parent.glob("evc5_twin*")) / "licenses" / "LICENSE").is_file()


def test_the_sdist_carries_what_explains_it(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "mkdocs.yml", "docs/index.md"} <= names
    assert {"evc5/rigs/library/week.toml", "evc5/rigs/data/README.md"} <= names
    assert {name.partition("/")[0] for name in names} & {"models", "twin", "rigs", "tests"} == set()


def test_python_beside_their_own_modules(python: Path, theirs: Path) -> None:
    run(python, "-c", BOTH, cwd=theirs)


def test_the_command_beside_their_own_modules(python: Path, theirs: Path) -> None:
    command = python.with_name("evc5")
    assert run(command, "--version", cwd=theirs) == f"evc5 {evc5.__version__}\n"
    run(command, "rigs", "--copy", "week", cwd=theirs)
    summary = json.loads(run(command, "run", "week.toml", "--days", "1", "--json", cwd=theirs))
    assert (summary["passed"], summary["state"]) == (True, "complete")
    assert run(python, "-m", "evc5", "verify", "runs/week-1", "--quiet", cwd=theirs) == ""


def test_a_notebook_beside_their_own_modules(python: Path, theirs: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    cell = nbformat.v4.new_code_cell(BOTH)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), theirs / "mine.ipynb")
    execute = "import nbclient, nbformat; nbclient.NotebookClient(nbformat.read('mine.ipynb', 4)).execute()"
    run(python, "-c", execute, cwd=theirs)


@pytest.mark.parametrize("options", [(), ("-p", "evc5.pytest_plugin")])
@pytest.mark.parametrize("stale", [False, True])
def test_their_tests_with_the_plugin(
    python: Path, theirs: Path, options: tuple[str, ...], stale: bool
) -> None:
    """A stale egg-info, as an old editable install leaves one, names the plugin a second time."""
    if stale:
        metadata = theirs / "evc5_twin.egg-info"
        metadata.mkdir()
        (metadata / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: evc5-twin\nVersion: 0.1.0\n")
        (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    (theirs / "test_mine.py").write_text(TEST)
    assert "1 passed" in run(python, "-m", "pytest", "-q", *options, cwd=theirs)


def test_the_checkout_runs_without_being_installed(checkout: Path) -> None:
    assert run(sys.executable, "-m", "evc5", "rigs", cwd=checkout).startswith("bad-day")


def test_an_editable_install_is_the_checkout_and_nothing_else(checkout: Path, tmp_path: Path) -> None:
    pytest.importorskip("setuptools", minversion="77")
    made = environment(tmp_path / "venv")
    install(made, "--editable", checkout, cwd=checkout)
    where = "import evc5.rigs.bench.rig as rig; print(rig.__file__)"
    found = Path(run(made, "-c", where, cwd=tmp_path).strip())
    assert found.resolve() == checkout / "rigs" / "bench" / "rig.py"
    alone = "import importlib.util as u; print([n for n in ('models', 'twin', 'rigs') if u.find_spec(n)])"
    assert run(made, "-c", alone, cwd=tmp_path) == "[]\n"


def test_an_editor_goes_to_the_definition(checkout: Path) -> None:
    jedi = pytest.importorskip("jedi")
    source = "from evc5.rigs.bench.rig import Rig\nRig.load\n"
    (found,) = jedi.Script(source, project=jedi.Project(checkout)).goto(2, 5, follow_imports=True)
    assert (found.full_name, Path(found.module_path).resolve()) == (
        "evc5.rigs.bench.rig.Rig.load",
        checkout / "rigs" / "bench" / "rig.py",
    )
