"""What a change of the limit costs: a profile in, the pilot moved, the car's ramp, its rows of telemetry."""

import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from evc5.rigs.bench.bench import Bench
from evc5.rigs.speed.reference_load import charging

CHANGES = 300
EVERY_S = 10.0  # the car has followed by then (5 s, IEC 61851-1)
LIMITS_A = (10.0, 16.0)


def ms_per_change(changes: int = CHANGES) -> float:
    """Milliseconds from one accepted profile to the next, with everything recorded."""
    with tempfile.TemporaryDirectory(prefix="evc5-bench-") as scratch:
        bench = charging(Path(scratch) / "run")
        began = perf_counter()
        for n in range(changes):
            _change(bench, LIMITS_A[n % len(LIMITS_A)])
        bench.close()
        return (perf_counter() - began) / changes * 1000.0


def _change(bench: Bench, limit_a: float) -> None:
    answer = bench.call("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": _profile(limit_a)})
    bench.advance(EVERY_S)
    offered_a = bench.assembly.world.outlet(1).offered_a
    if answer != {"status": "Accepted"} or offered_a != limit_a:
        raise RuntimeError(f"the limit must be {limit_a:g} A, got {offered_a:g} A ({answer})")


def _profile(limit_a: float) -> dict[str, Any]:
    period = {"startPeriod": 0, "limit": limit_a}
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]},
    }
