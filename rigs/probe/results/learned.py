"""A behaviour file that makes the twin answer as the unit did: what differs from the published sheet."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evc5.rigs.keeper.danger import protected
from evc5.rigs.keeper.keeper import TAKEN
from evc5.rigs.probe.groups.measurands import ALL, EMPTY
from evc5.rigs.probe.probe import PUBLISHED
from evc5.rigs.probe.results.seen import UNKNOWN_ACTION
from evc5.twin.connector.faults import FAULT_ROWS
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.keys import CHANNELS, INT_LIMIT, initial, normal
from evc5.twin.sheet.policies import POLICIES
from evc5.twin.sheet.rows import MEASURED, Key, Measurand, Message, modelled

NO_ERROR = "NoError"
BLOCKS = "BlockBeforeBoot"
FROM_BOOT = ("HeartbeatInterval",)  # whose value BootNotification.conf gives
BOOT_FIELDS = ("chargeBoxSerialNumber", "chargePointSerialNumber", "firmwareVersion")  # the twin knows them
LIMITS = {  # a limit that was found, and the key whose row the twin has it from
    "charging.max_stack_level": "ChargeProfileMaxStacklevel",
    "charging.max_periods": "ChargingScheduleMaxPeriods",
    "charging.max_profiles": "MaxChargingProfilesInstalled",
}


@dataclass(slots=True)
class Learned:
    """What of the published behaviour changes, and what could not be carried over."""

    policies: dict[str, str] = field(default_factory=dict)
    rows: dict[tuple[int, str], dict[str, Any]] = field(default_factory=dict)
    lacks: list[str] = field(default_factory=list)

    def change(self, table: int, name: str, **values: Any) -> None:
        self.rows.setdefault((table, name), {}).update(values)


def learn(facts: Mapping[str, str], published: Behaviour) -> Learned:
    """What the twin has to be told so that its answers are these."""
    learned = Learned()
    for name in POLICIES:
        found = facts.get(f"policy.{name}")
        if found is not None and found != published.policy(name):
            learned.policies[name] = found
    if learned.policies.get("clock_midnight") == "local":
        learned.lacks.append(
            "its clock-aligned intervals begin at local midnight: tell the twin its timezone"
        )
    _messages(facts, published, learned)
    _boot(facts, published, learned)
    _triggers(facts, published, learned)
    _errors(facts, published, learned)
    _measurands(facts, published, learned)
    _keys(facts, published, learned)
    _limits(facts, published, learned)
    _blocks_before_boot(facts, published, learned)
    return learned


def text(learned: Learned, name: str, title: str) -> str:
    """The file, as TOML."""
    lines = [
        f"# What evc5 probe found that differs from {PUBLISHED}. The twin loads it: --behaviour FILE",
        "",
    ]
    lines += [f"name = {_toml(name)}", f"title = {_toml(title)}", f"inherits = {_toml(PUBLISHED)}"]
    if learned.policies:
        lines += ["", "[policies]", *(f"{key} = {_toml(value)}" for key, value in learned.policies.items())]
    for table in sorted({table for table, _ in learned.rows}):
        lines += ["", f"[table.{table}]"]
        lines += [
            f"{_toml(row)} = {_inline(values)}" for (one, row), values in learned.rows.items() if one == table
        ]
    if learned.lacks:
        lines += ["", *(f"# {' '.join(line.split())}" for line in learned.lacks)]
    return "\n".join(lines) + "\n"


# --- messages, triggers, measurands ---


def _messages(facts: Mapping[str, str], published: Behaviour, learned: Learned) -> None:
    for table in (1, 2, 6, 7, 8, 9, 10, 12):
        for one in published.rows(table):
            if not isinstance(one, Message) or one.initiator == "Charge Point":
                continue
            answer = facts.get(
                "charging.plain" if one.action == "SetChargingProfile" else f"message.{one.action}"
            )
            if answer is None or answer == "no answer":
                continue
            known = answer not in UNKNOWN_ACTION
            if known == (one.support != "no"):
                continue
            if known and not modelled(table, one.name):
                learned.lacks.append(f"it knows {one.action}, which the twin has no model of")
            else:
                learned.change(table, one.name, support="yes" if known else "no")


def _boot(facts: Mapping[str, str], published: Behaviour, learned: Learned) -> None:
    """Which fields BootNotification omits; of a meter's, none may be known although they are not omitted."""
    told = facts.get("boot.fields", "").split()
    row_ = published.message("BootNotification")
    if not told or row_ is None:
        return
    omits = [name for name in row_.omits if name not in told]
    omits += [name for name in BOOT_FIELDS if name not in told and name not in omits]
    if sorted(omits) != sorted(row_.omits):
        learned.change(row_.table, row_.name, omits=omits)


def _triggers(facts: Mapping[str, str], published: Behaviour, learned: Learned) -> None:
    for one in published.rows(11):
        answer = facts.get(f"trigger.{one.name}")
        if answer in ("Accepted", "NotImplemented"):
            support = "yes" if answer == "Accepted" else "no"
            if support != one.support:
                learned.change(11, one.name, support=support)


def _errors(facts: Mapping[str, str], published: Behaviour, learned: Learned) -> None:
    """Error codes that were told, and those of faults that were told as something else."""
    told, missed = set(), set()
    for fault, row_ in FAULT_ROWS.items():
        codes = _codes(facts.get(f"fault.{fault}", ""))
        told |= codes
        if codes - {NO_ERROR} and row_.error_code not in codes:
            missed.add(row_.error_code)
    healthy = {code for fault in FAULT_ROWS for code in _codes(facts.get(f"fault.{fault}.gone", ""))}
    if healthy and NO_ERROR not in told | healthy:
        missed.add(NO_ERROR)
    for one in published.rows(5):
        support = "yes" if one.name in told else "no" if one.name in missed else one.support
        if support != one.support and modelled(5, one.name):
            learned.change(5, one.name, support=support)


def _codes(told: str) -> set[str]:
    """Of statuses as the probe of a fault notes them, "Faulted/GroundFailure Charging/NoError"."""
    return {code for part in told.split() if (code := part.partition("/")[2])}


def _measurands(facts: Mapping[str, str], published: Behaviour, learned: Learned) -> None:
    table = {one.name: one for one in published.rows(3)}
    for name in ALL:
        answer = facts.get(f"measurand.{name}")
        if answer is None or answer == "no answer" or answer in UNKNOWN_ACTION:
            continue
        if name not in table:
            if answer in TAKEN:
                learned.lacks.append(f"it measures {name}, which the twin has no model of")
        elif answer in TAKEN:
            _phases(facts, published, learned, name)
        elif name in published.measurands and not _by_meter(published, name):
            learned.change(3, name, support="no")


def _by_meter(published: Behaviour, name: str) -> bool:
    """Is it refused for want of a meter that measures it, and not by the firmware?"""
    return "meter supports" in published.measurands[name].remark


def _phases(facts: Mapping[str, str], published: Behaviour, learned: Learned, name: str) -> None:
    told = facts.get(f"measurand.{name}.phases", EMPTY)
    row_ = published.measurands.get(name)
    if told == EMPTY or row_ is None:
        return
    names = told.split()
    phases = any(one.startswith("L") for one in names)
    hidden = (
        row_.total and row_.phases and facts.get("policy.bare_measurand") == "total" and names == ["total"]
    )
    if not hidden and (phases != row_.phases or ("total" in names) != row_.total):
        _tell_forms(row_, phases, "total" in names, learned)
    unit = facts.get(f"measurand.{name}.unit", "")
    if unit not in ("", "not told", row_.unit):
        learned.lacks.append(f"it tells {name} in {unit}, the twin in {row_.unit}")


def _tell_forms(row_: Measurand, phases: bool, total: bool, learned: Learned) -> None:
    """Of phases and total what the twin has; the rest it lacks."""
    name, known = row_.name, MEASURED[row_.name]
    if phases > known.phases or total > known.total:
        missing = "by phase" if phases > known.phases else "in total"
        learned.lacks.append(f"it tells {name} {missing}, of which the twin has no value")
        phases, total = phases and known.phases, total and known.total
    if (phases or total) and (phases, total) != (row_.phases, row_.total):
        learned.change(3, name, phases=phases, total=total)


# --- keys ---


def _keys(facts: Mapping[str, str], published: Behaviour, learned: Learned) -> None:
    known = {name.lower(): key for name, key in published.keys.items()}
    for name, key in published.keys.items():
        if "[" in key.name:
            continue
        if facts.get(f"key.{name}.known") == "no" and key.support != "missing":
            learned.change(key.table, key.name, support="missing")
    for name in _told(facts):
        base = known.get(name.lower())
        if base is None:
            _new_key(name, facts, learned)
        elif _stands_alone(base, published):
            _key(name, base, facts, published, learned)


def _told(facts: Mapping[str, str]) -> Iterator[str]:
    for fact in facts:
        if fact.startswith("key.") and fact.endswith(".told"):
            yield fact.removeprefix("key.").removesuffix(".told")


def _stands_alone(key: Key, published: Behaviour) -> bool:
    """Rows that stand for several keys are the hardware's, and never probed."""
    return any(one.name == key.name for one in published.rows(key.table))


def _new_key(name: str, facts: Mapping[str, str], learned: Learned) -> None:
    value = facts.get(f"key.{name}.value", "")
    learned.change(23, name, access=_access(name, facts) or "RW", type="String", default=value)


def _access(name: str, facts: Mapping[str, str]) -> str:
    if facts.get(f"key.{name}.value_told") == "no":
        return "W"
    return {"yes": "R", "no": "RW"}.get(facts.get(f"key.{name}.readonly", ""), "")


def _key(name: str, base: Key, facts: Mapping[str, str], published: Behaviour, learned: Learned) -> None:
    found = _fitted(name, _first_guess(name, base, facts), facts, published)
    changed = {
        part: getattr(found, part)
        for part in ("support", "access", "type", "default", "min", "max", "raised_to", "reboot", "pattern",
                     "measurands", "wire")
        if getattr(found, part) != getattr(base, part)
    }  # fmt: skip
    if changed.get("wire") == base.name:
        del changed["wire"]
    if "max" in changed and changed["max"] is None:
        changed["max"] = INT_LIMIT
    if "min" in changed and changed["min"] is None:
        changed["min"] = -INT_LIMIT - 1
    if changed:
        learned.change(base.table, base.name, **changed)
    wrong = _wrong(name, found, facts, published)
    learned.lacks += [
        f"{name}: {value!r} got {answer}, which the twin does not say" for value, answer in wrong
    ]


def _first_guess(name: str, base: Key, facts: Mapping[str, str]) -> Key:
    """The row with everything that is told outright."""
    guess = base
    if base.support == "missing":
        guess = guess._replace(support="yes", default=base.default or "")
    access = _access(name, facts)
    value = facts.get(f"key.{name}.value")
    if access:
        guess = guess._replace(access=access)
    if value is not None and not base.from_station and base.wire not in FROM_BOOT and not protected(name):
        guess = _with_default(guess, value)
    if name != base.wire:
        guess = guess._replace(wire=name)
    if facts.get(f"key.{name}.same") in TAKEN:
        guess = guess._replace(reboot=facts[f"key.{name}.same"] == "RebootRequired")
    return _with_range(name, guess, facts)


def _with_default(guess: Key, value: str) -> Key:
    """A default with {n} stands for one item a channel."""
    return guess if initial(guess, CHANNELS) == value else guess._replace(default=value, channels="")


def _with_range(name: str, guess: Key, facts: Mapping[str, str]) -> Key:
    for part, far in (("lowest", -INT_LIMIT - 1), ("highest", INT_LIMIT)):
        told = facts.get(f"key.{name}.{part}")
        if told is None or guess.type != "Int":
            continue
        number, _, answer = told.partition(": ")
        value = None if int(number) == far else int(number)
        kept = answer.partition("kept ")[2].strip("'")
        if part == "lowest":
            raised = int(kept) if kept.isdigit() and guess.support != "hardcoded" else 0
            guess = guess._replace(min=value, raised_to=raised)
        else:
            guess = guess._replace(max=value)
    return guess


def _fitted(name: str, guess: Key, facts: Mapping[str, str], published: Behaviour) -> Key:
    """Of the rows that come into question the first under which the twin says most nearly the same."""
    rows = list(_candidates(name, guess, facts))
    return min(rows, key=lambda one: len(_wrong(name, one, facts, published)))


def _candidates(name: str, guess: Key, facts: Mapping[str, str]) -> Iterator[Key]:
    yield guess
    other = "yes" if guess.support in ("hardcoded", "unused") else "hardcoded"
    yield guess._replace(support=other)
    free = guess._replace(min=None, max=None, raised_to=0, pattern="", measurands=False)
    for support in (guess.support, other):
        for kind in ("Int", "Bool", "String", "CSL"):
            plain = free._replace(support=support, type=kind)
            yield _with_range(name, plain, facts)
            if kind == "CSL":
                yield plain._replace(measurands=True)
        taken = [_value(fact) for fact, answer in _trials(name, facts) if answer.partition(",")[0] in TAKEN]
        pattern = "|".join(_escaped(value) for value in dict.fromkeys([*taken, str(guess.default or "")]))
        yield free._replace(support=support, type="String", pattern=pattern)


def _trials(name: str, facts: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(fact, answer) for fact, answer in facts.items() if fact.startswith(f"key.{name}.takes[")]


def _value(fact: str) -> str:
    return fact.partition("takes[")[2].removesuffix("]")


def _escaped(value: str) -> str:
    return "".join(
        char if char.isalnum() else f"[{char}]" if char not in "^\\]" else f"\\{char}" for char in value
    )


def _wrong(name: str, row_: Key, facts: Mapping[str, str], published: Behaviour) -> list[tuple[str, str]]:
    """Values of which the twin would say something else under this row, with what the unit said."""
    old = facts.get(f"key.{name}.value", "")
    told = [(_value(fact), answer) for fact, answer in _trials(name, facts)]
    for part in ("lowest", "highest"):
        number, _, answer = facts.get(f"key.{name}.{part}", "").partition(": ")
        told += [(number, answer)] if answer else []
    return [(value, answer) for value, answer in told if _said(row_, value, old, facts, published) != answer]


def _said(row_: Key, value: str, old: str, facts: Mapping[str, str], published: Behaviour) -> str:
    """What the twin says, in the probe's words."""
    measurands = {
        name: one for name, one in published.measurands.items() if facts.get(f"measurand.{name}", "") in TAKEN
    } or published.measurands  # fmt: skip
    try:
        kept = normal(row_, value, CHANNELS, measurands)
    except ValueError:
        return "Rejected"
    if row_.access == "R":
        return "Rejected"
    if row_.support == "hardcoded":
        status, kept = facts.get("policy.hardcoded_write", published.policy("hardcoded_write")), old
        return status if status == "Rejected" or kept == value else f"{status}, kept {kept!r}"
    status = "RebootRequired" if row_.reboot else "Accepted"
    return status if kept == value else f"{status}, kept {kept!r}"


def _limits(facts: Mapping[str, str], published: Behaviour, learned: Learned) -> None:
    """Limits that were found by trying: the twin goes by one value for what it tells and what it does."""
    for fact, wire in LIMITS.items():
        found = facts.get(fact, "")
        key = published.keys[wire]
        told = facts.get(f"key.{wire}.value")
        if not found.isdigit():
            continue
        if told is None and found != key.default:
            learned.change(key.table, key.name, default=found)
        elif told is not None and told != found:
            learned.lacks.append(f"{wire} tells {told}, {found} was found: the twin does what it tells")


def _inline(values: Mapping[str, Any]) -> str:
    return "{ " + ", ".join(f"{name} = {_toml(value)}" for name, value in values.items()) + " }"


def _toml(value: Any) -> str:
    return json.dumps(value).replace("\x7f", "\\u007f")


def _blocks_before_boot(facts: Mapping[str, str], published: Behaviour, learned: Learned) -> None:
    """com_Options tells where it dials in, and so is never noted: BlockBeforeBoot shows in what it does."""
    found = facts.get("effect.BlockBeforeBoot")
    key = published.keys["com_Options"]
    if found is None or facts.get("effect.AllowOfflineTxForUnknownId.true") != "begins":
        return
    wanted = f"{BLOCKS}={int(found == 'begins nothing')}"
    default = str(key.default)
    if wanted not in default.split(","):
        items = [wanted if one.startswith(BLOCKS) else one for one in default.split(",")]
        learned.change(key.table, key.name, default=",".join(items))
