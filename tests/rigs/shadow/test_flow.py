"""What currents teach: the twin's recordings under known gains, ramps, steps and policies, read back."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from instrument import Meter

from evc5 import Rig, Run
from evc5.rigs.shadow.flow import flow, sharing
from evc5.rigs.shadow.metal import Metal
from evc5.rigs.shadow.shadow import shadow
from evc5.twin.sheet.behaviour import Behaviour

pytestmark = pytest.mark.slow
GAIN_PCT, RAMP_A_S = 0.8, 2.0
CAR = {
    "id": "slow", "name": "A car that takes its time", "usable_wh": 60_000, "phases": 3, "max_a": 16,
    "ramp_up_a_s": RAMP_A_S,
}  # fmt: skip
Recorded = Callable[..., Metal]


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    """A run of the twin as an instrument would have read it, each second."""

    def record(read: bool = True, **more: Any) -> Metal:
        station = {"connectors": 1, "behaviour": "ocpp16", **more.pop("station", {})}
        table = {"name": "metal", "start": "2024-03-01T10:00:00Z", "days": 1 / 24, "station": station}
        table |= {"csms": {"asks_keys": False}, "recording": {"report": False}, **more}
        run = Rig.from_dict(table).run(out=tmp_path / "exact")
        return Metal.open(
            Run.open(Meter(0.1, 1.0, 0.0).reads(run.directory, tmp_path / "read")) if read else run
        )

    return record


def session(connector: int = 1, since: float = 60.0, **more: Any) -> dict[str, Any]:
    return {
        "connector": connector,
        "vehicle": "vw-id3-58",
        "soc": 0.2,
        "plug_in": since,
        "unplug": 3500.0,
        **more,
    }


def test_the_gain_of_a_meter_is_what_it_counted_more_than_the_reference(recorded: Recorded) -> None:
    metal = recorded(sessions=[session()], station={"meter": {"gain_error_pct": GAIN_PCT}})
    (gain,) = [one for one in flow(metal) if one.key == "station.meter.gain_error_pct"]
    assert gain.value == pytest.approx(GAIN_PCT, abs=0.1)


def test_a_ramp_is_timed_between_a_tenth_and_nine_tenths(recorded: Recorded) -> None:
    metal = recorded(sessions=[session(vehicle="slow")], vehicles=[CAR])
    (ramp,) = [one for one in flow(metal) if one.unit == "A/s"]
    assert ramp.value == pytest.approx(RAMP_A_S, rel=0.15)


def test_the_steps_of_derating_stand_at_their_temperatures(recorded: Recorded) -> None:
    heat = {"start_c": 30.0, "stop_c": 36.0, "off_c": 80.0, "resume_c": 70.0, "step_a": 4.0}
    metal = recorded(
        sessions=[session(vehicle="renault-zoe-ze50")], derating=heat,
        ambient={"mean_c": 25.0, "swing_k": 0.0}, station={"rated_a": 32}, days=2 / 24,
    )  # fmt: skip
    steps = {one.what: one.value for one in flow(metal) if one.key == "derating"}
    assert len(steps) >= 2
    # 32 A less 4 A from 30 °C on, and again each 6 K / (ceil(26 / 4) - 1): models/derating.py's docstring
    assert steps["heat takes 32 A to 28 A"] == pytest.approx(30.0, abs=0.3)
    assert steps["heat takes 28 A to 24 A"] == pytest.approx(31.0, abs=0.3)


@pytest.mark.parametrize("policy", ["equal", "first-come"])
def test_how_two_connectors_share_is_seen_in_their_offers(recorded: Recorded, policy: str) -> None:
    two = {"connectors": 2, "rated_a": 16, "station_max_a": 24, "policies": {"station_share": policy}}
    metal = recorded(sessions=[session(unplug=2400.0), session(2, 600.0)], station=two)
    shared = sharing(metal)
    assert shared is not None and shared[0] == policy


def test_one_that_charges_alone_teaches_nothing_of_sharing(recorded: Recorded) -> None:
    assert sharing(recorded(sessions=[session()], station={"connectors": 2})) is None


def test_what_was_learned_is_a_behaviour_that_loads_and_a_table(recorded: Recorded, tmp_path: Path) -> None:
    two = {"connectors": 2, "rated_a": 16, "station_max_a": 24, "policies": {"station_share": "first-come"}}
    metal = recorded(sessions=[session(unplug=2400.0), session(2, 600.0)], station=two)
    found = shadow(metal.run.directory, tmp_path / "shadow")
    text = (tmp_path / "shadow" / "behaviour.toml").read_text("utf-8")
    assert tomllib.loads(text)["policies"] == {"station_share": "first-come"}
    assert Behaviour.load(tmp_path / "shadow" / "behaviour.toml").policy("station_share") == "first-come"
    assert "station.meter.gain_error_pct" not in text  # no firmware's: it stands in the rig beside it
    assert {"what", "value", "least", "most", "count"} <= found.table()["learned"][0].keys()
