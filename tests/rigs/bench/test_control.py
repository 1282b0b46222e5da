"""A controller in the loop: what it sees, what goes out, what the station and the judge make of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evc5 import BadInput, ControllerError, Rig, Run
from evc5.controllers import AcnAlgorithm, Limits, View, equal_share, uncontrolled

EVENING: dict[str, Any] = {
    "name": "evening",
    "start": "2024-02-05T17:00:00Z",
    "timezone": "Europe/Amsterdam",
    "days": 0.25,
    "station": {
        "keys": {
            "MeterValueSampleInterval": 60,
            "MeterValuesSampledData": [
                "Current.Import",
                "Power.Active.Import",
                "Energy.Active.Import.Register",
            ],
        }
    },
    "sessions": [
        {"connector": 1, "vehicle": "vw-id3-58", "plug_in": "12m", "unplug": "5h", "soc": 0.5},
        {"connector": 2, "vehicle": "nissan-leaf-40", "plug_in": "47m", "unplug": "4h30m", "soc": 0.4},
    ],
    "recording": {"report": False},
}
EVERY_S = 600.0


def run(tmp_path: Path, controller: Callable[[View], Limits], name: str = "run", **options: Any) -> Run:
    rig = Rig.from_dict({**EVENING, **options.pop("rig", {})})
    return rig.run(out=tmp_path / name, controller=controller, every="10min", **options)


def sent(found: Run) -> list[tuple[float, dict[str, Any]]]:
    frames = found.frames("SetChargingProfile")
    return [(frame.t, frame.payload) for frame in frames]


def ramp(view: View) -> Limits:
    """8 A until 20:00, then 12 A."""
    return dict.fromkeys(view.status, 8.0 if view.now.hour < 20 else 12.0)


@pytest.mark.slow
def test_limits_go_out_as_profiles_of_the_transaction_and_are_followed(tmp_path: Path) -> None:
    found = run(tmp_path, ramp)
    told = sent(found)
    assert [payload["connectorId"] for _, payload in told] == [1, 2, 1, 2]  # once each, and at 20:00
    assert all(p["csChargingProfiles"]["chargingProfilePurpose"] == "TxProfile" for _, p in told)
    assert {p["csChargingProfiles"]["transactionId"] for _, p in told} == {1, 2}
    rows = found.series("10min", ["allocated1_a", "i1_a", "soc"])
    charging = rows[(rows.i1_a > 0) & (rows.t > 3600)]
    early, late = charging[charging["at"].dt.hour < 20], charging[charging["at"].dt.hour >= 20]
    assert set(early.allocated1_a) == {8.0}
    assert set(late.allocated1_a.iloc[2:]) == {12.0}  # at 20:00 it is on its way
    assert found.passed
    # 35 tenth minutes and two starts; the two stops are at tenth minutes
    assert found.summary["controller"] == {
        "name": "ramp", "every_s": EVERY_S, "oracle": False, "asked": 37, "profiles_sent": 4, "rejected": 0,
    }  # fmt: skip


@pytest.mark.slow
def test_a_view_tells_what_a_back_office_can_know_and_no_more(tmp_path: Path) -> None:
    seen: list[View] = []
    found = run(tmp_path, lambda view: seen.append(view) or {})  # type: ignore[func-returns-value]
    assert [view.now.minute % 10 for view in seen if view.now.second == 0] == [0] * 35
    register = found.meter_values.query("measurand == 'Energy.Active.Import.Register' and phase.isna()")
    starts = found.transactions.set_index("transaction_id").meter_start_wh
    for view in seen:
        for session in view.sessions:
            assert (session.departure, session.soc, session.remaining_wh) == (None, None, None)
            mine = register[register.transaction_id == session.transaction_id]
            t_s = (view.now - found.start).total_seconds()
            arrived = mine[mine.t < t_s]
            last_wh = arrived.value.iloc[-1] if len(arrived) else starts[session.transaction_id]
            assert session.energy_wh == pytest.approx(last_wh - starts[session.transaction_id])
    both = next(view for view in seen if len(view.sessions) == 2 and view.sessions[1].power_w)
    assert both.sessions[0].status == "Charging"
    assert both.sessions[0].phases == 3 and both.sessions[1].phases == 1
    assert str(both.now.tzinfo) == "Europe/Amsterdam"


@pytest.mark.slow
def test_an_oracle_tells_departure_need_and_charge(tmp_path: Path) -> None:
    seen: list[View] = []
    found = run(tmp_path, lambda view: seen.append(view) or {}, oracle=True)  # type: ignore[func-returns-value]
    first = next(view.sessions[0] for view in seen if view.sessions)
    assert (first.departure - found.start).total_seconds() == 5 * 3600.0  # type: ignore[operator]
    assert first.soc == pytest.approx(0.5)
    got_wh = found.telemetry.query("connector == 1").energy_wh.iloc[-1]
    assert first.remaining_wh == pytest.approx(got_wh, rel=0.03)  # it was full in the end
    assert (first.car_phases, first.car_a) == (3, 16.0)


@pytest.mark.slow
def test_it_is_the_same_run_however_often_and_whether_rendered_or_stepped(tmp_path: Path) -> None:
    algorithm = AcnAlgorithm(lambda some: {one.station_id: [one.max_rates[0], 10.0, 7.0] for one in some})
    stepped = {"recording": {"report": False, "stretches": False}}
    runs = [
        run(tmp_path, algorithm, "one", oracle=True),
        run(tmp_path, algorithm, "two", oracle=True),
        run(tmp_path, algorithm, "stepped", oracle=True, rig=stepped),
    ]
    texts = {(one.directory / "messages.jsonl").read_bytes() for one in runs}
    assert len(texts) == 1
    assert runs[0].summary["controller"]["profiles_sent"] > 20
    assert runs[0].passed


@pytest.mark.slow
def test_a_recording_under_a_controller_is_replayed_without_it(tmp_path: Path) -> None:
    first = run(tmp_path, equal_share)
    again = Rig.from_dict(EVENING).run(out=tmp_path / "again", replay=first.directory)
    assert again.summary["replay"]["difference"] is None
    assert again.summary["replay"]["same_frames"] > 100


@pytest.mark.slow
def test_a_list_is_a_schedule_of_steps(tmp_path: Path) -> None:
    short = {"days": 0.03, "sessions": EVENING["sessions"][:1]}
    found = run(tmp_path, lambda view: {1: [16, 16, 9]} if view.now.minute < 20 else {}, rig=short)
    t_s, payload = sent(found)[0]
    schedule = payload["csChargingProfiles"]["chargingSchedule"]
    assert schedule["chargingSchedulePeriod"] == [
        {"startPeriod": 0, "limit": 16.0},
        {"startPeriod": 1200, "limit": 9.0},
    ]
    assert t_s == pytest.approx(12 * 60 + 15, abs=1.0)  # the tag; not the next tenth minute


@pytest.mark.slow
def test_none_takes_the_limit_away_again(tmp_path: Path) -> None:
    short = {"days": 0.03, "sessions": EVENING["sessions"][:1]}
    found = run(tmp_path, lambda view: {1: 8.0 if view.now.minute < 20 else None}, rig=short)
    cleared = [frame.payload for frame in found.frames("ClearChargingProfile")]
    assert cleared == [{"id": 9001}]
    limits = found.reactions().to_a
    assert list(limits)[-2:] == [8.0, 32.0]


def test_what_a_controller_raises_is_told_with_the_time_and_its_own_lines(tmp_path: Path) -> None:
    def hasty(view: View) -> Limits:
        return {1: 16 / len(view.sessions)}

    with pytest.raises(ControllerError) as failure:
        run(tmp_path, hasty)
    told = str(failure.value)
    assert told.startswith("controller failed at 2024-02-05T18:10:00+01:00:\n")
    assert "return {1: 16 / len(view.sessions)}" in told and "ZeroDivisionError" in told
    assert "bench/control.py" not in told
    assert isinstance(failure.value.__cause__, ZeroDivisionError)
    left = Run.open(tmp_path / "run")
    assert left.summary["state"] == "interrupted"
    assert left.end_s == 600.0


def test_what_a_controller_must_not_return_is_refused_with_the_time(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"connectors 1, 2, got 7 at 2024-02-05T18:10:00\+01:00"):
        run(tmp_path, lambda view: {7: 16.0})
    assert Run.open(tmp_path / "run").summary["state"] == "interrupted"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"csms": "ws://127.0.0.1:1"}, "controller must stand without csms"),
        ({"replay": "runs/week"}, "controller must stand without replay"),
        ({"every": "soon"}, "every must be a duration as 5min, got 'soon'"),
        ({"every": "0s"}, "every must be at least 1s, got '0s'"),
    ],
)
def test_what_cannot_stand_beside_a_controller_is_refused(
    options: dict[str, Any], says: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=says):
        Rig.from_dict(EVENING).run(out=tmp_path / "run", controller=uncontrolled, **options)
    assert not (tmp_path / "run").exists()
    with pytest.raises(BadInput, match="oracle must stand beside a controller"):
        Rig.from_dict(EVENING).run(out=tmp_path / "run", oracle=True)


def test_a_profile_that_is_not_accepted_is_sent_again_and_stands_for_nothing(tmp_path: Path) -> None:
    """Nothing passes from 18:14 to 18:25: what is sent at 18:20 gets no answer."""
    silence = [{"kind": "silent", "from": "14m", "to": "25m"}]
    short = {"days": 0.03, "sessions": EVENING["sessions"][:1], "outages": silence}
    seen: list[tuple[str, float | None]] = []

    def ten(view: View) -> Limits:
        seen.extend((f"{view.now:%H:%M}", session.limit_a) for session in view.sessions)
        return {1: 8.0 if view.now.minute < 20 else 10.0}

    found = run(tmp_path, ten, rig=short)
    assert seen == [("18:12", None), ("18:20", 8.0), ("18:30", 8.0), ("18:40", 10.0)]
    assert found.summary["controller"]["profiles_sent"] == 3
    assert found.summary["controller"]["rejected"] == 1
