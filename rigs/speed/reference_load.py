"""How fast it is: the reference load through the twin, the stock library beside it, and the world alone.

Reference load: two connectors in a transaction all day, MeterValues every 60 s and clock-aligned every 900 s,
each with 22 values; both sides validate every frame, frames and telemetry go to disk.
One core, median of five.
"""

import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from evc5.models.units import DAY_S
from evc5.rigs.bench.bench import Bench
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.speed.acn_sim import acn_days_per_s
from evc5.rigs.speed.stock_ocpp import us_per_round_trip
from evc5.rigs.speed.world import world_days_per_s

RUNS = 5
LOAD_DAYS = 3.0
PHASES = ("L1", "L2", "L3")
VALUES = [  # 6 quantities × 3 phases, and 4 without phase
    "Current.Import", "Voltage", "Current.Offered",
    *(f"Power.Active.Import.{phase}" for phase in PHASES), *(f"Power.Factor.{phase}" for phase in PHASES),
    "Energy.Active.Import.Register",  # bare: by phase and in total
    "SoC", "Frequency", "Temperature",
]  # fmt: skip
LOAD = {
    "name": "reference-load",
    "start": "2024-03-01T00:00:00Z",
    "days": LOAD_DAYS + 1,
    "station": {
        "keys": {
            "chg_KWH1": "EASTR_SDM630,1,9600,N,1",
            "chg_KWH2": "EASTR_SDM630,2,9600,N,1",
            "MeterValueSampleInterval": 60,
            "ClockAlignedDataInterval": 900,
            "MeterValuesSampledData": VALUES,
            "MeterValuesAlignedData": VALUES,
        }
    },
    # A battery that is not full after three days, so that every value moves in every message.
    "vehicles": [{"id": "reference", "like": "vw-id3-58", "usable_wh": 1.5e6}],
}
STOCK_ROUND_TRIPS = 300
WORLD_DAYS = 300
WORLD_ROWS_DAYS = 100
ACN_DAYS = 10


@dataclass(frozen=True, slots=True)
class Result:
    """A frame is one CALL with its reply."""

    days_per_s: float
    frames_per_s: float
    us_per_frame: float
    stock_us_per_frame: float
    stock_ratio: float
    peak_mb: float
    world_days_per_s: float
    world_rows_days_per_s: float
    acn_days_per_s: float | None = None  # ACN-Sim on the same sessions, where acnportal is installed

    def table(self) -> dict[str, float]:
        return four_digits(asdict(self))


def four_digits(figures: Mapping[str, float | None]) -> dict[str, float]:
    """Measured figures as they are told: no more digits than a noisy machine is good for, no missing ones."""
    return {name: float(f"{value:.4g}") for name, value in figures.items() if value is not None}


def run(progress: Callable[[str], None] = lambda _: None) -> Result:
    """Measure everything, on one core."""
    with one_core():
        progress("reference load through the twin")
        reference = [_reference_load() for _ in range(RUNS + 1)][1:]  # the first one warms up
        wall_s, frames, payload = sorted(reference, key=lambda row: row[0])[RUNS // 2]
        progress("the same MeterValues between two stock ocpp charge points")
        stock_us = statistics.median(us_per_round_trip(payload, STOCK_ROUND_TRIPS) for _ in range(RUNS))
        progress("the electrical world alone")
        world = statistics.median(world_days_per_s(WORLD_DAYS) for _ in range(RUNS))
        rows = statistics.median(world_days_per_s(WORLD_ROWS_DAYS, rows=True) for _ in range(RUNS))
        progress("ACN-Sim on the same sessions, where it is installed")
        acn = acn_days_per_s(ACN_DAYS)
    us = wall_s / frames * 1e6
    return Result(
        LOAD_DAYS / wall_s, frames / wall_s, us, stock_us, stock_us / us, peak_mb(), world, rows, acn
    )


def _reference_load() -> tuple[float, int, dict[str, Any]]:
    """Wall seconds and round trips of one run, and one of its MeterValues."""
    with tempfile.TemporaryDirectory(prefix="evc5-bench-") as scratch:
        directory = Path(scratch) / "run"
        bench = Bench(rig=RigFile.parse(LOAD), out=directory)
        bench.advance(10)  # it has booted
        for connector in (1, 2):
            bench.plug_in(connector, "reference", soc=0.1)
            bench.present_tag(connector, f"TAG{connector}")
        began = time.perf_counter()
        bench.advance(LOAD_DAYS * DAY_S)
        bench.assembly.recorder.close(LOAD_DAYS * DAY_S + 10)
        wall_s = time.perf_counter() - began
        frames, payload = _recorded(directory / "messages.jsonl")
    return wall_s, frames, payload


def _recorded(path: Path) -> tuple[int, dict[str, Any]]:
    """How many CALLs there were, and a periodic MeterValues, which must have the 22 values."""
    calls = 0
    sample = b""
    with path.open("rb") as file:
        for line in file:
            calls += b'"frame":[2,' in line
            sample = line if b"Sample.Periodic" in line and b'"MeterValues"' in line else sample
    payload: dict[str, Any] = orjson.loads(sample)["frame"][3]
    values = len(payload["meterValue"][0]["sampledValue"])
    if values != 22:
        raise RuntimeError(f"the reference load must have 22 values a message, got {values}")
    return calls, payload


@contextmanager
def one_core() -> Iterator[None]:
    """Everything within on one core, where the system lets a process choose."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def peak_mb() -> float:
    """The most memory this process has had."""
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage: bytes on macOS, KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
