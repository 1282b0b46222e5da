"""The reference load: what a charge point is at its busiest, all day, with everything recorded.

Two connectors in a transaction, MeterValues every 60 s and clock-aligned every 900 s, each with 22 values;
both sides validate every frame, frames and telemetry go to disk.
"""

import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import orjson

from evc5.models.units import DAY_S
from evc5.rigs.bench.bench import Bench
from evc5.rigs.rigfile.file import RigFile

LOAD_DAYS = 3.0
MAXRSS_MB = (1 if sys.platform == "darwin" else 1024) / 1e6  # getrusage: bytes on macOS, KiB elsewhere
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


class Measured(NamedTuple):
    wall_s: float
    frames: int  # CALLs, each with its reply
    payload: dict[str, Any]  # one of its MeterValues


def measured(days: float = LOAD_DAYS) -> Measured:
    """Live through it once."""
    with tempfile.TemporaryDirectory(prefix="evc5-bench-") as scratch:
        directory = Path(scratch) / "run"
        bench = charging(directory)
        began = perf_counter()
        bench.advance(days * DAY_S)
        bench.close()
        wall_s = perf_counter() - began
        return Measured(wall_s, *_recorded(directory / "messages.jsonl"))


def charging(directory: Path, **how: Any) -> Bench:
    """A bench of that station with both connectors in a transaction, recording there."""
    bench = Bench(rig=RigFile.parse(LOAD), out=directory, **how)
    bench.advance(10)  # it has booted
    for connector in (1, 2):
        bench.plug_in(connector, "reference", soc=0.1)
        bench.present_tag(connector, f"TAG{connector}")
    return bench


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
