"""The twin's controller reads its meter over a serial line that its own world is served on."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from evc5 import Bench
from evc5.models.faults import Fault
from evc5.models.outlet import Outlet
from evc5.rigs.hardware.modbus import maps
from evc5.rigs.hardware.modbus.line import Line
from evc5.rigs.hardware.modbus.meter import ModbusMeter
from evc5.rigs.hardware.modbus.serving import MeterEmulator
from evc5.rigs.standin import shown
from evc5.rigs.standin.bus_meter import MISSES, BusMeter
from evc5.rigs.standin.ptys import Pair

pytestmark = [
    pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals")
]  # fmt: skip
KEYS = {
    "MeterValueSampleInterval": 60,
    "MeterValuesSampledData": "Energy.Active.Import.Register,Current.Import",
}
POLL_S = 30.0  # of the bench's time


def own_meter(outlet: Outlet) -> shown.Told:
    """What the charge point's own kWh meter shows, with its class and in its steps."""
    now = outlet.shown()
    told: shown.Told = {
        "total_w": float(now.p_w),
        "hz": now.frequency_hz,
        "energy_wh": float(now.register_wh),
    }
    for n, (volts, amps, watts) in enumerate(zip(now.u_v, now.i_a, now.phase_w, strict=True), 1):
        told |= {f"u{n}_v": volts, f"i{n}_a": amps, f"p{n}_w": float(watts)}
    return told | {"energy_wh": float(now.register_wh), "serial": shown.SERIAL}


class Loop:
    """World, meter on the bus, controller, back office: `advance` polls as a controller does."""

    def __init__(self, folder: Path) -> None:
        self.bench = Bench(connectors=1, behaviour="ocpp16", keys=KEYS, start="2024-03-01T10:00:00Z")
        self.outlet = self.bench.assembly.world.outlet(1)
        self._pair = Pair(folder / "bus")
        map_ = maps.find("SDM630", folder)
        self.emulator = MeterEmulator(
            f"serial://{self._pair.far}?baud=38400", map_, {1: lambda: own_meter(self.outlet)}
        )
        reads = ModbusMeter(Line(f"serial://{folder / 'bus'}?baud=38400", 1, 1.5), map_)
        self.meter = BusMeter(self.outlet, reads, self._fails)

    def _fails(self, gone: bool) -> None:
        (self.bench.inject if gone else self.bench.clear)(Fault.METER, 1)

    def advance(self, seconds: float) -> None:
        for _ in range(round(seconds / POLL_S)):
            self.meter.poll()
            self.bench.advance(POLL_S)
        self.meter.poll()

    def close(self) -> None:
        self.meter.close()
        self.emulator.close()
        self._pair.close()
        self.bench.close()


@contextmanager
def loop(folder: Path) -> Iterator[Loop]:
    one = Loop(folder)
    try:
        yield one
    finally:
        one.close()


def last_error(run: Any) -> str:
    """The error code of the connector's last StatusNotification."""
    told = [frame.payload for frame in run.frames() if frame.action == "StatusNotification"]
    return str([payload["errorCode"] for payload in told if payload.get("connectorId") == 1][-1])


def registers(run: Any) -> list[float]:
    values = run.meter_values
    total = (values["measurand"] == "Energy.Active.Import.Register") & values["phase"].isna()
    return list(values[total]["value"].astype(float))


def test_serial_number_first_then_the_registers_of_now(tmp_path: Path) -> None:
    with loop(tmp_path) as one:
        for _ in range(MISSES):  # a machine that has other work may miss one
            one.meter.poll()
        asked = one.emulator.asked
        assert one.meter.serial == "12345678" and asked[0] == (3, 0xFC00, 2)
        assert {address for function, address, _ in asked if function == 4} >= {0x0000, 0x0048} or any(
            function == 4 and address <= 0x48 < address + count for function, address, count in asked[1:]
        )


def test_a_bus_that_dies_is_a_meter_failure_and_no_energy_is_invented(tmp_path: Path) -> None:
    with loop(tmp_path) as one:
        one.advance(POLL_S)
        one.bench.plug_in(1, vehicle="vw-id3-58", soc=0.3)
        one.bench.present_tag(1, "TAG1")
        one.advance(600)
        before_wh = one.bench.assembly.station.controller.channel(1).register_wh()
        assert before_wh > 500
        one.emulator.spoil("silence")
        one.advance(POLL_S * MISSES)
        one.bench.advance(1200)
        run = one.bench.run_so_far()
        assert last_error(run) == "PowerMeterFailure"
        assert max(registers(run)) <= before_wh + 11_000 * POLL_S * MISSES / 3600
        flowed_wh = one.outlet.shown().register_wh
        one.emulator.spoil("silence", False)
        one.advance(300)
        run = one.bench.run_so_far()
        assert last_error(run) == "NoError" and registers(run)[-1] >= int(flowed_wh)  # it has counted on
        one.bench.unplug(1)
        one.advance(60)
        told = one.bench.run_so_far().transactions.iloc[-1]
    assert told["meter_stop_wh"] == pytest.approx(one.outlet.shown().register_wh, abs=2.0)
