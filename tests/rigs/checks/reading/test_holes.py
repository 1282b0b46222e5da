"""A stretch that is missing in a log: told once, and nothing follows from what stood in it."""

import json
import re
from pathlib import Path
from uuid import UUID

import pytest
from edges.holes import by_name, by_number, silences, without_samples
from foreign import Log, at, currents, minutes, period, power, profile, register

from evc5.rigs.checks import judge
from evc5.rigs.checks.verdict.verdict import Verdict

INTERVAL, SAMPLES = "heartbeat.interval", "metering.sample-interval"
WATT_MINUTES_WH = 3680 / 60


def three_sessions() -> list[str]:
    """A sound hour and more, a Heartbeat between two sessions."""
    log, meter_wh = Log(), 1000.0
    log.set_profile(30, profile(period(16)))
    for n in range(3):
        begin_s = 100.0 + 1500 * n
        log.begin(begin_s, meter=round(meter_wh), id=7 + n)
        for k, t_s in enumerate(minutes(15, begin_s), 1):
            told = register(round(meter_wh + k * WATT_MINUTES_WH)), power(3680), *currents(16)
            log.values(t_s, *told, id=7 + n)
        meter_wh += 15.2 * WATT_MINUTES_WH
        log.end(begin_s + 912, round(meter_wh), id=7 + n)
        log.up(begin_s + 1250, "Heartbeat", {}, {"currentTime": at(begin_s + 1250)})
    return log.text().splitlines()


def with_random_ids(lines: list[str]) -> list[str]:
    named = lambda match: f'{match[1]}"{UUID(int=hash(match[2]) % 2**128)}"'  # noqa: E731
    return [re.sub(r'(\[[234],)"([^"]+)"', named, line, count=1) for line in lines]


def without(lines: list[str], since_s: float, until_s: float) -> list[str]:
    return [line for line in lines if not at(since_s)[:19] <= line[1:20] < at(until_s)[:19]]


def verdict_on(lines: list[str], folder: Path) -> Verdict:
    path = folder / "log.txt"
    path.write_text("\n".join(lines) + "\n")
    return judge(path)


def errors(verdict: Verdict) -> list[tuple[str, str]]:
    return [(row["requirement"], row["message"]) for row in verdict.findings if row["severity"] == "error"]


def test_the_log_is_sound_as_a_whole(tmp_path: Path) -> None:
    assert verdict_on(three_sessions(), tmp_path).findings == []


@pytest.mark.slow
@pytest.mark.parametrize("ids", ["that count", "at random"])
@pytest.mark.parametrize("length_s", [540, 1800])
@pytest.mark.parametrize("since_s", range(50, 4000, 440))
def test_no_error_follows_from_what_a_hole_hides(
    since_s: int, length_s: int, ids: str, tmp_path: Path
) -> None:
    whole = three_sessions() if ids == "that count" else with_random_ids(three_sessions())
    verdict = verdict_on(without(whole, since_s, since_s + length_s), tmp_path)
    assert errors(verdict) == []


def test_a_hole_that_the_ids_tell_of_is_said_once_and_is_nobodys_silence(tmp_path: Path) -> None:
    verdict = verdict_on(without(three_sessions(), 500, 1400), tmp_path)
    told = [note for note in verdict.about["notes"] if "hole" in note]
    assert len(told) == 1 and "from 2024-03-01T10:07:40" in told[0]
    assert verdict.findings == []


def test_a_silence_of_both_sides_has_three_explanations_where_the_ids_tell_nothing(tmp_path: Path) -> None:
    verdict = silences([540.0], named=by_name).verdict(tmp_path)
    (found,) = verdict.findings
    assert (found["requirement"], found["severity"], found["times"]) == (INTERVAL, "warning", 1)
    assert found["blames"] == ["station", "network"] and "hole" in found["message"]


def test_silences_of_one_length_are_the_stations_own(tmp_path: Path) -> None:
    verdict = silences([700.0, 720.0, 690.0, 710.0], named=by_name).verdict(tmp_path)
    (found,) = verdict.findings
    assert (found["requirement"], found["severity"], found["times"]) == (INTERVAL, "error", 4)
    assert found["blames"] == "station"


def test_silences_that_the_heartbeats_slack_allows_are_none(tmp_path: Path) -> None:
    """Data every 20 s at an interval of 10 s, and ids that go on."""
    assert silences([], named=by_number, interval_s=10).verdict(tmp_path).findings == []


def test_a_station_that_answers_and_says_nothing_itself_is_silent(tmp_path: Path) -> None:
    log = silences([], named=by_name)
    for t_s in (300, 500, 700):
        log.down(t_s, "GetLocalListVersion", {}, {"listVersion": 0})
    log.up(800, "Heartbeat", {}, {"currentTime": at(800)})
    assert [requirement for requirement, _ in errors(log.verdict(tmp_path))] == [INTERVAL]


def test_an_answer_as_a_silence_ends_does_not_tell_whose_it_was(tmp_path: Path) -> None:
    log = silences([], named=by_name)
    log.down(500, "GetLocalListVersion", {}, {"listVersion": 0})
    log.up(501, "Heartbeat", {}, {"currentTime": at(501)})
    (found,) = log.verdict(tmp_path).findings
    assert (found["requirement"], found["severity"]) == (INTERVAL, "warning")


def test_holes_in_a_row_are_each_met(tmp_path: Path) -> None:
    verdict = silences([900.0] * 4, 7, named=by_number).verdict(tmp_path)
    assert verdict.findings == []
    assert len([note for note in verdict.about["notes"] if "hole" in note]) == 4


def test_a_counter_that_serves_both_sides_leaves_nothing_out(tmp_path: Path) -> None:
    log = Log()
    for t_s in range(10, 130, 10):
        log.down(t_s, "GetLocalListVersion", {}, {"listVersion": 0})
    log.up(250, "Heartbeat", {}, {"currentTime": at(250)})
    verdict = log.verdict(tmp_path)
    assert [note for note in verdict.about["notes"] if "hole" in note] == []


def test_ids_that_go_on_tell_that_nothing_is_missing(tmp_path: Path) -> None:
    verdict = silences([900.0] * 3, 1, named=by_number).verdict(tmp_path)
    assert [requirement for requirement, _ in errors(verdict)] == [INTERVAL]
    assert json.dumps(verdict.about["notes"]).count("hole") == 0


@pytest.mark.parametrize("missing", [(7,), (7, 8), (7, 8, 9, 15)])
def test_samples_that_are_missing_where_nobody_was_heard_may_be_lost_in_a_hole(
    missing: tuple[int, ...], tmp_path: Path
) -> None:
    verdict = without_samples(*missing).verdict(tmp_path)
    (found,) = verdict.findings
    assert (found["severity"], found["times"]) == ("warning", len(missing))
    assert found["blames"] == ["station", "network"] and "hole" in found["message"]


def test_a_sample_is_missing_where_the_ids_go_on(tmp_path: Path) -> None:
    verdict = without_samples(7, named=by_number).verdict(tmp_path)
    assert errors(verdict) == [(SAMPLES, "transaction 1 misses a sample")]


def test_one_sample_may_be_missing_where_the_station_tells_others_three_are_its_own(tmp_path: Path) -> None:
    """A hole of seconds may hide one."""
    assert errors(without_samples(7, connectors=2).verdict(tmp_path)) == []
    verdict = without_samples(4, 7, 10, connectors=2).verdict(tmp_path)
    assert errors(verdict) == [(SAMPLES, "transaction 1 misses a sample")]


@pytest.mark.slow
def test_no_sample_is_missing_for_sure_that_a_short_hole_may_hide(tmp_path: Path) -> None:
    whole = with_random_ids(three_sessions())
    for since_s in range(200, 950, 130):
        verdict = verdict_on(without(whole, since_s, since_s + 130), tmp_path)
        assert SAMPLES not in {requirement for requirement, _ in errors(verdict)}


@pytest.mark.parametrize(("boundaries", "severity"), [((900, 2700, 3600), "warning"), ((), "error")])
def test_a_stop_is_lost_with_what_else_a_hole_hides_and_not_every_sample_after_it(
    boundaries: tuple[int, ...], severity: str, tmp_path: Path
) -> None:
    """The clock's data of 1800 s are missing, too; else the station samples no more."""
    log = Log(named=by_name)
    interval = "900" if boundaries else "0"
    log.configure(10, MeterValueSampleInterval="60", ClockAlignedDataInterval=interval)
    log.configure(13, HeartbeatInterval="580")
    log.begin(1700.0)
    log.values(1760.0, register(1060))
    for t_s in boundaries:
        log.values(t_s, register(1060 if t_s > 1800 else 1000), id=None, context="Sample.Clock")
    for t_s in range(580, 4200, 580):
        log.up(t_s, "Heartbeat", {}, {"currentTime": at(t_s)})
    found = [row["severity"] for row in log.verdict(tmp_path).findings if row["requirement"] == SAMPLES]
    assert found == [severity]


def hole_ahead_of_an_outage(named: str, stranger: int) -> list[str]:
    """Sessions of one transaction after the other under a limit that is lifted meanwhile; half an hour on
    the station tells what it kept for five minutes, of `stranger`.
    """
    log = Log()
    log.set_profile(20, profile(period(10)))
    log.begin(100)
    for n, t_s in enumerate(minutes(10, 100), 1):
        log.values(t_s, register(1000 + 38 * n), *currents(10))
    kept = [2640 + 60 * n for n in range(6)]
    for n, stamp_s in enumerate(kept):
        told = register(5000 + 122 * n), *currents(32)
        log.values(3000 + n, *told, id=stranger, stamp=at(stamp_s))
    log.end(3020, 5700, id=stranger)
    lines = log.text().splitlines()
    if named == "at random":
        return with_random_ids(lines)
    later = [line for line in lines if line[1:20] >= at(3000)[:19]]
    return [line for line in lines if line not in later] + [
        re.sub(r'(\[[23],")(\d+)"', lambda found: f'{found[1]}{int(found[2]) + 40}"', line, count=1)
        for line in later
    ]


@pytest.mark.slow
@pytest.mark.parametrize("named", ["that count", "at random"])
def test_a_station_that_speaks_after_an_outage_of_a_transaction_nobody_began_was_behind_a_hole(
    named: str, tmp_path: Path
) -> None:
    verdict = verdict_on(hole_ahead_of_an_outage(named, stranger=9), tmp_path)
    assert errors(verdict) == []
    assert len([note for note in verdict.about["notes"] if "hole" in note]) == 1


@pytest.mark.slow
@pytest.mark.parametrize("named", ["that count", "at random"])
def test_after_an_outage_within_a_transaction_that_is_known_its_limit_holds(
    named: str, tmp_path: Path
) -> None:
    verdict = verdict_on(hole_ahead_of_an_outage(named, stranger=7), tmp_path)
    assert ("charging.flow", "more is reported to flow than the charging profile allows") in errors(verdict)


@pytest.mark.slow
def test_who_leaves_out_a_number_while_it_talks_leaves_one_out_in_a_silence(tmp_path: Path) -> None:
    """After steps enough that are alike again."""
    log = silences([], named=by_number, before=4)
    steps = [*[1] * 3, 2, *[1] * 12]
    t_s, n = 100.0, 104
    for step in steps:
        t_s, n = t_s + 20, n + step
        log.line(t_s, "send", [2, by_number(n), "DataTransfer", {"vendorId": "V"}])
        log.line(t_s + 0.1, "receive", [3, by_number(n), {"status": "Accepted"}])
    for _ in range(3):
        t_s, n = t_s + 900, n + 2
        log.line(t_s, "send", [2, by_number(n), "Heartbeat", {}])
        log.line(t_s + 0.1, "receive", [3, by_number(n), {"currentTime": at(t_s)}])
    assert [requirement for requirement, _ in errors(log.verdict(tmp_path))] == [INTERVAL]
