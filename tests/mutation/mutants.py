"""Random small changes of a module's syntax tree, the same for the same seed."""

import ast
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: the file, its line, what was done, and the module's source with it."""

    path: Path
    line: int
    what: str
    source: str


def sample(paths: list[Path], count: int, seed: int) -> list[Mutant]:
    """So many mutants of these files, each another change."""
    chance = random.Random(seed)
    places = [(path, n) for path in paths for n in range(len(list(changes(ast.parse(path.read_text())))))]
    chosen = chance.sample(places, min(count, len(places)))
    return [mutant(path, n) for path, n in chosen]


def mutant(path: Path, number: int) -> Mutant:
    """The change of this number, made."""
    tree = ast.parse(path.read_text())
    line, what, apply = list(changes(tree))[number]
    apply()
    return Mutant(path, line, what, ast.unparse(ast.fix_missing_locations(tree)))


def changes(tree: ast.Module) -> Iterator[tuple[int, str, Callable[[], None]]]:
    """Every change there is in a module: its line, what it does, and the doing."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
            other = COMPARISONS[type(node.ops[0])]
            was = ast.unparse(node)
            yield node.lineno, f"{was}: {other.__name__}", _set(node, "ops", [other(), *node.ops[1:]])
        elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS and not _is_text(node):
            swap = OPERATORS[type(node.op)]
            yield node.lineno, f"{ast.unparse(node)}: {swap.__name__}", _set(node, "op", swap())
        elif isinstance(node, ast.BoolOp):
            turned = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield node.lineno, f"{ast.unparse(node)}: and/or", _set(node, "op", turned)
        elif isinstance(node, ast.If | ast.IfExp) and not _types_only(node):
            negated = ast.UnaryOp(ast.Not(), deepcopy(node.test))
            yield node.lineno, f"if {ast.unparse(node.test)}: negated", _set(node, "test", negated)
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            yield node.lineno, f"{node.value}: + 1", _set(node, "value", node.value + 1)
        elif isinstance(node, ast.Constant) and type(node.value) is bool:
            yield node.lineno, f"{node.value}: not", _set(node, "value", not node.value)
        elif isinstance(node, ast.FunctionDef):
            yield from _deletions(node)


def _deletions(function: ast.FunctionDef) -> Iterator[tuple[int, str, Callable[[], None]]]:
    """A call or an assignment to an attribute left out."""
    for holder in ast.walk(function):
        for field in ("body", "orelse"):
            block = getattr(holder, field, None)
            if not isinstance(block, list):
                continue
            for at, statement in enumerate(block):
                if _is_effect(statement):
                    yield statement.lineno, f"{ast.unparse(statement)[:60]}: left out", _drop(block, at)


def _is_effect(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Call)
    return isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Attribute)


def _is_text(node: ast.BinOp) -> bool:
    parts = (node.left, node.right)
    return any(isinstance(p, ast.Constant) and isinstance(p.value, str) for p in parts)


def _types_only(node: ast.If | ast.IfExp) -> bool:
    return "TYPE_CHECKING" in ast.unparse(node.test)


def _set(node: ast.AST, field: str, value: object) -> Callable[[], None]:
    return lambda: setattr(node, field, value)


def _drop(block: list[ast.stmt], at: int) -> Callable[[], None]:
    return lambda: block.__setitem__(at, ast.Pass())
