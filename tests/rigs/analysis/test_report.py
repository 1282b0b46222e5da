"""The report page: one file, nothing from outside, whatever the state of the run."""

import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from small_world import SmallBench, evening

from evc5.rigs.analysis.report import page, write_report
from evc5.rigs.analysis.report_matrix import matrix
from evc5.rigs.analysis.run import Run
from evc5.rigs.recording.reading import run_directory

FINDING = {
    "check": "metering", "requirement": "metering.clock-boundary", "severity": "error",
    "t": 4500.0, "connector": 1, "expected": "a reading at 11:15:00", "actual": "<none>",
    "message": "a boundary was missed",
}  # fmt: skip
REQUIREMENT = {
    "id": "metering.clock-boundary", "source": "9.1.5",
    "title": "Clock-aligned data stand exactly on the boundary", "verdict": "FAIL",
    "count": 17, "failures": 1, "warnings": 0,
}  # fmt: skip
SESSION = {
    "connector": 1, "vehicle": "vw-id3-58", "plug_in": "2024-03-01T10:30:00.000Z",
    "unplug": "2024-03-01T14:45:00.000Z", "kwh": 42.5, "soc_from": 0.5, "soc_to": 0.9, "samples": 255,
    "needed_kwh": 45.0, "shortfall_kwh": 2.5, "transactions": [1], "verdict": "FAIL",
}  # fmt: skip


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    bench = evening(tmp_path_factory.mktemp("runs") / "evening")
    bench.close()
    verdict = {
        "behaviour": "evc5-v32r30", "policies": {"gap": "local-limit"}, "passed": False,
        "requirements": [REQUIREMENT], "findings": [FINDING], "sessions": [SESSION],
    }  # fmt: skip
    summary = run_directory.read_summary(bench.directory)
    run_directory.write_summary(bench.directory, summary | verdict)
    return Run.open(bench.directory)


@pytest.fixture
def bare(tmp_path):
    """A run of which a kill left nothing but its first summary."""
    return Run.open(SmallBench(tmp_path / "run").directory)


class Page(HTMLParser):
    """The ids of a page, what its links and sources point to, and its text."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.words, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes[name] for name in ("href", "src", "xlink:href") if name in attributes]

    def handle_data(self, data):
        self.words.append(data.strip())


@pytest.fixture(scope="module")
def html(judged):
    return page(judged)


@pytest.mark.slow
def test_the_page_needs_nothing_from_outside(html):
    assert all(link.startswith("#") for link in Page(html).links)
    assert not re.search(r"@import|url\((?!#)|<script", html)


def test_every_link_leads_somewhere_on_the_page(html):
    read = Page(html)
    assert {link[1:] for link in read.links} <= set(read.ids)


def test_no_id_stands_twice_on_the_page(html):
    """A figure is there twice, for a screen and for a phone; a link leads to whichever is shown."""
    ids = Page(html).ids
    assert len(ids) == len(set(ids))


def test_a_finding_says_what_was_expected_and_shows_the_frames_around_it(html):
    words = Page(html).words
    assert {"a boundary was missed", "a reading at 11:15:00", "<none>", "+0.000 s"} <= set(words)
    assert any(word.startswith('[2,"') and '"MeterValues"' in word for word in words)


def test_a_finding_leads_to_its_requirement_its_session_and_its_day(html):
    links = Page(html).links
    assert {"#metering.clock-boundary", "#session-0", "#mark-0-1"} <= set(links)


@pytest.mark.slow
def test_the_matrix_says_requirement_by_session_what_was_put_to_the_test(judged):
    quiet = [SESSION | {"judged": letter, "connector": 2, "verdict": "PASS"} for letter in "P-"]
    judged.summary["sessions"] = [SESSION | {"judged": "F"}, *quiet]
    html = page(judged)
    judged.summary["sessions"] = [SESSION]
    row = re.search(r'<table class="matrix">.*?</table>', html, re.DOTALL)[0]
    assert re.findall("[✓✗·]", row) == ["✗", "✓", "·"]
    assert 'href="#finding-0">✗' in row and "session 2, connector 2" in row


@pytest.mark.parametrize("days, period", [(10, "session"), (40, "week"), (300, "month"), (2000, "year")])
def test_a_long_run_has_its_sessions_by_stretches_of_time(days, period):
    first = datetime(2024, 1, 1, 18, tzinfo=UTC)
    plugged = [(first + timedelta(days=day)).isoformat() for day in range(days)]
    sessions = [SESSION | {"plug_in": at, "unplug": None, "judged": "P"} for at in plugged]
    found = matrix({"sessions": sessions, "requirements": [REQUIREMENT], "start": plugged[0]}, [])
    assert found.period == period and len(found.columns) <= 31
    assert sum(len(column.members) for column in found.columns) == days
    assert {cell.letter for _, cells in found.rows for cell in cells} == {"P"}


def test_verdict_session_and_policies_are_on_the_page(html):
    words = set(Page(html).words)
    assert {"Failed", "1 FAIL", "vw-id3-58", "42.50", "50 – 90", "gap", "local-limit"} <= words


def test_the_report_is_written_into_the_run(bare):
    path = write_report(bare)
    assert path == bare.directory / "report.html" and path.read_text().startswith("<!doctype html>")


@pytest.mark.slow
def test_a_run_that_was_killed_has_a_page_too(bare):
    words = Page(page(bare)).words
    assert "Not judged" in words and "running" in words


def test_what_a_station_sends_cannot_break_the_page(bare):
    bare.summary["findings"] = [FINDING | {"message": "<script>alert(1)</script>", "connector": None}]
    html = page(bare)
    assert "<script" not in html and "&lt;script&gt;" in html


@pytest.mark.slow
def test_a_bench_says_who_measured_how_exactly_and_by_which_rule_it_was_decided(bare):
    device = {"role": "meter", "connector": 1, "driver": "modbus-meter", "serial": "SN-77"}
    bare.summary["bench"] = {
        "devices": [{**device, "calibrated": "2024-01-15", "identity": "<b>ACME</b>"}],
        "self_check": {"connector 1 meter": "230.1, 229.9, 230.4 V, 0.00 A"},
        "notes": "socket B, cable of 5 m",
        "dead": True,
    }
    bare.summary["telemetry"] = {"source": "measured", "current_pct": 0.5, "resolution": {"current_a": 0.01}}
    shown = page(bare)
    shows = ("SN-77", "2024-01-15", "230.1, 229.9, 230.4 V", "socket B", "current_pct", "Decision rule")
    for told in (*shows, "resolution current_a"):
        assert told in shown
    assert "<b>ACME" not in shown and "&lt;b&gt;ACME" in shown
    del bare.summary["bench"]
    assert "Decision rule" not in page(bare)


@pytest.mark.slow
def test_a_run_on_a_bench_names_the_unit_by_its_serial_number(bare):
    boot = {"chargePointVendor": "V", "chargePointModel": "M", "chargePointSerialNumber": "UNIT-0042"}
    row = {"t": 0.0, "at": "2024-01-01T00:00:00Z", "station": "CP1", "dir": "up",
           "frame": [2, "1", "BootNotification", boot]}  # fmt: skip
    with (bare.directory / run_directory.MESSAGES).open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    assert "UNIT-0042" not in page(bare)
    bare.summary["bench"] = {"devices": [], "dead": True}
    assert "charge point serial</span><code>UNIT-0042<" in page(bare)


@pytest.mark.slow
def test_the_day_of_an_error_is_the_first_figure(judged):
    figures = re.findall(r'<figure id="([^"]*)"', page(judged))
    assert figures[0].startswith("day-1-") and "energy" in figures[1:]
