"""Every key of tables 13 to 23, as a CSMS would find it."""

from collections.abc import Callable

import pytest
from _pytest.mark import ParameterSet
from specification import Line, key_lines, names, sheet

from twin.behaviour import Behaviour
from twin.configuration import Configuration

BEHAVIOURS = ("evc5-v32r30", "ocpp16")


def lines(where: Callable[[Line], bool]) -> list[ParameterSet]:
    """The expectations of both behaviours that a test is about."""
    return [
        pytest.param(behaviour, line, id=f"{behaviour}-{line['table']}-{line['key']}")
        for behaviour in BEHAVIOURS
        for line in key_lines(behaviour)
        if where(line)
    ]


def missing(line: Line) -> bool:
    return line["first"] == "missing"


@pytest.fixture(scope="module")
def behaviours() -> dict[str, Behaviour]:
    return {name: Behaviour.load(name) for name in Behaviour.shipped()}


def entry(configuration: Configuration, key: str) -> dict[str, object]:
    known, unknown = configuration.get([key])
    assert unknown == []
    return known[0]


def test_the_expectations_cover_every_row_of_the_sheet() -> None:
    rows = [name for line in sheet(*range(13, 24)) for name in names(line["row"])]
    assert [line["key"] for line in key_lines("evc5-v32r30")] == rows


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_all_keys_and_no_others_are_told_when_none_is_named(
    behaviours: dict[str, Behaviour], behaviour: str
) -> None:
    known, unknown = Configuration(behaviours[behaviour]).get()
    told = {entry["key"] for entry in known}
    assert told == {line["key"] for line in key_lines(behaviour) if not missing(line)}
    assert unknown == []


@pytest.mark.parametrize(("behaviour", "line"), lines(missing))
def test_a_missing_key_is_unknown_and_cannot_be_changed(
    behaviours: dict[str, Behaviour], behaviour: str, line: Line
) -> None:
    configuration = Configuration(behaviours[behaviour])
    assert configuration.get([line["key"]]) == ([], [line["key"]])
    assert configuration.change(line["key"], "1").status == "NotSupported"


@pytest.mark.parametrize(("behaviour", "line"), lines(lambda line: not missing(line)))
def test_a_key_first_has_its_default(behaviours: dict[str, Behaviour], behaviour: str, line: Line) -> None:
    told = entry(Configuration(behaviours[behaviour]), line["key"])
    assert told["readonly"] is (line["readonly"] == "yes")
    if line["first"] == "hidden":
        assert "value" not in told
    elif line["first"] != "?":
        assert told["value"] == line["first"]


@pytest.mark.parametrize(("behaviour", "line"), lines(lambda line: line["answer"] != ""))
def test_a_good_value_is_answered_and_kept_as_the_sheet_says(
    behaviours: dict[str, Behaviour], behaviour: str, line: Line
) -> None:
    configuration = Configuration(behaviours[behaviour])
    assert configuration.change(line["key"], line["good"]).status == line["answer"]
    kept = entry(configuration, line["key"]).get("value", "hidden")
    assert kept == line["then"]


@pytest.mark.parametrize(("behaviour", "line"), lines(lambda line: line["bad"] != ""))
def test_a_bad_value_is_rejected_and_changes_nothing(
    behaviours: dict[str, Behaviour], behaviour: str, line: Line
) -> None:
    configuration = Configuration(behaviours[behaviour])
    before = configuration.get()
    assert configuration.change(line["key"], line["bad"]).status == "Rejected"
    assert configuration.get() == before
