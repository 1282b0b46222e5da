"""The folders, as each one's own first sentence tells of it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from generated.markdown import code, first_sentence, page, table

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "evc5"  # in a checkout links to the folders, in an sdist the folders


def found() -> Iterator[tuple[str, str]]:
    """Every folder of code with what its `__init__` says it is for, from the top down."""
    for top in ("models", "twin", "rigs"):
        for path in sorted((PACKAGE / top).rglob("__init__.py")):
            docstring = ast.get_docstring(ast.parse(path.read_text("utf-8")))
            yield f"{path.parent.relative_to(PACKAGE).as_posix()}/", first_sentence(docstring)


def rooms() -> str:
    about = """
Imports point down only, and `tests/test_imports.py` has a row for each room that says what it may import.
Installed, `models/`, `twin/` and `rigs/` are `evc5.models`, `evc5.twin` and `evc5.rigs`.
"""
    return page(
        "Rooms", about, table(("folder", "what it is for"), ((code(name), told) for name, told in found()))
    )
