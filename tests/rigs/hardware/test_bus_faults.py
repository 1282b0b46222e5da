"""Every fault of the meter on the charger's bus, out of a rig file, as a foreign Modbus master sees it."""

import os
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymodbus import FramerType
from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.exceptions import ModbusException
from stood_in import free_ports

from evc5 import BadInput, Bench
from evc5.rigs.hardware import bus
from evc5.rigs.hardware.bench import HardwareBench
from evc5.rigs.hardware.modbus import serving
from evc5.rigs.hardware.roles import Reading
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.served.operator import Step, steps
from evc5.rigs.served.play import who
from evc5.rigs.standin.ptys import Pair

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals")
DRAWN = Reading((230.0, 231.0, 229.0), (16.0, 15.0, 14.0), (3680.0, 3465.0, 3206.0), 10_351.0, 50.0, 5000.0)
RESTS = Reading((230.0, 231.0, 229.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 0.0, 50.0, 5600.0)
NOTHING = None  # is read
SEES = {  # fault: amps of L1 to L3, W, Wh of a master, first with the car drawing, then at rest
    "power-meter-failure": (NOTHING, NOTHING),
    "meter-crc": (NOTHING, NOTHING),
    "meter-garbage": (NOTHING, NOTHING),
    "meter-late": (NOTHING, NOTHING),
    "meter-wrong-unit": (NOTHING, NOTHING),
    "meter-frozen": ((16.0, 15.0, 14.0, 10_351.0, 5000.0),) * 2,
    "meter-jump": ((16.0, 15.0, 14.0, 10_351.0, 15_000.0), (0.0, 0.0, 0.0, 0.0, 15_600.0)),
    "meter-phase-lost": ((16.0, 0.0, 14.0, 6886.0, 5000.0), (0.0, 0.0, 0.0, 0.0, 5600.0)),
}
LATE_S = 2.0
SOUND = (0.0, 0.0, 0.0, 0.0, 5600.0)


def rig(url: str) -> RigFile:
    outlet = {
        "meter": {"driver": "sim", "period_s": 3600},
        "bus": {"driver": "meter-emulator", "url": url, "map": "SDM630"},
    }
    faults = [{"at": 10.0 * n, "clear_at": 10.0 * n + 5.0, "fault": name} for n, name in enumerate(SEES, 1)]
    return RigFile.parse({
        "name": "bus", "start": "2024-03-01T10:00:00Z", "days": 0.01, "faults": faults,
        "station": {"backend": "hardware", "connectors": 1, "behaviour": "ocpp16"},
        "hardware": {"connector": {"1": outlet}},
    })  # fmt: skip


class Master:
    """A charger's end of the bus that shares no code with ours but the library of the line."""

    def __init__(self, make: Callable[[], Any], is_serial: bool) -> None:
        self._make = make
        self.is_serial = is_serial

    def sees(self) -> tuple[float, ...] | None:
        """Amps, W and Wh; None where no reading comes, or another than was asked for."""
        client = self._make()
        try:
            client.connect()
            blocks = [client.read_input_registers(at, count=n, device_id=1)
                      for at, n in ((0x06, 6), (0x34, 2), (0x48, 2))]  # fmt: skip
        except ModbusException:
            return None
        finally:
            client.close()
        if any(block.isError() for block in blocks) or [len(block.registers) for block in blocks] != [
            6,
            2,
            2,
        ]:
            return None
        words = [word for block in blocks for word in block.registers]
        *amps, watts, kwh = struct.unpack(">5f", struct.pack(">10H", *words))
        return (*(round(one, 3) for one in (*amps, watts)), round(kwh * 1000.0, 1))


@pytest.fixture(scope="module", params=["tcp", pytest.param("pty", marks=posix)])
def bench(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[HardwareBench, RigFile, Master]]:
    (port,) = free_ports(1)
    place = tmp_path_factory.mktemp("bus") / "port"
    pair = Pair(place) if request.param == "pty" else None
    how: dict[str, Any] = {"timeout": 0.3, "retries": 0}
    if pair is None:
        url, master = (
            f"tcp://127.0.0.1:{port}",
            Master(lambda: ModbusTcpClient("127.0.0.1", port=port, **how), False),
        )
    else:
        url = f"serial://{pair.far}?baud=19200"
        master = Master(
            lambda: ModbusSerialClient(str(place), framer=FramerType.RTU, baudrate=19200, **how), True
        )
    a_rig = rig(url)
    assert a_rig.hardware is not None
    one = HardwareBench(a_rig.hardware, Path(), lambda errand: errand(), lambda *_: None)
    one.start()
    yield one, a_rig, master
    one.close()
    if pair is not None:
        pair.close()


def play(one: HardwareBench, step: Step) -> None:
    verb = one.verb(step.event, step.connector, step.detail)
    assert verb is not None, f"nothing on the bench does {step.ask}"
    verb()


@pytest.mark.slow
@pytest.mark.parametrize("fault", SEES)
def test_a_rig_spoils_the_meter_on_the_bus_and_mends_it(
    bench: tuple[HardwareBench, RigFile, Master], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, a_rig, master = bench
    monkeypatch.setattr(serving, "LATE_S", LATE_S)
    monkeypatch.setattr(bus, "STALE_S", 60.0)
    begin, end = (step for step in steps(a_rig) if step.detail["fault"] == fault)
    told = one._buses[1]
    told.read(DRAWN)
    play(one, begin)
    drawn, at_rest = SEES[fault]
    assert sees(master, drawn)
    told.read(RESTS)
    assert sees(master, at_rest)
    play(one, end)
    if fault == "meter-late" and master.is_serial:
        time.sleep(2.5 * LATE_S)  # what it was asked last comes yet, and names no request
    assert sees(master, SOUND)


def sees(master: Master, expected: tuple[float, ...] | None) -> bool:
    """A reading may be lost on a machine that is held up; a wrong one is wrong at once."""
    seen = [master.sees() for _ in range(1 if expected is None else 3)]
    return expected in seen and set(seen) <= {expected, NOTHING}


@pytest.mark.slow
def test_of_two_faults_that_meet_each_goes_by_itself(
    bench: tuple[HardwareBench, RigFile, Master], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, a_rig, master = bench
    monkeypatch.setattr(bus, "STALE_S", 60.0)
    by_name = {(step.event, step.detail["fault"]): step for step in steps(a_rig)}
    one._buses[1].read(DRAWN)
    for event, fault in (("fault", "meter-crc"), ("fault", "meter-frozen"), ("clear", "meter-crc")):
        play(one, by_name[event, fault])
    one._buses[1].read(RESTS)
    assert sees(master, SEES["meter-frozen"][1])
    play(one, by_name["clear", "meter-frozen"])
    assert sees(master, SOUND)


def test_the_bus_does_what_a_rig_spoils_and_a_person_what_it_does_not_have() -> None:
    with_bus = rig("tcp://127.0.0.1:1502")
    assert {who(with_bus, step) for step in steps(with_bus)} == {"meter-emulator"}
    bare = with_bus.revised({"hardware": None})
    assert {who(bare, step) for step in steps(bare)} == {"a person"}


def test_every_way_to_spoil_a_meter_has_one_fault() -> None:
    assert set(bus.FAULTS) == set(SEES)
    assert sorted(bus.FAULTS.values()) == sorted(serving.SPOILT)


# --- the same on the twin ---


def charging() -> Bench:
    keys = {
        "MeterValueSampleInterval": 60,
        "MeterValuesSampledData": "Energy.Active.Import.Register,Current.Import",
    }
    one = Bench(connectors=1, keys=keys)
    one.plug_in(1, vehicle="vw-id3-58", soc=0.3)
    one.present_tag(1, "TAG1")
    return one.advance(600)


def registers(one: Bench) -> list[float]:
    told = one.run_so_far().meter_values
    whole = told[(told["measurand"] == "Energy.Active.Import.Register") & told["phase"].isna()]
    return [float(wh) for wh in whole["value"]]


@pytest.mark.slow
@pytest.mark.parametrize("fault", [fault for fault, sees in SEES.items() if sees[0] is NOTHING])
def test_a_twin_whose_meter_cannot_be_read_says_so_and_goes_on(fault: str) -> None:
    with charging() as one:
        one.inject(fault)
        one.advance(300)
        codes = [frame.payload["errorCode"] for frame in one.run_so_far().frames(action="StatusNotification")]
        assert codes[-1] == "PowerMeterFailure"
        one.clear(fault)
        one.advance(300)
        assert one.run_so_far().findings == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "rise_wh"), [("meter-frozen", 0.0), ("meter-jump", 10_000.0), ("meter-phase-lost", None)]
)
def test_a_twin_believes_a_meter_that_is_wrong_and_is_not_blamed(fault: str, rise_wh: float | None) -> None:
    with charging() as one:
        before = registers(one)
        one.inject(fault)
        one.advance(60)
        told = registers(one)
        if rise_wh is not None:
            minute_wh = before[-1] - before[-2] if fault == "meter-jump" else 0.0
            assert told[-1] - before[-1] == pytest.approx(rise_wh + minute_wh, abs=2.0)
        one.advance(600)
        one.clear(fault)
        one.advance(300)
        one.unplug(1)
        one.advance(60)
        run = one.run_so_far()
        assert run.findings == []
        left = {row.id: dict(row.not_compared) for row in run.requirements.itertuples()}
        assert any("the bench had made the meter" in reason for why in left.values() for reason in why)


def test_after_the_next_start_the_register_is_judged_again() -> None:
    with charging() as one:
        one.inject("meter-jump")
        one.advance(60)
        one.clear("meter-jump")
        one.unplug(1)
        one.advance(60)
        one.plug_in(1, vehicle="vw-id3-58", soc=0.3)
        one.present_tag(1, "TAG1")
        one.advance(300)
        one.assembly.world.outlet(1).read_meter = lambda told: told._replace(register_wh=told.register_wh / 2)
        one.advance(300)
        assert "metering.register-monotonic" in {found["requirement"] for found in one.run_so_far().findings}


def test_a_fault_that_nobody_knows_is_refused_with_all_names() -> None:
    with Bench(connectors=1) as one, pytest.raises(BadInput, match="meter-wrong-unit"):
        one.inject("meter-tired")
