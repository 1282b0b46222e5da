"""Bugs to seed into the twin, one by one, so that the rig proves that its checks are sharp."""

from collections.abc import Sequence

from evc5.rigs.errors import BadInput
from evc5.rigs.rigfile.messages import nearest
from evc5.rigs.selftest.bug import Bug
from evc5.rigs.selftest.bugs import (
    authorisation,
    charging,
    composite,
    device,
    electrical,
    files,
    readings,
    requests,
    sampling,
    status,
    transactions,
    wire,
)

BUGS: tuple[Bug, ...] = (
    *wire.BUGS,
    *status.BUGS,
    *transactions.BUGS,
    *authorisation.BUGS,
    *sampling.BUGS,
    *readings.BUGS,
    *charging.BUGS,
    *composite.BUGS,
    *electrical.BUGS,
    *device.BUGS,
    *requests.BUGS,
    *files.BUGS,
)
"""All of them, in the families that the requirements come in."""


def chosen(names: Sequence[str]) -> tuple[Bug, ...]:
    """The bugs of these names, all where none is named; BadInput for one that there is not."""
    known = {bug.name: bug for bug in BUGS}
    for name in names:
        if name not in known:
            raise BadInput(f"--bug {name}: no such bug{nearest(name, list(known))}")
    return tuple(known[name] for name in names) or BUGS


__all__ = ["BUGS", "Bug", "chosen"]
