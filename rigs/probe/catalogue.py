"""All probes, in the order in which they run: reading first, what restarts the unit last."""

from evc5.rigs.probe.groups import charging, effects, keys, link, measurands, messages, sessions, triggers
from evc5.rigs.probe.probe import DISRUPTIVE, Probe, by_name
from evc5.twin.sheet.behaviour import Behaviour


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
        *sessions.probes(),
    ]
    by_name(found)
    return sorted(found, key=lambda probe: probe.needs == DISRUPTIVE)


def groups(probes: list[Probe]) -> list[str]:
    return list(dict.fromkeys(probe.group for probe in probes))
