"""A bench at its beginning: booted, before the boot, or beside a back office that does not want it yet."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from local_csms import until, websocket_server
from office import Office
from places import ROOT

from evc5 import Bench

START = datetime(2024, 3, 1, 10, tzinfo=UTC)
FIRST = """
import time
from datetime import UTC, datetime
from evc5 import Bench

with Bench(csms="{url}", pace=1.0, start="now") as bench:
    time.sleep(0.3)
    print(min(((bench.now - datetime.now(UTC)).total_seconds() for _ in range(20)), key=abs))
"""


@pytest.mark.parametrize("latency_s", [0.0, 0.05, 5.0])
def test_a_bench_with_a_latency_is_booted_too(latency_s: float) -> None:
    bench = Bench(start=START, latency_s=latency_s)
    assert bench.assembly.station.agent.registration == "Accepted"
    assert bench.now == START + timedelta(seconds=latency_s)


def test_a_bench_that_is_not_booted_can_be_told_how_its_boot_is_answered() -> None:
    bench = Bench(start=START, booted=False)
    assert bench.assembly.station.agent.registration == ""
    bench.csms.reply(
        "BootNotification",
        {"status": "Rejected", "currentTime": "2024-03-01T10:00:00Z", "interval": 120},
        times=1,
    )
    bench.advance(0)
    assert bench.assembly.station.agent.registration == "Rejected"
    bench.advance(120)
    assert bench.assembly.station.agent.registration == "Accepted"


@pytest.mark.parametrize("latency_s", [0.0, 2.0])
@pytest.mark.parametrize("how", [{"error": "InternalError"}, {"payload": {"status": "Odd"}}])
def test_a_boot_that_is_answered_wrongly_is_answered_all_the_same(
    latency_s: float, how: dict[str, Any]
) -> None:
    """Time stands where the answer came; the station tries again by itself."""
    bench = Bench(start=START, latency_s=latency_s, booted=False)
    bench.csms.reply("BootNotification", times=1, **how)
    assert bench.advance(0).now == START + timedelta(seconds=latency_s)
    assert bench.assembly.station.agent.registration == ""
    assert bench.advance(300).assembly.station.agent.registration == "Accepted"


@pytest.mark.slow
def test_the_first_bench_of_a_process_tells_the_time_of_the_wall_clock_too() -> None:
    """Loading what it needs takes a second then, which must not be taken for the run's."""
    with websocket_server(Office()) as url:
        command = [sys.executable, "-c", FIRST.format(url=url)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert abs(float(told)) < 0.1


@pytest.mark.slow
def test_a_bench_lives_with_a_back_office_that_is_silent_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evc5.twin.line.wire.PATIENCE_S", 0.05)
    with websocket_server(Office(silent_from=0)) as url, Bench(csms=url, start=START) as bench:
        assert bench.assembly.station.agent.registration == ""
        bench.plug_in(1)
        bench.advance(30)
        assert bench.reading(1)["status"] == "Preparing"


@pytest.mark.slow
def test_in_real_time_a_bench_tells_the_time_of_the_wall_clock() -> None:
    """The constructor's own time counts: what is asked for begins at the second that the clock shows."""
    with websocket_server(Office()) as url, Bench(csms=url, pace=1.0, start="now") as bench:
        until(lambda: bench.assembly.station.agent.online, 10.0)
        for _ in range(20):
            assert abs((bench.now - datetime.now(UTC)).total_seconds()) < 0.02
