"""Whatever stands in a frame, the judge goes on: a finding against its sender, never a traceback."""

import copy
import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from foreign import BEGIN_S, Log, at, minutes, register
from malformed import ways
from tour import tour

from evc5.rigs.bench.bench import Bench
from evc5.rigs.checks import Verdict, judge

Place = tuple[int, tuple[str | int, ...]]  # line, and the way into its frame
LINES = tour()
MISSING = object()


def nested(depth: int) -> Any:
    inner: Any = 1
    for _ in range(depth):
        inner = [inner]
    return inner


WRONG = (None, "x", "x" * 300, -1, 1e300, 10**30, True, {}, [], {"a": [1]}, MISSING, nested(300))


PLACES: list[Place] = [(n, way) for n, line in enumerate(LINES) for way in ways(line["frame"])]


def changed(place: Place, value: Any) -> list[dict[str, Any]]:
    lines = copy.deepcopy(LINES)
    number, way = place
    holder, last = lines[number], "frame" if not way else way[-1]
    inner: Any = holder if not way else holder["frame"]
    for step in way[:-1]:
        inner = inner[step]
    if value is MISSING:
        del inner[last]
    else:
        inner[last] = value
    return lines


def judged(lines: list[dict[str, Any]], path: Path) -> Verdict:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return judge(path)


def errors(verdict: Verdict) -> set[str]:
    return {one["requirement"] for one in verdict.findings if one["severity"] == "error"}


def test_the_tour_itself_is_valid(tmp_path: Path) -> None:
    verdict = judged(LINES, tmp_path / "tour.jsonl")
    found = {finding["requirement"] for finding in verdict.findings}
    assert found & {"frame.form", "frame.schema", "frame.timestamp", "rpc.matched", "recording.line"} == set()
    assert verdict.breakdowns == []


@pytest.mark.slow
def test_a_wrong_value_at_any_place_breaks_no_check(tmp_path: Path) -> None:
    """At some places here, at all of them in the slow set; which wrong value it is goes round."""
    for k, place in list(enumerate(PLACES))[::33]:
        verdict = judged(changed(place, WRONG[k % len(WRONG)]), tmp_path / "wrong.jsonl")
        assert verdict.breakdowns == [], (place, WRONG[k % len(WRONG)])


@pytest.mark.slow
@pytest.mark.parametrize("wrong", range(len(WRONG)))
def test_every_wrong_value_at_every_place_breaks_no_check(wrong: int, tmp_path: Path) -> None:
    for place in PLACES:
        verdict = judged(changed(place, WRONG[wrong]), tmp_path / "wrong.jsonl")
        assert verdict.breakdowns == [], place


def place_of(action: str, *way: str | int) -> Place:
    number = next(n for n, line in enumerate(LINES) if line["frame"][0] == 2 and line["frame"][2] == action)
    return number, (3, *way)


def test_a_foreign_field_is_a_finding_against_its_sender_and_the_rest_is_judged(tmp_path: Path) -> None:
    number, _ = place_of("StartTransaction")
    lines = copy.deepcopy(LINES)
    lines[number + 1]["frame"][2]["extra"] = 1
    verdict = judged(lines, tmp_path / "foreign.jsonl")
    (finding,) = [one for one in verdict.findings if one["requirement"] == "frame.schema"]
    assert finding["blames"] == "csms" and finding["severity"] == "warning"
    assert finding["line"] == number + 2
    rows = {row["id"]: row for row in verdict.requirements}
    assert rows["transaction.pair"]["verdict"] == "PASS"  # the id in that answer is known


def test_a_broken_field_keeps_its_payload_from_every_other_check(tmp_path: Path) -> None:
    place = place_of("StartTransaction", "meterStart")
    verdict = judged(changed(place, "1000"), tmp_path / "broken.jsonl")
    assert errors(verdict) - errors(judged(LINES, tmp_path / "tour.jsonl")) == {"frame.schema"}


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "1e400", "9" * 400, "1e308", "-1e308"])
def test_a_value_beyond_all_numbers_is_a_finding_and_no_warning_of_ours(text: str, tmp_path: Path) -> None:
    place = place_of("MeterValues", "meterValue", 0, "sampledValue", 0, "value")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        verdict = judged(changed(place, text), tmp_path / "beyond.jsonl")
    assert verdict.breakdowns == []
    assert errors(verdict) - errors(judged(LINES, tmp_path / "tour.jsonl"))


def test_a_check_that_breaks_down_is_ours_with_its_frame_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evc5.rigs.checks.wire.connection import Connection

    def breaks(self: Connection, call: Any) -> None:
        raise ZeroDivisionError("of its own making")

    monkeypatch.setattr(Connection, "_booted", breaks)
    verdict = judged(LINES, tmp_path / "tour.jsonl")
    (broken,) = verdict.breakdowns
    assert broken["check"] == "Connection" and broken["line"] == 2
    assert "ZeroDivisionError: of its own making" in broken["error"]
    assert verdict.exit_code == 3 and verdict.passed is not True
    rows = {row["id"]: row for row in verdict.requirements}
    assert rows["connection.kept"]["verdict"] == "INCONCLUSIVE"
    assert rows["rpc.id"]["verdict"] == "PASS" and rows["rpc.id"]["count"] == len(LINES) / 2


@pytest.mark.slow
@pytest.mark.parametrize("way", ["up", "down"])
def test_what_only_the_other_side_may_call_tells_nothing_and_is_a_finding_against_its_sender(
    way: str, tmp_path: Path
) -> None:
    """Every CALL of a day is said by the other side as well: no boot and no start is real."""
    calls = [line for line in LINES if line["frame"][0] == 2 and line["frame"][2] != "DataTransfer"]
    others = [line for line in calls if line["dir"] != way]
    lines = copy.deepcopy(LINES)
    for number, line in enumerate(others):
        id, (_, _, action, payload) = f"other-{number}", line["frame"]
        lines.append({**lines[-1], "dir": way, "frame": [2, id, action, payload]})
    before = judged(LINES, tmp_path / "before.jsonl")
    after = judged(lines, tmp_path / "after.jsonl")
    told = {one["actual"] for one in after.findings if "is not for a" in one["message"]}
    assert told == {line["frame"][2] for line in others}
    assert errors(after) - errors(before) <= {
        "frame.schema",
        "rpc.answered",
        "rpc.one-call-station",
        "rpc.one-call-csms",
    }


ODD = (
    "bright",
    "",
    ",,,",
    "a,b=1",
    "=",
    "-1",
    "0",
    "NaN",
    "1e999",
    "9" * 9,
    "9" * 20,
    "9" * 5000,
    "²",
    " 5 ",
)


@pytest.fixture(scope="module")
def keys() -> list[str]:
    """All of a station, and two that none tells."""
    told = Bench(start="2024-03-01T10:00:00Z").call("GetConfiguration", {})["configurationKey"]
    return [*(row["key"] for row in told), "AuthorizationKey", "FooBar"]


@pytest.mark.slow
@pytest.mark.parametrize("value", ODD)
def test_a_station_that_takes_any_value_for_any_key_is_judged(
    value: str, keys: list[str], tmp_path: Path
) -> None:
    log = Log()
    for n, key in enumerate(keys):
        change = {"key": key, "value": value}
        log.down(0.5 * n, "ChangeConfiguration", change, {"status": "Accepted"})
    told = [{"key": key, "readonly": False, "value": value} for key in keys]
    log.down(BEGIN_S - 10, "GetConfiguration", {}, {"configurationKey": told})
    log.begin()
    for n, t in enumerate(minutes(5), 1):
        log.values(t, register(1000 + 61 * n))
    for t in (1000.0, 2000.0):
        log.up(t, "Heartbeat", {}, {"currentTime": at(t)})
    verdict = log.verdict(tmp_path)
    assert verdict.breakdowns == []
    assert errors(verdict) or value in ("0", " 5 ")
