"""What a run's charge point dials into, and how time moves with it: in memory, or over a socket."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from evc5.models.timeline import Timeline
from evc5.rigs import user_files
from evc5.rigs.bench import asked
from evc5.rigs.bench.csms import BackOffice, Conversation, Tag
from evc5.rigs.errors import BadInput
from evc5.rigs.rigfile.station import endpoint_of
from evc5.rigs.secrets import passwords
from evc5.twin.clock import Calendar
from evc5.twin.line.endpoint import Endpoint, place, without_password
from evc5.twin.line.hub import Hub
from evc5.twin.line.incoming import NoConnection
from evc5.twin.line.link import FaultyLink, MemoryLink, Record
from evc5.twin.line.pace import SLOWEST, Lockstep, Pace, Paced
from evc5.twin.line.wire import Notice, WireLink
from evc5.twin.ocpp.agent import CLOCK_STEP_S, REAL_CLOCK_STEP_S
from evc5.twin.sheet import vendor
from evc5.twin.sheet.configuration import Configuration

if TYPE_CHECKING:
    from evc5.rigs.rigfile.file import RigFile
    from evc5.twin.line.websocket import Socket

LOCKSTEP = "lockstep"  # as fast as the other end answers
SAME_TIME_S = 60.0  # a back office whose clock is no further off lives in the time of the run; assumed


class NearEnd(NamedTuple):
    """What a network is joined to: the charge point's side of the line, and who is told what passes."""

    rig: RigFile
    timeline: Timeline
    calendar: Calendar
    configuration: Configuration
    record: Record
    notice: Notice
    cleaned: Callable[[str], str] = str  # what the charge point says, as it is recorded


class Joined(NamedTuple):
    """One charge point's way to its back office."""

    link: FaultyLink
    csms: Conversation | None  # the embedded back office; None where it is somebody else's
    pace: Pace
    hub: Hub | None = None
    foreign_time: bool = False  # does the back office live in another time than the run?
    clock_step_s: float = CLOCK_STEP_S  # from which difference to its time on the station follows it


class Network(Protocol):
    """Where charge points dial in."""

    def describe(self) -> dict[str, object]:
        """What the summary says of it, from the run's first moment on."""
        ...

    def secrets(self) -> Iterable[str]:
        """Credentials that it dials in with."""
        ...

    def join(self, near: NearEnd) -> Joined: ...

    def concluded(self) -> dict[str, object]:
        """What the summary says of it beside, at the run's end."""
        ...


class Embedded:
    """The rig's own back office, in memory; with a factor, time follows the wall clock."""

    def __init__(self, factor: float | None = None) -> None:
        self._factor = factor

    def describe(self) -> dict[str, object]:
        return {"csms": "embedded", "pace": self._factor or "max"}

    def secrets(self) -> Iterable[str]:
        return ()

    def join(self, near: NearEnd) -> Joined:
        rig = near.rig
        timeline = near.timeline
        link = MemoryLink(timeline, rig.station.latency_s, near.record)
        conversation = Conversation(back_office(rig, near.calendar), timeline, link.send_down)
        link.to_csms = conversation.receive
        link.on_csms_open = conversation.opened
        link.on_csms_close = conversation.closed
        if self._factor is None:
            return Joined(link, conversation, timeline)
        hub = Hub()
        return Joined(link, conversation, Paced(timeline, hub, self._factor), hub)

    def concluded(self) -> dict[str, object]:
        return {}


class Remote:
    """A real back office over a WebSocket: in lockstep, or paced at a factor of the wall clock.

    The charge point dials in at once, before anything is written: BadInput says why it cannot. One that
    `waits` stands in the world without having dialled; `dial` is then called before it is switched on.
    """

    def __init__(
        self,
        rig: RigFile,
        url: str,
        pace: float | str = LOCKSTEP,
        ca_file: Path | None = None,
        *,
        waits: bool = False,
    ) -> None:
        self._configuration = rig.configuration()
        self._factor = factor_of(pace)
        self.endpoint = endpoint_of(url, rig.station.identity, "csms", self._key, ca_file)
        self._link: WireLink | None = None
        self._opened = None if waits else self._open(ca_file)
        self.hub = Hub()

    def _open(self, ca_file: Path | None = None) -> Socket:
        from evc5.twin.line.websocket import open_socket  # whoever stays in memory need not wait for it

        try:
            if ca_file is not None:
                user_files.check(ca_file)
            return open_socket(self.endpoint)
        except NoConnection as failure:
            raise BadInput(f"csms {failure}") from None
        except OSError as error:  # the CA file
            raise BadInput(f"csms {ca_file}: {error.strerror or error}") from None

    def dial(self) -> None:
        """Dial in, so that the station starts on the line; BadInput where nobody is there."""
        assert self._link is not None
        self._link.dialled(self._open())

    def describe(self) -> dict[str, object]:
        return {"csms": self.endpoint.shown, "pace": self._factor or LOCKSTEP}

    def secrets(self) -> Iterable[str]:
        return passwords("", self.endpoint.url)

    def join(self, near: NearEnd) -> Joined:
        self._configuration = configuration = near.configuration
        timeline = near.timeline
        lockstep = self._factor is None
        link = WireLink(
            timeline,
            self.hub,
            self.endpoint,
            near.record,
            near.notice,
            latency_s=near.rig.station.latency_s if lockstep else None,
            ping_interval_s=lambda: configuration.integer("WebsocketPingInterval"),
            opened=self._opened,
        )
        self._link = link
        configuration.assign("com_Endpoint", f"{self.endpoint.shown.rstrip('/')}/#OSN#")
        configuration.on_change.append(lambda key: self._configured(key, link))
        if self._factor is None:
            return Joined(link, None, Lockstep(timeline, self.hub, [link]), self.hub, foreign_time=True)
        pace = Paced(timeline, self.hub, self._factor)
        real_time = self._factor == 1.0 and abs(time.time() - near.calendar.epoch(0.0)) <= SAME_TIME_S
        step_s = REAL_CLOCK_STEP_S if real_time else CLOCK_STEP_S
        return Joined(link, None, pace, self.hub, foreign_time=not real_time, clock_step_s=step_s)

    def concluded(self) -> dict[str, object]:
        return {}

    def _configured(self, key: str, link: WireLink) -> None:
        if key.lower() == "websocketpinginterval":
            link.schedule_ping()
        elif key == "AuthorizationKey":
            self.endpoint = replace(self.endpoint, url=without_password(self.endpoint.url))
            link.endpoint = self._endpoint()
        elif key in ("com_Endpoint", "com_OCPCID", "com_Options"):
            link.endpoint = self._endpoint()

    def _endpoint(self) -> Endpoint:
        """Where com_Endpoint sends the station; the URL of the run, as long as it still means that one, and
        where it was going before, if nothing can dial this one.
        """
        configuration = self._configuration
        first = self.endpoint
        serial = configuration.options("com_OCPCInfo").get("CpSn", "")
        text, identity = configuration.text("com_Endpoint"), configuration.text("com_OCPCID")
        url, who = place(text, identity, serial, vendor.uses_tls(configuration))
        if url.rstrip("/") == first.shown.rstrip("/"):
            url = first.url  # with its credentials
        try:
            return replace(first, url=url, identity=who)
        except ValueError:  # a behaviour of the user's may let com_Endpoint be anything
            return first

    def _key(self) -> str:
        return self._configuration.text("AuthorizationKey")


def network_of(rig: RigFile, csms: str | None, pace: float | str, ca_file: str | Path | None) -> Network:
    """The network that a run's options, or else the rig file, ask for."""
    url = csms or rig.csms.url
    if url is None:
        return Embedded(factor_of(pace))
    if ca_file is None and rig.csms.ca_file is not None:
        ca_file = rig.folder / rig.csms.ca_file
    return Remote(rig, url, pace, Path(ca_file) if ca_file is not None else None)


def factor_of(pace: float | str) -> float | None:
    """The factor of a pace; None for lockstep."""
    if isinstance(pace, str) and pace in (LOCKSTEP, "max"):
        return None
    if isinstance(pace, str) or not asked.is_number(pace) or pace < SLOWEST:
        raise BadInput(f"pace must be lockstep or a factor > 0, of {SLOWEST:g} at least, got {pace!r}")
    return float(pace)


def back_office(rig: RigFile, calendar: Calendar) -> BackOffice:
    """The business side as the rig describes it."""
    csms = rig.csms
    return BackOffice(
        calendar,
        tags={name.lower(): Tag(tag.status, tag.parent, tag.expires) for name, tag in csms.tags.items()},
        unknown_tags=csms.unknown_tags,
        heartbeat_interval_s=csms.heartbeat_interval_s,
        asks_keys=csms.asks_keys,
        boot_interval_s=csms.boot_interval_s,
        boot_statuses=tuple(csms.boot_status),
    )
