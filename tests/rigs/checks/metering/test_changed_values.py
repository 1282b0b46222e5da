"""Values of shipped rigs changed at random instants: each is found, and every value is accounted for."""

import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from evc5.rigs.bench.rig import Rig
from evc5.rigs.checks import judge

TRUE_VALUES = "metering.true-values"
TRUE_ENERGY = "metering.true-energy"
REGISTER_ONLY = "bad-day"  # it tells nothing else, and a register is held against the energy that flowed
RIGS = ("bad-day", "balancing", "first-charge", "hot-day", "week", "month", "year")
CHANGES = 200
AROUND_S = 1.5  # a meter may answer from so long before or after its stamp
# How each measurand is told and how exactly: EN 50470-3 class B and the last digit; pilot 0.1 % of duty.
PHASED = {"Current.Import": "i{}_a", "Voltage": "u{}_v", "Current.Offered": "offered{}_a"}
WHOLE = {"SoC": "soc", "Temperature": "temp_c", "Power.Active.Import": "p_w", "Power.Factor": "pf"}
PART = {"Voltage": 0.01, "Current.Import": 0.01, "Current.Offered": 0.01, "Power.Active.Import": 0.02}
AMOUNT = {
    **{"Voltage": 0.5, "Current.Import": 0.1, "Current.Offered": 0.1},
    **{"SoC": 1.0, "Temperature": 1.0, "Power.Active.Import": 20.0},
}
SCALE = {"SoC": 100.0}


@dataclass
class Told:
    """One value of a MeterValues frame, with its instant and connector."""

    line: int
    t_s: float
    connector: int
    sampled: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.sampled.get("measurand", "Energy.Active.Import.Register"))

    @property
    def column(self) -> str | None:
        """Of telemetry, which shows phases or the total, not both."""
        phase = str(self.sampled.get("phase", ""))[1:2]
        named = PHASED.get(self.name) if phase else WHOLE.get(self.name)
        return None if named is None else named.format(phase)


class Recorded:
    """The frames of a run and its telemetry."""

    def __init__(self, run: Path) -> None:
        self.run = run
        self.rows = [json.loads(text) for text in (run / "messages.jsonl").read_text().splitlines()]
        self.start = datetime.fromisoformat(json.loads((run / "summary.json").read_text())["start"])
        table = pq.read_table(run / "telemetry.parquet")
        which = table["connector"].to_numpy()
        numbers = [name for name in table.column_names if name[-2:] in ("_a", "_v", "_w", "_c")]
        columns = {name: table[name].to_numpy() for name in ("t", "soc", "pf", *numbers)}
        self.telemetry = {
            c: {name: values[which == c] for name, values in columns.items()} for c in np.unique(which)
        }

    def values(self) -> Iterator[Told]:
        """Each that telemetry shows, of each message once."""
        seen = set()
        for line, row in enumerate(self.rows):
            frame = row["frame"]
            if row["dir"] != "up" or frame[0] != 2 or frame[2] != "MeterValues":
                continue
            payload = json.dumps(frame[3], sort_keys=True)
            if payload in seen:
                continue  # sent again
            seen.add(payload)
            for reading in frame[3]["meterValue"]:
                at = datetime.fromisoformat(reading["timestamp"])
                for sampled in reading["sampledValue"]:
                    told = Told(line, (at - self.start).total_seconds(), frame[3]["connectorId"], sampled)
                    if told.column is not None:
                        yield told

    def span(self, told: Told) -> tuple[float, float]:
        """The lowest and the highest that may have stood there: of the rows around its instant."""
        columns = self.telemetry[told.connector]
        t_s, values = columns["t"], columns[told.column or ""] * SCALE.get(told.name, 1.0)
        first = max(int(np.searchsorted(t_s, told.t_s - AROUND_S, side="right")) - 1, 0)
        last = min(int(np.searchsorted(t_s, told.t_s + AROUND_S)), len(t_s) - 1)
        around = values[first : last + 1]
        return float(np.nanmin(around)), float(np.nanmax(around))

    def shows(self, told: Told, changed: float) -> bool:
        """Is a changed value off by more than twice the tolerance?"""
        low, high = self.span(told)
        tolerance = AMOUNT[told.name] + PART.get(told.name, 0.0) * abs(high)
        return changed < low - 2.0 * tolerance or changed > high + 2.0 * tolerance

    def write(self, into: Path) -> Path:
        shutil.copytree(self.run, into)
        lines = (json.dumps(row, separators=(",", ":")) + "\n" for row in self.rows)
        (into / "messages.jsonl").write_text("".join(lines))
        return into


def row_of(run: Path, requirement: str = TRUE_VALUES) -> dict[str, Any]:
    return next(row for row in judge(run).requirements if row["id"] == requirement)


def changed(told: Told, alike: list[Told], dice: random.Random) -> float:
    """Doubled, halved, or that of another connector or time."""
    value = float(told.sampled["value"])
    return dice.choice((2.0 * value, value / 2.0, float(dice.choice(alike).sampled["value"])))


@pytest.mark.soak
@pytest.mark.parametrize("rig", [rig for rig in RIGS if rig != REGISTER_ONLY])
def test_every_value_changed_by_more_than_twice_the_tolerance_is_found(rig: str, tmp_path: Path) -> None:
    Rig.load(rig).run(out=str(tmp_path / "run"))
    recorded = Recorded(tmp_path / "run")
    sound = row_of(tmp_path / "run")
    values = [told for told in recorded.values() if told.name in AMOUNT]
    alike: dict[str, list[Told]] = {}
    for told in values:
        alike.setdefault(told.name, []).append(told)
    dice = random.Random(rig)
    expected = 0
    for told in dice.sample(values, len(values)):
        value = changed(told, alike[told.name], dice)
        if recorded.shows(told, value):
            told.sampled["value"] = f"{value:.2f}"
            expected += 1
        if expected == CHANGES:
            break
    found = row_of(recorded.write(tmp_path / "changed"))
    assert (sound["failures"], found["failures"], expected) == (0, CHANGES, CHANGES)


@pytest.mark.soak
def test_every_register_doubled_or_halved_is_found(tmp_path: Path) -> None:
    Rig.load(REGISTER_ONLY).run(out=str(tmp_path / "run"))
    recorded = Recorded(tmp_path / "run")
    registers = [
        sampled
        for row in recorded.rows
        if row["dir"] == "up" and row["frame"][0] == 2 and row["frame"][2] == "MeterValues"
        for reading in row["frame"][3]["meterValue"]
        for sampled in reading["sampledValue"]
        if "phase" not in sampled and float(sampled["value"]) > 200.0
    ]
    dice = random.Random(REGISTER_ONLY)
    for sampled in dice.sample(registers, CHANGES):
        sampled["value"] = f"{float(sampled['value']) * dice.choice((2.0, 0.5)):.0f}"
    sound = row_of(tmp_path / "run", TRUE_ENERGY)
    found = row_of(recorded.write(tmp_path / "changed"), TRUE_ENERGY)
    assert sound["failures"] == 0
    assert found["failures"] >= CHANGES  # the sample after a changed one differs from it as well


@pytest.mark.soak
@pytest.mark.parametrize("rig", RIGS)
def test_every_value_of_a_shipped_rig_is_compared_or_has_its_reason(rig: str, tmp_path: Path) -> None:
    Rig.load(rig).run(out=str(tmp_path / "run"))
    found = row_of(tmp_path / "run")
    told = sum(1 for _ in Recorded(tmp_path / "run").values())
    assert found["count"] + sum(found["not_compared"].values()) == told
