"""Cars of the rig's own: quirks, and a charging curve from points or from a file."""

import pytest

from evc5.rigs.errors import BadInput
from evc5.rigs.rigfile.file import RigFile


def rig(tmp_path, **car):
    entry = {"id": "mine", "like": "vw-id3-58", **car}
    table = {"name": "cars", "start": "2024-03-01T00:00:00Z", "days": 1.0, "vehicles": [entry]}
    return RigFile.parse(table, tmp_path / "cars.toml")


def test_a_car_like_a_preset_differs_in_what_is_given(tmp_path):
    mine = rig(tmp_path, stops_without_pwm=False, max_a=10.0).cars["mine"]
    assert (mine.stops_without_pwm, mine.max_a, mine.usable_wh) == (False, 10.0, 58_000.0)


@pytest.mark.parametrize("heading", ["", "soc,kW\n"])
def test_a_curve_may_come_from_a_file(tmp_path, heading):
    (tmp_path / "curve.csv").write_text(heading + "0,11\n0.5,8\n1,1\n")
    mine = rig(tmp_path, curve="curve.csv").cars["mine"]
    assert mine.curve.rate(0.5) * mine.usable_wh == pytest.approx(8000.0)
    assert mine.curve == rig(tmp_path, curve=[[0, 11], [0.5, 8], [1, 1]]).cars["mine"].curve


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0,11\n0.5\n", "row 2 must be SoC,kW, got 0.5"),
        ("0,11\n0.5,much\n", "row 2 must be SoC,kW, got 0.5,much"),
        ("0.5,11\n0.2,8\n", "curve SoC must not fall, got 0.2 after 0.5"),
        ("0,11\n1.4,8\n", "curve SoC must be within 0 and 1, got 1.4"),
    ],
)
def test_a_curve_that_cannot_be_is_refused_in_one_line(tmp_path, text, said):
    (tmp_path / "curve.csv").write_text(text)
    with pytest.raises(BadInput, match=r"vehicles\[0\]\.curve") as refusal:
        rig(tmp_path, curve="curve.csv")
    assert said in str(refusal.value) and "\n" not in str(refusal.value)


def test_a_curve_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"vehicles\[0\]\.curve: absent.csv cannot be read"):
        rig(tmp_path, curve="absent.csv")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            {"derating": {"table": [[60.0, 0.5, 55.0], [70.0, 0.8, 65.0]]}},
            "derating: derating table must not rise",
        ),
        ({"thermal": {"socket_ohm": -0.1}}, "thermal.socket_ohm"),
        ({"grid": {"impedance_ohm": -1.0}}, "grid.impedance_ohm"),
        ({"grid": {"sags": [{"at": 0, "lasts_s": 5, "phases": [4]}]}}, "grid: sag phases must be of 1, 2, 3"),
        ({"faults": [{"at": 0, "fault": "gremlins"}]}, "faults[0].fault"),
    ],
)
def test_a_world_that_cannot_be_is_refused_by_its_key(table, said):
    whole = {"name": "world", "start": "2024-03-01T00:00:00Z", "days": 1.0, **table}
    with pytest.raises(BadInput) as refusal:
        RigFile.parse(whole)
    assert said in str(refusal.value) and "\n" not in str(refusal.value)
