"""Where the payloads of two exchanges differ: fields one by one, meter values as numbers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evc5.rigs.recording.reading.frames import json_text

TIMES = frozenset({"timestamp", "currentTime"})  # their offsets are told as times, not as texts
IDS = frozenset({"transactionId"})  # the CSMS numbers them as it likes
METER = frozenset({"meterValue", "transactionData", "meterStart", "meterStop"})
_NAMED = ("key", "measurand", "chargingProfileId", "idTag")  # what names an entry of a list
SHOWN = 48  # letters of a value in a table
BEFORE = 16  # of them, what stands before the place where two part

Entry = tuple[str, Any, Any]
Labels = tuple[str, str, str]  # measurand, phase, unit


@dataclass(frozen=True, slots=True)
class Gap:
    """One meter value in both recordings; None where one lacks it."""

    measurand: str
    phase: str
    unit: str
    a: float | None
    b: float | None


def differences(a: Any, b: Any, path: str = "") -> Iterator[Entry]:
    """Each field that differs, as (path, in a, in b); None stands for a field that is not there."""
    if a == b:
        return
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for key in [*a, *(key for key in b if key not in a)]:
            if key not in TIMES | IDS | METER:
                yield from differences(a.get(key), b.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(a, list) and isinstance(b, list):
        first, second = _entries(a), _entries(b)
        for name in [*first, *(name for name in second if name not in first)]:
            yield from differences(first.get(name), second.get(name), f"{path}[{name}]")
    else:
        yield path, a, b


def _entries(items: list[Any]) -> dict[str, Any]:
    """The entries of a list by what names them, else by place: the order of keys means nothing."""
    found: dict[str, Any] = {}
    for index, item in enumerate(items):
        names = (item[name] for name in _NAMED if name in item) if isinstance(item, Mapping) else iter(())
        name = str(next(names, index))
        found[name if name not in found else f"{name} {index}"] = item
    return found


def gaps(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Gap]:
    """The meter values of two payloads that differ."""
    first, second = _values(a), _values(b)
    for key in [*first, *(key for key in second if key not in first)]:
        x, y = first.get(key), second.get(key)
        if x != y:
            measurand, phase, unit = key[1]
            yield Gap(measurand, phase, unit, x, y)


def _values(payload: Mapping[str, Any]) -> dict[tuple[int, Labels], float]:
    """The numbers by place of their reading and labels, OCPP's defaults filled in."""
    found: dict[tuple[int, Labels], float] = {}
    for index, reading in enumerate(_dicts(payload.get("meterValue") or payload.get("transactionData"))):
        for sample in _dicts(reading.get("sampledValue")):
            try:
                found[index, _labels(sample)] = float(sample["value"])
            except (KeyError, TypeError, ValueError):
                continue  # signed data are no number
    for name in ("meterStart", "meterStop"):
        if isinstance(payload.get(name), int | float):
            found[0, (name, "", "Wh")] = float(payload[name])
    return found


def _dicts(items: Any) -> list[dict[str, Any]]:
    """What of a list is as the schema has it; a transcript may hold anything."""
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _labels(sample: Mapping[str, Any]) -> Labels:
    """Measurand, phase and unit; OCPP 1.6, 7.43: without them it is the energy register, in Wh."""
    measurand = str(sample.get("measurand", "Energy.Active.Import.Register"))
    unit = "Wh" if measurand.startswith("Energy.Active") else ""
    return measurand, str(sample.get("phase", "")), str(sample.get("unit", unit))


def texts(a: Any, b: Any) -> tuple[str, str]:
    """Both values as a table shows them: of long ones, from a little before the place where they part."""
    first, second = _text(a), _text(b)
    same = 0
    for x, y in zip(first, second, strict=False):
        if x != y:
            break
        same += 1
    cut = max(0, same - BEFORE) if max(len(first), len(second)) > SHOWN else 0
    return _cut(first, cut), _cut(second, cut)


def _text(value: Any) -> str:
    if isinstance(value, Mapping):  # an entry of a list is named already
        value = value.get("value", value)
    return "–" if value is None else value if isinstance(value, str) else json_text(value)


def _cut(text: str, since: int) -> str:
    shown = "…" * (since > 0) + text[since:]
    return shown if len(shown) <= SHOWN else f"{shown[: SHOWN - 1]}…"
