"""What belongs to somebody is put back, after a kill too, and nothing dangerous is ever written."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evc5.rigs.bench.bench import Bench, CallError, NoReply
from evc5.rigs.keeper.composites import Composite, difference
from evc5.rigs.keeper.danger import PROTECTED, protected
from evc5.rigs.keeper.journal import Journal
from evc5.rigs.keeper.keeper import Keeper, Refused, restore
from evc5.twin.ocpp.rpc import NO_REPLY, Reply

START = "2026-03-02T10:00:00Z"
OWNERS = {
    "chargingProfileId": 5, "stackLevel": 3, "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": {"startSchedule": "2026-03-02T09:00:00Z", "chargingRateUnit": "A",
                         "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 20.0},
                                                    {"startPeriod": 7200, "limit": 12.0}]},
}  # fmt: skip


def asker(bench: Bench) -> Callable[[str, dict[str, Any]], Reply]:
    def ask(action: str, payload: dict[str, Any]) -> Reply:
        try:
            return Reply(bench.call(action, payload))
        except CallError as error:
            return Reply(None, error.code, str(error), error.details)
        except NoReply:
            return NO_REPLY

    return ask


def begun(bench: Bench, path: Path, **options: Any) -> Keeper:
    bench.advance(5)
    keeper = Keeper(asker(bench), Journal.open(path), **options)
    keeper.begin("CP1", START, (0, 1, 2))
    return keeper


def profile(level: int, limit: float) -> dict[str, Any]:
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}]}
    return {**OWNERS, "stackLevel": level, "chargingSchedule": {**OWNERS["chargingSchedule"], **schedule}}


def read(bench: Bench, key: str) -> str:
    value: str = bench.call("GetConfiguration", {"key": [key]})["configurationKey"][0]["value"]
    return value


def test_a_key_is_put_back(tmp_path: Path) -> None:
    bench = Bench(start=START)
    keeper = begun(bench, tmp_path / "j")
    assert keeper.write("ConnectionTimeOut", "17").payload == {"status": "Accepted"}
    assert read(bench, "ConnectionTimeOut") == "17"
    assert keeper.finish() == []
    assert read(bench, "ConnectionTimeOut") == "60"


@pytest.mark.parametrize("key", ["com_Endpoint", "COM_ENDPOINT", "AuthorizationKey", "chg_KWH1", "grid_Role"])
def test_a_key_that_strands_the_unit_is_not_even_written_with_its_own_value(key: str, tmp_path: Path) -> None:
    bench = Bench(start=START)
    keeper = begun(bench, tmp_path / "j")
    asked: list[str] = []
    ask = keeper.ask
    keeper.ask = lambda action, payload: (asked.append(action), ask(action, payload))[1]
    with pytest.raises(Refused, match=key):
        keeper.write_same(key)
    assert asked == []


def test_danger_names_a_key_that_may_be_written(tmp_path: Path) -> None:
    keeper = begun(Bench(start=START), tmp_path / "j", danger=("grid_role",))
    assert keeper.write_same("grid_Role").payload == {"status": "RebootRequired"}


def test_every_pattern_of_the_danger_list_protects_something() -> None:
    """A pattern that is spelt wrong protects nothing."""
    from evc5.twin.sheet.behaviour import Behaviour

    keys = {key.lower() for key in Behaviour.load("evc5-v32r30").keys}
    for pattern in PROTECTED:
        assert any(key == pattern or key.startswith(pattern.rstrip("*")) for key in keys), pattern
    assert protected("HeartbeatInterval") is None


def test_a_key_whose_value_is_not_told_is_never_written(tmp_path: Path) -> None:
    keeper = begun(Bench(start=START), tmp_path / "j", danger=("AuthorizationKey",))
    with pytest.raises(Refused, match="does not tell"):
        keeper.write_same("AuthorizationKey")


def test_the_owners_profile_survives_ours(tmp_path: Path) -> None:
    bench = Bench(start=START)
    bench.call("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": OWNERS})
    keeper = begun(bench, tmp_path / "j")
    with pytest.raises(Refused, match="owner"):
        keeper.install(1, {k: v for k, v in profile(3, 10.0).items() if k != "chargingProfileId"})
    ours = {k: v for k, v in profile(21, 10.0).items() if k != "chargingProfileId"}
    id_, reply = keeper.install(1, ours)
    assert (id_, reply.payload) == (900_000, {"status": "Accepted"})
    bench.advance(600)
    assert keeper.compare() != []
    assert keeper.finish() == []


def test_a_composite_that_lost_a_step_is_told(tmp_path: Path) -> None:
    bench = Bench(start=START)
    bench.call("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": OWNERS})
    keeper = begun(bench, tmp_path / "j")
    bench.call("ClearChargingProfile", {"id": 5})
    found = keeper.finish()
    assert any("composite of connector 1 in A" in line and "20" in line for line in found), found
    assert not keeper.journal.ended


def test_what_a_kill_left_is_restored_from_the_journal(tmp_path: Path) -> None:
    bench = Bench(start=START)
    keeper = begun(bench, tmp_path / "j")
    keeper.write("HeartbeatInterval", "77")
    keeper.install(0, {k: v for k, v in profile(30, 9.0).items() if k != "chargingProfileId"})
    with (tmp_path / "j").open("ab") as file:
        file.write(b'{"do": "change", "what": "key Conn')  # the line that a kill cut short
    journal = Journal.open(tmp_path / "j", existing=True)
    assert set(journal.owed) == {"key HeartbeatInterval", "profile 900000"}
    assert restore(asker(bench), journal) == []
    again = Journal.open(tmp_path / "j", existing=True)
    assert (again.owed, again.ended) == ({}, True)
    assert read(bench, "HeartbeatInterval") == "3600"


def test_the_journal_is_written_before_the_unit_is_asked(tmp_path: Path) -> None:
    bench = Bench(start=START)
    keeper = begun(bench, tmp_path / "j")
    ask = keeper.ask
    seen: list[set[str]] = []

    def watching(action: str, payload: dict[str, Any]) -> Reply:
        if action in ("ChangeConfiguration", "SetChargingProfile"):
            seen.append(set(Journal.open(tmp_path / "j").owed))
        return ask(action, payload)

    keeper.ask = watching
    keeper.write_same("ConnectionTimeOut")
    keeper.install(1, {k: v for k, v in profile(40, 9.0).items() if k != "chargingProfileId"})
    assert seen == [{"key ConnectionTimeOut"}, {"key ConnectionTimeOut", "profile 900000"}]


def test_the_journal_holds_no_secret_and_is_the_users_own(tmp_path: Path) -> None:
    bench = Bench(start=START, keys={"com_Endpoint": "ws://me:hunter2@csms.example/x"})
    begun(bench, tmp_path / "j")
    assert "hunter2" not in (tmp_path / "j").read_text()
    assert stat.S_IMODE((tmp_path / "j").stat().st_mode) == 0o600


def test_a_unit_that_clears_no_profiles_gets_none(tmp_path: Path) -> None:
    bench = Bench(start=START)
    keeper = begun(bench, tmp_path / "j")
    ask = keeper.ask

    def clears_nothing(action: str, payload: dict[str, Any]) -> Reply:
        return Reply(None, "NotSupported") if action == "ClearChargingProfile" else ask(action, payload)

    keeper.ask = clears_nothing
    with pytest.raises(Refused, match="would stay"):
        keeper.install(1, {k: v for k, v in profile(21, 10.0).items() if k != "chargingProfileId"})
    assert keeper.finish() == []


def test_a_unit_that_does_not_tell_all_keys_at_once_is_asked_by_their_names(tmp_path: Path) -> None:
    bench = Bench(start=START).advance(5)
    ask = asker(bench)
    asked: list[int] = []

    def picky(action: str, payload: dict[str, Any]) -> Reply:
        if action == "GetConfiguration":
            asked.append(len(payload.get("key", ())))
        return NO_REPLY if action == "GetConfiguration" and not payload else ask(action, payload)

    keeper = Keeper(picky, Journal.open(tmp_path / "j"))
    known = [entry["key"] for entry in bench.call("GetConfiguration")["configurationKey"]]
    keeper.begin("CP1", START, (0, 1, 2), known)
    assert len(keeper.values) > 80
    assert max(asked) == 50
    assert keeper.write("ConnectionTimeOut", "17").payload == {"status": "Accepted"}
    assert keeper.finish() == []


def test_a_unit_that_answers_nothing_is_told_not_to_be_proven(tmp_path: Path) -> None:
    keeper = begun(Bench(start=START), tmp_path / "j")
    keeper.write("ConnectionTimeOut", "17")
    keeper.ask = lambda action, payload: NO_REPLY
    assert keeper.finish()[:1] == ["key ConnectionTimeOut could not be undone"]


def composite(start: str, *periods: tuple[int, float], duration: int = 86_400) -> Composite:
    wire = [{"startPeriod": since, "limit": limit} for since, limit in periods]
    schedule = {"duration": duration, "chargingRateUnit": "A", "chargingSchedulePeriod": wire}
    made = Composite.of({"status": "Accepted", "scheduleStart": start, "chargingSchedule": schedule})
    assert made is not None
    return made


def test_composites_are_held_against_each_other_in_absolute_time() -> None:
    first = composite("2026-03-02T10:00:00Z", (0, 20.0), (3600, 12.0))
    later = composite("2026-03-02T10:30:00Z", (0, 20.0), (1800, 12.0))
    shifted = composite("2026-03-02T10:30:00Z", (0, 20.0), (1801, 12.0))
    assert difference(first, later) is None
    assert difference(first, shifted) is not None


def test_a_composite_is_compared_only_where_both_speak() -> None:
    first = composite("2026-03-02T10:00:00Z", (0, 20.0), duration=3600)
    later = composite("2026-03-02T10:30:00Z", (0, 20.0), (1800, 7.0), duration=3600)
    assert difference(first, later) is None


@pytest.mark.parametrize("answer", [{}, {"code": "NotSupported"}, {"scheduleStart": "soon"}])
def test_what_is_no_schedule_is_no_composite(answer: dict[str, Any]) -> None:
    assert Composite.of(answer) is None
