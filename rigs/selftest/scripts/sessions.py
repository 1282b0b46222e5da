"""Scripts of charging: cars that come, are served and leave, in heat, on a thin cable, with faults."""

from evc5.rigs.bench.bench import Bench
from evc5.rigs.selftest.verbs import begin, change, end


def charge(bench: Bench) -> None:
    """Two cars one after the other, the sample interval and the list of measurands changed in between."""
    bench.advance(30.0)
    begin(bench)
    bench.advance(1500.0)
    change(bench, "MeterValueSampleInterval", "90")
    bench.advance(600.0)
    end(bench)
    change(bench, "MeterValuesSampledData", "Energy.Active.Import.Register,Voltage.L2")
    begin(bench, vehicle="kia-e-niro-64", soc=0.5)
    bench.advance(700.0)
    end(bench)
    bench.advance(330.0)


def full(bench: Bench) -> None:
    """A small car charges until it is full, and stays."""
    bench.advance(30.0)
    begin(bench, vehicle="smart-eq-fortwo-22kw", soc=0.93)
    bench.advance(2700.0)
    end(bench)
    bench.advance(60.0)


def heat(bench: Bench) -> None:
    """A hot day with a car that takes all it can get."""
    bench.advance(30.0)
    begin(bench, 1, "renault-megane-ev60", 0.1)
    begin(bench, 2, "renault-megane-ev60", 0.1)
    bench.advance(5400.0)
    end(bench, 1)
    end(bench, 2)


def cable(bench: Bench) -> None:
    """A car that takes 32 A, through a cable for 20 A."""
    bench.advance(30.0)
    bench.plug_in(1, "renault-zoe-ze50", 0.2, 20.0)
    bench.advance(10.0)
    bench.present_tag(1, "TAG1")
    bench.advance(300.0)
    end(bench)


def faults(bench: Bench) -> None:
    """Faults come and go, under charge and without a car."""
    bench.advance(30.0)
    begin(bench)
    for fault in ("ground-failure", "pilot-short", "under-voltage", "reader-failure"):
        bench.advance(200.0)
        bench.inject(fault, 1)
        bench.advance(60.0)
        bench.clear(fault, 1)
    bench.advance(300.0)
    bench.inject("over-voltage", 2)
    bench.advance(60.0)
    bench.clear("over-voltage", 2)
    bench.inject("emergency-stop", 1)  # it ends the transaction
    bench.advance(60.0)
    bench.clear("emergency-stop", 1)
    bench.advance(60.0)
    bench.unplug(1)
    bench.advance(60.0)
