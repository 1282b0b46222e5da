"""The OCPP 1.6 JSON schemas, compiled once per process, with a strict date-time.

Source: the schemas packaged with `ocpp` (OCA's, with both spellings of Celsius) and the security extension's.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs
import orjson

from evc5.rigs.checks.reading.instants import is_strict


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a payload is not valid: where, what was expected; `timestamp` marks a malformed date-time."""

    path: str
    message: str
    timestamp: bool


class Schema:
    """One message's schema."""

    __slots__ = ("_validator", "has_timestamp", "valid")

    def __init__(self, text: bytes) -> None:
        # Validated as draft 4, whose `date-time` here means RFC 3339 with a zone.
        self._validator: Any = jsonschema_rs.Draft4Validator(
            orjson.loads(text), validate_formats=True, formats={"date-time": is_strict}
        )
        self.valid = self._validator.is_valid
        self.has_timestamp = b'"date-time"' in text

    def faults(self, payload: object) -> list[Fault]:
        return [
            Fault("/".join(map(str, e.instance_path)), e.message, "format" in map(str, e.schema_path))
            for e in self._validator.iter_errors(payload)
        ]


@cache
def schema(action: str, reply: bool) -> Schema | None:
    """The schema of a CALL's or its reply's payload; None where OCPP 1.6 knows no such action."""
    name = f"{action}Response.json" if reply else f"{action}.json"
    path = files("ocpp.v16").joinpath("schemas").joinpath(name)
    known = action.isalnum() and not (action.endswith("Response") and not reply)
    return Schema(path.read_bytes()) if known and path.is_file() else None
