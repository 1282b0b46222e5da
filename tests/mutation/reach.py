"""Which functions of the twin does something enter? A mutant of a function never entered changes nothing."""

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType

Function = tuple[str, int]  # its file, and the first line of it or of its decorators


@contextmanager
def entered(folder: Path) -> Iterator[set[Function]]:
    """The functions of modules below `folder` that are entered meanwhile."""
    codes: set[CodeType] = set()

    def see(frame: FrameType, event: str, arg: object) -> None:
        codes.add(frame.f_code)

    functions: set[Function] = set()
    before = sys.gettrace()
    sys.settrace(see)
    try:
        yield functions
    finally:
        sys.settrace(before)
        places = {(str(Path(code.co_filename).resolve()), code.co_firstlineno) for code in codes}
        functions |= {place for place in places if place[0].startswith(f"{folder.resolve()}/")}


def function_at(path: Path, line: int) -> Function | None:
    """The innermost function in whose body the line stands; None for what runs at import."""
    around = [node for node in ast.walk(ast.parse(path.read_text())) if _holds(node, line)]
    if not around:
        return None
    inner = max(around, key=lambda node: node.lineno)
    return str(path.resolve()), min([inner.lineno, *(d.lineno for d in inner.decorator_list)])


def _holds(node: ast.AST, line: int) -> bool:
    return isinstance(node, ast.FunctionDef) and node.body[0].lineno <= line <= (node.end_lineno or 0)
