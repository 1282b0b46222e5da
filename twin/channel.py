"""One connector as the controller runs it: mode 3, the pilot that follows its grant, and the status.

It knows nothing of OCPP messages: whoever drives it permits and withdraws energy, and listens.
"""

from collections.abc import Callable
from dataclasses import replace
from math import inf

from models.faults import OVER_CURRENT
from models.outlet import Outlet
from models.timeline import CONTROL, Alarm, Timeline
from twin.faults import FAULTS, FaultRow, loudest
from twin.limits import Grant
from twin.phase_switch import PhaseSwitch
from twin.status import AVAILABLE, Facts, status_of, steps

PWM_PERIOD_S = 5.0  # the duty may change at most this often; IEC 61851-1 as quoted by EVerest's Charger.hpp
CLOSE_S = 0.5  # state C to contactor closed; assumed, IEC 61851-1 sequence 4 allows 3 s
OPEN_S = 0.05  # state B to contactor open; assumed, IEC 61851-1 sequence 8.1 allows 0.1 s
STUBBORN_S = 6.0  # PWM off and the car still in C: open under load, IEC 61851-1 sequence 10.2
REACTION_S = 5.0  # until a car has followed the pilot; IEC 61851-1 as quoted by EVerest's Charger.cpp
ANSWER_S = 10.0  # how long a car may take to answer the first offer before it counts as suspended; assumed
NO_GRANT = Grant(0.0, "none")


class Channel:
    """One connector as the controller runs it: cable, permission, offer, contactor."""

    def __init__(self, timeline: Timeline, outlet: Outlet, arbitrate: Callable[[], None]) -> None:
        self._timeline, self.outlet, self.connector = timeline, outlet, outlet.connector
        self._arbitrate = arbitrate
        self.facts = Facts()
        self.status = AVAILABLE
        self.error_code = "NoError"
        self.info = ""
        self.grant = NO_GRANT
        self.has_lock = True
        self.switch = PhaseSwitch(timeline, outlet, arbitrate)
        self._pwm_free_s = 0.0  # when the duty may change again
        self._before_a, self._followed_s = (
            0.0,
            -inf,
        )  # the offer before a cut, and when the car has followed it
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
        self._heat_a = outlet.heat_a
        outlet.on_pilot.append(self._pilot_changed)
        outlet.on_senses.append(self._sensed)
        outlet.on_segment.append(self._segment_began)

    # --- what telemetry shows ---

    @property
    def allocated_a(self) -> tuple[float, float, float]:
        """What arbitration grants on each phase, before the pilot has followed."""
        amps, phases = self.grant.amps, self.switch.phases
        return (amps, amps if phases > 1 else 0.0, amps if phases > 2 else 0.0)

    @property
    def limited_by(self) -> str:
        return self.grant.limited_by if self.permitted else "none"

    @property
    def offered_a(self) -> tuple[float, float, float]:
        """What the pilot says, on the phases that are behind it."""
        amps, phases = self.outlet.offered_a, self.switch.phases
        return (amps, amps if phases > 1 else 0.0, amps if phases > 2 else 0.0)

    @property
    def committed_a(self) -> float:
        """What the car may be drawing: the offer, or the one before it until the car has followed."""
        return max(self.outlet.offered_a, self._before_a if self._timeline.now < self._followed_s else 0.0)

    @property
    def free_s(self) -> float:
        """When to look for what is taken from this channel: as its car is told, then as it has followed."""
        return self._followed_s if self._pwm.due_s is None else self._pwm.due_s

    @property
    def wants_energy(self) -> bool:
        """Takes part in arbitration: permitted, plugged, without a fault."""
        return self.permitted and self._plugged and self.error_code == "NoError"

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
        self.outlet.set_lock(self.has_lock)
        self._answer.set(self._timeline.now + ANSWER_S)
        self.facts = replace(self.facts, transaction=True, authorised=False, finishing=False, starting=True)
        self._arbitrate()

    def withhold(self) -> None:
        """The transaction goes on without energy (an idTag refused after the start)."""
        self._energy = False
        self._arbitrate()

    def stop(self) -> None:
        """The transaction is over, the offer withdrawn; with the cable in, the connector is finishing."""
        self._answer.clear()
        self.outlet.set_lock(False)
        self.facts = replace(self.facts, transaction=False, starting=False, finishing=self._plugged)
        self._arbitrate()

    def give_up(self) -> None:
        """Nobody authorised in time: with its cable in the connector is finishing (B6), else available."""
        self._update(authorised=False, finishing=self._plugged)

    def set_operative(self, operative: bool) -> None:
        self._update(operative=operative)

    # --- faults ---

    def inject(self, fault: str) -> None:
        """Let a fault begin in the electrical world; what the circuits sense of it is what we react to."""
        self.outlet.inject(fault)

    def clear(self, fault: str) -> None:
        """Let it end; a trip on over-current stays until then, or until the cable is pulled."""
        self.outlet.clear(fault)
        if fault == OVER_CURRENT:
            self._protect()

    def _sensed(self, outlet: Outlet) -> None:
        """The circuits see other faults than before; `twin.faults` says what the device makes of them."""
        now = outlet.senses & FAULTS.keys()
        if not self._awake or now == set(self._faults):
            return
        self._faults = [fault for fault in self._faults if fault in now]
        self._faults += sorted(now - set(self._faults))
        row = loudest(self._faults) or FaultRow("NoError", faulted=False)
        before, told = self.status, (self.error_code, self.info)
        self.error_code, self.info = row.error_code, row.info
        self.facts = replace(self.facts, faulted=row.faulted)
        self._arbitrate()
        if before == self.status and told != (self.error_code, self.info):
            self._announce(self.status)

    def die(self) -> None:
        """The firmware stops: pilot and contactor fall, nothing is waited for."""
        for alarm in (self._pwm, self._contactor, self._answer):
            alarm.clear()
        self.switch.die()
        self._awake = False
        self.grant = NO_GRANT
        self.outlet.set_pwm(None)
        self.outlet.set_contactor(0)

    def wake(self) -> None:
        """The firmware starts: look at the cable afresh; a transaction the memory still holds is running."""
        self._awake = True
        self._plugged = self.outlet.pilot not in "AEF"
        self.facts = Facts(plugged=self._plugged, operative=self.facts.operative, faulted=self.facts.faulted)
        self.status = status_of(self.facts)
        self._sensed(self.outlet)

    @property
    def plugged(self) -> bool:
        return self._plugged

    # --- mode 3 ---

    def _segment_began(self, outlet: Outlet) -> None:
        """Heat may have taken from the capability, or given it back."""
        if outlet.heat_a != self._heat_a:
            self._heat_a = outlet.heat_a
            self._timeline.soon(self._arbitrate, CONTROL)

    def _protect(self) -> None:
        """Trip on more than the offer; without an offer on more than the rating."""
        self.outlet.protect(self.outlet.offered_a or self.outlet.spec.rated_a)

    def _pilot_changed(self, outlet: Outlet) -> None:
        if not self._awake:
            return
        plugged = outlet.pilot != "A" if outlet.pilot in "ABCD" else self._plugged
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
            if not plugged and OVER_CURRENT in self._faults:
                self._protect()
            for listener in self.on_plug if plugged else self.on_unplug:
                listener()
            self._arbitrate()
        self._refresh()

    def _drive_contactor(self) -> None:
        """Close where the car asks and we offer, open everywhere else."""
        outlet = self.outlet
        wanted = self.switch.phases if outlet.pilot in "CD" and outlet.offered_a > 0 else 0
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
        return self.grant.amps if self.wants_energy and not self.switch.busy else 0.0

    def _drive_pilot(self) -> None:
        now, amps, outlet = self._timeline.now, self._target_a(), self.outlet
        if amps < outlet.offered_a:
            self._before_a = self.committed_a
            self._followed_s = now + (REACTION_S if amps > 0 else STUBBORN_S)
        self._pwm_free_s = now + PWM_PERIOD_S
        outlet.set_pwm(amps if amps > 0 else None)
        if OVER_CURRENT not in self._faults:
            self._protect()
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
        offering = self.permitted and self.grant.amps > 0 and not self.switch.busy
        drawing = self.outlet.pilot in "CD" and self.outlet.phases > 0
        self.switch.contactor(self.outlet.phases)
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
