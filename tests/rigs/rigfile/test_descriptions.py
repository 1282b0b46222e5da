"""Every key of a rig file says what it is: to an editor through the schema, to a reader in the pages."""

from collections.abc import Iterator
from typing import Any

from evc5.rigs.rigfile.file import json_schema


def keys() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key of every table, as the JSON Schema has it."""
    schema = json_schema()
    for table, model in {"": schema, **schema["$defs"]}.items():
        for key, described in model.get("properties", {}).items():
            yield f"{table}.{key}", described


def test_every_key_of_a_rig_file_has_a_description() -> None:
    found = dict(keys())
    assert {".start", "Station.rated_a", "CarEntry.loss_a_w", "Outage.from"} <= set(found)
    assert [key for key, described in found.items() if not described.get("description")] == []


def test_every_table_of_a_rig_file_says_what_it_is_for() -> None:
    tables = {name: model for name, model in json_schema()["$defs"].items() if "properties" in model}
    assert [name for name, model in tables.items() if not model.get("description")] == []
