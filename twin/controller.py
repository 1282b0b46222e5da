"""The charge controller: mode 3 per connector, the station's arbitration, and the status that follows.

It knows nothing of OCPP messages: whoever drives it permits and withdraws energy, and listens.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from models.outlet import Outlet
from models.timeline import CONTROL, Alarm, Timeline
from models.world import World
from twin.faults import FaultRow, loudest
from twin.limits import Grant, Request, arbitrate
from twin.status import AVAILABLE, Facts, status_of, steps

PWM_PERIOD_S = 5.0  # the duty may change at most this often; IEC 61851-1 as quoted by EVerest's Charger.hpp
CLOSE_S = 0.5  # state C to contactor closed; assumed, IEC 61851-1 sequence 4 allows 3 s
OPEN_S = 0.05  # state B to contactor open; assumed, IEC 61851-1 sequence 8.1 allows 0.1 s
STUBBORN_S = 6.0  # PWM off and the car still in C: open under load, IEC 61851-1 sequence 10.2
ANSWER_S = 10.0  # how long a car may take to answer the first offer before it counts as suspended; assumed
NO_GRANT = Grant(0.0, "none")

Limits = Callable[[int], Mapping[str, float]]  # connector -> its limits by name, A per phase


class Channel:
    """One connector as the controller runs it: cable, permission, offer, contactor."""

    def __init__(self, controller: "Controller", outlet: Outlet) -> None:
        self._controller, self.outlet, self.connector = controller, outlet, outlet.connector
        self._timeline = controller.timeline
        self.facts = Facts()
        self.status = AVAILABLE
        self.error_code = "NoError"
        self.info = ""
        self.grant = NO_GRANT
        self.phases_wanted = 3
        self._pwm_free_s = 0.0  # when the duty may change again
        self._pwm = Alarm(self._timeline, self._drive_pilot, CONTROL)
        self._contactor = Alarm(self._timeline, self._drive_contactor, CONTROL)
        self._answer = Alarm(self._timeline, self._answer_over, CONTROL)
        self._plugged = False
        self._awake = True
        self._faults: list[str] = []  # in the order they came
        self.on_plug: list[Callable[[], None]] = []
        self.on_unplug: list[Callable[[], None]] = []
        self.on_status: list[Callable[[str], None]] = []
        self.on_change: list[Callable[[Channel], None]] = []
        outlet.on_pilot.append(self._pilot_changed)

    # --- what telemetry shows ---

    @property
    def allocated_a(self) -> tuple[float, float, float]:
        """What arbitration grants on each phase, before the pilot has followed."""
        amps, phases = self.grant.amps, self.phases_wanted
        return (amps, amps if phases > 1 else 0.0, amps if phases > 2 else 0.0)

    @property
    def limited_by(self) -> str:
        return self.grant.limited_by if self.permitted else "none"

    @property
    def permitted(self) -> bool:
        """May energy flow, as far as authorisation goes?"""
        return self.facts.transaction and self._energy

    _energy = True

    # --- what the agent or a user of the bare controller does ---

    def authorise(self, waiting: bool) -> None:
        """An idTag is accepted and waits for its cable (or waits no more)."""
        self._update(authorised=waiting, finishing=self.facts.finishing and not waiting)

    def start(self) -> None:
        """A transaction begins: energy is permitted, the pilot offers."""
        self._energy = True
        self._answer.set(self._timeline.now + ANSWER_S)
        self.facts = replace(self.facts, transaction=True, authorised=False, finishing=False, starting=True)
        self._controller.arbitrate()

    def withhold(self) -> None:
        """The transaction goes on without energy (an idTag refused after the start)."""
        self._energy = False
        self._controller.arbitrate()

    def stop(self) -> None:
        """The transaction is over, the offer withdrawn; with the cable in, the connector is finishing."""
        self._answer.clear()
        self.facts = replace(self.facts, transaction=False, starting=False, finishing=self._plugged)
        self._controller.arbitrate()

    def give_up(self) -> None:
        """Nobody authorised in time: with its cable in the connector is finishing (B6), else available."""
        self._update(authorised=False, finishing=self._plugged)

    def set_operative(self, operative: bool) -> None:
        self._update(operative=operative)

    def inject(self, fault: str) -> None:
        """A fault sets in; `twin.faults` says what the device makes of it."""
        if fault not in self._faults:
            self._faults.append(fault)
            self._faults_changed()

    def clear(self, fault: str) -> None:
        """The fault is gone; nothing happens where it was not there."""
        if fault in self._faults:
            self._faults.remove(fault)
            self._faults_changed()

    def _faults_changed(self) -> None:
        row = loudest(self._faults) or FaultRow("NoError", faulted=False)
        before, told = self.status, (self.error_code, self.info)
        self.error_code, self.info = row.error_code, row.info
        self.facts = replace(self.facts, faulted=row.faulted)
        self._controller.arbitrate()
        if before == self.status and told != (self.error_code, self.info):
            self._announce(self.status)

    def die(self) -> None:
        """The firmware stops: pilot and contactor fall, nothing is waited for."""
        for alarm in (self._pwm, self._contactor, self._answer):
            alarm.clear()
        self._awake = False
        self.grant = NO_GRANT
        self.outlet.set_pwm(None)
        self.outlet.set_contactor(0)

    def wake(self) -> None:
        """The firmware starts: look at the cable afresh; a transaction the memory still holds is running."""
        self._awake = True
        self._plugged = self.outlet.pilot != "A"
        self.facts = Facts(plugged=self._plugged, operative=self.facts.operative, faulted=self.facts.faulted)
        self.status = status_of(self.facts)

    @property
    def plugged(self) -> bool:
        return self._plugged

    # --- mode 3 ---

    def _pilot_changed(self, outlet: Outlet) -> None:
        if not self._awake:
            return
        plugged = outlet.pilot != "A"
        now = self._timeline.now
        if outlet.pilot in "CD":
            if outlet.offered_a > 0:
                self._contactor.set(now + CLOSE_S)
        elif outlet.phases:
            self._contactor.set(now + OPEN_S)
        else:
            self._contactor.clear()
        if plugged != self._plugged:
            self._plugged = plugged
            self.facts = replace(self.facts, plugged=plugged, finishing=self.facts.finishing and plugged)
            if not self.facts.transaction:  # else what becomes of it decides the status
                self._update()
            for listener in self.on_plug if plugged else self.on_unplug:
                listener()
            self._controller.arbitrate()
        self._refresh()

    def _drive_contactor(self) -> None:
        """Close where the car asks and we offer, open everywhere else."""
        outlet = self.outlet
        wanted = self.phases_wanted if outlet.pilot in "CD" and outlet.offered_a > 0 else 0
        if wanted != outlet.phases:
            outlet.set_contactor(wanted)
        self._refresh()

    def follow(self, grant: Grant) -> None:
        """Take over what arbitration grants; the pilot follows as soon as its 5 s rule allows."""
        changed = grant != self.grant
        self.grant = grant
        if self._target_a() != self.outlet.offered_a:
            now = self._timeline.now
            self._pwm.set(now if self._target_a() <= 0 else max(now, self._pwm_free_s))  # off goes at once
        else:
            self._pwm.clear()
        if changed:
            for listener in self.on_change:
                listener(self)
        self._refresh()

    def _target_a(self) -> float:
        return self.grant.amps if self.permitted and self._plugged else 0.0

    def _drive_pilot(self) -> None:
        now, amps, outlet = self._timeline.now, self._target_a(), self.outlet
        self._pwm_free_s = now + PWM_PERIOD_S
        outlet.set_pwm(amps if amps > 0 else None)
        if outlet.pilot in "CD":  # in B the contactor is open, or on its way
            self._time_contactor(now, amps > 0)
        self._refresh()

    def _time_contactor(self, now: float, offering: bool) -> None:
        """A car asks: close soon after an offer; without one wait for it to go to B, but not for ever."""
        if offering == (self.outlet.phases > 0):
            self._contactor.clear()
        else:
            self._contactor.set(now + (CLOSE_S if offering else STUBBORN_S))

    def _answer_over(self) -> None:
        self._update(starting=False)

    # --- status ---

    def _refresh(self) -> None:
        """Bring the facts that the electrical side decides up to date."""
        offering = self.permitted and self.grant.amps > 0
        drawing = self.outlet.pilot in "CD" and self.outlet.phases > 0
        self._update(offering=offering, drawing=drawing, starting=self.facts.starting and not drawing)

    def _update(self, **changes: bool) -> None:
        self.facts = replace(self.facts, **changes)
        for status in steps(self.status, status_of(self.facts)):
            self._announce(status)

    def _announce(self, status: str) -> None:
        self.status = status
        for tell in self.on_status:
            tell(status)
        for listener in self.on_change:
            listener(self)


class Controller:
    """The station's controller: its channels, and who may draw how much.

    `limits` gives each connector's own limits by name, `shared` those on the sum of all connectors; both in A
    per phase. They are asked again at every `arbitrate()`.
    """

    def __init__(
        self,
        timeline: Timeline,
        world: World,
        limits: Limits,
        shared: Callable[[], Mapping[str, float]],
        minimum_a: Callable[[], float],
        first_come: bool = False,
    ) -> None:
        self.timeline = timeline
        self._limits, self._shared, self._minimum_a, self._first_come = limits, shared, minimum_a, first_come
        self.channels: Sequence[Channel] = tuple(Channel(self, outlet) for outlet in world.outlets)

    def channel(self, connector: int) -> Channel:
        """The channel of a connector, counted from 1; LookupError for any other number."""
        if not 1 <= connector <= len(self.channels):
            raise LookupError(f"connector must be 1 to {len(self.channels)}, got {connector}")
        return self.channels[connector - 1]

    def arbitrate(self) -> None:
        """Share the current anew; call whenever a limit, a permission or a cable changed."""
        requests = [
            Request(channel.connector, self._limits(channel.connector), self._minimum_a())
            for channel in self.channels
            if channel.permitted and channel.plugged and channel.error_code == "NoError"
        ]
        grants = arbitrate(requests, self._shared(), self._first_come)
        for channel in self.channels:
            channel.follow(grants.get(channel.connector, NO_GRANT))
