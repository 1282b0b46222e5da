"""Devices that answer late, in garbage, in another unit, or not at all: a fault of the bench each time."""

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from switch_bench import web_switch

from evc5.rigs.errors import BadInput, BenchFault
from evc5.rigs.hardware import devices as devices_module
from evc5.rigs.hardware.believed import Agreement, believed
from evc5.rigs.hardware.bench import HardwareBench
from evc5.rigs.hardware.devices import Devices
from evc5.rigs.hardware.drivers.command import Command, Program
from evc5.rigs.hardware.drivers.http_switch import HttpSwitch
from evc5.rigs.hardware.guardian import Guardian
from evc5.rigs.hardware.locks import locked, place_name
from evc5.rigs.hardware.modbus.line import Line
from evc5.rigs.hardware.roles import Reading
from evc5.rigs.hardware.scpi import dialects
from evc5.rigs.hardware.scpi.instruments import ScpiAnalyser, ScpiLoad, ScpiSource, Session
from evc5.rigs.rigfile.hardware import Device, Hardware

HERE = Path()
SHORT_S, LATE_S = 0.1, 0.3
GARBAGE = bytes(range(1, 256)) * 8 + b"\n"
Hears = Callable[[socket.socket], None]


def silent(peer: socket.socket) -> None:
    while peer.recv(4096):
        pass


def babbles(peer: socket.socket) -> None:
    while peer.recv(4096):
        peer.sendall(GARBAGE)


def hangs_up(peer: socket.socket) -> None:
    peer.recv(1)


def too_late(peer: socket.socket) -> None:
    while peer.recv(4096):
        time.sleep(LATE_S)
        peer.sendall(b"0\n")


HOSTILE = {"silent": silent, "babbles": babbles, "hangs-up": hangs_up, "too-late": too_late}


@contextmanager
def served(how: Hears) -> Iterator[int]:
    """A port at which each caller is heard so."""
    server = socket.create_server(("127.0.0.1", 0))

    def converse(peer: socket.socket) -> None:
        with peer, suppress(OSError):
            how(peer)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=converse, args=server.accept()[:1], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield int(server.getsockname()[1])
    finally:
        server.close()


def verbs(driver: str, port: int) -> Callable[[], object]:
    """Something that a driver does at this port."""
    visa = f"TCPIP0::127.0.0.1::{port}::SOCKET"

    def scpi(name: str) -> tuple[Session, Any]:
        dialect = dialects.find(name, HERE)
        return Session(visa, dialect, SHORT_S), dialect

    web = f"http://127.0.0.1:{port}"
    made: dict[str, Callable[[], object]] = {
        "scpi-load": lambda: ScpiLoad(*scpi("chroma-a800067")).draw((6.0, 6.0, 6.0)),
        "scpi-source": lambda: ScpiSource(*scpi("ametek-mx")).voltage((230.0, 230.0, 230.0)),
        "scpi-analyser": lambda: ScpiAnalyser(*scpi("yokogawa-wt")).read(),
        "shelly": lambda: HttpSwitch(web, 0, "shelly", SHORT_S).set(True),
        "shelly-gen1": lambda: HttpSwitch(web, 0, "shelly-gen1", SHORT_S).get(),
        "gude": lambda: HttpSwitch(web, 1, "gude", SHORT_S).set(False),
        "modbus-box": lambda: Line(f"tcp://127.0.0.1:{port}", 1, SHORT_S).coils(0, 9),
        "modbus-meter": lambda: Line(f"rtu+tcp://127.0.0.1:{port}", 1, SHORT_S).read(4, 0, 2),
    }
    return made[driver]


@pytest.mark.slow
@pytest.mark.parametrize("how", HOSTILE)
@pytest.mark.parametrize(
    "driver",
    ["scpi-load", "scpi-source", "scpi-analyser", "shelly", "shelly-gen1", "gude", "modbus-box",
     "modbus-meter"],
)  # fmt: skip
def test_whatever_comes_instead_of_an_answer_is_a_fault_of_the_bench(driver: str, how: str) -> None:
    with served(HOSTILE[how]) as port:
        for _ in range(2 if how == "too-late" else 1):  # nor is it one to the next question
            with pytest.raises(BenchFault):
                verbs(driver, port)()
    with pytest.raises(BenchFault):
        verbs(driver, port)()


@pytest.mark.slow
def test_a_box_that_tells_fewer_coils_than_were_asked_for_is_a_fault() -> None:
    def one_byte(peer: socket.socket) -> None:
        while request := peer.recv(12):
            peer.sendall(request[:4] + bytes((0, 4, request[6], request[7], 1, 0xFF)))

    with served(one_byte) as port, pytest.raises(BenchFault, match="8 coils where 9 were asked for"):
        verbs("modbus-box", port)()


@pytest.mark.slow
@pytest.mark.parametrize(("says", "kind"), [
    (b'{"result": {"output": "off"}}', "shelly"), (b'{"ison": "no"}', "shelly-gen1"),
    (b'{"outputs": [{"state": "0"}]}', "gude"), (b'{"outputs": [{"state": 230}]}', "gude"),
])  # fmt: skip
def test_a_state_that_is_neither_on_nor_off_is_none(says: bytes, kind: str) -> None:
    with web_switch(kind) as web:
        web.says = says
        with pytest.raises(BenchFault, match="tells no state of output 1"):
            HttpSwitch(web.url, 1, kind, 5.0).get()


def test_a_gude_counts_its_outputs_from_one() -> None:
    with pytest.raises(ValueError, match="a channel from 1 with kind gude"):
        Device.model_validate({"driver": "http-switch", "url": "http://h", "kind": "gude"})


class Answers:
    """A program that says the same to everything."""

    def __init__(self, **told: Any) -> None:
        self._told = told

    def ask(self, verb: str, **more: Any) -> dict[str, Any]:
        return self._told

    def close(self) -> None:
        pass


def test_what_no_number_can_be_is_not_known_and_no_state_is_guessed() -> None:
    told = Command(Answers(i_a=[float("nan"), float("inf"), 3], u_v=[1, 2]), "meter").read()
    assert told.i_a == (None, None, 3.0) and told.u_v == (None, None, None)
    with pytest.raises(BenchFault, match="on must be true, false or null, got 'off'"):
        Command(Answers(on="off"), "mains").get()


@pytest.mark.slow
def test_a_program_that_says_it_is_not_ok_did_not_do_it() -> None:
    text = "input(); print('{\"ok\": false}', flush=True); input()"
    one = Program([sys.executable, "-c", text], "load", 1, 20.0)
    with pytest.raises(BenchFault, match="does not off: it says that it is not ok"):
        one.ask("off")
    one.close()


# What is beyond a public low-voltage grid and any AC connector (IEC 62196: 63 A) by far is another unit.
@pytest.mark.parametrize(("reading", "is_well"), [
    (Reading(u_v=(230_000.0, None, None)), False), (Reading(u_v=(400.0, 400.0, 400.0)), True),
    (Reading(i_a=(16_000.0, 0.0, 0.0)), False), (Reading(hz=50_000.0), False), (Reading(hz=50.0), True),
    (Reading(total_w=-11e6), False), (Reading(p_w=(float("nan"), 0.0, 0.0)), False),
])  # fmt: skip
def test_a_reading_that_cannot_be_is_of_another_unit(reading: Reading, is_well: bool) -> None:
    if is_well:
        assert believed(reading, "the map") is reading
    else:
        with pytest.raises(BenchFault, match="is the map right"):
            believed(reading, "the map")


@pytest.mark.parametrize(("watts", "holds"), [
    (11_040.0, True), (-11_040.0, True), (11_040.0 / 20.0, True), (11.04, False), (11_040e3, False),
])  # fmt: skip
def test_power_in_another_unit_is_found_by_volts_and_amps(watts: float, holds: bool) -> None:
    told = Agreement()
    told.see(Reading((230.0,) * 3, (16.0,) * 3, total_w=watts))
    assert told.holds is holds
    told.see(Reading((230.0,) * 3, (0.1,) * 3, total_w=0.0))  # of so little nothing follows
    assert told.every == 1


# --- the way down, and who may be at a bench ---

SIM = {"driver": "sim"}


class Broken:
    """A driver with a fault of ours in it."""

    def pilot(self, state: str = "A") -> None:
        raise RuntimeError("unthought of")

    unplug = pilot


class Always:
    """An instrument that reads the same for ever."""

    def __init__(self, read: Any) -> None:
        self.read = lambda: read


def test_a_fault_of_ours_in_one_driver_stops_no_other_step_of_the_way_down() -> None:
    outlet = dict.fromkeys(("cable", "load", "meter"), SIM)
    bench = Devices(Hardware.model_validate({"connector": {"1": outlet}}), HERE)
    load, bench._made["cable", 1] = bench.get("load", 1), Broken()
    assert load is not None
    load.draw((6.0, 6.0, 6.0))
    assert bench.way_down() == ["connector 1 cable: RuntimeError: unthought of"] * 2
    (simulated,) = bench._parts.outlets.values()
    assert simulated.amps == (0.0, 0.0, 0.0)


def test_a_fault_of_ours_in_a_verb_is_told_and_the_bench_goes_on_to_its_end() -> None:
    hardware = Hardware.model_validate({"connector": {"1": {"reader": SIM}}, "mains": SIM})
    bench = HardwareBench(hardware, HERE, lambda errand: errand(), lambda connector, columns: None)
    bench.start()
    told: list[BenchFault | None] = []
    done = threading.Event()
    bench.do(Broken().pilot, lambda failed, _: (told.append(failed), done.set()))  # type: ignore[func-returns-value]
    assert done.wait(20.0)
    bench.close()
    assert bench.fault == "RuntimeError: unthought of" == str(told[0]) and bench.dead


@pytest.mark.parametrize("ends", [KeyboardInterrupt, BenchFault, RuntimeError])
def test_whatever_ends_the_self_check_leaves_the_mains_off(
    monkeypatch: pytest.MonkeyPatch, ends: type[BaseException]
) -> None:
    """And a guardian is there before anything is switched on, should we be killed meanwhile."""
    steps: list[str] = []

    class Watches:
        def __init__(self, *_: Any) -> None:
            steps.append("guardian")

        def renew(self) -> None: ...
        def dismiss(self) -> None:
            steps.append("dismissed")

    def checked(self: Devices, within_s: float) -> dict[str, str]:
        assert self.get("mains").get()  # type: ignore[union-attr]
        steps.append("mains on")
        raise ends

    monkeypatch.setattr("evc5.rigs.hardware.bench.Guardian", Watches)
    monkeypatch.setattr("evc5.rigs.hardware.bench.UNGUARDED", ())
    monkeypatch.setattr(Devices, "checked", checked)
    hardware = Hardware.model_validate({"connector": {"1": {"meter": SIM}}, "mains": SIM})
    bench = HardwareBench(hardware, HERE, lambda errand: errand(), lambda connector, columns: None)
    with pytest.raises(ends):
        bench.start()
    assert steps == ["guardian", "mains on", "dismissed"]
    assert bench.dead and not bench._devices.get("mains").get()  # type: ignore[union-attr]


@pytest.mark.parametrize(("reading", "said"), [
    (Reading(total_w=3680.0), "still 16.0 A"), (Reading(energy_wh=7.0), "0 A is not seen"),
    (Reading(total_w=0.0), None), (Reading(i_a=(None, 0.1, None)), None),
])  # fmt: skip
def test_no_current_is_seen_and_not_supposed(
    monkeypatch: pytest.MonkeyPatch, reading: Reading, said: str | None
) -> None:
    monkeypatch.setattr(devices_module, "SEEN_WITHIN_S", 0.0)
    outlet = dict.fromkeys(("load", "meter"), SIM)
    bench = Devices(Hardware.model_validate({"connector": {"1": outlet}}), HERE)
    bench._made["meter", 1] = Always(reading)
    failed = bench.way_down()
    assert (failed == []) if said is None else (said in failed[0])


def relays(url: str, unit: int = 1) -> Device:
    return Device.model_validate({"driver": "modbus-box", "url": url, "unit": unit, "map": "box.toml"})


def test_whoever_shares_a_device_with_a_run_waits_for_its_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    one = Hardware(mains=relays("serial:///dev/x?baud=9600"))
    other = Hardware.model_validate({
        "connector": {"1": {"meter": {"driver": "modbus-meter", "url": "serial:///dev/x", "map": "SDM630"},
                            "reader": {"driver": "sim", "url": "tcp://h:1"}}}})  # fmt: skip
    held = locked(one)
    with pytest.raises(BadInput, match=r"hardware\.connector\.1\.meter: another run is at /dev/x"):
        locked(other)
    for lock in held:
        lock.release()
    again = locked(other)  # what the refused one had taken of it is free, too
    assert len(again) == 2
    for lock in again:
        lock.release()
    assert list(tmp_path.iterdir()) == []


def test_two_benches_may_share_a_gateway_but_no_unit_of_it() -> None:
    first, second = (place_name(relays("tcp://gateway", unit)) for unit in (1, 2))
    assert first == "gateway:502 unit 1" != second


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a lock there is of one process")
def test_a_guardian_keeps_the_bench_for_itself_until_it_has_left_it_dead(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    program = [sys.executable, "-c", "import time; input(); time.sleep(2); print('{}', flush=True)"]
    load = {"driver": "command", "program": program, "timeout_s": 20.0}
    hardware = Hardware.model_validate({"connector": {"1": {"load": load}}})
    locks = locked(hardware)
    guardian = Guardian(hardware, tmp_path, locks)
    for lock in locks:
        lock._file.close()  # as where we are killed: the name stays
    stdin = guardian._process.stdin
    assert stdin is not None
    stdin.close()
    with pytest.raises(BadInput, match="another run is at"):
        locked(hardware)
    guardian._process.wait(60.0)
    for lock in locked(hardware):
        lock.release()
