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


def test_what_a_boot_tells_of_the_meter_is_a_row_of_the_behaviour(tmp_path: Any) -> None:
    later = tmp_path / "later.toml"
    later.write_text('inherits = "evc5-v32r30"\n[table.2.BootNotification]\nomits = []\n')
    told = []
    for behaviour in ("evc5-v32r30", str(later)):
        run = Bench(behaviour=behaviour).run_so_far()
        [boot] = [frame.payload for frame in run.frames("BootNotification") if frame.kind == "CALL"]
        told.append(boot.get("meterType"))
    assert told == [None, "Eastron SDM72D"]
