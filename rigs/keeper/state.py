"""What a unit tells of itself: its configuration, and the composite schedule of every connector."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Any

from evc5.rigs.keeper.composites import Composite, difference
from evc5.rigs.keeper.danger import moves, protected
from evc5.rigs.secrets import is_secret, passwords
from evc5.twin.ocpp.rpc import Reply

Payload = dict[str, Any]
Ask = Callable[[str, Payload], Reply]  # a CALL to the unit, and how it ended

SPAN_S = 86_400  # of a composite that is compared
KEYS_AT_ONCE = 50  # GetConfigurationMaxKeys of the EVC5; assumed of others


def configuration(ask: Ask, known: Sequence[str] = ()) -> list[Payload]:
    """Every key that is told, as on the wire; of a unit that does not tell all at once, the `known` ones."""
    answer = ask("GetConfiguration", {}).payload
    if answer is not None and answer.get("configurationKey"):
        return _entries(answer)
    entries: list[Payload] = []
    for first in range(0, len(known), KEYS_AT_ONCE):
        some = ask("GetConfiguration", {"key": list(known[first : first + KEYS_AT_ONCE])}).payload
        if some is None:
            break
        entries += _entries(some)
    return entries


def value_of(ask: Ask, key: str) -> str | None:
    """The value of one key, None where it is not told."""
    answer = ask("GetConfiguration", {"key": [key]}).payload or {}
    told = [entry for entry in _entries(answer) if entry["key"].lower() == key.lower()]
    return told[0].get("value") if told else None


def composites(ask: Ask, connectors: Iterable[int]) -> list[Payload]:
    """Each connector's composite in both units, as asked and as answered."""
    found = []
    for connector in connectors:
        for unit in ("A", "W"):
            asked = {"connectorId": connector, "duration": SPAN_S, "chargingRateUnit": unit}
            reply = ask("GetCompositeSchedule", asked)
            found.append({"asked": asked, "answer": reply.payload or {"code": reply.code}})
    return found


def covered(entries: Iterable[Payload]) -> list[Payload]:
    """The same without values that may be secrets: a digest tells whether they changed."""
    return [_covered(entry) for entry in entries]


def changes(before: Iterable[Payload], after: Iterable[Payload]) -> list[str]:
    """What of the configuration is not as it was, but for what moves by itself; both `covered`."""
    was = {entry["key"]: entry for entry in before}
    now = {entry["key"]: entry for entry in after}
    found = [f"key {key} is no longer told" for key in was if key not in now]
    found += [f"key {key} was not told before" for key in now if key not in was]
    for key in was.keys() & now.keys():
        if was[key] != now[key] and not moves(key):
            found.append(f"key {key} was {_told(was[key])} and is {_told(now[key])}")
    return sorted(found)


def composite_changes(before: Iterable[Payload], after: Iterable[Payload]) -> list[str]:
    """Which composites are not the same functions of absolute time over the span that both cover."""
    found = []
    for was, now in zip(before, after, strict=True):
        asked = was["asked"]
        what = f"composite of connector {asked['connectorId']} in {asked['chargingRateUnit']}"
        first, second = Composite.of(was["answer"]), Composite.of(now["answer"])
        if first is not None and second is not None:
            why = difference(first, second)
            found += [f"{what}: {why}"] if why else []
        elif (first is None) != (second is None):
            found.append(f"{what} was {_given(first)} and is {_given(second)}")
    return found


def _entries(answer: Payload) -> list[Payload]:
    """Those that are entries: a unit may send anything."""
    told = answer.get("configurationKey")
    return [one for one in told if isinstance(one, dict) and isinstance(one.get("key"), str)] if told else []


def _covered(entry: Payload) -> Payload:
    value = entry.get("value")
    if value is None or not (_holds_secrets(entry["key"], str(value)) or protected(entry["key"])):
        return entry
    hidden = {name: part for name, part in entry.items() if name != "value"}
    return {**hidden, "digest": sha256(str(value).encode()).hexdigest()}


def _holds_secrets(name: str, value: str) -> bool:
    return is_secret(name) or any(passwords(name, value))


def _told(entry: Payload) -> str:
    if "digest" in entry:
        return "another value"
    return f"{entry.get('value')!r}{' (read-only)' if entry.get('readonly') else ''}"


def _given(composite: Composite | None) -> str:
    return "given" if composite is not None else "not given"
