"""What outlives a reset, a power cut and a killed process, and that nothing of it is lost or told twice."""

import os
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from cables import pull
from hypothesis import HealthCheck, given, settings
from scenario import Log, Scenario
from wire import charging, frames, read, sent, statuses, written

from evc5.rigs.bench.bench import Bench
from evc5.rigs.errors import BadInput

ENERGY = "Energy.Active.Import.Register"


def remembering(tmp_path: Path, start: str = "2024-01-01T00:00:00Z", **options: Any) -> Bench:
    """A bench whose station keeps its memory in a file; a second one goes on where the first was left."""
    return Bench(start=start, memory=str(tmp_path / "memory.db"), **options)


LATER = "2024-01-01T12:00:00Z"


def cut(bench: Bench, dark_s: float = 60.0) -> Bench:
    bench.power.cut()
    bench.advance(dark_s)
    bench.power.restore()
    return bench.advance(60)


# --- a power cut ---


def test_a_power_cut_ends_the_transaction_with_power_loss_after_the_boot() -> None:
    bench = charging(Bench())
    cut(bench)
    actions = [frame[2] for way, frame in frames(bench) if way == "up" and frame[0] == 2]
    assert [stop["reason"] for stop in sent(bench, "StopTransaction")] == ["PowerLoss"]
    assert actions.index("StopTransaction") > len(actions) - 1 - actions[::-1].index("BootNotification")
    assert statuses(bench, 1)[-1] == "Finishing"  # 7.7: until the user takes the cable out


def test_with_restart_trans_on_boot_the_transaction_goes_on() -> None:
    bench = charging(Bench(keys={"chg_Options": "RestartTransOnBoot=1", "MeterValueSampleInterval": 60}))
    cut(bench).advance(240)
    assert sent(bench, "StopTransaction") == [] and len(sent(bench, "StartTransaction")) == 1
    assert statuses(bench, 1)[-1] == "Charging" and bench.reading(1)["p_w"] > 1000
    stamps = [values["meterValue"][0]["timestamp"][14:19] for values in sent(bench, "MeterValues")]
    assert stamps == ["01:00", *(f"0{n}:00" for n in range(3, 8))]  # counted from its start; dark from 01:00
    bench.present_tag(1, "TAG1")
    bench.advance(1)
    assert [stop["reason"] for stop in sent(bench, "StopTransaction")] == ["Local"]


@pytest.mark.parametrize("stops", [True, False])
def test_a_cable_pulled_in_the_dark_ends_the_transaction_as_one_pulled_in_the_light(stops: bool) -> None:
    keys = {"chg_Options": "RestartTransOnBoot=1", "StopTransactionOnEVSideDisconnect": stops}
    bench = charging(Bench(behaviour="ocpp16", keys=keys))
    bench.power.cut()
    bench.unplug(1)
    bench.advance(5)
    bench.power.restore()
    bench.advance(120)
    reasons = [stop["reason"] for stop in sent(bench, "StopTransaction")]
    assert (reasons, statuses(bench, 1)[-1]) == (
        (["EVDisconnected"], "Available") if stops else ([], "SuspendedEV")
    )


def test_a_resumed_transaction_without_permission_gets_no_energy() -> None:
    keys = {"chg_Options": "RestartTransOnBoot=1", "StopTransactionOnInvalidId": False}
    bench = Bench(keys=keys)
    bench.csms.reply("StartTransaction", {"transactionId": 1, "idTagInfo": {"status": "Invalid"}})
    charging(bench)
    cut(bench).advance(60)
    assert (statuses(bench, 1)[-1], bench.reading(1)["offered1_a"]) == ("SuspendedEVSE", 0.0)


def test_a_cut_while_offline_loses_nothing_of_the_queue() -> None:
    bench = Bench(keys={"MeterValueSampleInterval": 60, "AllowOfflineTxForUnknownId": True})
    bench.link.down()
    charging(bench).advance(300)
    cut(bench)
    bench.link.up()
    bench.advance(300)
    told = [frame[2] for way, frame in frames(bench) if way == "up" and frame[0] == 2]
    told = [action for action in told if action in ("StartTransaction", "MeterValues", "StopTransaction")]
    assert told == ["StartTransaction", *["MeterValues"] * 6, "StopTransaction"]


@pytest.mark.parametrize("stays", ["Inoperative", "Operative"])
def test_availability_outlives_a_cut(stays: str) -> None:
    bench = Bench()
    bench.call("ChangeAvailability", {"connectorId": 2, "type": "Inoperative"})
    bench.call("ChangeAvailability", {"connectorId": 2, "type": stays})
    cut(bench)
    assert statuses(bench, 2)[-1] == ("Unavailable" if stays == "Inoperative" else "Available")


def test_a_scheduled_change_takes_effect_although_a_cut_ended_the_transaction() -> None:
    bench = charging(Bench())
    assert bench.call("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}) == {
        "status": "Scheduled"
    }
    bench.power.cut()
    bench.unplug(1)
    bench.power.restore()
    bench.advance(60)
    assert statuses(bench, 1)[-1] == "Unavailable"


# --- a killed process ---


def test_a_transaction_whose_process_was_killed_ended_when_its_register_was_last_kept(tmp_path: Path) -> None:
    """Twelve hours lie between the processes, of which nobody knows anything."""
    keys = {"MeterValueSampleInterval": 60, "StopTxnSampledData": ENERGY}
    old = charging(remembering(tmp_path, keys=keys)).advance(270)  # from 00:01:00 on, killed at 00:05:30
    [*_, sample] = sent(old, "MeterValues")
    new = remembering(tmp_path, LATER, keys=keys)
    [stop] = sent(new, "StopTransaction")
    assert stop["reason"] == "PowerLoss"
    assert stop["timestamp"] == sample["meterValue"][0]["timestamp"] == "2024-01-01T00:05:00.000Z"
    assert stop["meterStop"] == int(sample["meterValue"][0]["sampledValue"][0]["value"])
    assert stop["transactionData"][-1]["timestamp"] == stop["timestamp"]


def test_by_policy_its_stop_is_of_the_boot(tmp_path: Path) -> None:
    charging(remembering(tmp_path))
    new = remembering(tmp_path, LATER, policies={"after_power_loss": "preparing"})
    assert [stop["timestamp"] for stop in sent(new, "StopTransaction")] == ["2024-01-01T12:00:00.000Z"]


def test_a_register_that_was_kept_at_a_time_still_to_come_is_of_now(tmp_path: Path) -> None:
    charging(remembering(tmp_path, LATER))
    new = remembering(tmp_path, "2024-01-01T11:00:00Z")
    assert [stop["timestamp"] for stop in sent(new, "StopTransaction")] == ["2024-01-01T11:00:00.000Z"]


def test_a_new_process_finds_what_the_old_one_left(tmp_path: Path) -> None:
    old = remembering(tmp_path, keys={"LocalPreAuthorize": True})
    assert written(old, "MeterValueSampleInterval", "123") == "Accepted"
    assert written(old, "chg_RatedCurrent", "16,16") == "RebootRequired"
    old.call("ChangeAvailability", {"connectorId": 2, "type": "Inoperative"})
    entry = {"idTag": "LISTED", "idTagInfo": {"status": "Accepted"}}
    old.call("SendLocalList", {"listVersion": 4, "updateType": "Full", "localAuthorizationList": [entry]})
    old.call("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": PROFILE})
    new = remembering(tmp_path, LATER, keys={"LocalPreAuthorize": True})
    assert (read(new, "MeterValueSampleInterval") or {})["value"] == "123"
    assert new.call("GetLocalListVersion") == {"listVersion": 4}
    assert statuses(new, 2) == ["Unavailable"]
    new.plug_in(1)
    new.present_tag(1, "LISTED")
    new.advance(30)
    assert sent(new, "Authorize") == [] and new.reading(1)["offered1_a"] == 10.0


PROFILE = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}],
    },
}


def test_what_the_cache_learnt_is_found_by_a_new_process(tmp_path: Path) -> None:
    keys = {"AuthorizationCacheEnabled": True, "LocalPreAuthorize": True}
    charging(remembering(tmp_path, keys=keys))
    new = charging(remembering(tmp_path, LATER, keys=keys))
    assert sent(new, "Authorize") == []


def test_a_transaction_that_a_killed_process_left_is_stopped_by_the_next(tmp_path: Path) -> None:
    old = charging(remembering(tmp_path, keys={"StopTxnSampledData": ENERGY}))
    [start] = sent(old, "StartTransaction")
    new = remembering(tmp_path, LATER, keys={"StopTxnSampledData": ENERGY}).advance(5)
    [stop] = sent(new, "StopTransaction")
    assert (stop["transactionId"], stop["reason"]) == (1, "PowerLoss")
    begin = stop["transactionData"][0]
    assert begin["timestamp"] == start["timestamp"]
    assert begin["sampledValue"][0]["context"] == "Transaction.Begin"


def test_a_transaction_that_a_killed_process_left_can_go_on(tmp_path: Path) -> None:
    keys = {"chg_Options": "RestartTransOnBoot=1", "MeterValueSampleInterval": 600}
    charging(remembering(tmp_path, keys=keys))
    new = remembering(tmp_path, "2024-01-01T00:55:00Z", keys=keys)
    new.plug_in(1)
    new.advance(900)
    told = sent(new, "MeterValues", connectorId=1)
    assert [(values["transactionId"], values["meterValue"][0]["timestamp"][11:16]) for values in told] == [
        (1, "01:00"),
        (1, "01:10"),
    ]


def test_a_message_without_its_reply_is_sent_again_by_the_next_process_and_is_the_same(
    tmp_path: Path,
) -> None:
    old = remembering(tmp_path)
    old.csms.reply("StartTransaction", silent=True)
    charging(old, soc=0.5).advance(600)
    new = remembering(tmp_path, LATER).advance(5)
    assert sent(new, "StartTransaction") == sent(old, "StartTransaction")[:1]
    assert [stop["transactionId"] for stop in sent(new, "StopTransaction")] == [1]


def test_what_the_back_office_has_confirmed_is_not_sent_again(tmp_path: Path) -> None:
    old = charging(remembering(tmp_path, keys={"MeterValueSampleInterval": 10})).advance(60)
    old.present_tag(1, "TAG1")
    old.advance(1)
    new = remembering(tmp_path, LATER).advance(60)
    told = {frame[2] for way, frame in frames(new) if way == "up" and frame[0] == 2}
    assert told == {"BootNotification", "StatusNotification"}


@pytest.mark.parametrize("content", [b"", b"no database at all, but text\n" * 100])
def test_a_file_that_is_no_memory_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "memory.db").write_bytes(content)
    if not content:  # an empty file is a new memory
        assert remembering(tmp_path).now
        return
    with pytest.raises(BadInput, match=r"station\.memory: .*memory\.db must be the memory file of a station"):
        remembering(tmp_path)


def test_a_database_of_somebody_else_is_refused(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "memory.db") as other:
        other.execute("CREATE TABLE mine (x)")
    with pytest.raises(BadInput, match="its marks must be"):
        remembering(tmp_path)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("charge"), st.sampled_from([1, 2])),
        st.tuples(st.just("unplug"), st.sampled_from([1, 2])),
        st.tuples(st.just("network"), st.sampled_from(["down", "silent", "up", "up"])),
        st.tuples(st.just("wait"), st.sampled_from([0.0, 0.06, 1.0, 40.0, 200.0])),
        st.tuples(st.just("power"), st.booleans()),
    ),
    max_size=12,
)


def play(scenario: Scenario, steps: list[tuple[str, Any]]) -> None:
    bench = scenario.bench
    for what, how in steps:
        if what == "charge":
            scenario.plug_in(how, "vw-id3-58", 0.3)
            bench.present_tag(how, f"TAG{how}")
        elif what == "unplug":
            pull(bench, how)
        elif what == "network":
            getattr(bench.link, how)()
        elif what == "wait":
            bench.advance(how)
        else:
            (scenario.restore if how else scenario.cut)()


def across_processes(lives: list[list[tuple[str, Any]]], resumes: bool) -> None:
    """Each process is abandoned where its steps end; the last one is let come to rest."""
    keys = {
        "MeterValueSampleInterval": 30,
        "AllowOfflineTxForUnknownId": True,
        "chg_Options": f"RestartTransOnBoot={int(resumes)}",
    }
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for number, steps in enumerate(lives):
            start = f"2024-01-{number + 1:02}T00:00:00Z"
            scenario = Scenario(start=start, keys=keys, memory=f"{folder}/memory.db", latency_s=0.05)
            scenario.bench.assembly.conversation.office.transactions = count(1000 * number + 1)
            scenario.bench.advance(5)
            play(scenario, steps)
            if number == len(lives) - 1:
                scenario.settle()
                scenario.check_rest()
            lines += scenario.messages(number)
    Log(lines, []).check_transactions()


ANY_PACE = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))


@pytest.mark.slow
@settings(ANY_PACE, max_examples=25, derandomize=True)
@given(st.lists(STEPS, min_size=2, max_size=3), st.booleans())
def test_whatever_moment_a_process_is_killed_at_nothing_is_lost(lives: list[Any], resumes: bool) -> None:
    across_processes(lives, resumes)


@pytest.mark.slow
@settings(ANY_PACE, max_examples=1000)
@given(st.lists(STEPS, min_size=2, max_size=4), st.booleans())
def test_a_thousand_killed_processes_lose_nothing(lives: list[Any], resumes: bool) -> None:
    across_processes(lives, resumes)


BUSY = """
import sys
from evc5.rigs.bench.bench import Bench
bench = Bench(memory=sys.argv[1], keys={"MeterValueSampleInterval": 1, "AllowOfflineTxForUnknownId": True})
print("ready", flush=True)
while True:
    for connector in (1, 2):
        bench.plug_in(connector, soc=0.5)
        bench.present_tag(connector, "TAG1")
    bench.link.down()
    bench.advance(20)
    bench.link.up()
    bench.advance(20)
    for connector in (1, 2):
        pull(bench, connector)
    bench.advance(5)
"""


@pytest.mark.slow
@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.3, 0.7])
def test_a_process_that_is_really_killed_leaves_a_memory_that_can_be_gone_on_with(
    tmp_path: Path, after_s: float
) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", BUSY, str(tmp_path / "memory.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as busy:
        assert busy.stdout is not None and busy.stdout.readline() == b"ready\n"
        time.sleep(after_s)
        busy.kill()
    new = remembering(tmp_path, "2024-02-01T00:00:00Z")
    new.advance(1000)
    assert not new.assembly.station.memory.queue and not new.assembly.station.memory.transactions
    samples = [
        (payload["connectorId"], payload["meterValue"][0]["timestamp"])
        for payload in sent(new, "MeterValues")
    ]
    assert len(set(samples)) == len(samples)
    assert {stop["reason"] for stop in sent(new, "StopTransaction")} <= {"PowerLoss", "EVDisconnected"}
