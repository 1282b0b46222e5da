"""A composite schedule is held against itself and the profiles accepted, even where nothing else is known."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from foreign import START, Log, at, found, period, profile, status_of
from places import VECTORS

FORM, ABOVE = "charging.composite-form", "charging.composite-limit"
ASKED_S = 100.0
TEN_A = profile(period(10))


def answer(*periods: dict[str, Any], unit: str = "A", **fields: Any) -> dict[str, Any]:
    """The station's reply: 600 s from when it is asked on."""
    schedule = {"duration": 600, "chargingRateUnit": unit, "chargingSchedulePeriod": list(periods)}
    reply = {"status": "Accepted", "connectorId": 1, "scheduleStart": at(ASKED_S)}
    return reply | {"chargingSchedule": schedule | fields.pop("schedule", {})} | fields


def judged(tmp_path: Path, reply: dict[str, Any], *profiles: dict[str, Any], **query: Any) -> Any:
    log = Log()
    for n, wire in enumerate(profiles):
        connector = 0 if wire["chargingProfilePurpose"] == "ChargePointMaxProfile" else 1
        log.set_profile(20 + n, wire, connector)
    log.begin()
    log.down(ASKED_S, "GetCompositeSchedule", {"connectorId": 1, "duration": 600} | query, reply)
    log.end(200, 1100)
    return log.verdict(tmp_path)


def late(limit: float, start_s: int) -> dict[str, Any]:
    """A profile at a level above, from so many seconds after the question on."""
    schedule = {"startSchedule": at(ASKED_S + start_s)}
    return profile(period(limit), chargingProfileId=11, stackLevel=1, schedule=schedule)


SOUND: dict[str, tuple[Any, ...]] = {
    "as the profile": (answer(period(10)), TEN_A),
    "lower than the profile": (answer(period(6)), TEN_A),
    "with its numberPhases": (answer(period(10, 0, 3)), TEN_A),
    "in watts over three phases": (answer(period(6900), unit="W"), TEN_A),
    "a limit in watts in amperes over three": (answer(period(10, 0, 3)), profile(period(6900), unit="W")),
    "a limit in watts in amperes over one": (answer(period(30, 0, 1)), profile(period(6900), unit="W")),
    "a tenth more": (answer(period(10.1)), TEN_A),
    "no profile": (answer(period(32)),),
    "a change where the profile has it": (answer(period(10), period(16, 60)), TEN_A, late(16, 60)),
    "a change two seconds early": (answer(period(10), period(16, 58)), TEN_A, late(16, 60)),
    "a change two seconds late": (answer(period(10), period(6, 62)), TEN_A, late(6, 60)),
    "a startSchedule that says the same": (
        answer(period(10), schedule={"startSchedule": at(ASKED_S)}),
        TEN_A,
    ),
    "a minute of rounding": (answer(period(10), scheduleStart=at(60)), TEN_A),
    "without scheduleStart": ({k: v for k, v in answer(period(10)).items() if k != "scheduleStart"}, TEN_A),
}
SIX_KW = profile(period(6900), unit="W")
STATION_EIGHT_A = profile(period(8), chargingProfilePurpose="ChargePointMaxProfile")
RISES = profile(period(6), period(10, int(ASKED_S) + 60))
OTHER_HOUR = {"startSchedule": at(ASKED_S + 7200)}
FAULTY: dict[str, tuple[str, Any, Any]] = {
    "above the profile": (ABOVE, answer(period(16)), TEN_A),
    "two tenths above": (ABOVE, answer(period(10.2)), TEN_A),
    "above in watts": (ABOVE, answer(period(11040), unit="W"), TEN_A),
    "watts as amperes over one that are too many": (ABOVE, answer(period(31, 0, 1)), SIX_KW),
    "watts as amperes over three that are too many": (ABOVE, answer(period(30, 0, 3)), SIX_KW),
    "above from its second period on": (ABOVE, answer(period(10), period(16, 60)), TEN_A),
    "above the station's": (ABOVE, answer(period(16)), STATION_EIGHT_A),
    "above a limit that is yet to come": (ABOVE, answer(period(10)), late(6, 60)),
    "a change three seconds early": (ABOVE, answer(period(6), period(10, 57)), RISES),
    "a first period that is not at 0": (FORM, answer(period(10, 30)), TEN_A),
    "a period past its duration": (FORM, answer(period(10), period(6, 600)), TEN_A),
    "a period in another age": (FORM, answer(period(0), period(10, 1_006_632_455)), TEN_A),
    "periods out of order": (FORM, answer(period(10), period(6, 60), period(8, 30)), TEN_A),
    "no period": (FORM, answer(), TEN_A),
    "a longer duration": (FORM, answer(period(10), schedule={"duration": 86_400}), TEN_A),
    "another connector": (FORM, answer(period(10), connectorId=2), TEN_A),
    "a start 2 h off": (FORM, answer(period(10), scheduleStart=at(ASKED_S + 7200)), TEN_A),
    "a startSchedule two hours off": (FORM, answer(period(10), schedule=OTHER_HOUR), TEN_A),
    "a start a little over five minutes off": (
        FORM,
        answer(period(10), scheduleStart=at(ASKED_S + 301)),
        TEN_A,
    ),
}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_composite_schedule_is_let_pass(name: str, tmp_path: Path) -> None:
    reply, *profiles = SOUND[name]
    verdict = judged(tmp_path, reply, *profiles)
    assert found(verdict) == set()
    assert status_of(verdict, FORM) == "PASS"
    assert status_of(verdict, ABOVE) == ("PASS" if profiles else "NOT EXERCISED")


@pytest.mark.parametrize("name", FAULTY)
def test_a_composite_schedule_that_cannot_be_is_one_finding(name: str, tmp_path: Path) -> None:
    requirement, reply, wire = FAULTY[name]
    errors = [f for f in judged(tmp_path, reply, wire).findings if f["severity"] == "error"]
    assert [error["requirement"] for error in errors] == [requirement]


def test_the_unit_asked_for_is_the_unit_told(tmp_path: Path) -> None:
    reply = answer(period(6900), unit="W")
    assert found(judged(tmp_path, reply, TEN_A, chargingRateUnit="W")) == set()
    assert found(judged(tmp_path, reply, TEN_A, chargingRateUnit="A")) == {FORM}


# -- what other stations answer --------------------------------------------------------------------

ALL = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(VECTORS.glob("composite_*.json"))}


def log_of(vector: dict[str, Any], more: float = 0.0) -> Log:
    """The vector as a log: profiles accepted, transactions begun, the schedule asked for and told."""
    now = datetime.fromisoformat(vector["now"]).timestamp() - START.timestamp()
    log, told = Log(boot=False), vector["expected"]
    begun = {int(c): datetime.fromisoformat(t) for c, t in (vector["transaction_start"] or {}).items()}
    first = min((t.timestamp() - START.timestamp() for t in begun.values()), default=now)
    boot = {"status": "Accepted", "currentTime": at(first - 60), "interval": 300}
    log.up(first - 60, "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, boot)
    for connector in range(vector["connectors_installed"] + 1):
        log.status(first - 50 + connector, "Available", connector)
    for connector, since in begun.items():
        log.begin(since.timestamp() - START.timestamp() + connector / 100, connector=connector, id=connector)
    for n, entry in enumerate(vector["profiles"]):
        log.set_profile(now - 2 + n / 100, entry["csChargingProfiles"], entry["connectorId"])
    periods = [row | {"limit": round(row["limit"] + more, 1)} for row in told["periods"]]
    schedule = {
        "chargingRateUnit": told["unit"],
        "duration": told["duration"],
        "chargingSchedulePeriod": periods,
    }
    reply = {
        "status": "Accepted",
        "connectorId": vector["connector"],
        "scheduleStart": at(now),
        "chargingSchedule": schedule,
    }
    query = {
        "connectorId": vector["connector"],
        "duration": vector["query"]["duration"],
        "chargingRateUnit": vector["query"]["unit"],
    }
    log.down(now, "GetCompositeSchedule", query, reply)
    return log


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_no_other_station_is_wronged_whichever_choices_it_makes(name: str, tmp_path: Path) -> None:
    verdict = log_of(ALL[name]).verdict(tmp_path)
    assert not found(verdict) & {FORM, ABOVE}


@pytest.mark.slow
def test_most_of_them_are_found_when_they_tell_a_thousand_more(tmp_path: Path) -> None:
    caught = [name for name in ALL if ABOVE in found(log_of(ALL[name], 1000.0).verdict(tmp_path))]
    assert len(caught) >= 30


RATINGS = {"chg_RatedCurrent": "16", "chg_StationMaxCurrent": "16", "NumberOfConnectors": "1"}


@pytest.mark.parametrize(
    ("told", "good"),
    [
        ((period(16, 0, 3), period(16, 0, 3)), True),
        ((period(16, 0, 1), period(10, 0, 1)), False),
        ((period(16, 0, 1), period(16, 0, 1)), True),
    ],
    ids=["three", "one-and-lower", "one"],
)
def test_how_many_phases_are_wired_is_known_by_its_header_alone(
    told: tuple[Any, ...], good: bool, tmp_path: Path
) -> None:
    log = Log()
    rows = [{"key": key, "readonly": True, "value": value} for key, value in RATINGS.items()]
    log.down(10, "GetConfiguration", {}, {"configurationKey": rows})
    log.begin(63)
    log.end(100, 1100)  # from here on all that runs is known
    for t, one in zip((200, 300), told, strict=True):
        reply = answer(one, scheduleStart=at(t))
        log.down(t, "GetCompositeSchedule", {"connectorId": 1, "duration": 600}, reply)
    verdict = log.verdict(tmp_path)
    (row,) = [row for row in verdict.requirements if row["id"] == "charging.composite"]
    assert row["count"] == 2
    assert ("charging.composite" in found(verdict, "warning")) is not good
