"""What each figure draws, read back from its axes and held against the run's tables."""

from datetime import UTC, date, datetime
from itertools import pairwise

import matplotlib
import numpy as np
import pytest
from small_world import START, Exchange, SmallBench, evening

from evc5.rigs.analysis.figures import gantt, heatmap, phases, sequence
from evc5.rigs.analysis.run import Run
from evc5.rigs.errors import BadInput

DAY = START.timestamp() / 86_400  # matplotlib counts days since 1970


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Five hours from 10:00; connector 1 charges from 10:30 to 14:45, held at 10 A from 11:00 to 12:00."""
    bench = evening(tmp_path_factory.mktemp("runs") / "evening")
    bench.close()
    return Run.open(bench.directory)


def in_berlin(run):
    other = Run.open(run.directory)
    other.summary["timezone"] = "Europe/Berlin"
    return other


def panel(figure, name):
    (found,) = [axes for axes in figure.axes if axes.get_title(loc="left").startswith(name)]
    return found


def line(axes, label):
    (found,) = [line for line in axes.lines if line.get_label().startswith(label)]
    return found


def hours(line):
    at, values = line.get_data()
    return [(round(24 * (x % 1), 6), y) for x, y in zip(at, values, strict=True) if not np.isnan(y)]


def ticks(axes):
    return [tick.get_text() for tick in axes.get_xticklabels()]


# -- what is drawn -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_day_shows_capability_power_and_what_limited(run):
    figure = run.plot.day(1)
    able = line(panel(figure, "Current per phase, A"), "rated, cable, heat")
    assert set(able.get_ydata()) == {32.0}
    power = hours(figure.axes[3].lines[0])
    assert figure.axes[3].get_title(loc="left") == "Power, kW"
    assert (10.5, pytest.approx(3 * 0.230 * 15.5)) in power
    assert (11.5, pytest.approx(3 * 0.230 * 9.5)) in [(11.5, y) for hour, y in power if hour == 11.0]
    limited = panel(figure, "Limited by")
    assert {text.get_text() for text in limited.texts} == {"rated", "profile"}
    spans = {c.get_label(): c.get_paths()[0].get_extents() for c in limited.collections if c.get_label()}
    profile = spans["profile"]
    assert [round(24 * (x % 1), 3) for x in (profile.x0, profile.x1)] == [11.0, 12.0]


@pytest.mark.slow
def test_power_is_the_means_of_the_demand_table(run):
    figure = run.plot.power()
    (axes,) = figure.axes
    assert axes.get_title(loc="left") == "kW, mean by minute"
    table = run.demand("1min")
    drawn = {patch.get_label(): patch.get_data() for patch in axes.patches}
    one = table[table["connector"] == 1]
    assert drawn["connector 1"].values == pytest.approx(one["mean_w"].to_numpy() / 1000)
    assert np.ptp(drawn["connector 2"].values - drawn["connector 1"].values) == 0.0  # it drew nothing
    assert 24 * (drawn["connector 1"].edges[-1] - DAY) == pytest.approx(5.0)
    highest = line(axes, "highest").get_ydata()
    assert np.nanmax(highest) == pytest.approx(table["max_w"].max() / 1000)


@pytest.mark.slow
def test_power_of_a_window_tells_the_energy_of_the_window(run):
    table = run.demand("15min")
    half = (
        table[(table["connector"] == 0) & (table["start"] >= "2024-03-01T12:00Z")]["energy_wh"].sum() / 1000
    )
    figure = run.plot.power(since="2024-03-01T12:00:00Z")
    assert any(text.get_text().startswith(f"{half:.1f} kWh drawn") for text in figure.texts)


@pytest.mark.slow
def test_heat_shows_the_temperature_and_what_the_rating_leaves(run):
    figure = run.plot.heat(1)
    assert set(panel(figure, "Temperature at the socket, °C").lines[0].get_ydata()) == {20.0}
    assert set(line(panel(figure, "Highest phase, A"), "rating").get_ydata()) == {32.0}
    assert any("heat took nothing away" in text.get_text() for text in figure.texts)


def test_a_switch_of_phases_is_one_within_a_stay_and_not_of_the_next_car():
    rows = {
        "t": np.arange(8.0),
        "phases": np.array([0, 3, 0, 1, 0, 0, 3, 3]),
        "pilot": np.array(["B", "C", "B", "C", "C", "A", "C", "C"], dtype=object),
    }
    assert phases.switches(rows) == [(3.0, 3, 1)]


@pytest.mark.slow
def test_each_phase_has_its_current(run):
    figure = run.plot.phases(1)
    for name in ("L1, A", "L2, A", "L3, A"):
        assert (10.5, 15.5) in hours(panel(figure, name).lines[0])
    count = panel(figure, "Phases that conduct").lines[0].get_ydata()
    assert set(count) == {0.0, 3.0}


@pytest.mark.slow
def test_a_charge_is_drawn_over_hours_since_plug_in_and_over_the_state_of_charge(run):
    figure = run.plot.charge(0)
    soc, power = panel(figure, "State of charge, %"), panel(figure, "Power at the outlet, kW")
    at_h, percent = soc.lines[0].get_data()
    assert (at_h[0], at_h[-1]) == (0.0, pytest.approx(4.25))
    energy_kwh = (15.5 * 0.5 + 9.5 * 1.0 + 15.5 * 2.75) * 0.690
    assert percent[0] == pytest.approx(50.0)
    assert percent.max() > 50.0 + energy_kwh  # 50 kWh of battery: two percent a kWh, anew at each change
    assert max(power.lines[0].get_ydata()) == pytest.approx(0.690 * 15.5)


@pytest.mark.slow
def test_sessions_are_bars_of_local_hours(run):
    (axes,) = in_berlin(run).plot.sessions().axes
    bars = {c.get_label(): [(p.get_x(), p.get_width()) for p in c.patches] for c in axes.containers}
    assert bars["connector 1 plugged in"] == [(pytest.approx(11.5), pytest.approx(4.25))]
    assert bars["connector 1 charging"] == [(pytest.approx(11.5), pytest.approx(4.25))]
    assert bars["connector 2 charging"] == []


def test_a_bar_ends_at_local_midnight_and_jumps_with_the_clock(run):
    """The night of 30 to 31 March 2024 in Berlin: at 02:00 it is 03:00."""
    night = in_berlin(run)
    night.summary["start"] = "2024-03-30T21:00:00+00:00"  # 22:00 in Berlin
    found = list(gantt.bars(night, [(0.0, 6 * 3600.0)]))
    saturday, sunday = date(2024, 3, 30), date(2024, 3, 31)
    assert found == [(saturday, 22.0, 24.0), (sunday, 0.0, 2.0), (sunday, 3.0, 5.0)]


@pytest.mark.slow
def test_the_heat_map_has_the_quarters_of_the_demand_table(run):
    days, kw = heatmap.quarters(run, 1)
    table = run.demand("15min")
    mine = table[table["connector"] == 1]
    assert days == [date(2024, 3, 1)]
    assert kw[0, 40:60] == pytest.approx(mine["mean_w"].to_numpy() / 1000)
    assert np.isnan(kw[0, :40]).all() and np.isnan(kw[0, 60:]).all()  # before and after the run
    mesh = run.plot.heatmap(1).axes[0].collections[0]
    assert np.ma.filled(mesh.get_array().ravel(), np.nan) == pytest.approx(kw.ravel(), nan_ok=True)


@pytest.mark.slow
def test_the_load_duration_curve_holds_the_run_s_energy(run):
    (axes,) = run.plot.duration().axes
    edges_pct, kw = line(axes, "all together").get_data()
    kw = kw[:-1]
    assert (np.diff(kw) <= 0).all() and edges_pct[-1] == pytest.approx(100.0)
    kwh = (kw * np.diff(edges_pct) / 100 * 5.0).sum()
    assert kwh == pytest.approx(run.telemetry["energy_wh"].max() / 1000)


@pytest.mark.slow
def test_findings_stand_on_their_lanes_and_in_the_current(run):
    broken = Run.open(run.directory)
    broken.summary["findings"] = [
        {"severity": "error", "requirement": "a.b", "connector": 1, "t": 3600.0},
        {"severity": "warning", "requirement": "c.d", "connector": None, "t": 7200.0},
    ]
    figure = broken.plot.violations()
    lanes = panel(figure, "Findings by requirement")
    assert [tick.get_text() for tick in lanes.get_yticklabels()] == ["a.b", "c.d"]
    assert [24 * (x - DAY) for x in line(lanes, "error").get_xdata()] == [pytest.approx(1.0)]
    current = panel(figure, "Connector 1, highest phase, A")
    marks = [24 * (line.get_xdata()[0] - DAY) for line in current.lines if len(line.get_xdata()) == 2]
    assert marks == [pytest.approx(1.0), pytest.approx(2.0)]
    only = panel(broken.plot.violations("c.d"), "Findings by requirement")
    assert [tick.get_text() for tick in only.get_yticklabels()] == ["c.d"]


@pytest.mark.slow
def test_two_runs_are_compared_connector_by_connector(run, tmp_path):
    bench = SmallBench(tmp_path / "other")
    bench.advance(3600.0)
    bench.outlets[1].draw(10.0)
    bench.advance(7200.0)
    bench.outlets[1].draw(0.0)
    bench.advance(18_000.0)
    bench.close()
    figure = run.plot.comparison(Run.open(bench.directory))
    kwh = {axes.get_title(loc="left"): [p.get_label() for p in axes.patches] for axes in figure.axes}
    energy = run.telemetry["energy_wh"].max() / 1000
    assert kwh == {
        "Connector 1, kW": [f"A, {energy:.1f} kWh", "B, 0.0 kWh"],
        "Connector 2, kW": ["A, 0.0 kWh", "B, 6.9 kWh"],
    }
    head = figure.texts[0].get_text()
    assert head == f"Comparison · A: {run.directory.name} · B: other"  # else they bear the same name
    told = Run.open(run.directory)
    told.summary["seed"], told.summary["behaviour"] = 2, "ocpp16"
    again = told.plot.comparison(Run.open(bench.directory)).texts[0].get_text()
    assert again.startswith("Comparison · A: ocpp16, seed 2 · B: ")


@pytest.mark.slow
def test_cost_by_day_stacks_the_parts_of_the_bill(run):
    tariff = {"name": "flat", "currency": "EUR", "energy": {"price_kwh": 0.30}}
    bill = run.cost(tariff)
    (axes,) = run.plot.cost(tariff).axes
    assert axes.get_title(loc="left") == "EUR by day, before VAT"
    assert [c.get_label() for c in axes.containers] == ["energy of the charge point"]
    drawn = [patch.get_height() for patch in axes.containers[0].patches]
    assert drawn == pytest.approx(bill.days["energy"].tolist())
    assert sum(drawn) == pytest.approx(run.telemetry["energy_wh"].max() / 1000 * 0.30)


# -- the messages of a transaction -------------------------------------------------------------------


@pytest.fixture
def talked(tmp_path):
    bench = SmallBench(tmp_path / "run")
    exchange = Exchange(bench)
    bench.advance(600.0)
    bench.recorder.event(600.0, 1, "plug-in", {"vehicle": "car"})
    tag = {"idTag": "TAG1"}
    exchange.up("Heartbeat", {}, {"currentTime": "2024-03-01T10:10:00Z"})
    exchange.up("Authorize", tag, {"idTagInfo": {"status": "Accepted"}})
    start = tag | {"connectorId": 1, "meterStart": 0, "timestamp": "2024-03-01T10:10:00Z"}
    exchange.up("StartTransaction", start, {"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
    for n in range(3):
        bench.advance(660.0 + 60 * n)
        exchange.up("MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": []}, {})
    exchange.up("StatusNotification", {"connectorId": 2, "status": "Faulted"}, {})
    exchange.up("StopTransaction", {"transactionId": 7, "reason": "Local", "meterStop": 5}, {})
    bench.frame('[2,"lost1","StatusNotification",{"connectorId":1,"status":"Finishing"}]', lost=True)
    bench.advance(1000.0)
    bench.close()
    return Run.open(bench.directory)


def test_a_sequence_has_what_concerns_the_transaction_and_nothing_else(talked):
    arrows = list(sequence.collapsed(sequence.exchanges(talked, sequence.find(talked, 7))))
    assert [(arrow.said, arrow.count, arrow.answer) for arrow in arrows] == [
        ("Authorize", 1, "Accepted"),
        ("StartTransaction", 1, "Accepted · 7"),
        ("MeterValues", 3, ""),
        ("StopTransaction Local", 1, ""),
        ("StatusNotification Finishing", 1, None),
    ]
    assert [arrow.lost for arrow in arrows] == [False, False, False, False, True]


@pytest.mark.slow
def test_a_sequence_tells_local_times_and_what_was_lost(talked):
    figure = talked.plot.sequence(7, tz="Europe/Berlin")
    words = [text.get_text() for text in figure.axes[0].texts]
    assert "11:10:00" in words and "MeterValues × 3" in words
    assert "StatusNotification Finishing (lost)" in words


# -- zones, places and widths ------------------------------------------------------------------------

FIGURES = {
    "day": lambda plot, **more: plot.day(1, **more),
    "schedule": lambda plot, **more: plot.schedule(**more),
    "energy": lambda plot, **more: plot.energy(**more),
    "power": lambda plot, **more: plot.power(**more),
    "heat": lambda plot, **more: plot.heat(**more),
    "phases": lambda plot, **more: plot.phases(**more),
    "charge": lambda plot, **more: plot.charge(**more),
    "sessions": lambda plot, **more: plot.sessions(**more),
    "heatmap": lambda plot, **more: plot.heatmap(**more),
    "duration": lambda plot, **more: plot.duration(**more),
    "violations": lambda plot, **more: plot.violations(**more),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["day", "schedule", "power", "heat", "phases", "violations"])
def test_hours_are_those_of_the_zone_asked_for(run, name):
    figure = FIGURES[name](run.plot, tz="Europe/Berlin")
    assert ticks(figure.axes[-1])[0].startswith("11:00 CET")
    assert ticks(FIGURES[name](in_berlin(run).plot).axes[-1]) == ticks(figure.axes[-1])


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_drawn_into_the_axes_given(run, name):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 6))
    left, right = figure.subplots(1, 2)
    before = dict(matplotlib.rcParams)
    assert FIGURES[name](run.plot, ax=left) is figure
    place = [left, *left.child_axes]
    assert any(axes.lines or axes.patches or axes.collections for axes in place)
    assert not (right.lines or right.patches or right.collections or right.child_axes)
    assert dict(matplotlib.rcParams) == before


@pytest.mark.slow
@pytest.mark.parametrize("width_in", [3.4, 10.0])
@pytest.mark.parametrize("name", FIGURES)
def test_nothing_is_cut_off_at_the_page_s_edge(run, name, width_in):
    figure = FIGURES[name](run.plot, width_in=width_in)
    assert figure.get_size_inches()[0] == width_in
    figure.draw_without_rendering()
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert box.x0 > -0.02 and box.x1 < width + 0.02, box
    assert box.y0 > -0.02 and box.y1 < height + 0.02, box


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in FIGURES if name not in ("heatmap", "sessions")])
def test_labels_of_a_narrow_axis_do_not_run_into_each_other(run, name):
    figure = FIGURES[name](run.plot, width_in=3.4)
    figure.draw_without_rendering()
    boxes = [t.get_window_extent() for t in figure.axes[-1].get_xticklabels() if t.get_text()]
    boxes = sorted((box for box in boxes if box.width), key=lambda box: box.x0)
    assert all(one.x1 <= other.x0 for one, other in pairwise(boxes))


# -- what is not there -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda plot: plot.day(3), "connector must be one of 1, 2, got 3"),
        (lambda plot: plot.day(1, "yesterday"), "day must be a date such as 2024-03-01, got 'yesterday'"),
        (lambda plot: plot.day(1, datetime(2024, 3, 1, tzinfo=UTC)), "day must be a date"),
        (lambda plot: plot.heat(1, "2025-01-01"), "day must be one of the run's, 2024-03-01"),
        (lambda plot: plot.phases(0), "connector must be one of 1, 2, got 0"),
        (lambda plot: plot.schedule(9), "connector must be one of 1, 2, got 9"),
        (lambda plot: plot.schedule(1, since="2031-01-01T00:00:00Z"), "within the run, 2024-03-01 10:00"),
        (lambda plot: plot.power(until="2020-01-01T00:00:00Z"), "since must be before until"),
        (lambda plot: plot.power(since="noon"), "an instant must be seconds of the run or an ISO 8601"),
        (lambda plot: plot.charge(5), "session must be a number from 0 to 0, got 5"),
        (lambda plot: plot.heatmap(4), r"connector must be one of 0 \(all\), 1, 2, got 4"),
        (lambda plot: plot.duration("7min"), "interval must divide an hour"),
        (lambda plot: plot.sequence(12), "has no transaction"),
        (lambda plot: plot.violations("a.b"), "requirement must be the id of one judged, got 'a.b'"),
        (lambda plot: plot.day(1, tz="Mars/Olympus"), "tz must be a zone such as Europe/Berlin"),
        (lambda plot: plot.day(1, width_in=1.0), "width_in must be 2 to 200 inches, got 1.0"),
        (lambda plot: plot.energy(width_in="wide"), "width_in must be 2 to 200 inches, got 'wide'"),
        (lambda plot: plot.sessions(ax=3), "ax must be an Axes of matplotlib, got 3"),
        (lambda plot: plot.heat(True), "connector must be one of 1, 2, got True"),
        (lambda plot: plot.charge("first"), "session must be a number from 0 to 0, got 'first'"),
        (lambda plot: plot.cost(99), "a tariff must be a path, as text or pathlib.Path, got 99"),
        (lambda plot: plot.comparison(None), "a run directory must be a path, .* got None"),
    ],
)
def test_what_is_asked_for_and_not_there_is_told_with_what_there_is(run, ask, told):
    with pytest.raises(BadInput, match=told):
        ask(run.plot)


def test_a_transaction_that_is_not_there_is_told_with_those_that_are(talked):
    with pytest.raises(BadInput, match="transaction must be one of 7, got 12"):
        talked.plot.sequence(12)


@pytest.mark.parametrize("name", ["power", "heat", "phases", "charge", "sessions", "heatmap", "duration"])
def test_a_run_without_telemetry_says_so(tmp_path, name):
    bench = SmallBench(tmp_path / "run", watched=False)
    bench.close()
    with pytest.raises(BadInput, match="has no telemetry, which this figure is drawn from"):
        FIGURES[name](Run.open(bench.directory).plot)
