"""The OCPP 1.6 JSON schemas, compiled once; and how a violation is told in OCPP-J's words.

The schemas are those of the `ocpp` package. `multipleOf: 0.1` compares exactly: 8.1 passes, 8.11 does not.
"""

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

import jsonschema_rs

CODE_OF_KIND = {  # OCPP-J 1.6 table 7
    "Required": "ProtocolError",
    "AdditionalProperties": "FormationViolation",
    "Type": "TypeConstraintViolation",
    "MaxLength": "TypeConstraintViolation",
    "MinItems": "OccurenceConstraintViolation",
    "MaxItems": "OccurenceConstraintViolation",
}
OTHER_KIND = "PropertyConstraintViolation"  # enumerations, multipleOf, ranges: well-formed, but not allowed


@lru_cache(512)  # bounded: the action may be anything a peer sends
def validator(action: str, response: bool = False) -> jsonschema_rs.Validator | None:
    """The compiled schema of an action's request or confirmation; None where OCPP 1.6 has no such action."""
    resource = files("ocpp") / "v16" / "schemas" / f"{action}{'Response' if response else ''}.json"
    if not action.isidentifier() or not resource.is_file():
        return None
    schema = json.loads(resource.read_text(encoding="utf-8-sig"))
    return jsonschema_rs.Draft4Validator(schema, validate_formats=False)


def violation(check: jsonschema_rs.Validator, payload: Any) -> tuple[str, str]:
    """The CALLERROR code and a one-line description for a payload that `check` refuses."""
    error = next(check.iter_errors(payload))
    kind = type(error.kind).__name__.removeprefix("ValidationErrorKind_")
    path = ".".join(str(part) for part in error.instance_path)
    return CODE_OF_KIND.get(kind, OTHER_KIND), f"{path or 'payload'}: {error.message}"[:255]
