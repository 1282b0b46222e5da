"""The report's figures: what they show, read back from their data and from the page."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small_world import evening

from evc5.rigs.analysis import busiest_day
from evc5.rigs.analysis.day import day
from evc5.rigs.analysis.drawn.day import draw_day
from evc5.rigs.analysis.drawn.energy import draw_energy
from evc5.rigs.analysis.drawn.marks import Area, Box, Car, Dots, Drawing, Flag, Line, Mark, Panel
from evc5.rigs.analysis.drawn.schedule import draw_schedule
from evc5.rigs.analysis.drawn.svg import svg
from evc5.rigs.analysis.energy import energy
from evc5.rigs.analysis.run import Run
from evc5.rigs.analysis.schedule import schedule

HOUR_S = 3600.0
WIDTHS = (980.0, 400.0)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    bench = evening(tmp_path_factory.mktemp("runs") / "evening")
    bench.close()
    return Run.open(bench.directory)


@pytest.fixture(scope="module")
def figures(run: Run) -> list[Drawing]:
    return [
        draw_day(day(run, 1, busiest_day.day_window(run, 1))),
        draw_schedule(schedule(run, *busiest_day.schedule_window(run))),
        draw_energy(energy(run)),
    ]


def panel(drawing: Drawing, name: str) -> Panel:
    (found,) = [one for one in drawing.panels if one.name.startswith(name)]
    return found


def line(of: Panel, label: str) -> Line:
    (found,) = [one for one in of.marks if isinstance(one, Line) and one.label.startswith(label)]
    return found


def diagonal(*more: Mark) -> Drawing:
    """One line from the lower left corner of its panel to the upper right one, and more marks."""
    ends = np.array([0.0, 10.0])
    panel = Panel("y", 100.0, 0.0, 10.0, (Line(ends, ends, "line", label="straight"), *more))
    return Drawing("Diagonal", "a line", 0.0, 10.0, lambda _: [(0.0, "0"), (10.0, "10")], (panel,))


def test_a_day_shows_what_was_offered_as_stairs(run: Run, figures: list[Drawing]) -> None:
    """The same corners that matplotlib's figure of the day has, in seconds of the run."""
    offered = line(panel(figures[0], "Current"), "offered")
    at_s = (11 - run.start.hour) * HOUR_S
    corners = set(zip(offered.x.tolist(), offered.y.tolist(), strict=True))
    assert {(at_s, 16.0), (at_s, 10.0)} <= corners


def test_a_day_names_its_status_and_its_car(figures: list[Drawing]) -> None:
    top = figures[0].panels[0]
    assert {mark.text for mark in top.marks if isinstance(mark, Box)} >= {"Charging", "Available"}
    (car,) = [mark for mark in top.marks if isinstance(mark, Car)]
    assert "vw-id3-58" in car.name


def test_the_clock_aligned_readings_lie_on_the_register(figures: list[Drawing]) -> None:
    energy_panel = panel(figures[0], "Meter")
    register = line(energy_panel, "register")
    (sent,) = [mark for mark in energy_panel.marks if isinstance(mark, Dots)]
    assert len(sent.x) > 3
    assert sent.y == pytest.approx(np.interp(sent.x, register.x, register.y), abs=0.02)


def test_the_bars_hold_the_energy_of_the_visits(run: Run, figures: list[Drawing]) -> None:
    bars = [
        mark for mark in figures[2].panels[0].marks if isinstance(mark, Box) and "connector" in mark.label
    ]
    total_kwh = sum(visit.energy_wh for visit in energy(run).visits) / 1000
    assert sum(bar.high - bar.low for bar in bars) == pytest.approx(total_kwh)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_line_reaches_from_corner_to_corner_of_its_panel(width: float) -> None:
    drawn = svg(diagonal(), width)
    height = float(re.findall(r'viewBox="0 0 [\d.]+ (\d+)"', drawn)[0])
    (path,) = re.findall(r'<path d="M([^"]+)" fill="none" stroke="var\(--line\)"', drawn)
    left, bottom, right, top = map(float, path.split())
    assert 0 < left < 60 < width - 20 < right < width
    assert bottom - top == pytest.approx(100.0) and 0 < top < bottom < height


@pytest.mark.parametrize("width", WIDTHS)
def test_no_text_leaves_the_figure(figures: list[Drawing], width: float) -> None:
    for drawing in figures:
        places = [float(x) for x in re.findall(r'<text x="(-?[\d.]+)"', svg(drawing, width))]
        assert len(places) > 8 and all(0 <= x <= width for x in places)


def test_a_phone_gets_a_figure_of_its_own_with_fewer_hours(figures: list[Drawing]) -> None:
    wide, narrow = (len(re.findall(r">\d\d:\d\d", svg(figures[0], width))) for width in WIDTHS)
    assert 2 <= narrow < wide


def test_a_finding_is_flagged_and_told() -> None:
    drawn = svg(diagonal(Flag(5.0, "mark-3-1", "a boundary <missed>")), 400.0)
    assert 'class="mark-3-1"><title>a boundary &lt;missed&gt;</title>' in drawn


def test_what_is_not_known_is_not_drawn() -> None:
    gap = np.array([1.0, np.nan, 3.0])
    area = Area(np.array([0.0, 5.0, 10.0]), gap, "offered")
    drawn = svg(diagonal(area), 400.0)
    assert "nan" not in drawn.lower()


@pytest.mark.slow
def test_a_report_is_written_without_matplotlib(run: Run) -> None:
    write = (
        "import sys; from evc5 import Run; from evc5.rigs.analysis.report import page\n"
        f"assert '<svg' in page(Run.open({str(run.directory)!r}))\n"
        "assert 'matplotlib' not in sys.modules\n"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", write], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_day_shows_what_limited_and_the_power(figures: list[Drawing]) -> None:
    limited = panel(figures[0], "Limited by")
    spans = {
        (mark.text, mark.left / HOUR_S, mark.right / HOUR_S)
        for mark in limited.marks
        if isinstance(mark, Box)
    }
    assert spans == {("rated", 0.5, 1.0), ("profile", 1.0, 2.0), ("rated", 2.0, 4.75)}
    (power,) = [mark for mark in panel(figures[0], "Power, kW").marks if isinstance(mark, Line)]
    assert np.nanmax(power.y) == pytest.approx(3 * 0.230 * 15.5)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_figure_tells_a_screen_reader_what_it_shows(figures: list[Drawing], width: float) -> None:
    shown = svg(figures[0], width)
    assert f"<title>{figures[0].title}</title>" in shown
    (told,) = re.findall("<desc>(.*?)</desc>", shown)
    assert "Limited by (rated, profile)" in told and "Power, kW" in told
