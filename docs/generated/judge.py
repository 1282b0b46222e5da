"""What the judge requires, with its sources and tolerances; and the bugs that prove it sharp."""

import ast
import inspect
from itertools import groupby

from evc5.rigs.checks.state import tolerances
from evc5.rigs.checks.verdict.catalogue import TABLE
from evc5.rigs.selftest.bugs import BUGS
from generated.markdown import code, page, prose, table


def requirements() -> str:
    about = f"""
Every verdict lists these {len(TABLE)} requirements. The first word of an id is its family, and the family
has a room of its own in `rigs/checks`. [Seeded bugs](seeded-bugs.md) tells which defects each is known to
catch.
"""
    seeded = {bug.check for bug in BUGS}
    parts = []
    for family, rows in groupby(sorted(TABLE, key=lambda row: row.id.partition(".")[0]), _family):
        cells = [(_linked(row.id, seeded), row.title, row.source) for row in rows]
        parts.append(f"## {family}\n\n{table(('requirement', 'promise', 'source'), cells)}")
    return page("Requirements", about, *parts, _tolerances())


def _linked(id_: str, seeded: set[str]) -> str:
    """The id, with a way to its seeded bugs where it has some."""
    return f"[{code(id_)}](seeded-bugs.md#{_anchor(id_)})" if id_ in seeded else code(id_)


def _family(row: object) -> str:
    return str(row.id).partition(".")[0]  # type: ignore[attr-defined]


def _anchor(id_: str) -> str:
    return id_.replace(".", "")


def _tolerances() -> str:
    about = "How far the measured may be from the expected; `[checks.tolerances]` of a rig changes them."
    rows = [
        (code(name), code(f"{value:g}"), prose(why)) for name, value, why in _commented(tolerances.Tolerances)
    ]
    return f"## Tolerances\n\n{about}\n\n{table(('tolerance', 'default', 'why'), rows)}"


def _commented(kind: type) -> list[tuple[str, float, str]]:
    """The fields of a dataclass, with the comment that each bears in the source."""
    lines = inspect.getsource(kind).splitlines()
    body = ast.parse("\n".join(lines)).body[0]
    assert isinstance(body, ast.ClassDef)
    found = []
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
            why = lines[node.lineno - 1].partition("# ")[2]
            found.append((name, float(getattr(kind(), name)), why))
    return found


def seeded_bugs() -> str:
    about = f"""
`evc5 selftest` seeds {len(BUGS)} bugs into the twin, one by one, and sees that the requirement named
beforehand fails. `--bug NAME` tries one.
"""
    parts = []
    for check, bugs in groupby(sorted(BUGS, key=lambda bug: bug.check), lambda bug: bug.check):
        rows = [(code(bug.name), prose(bug.models), bug.clause, code(bug.rig)) for bug in bugs]
        cells = table(("bug", "what the firmware does", "breaks", "rig"), rows)
        parts.append(f"## {check} {{ #{_anchor(check)} }}\n\n{cells}")
    return page("Seeded bugs", about, *parts)
