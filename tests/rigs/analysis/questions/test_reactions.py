"""Changes of the limit and what the current did, held against a bench looked at every tenth of a second."""

from typing import Any

import pytest

from evc5 import Bench, Run


def profile(limit_a: float) -> dict[str, Any]:
    return {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit_a}],
            },
        },
    }


def watch(bench: Bench, seconds: float) -> list[tuple[float, float]]:
    """Seconds since now, and the current of L1."""
    seen = []
    for n in range(round(seconds * 10)):
        seen.append((n / 10, bench.reading(1)["i1_a"]))
        bench.advance(0.1)
    return seen


@pytest.fixture
def stepped() -> tuple[Run, list[list[tuple[float, float]]]]:
    bench = Bench(start="2024-03-01T10:00:00Z")
    bench.advance(10)
    bench.plug_in(1, vehicle="renault-zoe-ze50", soc=0.3)
    bench.present_tag(1, "TAG1")
    bench.advance(100)
    seen = []
    for limit_a in (10.0, 20.0, 0.0, 16.0):
        bench.call("SetChargingProfile", profile(limit_a))
        seen.append(watch(bench, 15))
        bench.advance(100)
    return bench.run_so_far(), seen


@pytest.mark.slow
def test_each_change_is_followed_when_the_bench_shows_it(
    stepped: tuple[Run, list[list[tuple[float, float]]]],
) -> None:
    run, seen = stepped
    found = run.reactions()
    assert list(found.to_a) == [32.0, 10.0, 20.0, 0.0, 16.0]
    assert list(found.from_a)[1:] == [32.0, 10.0, 20.0, 0.0]
    expected = [
        next(t_s for t_s, i_a in seen[0] if i_a <= 10.1),
        next(t_s for t_s, i_a in seen[1] if i_a >= 19.5),
        next(t_s for t_s, i_a in seen[2] if i_a <= 0.1),
        next(t_s for t_s, i_a in seen[3] if i_a >= 15.5),
    ]
    assert list(found.followed_s)[1:] == pytest.approx(expected, abs=0.11)  # s: one look
    assert list(found.overshoot_a)[1:] == pytest.approx([0.0] * 4, abs=0.1)


def test_a_car_that_never_takes_what_it_is_given_has_not_followed() -> None:
    bench = Bench(start="2024-03-01T10:00:00Z")
    bench.plug_in(1, vehicle="vw-id3-58", soc=0.3)
    bench.present_tag(1, "TAG1")
    bench.advance(4)  # the car has not begun
    bench.call("SetChargingProfile", profile(10.0))
    bench.advance(60)
    bench.call("SetChargingProfile", profile(12.0))
    bench.close()
    found = Run.open(bench.assembly.recorder.directory).reactions()
    assert found.followed_s.isna().iloc[-1] and found.overshoot_a.isna().iloc[-1]  # the run is over
    assert found.followed_s.notna().any()
    assert found.t.is_monotonic_increasing


def test_a_run_in_which_nobody_came_has_no_reactions() -> None:
    bench = Bench(start="2024-03-01T10:00:00Z")
    bench.advance(600)
    bench.close()
    found = Run.open(bench.assembly.recorder.directory).reactions()
    assert len(found) == 0
    assert list(found.columns) == ["t", "at", "connector", "from_a", "to_a", "followed_s", "overshoot_a"]
