"""Which rigs a mutant is played in: those that enter its function; all for what runs at import."""

import ast
import importlib.util

import pytest
from reach import entered, function_at
from run import ASKED_BY_THE_BENCH, ROOT, is_assumed

SOURCE = """\
from functools import cache

LIMIT = 3

@cache
def outer(n=4):
    def inner():
        return LIMIT
    return [k + LIMIT for k in range(n)], inner

def other():
    return outer()[1]()

class Kind:
    size = 5

    def area(self):
        return self.size
"""


@pytest.fixture
def module(tmp_path):
    path = tmp_path / "a_module.py"
    path.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("a_module", path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return path, made


@pytest.mark.parametrize(
    ("line", "first"), [(8, 7), (9, 5), (12, 11), (18, 17), (3, None), (6, None), (15, None)]
)
def test_a_line_belongs_to_the_innermost_function_whose_body_it_stands_in(module, line, first):
    path, _ = module
    assert function_at(path, line) == (None if first is None else (str(path), first))


def test_what_is_entered_is_seen_by_the_line_that_a_mutant_of_it_is_found_by(module):
    path, made = module
    with entered(path.parent) as functions:
        made.other()
    assert {function_at(path, line) for line in (8, 9, 12)} <= functions
    assert function_at(path, 18) not in functions


def test_what_lies_elsewhere_is_not_counted(module):
    path, made = module
    with entered(path.parent / "another") as functions:
        made.other()
    assert functions == set()


@pytest.mark.slow
@pytest.mark.parametrize(("module", "name"), sorted(ASKED_BY_THE_BENCH), ids=lambda text: text)
def test_what_is_said_to_be_the_benchs_alone_the_twin_never_asks(module: str, name: str) -> None:
    (home,) = (ROOT / "twin").rglob(f"{module}.py")
    owners = {"clock": "calendar"}  # others have methods of that name
    for path in (ROOT / "twin").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == name:
                owner = ast.unparse(node.value).lstrip("_").rpartition(".")[2].lstrip("_")
                assert module in owners and owner != owners[module], f"{path.name}:{node.lineno}"
    assert f"def {name}(" in home.read_text("utf-8")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("CLOSE_S = 0.5  # state C to contactor closed; assumed, IEC 61851-1 allows 3 s", True),
        ("CLOSE_S = 0.5  # IEC 61851-1 sequence 4", False),
        ("CLOSE_S = 0.5", False),
        ("    due_s = now + 0.5  # assumed", False),  # what is done with it is another matter
    ],
)
def test_a_constant_is_prescribed_by_nobody_where_its_line_says_that_it_is_assumed(line, answer, tmp_path):
    path = tmp_path / "a_module.py"
    path.write_text(f'"""A module."""\n{line}\n')
    assert is_assumed(path, 2) is answer
