"""Every key of the schema, wrong in every way: always one line that names a key, never a traceback."""

import math
from collections.abc import Iterator
from typing import Any

import pytest

from evc5 import BadInput
from evc5.rigs.rigfile.file import RigFile, json_schema

SCHEMA = json_schema()
LEAST = {"name": "x", "start": "2024-03-01T00:00:00Z", "days": 1}
ITEM = 0  # stands for an item of a list in a path
OWN = "1"  # ... and for a name that the user chooses: a connector, a card, a driver
WRONG = (
    math.nan,
    -math.inf,
    -1,
    1e30,
    1e-320,
    10**30,
    True,
    None,
    "no\x1b[31m\nsuch",
    b"x",
    [],
    [1],
    {"a": 1},
)

Path = tuple[str | int, ...]


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def paths(schema: dict[str, Any], before: Path = ()) -> Iterator[Path]:
    """Every key's path, as an editor that follows the schema finds it."""
    schema = resolved(schema)
    for choice in map(resolved, schema.get("anyOf", schema.get("oneOf", [schema]))):
        for name, inner in choice.get("properties", {}).items():
            yield (*before, name)
            yield from paths(inner, (*before, name))
        for key, part in (("items", ITEM), ("additionalProperties", OWN)):
            if isinstance(choice.get(key), dict):
                yield from paths(choice[key], (*before, part))


def with_value(path: Path, value: Any) -> dict[str, Any]:
    """The smallest rig that has this value there."""
    for part in reversed(path):
        value = [value] if part == ITEM else {part: value}
    under: dict[str, Any] = value
    return LEAST | under


PATHS = sorted(set(paths(SCHEMA)), key=str)


def complaint(table: dict[str, Any]) -> str:
    """What is said of it, "" where it is a rig; anything but BadInput fails the test."""
    try:
        RigFile.parse(table)
    except BadInput as refused:
        return str(refused)
    return ""


@pytest.mark.slow
def test_a_misspelt_key_is_named_wherever_it_stands() -> None:
    assert len(PATHS) > 400
    for path in PATHS:
        wrong = (*path[:-1], f"{path[-1]}_x")
        said = complaint(with_value(wrong, 1))
        assert said.isprintable() and f"{path[-1]}_x is not a key here" in said, wrong


@pytest.mark.slow
def test_a_wrong_value_is_one_line_that_names_a_key_of_its_table() -> None:
    for path in PATHS:
        for value in WRONG:
            said = complaint(with_value(path, value))
            assert said.isprintable() and len(said) < 400, (path, value)
            assert not said or any(part in said for part in path if isinstance(part, str)), (path, value)


@pytest.mark.parametrize(
    ("key", "value"), [("thermal.socket_tau_s", 1e30), ("derating.step_a", 1e-320), ("derating.step_a", 1e-9)]
)
def test_a_number_that_no_box_of_this_world_has_is_refused(key: str, value: float) -> None:
    assert f"{key} must be" in complaint(with_value(tuple(key.split(".")), value))
