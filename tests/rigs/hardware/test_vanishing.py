"""Drivers that are gone from a random call on: no hang, no traceback, the fault told, the bench dead."""

import random
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from evc5.models.faults import Fault
from evc5.models.vehicles import presets
from evc5.rigs.errors import BenchFault
from evc5.rigs.hardware import bench as bench_module
from evc5.rigs.hardware import devices as devices_module
from evc5.rigs.hardware.bench import HardwareBench
from evc5.rigs.rigfile.hardware import Hardware

SIM = {"driver": "sim", "period_s": 0.02}
TABLE = {
    "connector": {"1": dict.fromkeys(("cable", "load", "meter", "reader"), SIM)},
    "mains": {"driver": "sim"},
}
VERBS = (
    ("plug-in", {"car": presets()["vw-id3-58"], "soc": 0.5, "cable_a": 32.0}),
    ("tag", {"id_tag": "TAG1"}),
    ("fault", {"fault": Fault.DIODE}),
    ("clear", {"fault": Fault.DIODE}),
    ("power-cut", {}),
    ("power-restore", {}),
    ("unplug", {}),
)
SHORT, LONG = 12, 100


class Vanishing:
    """A device that answers so many calls, and none after them."""

    def __init__(self, device: Any, calls: int) -> None:
        self._device = device
        self._left = calls

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._device, name)
        if not callable(method):
            return method

        def call(*args: Any) -> Any:
            self._left -= 1
            if self._left < 0:
                raise BenchFault("gone")
            return method(*args)

        return call


def vanishing(monkeypatch: pytest.MonkeyPatch, seed: int) -> HardwareBench:
    """A bench of which one device, drawn by the seed, goes after a drawn number of calls."""
    draw = random.Random(seed)
    role = draw.choice(("cable", "load", "meter", "reader", "mains"))
    calls = draw.randrange(1, 6)
    made = devices_module.make

    def make(parts: Any, name: str, connector: int | None, device: Any) -> Any:
        one = made(parts, name, connector, device)
        return Vanishing(one, calls) if name == role else one

    monkeypatch.setattr(devices_module, "make", make)
    monkeypatch.setattr(devices_module, "SEEN_WITHIN_S", 0.2)
    monkeypatch.setattr(bench_module, "GONE_S", 0.2)
    monkeypatch.setattr(bench_module, "SHOWN_S", 0.0)
    hardware = Hardware.model_validate(TABLE)
    return HardwareBench(hardware, Path(), lambda errand: errand(), lambda connector, columns: None)


def played(bench: HardwareBench) -> list[BenchFault | None]:
    """Each verb after the other; what became of it."""
    told: list[BenchFault | None] = []
    for event, detail in VERBS:
        verb = bench.verb(event, None if event.startswith("power") else 1, detail)
        assert verb is not None
        done = threading.Event()
        bench.do(verb, lambda failed, _, done=done: (told.append(failed), done.set()))  # type: ignore[misc]
        assert done.wait(10.0), f"{event} hangs"
        time.sleep(0.03)
    return told


def lives(monkeypatch: pytest.MonkeyPatch, seeds: range) -> dict[str, int]:
    """How many benches ended how."""
    ends = {"whole": 0, "refused": 0, "failed": 0}
    for seed in seeds:
        with monkeypatch.context() as patch:
            bench = vanishing(patch, seed)
            try:
                bench.start()
            except BenchFault:
                ends["refused"] += 1
                assert bench.dead is not None
                continue
            told = played(bench)
            bench.close()
        failed = [one for one in told if one is not None]
        assert (bench.fault is not None) or not failed  # whatever failed is told
        ends["whole" if bench.fault is None else "failed"] += 1
        assert bench.dead or bench.left == ["mains: gone"]  # what others cannot make good is told
        (outlet,) = bench._devices._parts.outlets.values()
        assert not sum(outlet.amps)
    return ends


@pytest.mark.slow
def test_a_device_that_goes_at_a_random_call_leaves_the_bench_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = lives(monkeypatch, range(SHORT))
    assert ends["failed"] >= 3


@pytest.mark.soak
def test_a_hundred_devices_that_go(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = lives(monkeypatch, range(1000, 1000 + LONG))
    assert ends["failed"] >= 30
