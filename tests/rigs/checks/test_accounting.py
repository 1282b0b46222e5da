"""Every reading is accounted for: compared with telemetry, or counted with the reason why not."""

import json
import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from handmade import START, Charge, Handmade, at, healthy

from evc5.rigs.checks import Verdict, judge

SHOWN = {  # measurands of the handmade station that telemetry shows, and on how many phases it tells them
    **{"Current.Import": 3, "Voltage": 3, "Current.Offered": 3},
    **{"SoC": 1, "Temperature": 1},
}
MIDNIGHT_S = 86_400.0 - START.hour * 3600.0
NIGHT = (Charge(1, 600, 630, 20 * 3600.0, 20.5 * 3600), Charge(2, 1800, 1815, 70_000, 70_060))
LATENCIES_S = (0.0, 0.05, 1.0, 20.0)


def row(verdict: Verdict, id: str = "metering.true-values") -> dict[str, Any]:
    return next(one for one in verdict.requirements if one["id"] == id)


def told(made: Handmade) -> int:
    """Values of MeterValues that telemetry shows."""
    return sum(
        1
        for line in made.calls("MeterValues")
        for reading in line["frame"][3]["meterValue"]
        for value in reading["sampledValue"]
        if value["measurand"] in SHOWN
    )


def late(made: Handmade, by_s: float) -> None:
    """Every meter value is told so long after it was taken."""
    for line in made.calls("MeterValues"):
        taken_s = line["t"]
        reply = made.reply_to(line)
        line["t"], line["at"] = taken_s + by_s, at(taken_s + by_s)
        reply["t"], reply["at"] = taken_s + by_s + 0.01, at(taken_s + by_s + 0.01)


@pytest.mark.slow
@pytest.mark.parametrize("latency_s", LATENCIES_S)
def test_every_value_is_compared_or_has_its_reason_over_midnight(latency_s: float, tmp_path: Path) -> None:
    made = healthy(NIGHT, end=24 * 3600.0)
    late(made, latency_s)
    found = row(judge(made.write(tmp_path / "run")))
    assert found["count"] + sum(found["not_compared"].values()) == told(made)
    assert found["count"] > 0.9 * told(made)


@pytest.mark.slow
def test_values_that_no_telemetry_shows_are_no_comparisons(tmp_path: Path) -> None:
    made = healthy(telemetry=False)
    found = row(judge(made.write(tmp_path / "run")))
    assert (found["count"], found["verdict"]) == (0, "NOT JUDGED")


@pytest.mark.slow
def test_telemetry_that_ends_early_leaves_what_comes_after_it_with_its_reason(tmp_path: Path) -> None:
    made = healthy()
    made.rows = [one for one in made.rows if one["t"] <= 7000.0]
    found = row(judge(made.write(tmp_path / "run")))
    last_s = max(one["t"] for one in made.rows)
    after = [line for line in made.calls("MeterValues") if line["t"] > last_s + 2.0]
    assert found["not_compared"]["taken after the last row of the telemetry"] == 11 * len(after)
    assert found["count"] + sum(found["not_compared"].values()) == told(made)


Change = Callable[[float], float]
CHANGES: dict[str, Change] = {"doubled": lambda v: 2.0 * v, "halved": lambda v: v / 2.0}


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_a_value_doubled_or_halved_at_any_instant_is_found(change: str, tmp_path: Path) -> None:
    """Also at the edges: the first and the last reading, and those about midnight."""
    made = healthy(NIGHT, end=24 * 3600.0)
    # Before a step of the current all between two rows may stand; they are a minute apart at most.
    steps = [t for charge in NIGHT for t in (charge.start, charge.stop)]
    lines = [
        line
        for line in made.calls("MeterValues")
        if "transactionId" in line["frame"][3] and all(not -2.0 <= t - line["t"] <= 62.0 for t in steps)
    ]
    edges = [0, len(lines) - 1, *np.argsort([abs(line["t"] - MIDNIGHT_S) for line in lines])[:6].tolist()]
    changed = set(edges) | set(random.Random(1).sample(range(len(lines)), 40))
    for k in changed:
        values = lines[k]["frame"][3]["meterValue"][0]["sampledValue"]
        one = next(value for value in values if value["measurand"] == "Current.Import")
        one["value"] = f"{CHANGES[change](float(one['value'])):.1f}"
    found = row(judge(made.write(tmp_path / "run")))
    assert found["failures"] == len(changed)


@pytest.mark.slow
def test_values_of_two_connectors_swapped_are_found_on_both(tmp_path: Path) -> None:
    charges = (Charge(1, 600, 630, 7230, 7500, amps=16.0), Charge(2, 600, 630, 7230, 7500, amps=8.0))
    made = healthy(charges)
    first, second = (made.meter_values("Sample.Periodic", connector)[10] for connector in (1, 2))
    one, other = (line["frame"][3]["meterValue"][0]["sampledValue"] for line in (first, second))
    for a, b in zip(one, other, strict=True):
        if a["measurand"] == "Current.Import":
            a["value"], b["value"] = b["value"], a["value"]
    verdict = judge(made.write(tmp_path / "run"))
    assert row(verdict)["failures"] == 6


@pytest.mark.slow
def test_the_parts_of_a_day_lose_no_value_between_them(tmp_path: Path) -> None:
    """Parts may be closed at any moment; a reading of that moment belongs to one of them."""
    made = healthy()
    whole = row(judge(made.write(tmp_path / "whole")))
    directory = made.write(tmp_path / "parts") / "telemetry.parquet"
    (path,) = directory.glob("*.parquet")
    table = pq.read_table(path)
    t = table["t"].to_numpy()
    path.unlink()
    edges = [-1.0, 899.0, 900.0, 1935.0, 1935.03, 7230.0, 1e9]
    for n, (since, until) in enumerate(pairwise(edges)):
        rows = (t > since) & (t <= until)
        if rows.any():
            pq.write_table(table.filter(rows), directory / f"part-{n:05}.parquet")
    parts = row(judge(tmp_path / "parts"))
    assert parts["failures"] == 0
    assert parts["count"] + sum(parts["not_compared"].values()) == told(made)
    assert parts["count"] >= whole["count"] - 11


@pytest.mark.slow
def test_the_summary_carries_the_account(tmp_path: Path) -> None:
    verdict = judge(healthy().write(tmp_path / "run"))
    text = json.dumps(verdict.summary())
    assert json.loads(text)["requirements"] == verdict.requirements
