"""What the README shows is what happens, and what it counts is what there is."""

import re
from pathlib import Path

import pytest
from generated.readme import PARTS, anew
from places import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
COUNT = "pytest tests/test_readme.py -m slow --update-golden"
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])


@pytest.mark.slow
def test_the_python_example_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, object] = {}
    exec(example, names)
    assert names["run"].passed  # type: ignore[attr-defined]
    assert (tmp_path / "day.png").stat().st_size > 10_000


def test_every_file_the_readme_points_to_exists() -> None:
    targets = re.findall(r"\]\(((?!http)[^)#]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_of_ours_that_a_page_names_exists(page: Path) -> None:
    named = re.findall(
        r"`((?:models|twin|rigs|tests|docs|evc5|notebooks)/[\w./-]*)`", page.read_text("utf-8")
    )
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.slow
def test_rooms_and_exceptions_from_the_style_are_as_the_readme_counts_them(
    pytestconfig: pytest.Config,
) -> None:
    counted = anew(README)
    if pytestconfig.getoption("--update-golden"):
        (ROOT / "README.md").write_text(counted, encoding="utf-8")
    else:
        assert counted == README, f"{COUNT} counts them anew"


def test_the_readme_has_its_counted_parts() -> None:
    assert all(README.count(f"<!-- {name} -->") == 1 for name in PARTS)
