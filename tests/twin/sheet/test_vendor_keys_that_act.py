"""Vendor keys: which the twin goes by, which only store, and what some do by policy alone."""

from typing import Any

import pytest

from evc5 import Bench
from evc5.rigs.command.cli import main
from evc5.twin.sheet import vendor
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.configuration import Configuration

SHEET = Behaviour.load("evc5-v32r30")
VENDORS = {name for row in SHEET.rows(23) for name in [key.name for key in row.each]}  # type: ignore[union-attr]
TWELVE_A = {"chg_StationMaxCurrent": 12}  # less than the car can draw
AS_NAMED = {"policies": {"assumed_keys": "as-named"}}


def test_the_keys_that_act_are_keys_of_the_sheet() -> None:
    assert vendor.ACT | vendor.ASSUMED <= VENDORS
    assert not vendor.ACT & vendor.ASSUMED


def test_the_keys_that_act_are_those_that_a_station_ever_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    read: set[str] = set()
    text = Configuration.text

    def noted(self: Configuration, key: str) -> str:
        read.add(self.row(key).name)
        return text(self, key)

    monkeypatch.setattr(Configuration, "text", noted)
    bench = Bench(keys={"grid_Role": "Slave", "grid_InstallationMaxcurrent": 32}, allow_overrides=True)
    bench.plug_in(1)
    bench.present_tag(1, "TAG1")
    bench.advance(60)
    bench.call("GetDiagnostics", {"location": "ftp://files.example/"})
    bench.unplug(1)
    bench.advance(60)
    assert read & VENDORS <= vendor.ACT | vendor.ASSUMED
    assert len(vendor.ACT - read) <= 7, "com_Endpoint, com_FwOptions and the like want a socket or an update"


@pytest.mark.slow
def test_the_sheet_says_value_only_of_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sheet"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert said.count("value only") == len({row.name for row in SHEET.rows(23)} - acting_rows())


def acting_rows() -> set[str]:
    return {row.name for row in SHEET.rows(23) if {key.name for key in row.each} & vendor.ACT}  # type: ignore[union-attr]


def charging(**station: Any) -> Bench:
    bench = Bench(start="2024-03-01T10:00:00Z", **station)
    bench.plug_in(1, soc=0.3)
    bench.present_tag(1, "TAG1")
    return bench.advance(60)


def test_a_supervisors_current_limits_the_station_by_policy_alone() -> None:
    keys = {"grid_SupervisorTotalcurrent": 10}
    assert charging(keys=keys).reading(1)["offered1_a"] == pytest.approx(32.0)
    row = charging(keys=keys, **AS_NAMED).reading(1)
    assert (row["offered1_a"], row["limited_by"]) == (pytest.approx(10.0), "grid")


@pytest.mark.slow
def test_a_low_power_factor_ends_a_transaction_by_policy_alone() -> None:
    keys = {"chg_Ch1Options": "StopOnLowCosphi=1"}
    for station, stops in ((AS_NAMED, True), ({}, False)):
        bench = charging(keys=keys, **station)
        assert 1 in bench.assembly.station.memory.transactions
        outlet = bench.assembly.world.outlet(1)
        low = outlet.reading()._replace(pf=vendor.LOW_COSPHI - 0.01)
        outlet.reading = lambda low=low: low  # type: ignore[method-assign]
        for heard in outlet.on_segment:
            heard(outlet)
        bench.advance(1)
        assert (1 not in bench.assembly.station.memory.transactions) is stops


def test_without_the_option_more_than_the_offer_trips_nothing_by_policy_alone() -> None:
    for option, station, trips in ((0, {}, True), (0, AS_NAMED, False), (1, AS_NAMED, True)):
        bench = charging(keys={**TWELVE_A, "chg_Ch1Options": f"OvercurrentSens={option}"}, **station)
        bench.inject("over-current", connector=1)
        bench.advance(60)
        assert (bench.reading(1)["status"] == "Faulted") is trips, (option, station)


def test_an_option_that_is_switched_on_protects_from_then_on() -> None:
    bench = charging(keys=TWELVE_A, **AS_NAMED)
    bench.call("ChangeConfiguration", {"key": "chg_Ch1Options", "value": "OvercurrentSens=1"})
    bench.inject("over-current", connector=1)
    assert bench.advance(60).reading(1)["status"] == "Faulted"


@pytest.mark.slow
def test_a_residual_current_is_told_where_an_input_senses_it_by_policy_alone() -> None:
    for inputs, station, told in (
        (["None", "None"], {}, {1, 2}),
        (["None", "None"], AS_NAMED, set()),
        (["None", "RCD2"], AS_NAMED, {2}),
    ):
        bench = charging(keys={"io_InputCfg": inputs}, **station)
        for connector in (1, 2):
            bench.inject("ground-failure", connector=connector)
        bench.advance(60)
        assert {n for n in (1, 2) if bench.reading(n)["status"] == "Faulted"} == told


@pytest.mark.slow
def test_an_output_is_on_while_its_channel_charges_by_policy_alone() -> None:
    def switched(**station: Any) -> tuple[list[tuple[int, str, bool]], list[bool]]:
        """What was switched, and whether the last of it was on after each thing that was done."""
        bench = charging(keys={"io_OutputCfg": ["None", "Charging_Ch1"]}, **station)
        is_on = []
        for act in (bench.present_tag, bench.present_tag, lambda *_: bench.power.cut()):
            act(1, "TAG1")  # ends what runs, begins, is interrupted
            bench.advance(60)
            events = bench.run_so_far().events
            rows = events[events["event"] == "output"].itertuples()
            told = [(row.detail["output"], row.detail["name"], row.detail["on"]) for row in rows]
            is_on.append(any(on for _, _, on in told[-1:]))
        return told, is_on

    assert switched() == ([], [False, False, False])
    lamp = (2, "Charging_Ch1")
    told, is_on = switched(**AS_NAMED)
    assert told[:2] == [(*lamp, True), (*lamp, False)]
    assert is_on == [False, True, False]
