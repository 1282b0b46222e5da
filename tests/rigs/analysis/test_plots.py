"""The figures: what they show, read back from what was drawn."""

import re

import numpy as np
import pytest
from small_world import Exchange, SmallBench, evening

from evc5.rigs.analysis import busiest_day
from evc5.rigs.analysis.figures.style import Chart, chart, style
from evc5.rigs.analysis.profile_history import profile_history
from evc5.rigs.analysis.run import Run
from evc5.rigs.analysis.stepped import held, steps
from evc5.rigs.analysis.theme import LIGHT, THEME
from evc5.rigs.analysis.visits import visits
from evc5.rigs.analysis.window import Window


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    bench = evening(tmp_path_factory.mktemp("runs") / "evening")
    bench.close()
    return Run.open(bench.directory)


def hours(line):
    """The points of a drawn line as (hour of the day, value), without its gaps."""
    at, values = line.get_data()
    return [(round(24 * (x % 1), 6), y) for x, y in zip(at, values, strict=True) if not np.isnan(y)]


def panel(figure, name):
    (found,) = [axes for axes in figure.axes if axes.get_title(loc="left").startswith(name)]
    return found


def line(axes, label):
    (found,) = [line for line in axes.lines if line.get_label().startswith(label)]
    return found


def texts(axes):
    return [text.get_text() for text in axes.texts]


@pytest.mark.slow
def test_a_day_shows_what_was_offered_and_what_flowed_as_steps(run):
    current = panel(run.plot.day(1), "Current")
    assert (11.0, 16.0) in hours(line(current, "offered")) and (11.0, 10.0) in hours(line(current, "offered"))
    flows = hours(line(current, "L1 L2 L3 delivered"))  # three equal phases are one line
    assert (10.5, 15.5) in flows and (14.75, 15.5) in flows
    assert max(hour for hour, amps in flows if amps) == 14.75


def test_phases_that_differ_are_lines_of_their_own():
    at, flows, rests = np.array([0.0, 1.0]), np.array([16.0, 16.0]), np.array([0.0, 0.0])
    from evc5.rigs.analysis.day import alike

    groups = alike({"L1": flows, "L2": rests, "L3": rests})
    assert [names for names, _ in groups] == [["L1"], ["L2", "L3"]]
    assert np.isnan(steps(at, rests)[1]).any()  # and nothing is drawn along zero


@pytest.mark.slow
def test_a_day_names_status_car_and_energy(run):
    band = run.plot.day(1).axes[0]
    assert {"Charging", "Available"} <= set(texts(band)) | {"Available"}
    assert any(text.startswith("vw-id3-58") for text in texts(band))


@pytest.mark.slow
def test_the_clock_aligned_readings_lie_on_the_register(run):
    energy = panel(run.plot.day(1), "Meter")
    points = hours(line(energy, "clock-aligned, sent (17)"))
    register = dict(hours(line(energy, "register")))
    assert all(abs(register[hour] - kwh) < 0.002 for hour, kwh in points)


def test_a_state_of_charge_is_drawn_until_the_car_leaves():
    at, soc = held(np.array([0.0, 1.0, 5.0]), np.array([80.0, 100.0, np.nan]))
    assert list(zip(at, soc, strict=True))[:3] == [(0.0, 80.0), (1.0, 100.0), (5.0, 100.0)]


def test_the_schedule_shows_the_profile_where_it_stood(run):
    figure = run.plot.schedule(1)
    lanes, current = panel(figure, "Installed"), panel(figure, "Highest")
    assert [tick.get_text() for tick in lanes.get_yticklabels()] == ["TxDefault, level 0\nall connectors"]
    assert texts(lanes) == ["10 A"]
    assert hours(line(current, "composite")) == [(11.0, 10.0), (12.0, 10.0)]


def test_a_profile_replaced_cleared_or_never_accepted_is_told_so(tmp_path):
    bench = SmallBench(tmp_path / "run")
    exchange = Exchange(bench)

    def profile(number, limit, level=0):
        schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}]}
        return {
            "connectorId": 1,
            "csChargingProfiles": {
                "chargingProfileId": number, "stackLevel": level, "chargingProfileKind": "Absolute",
                "chargingProfilePurpose": "TxDefaultProfile",
                "chargingSchedule": schedule | {"startSchedule": "2024-03-01T00:00:00Z"},
            },
        }  # fmt: skip

    exchange.down("SetChargingProfile", profile(1, 16.0), {"status": "Accepted"})
    bench.advance(600.0)
    exchange.down("SetChargingProfile", profile(1, 8.0), {"status": "Accepted"})
    exchange.down("SetChargingProfile", profile(2, 6.0, level=1), {"status": "Rejected"})
    bench.advance(1200.0)
    exchange.down("ClearChargingProfile", {"id": 1}, {"status": "Accepted"})
    bench.advance(1800.0)
    bench.close()
    run = Run.open(bench.directory)
    history = profile_history(run, 1, Window(run.start, 0.0, 1800.0))
    assert [(band.begin_s, band.end_s, band.limit) for band in history.bands] == [
        (0, 600, 16.0),
        (600, 1200, 8.0),
    ]
    assert history.allowed_a == [(0.0, 600.0, 16.0), (600.0, 1200.0, 8.0), (1200.0, 1800.0, None)]
    assert profile_history(run, 2, Window(run.start, 0.0, 1800.0)).bands == []


def test_energy_is_summed_by_the_day_of_plug_in(run):
    bars = panel(run.plot.energy(), "kWh by day")
    (one, two) = [[patch.get_height() for patch in container] for container in bars.containers]
    delivered = (15.5 * 1800 + 9.5 * 3600 + 15.5 * 9900) * 3 * 230 / 3.6e6  # A s, three phases of 230 V
    assert one == pytest.approx([delivered], abs=1e-9) and two == [0.0]


def test_a_visit_has_the_energy_between_plug_in_and_unplug(run):
    (visit,) = visits(run.directory, run.end_s)
    assert (visit.connector, visit.vehicle, visit.needed_wh) == (1, "vw-id3-58", 25_000.0)
    assert (visit.plug_in_s, visit.unplug_s) == (1800.0, 17_100.0)
    assert visit.energy_wh == pytest.approx((15.5 * 1800 + 9.5 * 3600 + 15.5 * 9900) * 690 / 3600)


def test_a_long_run_is_summed_by_week(tmp_path):
    bench = SmallBench(tmp_path / "run", watched=False)
    bench.advance(100 * 86_400.0)
    bench.close()
    figure = Run.open(bench.directory).plot.energy()
    assert panel(figure, "kWh by week")


def test_the_day_of_the_first_error_is_looked_at_first(run):
    assert busiest_day.day(run, 1) == -36_000.0  # the run begins at 10:00
    run.summary["findings"] = [{"severity": "error", "connector": 2, "t": 60_000.0}]
    assert (busiest_day.day(run, 2), busiest_day.day(run, 1)) == (50_400.0, -36_000.0)
    run.summary["findings"] = []


@pytest.mark.slow
def test_a_run_without_telemetry_still_draws(tmp_path):
    bench = SmallBench(tmp_path / "run", watched=False)
    bench.close()
    plot = Run.open(bench.directory).plot
    assert all(isinstance(figure, Chart) for figure in (plot.day(1), plot.schedule(), plot.energy()))


@pytest.mark.slow
def test_a_figure_shows_itself_in_a_notebook_and_leaves_no_global_style_behind(run):
    import matplotlib

    before = dict(matplotlib.rcParams)
    content, size = run.plot.energy()._repr_png_()
    assert content.startswith(b"\x89PNG") and size["width"] == 1100
    assert dict(matplotlib.rcParams) == before


@pytest.mark.slow
def test_the_same_figure_is_the_same_svg_in_the_colours_of_the_page():
    def drawn():
        with style():
            figure = chart(2.0, 1.0)
            figure.text(0, 0, "A line")
            figure.add_axes((0, 0, 1, 1)).plot([0, 1], color=LIGHT["limit"])
        return figure.svg()

    one, other = drawn(), drawn()
    assert one == other
    assert one.startswith("<svg ") and {"var(--limit)", "var(--ink)"} <= set(re.findall(r"var\(--\w+\)", one))
    assert not any(colour in one for colour in LIGHT.values())


def test_no_two_colours_of_the_theme_are_the_same():
    assert len({light for light, _ in THEME.values()}) == len(THEME)
