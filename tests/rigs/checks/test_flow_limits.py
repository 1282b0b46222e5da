"""What a log tells to flow is held against the profiles its station accepted, whatever it tells of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from foreign import (
    BEGIN_S,
    Log,
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

FLOW, OFFER, TOGETHER = "charging.flow", "charging.reported", "charging.flow-together"
PHASES = "charging.flow-phases"
Told = Callable[[int], list[Any]]  # what the n-th sample tells

SETTLED_S = 200.0  # profile accepted long before it is looked at


def session(
    tmp_path: Path,
    wire: dict[str, Any],
    told: Told,
    per_minute_wh: float = 61.3,
    connector: int = 1,
    accepted_s: float = 80.0,
    **keys: str,
) -> Any:
    """Ten minutes of charging under a profile."""
    log = Log()
    log.configure(10, **keys)
    log.begin()
    log.set_profile(accepted_s, wire, connector)
    for n, t in enumerate(minutes(10), 1):
        log.values(t, register(round(1000 + per_minute_wh * n)), *told(n))
    log.end(BEGIN_S + 620, round(1000 + per_minute_wh * 620 / 60))
    return log.verdict(tmp_path)


def on_one_phase(amps: float) -> Told:
    return lambda _: [*currents(amps), power(round(amps * 230))]


def on_three(amps: float) -> Told:
    return lambda _: [*currents(amps, amps, amps), power(round(amps * 690))]


SIX_A = profile(period(6))
# what the station tells, its energy a minute, the profile, and whether that is within it
CASES: dict[str, tuple[Told, float, dict[str, Any], bool]] = {
    "6 A on one phase under 6 A": (on_one_phase(6), 23.0, SIX_A, True),
    "16 A on one phase under 6 A": (on_one_phase(16), 61.3, SIX_A, False),
    "6 A on three phases under 6 A": (on_three(6), 69.0, SIX_A, True),
    "16 A on three phases under 6 A": (on_three(16), 184.0, SIX_A, False),
    "half an ampere more": (on_one_phase(6.5), 24.9, SIX_A, True),
    "a little more than half an ampere more": (on_one_phase(6.6), 25.3, SIX_A, False),
    "three per cent more": (on_one_phase(32.9), 126.1, profile(period(32)), True),
    "a little more than three per cent more": (on_one_phase(33.0), 126.5, profile(period(32)), False),
    "16 A under 0 A": (on_one_phase(16), 61.3, profile(period(0)), False),
    "nothing under 0 A": (on_one_phase(0), 0.0, profile(period(0)), True),
    "8 A under 5 A, rounded up to a pilot's least": (on_one_phase(8), 30.7, profile(period(5)), False),
    "power alone: three phases of 6 A": (lambda _: [power(4140)], 69.0, SIX_A, True),
    "power alone: as much as three phases of 6 A at a high voltage": (
        lambda _: [power(4900)],
        81.7,
        SIX_A,
        True,
    ),
    "power alone: more than any three phases of 6 A": (lambda _: [power(4960)], 82.7, SIX_A, False),
    "power by phase": (lambda _: [power(3680, f"L{n}") for n in (1, 2, 3)], 184.0, SIX_A, False),
    "power in kW": (lambda _: [power("11.0", unit="kW")], 183.3, SIX_A, False),
    "the register alone, at 11 kW": (lambda _: [], 184.0, SIX_A, False),
    "the register alone, at 4 kW": (lambda _: [], 69.0, SIX_A, True),
    "a bare current": (lambda _: [sample("Current.Import", 16, "A"), power(3680)], 61.3, SIX_A, False),
    "watts held": (on_three(6), 69.0, profile(period(4140), unit="W"), True),
    "watts held on one phase, by ER 3.34": (on_one_phase(18), 69.0, profile(period(4140), unit="W"), True),
    "watts exceeded": (on_three(10), 115.0, profile(period(4140), unit="W"), False),
    "watts of one phase spread over three": (
        on_three(6.6),
        75.9,
        profile(period(4600, 0, 1), unit="W"),
        True,
    ),
    "watts of one phase taken on each of three": (
        on_three(16),
        184.0,
        profile(period(4600, 0, 1), unit="W"),
        False,
    ),
    "watts exceeded, current alone": (
        lambda _: currents(16, 16, 16),
        184.0,
        profile(period(4140), unit="W"),
        False,
    ),
    "watts exceeded, power alone": (lambda _: [power(11040)], 184.0, profile(period(4140), unit="W"), False),
    "watts exceeded, register alone": (lambda _: [], 184.0, profile(period(4140), unit="W"), False),
    "watts at a high voltage": (lambda _: [power(4500)], 75.0, profile(period(4140), unit="W"), True),
}


@pytest.mark.parametrize("name", CASES)
def test_what_flows_is_held_against_the_profile(name: str, tmp_path: Path) -> None:
    told, per_minute_wh, wire, fits = CASES[name]
    verdict = session(tmp_path, wire, told, per_minute_wh)
    assert status_of(verdict, FLOW) == ("PASS" if fits else "FAIL")
    assert found(verdict) == (set() if fits else {FLOW})


PURPOSES: dict[str, tuple[dict[str, Any], int]] = {
    "TxDefaultProfile of all": (SIX_A, 0),
    "TxProfile": (profile(period(6), chargingProfilePurpose="TxProfile", transactionId=7), 1),
    "TxProfile, Relative": (
        profile(
            period(6),
            chargingProfilePurpose="TxProfile",
            chargingProfileKind="Relative",
            schedule={"duration": 3600},
        ),
        1,
    ),
    "ChargePointMaxProfile": (profile(period(6), chargingProfilePurpose="ChargePointMaxProfile"), 0),
    "Recurring": (profile(period(6), chargingProfileKind="Recurring", recurrencyKind="Daily"), 1),
}


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize(("amps", "fits"), [(6, True), (16, False)])
def test_every_purpose_and_kind_limits_what_flows(
    purpose: str, amps: float, fits: bool, tmp_path: Path
) -> None:
    wire, connector = PURPOSES[purpose]
    verdict = session(tmp_path, wire, on_three(amps), amps * 11.5, connector)
    assert found(verdict) == (set() if fits else {FLOW})


def test_a_higher_level_and_what_is_over_do_not_limit(tmp_path: Path) -> None:
    log = Log()
    log.begin()
    log.set_profile(70, SIX_A)
    log.set_profile(75, profile(period(16), chargingProfileId=11, stackLevel=3))
    past = {"validTo": "2024-03-01T09:00:00Z", "chargingProfileId": 12, "stackLevel": 5}
    log.set_profile(80, profile(period(1), **past))
    for n, t in enumerate(minutes(10), 1):
        log.values(t, register(round(1000 + 184 * n)), *on_three(16)(n))
    verdict = log.verdict(tmp_path)
    assert found(verdict) == set()
    assert status_of(verdict, FLOW) == "PASS"


@pytest.mark.parametrize(("amps", "fits"), [(6, True), (16, False)])
def test_a_profile_of_a_transaction_from_before_the_log_limits_it(
    amps: float, fits: bool, tmp_path: Path
) -> None:
    log = Log(boot=False)
    log.set_profile(0, profile(period(6), chargingProfilePurpose="TxProfile", transactionId=7))
    for n, t in enumerate(minutes(5), 1):
        log.values(t, register(round(1000 + 11.5 * amps * n)), *on_three(amps)(n))
    log.end(BEGIN_S + 320, round(1000 + 11.5 * amps * 320 / 60))
    assert FLOW in found(log.verdict(tmp_path)) or fits
    assert status_of(log.verdict(tmp_path), FLOW) == ("PASS" if fits else "FAIL")


@pytest.mark.parametrize(("bare", "fits"), [(18, True), (20, False)])
def test_a_current_without_a_phase_may_be_that_of_all_phases_where_others_are_told(
    bare: float, fits: bool, tmp_path: Path
) -> None:
    def told(_: int) -> list[Any]:
        return [sample("Current.Import", bare, "A"), power(round(bare * 230)), *voltages(230, 230, 230)]

    verdict = session(tmp_path, SIX_A, told, bare * 230 / 60)
    assert found(verdict) == (set() if fits else {FLOW})


def test_what_was_refused_does_not_limit(tmp_path: Path) -> None:
    log = Log()
    log.begin()
    log.down(
        70, "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": SIX_A}, {"status": "Rejected"}
    )
    for n, t in enumerate(minutes(10), 1):
        log.values(t, register(round(1000 + 184 * n)), *on_three(16)(n))
    assert FLOW not in found(log.verdict(tmp_path))


@pytest.mark.parametrize(("late_s", "fits"), [(59, True), (61, False)])
def test_a_minute_is_left_to_follow_a_lower_limit(late_s: float, fits: bool, tmp_path: Path) -> None:
    log = Log()
    log.begin()
    log.set_profile(BEGIN_S + 120 - late_s - 0.1, SIX_A)  # answered 0.1 s later
    for n, t in enumerate(minutes(2), 1):
        log.values(t, register(round(1000 + 184 * n)), *on_three(16)(n))
    assert found(log.verdict(tmp_path)) == (set() if fits else {FLOW})


@pytest.mark.parametrize(("rose_wh", "fits"), [(345, True), (920, False)])
def test_the_slope_of_a_register_speaks_of_all_the_time_since_it_was_told(
    rose_wh: int, fits: bool, tmp_path: Path
) -> None:
    """At 11 kW until the limit falls within an interval; clock data between may tell of it, too."""
    log = Log()
    log.begin()
    log.values(BEGIN_S + 300, register(1920))
    log.values(BEGIN_S + 450, register(2380), context="Sample.Clock")
    log.set_profile(BEGIN_S + 530, SIX_A)
    log.values(BEGIN_S + 600, register(2650))
    log.values(BEGIN_S + 900, register(2650 + rose_wh))
    assert found(log.verdict(tmp_path)) - {"heartbeat.interval"} == (set() if fits else {FLOW})


@pytest.mark.parametrize(("offered", "fits"), [([sample("Current.Offered", 6, "A")], True)] + [
    (told, False)
    for told in (
        [sample("Current.Offered", 16, "A")],
        currents(16, 16, 16, measurand="Current.Offered"),
        [sample("Power.Offered", 11040, "W")],
        [sample("Power.Offered", "11.04", "kW")],
    )
])  # fmt: skip
def test_an_offer_is_held_against_the_profile_and_never_stands_for_what_flows(
    offered: list[Any], fits: bool, tmp_path: Path
) -> None:
    verdict = session(tmp_path, SIX_A, lambda _: [*currents(6), power(1380), *offered], 23.0)
    assert found(verdict) == (set() if fits else {OFFER})
    assert status_of(verdict, FLOW) == "PASS"


OFFERS = [
    ([sample("Current.Offered", 6, "A")], ["vehicle", "station"]),
    ([sample("Current.Offered", 16, "A")], "station"),
    ([], "station"),
]


@pytest.mark.parametrize(("offered", "whose"), OFFERS, ids=["kept", "too high", "untold"])
def test_who_takes_more_than_an_offer_that_keeps_to_the_profile_may_be_the_vehicle(
    offered: list[Any], whose: str | list[str], tmp_path: Path
) -> None:
    verdict = session(tmp_path, SIX_A, lambda _: [*currents(16), power(3680), *offered])
    assert [row["blames"] for row in verdict.findings if row["requirement"] == FLOW] == [whose]


@pytest.mark.parametrize(("late_s", "fits"), [(19, True), (21, False)])
def test_twenty_seconds_are_left_to_an_offer(late_s: float, fits: bool, tmp_path: Path) -> None:
    log = Log()
    log.begin()
    log.set_profile(BEGIN_S + 120 - late_s - 0.1, SIX_A)
    for n, t in enumerate(minutes(2), 1):
        log.values(t, register(round(1000 + 184 * n)), *on_three(16)(n), sample("Current.Offered", 16, "A"))
    assert found(log.verdict(tmp_path)) == (set() if fits else {OFFER})


@pytest.mark.parametrize(
    ("keys", "severity"), [({}, "warning"), ({"ConnectorSwitch3to1PhaseSupported": "true"}, "error")]
)
def test_more_phases_than_asked_for_are_an_error_of_who_can_switch(
    keys: dict[str, str], severity: str, tmp_path: Path
) -> None:
    verdict = session(tmp_path, profile(period(6, 0, 1)), on_three(6), 69.0, **keys)
    assert PHASES in found(verdict, severity)
    assert found(verdict) <= {PHASES}
    sound = session(tmp_path, profile(period(6, 0, 1)), on_one_phase(6), 23.0, **keys)
    assert PHASES not in found(sound, severity)


def test_two_connectors_keep_to_the_station_limit_together(tmp_path: Path) -> None:
    def together(limit: float) -> set[str]:
        log = Log(connectors=2)
        log.set_profile(30, profile(period(limit), chargingProfilePurpose="ChargePointMaxProfile"), 0)
        for connector in (1, 2):
            log.begin(BEGIN_S + 10 * connector, connector=connector, id=connector)
            for n, t in enumerate(minutes(10, BEGIN_S + 10 * connector), 1):
                told = on_three(16)(n)
                log.values(t, register(round(1000 + 184 * n)), *told, connector=connector, id=connector)
        return found(log.verdict(tmp_path))

    assert together(32) == set()
    assert together(20) == {TOGETHER}


def two_defaults(log: Log) -> None:
    """The connector's own at a low level, and the station's at a high one, first above it, then below."""
    log.set_profile(10.0, profile(period(10.0), period(16.0, start=1200), chargingProfileId=1))
    of_all = profile(period(16.0), period(10.0, start=1200), chargingProfileId=2, stackLevel=3)
    log.set_profile(12.0, of_all, connector=0)


def drawn(log: Log, amps: Callable[[float], float]) -> None:
    log.begin()
    for t in minutes(40):
        log.values(t, currents(amps(t)))


def test_either_of_two_defaults_may_be_followed_but_the_same_throughout(tmp_path: Path) -> None:
    for own_first, amps in ((True, (10.0, 16.0)), (False, (16.0, 10.0))):
        log = Log()
        two_defaults(log)
        drawn(log, lambda t, amps=amps: amps[0] if t < 1210.0 else amps[1])
        assert found(log.verdict(tmp_path)) == set(), own_first
    log = Log()
    two_defaults(log)
    drawn(log, lambda t: 16.0)
    (finding,) = [row for row in log.verdict(tmp_path).findings if row["severity"] == "error"]
    assert finding["requirement"] == "charging.flow" and "here and the other there" in finding["message"]
