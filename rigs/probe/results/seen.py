"""The published sheet's rows as the probes saw them: what holds, what differs, what nobody could see."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evc5.rigs.keeper.danger import protected
from evc5.rigs.probe.groups.forms import FORMS
from evc5.rigs.probe.groups.measurands import ALL
from evc5.rigs.probe.groups.triggers import MESSAGES as TRIGGERS
from evc5.rigs.probe.results.effects_seen import UNUSED, USED, effect
from evc5.rigs.probe.runner import Finding
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.rows import TABLES, Key, Measurand, Message, Row, Value

UNKNOWN_ACTION = ("CALLERROR NotSupported", "CALLERROR NotImplemented")
OVERVIEW, CORE, SECURITY, VENDORS = 1, 2, 12, 23  # tables
NEVER_SENT = "never sent"
REMOTE_START = (  # section 3.1.3: field, the policy that tells what becomes of it, FW-610 and FW-611
    ("chargingProfile", "remote_start_profile", "ignored"),
    ("idTag", "remote_start_id_tag", "never-checked"),
)
PARTS = {  # of messages: the facts that tell of each part
    "TriggerMessage": tuple(f"trigger.{name}" for name in TRIGGERS),
    "MeterValues": tuple(f"measurand.{name}" for name in ALL),
    "SetChargingProfile": tuple(f"charging.{form.name}" for form in FORMS if form.standard),
}
NOT_SEEN = "not seen"
SILENT = "no answer"
EMPTY = "(empty)"


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of one row: what is published, what was seen ("": could not be), and why."""

    column: str
    published: str
    seen: str
    why: str = ""

    @property
    def differs(self) -> bool:
        """Does what was seen contradict what is published? Not being seen contradicts nothing."""
        return bool(self.seen) and self.seen != self.published


@dataclass(frozen=True, slots=True)
class SeenRow:
    """One row of one table."""

    table: int
    name: str
    cells: tuple[Cell, ...]
    remark: str = ""

    @property
    def differences(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.differs]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What there is to see with: facts, and the unit's own CALLs."""

    facts: Mapping[str, str]
    findings: Mapping[str, Finding]
    sent: frozenset[str]  # actions
    statuses: frozenset[str]
    errors: frozenset[str]
    fields: Mapping[str, frozenset[str]]  # of the unit's own CALLs, by action: which were ever sent

    @classmethod
    def of(cls, findings: Mapping[str, Finding], more: Iterable[Sequence[Any]] = ()) -> "Evidence":
        """`more`: frames beside those of the probes, as those of the boot."""
        facts = {name: value for one in findings.values() for name, value in one.facts.items()}
        frames = [*more, *(frame for one in findings.values() for frame in one.frames)]
        calls = [frame for way, frame in frames if way == "up" and frame[0] == 2 and len(frame) == 4]
        told = [
            frame[3] for frame in calls if frame[2] == "StatusNotification" and isinstance(frame[3], dict)
        ]
        return cls(
            facts,
            findings,
            frozenset(frame[2] for frame in calls),
            frozenset(str(one.get("status")) for one in told),
            frozenset(str(one.get("errorCode")) for one in told),
            _fields(calls),
        )

    def why_not(self, probe: str) -> str:
        """Why a probe saw nothing."""
        finding = self.findings.get(probe)
        return finding.why if finding is not None and finding.why else "nothing told it"


def _fields(calls: Iterable[Sequence[Any]]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for call in calls:
        if isinstance(call[3], dict):
            found.setdefault(call[2], set()).update(call[3])
    return {action: frozenset(fields) for action, fields in found.items()}


def seen_rows(evidence: Evidence, published: Behaviour) -> list[SeenRow]:
    """Tables 1 to 23, in the sheet's order, and what the unit has beyond them."""
    rows = [_row(row, evidence) for number in TABLES for row in published.rows(number)]
    return [*rows, *_beyond(evidence, published)]


def _row(row: Row, evidence: Evidence) -> SeenRow:
    cells: tuple[Cell, ...]
    if isinstance(row, Message):
        cells = (_support(row, evidence), *_noted(row, evidence))
    elif isinstance(row, Measurand):
        cells = (_measured(row, evidence),)
    elif isinstance(row, Value):
        cells = (_value(row, evidence),)
    else:
        cells = tuple(_key(row, evidence))
    return SeenRow(row.table, row.name, cells, row.remark)


# --- messages ---


def _support(row: Message, evidence: Evidence) -> Cell:
    published = row.support
    if row.initiator == "Charge Point":
        return _initiated(row, evidence)
    answer = evidence.facts.get(f"message.{row.action}")
    if row.action == "SetChargingProfile":
        answer = evidence.facts.get("charging.plain", answer)
    if answer is None or answer == SILENT:
        return Cell("Support", published, "", evidence.why_not(f"message.{row.action}"))
    if answer in UNKNOWN_ACTION:
        return Cell("Support", published, "no", answer)
    return _known(row, evidence.facts, answer)


def _initiated(row: Message, evidence: Evidence) -> Cell:
    if row.table == SECURITY:
        return Cell("Support", row.support, "", "the unit would send it by itself, and did not")
    if row.action not in evidence.sent:
        return Cell("Support", row.support, "", "it was not sent while the probes ran")
    return _known(row, evidence.facts, "it was sent")


def _known(row: Message, facts: Mapping[str, str], why: str) -> Cell:
    """A message that it knows: in all its parts, or in some? The overview does not ask that."""
    missing = _missing_part(row.action, facts) if row.table != OVERVIEW else ""
    if missing:
        return Cell("Support", row.support, "partially", missing)
    untried = [name for name in PARTS.get(row.action, ()) if name not in facts]
    if untried and row.support == "partially":
        return Cell("Support", row.support, "", f"it knows it; not all parts were tried, as {untried[0]}")
    return Cell("Support", row.support, "yes", why)


def _missing_part(action: str, facts: Mapping[str, str]) -> str:
    """What of a message the unit does not do, where it knows it; "" where nothing is known to miss."""
    if action == "TriggerMessage":
        return _listed("not for", _refused(facts, "trigger.", ("NotImplemented",)))
    if action == "MeterValues":
        return _listed("not", [one for one in ALL if facts.get(f"measurand.{one}") == "Rejected"])
    if action == "SetChargingProfile":
        refused = [
            form.name for form in FORMS if form.standard and _is_refused(facts, f"charging.{form.name}")
        ]
        switch = facts.get("key.ConnectorSwitch3to1PhaseSupported.value")
        fixed = (
            []
            if switch in (None, "true")
            else ["numberPhases (ConnectorSwitch3to1PhaseSupported is not true)"]
        )
        return _listed("not", [*refused, *fixed])
    return ""


def _refused(facts: Mapping[str, str], prefix: str, answers: Sequence[str]) -> list[str]:
    names = (
        name.removeprefix(prefix)
        for name, value in facts.items()
        if name.startswith(prefix) and value in answers
    )
    return [name for name in names if "." not in name]


def _is_refused(facts: Mapping[str, str], name: str) -> bool:
    return facts.get(name, "Accepted") not in ("Accepted", SILENT)


def _listed(word: str, names: Sequence[str]) -> str:
    return f"{word} {', '.join(names)}" if names else ""


def _noted(row: Message, evidence: Evidence) -> Iterator[Cell]:
    """What the sheet says of a message beside its table: fields that are never sent, or never looked at."""
    for field in row.omits:
        told = evidence.fields.get(row.action)
        seen = "" if told is None else "sent" if field in told else NEVER_SENT
        yield Cell(
            field, NEVER_SENT, seen, "" if told is not None else "it was not sent while the probes ran"
        )
    if row.table == CORE and row.action == "RemoteStartTransaction":
        for field, policy, published in REMOTE_START:
            seen = evidence.facts.get(f"policy.{policy}", "")
            yield Cell(field, published, seen, "by a session" if seen else "needs a session")


# --- values ---


def _measured(row: Measurand, evidence: Evidence) -> Cell:
    answer = evidence.facts.get(f"measurand.{row.name}")
    if (
        answer is None or answer == SILENT or answer in UNKNOWN_ACTION
    ):  # ChangeConfiguration itself is refused
        return Cell("Support", row.support, "", answer or evidence.why_not(f"measurand.{row.name}"))
    phases = evidence.facts.get(f"measurand.{row.name}.phases", "")
    if answer in ("Accepted", "RebootRequired"):
        return Cell("Support", row.support, "yes", phases)
    if "meter supports" in row.remark:
        return Cell("Support", row.support, "", "not with this kWh meter")
    return Cell("Support", row.support, "no", answer)


def _value(row: Value, evidence: Evidence) -> Cell:
    if row.table == 11:
        answer = evidence.facts.get(f"trigger.{row.name}")
        if answer is None or answer == SILENT:
            return Cell("Support", row.support, "", evidence.why_not(f"trigger.{row.name}"))
        return Cell("Support", row.support, "yes" if answer == "Accepted" else "no", answer)
    told = evidence.statuses if row.table == 4 else evidence.errors
    if row.name in told:
        return Cell("Support", row.support, "yes", "it was told")
    return Cell("Support", row.support, "", "it did not come up")


# --- keys ---


def _key(row: Key, evidence: Evidence) -> Iterator[Cell]:
    """Whether it is there; its access; its value or range where the sheet tells one."""
    for key in row.each:
        yield from _single(key, evidence.facts)


def _single(row: Key, facts: Mapping[str, str]) -> Iterator[Cell]:
    name = row.wire
    published = "missing" if row.support == "missing" else "there"
    known = {"yes": "there", "no": "missing"}.get(facts.get(f"key.{name}.known", ""), "")
    yield Cell(
        "Key" if row.wire == row.name else name,
        published,
        known,
        "asked by its name: keys.asked" if known else "nothing told it",
    )
    if known != "there":
        return
    yield Cell("Spelling", name, _spelling(name, facts), "as keys.told found it")
    row = row._replace(wire=_spelling(name, facts) or name)  # under which all else of it was noted
    if row.table != VENDORS:
        yield Cell(
            "Access",
            row.access,
            _access(row, facts),
            "" if row.support == "missing" else _answers(row, facts),
        )
        yield Cell("Type", row.type, _type(row, facts), "by what it takes")
        yield from _effect(row, facts)
    if row.support == "hardcoded" and isinstance(row.default, str):
        value = facts.get(f"key.{row.wire}.value")
        seen = "" if value is None else value or EMPTY
        yield Cell("Value", row.default or EMPTY, seen, "as keys.told found it")
        if row.access == "RW":
            yield Cell("Changes", "never", _changes(row, facts), f"by writing it: keys.{row.wire}")
    if row.raised_to:
        expected = f"{row.min}: Accepted, kept '{row.raised_to}'"
        tried = f"by writing it: keys.{row.wire}"
        yield Cell("Lowest", expected, facts.get(f"key.{row.wire}.lowest", ""), tried)
        yield Cell("Highest", f"{row.max}: Accepted", facts.get(f"key.{row.wire}.highest", ""), tried)


def _effect(row: Key, facts: Mapping[str, str]) -> Iterator[Cell]:
    found = effect(row.name, row.support == "unused", facts)
    if found is not None:
        yield Cell("Effect", UNUSED if row.support == "unused" else USED, *found)


def _spelling(name: str, facts: Mapping[str, str]) -> str:
    """The key as the unit writes it, "" where it is not among those that it tells."""
    own = (fact.removeprefix("key.").removesuffix(".told") for fact in facts if fact.endswith(".told"))
    return next((one for one in own if one.lower() == name.lower()), "")


def _access(row: Key, facts: Mapping[str, str]) -> str:
    if facts.get(f"key.{row.wire}.value_told") == "no":
        return "W"
    return {"yes": "R", "no": "RW"}.get(facts.get(f"key.{row.wire}.readonly", ""), "")


def _answers(row: Key, facts: Mapping[str, str]) -> str:
    same = facts.get(f"key.{row.wire}.same")
    if same is None:
        why = protected(row.wire)
        return f"never written: it {why}" if why else ""
    return f"its own value: {same}"


def _type(row: Key, facts: Mapping[str, str]) -> str:
    """What the values that it takes have in common; "" where that does not tell."""
    taken = {value: facts.get(f"key.{row.wire}.takes[{value}]") for value in ("true", "1", "1.5", "abc", "")}
    known = {value: _is_taken(answer) for value, answer in taken.items() if answer is not None}
    if row.type == "Int" and known.get("1"):
        return "Int" if not known.get("abc") and not known.get("1.5") else "String"
    if row.type == "Bool" and known.get("true"):
        return "Bool" if not known.get("1") and not known.get("abc") else "String"
    return ""  # a list of one item is a text


def _is_taken(answer: str) -> bool:
    return answer.partition(",")[0] in ("Accepted", "RebootRequired")


def _changes(row: Key, facts: Mapping[str, str]) -> str:
    """Was any other value kept of it?"""
    tried = {
        name: answer for name, answer in facts.items()
        if name.startswith(f"key.{row.wire}.takes[") and _is_taken(answer)
    }  # fmt: skip
    old = facts.get(f"key.{row.wire}.value")
    kept = [
        name
        for name, answer in tried.items()
        if answer in ("Accepted", "RebootRequired") and f"[{old}]" not in name
    ]
    return "" if not tried else "yes" if kept else "never"


# --- beyond the sheet ---


def _beyond(evidence: Evidence, published: Behaviour) -> Iterator[SeenRow]:
    """Keys and measurands that the unit has and the sheet does not name."""
    names = {name.lower() for name in published.keys}
    for fact in evidence.facts:
        if fact.startswith("key.") and fact.endswith(".told"):
            name = fact.removeprefix("key.").removesuffix(".told")
            if name.lower() not in names:
                yield SeenRow(VENDORS, name, (Cell("Key", "not named", "there"),))
    for name in ALL:
        if name not in published.measurands and evidence.facts.get(f"measurand.{name}") == "Accepted":
            yield SeenRow(3, name, (Cell("Support", "not named", "yes"),))
