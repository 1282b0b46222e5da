"""Profiles at work over the wire: in the pilot, the current, the meter values, the status; to the second."""

import random
from datetime import timedelta
from typing import Any

import pytest
from wire import charging, sent, statuses, values

from evc5 import Bench, CallError
from evc5.twin.charging.profiles import Limit, ProfileStore

START = "2024-03-01T10:00:00Z"
SAMPLES = {"MeterValueSampleInterval": 60, "MeterValuesSampledData": "Current.Offered,Current.Import"}

SWITCHES_PHASES = {"keys": {"ConnectorSwitch3to1PhaseSupported": True}, "allow_overrides": True}


def a_bench(**options: Any) -> Bench:
    return Bench(**({"behaviour": "ocpp16", "start": START, "station_max_a": 64} | options))


def install(bench: Bench, *pairs: tuple[float, ...], connector: int = 1, **changes: Any) -> str:
    """An Absolute TxDefaultProfile in A from now: (startPeriod, limit[, numberPhases]) each period."""
    names = ("startPeriod", "limit", "numberPhases")
    schedule = {
        "chargingRateUnit": changes.pop("chargingRateUnit", "A"),
        "chargingSchedulePeriod": [dict(zip(names, pair, strict=False)) for pair in pairs],
        "startSchedule": changes.pop("startSchedule", bench.now.isoformat()),
    }
    schedule |= {name: changes.pop(name) for name in ("duration",) if name in changes}
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
    } | changes
    payload = {"connectorId": connector, "csChargingProfiles": profile}
    status: str = bench.call("SetChargingProfile", payload)["status"]
    return status


def now(bench: Bench, *columns: str, connector: int = 1) -> tuple[Any, ...]:
    row = bench.reading(connector)
    return tuple(row[name] for name in columns)


def test_a_limit_takes_effect_at_its_exact_second() -> None:
    bench = charging(a_bench())
    install(bench, (0, 13.7), (600, 10))
    changed = bench.now + timedelta(seconds=600)
    bench.advance(until=changed - timedelta(milliseconds=1))
    assert now(bench, "offered1_a", "limited_by") == (13.7, "profile")
    bench.advance(until=changed)
    assert now(bench, "offered1_a", "limited_by") == (10, "profile")
    assert bench.reading(1)["duty_pct"] == pytest.approx(10 / 0.6)  # IEC 61851-1 table A.8
    bench.advance(30)
    assert 9 < bench.reading(1)["i1_a"] <= 10


def test_a_limit_that_follows_within_five_seconds_waits_for_the_pilot() -> None:
    bench = charging(a_bench())
    install(bench, (0, 16), (2, 10), (4, 12))
    bench.advance(2)
    assert now(bench, "allocated1_a", "offered1_a") == (10, 16)
    bench.advance(3)
    assert now(bench, "allocated1_a", "offered1_a") == (12, 12)


@pytest.mark.parametrize(("limit", "reason"), [(0, "profile"), (5.9, "minimum")])
def test_too_little_to_charge_pauses_and_more_resumes(limit: float, reason: str) -> None:
    bench = charging(a_bench())
    install(bench, (0, 16), (60, limit), (600, 16))
    bench.advance(120)
    assert now(bench, "offered1_a", "i1_a", "status", "limited_by") == (0, 0, "SuspendedEVSE", reason)
    bench.advance(600)
    assert now(bench, "offered1_a", "status") == (16, "Charging")
    told = statuses(bench, 1)
    assert told[told.index("SuspendedEVSE") :][-1] == "Charging" and told.count("SuspendedEVSE") == 1
    assert not sent(bench, "StopTransaction"), "a pause ends no transaction"


def test_a_new_default_applies_at_once_and_its_removal_lets_the_transaction_go_on() -> None:
    bench = charging(a_bench())
    install(bench, (0, 10))
    bench.advance(0)
    assert now(bench, "offered1_a") == (10,)  # ER 3.8
    assert bench.call("ClearChargingProfile", {"id": 1}) == {"status": "Accepted"}
    bench.advance(5)
    assert now(bench, "offered1_a") == (32,)
    assert bench.call("ClearChargingProfile", {"id": 1}) == {"status": "Unknown"}


def test_current_offered_is_what_the_profile_allows() -> None:
    bench = charging(a_bench(keys=SAMPLES))
    install(bench, (0, 13.7))
    bench.advance(60)
    sample = sent(bench, "MeterValues")[-1]
    offered = [float(v["value"]) for v in values(sample) if v["measurand"] == "Current.Offered"]
    assert offered and set(offered) == {13.7}


def test_the_station_profile_is_shared_by_both_connectors() -> None:
    bench = charging(charging(a_bench()), connector=2)
    install(bench, (0, 20), connector=0, chargingProfilePurpose="ChargePointMaxProfile")
    bench.advance(30)
    offered = [now(bench, "offered1_a", connector=connector)[0] for connector in (1, 2)]
    assert offered == [10, 10]
    assert [now(bench, "limited_by", connector=connector)[0] for connector in (1, 2)] == [
        "sharing",
        "sharing",
    ]
    bench.unplug(2)
    bench.advance(30)
    assert now(bench, "offered1_a") == (20,)


def test_a_tx_profile_holds_offline_and_is_gone_with_its_transaction() -> None:
    bench = charging(a_bench())
    install(bench, (0, 16))
    assert (
        install(bench, (0, 12), (600, 8), chargingProfileId=2, chargingProfilePurpose="TxProfile")
        == "Accepted"
    )
    bench.link.down()
    bench.advance(601)
    assert now(bench, "offered1_a") == (8,)  # 3.13.6
    bench.link.up()
    bench.advance(300)
    assert now(bench, "offered1_a") == (8,)
    bench.unplug(1)
    bench.advance(60)
    charging(bench)
    assert now(bench, "offered1_a") == (16,)


def test_profiles_outlive_a_reboot() -> None:
    bench = a_bench()
    install(bench, (0, 11))
    bench.call("Reset", {"type": "Hard"})
    bench.advance(120)
    charging(bench)
    assert now(bench, "offered1_a") == (11,)  # ER 3.37
    bench.power.cut()
    bench.advance(60)
    bench.power.restore()
    bench.advance(120)
    assert bench.call("ClearChargingProfile", {}) == {"status": "Accepted"}


@pytest.mark.parametrize(
    ("policy", "status", "offered_a"), [("applied", "Accepted", 9), ("ignored", "Accepted", 32)]
)
def test_the_profile_of_a_remote_start_by_policy(policy: str, status: str, offered_a: float) -> None:
    bench = a_bench(policies={"remote_start_profile": policy})
    bench.plug_in(1)
    assert bench.call("RemoteStartTransaction", remote_start(limit=9)) == {"status": status}
    bench.advance(60)
    assert now(bench, "offered1_a") == (offered_a,)


def test_a_remote_start_with_a_profile_is_rejected_where_the_policy_says_so() -> None:
    bench = a_bench(policies={"remote_start_profile": "rejected"})
    bench.plug_in(1)
    assert bench.call("RemoteStartTransaction", remote_start(limit=9)) == {"status": "Rejected"}


def remote_start(limit: float) -> dict[str, Any]:
    profile = {
        "chargingProfileId": 9,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
        },
    }
    return {"connectorId": 1, "idTag": "TAG1", "chargingProfile": profile}


def test_number_phases_switches_where_the_hardware_can() -> None:
    bench = charging(a_bench(**SWITCHES_PHASES))
    install(bench, (0, 16, 3), (60, 16, 1), (1200, 16, 3))
    bench.advance(59)
    assert now(bench, "phases") == (3,)
    bench.advance(120)
    assert now(bench, "phases", "i2_a", "i3_a") == (1, 0, 0)
    bench.advance(1200)
    assert now(bench, "phases") == (3,)


def test_the_first_phases_of_either_profile_bind_by_policy() -> None:
    """The station profile's one phase holds for a connector whose own profile allows three."""
    bench = charging(a_bench(**SWITCHES_PHASES))
    install(bench, (0, 16, 3))
    install(bench, (0, 16, 1), connector=0, chargingProfilePurpose="ChargePointMaxProfile")
    bench.advance(120)
    answer = bench.call("GetCompositeSchedule", {"connectorId": 1, "duration": 60})
    assert answer["chargingSchedule"]["chargingSchedulePeriod"][0]["numberPhases"] == 1
    assert now(bench, "phases") == (1,)


@pytest.mark.parametrize(("policy", "offered_a"), [("schedule-phases", 6), ("phases-in-use", 18)])
def test_watts_for_a_car_on_one_phase_by_policy(policy: str, offered_a: float) -> None:
    bench = charging(a_bench(policies={"watts_to_amps": policy}), vehicle="nissan-leaf-40")
    install(bench, (0, 4140), chargingRateUnit="W")
    bench.advance(60)
    assert now(bench, "offered1_a") == (pytest.approx(offered_a),)


def test_a_limit_is_looked_at_anew_when_the_clock_is_set() -> None:
    bench = charging(a_bench(policies={"follow_csms_time": "always"}))
    install(bench, (0, 16), (3600, 10))
    later = bench.now + timedelta(hours=2)
    bench.csms.reply("Heartbeat", {"currentTime": later.isoformat()})
    bench.call("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "30"})
    bench.advance(30)
    assert now(bench, "offered1_a") == (10,)


def test_profiles_that_the_station_does_not_process_are_in_no_composite() -> None:
    bench = a_bench(keys={"chg_Options": "ChgProf=0"})
    install(bench, (0, 10))
    answer = bench.call("GetCompositeSchedule", {"connectorId": 1, "duration": 60})
    assert answer["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == 32


def test_limits_are_events_and_not_polls() -> None:
    """Four days of a daily profile with two periods ring eight times, a flat one never."""
    bench = a_bench()
    site, rung = bench.assembly.station.site, list[str]()
    arbitrate = site.changed
    site.changed = lambda: (rung.append(f"{bench.now:%H:%M:%S}"), arbitrate())[1]
    station = {"connector": 0, "chargingProfilePurpose": "ChargePointMaxProfile"}
    install(bench, (0, 16), **station)
    bench.advance(4 * 86400)
    assert rung == []
    daily = {"chargingProfileKind": "Recurring", "recurrencyKind": "Daily"}
    install(bench, (0, 16), (3600, 8), startSchedule="2024-03-01T22:00:00Z", **station, **daily)
    bench.advance(4 * 86400)
    assert rung == ["22:00:00", "23:00:00"] * 4


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"chargingRateUnit": "kW"}, "PropertyConstraintViolation"),  # ER 3.38
        ({"chargingProfileKind": "Sometimes"}, "PropertyConstraintViolation"),
        ({"chargingProfileId": "one"}, "TypeConstraintViolation"),
        ({"startSchedule": "yesterday"}, "TypeConstraintViolation"),
        ({"colour": "green"}, "FormationViolation"),
    ],
)
def test_a_malformed_profile_is_a_callerror_and_changes_nothing(changes: dict[str, Any], code: str) -> None:
    bench = a_bench()
    install(bench, (0, 10))
    query = {"connectorId": 1, "duration": 60}
    before = bench.call("GetCompositeSchedule", query)
    with pytest.raises(CallError) as error:
        install(bench, (0, 20), **changes)
    assert error.value.code == code
    assert bench.call("GetCompositeSchedule", query) == before


def test_a_composite_in_an_unknown_unit_is_a_callerror() -> None:
    with pytest.raises(CallError) as error:
        a_bench().call("GetCompositeSchedule", {"connectorId": 1, "duration": 60, "chargingRateUnit": "VA"})
    assert error.value.code == "PropertyConstraintViolation"  # ER 3.24


def check_that_the_composite_comes_true(seed: int) -> None:
    """What a composite foretells is what is allocated, at every change and just before it."""
    rng = random.Random(seed)
    bench = charging(a_bench())
    for number in range(rng.randint(1, 5)):
        starts = sorted({0, *(rng.randrange(1, 3600) for _ in range(3))})
        pairs = [(start, rng.choice((0, 5.9, 6, 8.1, 13.7, 16, 24))) for start in starts]
        purpose = rng.choice(("TxProfile", "TxDefaultProfile", "ChargePointMaxProfile"))
        install(
            bench,
            *pairs,
            connector=0 if purpose == "ChargePointMaxProfile" else 1,
            chargingProfileId=number,
            stackLevel=rng.randint(0, 2),
            chargingProfilePurpose=purpose,
            chargingProfileKind=rng.choice(("Absolute", "Relative")),
            **({"duration": rng.randrange(600, 3000)} if rng.random() < 0.6 else {}),
        )
    bench.advance(until=bench.now.replace(microsecond=0) + timedelta(seconds=10))
    foretold = bench.call("GetCompositeSchedule", {"connectorId": 1, "duration": 3600})["chargingSchedule"]
    begin, before = bench.now, None
    for row in foretold["chargingSchedulePeriod"]:
        at = begin + timedelta(seconds=row["startPeriod"])
        if before is not None:
            bench.advance(until=at - timedelta(milliseconds=1))
            assert now(bench, "allocated1_a") == (before,)
        bench.advance(until=at)
        before = row["limit"] if row["limit"] >= 6 else 0
        assert now(bench, "allocated1_a") == (before,), row


@pytest.mark.parametrize("seed", range(5))
def test_what_a_composite_foretells_comes_true(seed: int) -> None:
    check_that_the_composite_comes_true(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5, 105))
def test_what_many_composites_foretell_comes_true(seed: int) -> None:
    check_that_the_composite_comes_true(seed)


def test_a_change_of_the_limit_asks_the_profiles_of_each_connector_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = a_bench()
    for connector in (1, 2):
        charging(bench, connector)
    asked: list[Any] = []
    limit = ProfileStore._limit

    def counted(store: ProfileStore, stack: Any, *instants: Any) -> Limit:
        asked.append(stack)
        return limit(store, stack, *instants)

    monkeypatch.setattr(ProfileStore, "_limit", counted)
    assert install(bench, (0, 10)) == "Accepted"
    assert len(asked) == 3, "the station's and those of both connectors"
