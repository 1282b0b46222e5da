"""A charge point that nobody measures: its own readings are telemetry for tables and figures alone."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from evc5 import Run
from evc5.rigs.checks import finish
from evc5.rigs.recording.writing.recorder import Recorder
from evc5.twin.clock import Calendar

START = datetime(2024, 3, 1, 10, tzinfo=UTC)


def iso(t_s):
    return (START + timedelta(seconds=t_s)).strftime("%Y-%m-%dT%H:%M:%SZ")


def sampled(value, measurand=None, phase=None, unit=None, location=None):
    told = {"value": str(value), "measurand": measurand, "phase": phase, "unit": unit, "location": location}
    return {name: text for name, text in told.items() if text is not None}


def reading(amps, wh, power_kw):
    currents = [sampled(amps, "Current.Import", f"L{phase}", "A") for phase in (1, 2, 3)]
    volts = [sampled(231.5, "Voltage", f"L{phase}-N", "V") for phase in (1, 2, 3)]
    more = [
        sampled(wh), sampled(power_kw, "Power.Active.Import", None, "kW"), sampled(16, "Current.Offered"),
        sampled(55, "SoC", None, "Percent"), sampled("xyz", "Frequency"),
    ]  # fmt: skip
    return [*currents, *volts, *more]


class Served:
    """A recording of a charge point that has dialled in, written by hand."""

    def __init__(self, folder, **more):
        self.calendar = Calendar(START)
        header = {"station": "CP1", "csms": "served", "pace": 1.0, "behaviour": "ocpp16"}
        self.recorder = Recorder(folder / "run", self.calendar, header, own_station=False, **more)
        self._ids = 0

    def call(self, t_s, action, payload, lost=False):
        self._ids += 1
        text = json.dumps([2, str(self._ids), action, payload])
        self.recorder.frame(t_s, "CP1", True, text, lost)

    def status(self, t_s, status, connector=1):
        told = {"connectorId": connector, "errorCode": "NoError", "status": status}
        self.call(t_s, "StatusNotification", told)

    def values(self, t_s, values, stamp_s=None, connector=1, **how):
        when = iso(t_s if stamp_s is None else stamp_s)
        told = {"connectorId": connector, "meterValue": [{"timestamp": when, "sampledValue": values}]}
        self.call(t_s, "MeterValues", told, **how)

    def closed(self, t_s=4000.0):
        self.recorder.close(t_s)
        return Run.open(self.recorder.directory)


def test_each_reading_is_a_row_in_the_units_of_telemetry(tmp_path):
    served = Served(tmp_path)
    served.status(10.0, "Charging")
    served.values(60.0, reading(15.9, 1000, 11.0))
    served.values(120.0, reading(0.0, 1500, 0.0))
    run = served.closed()
    assert run.summary["telemetry"] == {"source": "meter_values"}
    first, second = run.telemetry.to_dict("records")
    assert (first["t"], first["connector"], first["status"], first["phases"]) == (60.0, 1, "Charging", 3)
    assert [first[f"i{k}_a"] for k in (1, 2, 3)] == [15.9] * 3 and first["u2_v"] == 231.5
    assert first["p_w"] == 11_000.0 and first["offered3_a"] == 16.0 and first["soc"] == pytest.approx(0.55)
    assert [row["energy_wh"] for row in (first, second)] == [0.0, 500.0] and second["register_wh"] == 1500.0
    assert second["phases"] == 0
    assert np.isnan(first["demand1_a"])  # nobody knows


def test_what_is_told_of_the_outlet_goes_before_what_is_told_of_other_places(tmp_path):
    served = Served(tmp_path)
    served.values(10.0, [
        sampled(40, "Temperature", unit="Celsius"),
        sampled(60, "Temperature", unit="Celsius", location="Body"),
        sampled(5000, location="Outlet"), sampled(9000, location="Inlet"),
        sampled(44, "SoC", unit="Percent", location="EV"),
    ])  # fmt: skip
    served.values(20.0, [sampled(104, "Temperature", unit="Fahrenheit")])
    served.values(30.0, [sampled(313.15, "Temperature", unit="K")])
    told = served.closed().telemetry
    assert list(told["temp_c"]) == pytest.approx([40.0, 40.0, 40.0])
    assert told["register_wh"][0] == 5000.0 and told["soc"][0] == pytest.approx(0.44)


def test_a_stamp_orders_rows_as_far_as_it_is_thinkable(tmp_path):
    served = Served(tmp_path)
    for t_s, stamp_s in ((100.0, 40.0), (110.0, 50.0), (200.0, 900_000.0), (300.0, -5000.0)):
        served.values(t_s, [sampled(7, "Current.Import", "L1")], stamp_s)
    told = served.closed().telemetry
    assert list(told["t"]) == [40.0, 50.0, 200.0, 200.0]  # late delivery; from the future; from the past


def test_what_has_no_number_was_lost_or_is_of_the_station_gives_no_row(tmp_path):
    served = Served(tmp_path)
    served.values(10.0, [sampled("nothing", "Current.Import", "L1")])
    served.values(20.0, [sampled(7, "Current.Import", "L1")], lost=True)
    served.values(30.0, [sampled(7, "Current.Import", "L1")], connector=0)
    served.call(40.0, "MeterValues", {"connectorId": "one", "meterValue": 7})
    run = served.closed()
    assert "telemetry" not in run.summary and run.telemetry.empty


def test_the_judge_takes_no_station_at_its_word(tmp_path):
    """33 A under an offer of 16 would be a fault by an instrument; its own words prove nothing here."""
    served = Served(tmp_path)
    for n in range(1, 20):
        served.values(60.0 * n, reading(33.0, 1000 + 380 * n, 22.8))
    run = served.closed()
    finish(run.directory)
    rows = {row["id"]: row for row in Run.open(run.directory).summary["requirements"]}
    electrical = {name: row["verdict"] for name, row in rows.items() if name.startswith("electrical.")}
    assert electrical and "PASS" not in electrical.values() and "FAIL" not in electrical.values()


@pytest.mark.slow
def test_figures_can_be_drawn_of_it(tmp_path):
    served = Served(tmp_path)
    for n in range(1, 50):
        served.values(60.0 * n, reading(15.9, 1000 + 183 * n, 11.0))
    run = served.closed()
    axes = run.plot.day(connector=1).axes
    drawn = [np.asarray(line.get_ydata(), dtype=float) for one in axes for line in one.get_lines()]
    assert any((np.isclose(values, 15.9)).any() for values in drawn)
