"""Do the hours look as if somebody took local time for UTC, or the other way round?

Few people plug in between midnight and five. Where many seem to, and a shift by the zone's own offset would
make them few, the shift is the likelier story. A shift that leaves the night empty cannot be seen this way.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from evc5.rigs.errors import warn
from evc5.rigs.session_data.charge import Charge

NIGHT_END_H = 5  # local; the night begins at midnight
LEAST = 20  # sessions: of fewer, a share says little (assumed)
MANY = 0.25  # of them in the night; evenly spread over the day it were 0.21 (assumed)
FEW = 0.1  # after the shift (assumed)


def warn_where_shifted(name: str, charges: Sequence[Charge], zone: ZoneInfo) -> None:
    """One warning, which says by how much and how it would be right."""
    if len(charges) < LEAST:
        return
    local = [charge.plug_in.astimezone(zone) for charge in charges]
    now = _in_the_night(local)
    if now <= MANY:
        return
    for sign, story in ((-1, "local times that are marked as UTC"), (1, "times of UTC read as local ones")):
        shifted = [at.replace(tzinfo=None) + sign * (at.utcoffset() or timedelta()) for at in local]
        if any(at.utcoffset() for at in local) and _in_the_night(shifted) < FEW:
            offset_h = (local[0].utcoffset() or timedelta()).total_seconds() / 3600.0
            night = f"between 00 and {NIGHT_END_H:02} in {zone.key}"
            warn(
                f"{name}: the hours look shifted by {abs(offset_h):g} h: {now:.0%} of the sessions begin "
                f"{night}; were they {story}, {_in_the_night(shifted):.0%} did"
            )
            return


def _in_the_night(times: Sequence[datetime]) -> float:
    return sum(at.hour < NIGHT_END_H for at in times) / len(times)
