"""What a log shows of a station's answers about profiles is held against what it shows of profiles."""

from pathlib import Path
from typing import Any

import pytest
from foreign import Log, at, currents, found, minutes, period, profile

from evc5 import Bench, judge

TAKEN, CLEARED, FLOW = "charging.accepted", "charging.cleared", "charging.flow"


def of_transaction(id: int | None) -> dict[str, Any]:
    named = {} if id is None else {"transactionId": id}
    return profile(period(6), chargingProfilePurpose="TxProfile", **named)


@pytest.mark.parametrize(
    ("is_held", "status", "good"),
    [
        (True, "Accepted", True),
        (True, "Unknown", False),
        (False, "Unknown", True),
        (False, "Accepted", True),  # it may be one from before the log
    ],
)
def test_clearing_a_profile_that_was_accepted_is_not_unknown(
    is_held: bool, status: str, good: bool, tmp_path: Path
) -> None:
    log = Log()
    if is_held:
        log.set_profile(20, profile(period(6)))
    log.down(40, "ClearChargingProfile", {"id": 10}, {"status": status})
    assert found(log.verdict(tmp_path)) == (set() if good else {CLEARED})


ALL_OF_IT: dict[str, Any] = {}
DEFAULTS = {"chargingProfilePurpose": "TxDefaultProfile"}


@pytest.mark.parametrize(
    ("first", "second", "good"),
    [
        ({"id": 10}, {"id": 10}, False),
        (ALL_OF_IT, {"id": 10}, False),
        (ALL_OF_IT, DEFAULTS, False),
        (DEFAULTS, DEFAULTS | {"stackLevel": 0}, False),
        ({"id": 10}, ALL_OF_IT, True),  # others may be left
        (DEFAULTS, {"stackLevel": 0}, True),
        (DEFAULTS, DEFAULTS | {"id": 10}, True),  # by its id it may be one of another purpose
    ],
)
def test_what_was_cleared_is_not_there_to_be_cleared_again(
    first: dict[str, Any], second: dict[str, Any], good: bool, tmp_path: Path
) -> None:
    log = Log(boot=False)
    log.up(0, "Heartbeat", {}, {"currentTime": at(0)})
    log.down(40, "ClearChargingProfile", first)
    log.down(60, "ClearChargingProfile", second)
    log.up(90, "Heartbeat", {}, {"currentTime": at(90)})
    assert found(log.verdict(tmp_path)) == (set() if good else {CLEARED})


OF_TRANSACTIONS = {"chargingProfilePurpose": "TxProfile"}


@pytest.mark.parametrize(
    ("filters", "answer", "good"),
    [
        (OF_TRANSACTIONS, "Accepted", False),
        (OF_TRANSACTIONS | {"connectorId": 1}, "Accepted", False),
        (OF_TRANSACTIONS | {"stackLevel": 0}, "Accepted", False),
        (OF_TRANSACTIONS, "Unknown", True),
        (OF_TRANSACTIONS | {"id": 10}, "Accepted", True),  # by its id it may be one of another purpose
        (DEFAULTS, "Accepted", True),  # it may be one from before the log
    ],
)
@pytest.mark.parametrize("charged", [False, True])
def test_where_no_transaction_runs_none_of_its_profiles_is_there_to_be_cleared(
    filters: dict[str, Any], answer: str, good: bool, charged: bool, tmp_path: Path
) -> None:
    log = Log()
    if charged:
        log.begin()
        log.end(110, 1000)
    log.down(250, "ClearChargingProfile", filters, {"status": answer})
    log.up(280, "Heartbeat", {}, {"currentTime": at(280)})
    assert found(log.verdict(tmp_path)) == (set() if good else {CLEARED})


@pytest.mark.parametrize("filters", [OF_TRANSACTIONS, OF_TRANSACTIONS | {"connectorId": 1}])
def test_a_transaction_that_runs_may_have_a_profile_from_before_the_log(
    filters: dict[str, Any], tmp_path: Path
) -> None:
    log = Log(boot=False)
    for t in minutes(3, 60):
        log.values(t, *currents(6, 6, 6))
    log.down(400, "ClearChargingProfile", filters, {"status": "Accepted"})
    assert CLEARED not in found(log.verdict(tmp_path))


@pytest.mark.parametrize(("id", "good"), [(10, True), (11, False)])
def test_a_profile_that_was_set_in_between_may_be_cleared(id: int, good: bool, tmp_path: Path) -> None:
    log = Log(boot=False)
    log.up(0, "Heartbeat", {}, {"currentTime": at(0)})
    log.down(40, "ClearChargingProfile", {"id": 10})
    log.set_profile(50, profile(period(6), chargingProfileId=id))
    log.down(60, "ClearChargingProfile", {"id": 10})
    log.up(90, "Heartbeat", {}, {"currentTime": at(90)})
    assert found(log.verdict(tmp_path)) == (set() if good else {CLEARED})


def test_what_was_cleared_does_not_limit(tmp_path: Path) -> None:
    log = Log()
    log.set_profile(20, profile(period(6)))
    log.begin()
    log.down(70, "ClearChargingProfile", {"id": 10}, {"status": "Accepted"})
    for t in minutes(4):
        log.values(t, *currents(16, 16, 16))
    assert found(log.verdict(tmp_path)) == set()


@pytest.mark.parametrize(("id", "good"), [(7, True), (None, True), (99, False)])
def test_a_tx_profile_is_for_the_transaction_that_runs(id: int | None, good: bool, tmp_path: Path) -> None:
    log = Log()
    log.begin(id=7)
    log.set_profile(90, of_transaction(id))
    for t in minutes(4):
        log.values(t, *currents(*[6 if good else 16] * 3))
    assert found(log.verdict(tmp_path)) == (set() if good else {TAKEN})


@pytest.mark.parametrize(("status", "good"), [("Accepted", False), ("Rejected", True)])
def test_a_tx_profile_needs_a_transaction(status: str, good: bool, tmp_path: Path) -> None:
    log = Log()
    log.down(
        30,
        "SetChargingProfile",
        {"connectorId": 1, "csChargingProfiles": of_transaction(None)},
        {"status": status},
    )
    log.status(200, "Unavailable")
    log.status(260, "Available")
    assert found(log.verdict(tmp_path)) == (set() if good else {TAKEN})


def test_a_tx_profile_is_over_with_its_transaction(tmp_path: Path) -> None:
    log = Log()
    log.begin(id=1)
    log.set_profile(70, of_transaction(1))
    log.values(130, *currents(6, 6, 6), id=1)
    log.end(140, 1040, id=1)
    log.begin(200, meter=1040, id=2)
    for t in minutes(3, 200):
        log.values(t, *currents(16, 16, 16), id=2)
    assert FLOW not in found(log.verdict(tmp_path))


@pytest.mark.parametrize(("keys", "good"), [({}, True), ({"NumberOfConnectors": "1"}, False)])
def test_a_connector_that_is_not_heard_of_yet_may_be_there_unless_they_are_counted(
    keys: dict[str, str], good: bool, tmp_path: Path
) -> None:
    log = Log()
    log.configure(10, **keys)
    log.set_profile(20, profile(period(6)), connector=2)
    assert found(log.verdict(tmp_path)) == (set() if good else {TAKEN})


@pytest.mark.parametrize(("ends_s", "good"), [(0.0, True), (1.0, True), (3.0, False), (60.0, False)])
def test_a_tx_profile_may_be_refused_once_its_transaction_is_over_though_the_stop_is_told_later(
    ends_s: float, good: bool
) -> None:
    """The same recording with the answer made a refusal, and with the stop stamped so long after it."""
    bench = Bench(start="2024-03-01T10:00:00Z")
    bench.plug_in(1)
    bench.present_tag(1, "TAG1")
    bench.advance(120)
    wire = of_transaction(1) | {"chargingSchedule": profile(period(16))["chargingSchedule"]}
    bench.call("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": wire})
    bench.unplug(1)
    bench.advance(100)
    bench.close()
    directory = bench.assembly.recorder.directory
    lines = (directory / "messages.jsonl").read_text("utf-8").splitlines()
    stopped = next(line for line in lines if "StopTransaction" in line and '"meterStop"' in line)
    later = stopped.replace('"timestamp":"2024-03-01T10:02:00', f'"timestamp":"{at(120 + ends_s)[:19]}')
    told = "\n".join(later if line == stopped else line for line in lines) + "\n"
    asked = next(line for line in lines if "SetChargingProfile" in line)
    id_ = asked.partition('"frame":[2,"')[2].partition('"')[0]
    told = told.replace(f'[3,"{id_}",{{"status":"Accepted"}}]', f'[3,"{id_}",{{"status":"Rejected"}}]')
    (directory / "messages.jsonl").write_text(told, "utf-8")
    assert (TAKEN in found(judge(directory))) == (not good)


@pytest.mark.slow
@pytest.mark.parametrize("again", [False, True])
def test_what_a_station_kept_from_before_the_log_is_cleared_once(again: bool, tmp_path: Path) -> None:
    """ER 3.37: profiles outlive a restart; transactions are all known, and profiles need not be."""
    log = Log()
    log.begin()
    log.end(160, 1000)
    for t_s in (400, 500)[: 1 + again]:
        log.down(t_s, "ClearChargingProfile", {"id": 77}, {"status": "Accepted"})
    log.up(600, "Heartbeat", {}, {"currentTime": at(600)})
    assert ("charging.cleared" in found(log.verdict(tmp_path))) is again
