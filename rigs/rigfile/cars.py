"""The cars a rig may use: the presets, and those that the rig file describes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, Strict

from evc5.models.curve import Curve
from evc5.models.vehicles import Vehicle, presets
from evc5.rigs.errors import BadInput
from evc5.rigs.rigfile import curve_file
from evc5.rigs.rigfile.fields import Many, Table
from evc5.rigs.rigfile.messages import nearest, shown

Point = Annotated[tuple[float, float], Strict(False)]


class CarEntry(Table):
    """A car of the rig's own: `like` a preset but for what is given, or described from the start."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="how sessions name it")
    like: str | None = Field(default=None, description="the preset that it starts from")
    name: str | None = Field(default=None, description="for people")
    usable_wh: float | None = Field(default=None, description="of the battery, Wh")
    phases: int | None = Field(default=None, description="of the on-board charger: 1, 2 or 3")
    max_a: float | None = Field(default=None, description="per phase")
    min_a: float | None = Field(default=None, description="least offer at which it charges on one phase")
    min_3p_a: float | None = Field(default=None, description="the same on two or three phases")
    undershoot_a: float | None = Field(default=None, description="how far below the offer it stays at max_a")
    loss_a_w: float | None = Field(
        default=None, description="losses = loss_a_w + loss_b * power at the inlet"
    )
    loss_b: float | None = Field(default=None, description="see loss_a_w; a fraction")
    reactive_a: float | None = Field(default=None, description="reactive current of its filter, A per phase")
    reaction_s: float | None = Field(
        default=None, description="from a change of the pilot to the current's, s"
    )
    start_s: float | None = Field(default=None, description="from mains at the inlet to the first current, s")
    ramp_up_a_s: float | None = Field(default=None, description="how fast current rises, A/s")
    ramp_down_a_s: float | None = Field(default=None, description="how fast it falls, A/s")
    standby_w: float | None = Field(
        default=None, description="drawn in state B through a closed contactor, W"
    )
    standby_a: float | None = Field(default=None, description="its current, A on L1")
    stops_without_pwm: bool | None = Field(default=None, description="false: draws on until it is cut off")
    resumes_after_phase_change: bool | None = Field(
        default=None, description="false: only a new plug-in or a pilot interruption wakes it"
    )
    ventilation: bool | None = Field(default=None, description="asks for it: state D instead of C")
    preheat_w: float | None = Field(default=None, description="drawn on L1 after full")
    preheat_s: float | None = Field(default=None, description="for so long, s")
    sleep_after_s: float | None = Field(
        default=None, description="without an offer for so long it sleeps; pilot F for wake_s wakes it"
    )
    wake_s: float | None = Field(default=None, description="pilot interruption that wakes it, s")
    acceptance: Many[Point] | None = Field(
        default=None, description="least temperature of the pack and rate it accepts: [°C, 1/h] points"
    )
    battery_tau_s: float | None = Field(
        default=None, description="time constant of the pack's temperature, s"
    )
    battery_rise_k: float | None = Field(
        default=None, description="how much charging warms the pack above the air in the end, K"
    )
    curve: Many[Point] | str | None = Field(
        default=None,
        description="what the battery accepts: [SoC, kW] points, or a CSV file with columns "
        "soc (0-1) or soc_pct, kw or w",
    )


def cars(entries: Sequence[CarEntry], folder: Path) -> dict[str, Vehicle]:
    """Presets and the rig's own by id; files are relative to `folder`. BadInput names key and value."""
    known = dict(presets())
    for index, entry in enumerate(entries):
        if entry.id in known:
            raise BadInput(
                f"vehicles[{index}].id must not be a preset's or given twice, got {shown(entry.id)}"
            )
        known[entry.id] = _car(entry, f"vehicles[{index}]", known, folder)
    return known


def car(name: str, key: str, known: Mapping[str, Vehicle]) -> Vehicle:
    """The car of that id; BadInput names the key that asked for it."""
    if name not in known:
        raise BadInput(
            f"{key} must be a preset or one of [[vehicles]], got {shown(name)}{nearest(name, list(known))}"
        )
    return known[name]


def _car(entry: CarEntry, key: str, known: Mapping[str, Vehicle], folder: Path) -> Vehicle:
    given = entry.model_dump(exclude={"like", "curve"}, exclude_none=True)
    if entry.like is None:
        for required in ("usable_wh", "phases", "max_a"):
            if required not in given:
                raise BadInput(f"{key}.{required} is required where {key}.like names no preset")
    try:
        base = car(entry.like, f"{key}.like", known) if entry.like else None
        made = _made(base, given)
        if not entry.curve:
            return made
        points = curve_file.points(folder / entry.curve, key) if isinstance(entry.curve, str) else entry.curve
        return replace(made, curve=Curve.from_kw(points, made.usable_wh))
    except BadInput:
        raise
    except ValueError as error:
        raise BadInput(f"{key}.{str(error).removeprefix(f'vehicle {entry.id}: ')}") from None


def _made(base: Vehicle | None, given: Mapping[str, Any]) -> Vehicle:
    if base:
        return replace(base, source="rig file", **given)
    return Vehicle(**{"name": given["id"], "source": "rig file", **given})
