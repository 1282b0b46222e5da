"""Cars that come by chance come as their rates, stays and energies say, whatever the seed."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import pi
from random import Random
from statistics import fmean, pstdev
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from places import ROOT

from evc5 import BadInput, Rig, fit_arrivals, read_sessions
from evc5.rigs.rigfile.arrivals import Drawn
from evc5.rigs.rigfile.fitting import most_wh
from evc5.rigs.rigfile.sessions import Session

HALF = 2.0 / pi  # the squared mean of half a normal distribution; its variance is one less this
FLAT = [[1.0] * 24]
TABLE: dict[str, Any] = {
    "vehicles": ["vw-id3-58", "nissan-leaf-24"],
    "per_hour": FLAT,
    "stay_h": {"like": "exponential", "mean": 2.0},
    "energy_kwh": {"like": "lognormal", "mean": 12.0, "sd": 6.0},
}
RIG: dict[str, Any] = {"name": "chance", "start": datetime(2024, 1, 1, tzinfo=UTC), "days": 200}


def plan(table: dict[str, Any] = TABLE, **changes: Any) -> tuple[Session, ...]:
    return Rig.from_dict({**RIG, **changes, "arrivals": table}).file.plan()


@pytest.mark.slow
@pytest.mark.parametrize("connectors", [1, 2])
def test_as_many_cars_drive_on_as_erlang_says(connectors: int) -> None:
    """A Poisson stream on servers without a queue: Erlang's loss formula B, whatever the spread of stays."""
    load = 1.0 * 2.0  # cars an hour · hours
    terms = [1.0, load, load**2 / 2.0][: connectors + 1]
    served = 1.0 - terms[-1] / sum(terms)
    days = 400
    found = len(plan(station={"connectors": connectors}, days=days))
    expected = served * 24.0 * days
    assert abs(found - expected) < 5.0 * expected**0.5  # no more spread than a Poisson count, five deviations


@pytest.mark.slow
def test_rates_hold_by_local_hour_and_weekday_over_changes_of_the_clock() -> None:
    zone = ZoneInfo("Europe/Amsterdam")
    work, weekend = [0.0] * 24, [0.0] * 24
    work[8], weekend[14] = 3.0, 1.5
    short = {"like": "fixed", "mean": 0.1}
    found = plan({**TABLE, "per_hour": [work, weekend], "stay_h": short}, timezone=zone.key, days=91)
    at = [(RIG["start"] + timedelta(seconds=one.plug_in_s)).astimezone(zone) for one in found]
    assert {(one.weekday() >= 5, one.hour) for one in at} == {(False, 8), (True, 14)}
    counts = Counter(one.weekday() >= 5 for one in at)
    free = plan({**TABLE, "per_hour": [work, weekend], "stay_h": short, "scale": 0.0}, days=9)
    assert free == ()
    # 65 working days of 3 and 26 days of 1.5, less those few that find both connectors taken
    assert 195 - 5 * 195**0.5 < counts[False] < 195 + 5 * 195**0.5
    assert 39 - 5 * 39**0.5 < counts[True] < 39 + 5 * 39**0.5


def test_no_connector_has_two_cars_and_no_car_needs_more_than_it_takes() -> None:
    found = plan(days=30)
    assert len(found) > 150
    for connector in (1, 2):
        here = [one for one in found if one.connector == connector]
        assert all(before.unplug_s < after.plug_in_s for before, after in pairwise(here))
    assert all(0.0 < (one.needed_wh or 0.0) <= most_wh(one.vehicle) + 0.001 for one in found)
    assert all(0.0 < one.soc < 1.0 for one in found)
    assert max(one.needed_wh or 0.0 for one in found if one.vehicle.id == "nissan-leaf-24") == pytest.approx(
        most_wh(next(one.vehicle for one in found if one.vehicle.id == "nissan-leaf-24")), abs=0.001
    )


@pytest.mark.slow
def test_drawn_cars_repeat_with_the_seed_and_a_longer_run_begins_as_a_shorter() -> None:
    assert plan(days=5) == plan(days=5) != plan(days=5, seed=2)
    short = plan(days=5)
    assert plan(days=9)[: len(short)] == short and len(short) > 20


@pytest.mark.slow
def test_an_hour_with_other_rates_leaves_the_others_as_they_were() -> None:
    short = {**TABLE, "stay_h": {"like": "fixed", "mean": 0.1}}
    other = {**short, "per_hour": [[1.0] * 23 + [4.0]]}
    usual, changed = (
        {one.plug_in_s for one in plan(table, days=20) if one.plug_in_s % 86_400 < 82_000}
        for table in (short, other)
    )
    assert len(usual & changed) >= 0.98 * len(usual)  # a car of that hour may still stand in the first


@pytest.mark.parametrize(
    ("drawn", "mean", "sd"),
    [
        ({"like": "lognormal", "mean": 8.0, "sd": 3.0}, 8.0, 3.0),
        ({"like": "gamma", "mean": 8.0, "sd": 3.0}, 8.0, 3.0),
        ({"like": "normal", "mean": 8.0, "sd": 1.0}, 8.0, 1.0),
        ({"like": "exponential", "mean": 8.0}, 8.0, 8.0),
        ({"like": "uniform", "least": 2.0, "most": 14.0}, 8.0, 12.0 / 12**0.5),
        ({"like": "fixed", "mean": 8.0}, 8.0, 0.0),
        ({"like": "quantiles", "values": [2.0, 8.0, 14.0]}, 8.0, 12.0 / 12**0.5),
        ({"like": "normal", "mean": 0.0001, "sd": 1.0}, HALF**0.5, (1.0 - HALF) ** 0.5),
    ],
)
def test_a_distribution_has_the_mean_and_the_deviation_that_it_says(
    drawn: dict[str, Any], mean: float, sd: float
) -> None:
    """The last one is a normal distribution cut at 0: half of it."""
    random, count = Random(7), 5_000
    values = [Drawn.model_validate(drawn).draw(random) for _ in range(count)]
    assert fmean(values) == pytest.approx(mean, abs=5.0 * max(sd, 1e-12) / count**0.5)
    assert pstdev(values) == pytest.approx(sd, rel=0.1, abs=1e-9)


def test_a_distribution_is_cut_to_least_and_most() -> None:
    drawn = Drawn(like="lognormal", mean=8.0, sd=6.0, least=5.0, most=9.0)
    random = Random(1)
    values = [drawn.draw(random) for _ in range(2000)]
    assert 5.0 <= min(values) < 5.1 and 8.9 < max(values) <= 9.0
    assert len(set(values)) == 2000  # drawn again, not pressed to the edge


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"per_hour": [[1.0] * 23]}, "arrivals.per_hour[0] must have at least 24 items"),
        ({"per_hour": FLAT * 3}, "arrivals per_hour must have 1, 2 or 7 rows, got 3"),
        ({"per_hour": [[-1.0] * 24]}, "arrivals.per_hour[0][0] must be >= 0"),
        ({"per_hour": None}, "arrivals must have per_hour, stay_h and energy_kwh, or fitted_to"),
        ({"stay_h": {"mean": 2.0}}, "arrivals.stay_h must have sd with like = 'lognormal'"),
        (
            {"stay_h": {"like": "fixed", "mean": 2.0, "sd": 1.0}},
            "arrivals.stay_h must not have sd with like = ",
        ),
        (
            {"stay_h": {"like": "uniform", "least": 3.0, "most": 2.0}},
            "arrivals.stay_h must have most >= least (3), ",
        ),
        (
            {"stay_h": {"like": "quantiles", "values": [2.0, 1.0]}},
            "arrivals.stay_h must have two or more values in ",
        ),
        (
            {"stay_h": {"like": "weibull", "mean": 2.0}},
            "arrivals.stay_h.like must be 'fixed', 'uniform', 'normal',",
        ),
        ({"vehicles": ["vw-id3"]}, "arrivals.vehicles[0] must be a preset or one of [[vehicles]], got"),
        ({"vehicles": []}, "arrivals.vehicles must have at least 1 items"),
    ],
)
def test_what_cannot_be_drawn_from_is_refused_by_its_key(change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput) as caught:
        plan({**TABLE, **change}, days=1)
    assert str(caught.value).startswith(said)


def sessions(start: str, days: int) -> pd.DataFrame:
    """On each working day two at 8 local, on each day of a weekend one at 14; four hours and 10 kWh each."""
    rows = []
    for day in pd.date_range(start, periods=days, tz="Europe/Oslo"):
        for minute in (5, 35) if day.weekday() < 5 else (15,):
            at = day + pd.Timedelta(hours=8 if day.weekday() < 5 else 14, minutes=minute)
            rows.append({"plug_in": at, "unplug": at + pd.Timedelta(hours=4), "energy_kwh": 10.0})
    return pd.DataFrame(rows)


@pytest.mark.parametrize(("days", "rows"), [(28, 7), (27, 2), (7, 2), (6, 1)])
def test_rates_are_fitted_by_as_many_kinds_of_days_as_the_data_bear(days: int, rows: int) -> None:
    table = sessions("2024-01-01", days)  # a Monday
    fitted = fit_arrivals(table, ["vw-id3-58"], timezone="Europe/Oslo", form="gamma")
    rates = fitted["per_hour"]
    assert len(rates) == rows
    assert fitted["stay_h"] == {"like": "fixed", "mean": 4.0} and fitted["energy_kwh"]["mean"] == 10.0
    if rows == 1:  # five working days and a Saturday
        assert (rates[0][8], rates[0][14]) == (
            pytest.approx(10 / 6, abs=1e-6),
            pytest.approx(1 / 6, abs=1e-6),
        )
    else:
        assert [row[8] for row in rates] == ([2.0] * 5 + [0.0] * 2 if rows == 7 else [2.0, 0.0])
        assert [row[14] for row in rates] == ([0.0] * 5 + [1.0] * 2 if rows == 7 else [0.0, 1.0])


@pytest.mark.slow
def test_what_is_drawn_from_a_fit_is_like_what_was_fitted() -> None:
    real = read_sessions(ROOT / "rigs" / "data" / "trondheim-selection.csv", "trondheim")
    fitted = fit_arrivals(real, ["tesla-model-y-lr", "vw-id3-58"], timezone="Europe/Oslo")
    rig = Rig.from_dict({**RIG, "timezone": "Europe/Oslo", "days": 365}).revised({"arrivals": fitted})
    found = rig.file.plan()
    stays_h = [(one.unplug_s - one.plug_in_s) / 3600.0 for one in found]
    theirs_h = (real["unplug"] - real["plug_in"]).dt.total_seconds() / 3600.0
    assert fmean(stays_h) == pytest.approx(theirs_h.mean(), rel=0.1)
    energies_kwh = [(one.needed_wh or 0.0) / 1000.0 for one in found]
    assert fmean(energies_kwh) == pytest.approx(real["energy_kwh"].mean(), rel=0.1)
    days = (real["plug_in"].max() - real["plug_in"].min()).total_seconds() / 86_400
    assert 0.75 < len(found) / 365 / (len(real) / days) < 1.05  # some find no free connector


@pytest.mark.slow
def test_a_rig_file_may_name_the_sessions_that_it_is_fitted_to() -> None:
    file = {"path": "trondheim-selection.csv", "format": "trondheim"}
    by_file = plan({"vehicles": ["vw-id3-58"], "fitted_to": file}, timezone="Europe/Oslo", days=30)
    real = read_sessions(ROOT / "rigs" / "data" / "trondheim-selection.csv", "trondheim")
    assert by_file == plan(
        fit_arrivals(real, ["vw-id3-58"], timezone="Europe/Oslo"), timezone="Europe/Oslo", days=30
    )
    given = {"vehicles": ["vw-id3-58"], "fitted_to": file, "stay_h": {"like": "fixed", "mean": 1.0}}
    found = plan(given, timezone="Europe/Oslo", days=30)
    assert len(found) > 10 and all(one.unplug_s - one.plug_in_s == 3600.0 for one in found)


@pytest.mark.parametrize(
    ("rows", "form", "said"),
    [
        (1, "quantiles", "a fit needs 2 sessions or more, got 1"),
        (9, "pareto", "form must be quantiles, lognormal,"),
    ],
)
def test_what_cannot_be_fitted_is_refused(rows: int, form: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        fit_arrivals(sessions("2024-01-01", 9).iloc[:rows], ["vw-id3-58"], form=form)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"table": [1]}, "sessions must be a DataFrame"),
        ({"vehicles": 7}, "vehicles must be a list of cars' names"),
        ({"vehicles": "vw-id3-58"}, "vehicles must be a list of cars' names"),
        ({"timezone": 7}, "timezone must be a zone"),
        ({"timezone": "Europe"}, "timezone must be a zone"),
        ({"timezone": "x" * 300}, "timezone must be a zone"),
    ],
)
def test_what_a_fit_cannot_mean_is_refused_by_its_name(wrong: dict[str, Any], said: str) -> None:
    given = {"table": sessions("2024-01-01", 9), "vehicles": ["vw-id3-58"], **wrong}
    with pytest.raises(BadInput) as caught:
        fit_arrivals(**given)
    assert str(caught.value).startswith(said) and len(str(caught.value)) < 200
