"""One assembly for every use: world, device, link, back office and recorder, wired as the rig file says."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import evc5
from evc5.models.timeline import Timeline
from evc5.models.world import World
from evc5.rigs import user_files
from evc5.rigs.bench.csms import Conversation
from evc5.rigs.bench.network import Embedded, Joined, NearEnd, Network
from evc5.rigs.errors import BadInput, NotAvailable
from evc5.rigs.recording.writing.levels import Levels
from evc5.rigs.recording.writing.recorder import Recorder
from evc5.rigs.rigfile.station import secrets_of
from evc5.rigs.secrets import is_secret, passwords
from evc5.rigs.stretches.stretch import Stretches
from evc5.twin.charge_point import ChargePoint
from evc5.twin.clock import Calendar, StationClock
from evc5.twin.line.hub import Hub
from evc5.twin.line.link import FaultyLink, MemoryLink
from evc5.twin.line.pace import Pace, Paced
from evc5.twin.ocpp.memory import Memory
from evc5.twin.services.files import Files, SimulatedFiles

if TYPE_CHECKING:
    from evc5.rigs.rigfile.file import RigFile

PACKAGES = ("simpy", "numpy", "ocpp", "orjson")  # those that may change a recording


class Assembly(NamedTuple):
    """Everything that takes part in one run, ready to move."""

    timeline: Timeline
    calendar: Calendar
    world: World
    station: ChargePoint
    link: FaultyLink
    csms: Conversation | None  # the embedded back office; None where it is not ours
    pace: Pace
    hub: Hub | None
    recorder: Recorder
    identity: str

    @property
    def conversation(self) -> Conversation:
        """The embedded back office's side; NotAvailable where the back office is somebody else's."""
        if self.csms is None:
            raise NotAvailable("the back office is not ours: it asks and answers as it likes")
        return self.csms

    def event(self, event: str, connector: int | None = None, **detail: Any) -> None:
        """Note what happened around the frames, now."""
        self.recorder.event(self.timeline.now, connector, event, detail)

    def close(self, state: str) -> None:
        """Hang up, and end the recording in `state`."""
        self.link.close()
        if self.hub is not None:
            self.hub.close()
        if isinstance(self.pace, Paced):
            self.recorder.summary["lateness"] = self.pace.lateness.summary()
        self.recorder.close(self.timeline.now, state)


def assemble(
    rig: RigFile, directory: Path, network: Network | None = None, keeper: object = None
) -> Assembly:
    """Build what `rig` describes, recording into `directory`; without a network, all in memory.

    `keeper` keeps others out of the directory already: its lock, or that nobody knows it.
    """
    network = network or Embedded()
    timeline = Timeline()
    calendar = Calendar(rig.start, rig.zone)
    station = rig.station
    servers = files(rig)  # what is refused is refused before anything is written
    kept, damaged = memory(rig)
    counted_uwh = kept.recall("registers", ())
    world = rig.world(timeline, [[uwh / 1e6 for uwh in one] for one in counted_uwh])
    kept.meters = lambda: [list(outlet.counted_uwh()) for outlet in world.outlets]
    configuration = rig.configuration()
    # With a calendar of its own: both remember the minute that they wrote last.
    about = header(rig) | network.describe() | ({} if kept.is_new else {"continues": True})
    about |= {"memory": damaged} if damaged else {}
    recorder = Recorder(
        directory,
        Calendar(rig.start, rig.zone),
        about,
        keeper=keeper,
        secrets=[*secrets_of(rig, rig.behaviour), *_remembered(kept), *network.secrets()],
        levels=levels_of(rig),
    )

    def record(t_s: float, up: bool, text: str, lost: bool) -> None:
        recorder.frame(t_s, station.identity, up, text, lost)

    near = NearEnd(
        rig,
        timeline,
        calendar,
        configuration,
        record,
        lambda event, detail: recorder.event(timeline.now, None, event, detail),
        recorder.redactor.own,
    )
    joined = network.join(near)
    clock = StationClock(calendar, station.clock.offset_s, station.clock.drift_ppm)
    device = ChargePoint(
        timeline,
        world,
        joined.link,
        clock,
        rig.behaviour,
        configuration,
        kept,
        firmware=station.boot.firmware,
        queue_limit=station.queue_limit,
        files=servers,
    )
    if joined.csms is not None:
        joined.csms.office.transactions = count(kept.last_id + 1)
    for channel in device.controller.channels:
        channel.switch.interrupt_s = station.phase_switch_interrupt_s
    device.agent.on_clock_set.append(
        lambda step_s: recorder.event(timeline.now, None, "clock-set", {"offset_s": step_s})
    )
    device.agent.on_clock_refused.append(
        lambda text: recorder.event(timeline.now, None, "clock-refused", {"currentTime": text[:60]})
    )
    device.agent.on_fault.append(lambda error: recorder.fault(timeline.now, error))
    device.restart.on_end.append(lambda kind: recorder.event(timeline.now, None, "reset", {"type": kind}))
    device.outputs.on_switch.append(
        lambda number, name, on: recorder.event(
            timeline.now, None, "output", {"output": number, "name": name, "on": on}
        )
    )
    device.agent.foreign_time = recorder.summary["foreign_time"] = joined.foreign_time
    device.agent.clock_step_s = recorder.summary["clock_step_s"] = joined.clock_step_s
    device.agent.on_foreign_time.append(
        lambda ahead_s: recorder.summary.setdefault("csms_clock_ahead_s", round(ahead_s, 3))
    )
    if damaged is not None:
        recorder.event(0.0, None, "operator", damaged)
    recorder.watch(world, device.controller, timeline)
    if rig.recording.stretches and joined.pace is timeline:
        _leap(timeline, device, joined, recorder, calendar, station.identity)
    if isinstance(joined.pace, Paced):
        joined.pace.every_second.append(recorder.flush)
    return Assembly(
        timeline, calendar, world, device, joined.link, joined.csms, joined.pace, joined.hub, recorder,
        station.identity,
    )  # fmt: skip


def _leap(
    timeline: Timeline,
    device: ChargePoint,
    joined: Joined,
    recorder: Recorder,
    calendar: Calendar,
    identity: str,
) -> None:
    """Render quiet stretches, where the whole conversation is ours and in memory."""
    if joined.csms is not None and isinstance(joined.link, MemoryLink):
        timeline.leap = Stretches(device, joined.link, joined.csms.office, recorder, calendar, identity).leap


def memory(rig: RigFile) -> tuple[Memory, dict[str, str] | None]:
    """The station's memory: in its file, where the rig names one, else for this run.

    A damaged file is put aside and a fresh one begun: what is then to be told of it.
    """
    if rig.station.memory is None:
        return Memory(), None
    from evc5.twin.ocpp.store import Damaged, SqliteStore, put_aside  # of SQLite, which few runs need

    path = rig.folder / rig.station.memory
    try:
        return Memory(SqliteStore(path)), None
    except Damaged as damage:
        aside = put_aside(path)
        return Memory(SqliteStore(path)), {"damage": str(damage), "kept": aside.name}
    except ValueError as error:
        raise BadInput(f"{rig.where}station.memory: {error}") from None
    except OSError as error:
        raise BadInput(f"{rig.where}station.memory: {path}: {error.strerror}") from None


def _remembered(kept: Memory) -> Iterator[str]:
    """The credentials that a back office has set in an earlier life of the station."""
    for key, value in kept.recall("configuration", {}).items():
        yield from passwords(key, value)


def levels_of(rig: RigFile) -> Levels:
    """What of the rig's run is written down."""
    return Levels(rig.recording.messages, rig.recording.telemetry)


def files(rig: RigFile) -> Files:
    """The servers that firmware comes from and diagnostics go to."""
    if rig.station.transfers == "network":
        from evc5.twin.services.network_files import NetworkFiles  # HTTP and FTP, of use to few

        return NetworkFiles()
    try:
        held = {url: user_files.content(rig.folder / path) for url, path in rig.station.files.items()}
    except OSError as error:
        raise BadInput(f"{rig.where}station.files: {error.filename}: {error.strerror}") from None
    return SimulatedFiles(held)


def header(rig: RigFile) -> dict[str, Any]:
    """What the summary says of a run from its first moment on."""
    return {
        "rig": rig.name,
        "title": rig.title,
        "seed": rig.seed,
        "days": rig.days,
        "timezone": rig.timezone,
        "clock": rig.station.clock.model_dump(),
        "phases": rig.station.phases,
        "connectors": rig.station.connectors,
        "phase_switching": rig.station.phase_switching,
        "house": _house(rig),
        "behaviour": rig.behaviour.name,
        "policies": dict(rig.behaviour.policies),
        "keys": {key: value for key, value in rig.station.keys.items() if not _is_private(key)},
        "tolerances": dict(rig.checks.tolerances),
        "versions": dict(_versions()),
    }


def served_header(rig: RigFile) -> dict[str, Any]:
    """The same of one that a real charge point plays: its boot tells the firmware, if not the rig."""
    told = header(rig)
    if "behaviour" not in rig.station.model_fields_set:
        del told["behaviour"]
        told["policies"] = dict(rig.station.policies)
    return told


def _house(rig: RigFile) -> dict[str, Any]:
    """The load beside the charge point, by the hour of the run's first day on; no rows: there is none."""
    rows = [[hour, list(amps)] for hour, amps in rig.grid.house]
    return {"rows": rows, "voltage_v": list(rig.grid.voltage_v)}


PUBLIC = ("com_options", "com_authoptions")  # flags, by which cards and boots are judged


def _is_private(key: str) -> bool:
    """May it hold credentials: of the back office, or of a network?"""
    name = key.lower()
    if name in PUBLIC:
        return False
    return is_secret(name) or name.startswith(("com_", "gsm_", "eth_"))


@cache
def _versions() -> Mapping[str, str]:
    ours = {"python": platform.python_version(), "evc5-twin": evc5.__version__}
    return ours | {name: _version(name) for name in PACKAGES}


def _version(name: str) -> str:
    """As a loaded package tells it; to read what was installed takes half a millisecond of each."""
    told = getattr(sys.modules.get(name), "__version__", None)
    return told if isinstance(told, str) else version(name)
