"""The twin beside recordings of itself, of itself sabotaged, and of itself with less told."""

import json
import shutil

import pytest

from evc5 import BadInput, Rig, Run
from evc5.rigs.shadow.shadow import shadow
from evc5.twin.sheet.behaviour import Behaviour

LATENCY_S = 0.05
TOO_MUCH_WH = 1000
SAMPLED = "Energy.Active.Import.Register,Current.Import,Voltage"
RIG = {
    "name": "metal",
    "start": "2024-03-01T10:00:00Z",
    "days": 3 / 24,
    "station": {
        "connectors": 1,
        "keys": {"MeterValueSampleInterval": 60, "MeterValuesSampledData": SAMPLED},
        "latency_s": LATENCY_S,
    },
    "sessions": [
        {"vehicle": "vw-id3-58", "soc": 0.5, "plug_in": 600.0, "unplug": 6000.0},
        {"vehicle": "renault-zoe-ze50", "soc": 0.9, "plug_in": 7000.0, "unplug": 10_000.0},
    ],
    "csms": {
        "actions": [
            {
                "at": 2000.0,
                "action": "SetChargingProfile",
                "payload": {
                    "connectorId": 1,
                    "csChargingProfiles": {
                        "chargingProfileId": 1,
                        "stackLevel": 0,
                        "chargingProfilePurpose": "TxDefaultProfile",
                        "chargingProfileKind": "Relative",
                        "chargingSchedule": {
                            "chargingRateUnit": "A",
                            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}],
                        },
                    },
                },
            },
            {"at": 10_200.0, "action": "Reset", "payload": {"type": "Soft"}},
        ]
    },
    "outages": [{"from": 6200.0, "to": 6500.0, "kind": "down"}],
    "recording": {"report": False},
}


def recorded(folder, **station):
    table = {**RIG, "station": {**RIG["station"], **station}}
    return Rig.from_dict(table).run(out=folder / "metal").directory


@pytest.fixture(scope="module")
def metal(tmp_path_factory):
    return recorded(tmp_path_factory.mktemp("shadow"))


def by_name(found):
    return {one.name: one for one in found.quantities}


@pytest.mark.slow
def test_the_twin_is_its_own_shadow_but_for_the_line_between(metal, tmp_path):
    found = shadow(metal, tmp_path / "twin")
    seen = by_name(found)
    assert found.within and not found.alone and not found.skipped
    assert {"status", "start", "stop", "energy", "sample", "boot", "reply"} <= set(seen)
    assert seen["start"].count == 2 and seen["boot"].count == 1
    assert max(abs(seen[name].worst.value) for name in ("status", "sample", "boot")) <= 4 * LATENCY_S
    assert abs(seen["energy"].worst.value) < 0.05
    told = json.loads((tmp_path / "twin" / "shadow.json").read_text())
    assert told["within"] is True and len(told["quantities"]) == len(seen)


@pytest.mark.slow
def test_what_a_recording_does_not_tell_is_read_from_its_frames(metal, tmp_path):
    bare = tmp_path / "bare"
    bare.mkdir()
    shutil.copy(metal / "messages.jsonl", bare)
    summary = json.loads((metal / "summary.json").read_text())
    kept = {name: summary[name] for name in ("format", "state", "start", "behaviour")}
    (bare / "summary.json").write_text(json.dumps(kept))
    found = shadow(bare, tmp_path / "twin", vehicle="vw-id3-58")
    seen = by_name(found)
    assert [one.who for one in found.alone if one.what.startswith("transaction")] == []
    assert seen["start"].count == 2 and seen["start"].within and seen["current"].count > 100


@pytest.mark.slow
def test_a_slow_restart_is_seen_and_learned_and_the_twin_then_takes_as_long(tmp_path):
    slow = tmp_path / "slow.toml"
    slow.write_text('inherits = "evc5-v32r30"\n[timing]\nreset_soft_s = 75.0\n')
    metal = recorded(tmp_path, behaviour=str(slow))
    found = shadow(metal, tmp_path / "twin", behaviour="evc5-v32r30")
    assert found.within is False
    assert by_name(found)["boot"].worst.value == pytest.approx(11.0 - 75.0, abs=0.2)
    learned = tmp_path / "twin" / "behaviour.toml"
    assert Behaviour.load(learned).timing["reset_soft_s"] == pytest.approx(75.0, abs=0.2)
    again = shadow(metal, tmp_path / "again", behaviour=str(learned))
    assert again.within


@pytest.mark.slow
def test_a_meter_that_counts_too_much_and_a_reading_that_is_off_are_apart(metal, tmp_path):
    wrong = tmp_path / "wrong"
    shutil.copytree(metal, wrong)
    lines = (wrong / "messages.jsonl").read_text().splitlines()
    told = [json.loads(line) for line in lines]
    for row in told:
        frame = row.get("frame", [0])
        if frame[0] == 2 and frame[2] == "StopTransaction":
            frame[3]["meterStop"] += TOO_MUCH_WH
        if frame[0] == 2 and frame[2] == "MeterValues":
            for value in frame[3]["meterValue"][0]["sampledValue"]:
                if value.get("measurand") == "Current.Import" and float(value["value"]) > 5.0:
                    value["value"] = str(float(value["value"]) + 3.0)
    (wrong / "messages.jsonl").write_text("".join(json.dumps(row) + "\n" for row in told))
    runs = Run.open(metal).transactions
    least_wh = (runs["meter_stop_wh"] - runs["meter_start_wh"]).min()
    found = shadow(wrong, tmp_path / "twin")
    seen = by_name(found)
    expected = -100.0 * TOO_MUCH_WH / (least_wh + TOO_MUCH_WH)
    assert seen["energy"].worst.value == pytest.approx(expected, abs=0.1)
    assert seen["current"].worst.value == pytest.approx(-3.0, abs=0.3)
    assert {one.name for one in found.quantities if not one.within} == {"energy", "current"}


@pytest.mark.slow
def test_what_only_one_of_them_did_is_told(metal, tmp_path):
    less = tmp_path / "less"
    shutil.copytree(metal, less)
    events = (less / "events.jsonl").read_text().splitlines()
    kept = [line for line in events if json.loads(line)["t"] < 6900.0]  # the second car is not told of
    (less / "events.jsonl").write_text("\n".join(kept) + "\n")
    found = shadow(less, tmp_path / "twin")
    assert found.within is False
    assert ("metal", "transaction 2") in {(one.who, one.what) for one in found.alone}


@pytest.mark.slow
def test_instruments_readings_are_compared_where_there_are_any(metal, tmp_path):
    measured = tmp_path / "measured"
    shutil.copytree(metal, measured)
    summary = json.loads((measured / "summary.json").read_text())
    summary["telemetry"] = {"source": "measured", "period_s": 1.0}
    (measured / "summary.json").write_text(json.dumps(summary))
    seen = by_name(shadow(measured, tmp_path / "twin"))
    assert {"offer", "current", "voltage", "power"} <= set(seen)
    assert all(one.within for one in seen.values())


def test_what_cannot_be_shadowed_is_refused_before_anything_is_written(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    out = tmp_path / "twin"
    with pytest.raises(BadInput):
        shadow(empty, out)
    with pytest.raises(BadInput, match="tolerance must be one of status"):
        shadow(empty, out, tolerances={"statuses": 1.0})
    with pytest.raises(BadInput, match="energy must be a number >= 0"):
        shadow(empty, out, tolerances={"energy": -1.0})
    assert not out.exists()


@pytest.mark.slow
def test_a_car_that_is_none_and_a_place_that_is_taken_are_refused(metal, tmp_path):
    with pytest.raises(BadInput, match="vehicle must be one of"):
        shadow(metal, tmp_path / "twin", vehicle="nonesuch")
    with pytest.raises(BadInput, match="another directory"):
        shadow(metal, metal)
    assert not (tmp_path / "twin").exists()
