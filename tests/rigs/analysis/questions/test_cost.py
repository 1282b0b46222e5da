"""Bills, held against Decimal sums over the quarters of an hour that telemetry's own rows give."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from evc5 import BadInput, Rig, Run

pytestmark = pytest.mark.slow

ZONE = ZoneInfo("Europe/Amsterdam")
QUARTER = timedelta(minutes=15)
CENT = 0.002  # EUR: between rows the energy of the brute force goes straight
HOUSE = [[0.0, 1.0], [6.5, [4.0, 3.0, 1.0]], [18.0, [9.0, 10.0, 4.0]], [23.25, 2.0]]
NIGHT = {
    "name": "night",
    "start": "2024-03-30T19:00:00Z",
    "timezone": "Europe/Amsterdam",
    "days": 2.25,
    "grid": {"house": HOUSE},
    "sessions": [
        {"connector": 1, "vehicle": "vw-id3-58", "plug_in": "1h7m13s", "unplug": "9h", "soc": 0.3},
        {"connector": 2, "vehicle": "tesla-model-3-rwd", "plug_in": "2h", "unplug": "10h11m", "soc": 0.8},
        {"connector": 2, "vehicle": "vw-id3-58", "plug_in": "30h", "unplug": "31h", "soc": 0.1},
        {"connector": 1, "vehicle": "vw-id3-58", "plug_in": "50h", "unplug": "60h", "soc": 0.5},
    ],
}
Amounts = dict[Any, Decimal]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Rig.from_dict(NIGHT).run(out=tmp_path_factory.mktemp("cost") / "run")


def quarters(run: Run, connector: int) -> list[tuple[datetime, Decimal]]:
    """Each quarter of an hour of UTC, in local time, with its Wh: from rows, straight between them."""
    rows = run.telemetry[run.telemetry.connector == connector].drop_duplicates("t", keep="last")
    edges = np.arange(0.0, run.end_s + 1.0, 900.0)
    energy_wh = np.diff(np.interp(edges, rows.t, rows.energy_wh))
    begins = [(run.start + timedelta(seconds=float(t_s))).astimezone(ZONE) for t_s in edges[:-1]]
    return [(at, Decimal(float(wh))) for at, wh in zip(begins, energy_wh, strict=True)]


def house(run: Run) -> list[tuple[datetime, Decimal]]:
    """The same of the house, whose hours go on from the run's local beginning."""
    begin = run.start.astimezone(ZONE)
    rows = [(hour, sum(amps if isinstance(amps, list) else [amps] * 3)) for hour, amps in HOUSE]
    found = []
    for n in range(round(run.end_s / 900.0)):
        hour = (begin.hour + begin.minute / 60 + n / 4) % 24
        amps = next((amps for since, amps in reversed(rows) if since <= hour), rows[-1][1])
        found.append(((run.start + timedelta(minutes=15 * n)).astimezone(ZONE), Decimal(amps * 230) / 4))
    return found


def priced(some: list[tuple[datetime, Decimal]], price: Callable[[datetime], Decimal]) -> Decimal:
    return sum((wh / 1000 * price(at) for at, wh in some), Decimal(0))


def by_day(some: list[tuple[datetime, Decimal]]) -> Amounts:
    found: Amounts = defaultdict(Decimal)
    for at, wh in some:
        found[at.date()] += wh
    return found


def evening(at: datetime) -> Decimal:
    """Dear from 17 to 21 on weekdays, cheap from 23 to 5 on whatever day that begins, else in between."""
    if at.weekday() < 5 and 17 <= at.hour < 21:
        return Decimal("0.41")
    return Decimal("0.19") if at.hour >= 23 or at.hour < 5 else Decimal("0.27")


BANDS = {
    "price_kwh": 0.27,
    "times": [
        {"days": "weekdays", "from": "17:00", "to": "21:00", "price_kwh": 0.41},
        {"from": "23:00", "to": "05:00", "price_kwh": 0.19},
    ],
}


def test_time_of_use_is_the_sum_over_quarters_also_in_the_night_that_is_short(night: Run) -> None:
    bill = night.cost({"energy": BANDS})
    both = quarters(night, 1) + quarters(night, 2)
    assert bill.total == pytest.approx(float(priced(both, evening)), abs=CENT)
    days = by_day(both)
    assert list(bill.days.day) == sorted(days)
    assert list(bill.days.energy_wh) == pytest.approx([float(days[day]) for day in bill.days.day], abs=0.5)
    assert bill.days.energy.sum() == pytest.approx(bill.total)
    assert list(bill.items.item) == ["energy of the charge point"]


def day_ahead(at: datetime) -> Decimal:
    hours = int(at.timestamp()) // 3600
    return Decimal(hours * 7919 % 300 - 50) / 1000  # from -0.05 to 0.25


def prices_file(path: Path, first: datetime, hours: int, *, local: bool) -> Path:
    """Hourly prices per MWh, in UTC with its offset or as local hours without."""
    lines = ["hour;EUR/MWh"]
    for n in range(hours):
        at = first + timedelta(hours=n)
        shown = at.astimezone(ZONE).strftime("%d-%m-%Y %H:%M") if local else at.strftime("%Y-%m-%dT%H:%MZ")
        lines.append(f"{shown};{day_ahead(at) * 1000}".replace(".", ","))
    path.write_text("\n".join(lines), "utf-8")
    return path


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("start", ["2024-03-30T19:00:00Z", "2024-10-26T19:00:00Z"])
def test_day_ahead_prices_are_right_over_a_change_of_the_clock(
    local: bool, start: str, tmp_path: Path
) -> None:
    run = Rig.from_dict({**NIGHT, "start": start, "days": 1.0}).run(out=tmp_path / "run")
    first = datetime.fromisoformat(start) - timedelta(hours=5)
    prices_file(tmp_path / "prices.csv", first, 40, local=local)
    form = {"timezone": "Europe/Amsterdam", "time_format": "%d-%m-%Y %H:%M"} if local else {}
    energy = {
        "series": {"path": "prices.csv", "time": "hour", "value": "EUR/MWh", "per": "MWh", **form},
        "add_kwh": 0.02,
    }
    tariff = "".join(f"{line}\n" for line in _toml(energy))
    (tmp_path / "tariff.toml").write_text(tariff, "utf-8")
    bill = run.cost(tmp_path / "tariff.toml")
    both = quarters(run, 1) + quarters(run, 2)
    expected = priced(both, lambda at: day_ahead(at.astimezone(UTC)) + Decimal("0.02"))
    assert bill.total == pytest.approx(float(expected), abs=CENT)


def _toml(energy: dict[str, Any]) -> list[str]:
    series = [f'{key} = "{value}"' for key, value in energy["series"].items()]
    return ["[energy]", f"add_kwh = {energy['add_kwh']}", "[energy.series]", *series]


def test_a_pandas_series_prices_as_the_same_file_does(night: Run) -> None:
    times = pd.date_range("2024-03-30T18:00Z", periods=70, freq="1h")
    prices = pd.Series([float(day_ahead(at)) for at in times], index=times)
    expected = priced(quarters(night, 1) + quarters(night, 2), lambda at: day_ahead(at.astimezone(UTC)))
    assert night.cost({"energy": {"series": prices}}).total == pytest.approx(float(expected), abs=CENT)
    local = night.cost({"energy": {"series": {"table": prices.tz_convert(ZONE)}}})
    assert local.total == pytest.approx(float(expected), abs=CENT)


def test_the_highest_local_quarter_of_each_month_is_charged_with_the_house(night: Run) -> None:
    tariff = {
        "scope": "site",
        "energy": BANDS,
        "demand": {"price_kw_month": 6.5, "free_kw": 2.0},
        "contracted": {"kw": 14.0, "price_kw_month": 1.5, "excess_kw_month": 4.0, "excess_kwh": 0.3},
    }
    bill = night.cost(tariff)
    site: Amounts = defaultdict(Decimal)
    for at, wh in quarters(night, 1) + quarters(night, 2) + house(night):
        site[at] += wh * 4  # W
    expected = Decimal(0)
    for month in ("2024-03", "2024-04"):
        mine = [watts for at, watts in site.items() if f"{at:%Y-%m}" == month]
        expected += (max(mine) / 1000 - 2) * Decimal("6.5") + 14 * Decimal("1.5")
        expected += max(Decimal(0), max(mine) / 1000 - 14) * 4
        expected += sum(max(Decimal(0), watts / 1000 - 14) / 4 for watts in mine) * Decimal("0.3")
    got = bill.months[["demand", "contracted", "excess"]].to_numpy().sum()
    assert got == pytest.approx(float(expected), abs=0.02)  # per kW, of W that go straight between rows
    assert (bill.months.excess_w > 0.0).any()
    energy = priced(quarters(night, 1) + quarters(night, 2) + house(night), evening)
    assert bill.days.energy.sum() + bill.days.house.sum() == pytest.approx(float(energy), abs=CENT)


def test_a_measured_house_stands_in_for_the_rigs(night: Run) -> None:
    times = pd.date_range("2024-03-30T19:00Z", periods=60, freq="1h")
    watts = pd.Series(np.linspace(500.0, 4000.0, 60), index=times)
    bill = night.cost({"scope": "site", "energy": {"price_kwh": 0.25}}, house=watts)
    hours = round(night.end_s / 3600)
    assert bill.days.house.sum() == pytest.approx(watts.iloc[:hours].sum() / 1000 * 0.25)


def test_sessions_pay_a_fee_idle_minutes_beyond_the_free_ones_and_no_more_than_their_caps(night: Run) -> None:
    idle = {"price_min": 0.05, "free_min": 20, "cap": 6.0}
    bill = night.cost({"energy": BANDS, "session": {"fee": 0.35, "idle": idle, "cap": 9.0}})
    rows = night.telemetry
    assert len(bill.sessions) == 4
    for row in bill.sessions.itertuples():
        until = night.start + timedelta(seconds=night.end_s) if pd.isna(row.unplug) else row.unplug
        mine = rows[(rows.connector == row.connector) & (rows["at"] >= row.plug_in) & (rows["at"] <= until)]
        mine = mine.drop_duplicates("t", keep="last")
        flows = mine.p_w.to_numpy()[:-1] > 0
        over = mine["at"].iloc[1:][flows].iloc[-1]
        idle_min = Decimal((until - over).total_seconds()) / 60
        stay = [(at, wh) for at, wh in quarters(night, row.connector) if row.plug_in - QUARTER < at < until]
        energy = priced(stay, evening)
        fee = min(max(Decimal(0), idle_min - 20) * Decimal("0.05"), Decimal(6))
        assert row.idle_min == pytest.approx(float(idle_min), abs=1e-6)
        assert row.idle == pytest.approx(float(fee), abs=1e-6)
        whole = energy + fee + Decimal("0.35")
        assert row.total == pytest.approx(float(min(whole, Decimal(9))), abs=CENT)
    assert (bill.sessions.cap < 0.0).any()
    assert bill.days[["fee", "idle", "cap"]].to_numpy().sum() == pytest.approx(
        bill.sessions[["fee", "idle", "cap"]].to_numpy().sum()
    )


def test_standing_charges_and_vat_come_on_top(night: Run) -> None:
    plain = night.cost({"energy": BANDS}).total
    bill = night.cost({"energy": BANDS, "standing_day": 0.4, "standing_month": 3.0, "vat_pct": 21.0})
    assert bill.total == pytest.approx((plain + 4 * 0.4 + 2 * 3.0) * 1.21)  # 30 March to 2 April
    assert "VAT" in repr(bill) and "total" in bill._repr_html_()


def test_a_holiday_counts_as_a_sunday(night: Run) -> None:
    bands = {"price_kwh": 0.3, "times": [{"days": "sun", "price_kwh": 0.0}]}
    holidays = ["2024-03-30", "2024-04-01", "2024-04-02"]
    assert night.cost({"energy": bands, "holidays": holidays}).total == pytest.approx(0.0)
    assert night.cost({"energy": bands}).total > 0.0


@pytest.mark.parametrize(
    ("tariff", "says"),
    [
        ({}, "energy is required"),
        ({"energy": {}}, "energy must have series, or else price_kwh or times"),
        ({"energy": {"price_kwh": "x"}}, 'energy.price_kwh must be a number, got "x"'),
        ({"energy": {"price_kwh": 1.0}, "demnd": {}}, "demnd is not a key here; did you mean demand?"),
        (
            {"energy": {"times": [{"from": "07:00", "to": "22:00", "price_kwh": 0.3}]}},
            "energy must have a price for every hour (price_kwh is that of all others), none at 00:00 on mon",
        ),
        (
            {"energy": {"times": [{"price_kwh": 0.3}, {"days": "sat", "from": "22:00", "price_kwh": 1.0}]}},
            "energy.times[1] must not hold where energy.times[0] does, got both at 22:00 on sat in month 1",
        ),
        (
            {"energy": {"times": [{"from": "25:00", "price_kwh": 0.3}]}},
            "energy.times[0].from must be a local time of day from 00:00 to 24:00, such as 07:00, got",
        ),
        ({"energy": {"price_kwh": 0.1}, "timezone": "Europe/Amsterdm"}, "did you mean Europe/Amsterdam?"),
        (
            {"energy": {"price_kwh": 0.1, "times": [{"days": "monday", "price_kwh": 1}]}},
            "must be of mon, tue",
        ),
    ],
)
def test_a_tariff_that_cannot_be_is_refused_by_key_value_and_what_is_allowed(
    night: Run, tariff: dict[str, Any], says: str
) -> None:
    with pytest.raises(BadInput) as refusal:
        night.cost(tariff)
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["2024-03-30T20:00Z,1", "2024-03-30T21:00Z,1"], "must begin at the run's start 2024-03-30T19:00"),
        (["2024-03-30T18:00Z,1", "2024-03-30T19:00Z,1"], "must last until the run's end 2024-04-02T01:00"),
        (["2024-03-30T18:00Z,1", "2024-03-30T19:00Z,1", "2024-03-30T21:00Z,1"],
         "row 4: time must be 1:00:00 after the row before, at 2024-03-30T20:00:00Z: there is a gap, "
         "got 2024-03-30T21:00Z"),
        (["2024-03-30T18:00Z,1", "2024-03-30T18:00Z,1"], "row 3: time must be later than in the row before"),
        (["2024-03-30T18:00Z,1", "2024-03-30T19:00Z,n/a"], "row 3: value must be a number, got n/a"),
        (["2024-03-30T18:00,1", "2024-03-30T19:00,1"], "time must be a time with its offset from UTC, or"),
        (["2024-03-30T18:00Z,1"], "must have two rows or more"),
    ],
)  # fmt: skip
def test_a_series_with_gaps_or_without_a_zone_is_refused_by_file_and_row(
    night: Run, lines: list[str], says: str, tmp_path: Path
) -> None:
    (tmp_path / "prices.csv").write_text("\n".join(["time,value", *lines]), "utf-8")
    (tmp_path / "day.toml").write_text('[energy]\nseries = "prices.csv"\n', "utf-8")
    with pytest.raises(BadInput) as refusal:
        night.cost(tmp_path / "day.toml")
    assert str(refusal.value).startswith("prices.csv: ")
    assert says in str(refusal.value)


def test_hours_of_utc_that_are_called_local_are_refused_in_the_hour_that_spring_leaves_out(
    night: Run, tmp_path: Path
) -> None:
    times = pd.date_range("2024-03-30T19:00", periods=60, freq="1h")
    prices = pd.Series(np.ones(60), index=times)
    series = {"table": prices, "timezone": "Europe/Amsterdam"}
    with pytest.raises(BadInput, match=r"row 7: time must be a time that exists in Europe/Amsterdam"):
        night.cost({"energy": {"series": series}})


def test_a_site_needs_a_house_and_a_house_needs_a_site(night: Run, tmp_path: Path) -> None:
    bare = {key: value for key, value in NIGHT.items() if key != "grid"}
    run = Rig.from_dict({**bare, "days": 0.05, "sessions": []}).run(out=tmp_path / "run")
    with pytest.raises(BadInput, match="the recording tells of no house"):
        run.cost({"scope": "site", "energy": BANDS})
    with pytest.raises(BadInput, match="scope must be site where house is given, got charging"):
        night.cost({"energy": BANDS}, house="house.csv")


def test_grams_of_each_day_are_the_sum_over_its_quarters(night: Run) -> None:
    times = pd.date_range("2024-03-30T18:00Z", periods=70, freq="1h")
    grams = pd.Series([float(day_ahead(at)) * 1000 + 100 for at in times], index=times)
    found = night.emissions(grams)
    for connector in (1, 2):
        expected: Amounts = defaultdict(Decimal)
        for at, wh in quarters(night, connector):
            expected[at.date()] += wh / 1000 * (day_ahead(at.astimezone(UTC)) * 1000 + 100)
        mine = found[found.connector == connector]
        told = [float(expected[at.date()]) for at in mine.start]
        assert list(mine.emissions_g) == pytest.approx(told, abs=0.5)  # g
    total = found[found.connector == 0]
    assert total.emissions_g.sum() == pytest.approx(found[found.connector > 0].emissions_g.sum())
    assert total.mean_g_kwh.iloc[0] == pytest.approx(
        total.emissions_g.iloc[0] / total.energy_wh.iloc[0] * 1000
    )
