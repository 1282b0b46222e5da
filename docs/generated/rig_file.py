"""The keys of rig files, from the same JSON Schema that editors get; and the rigs that are shipped."""

import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from evc5.models.derating import Staircase
from evc5.models.heat import Ambient, Thermal
from evc5.models.vehicles import Vehicle
from evc5.rigs.rigfile.file import LIBRARY, RigFile, json_schema, names
from generated.markdown import code, first_sentence, page, prose, table

Schema = dict[str, Any]
MODELS = {"Ambient": Ambient, "Thermal": Thermal, "Derating": Staircase, "CarEntry": Vehicle}
"""Where a key is left out, the model's own number holds: which model a table is handed to."""

INTRODUCTION = """
A rig file is TOML. Every key is checked before anything is written: a misspelt one is refused with its
nearest neighbour. **Bold** keys are required. Paths are relative to the rig file. `evc5 schema` prints the
same as a JSON Schema, for editors that complete and check TOML.

An *instant* is a date and time with its offset from UTC (`2024-03-01T18:00:00Z`), seconds from the run's
start, or an offset such as `"1d 18h30m"`.
"""


def keys() -> str:
    schema = _inlined(json_schema())
    sections = [_section(path, model, schema) for path, model in _tables(schema)]
    return page("Rig file", INTRODUCTION, *sections)


def shipped() -> str:
    about = """
`evc5 run NAME` runs one from any folder; `evc5 rigs --copy NAME` gives you its file to change. The copy
runs wherever it lies.
"""
    parts = []
    for name in names():
        rig = RigFile.load(name)
        told = f"{rig.title}. {rig.days:g} days, {len(rig.plan())} sessions."
        text = (LIBRARY / f"{name}.toml").read_text("utf-8")
        parts.append(f"## {name}\n\n{told}\n\n```toml\n{text.strip()}\n```")
    return page("Shipped rigs", " ".join(about.split()), *parts)


def _inlined(schema: Schema) -> Schema:
    """The schema with what is no table, such as an enumeration, in the place where it is referred to."""
    values = {name: told for name, told in schema["$defs"].items() if "properties" not in told}

    def inlined(part: Any) -> Any:
        if isinstance(part, dict):
            value = values.get(part.get("$ref", "").rpartition("/")[2])
            rest = {key: inlined(one) for key, one in part.items() if value is None or key != "$ref"}
            return {**(value or {}), **rest}
        return [inlined(one) for one in part] if isinstance(part, list) else part

    whole: Schema = inlined(schema)
    return whole


def _tables(schema: Schema, model: str = "", path: str = "") -> Iterator[tuple[str, str]]:
    """Every table, with the header that TOML writes over it, from the root down."""
    yield path, model
    for key, described in _properties(schema, model).items():
        name = _reference(described)
        if name is not None:
            inner = path.strip("[]")
            whole = f"{inner}.{key}" if inner else key
            if "additionalProperties" in described:
                whole += ".NAME"
            yield from _tables(schema, name, f"[[{whole}]]" if "items" in described else f"[{whole}]")


def _properties(schema: Schema, model: str) -> Schema:
    found: Schema = (schema["$defs"][model] if model else schema)["properties"]
    return found


def _reference(described: Schema) -> str | None:
    """The model of a key that holds a table, tables, or named tables."""
    inner = [
        described,
        *described.get("anyOf", ()),
        described.get("items"),
        described.get("additionalProperties"),
    ]
    found = [one["$ref"].rpartition("/")[2] for one in inner if isinstance(one, dict) and "$ref" in one]
    return found[0] if found else None


def _section(path: str, model: str, schema: Schema) -> str:
    told = schema["$defs"][model] if model else {"required": schema["required"]}
    head = "## The file itself"
    if path:
        head = f"## {code(path)} {{ #{_anchor(path)} }}\n\n{first_sentence(told['description'])}"
    required = told.get("required", ())
    rows = [
        (
            f"**{code(key)}**" if key in required else code(key),
            _linked(path, key, described),
            "" if key in required else _default(model, key, described),
            prose(described["description"]),
        )
        for key, described in _properties(schema, model).items()
    ]
    return f"{head}\n\n{table(('key', 'value', 'default', 'meaning'), rows)}"


def _anchor(path: str) -> str:
    return path.strip("[]").removesuffix(".NAME").replace(".", "-")


def _linked(path: str, key: str, described: Schema) -> str:
    """What may stand there, with a way to the table that it is."""
    if _reference(described) is None:
        return _value(described)
    inner = path.strip("[]")
    return f"[{_value(described)}](#{_anchor(f'{inner}.{key}' if inner else key)})"


def _value(described: Schema) -> str:
    """What may stand there, for people."""
    if "anyOf" in described:
        several = [_value(one) for one in described["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(several))
    if "enum" in described:
        return ", ".join(code(item) for item in described["enum"])
    kind = described.get("type")
    if "$ref" in described:
        return "table"
    if isinstance(kind, list):
        return "instant"
    if kind == "array":
        return _list(described)
    if kind == "object":
        return _named(described)
    if described.get("format") == "date-time":
        return "date and time"
    words = {"integer": "whole number", "number": "number", "string": "text", "boolean": "`true` or `false`"}
    return " ".join([words[str(kind)], *_bounds(described)])


def _bounds(described: Schema) -> list[str]:
    if {"minimum", "maximum"} <= set(described):
        return [f"from {described['minimum']:g} to {described['maximum']:g}"]
    signs = {"exclusiveMinimum": ">", "minimum": "≥", "exclusiveMaximum": "<", "maximum": "≤"}
    bounds = [f"{sign} {described[name]:g}" for name, sign in signs.items() if name in described]
    return [", ".join(bounds)] if bounds else []


def _list(described: Schema) -> str:
    if "prefixItems" in described:
        return f"[{', '.join(_value(one) for one in described['prefixItems'])}]"
    if "$ref" in described["items"]:
        return "tables"
    return f"list of {_value(described['items'])}"


def _named(described: Schema) -> str:
    inner = described.get("additionalProperties")
    if inner is True:
        return "table, as on the wire"
    by_name = isinstance(inner, dict) and "$ref" in inner
    return "tables by name" if by_name else f"table of {_value(inner or {})}"


def _default(model: str, key: str, described: Schema) -> str:
    if described.get("default") not in (None, [], ""):
        return code(json.dumps(described["default"], ensure_ascii=False))
    if model in MODELS:
        defaults = {field.name: field.default for field in fields(MODELS[model])}
        value = defaults.get(key)
        if isinstance(value, bool):
            return code(json.dumps(value))
        if isinstance(value, float):
            return code(f"{value:g}")
    return ""
