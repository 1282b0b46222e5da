"""The OCPP 1.6 JSON schemas, compiled once; and how a violation is told in OCPP-J's words.

The schemas are those of the `ocpp` package. `multipleOf: 0.1` compares exactly: 8.1 passes, 8.11 does not.
"""

import json
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
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
DEEPEST_SCHEMA = 16  # SetChargingProfile's goes to 6
OTHER_KIND = "PropertyConstraintViolation"  # enumerations, multipleOf, ranges: well-formed, but not allowed

ASKED_OF_CSMS = (  # OCPP 1.6 section 4, and what its security whitepaper adds
    "Authorize",
    "BootNotification",
    "DataTransfer",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "LogStatusNotification",
    "MeterValues",
    "SecurityEventNotification",
    "SignCertificate",
    "SignedFirmwareStatusNotification",
    "StartTransaction",
    "StatusNotification",
    "StopTransaction",
)


@lru_cache(512)  # bounded: the action may be anything a peer sends
def validator(action: str, response: bool = False) -> jsonschema_rs.Validator | None:
    """The compiled schema of an action's request or confirmation; None where OCPP 1.6 has no such action."""
    name = f"{action}{'Response' if response else ''}.json"
    if name not in _names():
        return None
    resource = _folder() / name
    schema = json.loads(resource.read_text(encoding="utf-8-sig"))
    return jsonschema_rs.Draft4Validator(schema, validate_formats=False)


@lru_cache(1)
def _folder() -> Traversable:
    return files("ocpp") / "v16" / "schemas"


@lru_cache(1)
def _names() -> frozenset[str]:
    """Looked up here and not in the file system: an action may be anything, and of any length."""
    return frozenset(resource.name for resource in _folder().iterdir())


def violation(check: jsonschema_rs.Validator, payload: Any) -> tuple[str, str]:
    """The CALLERROR code and a one-line description for a payload that `check` refuses."""
    try:
        error = next(check.iter_errors(payload))
    except ValueError:  # too deep for the validator; what is wrong shows above that: no schema goes so deep
        error = next(check.iter_errors(_pruned(payload, DEEPEST_SCHEMA)))
    kind = type(error.kind).__name__.removeprefix("ValidationErrorKind_")
    path = ".".join(str(part) for part in error.instance_path)
    return CODE_OF_KIND.get(kind, OTHER_KIND), f"{path or 'payload'}: {error.message}"[:255]


def _pruned(value: Any, levels: int) -> Any:
    """The same without what lies deeper than so many levels."""
    if isinstance(value, dict):
        return {key: _pruned(item, levels - 1) for key, item in value.items()} if levels else {}
    if isinstance(value, list):
        return [_pruned(item, levels - 1) for item in value] if levels else []
    return value
