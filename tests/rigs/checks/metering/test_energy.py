"""What a register rises by is held against the power, the current, the interval told, and any connection."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from foreign import (
    BEGIN_S,
    Log,
    at,
    currents,
    found,
    minutes,
    period,
    power,
    profile,
    register,
    sample,
    status_of,
    voltages,
)

ENERGY, MOST, INTERVAL = "metering.energy-power", "metering.energy-limit", "metering.energy-interval"
Told = Callable[[int], list[Any]]


def session(tmp_path: Path, told: Told, start: int, stop: int, count: int = 10) -> Any:
    log = Log()
    log.begin(meter=start)
    for n, t in enumerate(minutes(count), 1):
        log.values(t, *told(n))
    log.end(BEGIN_S + 60 * count + 20, stop)
    return log.verdict(tmp_path)


def message(verdict: Any) -> str:
    errors = [finding for finding in verdict.findings if finding["severity"] == "error"]
    assert len(errors) == 1, errors
    return str(errors[0]["message"])


def eleven_kw(n: int) -> list[Any]:
    return [register(round(1000 + 184 * n)), power(11040)]


SOUND: dict[str, tuple[Told, int, int]] = {
    "11 kW counted as such": (eleven_kw, 1000, 2901),
    "in kWh with one digit": (
        lambda n: [register(f"{(163_600 + 123 * n) // 100 / 10:.1f}", "kWh"), power("7.4", unit="kW")],
        163_600,
        164_871,
    ),
    "in whole kWh": (lambda n: [register(5 + 184 * n // 1000, "kWh"), power(11040)], 5000, 6901),
    "in Wh, by the hundred": (lambda n: [register((1000 + 123 * n) // 100 * 100), power(7400)], 1000, 2271),
    "by current alone": (lambda n: [register(1000 + 61 * n), *currents(16), *voltages(230)], 1000, 1630),
    "a bare current of three phases": (
        lambda n: [register(1000 + 184 * n), sample("Current.Import", 16, "A")],
        1000,
        2901,
    ),
    "a bare current of one phase": (
        lambda n: [register(1000 + 61 * n), sample("Current.Import", 16, "A")],
        1000,
        1630,
    ),
    "a car that hardly takes anything": (lambda n: [register(1000 + n), *currents(0.3)], 1000, 1011),
    "a car that takes nothing": (lambda n: [register(1000), power(0), *currents(0, 0, 0)], 1000, 1000),
}
FAULTY: dict[str, tuple[Told, int, int, str]] = {
    "stands still under power": (lambda n: [register(1000), power(3680)], 1000, 1000, "stands still"),
    "stands still under current": (lambda n: [register(1000), *currents(16)], 1000, 1000, "stands still"),
    "stands still under a bare current": (
        lambda n: [register(1000), sample("Current.Import", 16, "A")],
        1000,
        1000,
        "stands still",
    ),
    "kWh called Wh": (lambda n: [register(361 + 184 * n // 1000), power(11040)], 361, 362, "kWh called Wh"),
    "kWh called Wh, with digits": (
        lambda n: [register(f"{361 + 0.184 * n:.3f}"), power(11040)],
        361,
        362,
        "kWh called Wh",
    ),
    "Wh called kWh": (
        lambda n: [register(1_000 + 61 * n, "kWh"), power(3680)],
        1_000_000,
        1_630_000,
        "Wh called kWh",
    ),
    "kW called W": (lambda n: [register(1000 + 184 * n), power("11.04")], 1000, 2901, "kW called W"),
    "twice the power": (lambda n: [register(1000 + 368 * n), power(11040)], 1000, 4800, "not what the power"),
    "a third of the power": (
        lambda n: [register(1000 + 61 * n), power(11040)],
        1000,
        1630,
        "not what the power",
    ),
    "power told to go back": (
        lambda n: [register(1000 + 184 * n), power(-11040), *currents(16, 16, 16)],
        1000,
        2901,
        "told to go back",
    ),
    "three times what one phase carries": (
        lambda n: [register(1000 + 184 * n), *currents(16, 0, 0), *voltages(230, 230, 230)],
        1000,
        2901,
        "not what the power",
    ),
    "power that moves, energy that does not fit": (
        lambda n: [register(1000 + 400 * n), power(9000 + 2000 * (n % 2))],
        1000,
        5130,
        "of the transaction",
    ),
}


@pytest.mark.parametrize("name", SOUND)
def test_a_register_that_counts_what_flows_is_let_pass(name: str, tmp_path: Path) -> None:
    told, start, stop = SOUND[name]
    verdict = session(tmp_path, told, start, stop)
    assert found(verdict) == set()
    assert status_of(verdict, ENERGY) == "PASS"


@pytest.mark.parametrize("name", FAULTY)
def test_a_register_that_does_not_is_one_finding_that_says_how(name: str, tmp_path: Path) -> None:
    told, start, stop, words = FAULTY[name]
    verdict = session(tmp_path, told, start, stop)
    assert len(found(verdict)) == 1 and found(verdict) <= {ENERGY, MOST}
    assert any(words in str(finding["message"]) for finding in verdict.findings)


def test_a_log_without_power_and_current_says_what_it_lacks(tmp_path: Path) -> None:
    log = Log()
    log.begin()
    verdict = log.verdict(tmp_path)
    lacks = next(row["lacks"] for row in verdict.requirements if row["id"] == ENERGY)
    assert lacks and "MeterValuesSampledData" in lacks[0]


@pytest.mark.parametrize(
    ("start", "first", "fits"),
    [(0, 61, True), (0, 33_000_061, False), (1000, 16_900, True), (1000, 17_900, False)],
)
def test_between_start_and_first_sample_no_more_is_counted_than_a_megawatt_brings(
    start: int, first: int, fits: bool, tmp_path: Path
) -> None:
    verdict = session(tmp_path, lambda n: [register(first + 61 * (n - 1))], start, first + 600)
    assert found(verdict) == (set() if fits else {MOST})


@pytest.mark.parametrize(("rose", "fits"), [(1000, True), (1050, False)])
def test_no_more_is_counted_in_a_minute_than_80_a_on_three_phases_bring(
    rose: int, fits: bool, tmp_path: Path
) -> None:
    def told(n: int) -> list[Any]:  # what is told by phase is told by a station of alternating current
        return [register(1000 + rose * n), sample("Voltage", 230, "V", "L1-N")]

    assert found(session(tmp_path, told, 1000, 1000 + rose * 10 + rose // 3)) == (set() if fits else {MOST})


@pytest.mark.parametrize(
    ("interval", "fits"), [(61, True), (66, True), (72, False), (610, False), (6, False)]
)
def test_the_energy_of_an_interval_is_what_the_register_rose_by(
    interval: int, fits: bool, tmp_path: Path
) -> None:
    def told(n: int) -> list[Any]:
        return [register(1000 + 61 * n), sample("Energy.Active.Import.Interval", interval, "Wh")]

    assert found(session(tmp_path, told, 1000, 1630)) == (set() if fits else {INTERVAL})


def test_a_register_that_counts_by_transaction_is_a_warning(tmp_path: Path) -> None:
    log = Log()
    for number in range(2):
        begin = BEGIN_S + 500 * number
        log.begin(begin, meter=0, id=number + 1)
        for n, t in enumerate(minutes(5, begin), 1):
            log.values(t, register(61 * n), id=number + 1)
        log.end(begin + 320, 325, id=number + 1)
    verdict = log.verdict(tmp_path)
    assert found(verdict) == set()
    assert found(verdict, "warning") == {"metering.continuity"}


def test_a_register_that_falls_back_at_a_reboot_is_an_error(tmp_path: Path) -> None:
    log = Log()
    log.begin(meter=100_000)
    log.values(BEGIN_S + 60, register(100_061))
    boot = {"status": "Accepted", "currentTime": at(BEGIN_S + 90), "interval": 300}
    log.up(BEGIN_S + 90, "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, boot)
    log.status(BEGIN_S + 91, "Available", 0)
    log.status(BEGIN_S + 92, "Charging", 1)
    log.values(BEGIN_S + 120, register(61))
    assert "metering.register-monotonic" in found(log.verdict(tmp_path))


def test_a_transaction_is_judged_whole_whoever_stops_meanwhile(tmp_path: Path) -> None:
    """Its register stands still; each half of it alone would tell too little."""
    log = Log(connectors=2)
    log.begin(BEGIN_S, connector=1)
    log.begin(BEGIN_S + 2, connector=2, id=8)
    for n, t in enumerate(minutes(10), 1):
        log.values(t, register(1000), power(round(760 * (0.8 + 0.4 * (n % 2)))))
    log.configure(BEGIN_S + 325, HeartbeatInterval="300")
    log.end(BEGIN_S + 330, 1000, connector=2, id=8)
    assert ENERGY in found(log.verdict(tmp_path))


@pytest.mark.parametrize("scheduled", [True, False])
def test_a_limit_may_fall_and_rise_again_between_two_samples_as_scheduled(
    scheduled: bool, tmp_path: Path
) -> None:
    """16 A but for 40 s at 6 A, between the third sample and the fourth: 25.6 Wh less."""
    dip = int(BEGIN_S) + 190
    log = Log()
    if scheduled:
        log.set_profile(20, profile(period(16), period(6, start=dip), period(16, start=dip + 40)))
    log.begin(meter=1000)
    for n, t in enumerate(minutes(8), 1):
        log.values(t, register(round(1000 + 61.33 * n - 25.6 * (n > 3))), power(3680))
    log.end(BEGIN_S + 500, round(1000 + 61.33 * 500 / 60 - 25.6))
    assert found(log.verdict(tmp_path)) == (set() if scheduled else {ENERGY})


@pytest.mark.parametrize(("meter_stop", "others"), [(500, set()), (100, {"metering.start-stop"})])
def test_a_register_that_starts_anew_in_a_transaction_is_one_finding(
    meter_stop: int, others: set[str], tmp_path: Path
) -> None:
    """It goes on from there, as its meterStop does; one below that is another."""
    log = Log()
    log.begin(meter=100_000)
    for n, t in enumerate(minutes(12), 1):
        log.values(t, register(100_000 + 61 * n if n < 6 else 61 * (n - 5)), power(3680))
    log.end(BEGIN_S + 770, meter_stop)
    assert found(log.verdict(tmp_path)) == {"metering.register-monotonic"} | others


def read_every(minutes_: int) -> Told:
    return lambda n: [register(round(1000 + 184 * (n - n % minutes_))), power(11040)]


@pytest.mark.slow
@pytest.mark.parametrize("every", [2, 3])
def test_a_register_may_be_read_less_often_than_it_is_told(every: int, tmp_path: Path) -> None:
    verdict = session(tmp_path, read_every(every), 1000, 1000 + 184 * 12 + 61, count=12)
    (told,) = verdict.findings
    assert (told["requirement"], told["severity"]) == (ENERGY, "warning") and "catches up" in told["message"]


@pytest.mark.slow
@pytest.mark.parametrize("off_wh", [-90, 90])
def test_a_register_that_is_off_in_every_second_reading_is_wrong(off_wh: int, tmp_path: Path) -> None:
    told = lambda n: [register(round(1000 + 184 * n + off_wh * (n % 2))), power(11040)]  # noqa: E731
    assert ENERGY in found(session(tmp_path, told, 1000, 1000 + 184 * 12 + 61, count=12))
