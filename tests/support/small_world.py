"""A small electrical world and controller, by hand: enough to be recorded, nothing shared with the real."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from evc5.models.timeline import Timeline
from evc5.rigs.recording.writing.recorder import Recorder
from evc5.twin.clock import Calendar

START = datetime(2024, 3, 1, 10, tzinfo=UTC)
NAN = float("nan")


@dataclass(frozen=True)
class Charge:
    """A car that draws `amps` on three phases since `t0_s`, at 230 V; 0 A is an outlet at rest."""

    t0_s: float
    amps: float = 0.0
    energy_wh: float = 0.0
    soc: float = NAN
    pilot: str = "A"
    duty_pct: float = 100.0

    @property
    def varies(self) -> bool:
        return self.amps > 0

    @property
    def power_w(self) -> float:
        return 3 * 230.0 * self.amps

    def energy_at(self, t_s):
        return self.energy_wh + self.power_w * (t_s - self.t0_s) / 3600.0

    def columns(self, t_s):
        n, energy = len(t_s), self.energy_at(t_s)
        constant = {
            "duty_pct": self.duty_pct, "phases": 3 if self.amps else 0,
            "i1_a": self.amps, "i2_a": self.amps, "i3_a": self.amps,
            "u1_v": 230.0, "u2_v": 230.0, "u3_v": 230.0,
            "p_w": self.power_w, "pf": 1.0 if self.amps else NAN, "temp_c": 20.0,
        }  # fmt: skip
        columns = {name: np.full(n, value) for name, value in constant.items()}
        demand = NAN if self.pilot == "A" else 16.0
        columns |= {f"demand{phase}_a": np.full(n, demand) for phase in (1, 2, 3)}
        columns |= {f"capability{phase}_a": np.full(n, 32.0) for phase in (1, 2, 3)}
        columns |= {"energy_wh": energy, "register_wh": np.floor(energy)}
        return columns | {"soc": self.soc + (energy - self.energy_wh) / 50_000.0}

    @staticmethod
    def rows(segments, t_s, counts):
        times = np.split(t_s, np.cumsum(counts)[:-1])
        each = [segment.columns(t_s) for segment, t_s in zip(segments, times, strict=True)]
        return {name: np.concatenate([columns[name] for columns in each]) for name in each[0]}


@dataclass
class SmallOutlet:
    connector: int
    timeline: Timeline
    segment: Charge = field(default_factory=lambda: Charge(0.0))
    offered_a: float = 0.0
    on_segment: list = field(default_factory=list)

    def draw(self, amps: float, **state) -> None:
        """From now on the car draws so much; 0 A leaves it plugged and full."""
        now = self.timeline.now
        energy_wh = self.segment.energy_at(now)
        self.segment = Charge(now, amps, energy_wh, **{"soc": 0.5, "pilot": "C" if amps else "B", **state})
        for listener in self.on_segment:
            listener(self)


@dataclass
class SmallChannel:
    status: str = "Available"
    limited_by: str = "none"
    allocated_a: tuple = (0.0, 0.0, 0.0)
    offered_a: tuple = (0.0, 0.0, 0.0)
    on_change: list = field(default_factory=list)

    def become(self, status: str, limited_by: str = "none", amps: float = 0.0) -> None:
        self.status, self.limited_by = status, limited_by
        self.allocated_a = self.offered_a = (amps, amps, amps)
        for listener in self.on_change:
            listener(self)


class SmallBench:
    """Two outlets, two channels and a recorder on one timeline."""

    def __init__(self, directory: Path, start: datetime = START, watched: bool = True, **recorder) -> None:
        self.timeline, self.calendar = Timeline(), Calendar(start)
        self.outlets = [SmallOutlet(connector, self.timeline) for connector in (1, 2)]
        self.channels = {1: SmallChannel(), 2: SmallChannel()}
        self.directory = directory
        self.recorder = Recorder(directory, self.calendar, {"rig": "small", "seed": 1}, **recorder)
        if watched:
            self.recorder.watch(self, self, self.timeline)

    def channel(self, connector: int) -> SmallChannel:
        return self.channels[connector]

    def advance(self, until_s: float) -> None:
        self.timeline.advance(until_s)

    def frame(self, text: str, up: bool = True, lost: bool = False) -> None:
        self.recorder.frame(self.timeline.now, "CP1", up, text, lost)

    def close(self, state: str = "complete") -> None:
        self.recorder.close(self.timeline.now, state)


def frame(*parts) -> str:
    return json.dumps(parts)


def evening(directory: Path, **recorder) -> SmallBench:
    """Five hours; a profile holds a car on connector 1 at 10 A from 11:00 to 12:00, else it has 16 A."""
    bench = SmallBench(directory, **recorder)
    exchange = Exchange(bench)
    profile = {
        "chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "startSchedule": "2024-03-01T11:00:00Z", "duration": 3600, "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}],
        },
    }  # fmt: skip
    exchange.down(
        "SetChargingProfile", {"connectorId": 0, "csChargingProfiles": profile}, {"status": "Accepted"}
    )
    bench.advance(1800.0)
    bench.recorder.event(1800.0, 1, "plug-in", {"vehicle": "vw-id3-58", "soc": 0.5, "needed_wh": 25_000.0})
    bench.channels[1].become("Charging", "rated", 16.0)
    bench.outlets[0].draw(15.5)
    for quarter in range(3, 20):
        bench.advance(quarter * 900.0)
        if quarter in (4, 8):
            amps, name = (10.0, "profile") if quarter == 4 else (16.0, "rated")
            bench.channels[1].become("Charging", name, amps)
            bench.outlets[0].draw(amps - 0.5)
        exchange.up("MeterValues", exchange.clock_reading(), {})
    bench.advance(17_100.0)
    bench.recorder.event(17_100.0, 1, "unplug", {})
    bench.channels[1].become("Available")
    bench.outlets[0].draw(0.0, pilot="A", soc=NAN)
    bench.advance(18_000.0)
    return bench


class Exchange:
    """CALLs with their replies, numbered."""

    def __init__(self, bench: SmallBench) -> None:
        self._bench, self._number = bench, 0

    def up(self, action: str, payload: dict, reply: dict) -> None:
        self._number += 1
        self._bench.frame(frame(2, f"{self._number}", action, payload))
        self._bench.frame(frame(3, f"{self._number}", reply), up=False)

    def down(self, action: str, payload: dict, reply: dict) -> None:
        self._number += 1
        self._bench.frame(frame(2, f"c{self._number}", action, payload), up=False)
        self._bench.frame(frame(3, f"c{self._number}", reply))

    def clock_reading(self) -> dict:
        now = self._bench.timeline.now
        wh = self._bench.outlets[0].segment.energy_at(now)
        value = {
            "value": f"{wh:.0f}",
            "context": "Sample.Clock",
            "measurand": "Energy.Active.Import.Register",
        }
        reading = {"timestamp": self._bench.calendar.iso(now), "sampledValue": [value]}
        return {"connectorId": 1, "meterValue": [reading]}
