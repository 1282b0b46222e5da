"""The OCPP 1.6 JSON schemas, compiled once per process, with a strict date-time.

Source: the schemas packaged with `ocpp` (OCA's, with both spellings of Celsius) and the security extension's.
"""

from copy import deepcopy
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple

import jsonschema_rs
import orjson

from evc5.rigs.checks.reading.instants import is_strict

# What a station may name at least, by the fields' descriptions in 6.31, 6.45, 6.47; the schemas leave it out.
LEAST_CONNECTOR = {"MeterValues": 0, "StartTransaction": 1, "StatusNotification": 0}
WITH_VALUES = (
    "StopTransaction"  # 7.33: what is sampled holds a value at least; MeterValues has that in its own
)


class Fault(NamedTuple):
    """Why a payload is not valid: where, what was expected; `timestamp` marks a malformed date-time.

    `foreign` are the fields that stand at `place` and that the schema does not know; `misshapen` marks what
    no reader can go by: another type, or a field that must be there and is not.
    """

    path: str
    message: str
    timestamp: bool
    place: tuple[str | int, ...] = ()
    foreign: tuple[str, ...] = ()
    misshapen: bool = False


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
        try:
            return [_fault(error) for error in self._validator.iter_errors(payload)]
        except ValueError as error:  # nested too deeply to be looked into
            return [Fault("", str(error), False, misshapen=True)]


def _fault(error: Any) -> Fault:
    place = tuple(error.instance_path)
    return Fault(
        "/".join(map(str, place)),
        error.message,
        "format" in map(str, error.schema_path),
        place,
        tuple(getattr(error.kind, "unexpected", ())),
        not {"type", "required"}.isdisjoint(map(str, error.schema_path[-1:])),
    )


def without_foreign(payload: Any, faults: list[Fault]) -> Any:
    """The payload without the fields that its schema does not know; what was given stays as it is."""
    cleaned = deepcopy(payload)
    for fault in faults:
        inner = cleaned
        for step in fault.place:
            inner = inner[step]
        for name in fault.foreign:
            inner.pop(name, None)
    return cleaned


def schema(action: str, reply: bool) -> Schema | None:
    """The schema of a CALL's or its reply's payload; None where OCPP 1.6 knows no such action."""
    if action not in _texts() or action.endswith("Response"):
        return None
    return _compiled(f"{action}Response" if reply else action)


@cache
def _compiled(name: str) -> Schema:
    text = _texts()[name].read_bytes()
    if name not in LEAST_CONNECTOR and name != WITH_VALUES:
        return Schema(text)
    table = orjson.loads(text)
    if name in LEAST_CONNECTOR:
        table["properties"]["connectorId"]["minimum"] = LEAST_CONNECTOR[name]
    else:
        table["properties"]["transactionData"]["items"]["properties"]["sampledValue"]["minItems"] = 1
    return Schema(orjson.dumps(table))


@cache
def _texts() -> dict[str, Traversable]:
    """By name; looked up here and not in the file system: an action may be anything, and of any length."""
    folder = files("ocpp") / "v16" / "schemas"  # its package of 1.6 would load its charge point, too
    return {path.name.removesuffix(".json"): path for path in folder.iterdir()}
