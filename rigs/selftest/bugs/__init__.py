"""Bugs to seed into the twin, one by one, so that the rig proves that its checks are sharp."""

from collections.abc import Sequence

from evc5.rigs.errors import BadInput
from evc5.rigs.rigfile.messages import nearest
from evc5.rigs.selftest.bug import Bug
from evc5.rigs.selftest.bugs import (
    charging,
    conduct,
    electrical,
    metering,
    moments,
    protocol,
    sheet,
    transactions,
)

BUGS: tuple[Bug, ...] = (
    *protocol.BUGS,
    *transactions.BUGS,
    *metering.BUGS,
    *charging.BUGS,
    *electrical.BUGS,
    *sheet.BUGS,
    *conduct.BUGS,
    *moments.BUGS,
)
"""All of them, family by family."""


def chosen(names: Sequence[str]) -> tuple[Bug, ...]:
    """The bugs of these names, all where none is named; BadInput for one that there is not."""
    known = {bug.name: bug for bug in BUGS}
    for name in names:
        if name not in known:
            raise BadInput(f"--bug {name}: no such bug{nearest(name, list(known))}")
    return tuple(known[name] for name in names) or BUGS


__all__ = ["BUGS", "Bug", "chosen"]
