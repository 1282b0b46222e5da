"""A grid that leaves its band is no fault of the station's, whatever status it takes meanwhile."""

from pathlib import Path
from typing import Any

import pytest

from evc5.rigs.bench.rig import Rig
from evc5.rigs.rigfile.file import RigFile

pytestmark = pytest.mark.slow

SAGS = {
    "below the band": {"factor": 0.7, "phases": [2]},
    "above the band": {"factor": 1.15, "phases": [1, 2, 3]},
    "a dead phase": {"factor": 0.0, "phases": [3]},
    "just below 90 %": {"factor": 0.89, "phases": [1]},
}


def table(**sag: Any) -> dict[str, Any]:
    car = {"plug_in": "30m", "unplug": "5h", "vehicle": "renault-zoe-ze50", "soc": 0.05}
    return {
        "name": "sag",
        "start": "2024-07-10T10:00:00Z",
        "days": 0.25,
        "grid": {"sags": [{"at": "2h", "lasts_s": 600, **sag}]},
        "sessions": [car],
        "recording": {"report": False},
    }


@pytest.mark.parametrize("case", SAGS)
@pytest.mark.parametrize("phases", [1, 3])
def test_a_sag_or_swell_is_nobodys_fault(case: str, phases: int, tmp_path: Path) -> None:
    told = table(**SAGS[case]) | {"station": {"phases": phases}}
    run = Rig(RigFile.parse(told)).run(out=tmp_path / "run")
    assert run.passed, run.findings
