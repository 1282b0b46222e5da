"""Notebooks are questions asked of the public API, kept without outputs, and each is a page."""

import ast
import json
from pathlib import Path

import pytest
from generated import notebooks
from places import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PUBLIC = {"evc5", "evc5.controllers"}


def cells(path: Path, kind: str) -> list[str]:
    found = json.loads(path.read_text("utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == kind]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stripped_and_opens_with_its_subject(path: Path) -> None:
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        assert cell.get("outputs", []) == [] and cell.get("execution_count") is None
    assert cells(path, "markdown")[0].startswith("# ")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_uses_the_public_names_alone(path: Path) -> None:
    for source in cells(path, "code"):
        for node in ast.walk(ast.parse(source.rstrip(";"))):
            assert not isinstance(node, ast.Import) or not any(n.name.startswith("evc5") for n in node.names)
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("evc5"):
                assert node.module in PUBLIC, source
            assert not (isinstance(node, ast.Attribute) and node.attr.startswith("_")), source


def test_every_notebook_is_in_the_pages_list() -> None:
    told = (ROOT / "mkdocs.yml").read_text("utf-8")
    assert [path.stem for path in NOTEBOOKS if f"notebooks/{path.stem}.md" not in told] == []


@pytest.mark.slow
def test_a_notebook_is_rendered_with_what_its_cells_show(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nbconvert", reason="of the extra packaging")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # for the kernel, a process of its own
    (found,) = notebooks.rendered(ROOT / "notebooks" / "10-judging-a-log.ipynb").items()
    path, text = found
    assert path == "notebooks/10-judging-a-log.md"
    assert "unknown action" in text and "<table>" in text and "<style" not in text
