"""What the schedule plot tells of profiles, from recordings of a bench."""

from typing import Any

import pytest

from evc5 import Bench
from evc5.rigs.analysis.profile_history import ProfileHistory, profile_history
from evc5.rigs.analysis.window import Window

NOON = "2024-03-01T12:00:00Z"


@pytest.fixture
def bench() -> Bench:
    return Bench(start=NOON, keys={"MaxChargingProfilesInstalled": 40}, allow_overrides=True)


def install(bench: Bench, number: int, connector: int, *pairs: tuple[int, float], **kind: str) -> None:
    told: dict[str, Any] = {"chargingRateUnit": "A"}
    told["chargingSchedulePeriod"] = [{"startPeriod": start, "limit": limit} for start, limit in pairs]
    profile = {
        "chargingProfileId": number,
        "stackLevel": number,
        "chargingProfilePurpose": "TxDefaultProfile" if connector else "ChargePointMaxProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": told | {"startSchedule": NOON},
    } | kind
    payload = {"connectorId": connector, "csChargingProfiles": profile}
    assert bench.call("SetChargingProfile", payload) == {"status": "Accepted"}


def history_of(bench: Bench, connector: int, seconds: float) -> ProfileHistory:
    run = bench.run_so_far()
    return profile_history(run, connector, Window(run.start, 0.0, seconds))


def test_whatever_the_station_took_in_is_told(bench: Bench) -> None:
    for number in range(20):
        install(bench, number, 1, (0, 6.0 + number % 10))
    bench.advance(60)
    assert {band.profile_id for band in history_of(bench, 1, 60.0).bands} == set(range(20))


def test_a_relative_station_profile_is_told_from_the_oldest_transaction(bench: Bench) -> None:
    install(bench, 1, 0, (0, 20.0), (100, 10.0), chargingProfileKind="Relative")
    bench.plug_in(2)
    bench.present_tag(2, "TAG1")
    bench.advance(50).plug_in(1)
    bench.present_tag(1, "TAG2")
    bench.advance(150)
    history = history_of(bench, 1, 200.0)
    assert [(band.begin_s, band.end_s, band.limit) for band in history.bands] == [
        (0, 100, 20),
        (100, 200, 10),
    ]
    allowed = [span for span in history.allowed_a if span[0] < span[1]]
    assert [amps for begin_s, _, amps in allowed if begin_s < 100] == [20.0, 20.0]
    assert [amps for begin_s, _, amps in allowed if begin_s >= 100] == [10.0]


@pytest.mark.slow
def test_the_schedule_is_drawn_with_bands_and_composite(bench: Bench) -> None:
    install(bench, 1, 1, (0, 16.0), (60, 8.0))
    install(bench, 2, 0, (0, 12.0))
    bench.plug_in(1)
    bench.present_tag(1, "TAG1")
    bench.advance(120)
    history = history_of(bench, 1, 120.0)
    assert [
        (band.profile_id, band.limit) for band in sorted(history.bands, key=lambda band: band.begin_s)
    ] == [
        (1, 16.0),
        (2, 12.0),
        (1, 8.0),
    ]
    figure = bench.run_so_far().plot.schedule(1)
    assert {"delivered", "offered", "composite of the profiles"} <= {
        text.get_text()
        for axes in figure.axes
        if (legend := axes.get_legend())
        for text in legend.get_texts()
    }
