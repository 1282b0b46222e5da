"""Several controllers on the same sessions: the table, held against the runs themselves."""

from pathlib import Path

import pytest

from evc5 import BadInput, Rig, Run
from evc5.controllers import CheapestHours, LeastLaxity, contest, equal_share, uncontrolled

TARIFF = {
    "energy": {"price_kwh": 0.2, "times": [{"from": "17:00", "to": "23:00", "price_kwh": 0.5}]},
    "demand": {"price_kw_month": 5.0},
}
NIGHT = {
    "name": "night",
    "start": "2024-02-05T17:00:00Z",
    "days": 0.6,
    "station": {"station_max_a": 20, "keys": {"MeterValueSampleInterval": 300}},
    "recording": {"report": False},
    "sessions": [
        {"connector": 1, "vehicle": "vw-id3-58", "plug_in": "12m", "unplug": "13h", "energy_kwh": 14.0},
        {"connector": 2, "vehicle": "nissan-leaf-40", "plug_in": "47m", "unplug": "3h30m", "energy_kwh": 9.0},
    ],
}


@pytest.mark.slow
def test_each_row_is_what_its_run_came_to(tmp_path: Path) -> None:
    four = {
        "as fast as can be": uncontrolled,
        "equal": equal_share,
        "laxity": LeastLaxity(),
        "cheap": CheapestHours(TARIFF),
    }
    rig = Rig.from_dict(NIGHT)
    found = contest(rig, four, every="15min", oracle=True, tariff=TARIFF, out=tmp_path).set_index(
        "controller"
    )
    assert list(found.index) == list(four)
    for name, row in found.iterrows():
        run = Run.open(tmp_path / str(name).replace(" ", "-"))
        assert row.energy_wh == pytest.approx(run.telemetry.groupby("connector").energy_wh.last().sum())
        assert row.cost == pytest.approx(run.cost(TARIFF).total)
        assert row.unserved_wh == pytest.approx(run.sessions.shortfall_kwh.sum() * 1000, abs=1)
        sent = [*run.frames("SetChargingProfile"), *run.frames("ClearChargingProfile")]
        assert row.profiles_sent == len(sent)
        assert row.errors == 0 and row.passed
    assert found.profiles_sent["as fast as can be"] == 0
    assert found.cost["cheap"] < found.cost["as fast as can be"]
    assert found.unserved_wh["laxity"] <= found.unserved_wh["as fast as can be"]


def test_nobody_is_refused() -> None:
    with pytest.raises(BadInput, match="controllers must be a dict of names and functions, and has none"):
        contest("week", {})
