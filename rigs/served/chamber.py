"""The air of a rig as a chamber is to follow it."""

from collections.abc import Iterator

from evc5.models import heat
from evc5.models.units import DAY_S
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.rigfile.world import given

EVERY_S = 600.0  # assumed: a chamber needs minutes for a kelvin
NOTICED_K = 0.2  # assumed: less is what a chamber swings by


def temperatures(rig: RigFile) -> Iterator[tuple[float, float]]:
    """Seconds of the rig and the °C to set then; what the sun adds to an enclosure a chamber cannot."""
    start = rig.start.astimezone(rig.zone)
    began_s = start.hour * 3600.0 + start.minute * 60.0 + start.second
    air = heat.Ambient(**given(rig.ambient))
    told_c = None
    t_s = 0.0
    while t_s < rig.days * DAY_S:
        temp_c = air.air_c((began_s + t_s) % DAY_S)
        if told_c is None or abs(temp_c - told_c) >= NOTICED_K:
            told_c = round(temp_c, 1)
            yield t_s, told_c
        t_s += EVERY_S
