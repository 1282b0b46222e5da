"""Clock-aligned data over days: every boundary of the station's clock once, whatever happens meanwhile."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from two_ways import rendered
from wire import charging, sent, written

from evc5.rigs.bench.bench import Bench

DAY = timedelta(days=1)
START = datetime(2024, 3, 1, 10, 7, 3, tzinfo=UTC)
AMSTERDAM = "Europe/Amsterdam"
ENERGY = "Energy.Active.Import.Register"


def a_bench(interval: int = 900, start: datetime = START, **options: Any) -> Bench:
    keys = {"MeterValuesAlignedData": ENERGY, "MeterValueSampleInterval": 0, **options.pop("keys", {})}
    bench = Bench(start=start, connectors=1, keys=keys, **options)
    assert written(bench, "ClockAlignedDataInterval", str(interval)) == "Accepted"
    return bench


def told(bench: Bench, connector: int = 1) -> list[tuple[datetime, datetime]]:
    """(when sent, stamp) of each clock-aligned value told of a connector."""
    recorder = bench.assembly.recorder
    recorder.flush()
    lines = map(json.loads, (recorder.directory / "messages.jsonl").open(encoding="utf-8"))
    calls = [line for line in lines if line["dir"] == "up" and line["frame"][2:3] == ["MeterValues"]]
    return [
        (datetime.fromisoformat(line["at"]), datetime.fromisoformat(value["timestamp"]))
        for line in calls
        for value in line["frame"][3]["meterValue"]
        if line["frame"][3]["connectorId"] == connector
        and value["sampledValue"][0]["context"] == "Sample.Clock"
    ]


def stamps(bench: Bench, connector: int = 1) -> list[datetime]:
    return [stamp for _, stamp in told(bench, connector)]


def boundaries(after: datetime, until: datetime, interval: int, zone: str = "UTC") -> list[datetime]:
    """Counted by hand: from each midnight of the zone on, in real seconds; after one, up to the other."""
    found = []
    day = after.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    while day <= until:
        tomorrow = (day + timedelta(hours=36)).replace(hour=0, tzinfo=None).replace(tzinfo=ZoneInfo(zone))
        at = day.astimezone(UTC)
        while at < tomorrow.astimezone(UTC):
            found.append(at)
            at += timedelta(seconds=interval)
        day = tomorrow
    return [at for at in found if after < at <= until]


@pytest.mark.slow
@pytest.mark.parametrize("interval", [900, 3600, 7000, 86400])
def test_seven_days_have_every_boundary_once(interval: int) -> None:
    bench = a_bench(interval)
    bench.advance(until=START + 7 * DAY)
    assert stamps(bench) == boundaries(START, START + 7 * DAY, interval)
    assert all(at == stamp for at, stamp in told(bench))


def test_nine_hundred_seconds_are_ninety_six_a_day() -> None:
    start = datetime(2024, 3, 1, tzinfo=UTC)
    bench = a_bench(900, start).advance(86400)
    assert len(stamps(bench)) == 96


def test_another_interval_begins_at_its_own_next_boundary() -> None:
    bench = a_bench(900)
    changes = [
        (START + timedelta(days=2, hours=2), 300),
        (START + timedelta(days=4, hours=1, minutes=11), 7000),
    ]
    expected, since, interval = [], START, 900
    for at, new in changes:
        bench.advance(until=at)
        written(bench, "ClockAlignedDataInterval", str(new))
        expected += boundaries(since, at, interval)
        since, interval = at, new
    bench.advance(until=START + 7 * DAY)
    assert stamps(bench) == expected + boundaries(since, START + 7 * DAY, interval)


@pytest.mark.parametrize(
    ("first", "second", "noons"), [(900, 300, 1), (300, 900, 1), (0, 900, 1), (900, 0, 0)]
)
def test_a_change_at_a_boundary_neither_loses_nor_doubles_it(first: int, second: int, noons: int) -> None:
    noon = datetime(2024, 3, 1, 12, tzinfo=UTC)
    bench = a_bench(first)
    bench.assembly.timeline.at(
        bench.assembly.calendar.t(noon.timestamp()),
        lambda: bench.assembly.conversation.call(
            "ChangeConfiguration", {"key": "ClockAlignedDataInterval", "value": str(second)}
        ),
        0,
    )
    bench.advance(until=noon + timedelta(hours=1))
    assert stamps(bench).count(noon) == noons
    assert len(set(stamps(bench))) == len(stamps(bench))


@pytest.mark.slow
def test_a_reset_loses_only_what_falls_into_the_dark() -> None:
    bench = a_bench(900)
    bench.advance(until=datetime(2024, 3, 3, 11, 50, tzinfo=UTC))
    bench.call("Reset", {"type": "Soft"})
    bench.advance(until=datetime(2024, 3, 5, 11, 59, 55, tzinfo=UTC))
    bench.call("Reset", {"type": "Soft"})
    bench.advance(until=START + 7 * DAY)
    lost = datetime(2024, 3, 5, 12, tzinfo=UTC)
    assert stamps(bench) == [at for at in boundaries(START, START + 7 * DAY, 900) if at != lost]


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "repeats"), [("down", False), ("silent", True)])
def test_an_outage_over_midnight_delays_and_loses_nothing(fault: str, repeats: bool) -> None:
    bench = a_bench(900)
    bench.advance(until=datetime(2024, 3, 3, 23, 40, tzinfo=UTC))
    getattr(bench.link, fault)()
    bench.advance(until=datetime(2024, 3, 4, 0, 50, tzinfo=UTC))
    bench.link.up()
    bench.advance(until=START + 7 * DAY)
    distinct = list(dict.fromkeys(stamps(bench)))  # what got lost on the way was sent again
    assert distinct == boundaries(START, START + 7 * DAY, 900)
    assert (len(stamps(bench)) > len(distinct)) is repeats


def test_a_station_that_boots_offline_takes_its_data_all_the_same() -> None:
    bench = a_bench(900)
    bench.advance(until=datetime(2024, 3, 1, 11, 50, tzinfo=UTC))
    bench.link.down()
    bench.power.cut()
    bench.power.restore()
    bench.advance(until=datetime(2024, 3, 1, 13, 5, tzinfo=UTC))
    bench.link.up()
    bench.advance(until=START + DAY)
    assert stamps(bench) == boundaries(START, START + DAY, 900)


@pytest.mark.slow
@pytest.mark.parametrize("drift_ppm", [40.0, -40.0, 300.0, -300.0])
def test_a_drifting_clock_that_is_set_again_and_again_meets_each_boundary_once(drift_ppm: float) -> None:
    bench = a_bench(900, clock={"drift_ppm": drift_ppm})
    bench.advance(until=START + 7 * DAY)
    assert stamps(bench) == boundaries(START, START + 7 * DAY, 900)
    late = [abs((at - stamp).total_seconds()) for at, stamp in told(bench)]
    assert max(late) < 1.0 + abs(drift_ppm) * 1e-6 * 3600  # set where it is a second off, every hour


@pytest.mark.parametrize("ahead_s", [2, 600, -2, -600])
def test_a_step_of_the_clock_neither_doubles_nor_skips_a_boundary_it_is_set_over(ahead_s: int) -> None:
    """Set at five seconds before, or after, a boundary by more than that."""
    bench = a_bench(900, policies={"follow_csms_time": "always"}, start=datetime(2024, 3, 1, 10, tzinfo=UTC))
    at = datetime(2024, 3, 1, 10, 59, 59 if ahead_s > 0 else 0, tzinfo=UTC) + timedelta(
        seconds=0 if ahead_s > 0 else 61
    )
    bench.advance(until=at)
    bench.csms.reply("Heartbeat", {"currentTime": (at + timedelta(seconds=ahead_s)).isoformat()}, times=1)
    bench.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    bench.advance(1)
    found = stamps(bench)
    assert found == sorted(set(found))
    assert datetime(2024, 3, 1, 11, tzinfo=UTC) in found


@pytest.mark.parametrize("ahead_s", [2, 0, -2])
def test_a_step_of_the_clock_in_the_very_instant_of_a_boundary_loses_and_doubles_nothing(
    ahead_s: int,
) -> None:
    """A heartbeat an hour after the boot, and its answer, as 11:00 falls due."""
    ten, eleven = datetime(2024, 3, 1, 10, tzinfo=UTC), datetime(2024, 3, 1, 11, tzinfo=UTC)
    bench = a_bench(900, policies={"follow_csms_time": "always"}, start=ten, keys={"HeartbeatInterval": 3600})
    bench.advance(until=eleven - timedelta(seconds=1))
    bench.csms.reply("Heartbeat", {"currentTime": (eleven + timedelta(seconds=ahead_s)).isoformat()}, times=1)
    bench.advance(10)
    assert [at for at, _ in told(bench)][-1] in (eleven, eleven + timedelta(seconds=2))
    assert stamps(bench) == [ten + timedelta(minutes=n) for n in (15, 30, 45, 60)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "start", [datetime(2024, 3, 29, 12, 0, 1, tzinfo=UTC), datetime(2024, 10, 25, 12, 0, 1, tzinfo=UTC)]
)
@pytest.mark.parametrize("interval", [900, 7000])
def test_the_nights_of_daylight_saving_count_from_local_midnight(start: datetime, interval: int) -> None:
    bench = a_bench(interval, start, timezone=AMSTERDAM, policies={"clock_midnight": "local"})
    bench.advance(until=start + 4 * DAY)
    assert stamps(bench) == boundaries(start, start + 4 * DAY, interval, AMSTERDAM)


@pytest.mark.slow
def test_seven_days_of_everything() -> None:
    """A change of interval, a reset, an outage over midnight, a drifting clock and the night of the DST."""
    start = datetime(2024, 3, 28, 9, 3, 7, tzinfo=UTC)
    bench = a_bench(
        900, start, timezone=AMSTERDAM, policies={"clock_midnight": "local"}, clock={"drift_ppm": 60.0}
    )
    bench.advance(until=datetime(2024, 3, 29, 22, 30, tzinfo=UTC))
    bench.link.down()
    bench.advance(until=datetime(2024, 3, 30, 0, 20, tzinfo=UTC))
    bench.link.up()
    bench.advance(until=datetime(2024, 3, 30, 7, 7, tzinfo=UTC))
    bench.call("Reset", {"type": "Hard"})
    change = datetime(2024, 4, 1, 6, 1, tzinfo=UTC)
    bench.advance(until=change)
    written(bench, "ClockAlignedDataInterval", "7000")
    bench.advance(until=start + 7 * DAY)
    before = boundaries(start, change, 900, AMSTERDAM)
    assert stamps(bench) == before + boundaries(change, start + 7 * DAY, 7000, AMSTERDAM)


# --- policies ---


def test_the_stamp_can_be_the_interval_s_start() -> None:
    bench = a_bench(7000, policies={"clock_stamp": "interval-start"})
    bench.advance(until=START + 3 * DAY)
    ends = boundaries(START, START + 3 * DAY, 7000)
    begins = [boundaries(START - DAY, end - timedelta(seconds=1), 7000)[-1] for end in ends]
    assert stamps(bench) == begins
    assert [at for at, _ in told(bench)] == ends


def test_data_can_be_of_transactions_only() -> None:
    bench = a_bench(900, policies={"clock_outside_transaction": "transaction-only"})
    bench.advance(3600)
    assert stamps(bench) == []
    charging(bench).advance(3600)
    bench.unplug(1)
    bench.advance(3600)
    assert len(stamps(bench)) == 4
    assert {values["transactionId"] for values in sent(bench, "MeterValues")} == {1}


def test_connector_zero_can_tell_the_station_as_a_whole() -> None:
    keys = {
        "MeterValuesAlignedData": f"{ENERGY},Power.Active.Import,Current.Import",
        "ClockAlignedDataInterval": 900,
    }
    bench = Bench(keys=keys, policies={"clock_connector_zero": "sent"})
    charging(charging(bench, 1), 2).advance(900)
    rows = {
        connector: [values(told_) for told_ in sent(bench, "MeterValues", connectorId=connector)][-1]
        for connector in (0, 1, 2)
    }
    assert "transactionId" not in sent(bench, "MeterValues", connectorId=0)[-1]
    for name in rows[1]:
        assert float(rows[0][name]) == pytest.approx(float(rows[1][name]) + float(rows[2][name]), abs=1.1)


def values(payload: dict[str, Any]) -> dict[tuple[str, str], str]:
    told_ = payload["meterValue"][0]["sampledValue"]
    return {(value["measurand"], value.get("phase", "")): value["value"] for value in told_}


def test_averaged_power_is_the_energy_over_the_interval() -> None:
    keys = {"MeterValuesAlignedData": f"{ENERGY},Power.Active.Import", "ClockAlignedDataInterval": 900}
    keys["MeterValueSampleInterval"] = 0
    bench = Bench(
        connectors=1, keys=keys, policies={"clock_values": "averaged"}, meter={"resolution_wh": 0.001}
    )
    bench.advance(400)
    charging(bench, soc=0.985).advance(3600)
    rows = [values(payload) for payload in sent(bench, "MeterValues")]
    energy = [0.0] + [float(row[ENERGY, ""]) for row in rows]
    means = [float(row["Power.Active.Import", ""]) for row in rows]
    assert len(means) == 4 and min(means[:2]) > 1000 and means[-1] == 0
    for mean_w, earlier, later in zip(means, energy, energy[1:], strict=False):
        assert mean_w == pytest.approx((later - earlier) * 4, rel=0.02, abs=5)  # a meter of class 1, whole Wh


def test_an_averaged_charge_is_that_of_half_way_while_it_rises_evenly() -> None:
    keys = {"MeterValuesAlignedData": "SoC", "ClockAlignedDataInterval": 60, "MeterValueSampleInterval": 0}
    bench = Bench(connectors=1, keys=keys, policies={"clock_values": "averaged"})
    charging(bench, soc=0.3).advance(60)
    for _ in range(3):
        before, after = bench.reading(1)["soc"], bench.advance(60).reading(1)["soc"]
        told_pct = float(values(sent(bench, "MeterValues")[-1])["SoC", ""])
        assert told_pct == pytest.approx(50 * (before + after), abs=0.06)  # told to 0.1 %


def test_a_register_told_with_averages_is_kept_when_the_meter_fails() -> None:
    keys = {"MeterValuesAlignedData": ENERGY, "ClockAlignedDataInterval": 900, "MeterValueSampleInterval": 0}
    bench = Bench(connectors=1, keys=keys, policies={"clock_values": "averaged"})
    charging(bench, soc=0.3).advance(1000)
    [payload] = sent(bench, "MeterValues")
    bench.inject("power-meter-failure")
    bench.advance(600)
    bench.unplug(1)
    bench.advance(10)
    [stop] = sent(bench, "StopTransaction")
    assert stop["meterStop"] == int(values(payload)[ENERGY, ""]) > 1000


@pytest.mark.parametrize(("keys", "policies"), [
    ({"MeterValueSampleInterval": 600}, {}), ({"ClockAlignedDataInterval": 600}, {}),
    ({"ClockAlignedDataInterval": 600},
     {"clock_connector_zero": "sent", "clock_outside_transaction": "transaction-only"}),
])  # fmt: skip
def test_a_register_told_in_a_quiet_stretch_is_kept_when_the_meter_fails(
    keys: dict[str, int], policies: dict[str, str]
) -> None:
    told = {"MeterValuesAlignedData": ENERGY, "MeterValuesSampledData": ENERGY, "MeterValueSampleInterval": 0}
    bench = Bench(
        connectors=1, start=datetime(2024, 3, 1, 10, tzinfo=UTC), keys=told | keys, policies=policies
    )
    charging(bench, soc=0.1).advance(4 * 600 - 30)
    assert rendered(bench) > 2
    last = values(sent(bench, "MeterValues")[-1])[ENERGY, ""]
    bench.inject("power-meter-failure")
    bench.advance(5)
    bench.unplug(1)
    bench.advance(10)
    [stop] = sent(bench, "StopTransaction")
    assert stop["meterStop"] == int(last) > 1000


def test_values_at_the_instant_are_not_averaged() -> None:
    keys = {"MeterValuesAlignedData": "Power.Active.Import", "ClockAlignedDataInterval": 900}
    bench = Bench(connectors=1, keys=keys)
    bench.advance(840)
    charging(bench, soc=0.3)
    [payload] = sent(bench, "MeterValues")
    assert float(values(payload)["Power.Active.Import", ""]) == pytest.approx(
        bench.reading(1)["p_w"], rel=0.02
    )


# --- samples from the start of a transaction ---


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("at-once", ["00:05", "00:08", "00:11", "00:14"]),
        ("next-transaction", ["00:05", "00:10", "00:15"]),
    ],
)
def test_another_sample_interval_counts_from_its_change_or_from_the_next_transaction(
    policy: str, expected: list[str]
) -> None:
    bench = Bench(keys={"MeterValueSampleInterval": 300}, policies={"sample_interval_changed": policy})
    charging(bench).advance(240)
    assert written(bench, "MeterValueSampleInterval", "180") == "Accepted"
    bench.advance(600)
    sampled = [payload["meterValue"][0]["timestamp"][11:16] for payload in sent(bench, "MeterValues")]
    assert sampled == expected
    bench.unplug(1)
    bench.advance(5)
    charging(bench).advance(130)
    assert len(sent(bench, "MeterValues")) == len(expected) + 1


@pytest.mark.parametrize(("policy", "known"), [("car", True), ("absent", False)])
def test_soc_is_told_only_where_the_station_can_know_it(policy: str, known: bool) -> None:
    keys = {"MeterValuesSampledData": f"SoC,{ENERGY}", "MeterValueSampleInterval": 60}
    bench = charging(Bench(keys=keys, policies={"soc_known": policy})).advance(60)
    measurands = {value[0] for payload in sent(bench, "MeterValues") for value in values(payload)}
    assert ("SoC" in measurands) is known


@pytest.mark.parametrize(
    ("behaviour", "contexts"),
    [
        ("evc5-v32r30", ["Transaction.Begin", "Transaction.End"]),
        ("ocpp16", ["Transaction.Begin", "Sample.Periodic", "Sample.Periodic", "Transaction.End"]),
    ],
)
def test_the_data_of_a_stop_are_begin_and_end_or_every_sample(behaviour: str, contexts: list[str]) -> None:
    bench = charging(
        Bench(behaviour=behaviour, keys={"MeterValueSampleInterval": 60, "StopTxnSampledData": ENERGY})
    )
    bench.advance(70)
    bench.present_tag(1, "TAG1")
    bench.advance(1)
    [stop] = sent(bench, "StopTransaction")
    assert [data["sampledValue"][0]["context"] for data in stop["transactionData"]] == contexts
