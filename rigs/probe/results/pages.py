"""The pages for people: the sheet as it was seen, and what SetChargingProfile supports, with its evidence."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from evc5.rigs.probe.groups.forms import FORMS, Form
from evc5.rigs.probe.results.seen import NOT_SEEN, Cell, SeenRow
from evc5.rigs.probe.runner import DONE, Finding
from evc5.twin.sheet.policies import POLICIES
from evc5.twin.sheet.rows import TABLES, Key, Message

MARK = "≠"
OFFER, CURRENT = "Current.Offered", "Current.Import"


def sheet(rows: Sequence[SeenRow], findings: Mapping[str, Finding], about: Mapping[str, str]) -> str:
    """Tables 1 to 23 in the layout of the published sheet as they were seen, and what has no table."""
    lines = [f"# What {about['identity']} supports", "", *_about(about), *_differences(rows)]
    for number, table in TABLES.items():
        lines += ["", f"## Table {number}. {table.title}", ""]
        own = [row for row in rows if row.table == number]
        if not own:
            lines.append("The published table has no row.")
        elif table.kind is Key:
            lines += _keys(own)
        else:
            lines += _supports(own, "Message" if table.kind is Message else "Value")
    lines += ["", "## The link", "", *_table(FOUND, [_fact(*one, findings, NO_SOCKET) for one in LINK])]
    lines += ["", "## Open questions of sheet and standard, as it answers them", ""]
    lines += _table(("Question", "Answer", "Probe"), list(_policies(findings, POLICIES)))
    return "\n".join(lines) + "\n"


def _about(about: Mapping[str, str]) -> list[str]:
    return [
        f"Regenerated from its behaviour by evc5 probe on {about['at']}: {about['counts']}.",
        f"“{NOT_SEEN}” is no “no”: nothing that was asked could show it, and the remark says why. "
        f"{MARK} marks what the published sheet ({about['published']}) says otherwise.",
        "",
        about["restored"],
    ]


def _differences(rows: Sequence[SeenRow]) -> list[str]:
    found = [(row, cell) for row in rows for cell in row.differences]
    lines = ["", "## Differences from the published sheet", ""]
    if not found:
        return [*lines, "None."]
    table = [
        (str(row.table), _code(row.name), cell.column, cell.published, cell.seen, cell.why)
        for row, cell in found
    ]
    return [*lines, *_table(("Table", "Row", "Column", "Published", "Seen", "Evidence"), table)]


def _supports(rows: Sequence[SeenRow], kind: str) -> list[str]:
    cells = [(_code(row.name), _shown(row.cells[0]), _beside(row)) for row in rows]
    return _table((kind, "Support", "Remark"), cells)


def _keys(rows: Sequence[SeenRow]) -> list[str]:
    table = []
    for row in rows:
        cells = {cell.column: cell for cell in row.cells}
        there = next(iter(row.cells))
        columns = (cells.get("Access"), cells.get("Type"))
        told_beside = [cell for cell in row.cells if _is_told_beside(cell)]
        more = [f"{cell.column.lower()}: {_shown(cell)}" for cell in told_beside]
        explained = [cell for cell in row.cells if cell.differs or not cell.seen or cell.column == "Access"]
        told = "; ".join([*more, *filter(None, [_remark(row, explained)])])
        table.append(
            (_code(row.name), _shown(there), *(_shown(cell) if cell else "" for cell in columns), told)
        )
    return _table(("Variable/Key name", "There", "Access", "Type", "Value, remark"), table)


def _beside(row: SeenRow) -> str:
    """The remark of a row of messages or values, with what is said of single fields."""
    more = [f"{cell.column}: {_shown(cell)}" for cell in row.cells[1:]]
    return "; ".join([*filter(None, [_remark(row, row.cells[:1])]), *more])


def _is_told_beside(cell: Cell) -> bool:
    """Has it no column of its own? That a key is spelt as published goes without saying."""
    return cell.column not in ("Key", "Access", "Type") and (cell.column != "Spelling" or cell.differs)


def _shown(cell: Cell) -> str:
    if not cell.seen:
        return NOT_SEEN if cell.column != "Type" else f"({cell.published})"
    return f"{MARK} {cell.seen}" if cell.differs else cell.seen


def _remark(row: SeenRow, cells: Sequence[Cell]) -> str:
    whys = dict.fromkeys(cell.why for cell in cells if cell.why and cell.column != "Type")
    return "; ".join([*whys, *filter(None, [f"published: {row.remark}" if row.remark else ""])])


# --- SetChargingProfile ---


def charging(findings: Mapping[str, Finding], facts: Mapping[str, str], about: Mapping[str, str]) -> str:
    """The answer to the sheet's open issue."""
    lines = [
        f"# What SetChargingProfile supports: {about['identity']}",
        "",
        f"Found by evc5 probe on {about['at']}; the frames of each row stand in sheet.json under the probe "
        "named. Composites are levels in order of time, limit/numberPhases; those of connector 1 unless "
        "connector 0 was asked.",
        "",
        *_summary(facts),
        "",
        "## Limits",
        "",
        *_table(("What", "Found", "Its key tells", "Probe"), list(_limits(facts))),
        "",
        "## Forms",
        "",
        f"Without any profile of ours: {facts.get('composite.bare.1.A', NOT_SEEN)} A, "
        f"{facts.get('composite.bare.1.W', NOT_SEEN)} W.",
        "",
        *_table(("Form", "Standard", "Answer", "Composite in A", "in W", "Cleared by its id", "Probe"),
                [_form(form, findings, facts) for form in FORMS]),
        "",
        "## How profiles go together",
        "",
        *_table(FOUND, [_fact(name, fact, findings, NOT_SEEN) for name, fact in TOGETHER]),
        "",
        "## What a car then draws",
        "",
        *_table(FOUND, [_fact(name, fact, findings, NEEDS_A_CAR) for name, fact in DRAWN]),
        "",
        "## Open questions of the standard, as it answers them",
        "",
        *_table(("Question", "Answer", "Probe"), list(_policies(findings, CHARGING_POLICIES))),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


FOUND = ("What", "Found", "Probe")
NEEDS_A_CAR = f"{NOT_SEEN} (--session)"
DRAWN = (
    ("before", "follow.before"),
    ("… by an instrument", "follow.before.instrument"),
    *(
        (f"{what}{more}", f"follow.{limit}{fact}")
        for limit, what in (("8", "under a TxProfile of 8 A"), ("5.9", "… of 5.9 A"), ("0", "… of 0 A"))
        for more, fact in (
            ("", ""),
            (": by an instrument", ".instrument"),
            (": the offer follows", f".{OFFER}.after"),
            (": the current follows", f".{CURRENT}.after"),
            (": the status then", ".status"),
        )
    ),
    ("when they are cleared", "follow.after"),
    ("under numberPhases 1", "follow.phases_1"),
    ("a TxProfile with the transaction's id", "charging.TxProfile.right_id"),
    ("… with another id", "charging.TxProfile.wrong_id"),
    ("… without id", "charging.TxProfile.no_id"),
    ("a profile with RemoteStartTransaction", "session.remote_start.profile"),
    ("two cars under one ChargePointMaxProfile", "session.sharing"),
    ("a limit below chg_MinChargingCurrent, 10 A", "effect.chg_MinChargingCurrent"),
)
TOGETHER = (
    ("equal purpose, connector and stack level: 12 A, then 8 A", "charging.replace.holds"),
    ("… and when the second is cleared", "charging.replace.then"),
    ("two stack levels: 12 A, and above it 8 A", "charging.stack.holds"),
    ("… and when the upper is cleared", "charging.stack.then"),
    ("TxDefaultProfile: 12 A at connector 1, higher 8 A at connector 0", "charging.precedence.holds"),
    ("ChargePointMaxProfile 8 A over 12 A", "charging.max_8_over_12.1"),
    ("ChargePointMaxProfile 14 A over 12 A", "charging.max_14_over_12.1"),
    ("14 A on one phase with 12 A on three", "charging.merged_phases"),
    ("ClearChargingProfile with an id that nobody has", "charging.clear.unused_id"),
    ("… with its id and another stack level", "charging.clear.id_and_other_level"),
    ("a profile while chg_Options ChgProf is 0", "charging.ChgProf_0"),
    ("… and the composite then", "charging.ChgProf_0.composite"),
)
LINK = (
    ("subprotocols that it offers", "link.subprotocols"),
    ("credentials", "link.credentials"),
    ("TLS", "link.tls"),
    ("certificate of its own", "link.client_certificate"),
    ("compression that it offers", "link.compression"),
    ("pings follow WebSocketPingInterval", "effect.WebsocketPingInterval"),
)
NO_SOCKET = f"{NOT_SEEN}: a twin in memory has no socket, or link.handshake was not run"
WHY_NO_ANSWER = "no probe that was run shows it (evc5 probe --list: --session, --disruptive)"
HIDDEN_POLICIES = {
    "after_power_loss": "only a cut of the mains shows it (--faults)",
    "assumed_keys": "only a fault that a key masks shows it (--faults)",
}
CHARGING_POLICIES = (
    "gap", "txdefault_precedence", "merge_phases", "watts_to_amps", "phases_impossible",
    "recurring_before_start", "relative_without_transaction", "absolute_without_start",
    "recurring_without_start", "txprofile_without_transaction_id", "clear_id_with_filters", "bad_connector",
    "over_limit", "remote_start_profile",
)  # fmt: skip


def _summary(facts: Mapping[str, str]) -> list[str]:
    """How many forms of the standard it takes, and which not; which it takes beyond."""
    plain = facts.get("charging.plain", "")
    if plain != "Accepted":
        return [f"**It takes no profile**: {plain or 'none was tried'}."]
    tried = [form for form in FORMS if f"charging.{form.name}" in facts]
    taken = {form.name for form in tried if facts[f"charging.{form.name}"] == "Accepted"}
    own = [form for form in tried if form.standard]
    refused = [form.asks for form in own if form.name not in taken]
    beyond = [form.asks for form in tried if not form.standard and form.name in taken]
    lines = [f"**Of {len(own)} forms that the standard has it takes {len(own) - len(refused)}.**"]
    lines += [f"It refuses {_list(refused)}."] if refused else []
    lines += (
        [f"Of those that the standard forbids or leaves open it takes {_list(beyond)}."] if beyond else []
    )
    return [" ".join(lines), "", *_follows(facts)]


def _follows(facts: Mapping[str, str]) -> list[str]:
    """Whether what a car is offered and draws keeps to a limit, and how soon."""
    if "follow.8" not in facts:
        return ["Whether a car's current follows was not seen (--session)."]
    told = [
        (name, facts.get(f"follow.8.{one}.after")) for name, one in (("offer", OFFER), ("current", CURRENT))
    ]
    ways = [f"the {name} follows {after}" for name, after in told if after is not None]
    lines = [
        f"**A limit of 8 A in a running transaction: {_list(ways)}.**"
        if ways
        else "Whether a limit is followed nothing tells: it sends neither Current.Import nor Current.Offered."
    ]
    instrument = facts.get("follow.8.instrument")
    lines += [
        f"An instrument showed {facts.get('follow.before.instrument')} before and {instrument} then."
        if instrument
        else "No instrument of ours measured what flowed."
    ]
    lines += (
        [f"Below 6 A: {facts['follow.5.9']}, status {facts.get('follow.5.9.status', NOT_SEEN)}."]
        if "follow.5.9" in facts
        else []
    )
    return [" ".join(lines)]


def _list(words: Sequence[str]) -> str:
    return ", ".join(words)


def _limits(facts: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    for what, fact, key, probe in (
        ("highest stack level", "charging.max_stack_level", "ChargeProfileMaxStacklevel", "charging.levels"),
        (
            "periods of a schedule",
            "charging.max_periods",
            "ChargingScheduleMaxPeriods",
            "charging.max_periods",
        ),
        (
            "profiles installed",
            "charging.max_profiles",
            "MaxChargingProfilesInstalled",
            "charging.max_profiles",
        ),
        ("beyond the highest level", "charging.over_limit", "", "charging.levels"),
        ("one profile too many", "charging.too_many_profiles", "", "charging.max_profiles"),
    ):
        told = facts.get(f"key.{key}.value", "the key is missing" if key else "")
        yield what, facts.get(fact, NOT_SEEN), told, _code(probe)


def _form(form: Form, findings: Mapping[str, Finding], facts: Mapping[str, str]) -> tuple[str, ...]:
    name = f"charging.{form.name}"
    finding = findings.get(name)
    answer = facts.get(
        name, NOT_SEEN if finding is None or finding.state == DONE else f"{NOT_SEEN}: {finding.why}"
    )
    then = (facts.get(f"{name}.{part}", "") for part in ("composite.A", "composite.W", "cleared"))
    return form.asks, "yes" if form.standard else "no, or left open", answer, *then, _code(name)


def _policies(findings: Mapping[str, Finding], names: Iterable[str]) -> Iterator[tuple[str, ...]]:
    for name in names:
        otherwise = f"{NOT_SEEN}: {HIDDEN_POLICIES.get(name, WHY_NO_ANSWER)}"
        yield _fact(POLICIES[name].question, f"policy.{name}", findings, otherwise)


def _fact(what: str, fact: str, findings: Mapping[str, Finding], otherwise: str) -> tuple[str, ...]:
    """A row: what it is, what was found, and the probe that found it."""
    by = next((one for one in reversed(list(findings.values())) if fact in one.facts), None)
    return (what, otherwise, "") if by is None else (what, by.facts[fact], _code(by.probe))


# --- Markdown ---


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [_line(head), _line(["---"] * len(head)), *(_line(row) for row in rows)]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    """One cell's text: what a unit says must not end the cell."""
    return " ".join(text.replace("|", "\\|").split())


def _code(text: str) -> str:
    return f"`{text}`"
