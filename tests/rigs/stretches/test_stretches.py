"""A recording with quiet stretches rendered at once is that of every instant stepped through, to the byte."""

from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_days import Day
from random_days.steps import Step
from two_ways import difference, lived, rendered

from evc5 import Bench
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.selftest.small_rigs import KEYS, RIGS, SmallRig
from evc5.rigs.stretches import stretch

HOUR = 3600.0
TABLE: dict[str, Any] = {
    "name": "quiet",
    "start": "2024-03-01T22:30:00.250Z",
    "days": 10.0,
    "station": {"keys": KEYS, "latency_s": 0.05},
}


def plays(steps: list[Step], bench: Bench) -> None:
    for step in steps:
        step.do(bench)


def day_differs(seed: int, hours: float) -> tuple[Any, int]:
    """A random day lived through, then played again both ways."""
    day = Day(seed, hours)
    day.run().close()
    return difference(day.table, partial(plays, day.steps))


def charges(bench: Bench) -> None:
    """Both connectors, for hours, over midnight, until a car is full."""
    bench.advance(20)
    for connector, soc in ((1, 0.3), (2, 0.9)):
        bench.plug_in(connector, "vw-id3-58", soc)
        bench.advance(3.7)
        bench.present_tag(connector, f"TAG{connector}")
    bench.advance(4 * HOUR)
    bench.present_tag(1, "TAG1")
    bench.unplug(1)
    bench.advance(HOUR)


def with_station(**station: Any) -> dict[str, Any]:
    """The table with another station; `keys` besides its own."""
    keys = {**KEYS, **station.pop("keys", {})}
    return {**TABLE, "station": {**TABLE["station"], **station, "keys": keys}}


@pytest.mark.slow
def test_nearly_all_of_a_quiet_day_is_rendered() -> None:
    found, calls = difference(TABLE, charges)
    assert found is None
    assert calls > 500


@pytest.mark.parametrize(
    "station",
    [
        {"latency_s": 0.0},
        {"latency_s": 7.0},
        {"latency_s": 29.0, "keys": {"MeterValueSampleInterval": 31}},
        {"keys": {"MeterValueSampleInterval": 7, "ClockAlignedDataInterval": 7000}},
        {"policies": {"clock_values": "averaged"}},
        {"policies": {"clock_values": "averaged", "clock_connector_zero": "sent"}},
        {"policies": {"stop_data": "every-sample", "clock_stamp": "interval-start"}},
        {"policies": {"clock_outside_transaction": "transaction-only", "stop_data": "every-sample"}},
        {"policies": {"soc_known": "absent", "clock_midnight": "local"}},
        {"keys": {"MeterValuesSampledData": "", "HeartbeatInterval": 60}},
        {"keys": {"MeterValuesSampledData": "SoC", "MeterValuesAlignedData": "SoC"}},
        {"clock": {"offset_s": 0.4, "drift_ppm": 50.0}},
        {"meter": {"register_wh": 2e7, "resolution_wh": 10.0}},
    ],
    ids=str,
)
@pytest.mark.slow
def test_whatever_the_station_is_set_to(station: dict[str, Any]) -> None:
    found, calls = difference(with_station(**station), charges)
    assert found is None
    assert calls > 40


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.slow
@given(
    cuts=st.lists(st.floats(0.0, 900.0), max_size=6),
    interval_s=st.sampled_from([1, 20, 60]),
    latency_s=st.sampled_from([0.0, 0.05, 3.0]),
    then_s=st.sampled_from([0, 7, 60]),
)
def test_a_stretch_may_be_cut_at_any_instant(
    cuts: list[float], interval_s: int, latency_s: float, then_s: int
) -> None:
    def story(bench: Bench) -> None:
        bench.advance(10)
        bench.plug_in(1, "vw-id3-58", 0.5)
        bench.present_tag(1, "TAG1")
        for cut_s in cuts:
            bench.advance(cut_s)
        bench.call("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": str(then_s)})
        bench.advance(300)

    table = with_station(latency_s=latency_s, keys={"MeterValueSampleInterval": interval_s})
    assert difference(table, story)[0] is None


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_a_random_hour(seed: int) -> None:
    assert day_differs(seed, 1.0)[0] is None


@pytest.mark.slow
def test_fifteen_random_days() -> None:
    found = {seed: day_differs(seed, 3.0) for seed in range(100, 115)}
    assert {seed: differs for seed, (differs, _) in found.items() if differs is not None} == {}
    assert sum(calls for _, calls in found.values()) > 500


@pytest.mark.soak
def test_two_thousand_random_days() -> None:
    differing = {seed: found for seed in range(2000) if (found := day_differs(seed, 3.0)[0]) is not None}
    assert differing == {}


@pytest.mark.slow
@pytest.mark.parametrize("rig", RIGS.values(), ids=lambda rig: rig.name)
def test_every_small_rig(rig: SmallRig) -> None:
    table = rig.file().model_dump(exclude_unset=True)
    assert difference(table, rig.script)[0] is None


def test_a_clock_that_nobody_is_told_of_beats_no_heart():
    """Outside transactions there is nothing to tell, and the boundaries pass in silence."""
    table = with_station(policies={"clock_outside_transaction": "transaction-only"})
    found, calls = difference({**table, "csms": {"heartbeat_interval_s": 60}}, waits)
    assert found is None
    assert calls > 50


def waits(bench: Bench) -> None:
    bench.advance(1.5 * HOUR)


def asks_for_errors(bench: Bench) -> None:
    bench.csms.reply("MeterValues", error="InternalError")


def knows_a_password(bench: Bench) -> None:
    bench.assembly.recorder.redactor.learn("correct-horse")


def loses_the_line(bench: Bench) -> None:
    bench.link.silent()


def loses_its_meters(bench: Bench) -> None:
    for connector in (1, 2):
        bench.inject("power-meter-failure", connector)


def misreads_its_meters(bench: Bench) -> None:
    for connector in (1, 2):
        bench.inject("meter-jump", connector)


@pytest.mark.parametrize(
    "what",
    [asks_for_errors, knows_a_password, loses_the_line, loses_its_meters, misreads_its_meters],
    ids=lambda what: what.__name__,
)
def test_what_is_not_covered_is_stepped(what: Any) -> None:
    def story(bench: Bench) -> None:
        bench.advance(10)
        what(bench)
        bench.plug_in(1, "vw-id3-58", 0.5)
        bench.present_tag(1, "TAG1")
        bench.advance(1800)

    bench = lived(TABLE, story, stretches=True)
    assert bench.assembly.recorder.frames > 10
    assert rendered(bench) == 0


def test_stepping_by_seconds_looks_for_no_stretch_at_each_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[float] = []
    bench = Bench(rig=RigFile.parse(with_station(keys={"ClockAlignedDataInterval": 0})))
    bench.plug_in(1, "vw-id3-58", 0.3)
    bench.present_tag(1, "TAG1")
    bench.advance(90)
    monkeypatch.setattr(stretch, "streams", lambda station, _: looked.append(station.timeline.now) or [])
    frames = bench.assembly.recorder.frames
    for _ in range(30):
        bench.advance(10)
    bench.close()
    assert bench.assembly.recorder.frames >= frames + 10
    assert looked == []
