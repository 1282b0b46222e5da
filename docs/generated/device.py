"""The device as data: configuration keys, policies, faults and cars."""

from evc5.models import faults as electrical
from evc5.models.vehicles import presets
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.keys import initial
from evc5.twin.sheet.policies import POLICIES
from evc5.twin.sheet.rows import TABLES, Key
from generated.markdown import code, page, prose, table


def policies() -> str:
    about = """
Where the EVC5's sheet and the standard leave a question open, the answer is a policy. A behaviour answers
each; a rig changes one in `[station.policies]`, `evc5 verify` in `--policy NAME=VALUE`. The judge follows
the run's own policies.
"""
    shipped = [Behaviour.load(name) for name in Behaviour.shipped()]
    head = ("policy", "question", "choices", *(code(behaviour.name) for behaviour in shipped))
    rows = [
        (
            code(name),
            prose(policy.question),
            "\n".join(map(code, policy.choices)),
            *(code(behaviour.policies[name]) for behaviour in shipped),
        )
        for name, policy in POLICIES.items()
    ]
    return page("Policies", about, table(head, rows))


def configuration_keys() -> str:
    about = """
The keys of tables 5 to 23 of the sheet, as `GetConfiguration` tells them: `RW` may be changed over the
wire, `R` read, `W` written only. A rig sets any of them before the first boot in `[station.keys]`. Two
behaviours differ where a cell shows two values: the sheet's (`evc5-v32r30`) and the standard's (`ocpp16`).
`evc5 sheet` prints all that the sheet says, messages and measurands too.
"""
    sections = []
    for number, kind in TABLES.items():
        if kind.kind is Key:
            sections.append(f"## Table {number}. {kind.title}\n\n{_keys(number)}")
    return page("Configuration keys", about, *sections)


def _keys(number: int) -> str:
    sheet, standard = (
        {row.name: row for row in Behaviour.load(name).rows(number) if isinstance(row, Key)}
        for name in ("evc5-v32r30", "ocpp16")
    )
    rows = []
    for name in dict.fromkeys([*sheet, *standard]):
        both = [rows_[name] for rows_ in (sheet, standard) if name in rows_]
        rows.append(
            (
                code(name),
                _either(row.type for row in both),
                _either(row.access for row in both),
                _either(code(initial(row, 2)) or "–" for row in both),
                _either(row.remark for row in both),
            )
        )
    return table(("key", "type", "access", "first value", "remark"), rows)


def _either(texts: object) -> str:
    return "\n".join(dict.fromkeys(str(text) for text in texts))  # type: ignore[attr-defined]


def faults() -> str:
    about = """
A fault is put in with `[[faults]]` in a rig file or `bench.inject(name, connector=…)`, and taken out with
`clear_at` or `bench.clear(…)`. What it does electrically stands here; what the station says of it follows
from the sheet.
"""
    rows = [(code(name), prose(effect.does)) for name, effect in electrical.EFFECTS.items()]
    return page("Faults", about, table(("fault", "what it does"), rows))


def vehicles() -> str:
    about = """
The cars that a rig may name, beside those it describes itself in [`[[vehicles]]`](rig-file.md). Amps are
per phase.
"""
    rows = [
        (
            code(car.id),
            car.name,
            f"{car.usable_wh / 1000:g}",
            str(car.phases),
            f"{car.max_a:g}",
            f"{car.min_a:g}",
            car.source,
        )
        for car in sorted(presets().values(), key=lambda car: car.id)
    ]
    head = ("vehicle", "name", "usable kWh", "phases", "max A", "min A", "source")
    return page("Vehicles", about, table(head, rows))
