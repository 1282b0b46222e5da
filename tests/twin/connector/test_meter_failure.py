"""A kWh meter that does not answer: its values are missing, the rest is told, registers never run back."""

from evc5 import Bench

KEYS = {
    "chg_KWH1": "EASTR_SDM630,1,9600,N,1",
    "MeterValueSampleInterval": 60,
    "MeterValuesSampledData": "Energy.Active.Import.Register,Current.Import,Voltage,SoC,Temperature",
}


def charging():
    bench = Bench(start="2024-03-01T10:00:00Z", keys=KEYS)
    bench.plug_in(1, "vw-id3-58", soc=0.3)
    bench.present_tag(1, "TAG1")
    return bench.advance(90)


def samples(bench):
    return list(bench.run_so_far().frames(action="MeterValues"))


def test_currents_and_volts_come_in_tenths():
    (frame,) = samples(charging())
    values = {
        (entry["measurand"], entry.get("phase")): entry["value"]
        for entry in frame.payload["meterValue"][0]["sampledValue"]
    }
    assert values["Current.Import", "L1"] == "15.70" and values["Voltage", "L1"] == "230.0"


def test_what_the_meter_measures_is_missing_and_the_rest_is_told():
    bench = charging()
    bench.inject("power-meter-failure", 1)
    bench.advance(60)
    told = {entry["measurand"] for entry in samples(bench)[-1].payload["meterValue"][0]["sampledValue"]}
    assert told == {"SoC", "Temperature"}


def test_a_stop_tells_the_last_register_there_was():
    bench = charging()
    bench.inject("power-meter-failure", 1)
    bench.advance(600)
    bench.unplug(1)
    bench.advance(1)
    bench.clear("power-meter-failure", 1)
    run = bench.run_so_far()
    (stop,) = run.frames(action="StopTransaction")
    (start,) = run.frames(action="StartTransaction")
    assert start.payload["meterStart"] <= stop.payload["meterStop"]
    assert [f for f in run.findings if f["check"] == "metering.register-monotonic"] == []
