"""All probes, in the order in which they run: reading first, what restarts the unit last."""

from evc5.rigs.probe.groups import (
    boots,
    charging,
    effects,
    faults,
    keys,
    link,
    local_list,
    measurands,
    messages,
    offline_effects,
    session_effects,
    sessions,
    shares,
    triggers,
)
from evc5.rigs.probe.probe import DISRUPTIVE, FAULTS, Probe, by_name
from evc5.twin.sheet.behaviour import Behaviour

LAST = (DISRUPTIVE, FAULTS)


def catalogue(known: Behaviour) -> list[Probe]:
    """Every probe, for a unit held against this sheet."""
    found = [
        *keys.probes(known),
        *link.probes(),
        *messages.probes(),
        *triggers.probes(),
        *measurands.probes(),
        *charging.probes(),
        *effects.probes(),
        *local_list.probes(),
        *sessions.probes(),
        *session_effects.probes(),
        *offline_effects.probes(),
        *shares.probes(),
        *boots.probes(),
        *faults.probes(),
    ]
    by_name(found)
    return sorted(found, key=lambda probe: LAST.index(probe.needs) if probe.needs in LAST else -1)


def groups(probes: list[Probe]) -> list[str]:
    return list(dict.fromkeys(probe.group for probe in probes))
