"""The sheet as the twin holds it against its transcription, and what follows for messages and values."""

from collections.abc import Mapping

import pytest
from specification import Line, key_lines, names, sheet, spec

from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.rows import TABLES, Key

EVC5 = Behaviour.load("evc5-v32r30")
OCPP16 = Behaviour.load("ocpp16")

SPELT = {  # the sheet's spelling of an action -> OCPP's
    "Bootnotification": "BootNotification",
    "DiagnosticStatusNotification": "DiagnosticsStatusNotification",
}


def supported(line: Line) -> bool:
    return line["support"] != "no" and not line["remark"].startswith("Not supported")


@pytest.mark.parametrize("table", range(1, 24))
def test_each_table_has_the_rows_of_the_sheet_in_its_order(table: int) -> None:
    assert [row.name for row in EVC5.rows(table)] == [line["row"] for line in sheet(table)]


@pytest.mark.parametrize("line", sheet(*range(1, 24)), ids=lambda line: f"{line['table']}-{line['row']}")
def test_each_row_says_what_the_sheet_says(line: Line) -> None:
    row = EVC5.tables[int(line["table"])][line["row"]]
    stated = {
        name: line[name] for name in ("initiator", "support", "required", "access", "type") if line[name]
    }
    assert {name: getattr(row, name) for name in stated} == stated
    assert row.remark == line["remark"]


@pytest.mark.parametrize(
    "line", sheet(1, 2, 6, 7, 8, 9, 10), ids=lambda line: f"{line['table']}-{line['row']}"
)
def test_a_message_is_supported_as_its_row_says(line: Line) -> None:
    action = SPELT.get(line["row"], line["row"])
    assert EVC5.supports(action) is supported(line)
    assert OCPP16.supports(action) is supported(line)


def test_the_security_table_refuses_its_own_messages_and_not_the_core_authorize() -> None:
    refused = [line["row"] for line in sheet(12) if not EVC5.supports(line["row"])]
    assert refused == [line["row"] for line in sheet(12) if line["row"] != "Authorize"]
    assert EVC5.action("Authorize") == "yes"


def test_a_message_in_no_table_is_unknown() -> None:
    assert EVC5.action("FlyToTheMoon") == "unknown"
    assert not EVC5.supports("FlyToTheMoon")


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("BootNotification", ("meterSerialNumber", "meterType")),
        ("StartTransaction", ("reservationId",)),
        ("StatusNotification", ("vendorId",)),
        ("Heartbeat", ()),
    ],
)
def test_fields_that_the_sheet_rules_out_are_omitted(action: str, fields: tuple[str, ...]) -> None:
    message = EVC5.message(action)
    assert message is not None
    assert message.omits == fields


def test_diagnostics_ignore_their_window_on_the_evc5_and_not_by_the_standard() -> None:
    evc5, ocpp16 = EVC5.message("GetDiagnostics"), OCPP16.message("GetDiagnostics")
    assert evc5 is not None and ocpp16 is not None
    assert evc5.ignores == ("retries", "retryInterval", "startTime", "stopTime")
    assert evc5.store_bytes == 2 * 1024 * 1024
    assert ocpp16.ignores == ()


@pytest.mark.parametrize(
    ("table", "values"), [(4, EVC5.statuses), (5, EVC5.error_codes), (11, EVC5.triggers)]
)
def test_values_are_those_the_sheet_supports(table: int, values: frozenset[str]) -> None:
    assert values == {line["row"] for line in sheet(table) if supported(line)}


def test_by_the_standard_there_is_no_occupied_and_every_error_code_and_trigger_of_1_6() -> None:
    assert EVC5.statuses - OCPP16.statuses == {"Occupied"}
    assert OCPP16.error_codes == {line["row"] for line in sheet(5)} - {"Mode3Error"}
    assert OCPP16.triggers == {line["row"] for line in sheet(11)}


@pytest.mark.parametrize("line", spec("measurands"), ids=lambda line: line["measurand"])
def test_a_measurand_has_its_unit_and_phases(line: Line) -> None:
    row = EVC5.measurands[line["measurand"]]
    assert row.unit == line["unit"]
    assert (row.phases, row.total) == (line["phases"] == "yes", line["total"] == "yes")


@pytest.mark.parametrize(
    ("meter", "kinds"),
    [
        ("None", {"no"}),
        ("EASTR_SDM72D", {"no", "yes"}),
        ("eastr_sdm630", {"no", "yes", "special"}),
        ("SOMETHING_NEW", {"no", "yes"}),
    ],
)
def test_a_meter_decides_which_measurands_a_channel_has(meter: str, kinds: set[str]) -> None:
    expected = {line["measurand"] for line in spec("measurands") if line["needs_meter"] in kinds}
    assert set(EVC5.measured_by(meter)) == expected


def test_the_expectations_of_keys_cover_every_row_of_the_sheet() -> None:
    rows = [name for line in sheet(*range(13, 24)) for name in names(line["row"])]
    assert [line["key"] for line in key_lines("evc5-v32r30")] == rows


def test_every_key_that_the_sheet_gives_no_default_says_where_its_own_comes_from() -> None:
    keys: Mapping[str, Key] = EVC5.keys
    told_by_the_sheet = ("Hardcoded", "hardcoded", "default=")
    silent = [
        name
        for name, key in keys.items()
        if not key.source
        and key.support != "missing"
        and not key.from_station
        and not any(word in key.remark for word in told_by_the_sheet)
    ]
    assert silent == []


def test_tables_carry_their_numbers() -> None:
    assert {row.table for number in TABLES for row in EVC5.rows(number)} == set(range(1, 24)) - {14}
