"""Ten tests to copy: what a back office expects of a charge point, in virtual time.

Put this file into your own test folder, `pip install evc5-twin`, and run `pytest`. The fixtures come with the
package: `bench` is a booted charge point with a back office at its other end, `rig` runs a rig file, `golden`
holds the frames of a test against a text file (`pytest --update-golden` writes it).
"""

from typing import Any

import pytest

METER = {"chg_KWH1": "EASTR_SDM630,1,9600,N,1", "chg_KWH2": "EASTR_SDM630,2,9600,N,1"}
SAMPLED = {**METER, "MeterValueSampleInterval": 60, "MeterValuesSampledData": "Current.Import,Voltage"}


def limit_of(amps: float, **more: Any) -> dict[str, Any]:
    """A TxDefaultProfile that holds from now on."""
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": amps}]}
    profile = {"chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile"}
    return {**profile, "chargingProfileKind": "Relative", "chargingSchedule": schedule, **more}


def charge(bench: Any, connector: int = 1, tag: str = "TAG1") -> None:
    """A car comes, its driver holds up a card, and current flows."""
    bench.plug_in(connector, vehicle="vw-id3-58", soc=0.3)
    bench.present_tag(connector, tag)
    bench.advance(60)


def test_a_card_starts_a_transaction_and_ends_it(bench: Any) -> None:
    charge(bench)
    bench.advance(3600)
    bench.present_tag(1, "TAG1")
    bench.advance(5)
    transactions = bench.run_so_far().transactions
    assert list(transactions["reason"]) == ["Local"]
    assert transactions["meter_stop_wh"][0] - transactions["meter_start_wh"][0] > 9_000


def test_a_blocked_card_starts_nothing(bench: Any) -> None:
    bench.csms.reply("Authorize", {"idTagInfo": {"status": "Blocked"}})
    charge(bench)
    assert bench.run_so_far().transactions.empty
    assert bench.reading(1)["p_w"] == 0


@pytest.mark.evc5(keys=SAMPLED, start="2024-03-01T10:00:00Z")
def test_samples_come_every_minute_of_the_transaction(bench: Any) -> None:
    charge(bench)
    bench.advance(600)
    voltages = bench.run_so_far().meter_values.query("measurand == 'Voltage' and phase == 'L1'")
    assert [at.strftime("%H:%M:%S") for at in voltages.index[:3]] == ["10:01:00", "10:02:00", "10:03:00"]


@pytest.mark.evc5(keys={**METER, "ClockAlignedDataInterval": 900}, start="2024-03-01T10:07:00Z")
def test_clock_aligned_data_stands_on_the_quarters(bench: Any) -> None:
    bench.advance(3600)
    values = bench.run_so_far().meter_values.query("context == 'Sample.Clock' and connector == 1")
    assert sorted({at.strftime("%H:%M:%S") for at in values.index}) == [
        *("10:15:00", "10:30:00", "10:45:00", "11:00:00"),
    ]


def test_a_charging_profile_is_followed_within_ten_seconds(bench: Any) -> None:
    charge(bench)
    assert bench.reading(1)["i1_a"] > 15
    bench.call("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": limit_of(8.0)})
    bench.advance(10)
    assert bench.reading(1)["i1_a"] <= 8.0


def test_the_composite_schedule_tells_the_profile(bench: Any) -> None:
    bench.call("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": limit_of(10.0)})
    told = bench.call("GetCompositeSchedule", {"connectorId": 1, "duration": 3600})
    assert told["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == 10.0


def test_no_transaction_message_is_lost_in_an_outage(bench: Any) -> None:
    charge(bench)
    bench.link.down()
    bench.advance(600)
    bench.present_tag(1, "TAG1")
    bench.advance(600)
    bench.link.up()
    bench.advance(600)
    run = bench.run_so_far()
    assert list(run.transactions["reason"]) == ["Local"]
    assert run.passed


@pytest.mark.parametrize("kind", ["Soft", "Hard"])
def test_a_reset_ends_the_transaction_with_its_reason(bench: Any, kind: str) -> None:
    charge(bench)
    assert bench.call("Reset", {"type": kind}) == {"status": "Accepted"}
    bench.advance(300)
    assert list(bench.run_so_far().transactions["reason"]) == [f"{kind}Reset"]


@pytest.mark.evc5(keys={**METER, "MeterValueSampleInterval": 600}, start="2024-03-01T10:00:00Z")
def test_the_frames_of_a_short_charge_are_as_ever(bench: Any, golden: Any) -> None:
    charge(bench)
    bench.advance(900)
    bench.present_tag(1, "TAG1")
    bench.advance(30)
    bench.unplug(1)
    bench.advance(30)
    golden(bench, "short-charge")


def test_a_whole_rig_passes(rig: Any) -> None:
    run = rig("first-charge")
    assert run.passed, run.findings
    assert run.summary["sessions"][0]["kwh"] > 30
