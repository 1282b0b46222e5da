"""The cars a rig may use: the presets, and those that the rig file describes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field, Strict

from models.curve import Curve
from models.vehicles import Vehicle, presets
from rigs.complaints import nearest, shown
from rigs.errors import BadInput
from rigs.fields import Many, Table

Point = Annotated[tuple[float, float], Strict(False)]


class CarEntry(Table):
    """A car of the rig's own: `like` a preset but for what is given, or described from the start."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    like: str | None = Field(default=None, description="the preset that it starts from")
    name: str | None = None
    usable_wh: float | None = None
    phases: int | None = None
    max_a: float | None = Field(default=None, description="per phase")
    min_a: float | None = Field(default=None, description="least offer at which it charges on one phase")
    min_3p_a: float | None = Field(default=None, description="the same on two or three phases")
    undershoot_a: float | None = Field(default=None, description="how far below the offer it stays at max_a")
    loss_a_w: float | None = Field(
        default=None, description="losses = loss_a_w + loss_b * power at the inlet"
    )
    loss_b: float | None = None
    reactive_a: float | None = None
    reaction_s: float | None = None
    start_s: float | None = None
    ramp_up_a_s: float | None = None
    ramp_down_a_s: float | None = None
    standby_w: float | None = None
    standby_a: float | None = None
    curve: Many[Point] | None = Field(default=None, description="what the battery accepts: [SoC, kW] points")


def cars(entries: Sequence[CarEntry]) -> dict[str, Vehicle]:
    """Presets and the rig's own by id; BadInput names key and value."""
    known = dict(presets())
    for index, entry in enumerate(entries):
        if entry.id in known:
            raise BadInput(
                f"vehicles[{index}].id must not be a preset's or given twice, got {shown(entry.id)}"
            )
        known[entry.id] = _car(entry, f"vehicles[{index}]", known)
    return known


def car(name: str, key: str, known: Mapping[str, Vehicle]) -> Vehicle:
    """The car of that id; BadInput names the key that asked for it."""
    if name not in known:
        raise BadInput(
            f"{key} must be a preset or one of [[vehicles]], got {shown(name)}{nearest(name, list(known))}"
        )
    return known[name]


def _car(entry: CarEntry, key: str, known: Mapping[str, Vehicle]) -> Vehicle:
    given = entry.model_dump(exclude={"like", "curve"}, exclude_none=True)
    if entry.like is None:
        for required in ("usable_wh", "phases", "max_a"):
            if required not in given:
                raise BadInput(f"{key}.{required} is required where {key}.like names no preset")
    try:
        base = car(entry.like, f"{key}.like", known) if entry.like else None
        made = _made(base, given)
        return replace(made, curve=Curve.from_kw(entry.curve, made.usable_wh)) if entry.curve else made
    except BadInput:
        raise
    except ValueError as error:
        raise BadInput(f"{key}.{str(error).removeprefix(f'vehicle {entry.id}: ')}") from None


def _made(base: Vehicle | None, given: Mapping[str, Any]) -> Vehicle:
    if base:
        return replace(base, source="rig file", **given)
    return Vehicle(**{"name": given["id"], "source": "rig file", **given})
