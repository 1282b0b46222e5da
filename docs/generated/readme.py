"""The parts of the README that are counted and not written."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from generated.markdown import code, table
from generated.rooms import ROOT, found

MOST_LINES, MOST_METHODS, MOST_BODY = 400, 25, 25  # of a file; of a class; of a function, docstring left out


def rooms() -> str:
    """Folders and the rooms in them; rooms within rooms are on the page of their own."""
    rows = [(code(name), told) for name, told in found() if name.count("/") <= 2]
    return table(("folder", "what it is for"), rows)


def exceptions() -> str:
    files, classes, functions = [], [], []
    for path in _code():
        text = path.read_text("utf-8")
        name = path.relative_to(ROOT).as_posix()
        tree = ast.parse(text)
        if len(text.splitlines()) > MOST_LINES:
            files.append(code(name))
        classes += [code(node.name) for node in _classes(tree) if _methods(node) > MOST_METHODS]
        long = [node.name for node in _functions(tree) if _body(node) > MOST_BODY]
        functions += [code(f"{name}: {', '.join(long)}")] if long else []
    return (
        f"- Files above {MOST_LINES} lines: {', '.join(files) or 'none'}.\n"
        f"- Classes above {MOST_METHODS} methods: {', '.join(sorted(classes)) or 'none'}.\n"
        f"- Functions above {MOST_BODY} lines, docstrings left out: {', '.join(functions) or 'none'}.\n"
    )


def _code() -> Iterator[Path]:
    """Every file of the product, each once: the links below evc5/ are not followed."""
    yield from sorted((ROOT / "evc5").glob("*.py"))
    for folder in ("models", "twin", "rigs"):
        yield from sorted((ROOT / folder).rglob("*.py"))


def _classes(tree: ast.Module) -> list[ast.ClassDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def _functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _methods(node: ast.ClassDef) -> int:
    return sum(isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) for part in node.body)


def _body(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function from `def` on, its docstring's left out."""
    first = node.body[0]
    told = (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(node) else 0
    return (node.end_lineno or 0) - node.lineno + 1 - told


PARTS = {"rooms": rooms, "exceptions": exceptions}


def anew(text: str) -> str:
    """The README with its counted parts as they are today."""
    for name, part in PARTS.items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        assert mark.search(text), f"the README has no part {name}"
        text = mark.sub(lambda between, part=part: f"{between[1]}\n{part()}\n{between[2]}", text)
    return text
