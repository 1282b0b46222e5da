"""What the metal taught that is no firmware's: its unit's meter, heat, cars and line, as a rig that loads."""

from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from statistics import median
from typing import Any

from evc5.models.derating import Staircase
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.rigfile.toml import dumps
from evc5.rigs.shadow.car import LEARNED as OF_CAR
from evc5.rigs.shadow.seen import DERATING, GAIN, GIVEN_BACK, NOT_TOLD, RAMP, Learned

LEAST_HYSTERESIS_K = 0.1  # assumed: what is given back sooner is noise
BEHAVIOUR = "behaviour.toml"  # beside it
HEAD = """\
# Learned by a shadow: the rig that it had, with what the metal taught. It is loaded by
#   evc5 shadow RUN --rig {name}
# Each value is the median of what was seen:
"""


def learned_rig(rig: RigFile, found: Sequence[Learned], replies_s: Sequence[float], name: str) -> str:
    """TOML: the shadow's rig, changed to what was learned; comments say how often and how far apart."""
    changes: dict[str, Any] = {"station.behaviour": BEHAVIOUR, "csms.asks_keys": None}
    keys = (GAIN, RAMP, DERATING, GIVEN_BACK, NOT_TOLD)
    by_key = {key: [one for one in found if one.key == key] for key in keys}
    for gain in by_key[GAIN]:
        changes["station.meter.gain_error_pct"] = round(gain.value, 3)
        changes["station.meter.class_pct"] = max(rig.station.meter.class_pct, float(ceil(abs(gain.value))))
    if by_key[RAMP]:
        changes["vehicles"] = [*_cars(rig, by_key[RAMP])]
    if by_key[DERATING]:
        rows = _derating(rig.station.rated_a, by_key[DERATING], by_key[GIVEN_BACK])
        changes["derating"] = {"table": [list(row) for row in rows]}
    told = [f"#   {one}" for some in by_key.values() for one in some]
    if replies_s:
        changes["station.latency_s"] = round(median(replies_s) / 2.0, 4)
        told.append(f"#   station.latency_s = half of {min(replies_s):.3f} to {max(replies_s):.3f} s,"
                    f" {len(replies_s)} answers seen")  # fmt: skip
    table = _changed(rig.table(), changes)
    return HEAD.format(name=name) + "\n".join([*told, ""]) + "\n" + dumps(table)


def _changed(table: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with other values at these key paths; None leaves one out."""
    made: dict[str, Any] = {
        key: dict(value) if isinstance(value, dict) else value for key, value in table.items()
    }
    for path, value in changes.items():
        *above, last = path.split(".")
        inner = made
        for key in above:
            inner[key] = dict(inner.get(key, {}))
            inner = inner[key]
        if value is None:
            inner.pop(last, None)
        else:
            inner[last] = value
    return made


def _cars(rig: RigFile, ramps: Sequence[Learned]) -> Iterator[dict[str, Any]]:
    """The rig's own cars as they were, those whose current was seen to rise with their ramp.

    A preset is what it is: beside it stands one that is like it, which a shadow takes instead.
    """
    by_car = {one.of: round(one.value, 3) for one in ramps}
    own = [dict(one) for one in rig.table().get("vehicles", ())]
    for entry in own:
        told = by_car.pop(entry["id"], None)
        yield entry if told is None else {**entry, "ramp_up_a_s": told}
    known = {entry["id"] for entry in own}
    for name, ramp in by_car.items():
        if name in rig.cars and f"{name}{OF_CAR}" not in known:
            yield {"id": f"{name}{OF_CAR}", "like": name, "ramp_up_a_s": ramp}


def _derating(
    rated_a: float, taken: Sequence[Learned], given: Sequence[Learned]
) -> list[tuple[float, float, float]]:
    """Rows of a table, cool to hot; where giving back was not seen, by the usual hysteresis.

    A step that came no hotter than a smaller one is none of the temperature that was told.
    """
    back = {one.amps[0]: one.value for one in given}
    usual_k = Staircase().hysteresis_k
    rows: list[tuple[float, float, float]] = []
    for one in sorted(taken, key=lambda one: -one.amps[1]):
        up_c, share = round(one.value, 2), round(min(one.amps[1] / rated_a, 1.0), 4)
        down_c = min(back.get(one.amps[1], up_c - usual_k), up_c - LEAST_HYSTERESIS_K)
        if not rows or (up_c > rows[-1][0] and share < rows[-1][1]):
            least_c = rows[-1][2] if rows else down_c
            rows.append((up_c, share, round(max(down_c, least_c), 2)))
    return rows
