"""What a foreign station sent, as far as it has the shape of what it should be: the rest is left out.

That it is wrong is for the judge to say; tables and figures go on.
"""

from collections.abc import Iterator, Mapping
from typing import Any

FIELDS = ("value", "context", "format", "measurand", "phase", "location", "unit")  # OCPP 1.6, 7.43
Reading = Mapping[str, Any]


def readings(payload: Mapping[str, Any]) -> Iterator[Reading]:
    """The MeterValues of a payload that have a timestamp and a list of values."""
    told = payload.get("meterValue") or payload.get("transactionData")
    for reading in told if isinstance(told, list) else ():
        if isinstance(reading, dict) and isinstance(reading.get("timestamp", ""), str):
            values = reading.get("sampledValue", [])
            if isinstance(values, list) and all(map(is_value, values)):
                yield reading


def is_value(value: Any) -> bool:
    """Is it a sampled value, each of its fields a text? What else a vendor puts there does not matter."""
    if not isinstance(value, dict):
        return False
    only_texts = {*map(type, value.values())} <= {str}  # as nearly always, and soon seen
    return only_texts or all(isinstance(value.get(name, ""), str) for name in FIELDS)


def whole(value: Any) -> int | None:
    """A whole number that a table can hold, else nothing."""
    return value if type(value) is int and abs(value) < 1 << 62 else None
