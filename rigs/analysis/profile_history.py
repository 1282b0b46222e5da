"""What charging profiles were installed when, and what they allowed: replayed from the recorded frames."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.window import Window
from evc5.rigs.checks.reading.schemas import schema
from evc5.rigs.recording.reading import run_directory
from evc5.rigs.recording.reading.frames import Frame, frame_of, heads
from evc5.twin.charging.profile import CHARGE_POINT_MAX, ChargingProfile
from evc5.twin.charging.profiles import ActiveTransaction, Capacity, ProfileStore
from evc5.twin.charging.schedule import to_ms
from evc5.twin.ocpp.frames import Refusal

_PROFILE_ACTIONS = (
    "SetChargingProfile",
    "ClearChargingProfile",
    "RemoteStartTransaction",
    "StartTransaction",
    "StopTransaction",
)
UNLIMITED = Capacity(2**31, 2**31, 2**31)  # whether there was any, the station has said
Place = tuple[str, int, int]  # purpose, connector, stack level


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch in which one installed profile says one thing."""

    place: Place
    profile_id: int
    begin_s: float
    end_s: float
    limit: float
    unit: str


@dataclass(slots=True)
class ProfileHistory:
    """For one connector and one window: bands of each profile, and the least that all of them allow."""

    bands: list[Band] = field(default_factory=list)
    allowed_a: list[tuple[float, float, float | None]] = field(default_factory=list)  # from, to, A
    _last: dict[Place, int] = field(default_factory=dict)

    def add(self, band: Band) -> None:
        """Take a band in, as one with that before it in its place where both say the same."""
        index = self._last.get(band.place)
        if index is not None:
            last = self.bands[index]
            if last == replace(band, begin_s=last.begin_s, end_s=band.begin_s):
                self.bands[index] = replace(last, end_s=band.end_s)
                return
        self._last[band.place] = len(self.bands)
        self.bands.append(band)


def profile_history(run: Recorded, connector: int, window: Window) -> ProfileHistory:
    """Replay the run up to the window's end."""
    replay = _Replay(run, connector, window)
    for frame, payload, reply in _exchanges(run, window):
        replay.until(frame.t)
        replay.take(frame, payload, reply)
    replay.until(window.until_s)
    return replay.history


def _exchanges(run: Recorded, window: Window) -> Iterator[tuple[Frame, Mapping[str, Any], Mapping[str, Any]]]:
    """Each reply to one of our actions, with the payloads of its CALL and its own."""
    path = run_directory.messages(run.directory)
    calls: dict[str, Mapping[str, Any]] = {}
    for head, line in heads(path, until=run.wire(window.until_s), actions=_PROFILE_ACTIONS):
        if head.kind == "CALL":
            calls[head.id or ""] = frame_of(head, line).payload
        elif head.kind == "CALLRESULT" and head.id in calls:
            frame, payload = frame_of(head, line), calls.pop(head.id)
            asked, told = schema(head.action or "", False), schema(head.action or "", True)
            if asked and told and asked.valid(payload) and told.valid(frame.payload):
                yield frame, payload, frame.payload


class _Replay:
    """A profile store of our own that takes what the station accepted."""

    def __init__(self, run: Recorded, connector: int, window: Window) -> None:
        self.history = ProfileHistory()
        self._run = run
        self._connector = connector
        self._window = window
        self._start_epoch_s = run.start.timestamp()
        policies = run.summary.get("policies", {})
        self._applies_remote = policies.get("remote_start_profile") == "applied"
        self._store = ProfileStore(policies, max(connector, 2), UNLIMITED)
        self._began_epoch_s: dict[int, float] = {}  # by connector
        self._numbers: dict[int, int] = {}  # connector of each running transaction
        self._now_s = window.since_s

    def take(self, frame: Frame, payload: Mapping[str, Any], reply: Mapping[str, Any]) -> None:
        now_epoch_s = self._start_epoch_s + frame.t
        accepted = reply.get("status") == "Accepted"
        match frame.action:
            case "SetChargingProfile" if accepted:
                self._install(payload["connectorId"], payload["csChargingProfiles"], now_epoch_s)
            case "RemoteStartTransaction" if (
                accepted and self._applies_remote and "chargingProfile" in payload
            ):
                if self._applies_remote:
                    self._install(payload.get("connectorId", 1), payload["chargingProfile"], now_epoch_s)
            case "ClearChargingProfile" if accepted:
                self._store.clear(payload)
            case "StartTransaction":
                connector = payload["connectorId"]
                self._began_epoch_s[connector] = self._start_epoch_s + self._run.seconds(payload["timestamp"])
                self._numbers[reply["transactionId"]] = connector
            case "StopTransaction":
                ended = self._numbers.pop(payload["transactionId"], 0)
                self._began_epoch_s.pop(ended, None)
                self._store.transaction_ended(ended)

    def _install(self, connector: int, wire: Mapping[str, Any], epoch_s: float) -> None:
        running = ActiveTransaction(wire.get("transactionId"))
        try:
            self._store.install(connector, wire, transaction=running, epoch_s=epoch_s)
        except Refusal:
            return

    def until(self, t_s: float) -> None:
        """Note what stands from where we are up to `t_s`, as far as the window goes."""
        end_s = min(t_s, self._window.until_s)
        if end_s <= self._now_s:
            return
        began_epoch_s = self._began_epoch_s.get(self._connector)
        oldest_epoch_s = min(self._began_epoch_s.values(), default=None)
        for profile in self._store.installed:
            if profile.connector in (0, self._connector):
                start = oldest_epoch_s if profile.purpose == CHARGE_POINT_MAX else began_epoch_s
                self._note_bands(profile, self._now_s, end_s, start)
        self._note_allowed(self._now_s, end_s, began_epoch_s, oldest_epoch_s)
        self._now_s = end_s

    def _note_bands(
        self, profile: ChargingProfile, begin_s: float, end_s: float, began_epoch_s: float | None
    ) -> None:
        place = (profile.purpose, profile.connector, profile.stack_level)
        unit = profile.wire["chargingSchedule"]["chargingRateUnit"]
        while begin_s < end_s:
            began_ms = None if began_epoch_s is None else to_ms(began_epoch_s)
            cap, until_ms = profile.schedule.at(to_ms(self._start_epoch_s + begin_s), began_ms)
            last_s = min(end_s, until_ms / 1000 - self._start_epoch_s)
            if cap is not None:
                limit = cap.amps if cap.watts is None else cap.watts
                self.history.add(Band(place, profile.id, begin_s, last_s, limit, unit))
            begin_s = last_s

    def _note_allowed(
        self, begin_s: float, end_s: float, began_epoch_s: float | None, oldest_epoch_s: float | None
    ) -> None:
        while begin_s < end_s:
            now_epoch_s = self._start_epoch_s + begin_s
            limits = [
                self._store.limit(self._connector, now_epoch_s, began_epoch_s),
                self._store.station_limit(now_epoch_s, oldest_epoch_s),
            ]
            untils = [
                limit.until_epoch_s - self._start_epoch_s
                for limit in limits
                if limit.until_epoch_s is not None
            ]
            last_s = min([end_s, *untils])
            amps = [limit.amps for limit in limits if limit.amps is not None]
            self.history.allowed_a.append((begin_s, last_s, min(amps, default=None)))
            begin_s = last_s
