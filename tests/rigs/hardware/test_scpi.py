"""Loads, sources and analysers in SCPI: what they are told, what they answer, and what is refused."""

from pathlib import Path

import pytest
from scpi_bench import Instrument, served

from evc5.rigs.errors import BadInput, BenchFault
from evc5.rigs.hardware import making
from evc5.rigs.hardware.devices import Devices
from evc5.rigs.hardware.scpi import dialects
from evc5.rigs.hardware.scpi.instruments import ScpiAnalyser, ScpiLoad, ScpiSource, Session, number
from evc5.rigs.rigfile.hardware import Hardware

HERE = Path()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("16.0 A", 16.0),
        ("+1.6000E+01", 16.0),
        ("-0.5", -0.5),
        ("9.9E+37", None),
        ("NAN", None),
        ("INF", None),
        ("", None),
    ],
)
def test_a_number_comes_with_or_without_its_unit(text: str, value: float | None) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    ("driver", "role", "dialect", "more", "said"),
    [
        ("scpi-load", "load", "ea-elektro-automatik", {"untried": True}, "is direct current"),
        ("scpi-load", "load", "chroma-a800067", {}, "never run on metal; untried = true"),
        ("scpi-load", "load", "yokogawa-wt", {"untried": True}, "is that of a analyser"),
        ("scpi-load", "load", "acme", {}, "dialect must be one of ametek-mx"),
        ("scpi-load", "load", "chroma-a800067", {"untried": True}, ""),
        ("scpi-analyser", "meter", "yokogawa-wt", {"untried": True}, ""),
    ],
)
def test_a_dialect_must_fit_its_role_and_be_known_to_work(
    driver: str, role: str, dialect: str, more: dict[str, bool], said: str
) -> None:
    device = {"driver": driver, "url": "TCPIP0::127.0.0.1::1::SOCKET", "dialect": dialect, **more}
    hardware = Hardware.model_validate({"connector": {"1": {role: device}}})
    if not said:
        making.check(hardware, HERE)
        return
    with pytest.raises(BadInput, match=said):
        making.check(hardware, HERE)


def test_a_dialect_of_one_s_own_is_checked(tmp_path: Path) -> None:
    for text, said in (
        ('role = "lamp"\ncurrent = "ac"', "role must be one of"),
        ('role = "load"\ncurrent = "ac"\noff = ["x"]', "load needs draw"),
        ('role = "analyser"\ncurrent = "ac"\nread = "x?"\ntells = ["amps"]', "tells amps"),
        ("volume = 11", "volume is unknown"),
    ):
        (tmp_path / "mine.toml").write_text(text)
        with pytest.raises(BadInput, match=said):
            dialects.find("mine.toml", tmp_path)


@pytest.mark.slow
def test_a_load_is_told_its_watts_and_complaints_are_faults() -> None:
    dialect, one = dialects.find("chroma-a800067", HERE), Instrument()
    with served(one) as url:
        load = ScpiLoad(Session(url, dialect, 1.0), dialect)
        load.draw((16.0, 0.0, 6.0))
        assert one.said[:4] == ["PHASE1:RLOAD 3680", "PHASE2:RLOAD 0", "PHASE3:RLOAD 1380", "RLOADE ON"]
        one.error = '-222,"Data out of range"'
        with pytest.raises(BenchFault, match="Data out of range"):
            load.draw((80.0, 80.0, 80.0))
        load.close()


@pytest.mark.slow
def test_a_source_is_set_up_before_it_is_used() -> None:
    dialect, one = dialects.find("chroma-61800", HERE), Instrument()
    with served(one) as url:
        source = ScpiSource(Session(url, dialect, 1.0), dialect)
        source.voltage((207.0, 207.0, 207.0))
        source.on()
        source.off()
        source.close()
    told = [line for line in one.said if "?" not in line]
    assert told == [
        "inst:phase three",
        "source:volt:lev:imm:ampl:ac 207.00",
        "output:state on",
        "output:state off",
    ]


@pytest.mark.slow
def test_an_analyser_tells_what_it_knows_and_a_silent_one_is_a_fault() -> None:
    dialect = dialects.find("yokogawa-wt", HERE)
    one = Instrument({dialect.read: "230.1,230.2,230.3,16.0,15.9,NAN,3680,3650,INF,50.01"})
    with served(one) as url:
        meter = ScpiAnalyser(Session(url, dialect, 0.3), dialect)
        reading = meter.read()
        assert reading.u_v == (230.1, 230.2, 230.3) and reading.i_a == (16.0, 15.9, None)
        assert reading.power_w is None and reading.hz == 50.01
        one.silent = True
        with pytest.raises(BenchFault, match="does not take ':NUMERIC:NORMAL:VALUE\\?'"):
            meter.read()
        one.silent = False
        assert meter.read().hz == 50.01
        one.answers[dialect.read] = "garbage"
        with pytest.raises(BenchFault, match="tells 1 of 10 numbers"):
            meter.read()
        meter.close()


@pytest.mark.slow
def test_an_instrument_says_who_it_is_and_one_that_does_not_is_no_fault_by_that() -> None:
    dialect = dialects.find("chroma-a800067", HERE)
    said, silent = Instrument({"*IDN?": "CHROMA,A800067,SN42,1.20"}), Instrument(silent=True)
    with served(said) as first, served(silent) as second:
        device = {"driver": "scpi-load", "dialect": dialect.name, "untried": True, "timeout_s": 0.2}
        outlets = {"1": {"load": {**device, "url": first}}, "2": {"load": {**device, "url": second}}}
        bench = Devices(Hardware.model_validate({"connector": outlets}), HERE)
        assert bench.identities() == {("load", 1): "CHROMA,A800067,SN42,1.20"}
