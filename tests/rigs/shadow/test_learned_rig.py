"""What a shadow learned is loaded by the next one, which is then nearer to the same metal."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from instrument import Meter

from evc5 import Rig, Run
from evc5.models.derating import Staircase
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.shadow.deviations import Quantity, Shadow
from evc5.rigs.shadow.learned_rig import learned_rig
from evc5.rigs.shadow.seen import DERATING, GIVEN_BACK, Learned
from evc5.rigs.shadow.shadow import shadow

CAR = {"id": "slow", "like": "vw-id3-58"}
HEAT = {"start_c": 30.0, "stop_c": 36.0, "off_c": 80.0, "resume_c": 70.0, "step_a": 4.0}
CLOSE = {"connector": 1, "vehicle": "renault-zoe-ze50", "soc": 0.2, "plug_in": 60.0, "unplug": 1700.0}
Twice = Callable[..., tuple[Shadow, Shadow]]


def table(**more: Any) -> dict[str, Any]:
    station = {"connectors": 1, "behaviour": "ocpp16", **more.pop("station", {})}
    return {
        "name": "metal", "start": "2024-03-01T10:00:00Z", "days": 0.5 / 24, "station": station,
        "csms": {"asks_keys": False}, "recording": {"report": False}, "sessions": [CLOSE], **more,
    }  # fmt: skip


@pytest.fixture
def twice(tmp_path: Path) -> Twice:
    """The shadow of a metal by a rig that knows less, and that by what the first one wrote."""

    def both(metal: dict[str, Any], less: dict[str, Any], spoil: Callable[[Path], None] | None = None) -> Any:
        exact = Rig.from_dict(metal).run(out=tmp_path / "exact")
        read = Run.open(Meter(0.1, 2.0, 0.0).reads(exact.directory, tmp_path / "read")).directory
        if spoil is not None:
            spoil(read)
        (tmp_path / "base.toml").write_text(RigFile.parse(less).to_toml(), encoding="utf-8")
        first = shadow(read, tmp_path / "first", rig=RigFile.load(tmp_path / "base.toml"))
        learned = RigFile.load(tmp_path / "first" / "rig.toml")
        return first, shadow(read, tmp_path / "second", rig=learned)

    return both


def quantity(found: Shadow, name: str) -> Quantity:
    (one,) = [one for one in found.quantities if one.name == name]
    return one


def learned(tmp_path: Path) -> RigFile:
    return RigFile.load(tmp_path / "first" / "rig.toml")


@pytest.mark.slow
def test_steps_of_derating_that_were_seen_are_those_of_the_next_shadow(twice: Twice, tmp_path: Path) -> None:
    hot = {
        "ambient": {"mean_c": 25.0, "swing_k": 0.0},
        "days": 1 / 24,
        "sessions": [{**CLOSE, "unplug": 3500.0}],
    }
    first, second = twice(table(**hot, derating=HEAT), table(**hot))
    # A sensor that is not told may take a step, too: what the told one teaches is a bound.
    assert quantity(first, "offer").median > 10.0 and quantity(second, "offer").median <= 4.0
    assert abs(quantity(second, "energy").worst.value) < 0.2 * abs(quantity(first, "energy").worst.value)
    (up_c, share, down_c), *_ = learned(tmp_path).derating.table
    assert (up_c, share) == pytest.approx((30.0, 28 / 32), abs=0.2) and down_c < up_c
    text = (tmp_path / "first" / "rig.toml").read_text("utf-8")
    assert "heat takes 32 A to 28 A" in text and "at least: of the one sensor told" in text
    (true_c,) = [one.up_c for one in Staircase(**HEAT).levels(32.0) if one.limit_a == 8.0]
    told_c = [row[0] for row in learned(tmp_path).derating.table]
    assert "not told = " in text and max(told_c) < true_c  # its contactors took that one


@pytest.mark.slow
def test_a_meter_s_gain_is_that_of_the_next_shadow(twice: Twice, tmp_path: Path) -> None:
    first, second = twice(
        table(station={"meter": {"gain_error_pct": 1.8, "class_pct": 2.0}}),
        table(station={"meter": {"gain_error_pct": 0.0}}),
    )
    assert quantity(first, "energy").median == pytest.approx(1.8, abs=0.3)
    assert quantity(second, "energy").median < 0.1
    assert learned(tmp_path).station.meter.gain_error_pct == pytest.approx(1.8, abs=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("vehicle", ["slow", "vw-id3-58"])
def test_a_car_s_ramp_is_that_of_the_next_shadow(twice: Twice, tmp_path: Path, vehicle: str) -> None:
    own = {"vehicles": [{**CAR, "ramp_up_a_s": 0.4}], "sessions": [{**CLOSE, "vehicle": "slow"}]}
    less = {"vehicles": [CAR]}

    def renamed(directory: Path) -> None:
        """The recording calls it a preset's name, as a person at the terminal might."""
        path = directory / "events.jsonl"
        path.write_text(path.read_text("utf-8").replace('"slow"', f'"{vehicle}"'), encoding="utf-8")

    first, second = twice(table(**own), table(**less), renamed)
    assert abs(quantity(second, "energy").worst.value) < 0.3 * abs(quantity(first, "energy").worst.value)
    name = vehicle if vehicle == "slow" else f"{vehicle}-learned"
    assert learned(tmp_path).cars[name].ramp_up_a_s == pytest.approx(0.4, rel=0.15)


@pytest.mark.slow
def test_how_connectors_share_is_that_of_the_next_shadow(twice: Twice) -> None:
    two = {"connectors": 2, "rated_a": 16, "station_max_a": 24}
    cars = [{**CLOSE, "unplug": 1200.0}, {**CLOSE, "connector": 2, "plug_in": 300.0}]
    metal = table(station={**two, "policies": {"station_share": "first-come"}}, sessions=cars)
    first, second = twice(metal, table(station=two, sessions=cars))
    assert abs(quantity(first, "offer").worst.value) == pytest.approx(4.0)  # 16 and 8 A, or 12 each
    assert abs(quantity(second, "offer").worst.value) < 0.5


@pytest.mark.slow
def test_a_slow_line_is_that_of_the_next_shadow(twice: Twice, tmp_path: Path) -> None:
    asks = [{"at": 600.0 * n, "action": "GetConfiguration", "payload": {}} for n in (1, 2)]
    slow = table(csms={"asks_keys": False, "actions": asks})

    def late(directory: Path) -> None:
        """As a back office records them: answers come in later than the CALLs went out."""
        path = directory / "messages.jsonl"
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for row in rows:
            if row["dir"] == "up" and row["frame"][0] == 3:
                row["t"] += 0.6
        rows.sort(key=lambda row: row["t"])
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    first, second = twice(slow, slow, late)
    assert quantity(first, "reply").median == pytest.approx(0.6, abs=0.05)
    assert quantity(second, "reply").median < 0.05
    assert learned(tmp_path).station.latency_s == pytest.approx(0.3, abs=0.02)


def step(from_a: float, to_a: float, *temps_c: float) -> Learned:
    key = DERATING if to_a < from_a else GIVEN_BACK
    return Learned("a step", key, "°C", temps_c, amps=(from_a, to_a))


def test_steps_told_in_no_good_order_make_a_table_that_loads(tmp_path: Path) -> None:
    seen = [
        step(32, 28, 40.0, 41.0),
        step(28, 24, 39.0),
        step(16, 12, 55.0),
        step(24, 28, 44.0),
        step(32, 24, 38.0),
    ]
    text = learned_rig(RigFile.parse(table()), seen, [], "x")
    (tmp_path / "behaviour.toml").write_text('name = "b"\ninherits = "ocpp16"\n', encoding="utf-8")
    (tmp_path / "rig.toml").write_text(text, encoding="utf-8")
    rows = RigFile.load(tmp_path / "rig.toml").derating.table
    assert [share for _, share, _ in rows] == [28 / 32, 12 / 32]
    assert [up_c for up_c, _, _ in rows] == pytest.approx([40.5, 55.0])
    assert all(down_c < up_c for up_c, _, down_c in rows)


def test_what_taught_nothing_leaves_the_rig_as_it_was(tmp_path: Path) -> None:
    rig = RigFile.parse(table(derating=HEAT, station={"meter": {"gain_error_pct": 0.5}}))
    (tmp_path / "behaviour.toml").write_text('name = "b"\ninherits = "ocpp16"\n', encoding="utf-8")
    (tmp_path / "rig.toml").write_text(learned_rig(rig, [], [], "x"), encoding="utf-8")
    told = RigFile.load(tmp_path / "rig.toml")
    assert (told.derating, told.station.meter) == (rig.derating, rig.station.meter)
