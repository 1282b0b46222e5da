"""One assembly for every use: world, device, link, back office and recorder, wired as the rig file says."""

import platform
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from models.timeline import Timeline
from models.world import World
from rigs.csms import BackOffice, Conversation, Tag
from rigs.recorder import Recorder
from rigs.rigfile import RigFile
from twin.charge_point import ChargePoint
from twin.clock import Calendar, StationClock
from twin.link import MemoryLink

PACKAGES = ("evc5-twin", "simpy", "numpy", "ocpp", "orjson")  # those that may change a recording


@dataclass(frozen=True, slots=True)
class Assembly:
    """Everything that takes part in one run, ready to move."""

    timeline: Timeline
    calendar: Calendar
    world: World
    station: ChargePoint
    link: MemoryLink
    csms: Conversation
    recorder: Recorder
    identity: str

    def event(self, event: str, connector: int | None = None, **detail: Any) -> None:
        """Note what happened around the frames, now."""
        self.recorder.event(self.timeline.now, connector, event, detail)


def assemble(rig: RigFile, directory: Path) -> Assembly:
    """Build what `rig` describes, recording into `directory`."""
    timeline = Timeline()
    calendar = Calendar(rig.start, rig.zone)
    station = rig.station
    world = rig.world(timeline)
    recorder = Recorder(directory, calendar, _header(rig))
    link = MemoryLink(timeline, station.latency_s, partial(_record, recorder, station.identity))
    conversation = Conversation(_back_office(rig, calendar), timeline, link.send_down)
    link.to_csms = conversation.receive
    link.on_csms_open, link.on_csms_close = conversation.opened, conversation.closed
    clock = StationClock(calendar, station.clock.offset_s, station.clock.drift_ppm)
    device = ChargePoint(
        timeline, world, link, clock, rig.behaviour, rig.configuration(), firmware=station.boot.firmware
    )
    device.agent.on_clock_set.append(
        lambda step_s: recorder.event(timeline.now, None, "clock-set", {"offset_s": step_s})
    )
    recorder.watch(world, device.controller, timeline)
    return Assembly(timeline, calendar, world, device, link, conversation, recorder, station.identity)


def _header(rig: RigFile) -> dict[str, Any]:
    """What the summary says of a run from its first moment on."""
    return {
        "rig": rig.name,
        "title": rig.title,
        "seed": rig.seed,
        "days": rig.days,
        "timezone": rig.timezone,
        "behaviour": rig.behaviour.name,
        "policies": dict(rig.behaviour.policies),
        "tolerances": dict(rig.checks.tolerances),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
    }


def _record(recorder: Recorder, identity: str, t_s: float, up: bool, text: str, lost: bool) -> None:
    recorder.frame(t_s, identity, up, text, lost)


def _back_office(rig: RigFile, calendar: Calendar) -> BackOffice:
    csms = rig.csms
    return BackOffice(
        calendar,
        tags={name.lower(): Tag(tag.status, tag.parent, tag.expires) for name, tag in csms.tags.items()},
        unknown_tags=csms.unknown_tags,
        heartbeat_interval_s=csms.heartbeat_interval_s,
        boot_interval_s=csms.boot_interval_s,
        boot_statuses=tuple(csms.boot_status),
    )
