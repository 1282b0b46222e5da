"""Tables 13 to 23 of the sheet, row by row, as a back office meets them in its two messages for keys."""

from collections.abc import Callable

import pytest
from _pytest.mark import ParameterSet
from specification import Line, key_lines
from wire import read, written

from evc5.rigs.bench.bench import Bench, CallError

BEHAVIOURS = ("evc5-v32r30", "ocpp16")


def lines(where: Callable[[Line], bool]) -> list[ParameterSet]:
    """The expectations of both behaviours that a test is about."""
    return [
        pytest.param(behaviour, line, id=f"{behaviour}-{line['table']}-{line['key']}")
        for behaviour in BEHAVIOURS
        for line in key_lines(behaviour)
        if where(line)
    ]


@pytest.fixture(scope="module")
def untouched() -> dict[str, Bench]:
    """Charge points of which nothing is changed."""
    return {behaviour: Bench(behaviour=behaviour) for behaviour in BEHAVIOURS}


@pytest.fixture(scope="module")
def changed() -> dict[str, Bench]:
    """Charge points whose keys are changed, each by its own test alone."""
    return {behaviour: Bench(behaviour=behaviour) for behaviour in BEHAVIOURS}


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_a_request_for_all_keys_names_each_once_and_no_missing_one(
    untouched: dict[str, Bench], behaviour: str
) -> None:
    answer = untouched[behaviour].call("GetConfiguration", {})
    told = [entry["key"] for entry in answer["configurationKey"]]
    assert sorted(told) == sorted(line["key"] for line in key_lines(behaviour) if line["first"] != "missing")
    assert "unknownKey" not in answer


@pytest.mark.parametrize(("behaviour", "line"), lines(lambda line: line["first"] == "missing"))
def test_a_missing_key_is_unknown_and_changing_it_not_supported(
    untouched: dict[str, Bench], behaviour: str, line: Line
) -> None:
    bench, key = untouched[behaviour], line["key"]
    answer = bench.call("GetConfiguration", {"key": [key, "ConnectionTimeOut"]})
    assert answer["unknownKey"] == [key]
    assert [entry["key"] for entry in answer["configurationKey"]] == ["ConnectionTimeOut"]
    assert written(bench, key, "1") == "NotSupported"


@pytest.mark.parametrize(("behaviour", "line"), lines(lambda line: line["first"] != "missing"))
def test_a_key_is_read_with_its_first_value(untouched: dict[str, Bench], behaviour: str, line: Line) -> None:
    told = read(untouched[behaviour], line["key"].upper())
    assert told is not None
    assert told["readonly"] is (line["readonly"] == "yes")
    if line["first"] == "hidden":
        assert "value" not in told
    elif line["first"] != "?":
        assert told["value"] == line["first"]


@pytest.mark.parametrize(("behaviour", "line"), lines(lambda line: line["answer"] != ""))
def test_a_good_value_is_answered_and_kept_as_the_sheet_says(
    changed: dict[str, Bench], behaviour: str, line: Line
) -> None:
    bench = changed[behaviour]
    assert written(bench, line["key"], line["good"]) == line["answer"]
    told = read(bench, line["key"])
    assert told is not None
    assert told.get("value", "hidden") == line["then"]


@pytest.mark.parametrize(("behaviour", "line"), lines(lambda line: line["bad"] != ""))
def test_a_bad_value_is_rejected_and_changes_nothing(
    untouched: dict[str, Bench], behaviour: str, line: Line
) -> None:
    bench = untouched[behaviour]
    before = bench.call("GetConfiguration", {})
    assert written(bench, line["key"], line["bad"]) == "Rejected"
    assert bench.call("GetConfiguration", {}) == before


@pytest.mark.parametrize("key", ["ResetRetries", "ConnectorPhaseRotation", "StopTxnAlignedData"])
def test_a_hard_coded_key_rejects_writing_where_the_policy_says_so(key: str) -> None:
    bench = Bench(policies={"hardcoded_write": "Rejected"})
    before = read(bench, key)
    good = next(line["good"] for line in key_lines("evc5-v32r30") if line["key"] == key)
    assert written(bench, key, good) == "Rejected"
    assert read(bench, key) == before


def test_more_than_fifty_keys_are_answered_for_the_first_fifty() -> None:
    asked = [f"Key{n}" for n in range(49)] + ["ConnectionTimeOut", "HeartbeatInterval"]
    answer = Bench().call("GetConfiguration", {"key": asked})
    assert [entry["key"] for entry in answer["configurationKey"]] == ["ConnectionTimeOut"]
    assert answer["unknownKey"] == asked[:49]


def test_more_than_fifty_keys_are_an_error_where_the_policy_says_so() -> None:
    bench = Bench(policies={"too_many_keys": "CALLERROR"})
    with pytest.raises(CallError) as refused:
        bench.call("GetConfiguration", {"key": [f"Key{n}" for n in range(51)]})
    assert refused.value.code == "OccurenceConstraintViolation"


def test_a_key_that_needs_a_reboot_holds_after_the_next_one() -> None:
    bench = Bench(keys={"MeterValuesSampledData": "SoC"})
    assert written(bench, "chg_KWH1", "EASTR_SDM630,1,9600,N,1") == "RebootRequired"
    assert written(bench, "MeterValuesSampledData", "Frequency") == "Rejected"
    bench.call("Reset", {"type": "Soft"})
    bench.advance(60)
    assert written(bench, "MeterValuesSampledData", "Frequency") == "Accepted"
