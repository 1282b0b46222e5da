"""Where a recording's telemetry is cut into files is nobody's business: every requirement counts the same."""

from pathlib import Path
from shutil import copytree

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from edges.short import profile

from evc5 import Bench
from evc5.rigs.checks import judge

OFFERS = ((8.0, 3), (6.0, 1), (10.0, 3), (0.0, 3))  # A a phase, and on how many: each holds for six hours


@pytest.fixture(scope="module")
def three_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("three") / "run"
    with Bench(out=directory, start="2024-03-02T00:00:00Z", phase_switching=True) as bench:
        bench.plug_in(1, "vw-id3-58", soc=0.1)
        bench.present_tag(1, "TAG1")
        for limit_a, phases in OFFERS * 3:
            wire = profile(limit_a, phases=phases)
            bench.call("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": wire})
            bench.advance(6 * 3600 - 1)
    return directory


def cut(directory: Path, every_s: float) -> None:
    """Its telemetry anew, in files of so many seconds."""
    parts = sorted((directory / "telemetry.parquet").glob("*.parquet"))
    rows = pa.concat_tables([pq.read_table(part) for part in parts])
    for part in parts:
        part.unlink()
    which = (np.asarray(rows["t"]) // every_s).astype(int)
    for n in sorted(set(which.tolist())):
        pq.write_table(rows.filter(pa.array(which == n)), parts[0].with_name(f"part-{n:05}.parquet"))


@pytest.mark.slow
@pytest.mark.parametrize("hours", [1000, 7, 1])
def test_every_requirement_counts_the_same_wherever_the_parts_end(
    three_days: Path, hours: int, tmp_path: Path
) -> None:
    copytree(three_days, tmp_path / "cut")
    cut(tmp_path / "cut", hours * 3600.0)
    told, cut_so = judge(three_days).requirements, judge(tmp_path / "cut").requirements
    assert [row for row in cut_so if row not in told] == []
    assert [row["count"] for row in told if row["id"] == "electrical.pwm-period"] == [8]
