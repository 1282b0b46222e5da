"""Meter values read by the form of their lines are those that parsing line by line gives."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evc5 import Bench
from evc5.rigs.analysis.meters import values
from evc5.rigs.analysis.meters.layouts import Forms

NUMBERS = st.sampled_from(["0", "0.00", "-1.5", "1e3", "nan", "05", "", "n/a", "16.05", 'a"b', "a\\b", "ü"])
STAMPS = st.sampled_from(["2024-03-01T10:00:00Z", "2024-03-01T11:00:00.5+01:00", "no time", ""])
LABELS = st.fixed_dictionaries(
    {},
    optional={
        "context": st.sampled_from(["Sample.Clock", "Trigger"]),
        "measurand": st.sampled_from(["Voltage", "Energy.Active.Import.Register", "SoC"]),
        "phase": st.sampled_from(["L1", "L2-N"]),
        "unit": st.sampled_from(["V", "kWh", "Celsius"]),
        "vendor": st.sampled_from(["x", {"value": "7"}, {"timestamp": "then"}]),
    },
)


@st.composite
def payloads(draw: st.DrawFn) -> dict[str, Any]:
    value = st.builds(lambda number, labels: {"value": number, **labels}, NUMBERS, LABELS)
    reading = st.fixed_dictionaries({"timestamp": STAMPS, "sampledValue": st.lists(value, max_size=3)})
    payload: dict[str, Any] = {"connectorId": draw(st.integers(0, 3))}
    if draw(st.booleans()):
        payload["transactionId"] = draw(st.integers(-1, 3))
    payload["meterValue"] = draw(st.lists(reading, min_size=1, max_size=2))
    return payload


@st.composite
def lines(draw: st.DrawFn) -> str:
    """A line as our recorder writes it: the frame as the station sent it, with spaces where it likes them."""
    separators = draw(st.sampled_from([(",", ":"), (", ", ": ")]))
    action = draw(st.sampled_from(["MeterValues"] * 8 + ["StopTransaction", "Heartbeat"]))
    frame = json.dumps([2, f"{draw(st.integers(0, 9))}", action, draw(payloads())], separators=separators)
    lost = draw(st.sampled_from([""] * 5 + ['"lost":true,']))
    t_s = draw(st.floats(0, 1e6))
    return (
        f'{{"t":{t_s!r},"at":"2024-03-01T10:00:00.000Z","station":"CP1","dir":"up",{lost}"frame":{frame}}}\n'
    )


def parsed_one_by_one(directory: Path) -> pd.DataFrame:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Forms, "read", lambda self, line: None)
        return values.parsed(directory / "messages.jsonl")


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(recorded=st.lists(lines(), max_size=8), again=st.integers(1, 3))
def test_whatever_a_station_sends_is_read_the_same(
    recorded: list[str], again: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "messages.jsonl").write_text("".join(recorded * again), encoding="utf-8")
    pd.testing.assert_frame_equal(values.parsed(folder / "messages.jsonl"), parsed_one_by_one(folder))


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    measurands = "Current.Import,Voltage,SoC,Energy.Active.Import.Register,Temperature"
    keys = {
        "chg_KWH1": "EASTR_SDM630,1,9600,N,1",
        "chg_KWH2": "EASTR_SDM630,2,9600,N,1",
        "MeterValueSampleInterval": 60,
        "MeterValuesSampledData": measurands,
        "MeterValuesAlignedData": measurands,
        "ClockAlignedDataInterval": 900,
    }
    bench = Bench(connectors=2, keys=keys, out=tmp_path_factory.mktemp("day") / "run")
    for connector, tag in ((1, "TAG1"), (2, "TAG2")):
        bench.plug_in(connector)
        bench.present_tag(connector, tag)
        bench.advance(3000)
    bench.unplug(1)
    bench.advance(3600)
    return bench.run_so_far().directory


@pytest.mark.slow
def test_a_recorded_day_is_read_the_same(day: Path) -> None:
    table = values.parsed(day / "messages.jsonl")
    assert len(table) > 1000 and table["connector"].nunique() == 2
    pd.testing.assert_frame_equal(table, parsed_one_by_one(day))


def test_of_a_form_only_the_first_lines_are_parsed(day: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    monkeypatch.setattr(values, "_readings_of", lambda line: told.append(line) or [])
    sent = sum(b'"MeterValues"' in line for line in (day / "messages.jsonl").open("rb"))
    values.parsed(day / "messages.jsonl")
    assert sent > 80 and len([line for line in told if b'"MeterValues"' in line]) <= 10


STOPPED_HEAD = '{"t":%d,"at":"2024-03-01T10:00:00.000Z","station":"CP1","dir":"%s","frame":%s}\n'
READING = {"timestamp": "2024-03-01T10:00:00Z", "sampledValue": [{"value": "7"}]}


def told_of_two_transactions(*sampled: tuple[int, int]) -> str:
    """Starts of 41 on connector 1 and 42 on connector 2, samples (transaction, connector), both stops."""
    said: list[tuple[str, list[Any]]] = []
    for connector in (1, 2):
        start = {"connectorId": connector, "idTag": "T", "meterStart": 0, "timestamp": READING["timestamp"]}
        said.append(("up", [2, f"s{connector}", "StartTransaction", start]))
        told = {"transactionId": 40 + connector, "idTagInfo": {"status": "Accepted"}}
        said.append(("down", [3, f"s{connector}", told]))
    for transaction, connector in sampled:
        payload = {"connectorId": connector, "transactionId": transaction, "meterValue": [READING]}
        said.append(("up", [2, f"m{len(said)}", "MeterValues", payload]))
    for transaction in (42, 41):
        stop = {"transactionId": transaction, "meterStop": 7, "timestamp": READING["timestamp"]}
        payload = {**stop, "transactionData": [READING]}
        said.append(("up", [2, f"e{transaction}", "StopTransaction", payload]))
    return "".join(STOPPED_HEAD % (t, way, json.dumps(frame)) for t, (way, frame) in enumerate(said))


@pytest.mark.parametrize("sampled", [[], [(41, 1)], [(41, 1), (42, 2)], [(41, 2), (41, 1), (42, 2)]])
def test_the_data_of_a_stop_are_of_the_connector_that_its_transaction_started_on(
    sampled: list[tuple[int, int]], tmp_path: Path
) -> None:
    (tmp_path / "messages.jsonl").write_text(told_of_two_transactions(*sampled))
    table = values.parsed(tmp_path / "messages.jsonl")
    assert table["connector"].tolist() == [*(connector for _, connector in sampled), 2, 1]
    assert table["transaction_id"].tolist() == [*(number for number, _ in sampled), 42, 41]


PLAIN = (
    '{"t":1.0,"at":"2024-03-01T10:00:00.000Z","station":"CP1","dir":"up",%s"frame":[2,"7","MeterValues",'
    '{"connectorId":1,"meterValue":[{"timestamp":"2024-03-01T10:00:00Z","sampledValue":[{"value":"%s"}%s]}]}]}\n'
)


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        (PLAIN % ('"lost":true,', "1", ""), []),
        (PLAIN % ("", "1", ',{"unit":"Wh"}'), [1.0, float("nan")]),
        (PLAIN % ("", "1", ',{"value":"2","vendor":{"value":"9"}}'), [1.0, 2.0]),
        (PLAIN % ("", "\\u0031", ""), [1.0]),
        (PLAIN.replace("MeterValues", "Heartbeat") % ("", "1", ""), []),
    ],
)
def test_an_odd_line_does_not_become_a_form(odd: str, told: list[float], tmp_path: Path) -> None:
    plain = PLAIN % ("", "5.5", "")
    (tmp_path / "messages.jsonl").write_text(odd * 3 + plain + odd)
    found = values.parsed(tmp_path / "messages.jsonl")["value"].tolist()
    assert found == pytest.approx([*told * 3, 5.5, *told], nan_ok=True)
