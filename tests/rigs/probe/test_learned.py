"""What a probe finds of a key becomes a row under which the twin says the same."""

from pathlib import Path

import pytest
from probed import probed

from evc5.rigs.probe.probe import Options
from evc5.rigs.probe.results.compare import compare
from evc5.rigs.probe.results.learned import learn, text
from evc5.twin.sheet.behaviour import Behaviour

ODD = """
inherits = "evc5-v32r30"

[table.13]
ConnectionTimeOut = { type = "String", pattern = "abc|1", default = "1" }
LocalPreAuthorize = { type = "String", pattern = "true|false|1", default = "1" }
ClockAlignedDataInterval = { min = 3, max = 86400, default = "60" }
MeterValueSampleInterval = { raised_to = 30, default = "600" }
HeartbeatInterval = { access = "R" }

[table.18]
BlinkRepeat = { support = "yes", default = "3" }

[table.23]
chg_NewThing = { access = "RW", type = "String", default = "a=1,b=2" }
"""


@pytest.mark.slow
def test_odd_keys_are_learned(tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_text(ODD)
    keys = Options(only=("keys",))
    found = probed(tmp_path / "a", tmp_path / "odd.toml", keys)
    learned = learn(found.facts, Behaviour.load("evc5-v32r30"))
    assert learned.lacks == []
    assert {name for _, name in learned.rows} == {
        "ConnectionTimeOut", "LocalPreAuthorize", "ClockAlignedDataInterval", "MeterValueSampleInterval",
        "HeartbeatInterval", "BlinkRepeat", "chg_NewThing",
    }  # fmt: skip
    probed(tmp_path / "b", tmp_path / "a" / "behaviour.toml", keys)
    assert compare(tmp_path / "a", tmp_path / "b").alike


def test_text_from_a_unit_cannot_break_the_file(tmp_path: Path) -> None:
    """A value may hold quotes, line ends, anything."""
    nasty = 'a"b\\c\n\x00\x7f]["\u2028'
    facts = {"key.Odd.told": "yes", "key.Odd.readonly": "no", "key.Odd.value": nasty}
    learned = learn(facts, Behaviour.load("evc5-v32r30"))
    path = tmp_path / "behaviour.toml"
    path.write_text(text(learned, "probed", nasty), encoding="utf-8")
    loaded = Behaviour.load(path)
    assert loaded.keys["Odd"].default == nasty
    assert loaded.title == nasty


@pytest.mark.parametrize(
    ("facts", "lacks"),
    [
        (
            {"phases": "L1 L2 L3 total", "unit": "V"},
            "it tells Voltage in total, of which the twin has no value",
        ),
        ({"phases": "total", "unit": "V"}, "it tells Voltage in total, of which the twin has no value"),
        ({"phases": "L1 L2 L3", "unit": "kV"}, "it tells Voltage in kV, the twin in V"),
    ],
)
def test_values_that_the_twin_does_not_have_are_lacking_and_the_file_loads(
    facts: dict[str, str], lacks: str, tmp_path: Path
) -> None:
    told = {f"measurand.Voltage.{name}": value for name, value in facts.items()}
    learned = learn({"measurand.Voltage": "Accepted", **told}, Behaviour.load("evc5-v32r30"))
    assert (learned.lacks, learned.rows) == ([lacks], {})
    (tmp_path / "b.toml").write_text(text(learned, "probed", "x"), encoding="utf-8")
    assert Behaviour.load(tmp_path / "b.toml").measurands["Voltage"].unit == "V"


def test_a_fault_told_by_another_code_shows_that_its_own_is_missing() -> None:
    published = Behaviour.load("evc5-v32r30")
    usual = {"fault.ground-failure": "Faulted/GroundFailure", "fault.under-voltage": "Faulted/OtherError"}
    other = {"fault.ground-failure": "Faulted/OtherError", "fault.under-voltage": "Faulted/UnderVoltage"}
    silent = {"fault.ground-failure": "nothing told"}
    assert learn(usual, published).rows == learn(silent, published).rows == {}
    assert learn(other, published).rows == {
        (5, "GroundFailure"): {"support": "no"},
        (5, "UnderVoltage"): {"support": "yes"},
    }
    odd = {
        "fault.ground-failure": "Faulted/GroundFailure",
        "fault.ground-failure.gone": "Charging/OtherError",
    }
    assert learn(odd, published).rows == {(5, "NoError"): {"support": "no"}}
