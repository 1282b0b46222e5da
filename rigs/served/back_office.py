"""A back office for real charge points: each one's conversation, its recording, and what happens on its line.

One thread owns it all and follows the wall clock; the sockets are another's (`evc5.rigs.served.sockets`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from evc5.models.timeline import Timeline
from evc5.rigs.bench.assembly import levels_of
from evc5.rigs.bench.csms import BackOffice, Conversation
from evc5.rigs.bench.network import back_office
from evc5.rigs.errors import BadInput, described
from evc5.rigs.printable import printable
from evc5.rigs.recording.writing.levels import EVERYTHING
from evc5.rigs.recording.writing.lock import Lock
from evc5.rigs.recording.writing.recorder import Recorder
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.rigfile.station import secrets_of
from evc5.rigs.served.limits import DEFAULTS, Limits
from evc5.rigs.served.listener import Address
from evc5.rigs.served.sockets import Ears, Line, Server
from evc5.twin.clock import Calendar
from evc5.twin.line.hub import Hub
from evc5.twin.line.pace import Paced
from evc5.twin.ocpp.rpc import NO_REPLY, REPLY_TIMEOUT_S, Reply

UNSAFE = '%<>:"/\\|?*'  # what some file system refuses, beside what is not printable; % escapes it
DEVICES = frozenset(  # what Windows takes for one, whatever ends it
    ("CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10)))
)
LONGEST_NAME = 80  # characters of a directory's name, of which each may take four bytes of 255; assumed


Tell = Callable[[str], None]


@dataclass(slots=True)
class Station:
    """One charge point as the back office knows it, on the line or not."""

    identity: str
    conversation: Conversation
    recorder: Recorder
    line: Line | None = None
    silent: bool = False  # the rig lets nothing pass
    met: bool = False  # has it ever dialled in?
    noted_s: float = 0.0  # when the last event was: they stand in order of time
    fault: str = ""  # of ours, or of its directory: it is served no further
    is_lost: bool = False  # can its recording be written no further?


# of a rig's header: what it says of its own charge point
OF_ITS_OWN = ("clock", "phases", "connectors", "phase_switching", "house", "behaviour", "policies", "keys")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is served: to whom, recorded where, and what a rig file says of the business side."""

    directory: Path
    rig: RigFile | None = None
    keys: Mapping[str, str] = field(default_factory=dict)  # by identity; empty: whoever comes
    header: Mapping[str, Any] = field(default_factory=dict)

    def header_of(self, identity: str) -> Mapping[str, Any]:
        """What is known of a charge point before it speaks; a rig tells of its own alone."""
        if self.rig is None or identity == self.rig.station.identity:
            return self.header
        return {name: value for name, value in self.header.items() if name not in OF_ITS_OWN}

    def directory_of(self, identity: str, others: Iterable[str] = ()) -> Path:
        """One charge point's own run directory; the whole where only one is expected."""
        if len(self.keys) == 1:
            return self.directory
        return self.directory / file_name(identity, others)


class Service:
    """Serves from the moment it is made until `close`; `run` moves its time."""

    def __init__(
        self, plan: Plan, address: Address, tell: Tell, limits: Limits = DEFAULTS, factor: float = 1.0
    ) -> None:
        self.plan = plan
        self._teller = tell
        self._limits = limits
        self.faults = 0  # of ours
        self.timeline = Timeline()
        self.hub = Hub()
        self._secrets = [*plan.keys.values(), *(secrets_of(plan.rig, plan.rig.behaviour) if plan.rig else ())]
        self.calendar = Calendar(datetime.now(UTC), plan.rig.zone if plan.rig is not None else None)
        self.stations: dict[str, Station] = {}
        self.on_first: list[Callable[[Station], None]] = []  # when a charge point dials in for the first time
        self.refusing = False  # the rig lets nobody in
        self._numbers = count(1)
        self.factor = factor
        self.pace = Paced(self.timeline, self.hub, factor)
        self.pace.every_second.append(self._flush)
        ears = Ears(self._opened, self._heard, self._closed, self._refused, self._slowed, self._failed)
        self.server = Server(address, plan.keys, self.hub, ears, limits)
        try:
            self._lock = Lock(plan.directory)
        except BadInput:
            self.server.close()
            raise

    def run(self, seconds: float) -> None:
        """Serve for so long, of the wall clock; a fault of ours is told, and nobody else is hung up on."""
        until_s = self.timeline.now + seconds
        while self.timeline.now < until_s:
            try:
                self.pace.advance(until_s)
            except Exception as error:
                self.faults += 1
                self._tell(f"a fault of ours, the others are served on: {described(error)}")

    def close(self, state: str = "complete") -> list[Path]:
        """Hang up on everybody and end the recordings; their directories."""
        self.server.close()
        self.hub.handle()
        for station in self.stations.values():
            station.recorder.summary["lateness"] = self.pace.lateness.summary()
            self._guarded(station, partial(station.recorder.close, self.timeline.now, state))
        self._end()
        return [station.recorder.directory for station in self.stations.values() if not station.is_lost]

    def _tell(self, text: str) -> None:
        self._teller(printable(text))

    def _end(self) -> None:
        self.hub.close()
        self._lock.release()
        with suppress(OSError):  # something was recorded there
            self.plan.directory.rmdir()

    def event(self, station: Station, event: str, connector: int | None = None, **detail: Any) -> None:
        """Note what happened around one charge point's frames: now, or what `took_s` when that began.

        What a device does shows while it does it: a charge point may tell of it before the device is done.
        """
        began_s = self.timeline.now - detail.get("took_s", 0.0) * self.factor
        station.noted_s = max(began_s, station.noted_s)
        station.recorder.event(station.noted_s, connector, event, detail)

    def ask(self, station: Station, action: str, payload: Mapping[str, Any]) -> Reply:
        """Ask a charge point, from another thread than that which serves; empty where no answer comes."""
        reply: Future[Reply] = Future()

        def send() -> None:
            try:
                station.conversation.call(action, dict(payload), reply.set_result)
            except Exception as error:  # a payload that is no JSON: whoever asked is told
                reply.set_exception(error)

        self.hub.post(send)
        try:
            return reply.result(REPLY_TIMEOUT_S + 1.0)
        except NotInTime:
            return NO_REPLY

    # --- what the rig does to the network ---

    def down(self, station: Station) -> None:
        """Hang up, and let nobody in until `up`."""
        self.refusing = True
        self.event(station, "link-down", kind="down")
        if station.line is not None:
            station.line.close()

    def silent(self, station: Station) -> None:
        """Keep the socket, and let nothing pass until `up`."""
        station.silent = True
        self.event(station, "link-down", kind="silent")

    def up(self, station: Station) -> None:
        self.refusing = station.silent = False
        self.event(station, "link-up")

    # --- what the server tells ---

    def _opened(self, line: Line) -> None:
        if self.refusing:
            line.close()
            return
        try:
            station = self.stations.get(line.identity) or self._new(line.identity)
            if station.fault:
                raise BadInput(station.fault)
        except (BadInput, OSError) as error:  # its directory cannot be written: others go on
            line.close()
            self._tell(f"{shown(line.identity)} is not served: {error}")
            return
        self._guarded(station, partial(self._join, station, line))

    def _join(self, station: Station, line: Line) -> None:
        if station.line is not None:  # it has dialled in anew before we knew that its old socket is dead
            station.line.close()
            station.conversation.closed()
        station.line = line
        station.conversation.opened()
        self.event(station, "link-up", kind="dialled in")
        self._tell(f"{shown(line.identity)} has dialled in")
        if not station.met:
            station.met = True
            for listener in self.on_first:
                listener(station)

    def _heard(self, line: Line, text: str) -> None:
        station = self.stations.get(line.identity)
        if station is None or station.line is not line:
            return
        self._guarded(station, partial(self._take, station, text))

    def _take(self, station: Station, text: str) -> None:
        self._record(station, True, text)
        if not station.silent:
            station.conversation.receive(text)

    def _closed(self, line: Line, why: str) -> None:
        station = self.stations.get(line.identity)
        if station is None or station.line is not line:
            return
        self._guarded(station, partial(self._part, station, why))

    def _part(self, station: Station, why: str) -> None:
        station.line = None
        station.conversation.closed()
        if not self.refusing:
            self.event(station, "link-down", kind="hung up", reason=why)
        station.recorder.flush()
        self._tell(f"{shown(station.identity)} has hung up ({station.recorder.redactor.text(why)})")

    def _slowed(self, line: Line, why: str) -> None:
        station = self.stations.get(line.identity)
        if station is not None and station.line is line:
            self._guarded(station, partial(self.event, station, "operator", slowed=why))
            self._tell(f"{shown(line.identity)} sends {why}, and is read more slowly")

    def _refused(self, identity: str, why: str) -> None:
        self._tell(f"{shown(identity) or 'someone without an identity'} is refused: {why}")

    # --- what goes wrong ---

    def _failed(self, identity: str, error: Exception) -> None:
        """A fault of ours in the sockets' thread: that connection has ended, the others go on."""
        self.faults += 1
        if (station := self.stations.get(identity)) is not None and not station.fault:
            reason = described(error)
            self._guarded(station, lambda: self.event(station, "link-down", kind="fault", reason=reason))
        self._tell(f"{shown(identity)} is hung up on, a fault of ours: {described(error)}")

    def _guarded(self, station: Station, work: Callable[[], None]) -> None:
        """Do something for one charge point: what goes wrong ends its conversation, and nobody else's."""
        try:
            work()
        except Exception as error:
            self._give_up(station, error)

    def _give_up(self, station: Station, error: Exception) -> None:
        """Hang up on a charge point for good: not its fault, and so told and recorded."""
        if station.fault:
            return
        station.is_lost = isinstance(error, OSError)
        station.fault = described(error)
        self.faults += not station.is_lost
        line = station.line
        station.line = None
        if line is not None:
            line.close()
        with suppress(Exception):
            station.conversation.closed()
            self.event(station, "link-down", kind="fault", reason=station.fault)
        self._tell(f"{shown(station.identity)} is served no further: {station.fault}")

    def _flush(self) -> None:
        """Let a kill -9 lose a second at most."""
        for station in self.stations.values():
            if not station.fault:
                self._guarded(station, station.recorder.flush)

    # --- one charge point ---

    def _new(self, identity: str) -> Station:
        if len(self.stations) >= self._limits.identities:
            raise BadInput(f"{len(self.stations)} different charge points are recorded already")
        header = {"station": identity, **self.plan.header_of(identity)}
        directory = self.plan.directory_of(identity, self.stations)
        recorder = Recorder(
            directory,
            self.calendar,
            header,
            own_station=False,
            keeper=self._lock,
            secrets=self._secrets,
            levels=levels_of(self.plan.rig) if self.plan.rig else EVERYTHING,
        )
        conversation = Conversation(self._office(), self.timeline, lambda text: self._send(station, text))
        conversation.wait_at_most(REPLY_TIMEOUT_S * self.factor)
        station = self.stations[identity] = Station(identity, conversation, recorder)
        return station

    def _office(self) -> BackOffice:
        office = back_office(self.plan.rig, self.calendar) if self.plan.rig else BackOffice(self.calendar)
        office.transactions = self._shared_numbers()
        return office

    def _shared_numbers(self) -> Iterator[int]:
        return self._numbers

    def _send(self, station: Station, text: str) -> None:
        self._record(station, False, text)
        if station.line is not None and not station.silent:
            station.line.send(text)

    def _record(self, station: Station, up: bool, text: str) -> None:
        lost = station.silent or station.line is None
        station.recorder.frame(self.timeline.now, station.identity, up, text, lost)


def shown(identity: str) -> str:
    """An identity as a terminal may show it."""
    return identity if identity.isprintable() else repr(identity)


def file_name(identity: str, others: Iterable[str] = ()) -> str:
    """A directory's name that tells of one identity alone, on any file system.

    `others` are served already: one that differs in case only shares no directory where case does not count.
    """
    if any(other != identity and other.casefold() == identity.casefold() for other in others):
        return f"{file_name(identity)[:LONGEST_NAME]}%{_digest(identity)}"
    chars = (char if char.isprintable() and char not in UNSAFE else _escaped(char) for char in identity)
    name = "".join(chars)
    if len(name) > LONGEST_NAME:
        name = f"{name[:LONGEST_NAME]}%{_digest(identity)}"
    if name.partition(".")[0].rstrip(" ").upper() in DEVICES or not name:
        name = f"%{name}"
    return f"{name[:-1]}{_escaped(name[-1])}" if name[-1] in ". " else name


def _digest(identity: str) -> str:
    return sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _escaped(char: str) -> str:
    return "".join(f"%{byte:02x}" for byte in char.encode("utf-8", "surrogatepass"))
