"""One connector as the controller runs it: mode 3, the pilot that follows its grant, and the status.

It knows nothing of OCPP messages: whoever drives it permits and withdraws energy, and listens.
"""

from collections.abc import Callable, Sequence
from math import inf

from evc5.models.faults import Fault
from evc5.models.meter import Metered
from evc5.models.outlet import Outlet
from evc5.models.timeline import CONTROL, Alarm, Timeline
from evc5.twin.connector.faults import FAULT_ROWS, announced
from evc5.twin.connector.limits import Grant
from evc5.twin.connector.phase_switch import PhaseSwitch
from evc5.twin.connector.status import SUSPENDED_EV, SUSPENDED_EVSE, Facts
from evc5.twin.connector.status_steps import EV_SIDE, NO_FAULT, ConnectorStatus

PWM_PERIOD_S = 5.0  # the duty may change at most this often; IEC 61851-1 as quoted by EVerest's Charger.hpp
CLOSE_S = 0.5  # state C to contactor closed; assumed, IEC 61851-1 sequence 4 allows 3 s
OPEN_S = 0.05  # state B to contactor open; assumed, IEC 61851-1 sequence 8.1 allows 0.1 s
FORCED_OPEN_S = 6.0  # PWM off and the car still in C: open under load, IEC 61851-1 sequence 10.2
REACTION_S = 5.0  # until a car has followed the pilot; IEC 61851-1 as quoted by EVerest's Charger.cpp
ANSWER_S = 10.0  # how long a car may take to answer the first offer before it counts as suspended; assumed
NO_GRANT = Grant(0.0, "none")


class Channel:
    """One connector as the controller runs it: cable, permission, offer, contactor."""

    def __init__(self, timeline: Timeline, outlet: Outlet, arbitrate: Callable[[], None]) -> None:
        self._timeline = timeline
        self.outlet = outlet
        self.connector = outlet.connector
        self._arbitrate = arbitrate
        self._line = ConnectorStatus()
        self.has_lock = True  # else the cable is fixed to the station, or loose
        self._trips = True  # on more current than it offers
        self._blind_to: frozenset[str] = frozenset()  # faults that no input tells of
        self.grant = NO_GRANT
        self.switch = PhaseSwitch(timeline, outlet, arbitrate)
        self._pwm_free_s = 0.0  # when the duty may change again
        self._before_a = 0.0  # the offer before a cut
        self._followed_s = -inf  # and when the car has followed
        self._pwm = Alarm(self._timeline, self._drive_pilot, CONTROL)
        self._contactor = Alarm(self._timeline, self._drive_contactor, CONTROL)
        self._answer = Alarm(self._timeline, self._answer_over, CONTROL)
        self._plugged = False
        self._last_register_wh: int | None = None
        self._energy = True
        self._faults: list[str] = []  # in the order they came
        self.on_ready: list[Callable[[], None]] = []  # a car is there, and a transaction could begin
        self.on_unplug: list[Callable[[], None]] = []
        self.on_fault: list[Callable[[], None]] = []  # the faults that are sensed are others than before
        self.on_change: list[Callable[[Channel], None]] = []
        self.on_status = self._line.on_status
        self.on_status.append(lambda _: self._tell_change())
        self._heat_a = outlet.heat_a
        self._cable_a = outlet.cable_a
        outlet.on_pilot.append(self._pilot_changed)
        outlet.on_senses.append(self._sensed)
        outlet.on_segment.append(self._segment_began)

    # --- what telemetry shows ---

    @property
    def allocated_a(self) -> tuple[float, float, float]:
        """What arbitration grants on each phase, before the pilot has followed."""
        amps = self.grant.amps
        phases = self.switch.phases
        return (amps, amps if phases > 1 else 0.0, amps if phases > 2 else 0.0)

    @property
    def limited_by(self) -> str:
        if not self.permitted:
            return "none"
        return self.grant.limited_by if self._line.fault is NO_FAULT else "fault"

    @property
    def offered_a(self) -> tuple[float, float, float]:
        """What the pilot says, on the phases that are behind it."""
        amps = self.outlet.offered_a
        phases = self.switch.phases
        return (amps, amps if phases > 1 else 0.0, amps if phases > 2 else 0.0)

    @property
    def grid_phases(self) -> tuple[int, ...]:
        """The phases of the grid that the car may load."""
        return self.outlet.spec.rotation[: self.switch.phases]

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
        return self._plugged and self.permitted and self._line.fault is NO_FAULT

    @property
    def permitted(self) -> bool:
        """May energy flow, as far as authorisation goes?"""
        return self._energy and self._line.facts.transaction

    @property
    def facts(self) -> Facts:
        return self._line.facts

    @property
    def status(self) -> str:
        return self._line.status

    @property
    def error_code(self) -> str:
        """What goes with the status, and `info` besides."""
        return self._line.error_code

    @property
    def info(self) -> str:
        return self._line.info

    @property
    def awake(self) -> bool:
        """Is the firmware running?"""
        return self._line.awake

    @property
    def plugged(self) -> bool:
        """Is a car at the cable?"""
        return self._plugged

    @property
    def is_free(self) -> bool:
        """Could a new transaction begin?"""
        facts = self.facts
        return self.awake and facts.operative and not facts.transaction and not facts.faulted

    def register_wh(self) -> int:
        """The meter's register in whole Wh; while it does not answer, what it last told."""
        self.metered()
        return self._last_register_wh or 0

    def metered(self, known: Metered | None = None) -> Metered:
        """What the meter tells t_s, or `known` where that was worked out ahead.

        Its register is kept for when it does not answer any more.
        """
        reading = known or self.outlet.metered()
        if self.outlet.meter_answers or self._last_register_wh is None:
            self._last_register_wh = int(reading.register_wh)
        return reading

    @property
    def faults(self) -> Sequence[str]:
        """Those that are sensed, in the order they came."""
        return self._faults

    def has_fault(self, fault: str) -> bool:
        return fault in self._faults

    # --- what the agent or a user of the bare controller does ---

    def equip(self, *, has_lock: bool, trips: bool, blind_to: frozenset[str]) -> None:
        """With or without a lock, protection on over-current, and inputs for some faults."""
        self.has_lock = has_lock
        self._blind_to = blind_to
        if trips != self._trips:
            self._trips = trips
            self._protect()

    def authorise(self, waiting: bool) -> None:
        """An idTag is accepted and waits for its cable (or waits no more)."""
        self._line.update(authorised=waiting, finishing=self.facts.finishing and not waiting)

    def secure(self) -> bool:
        """Lock the cable before a transaction begins; where the lock fails the connector is faulted."""
        self.outlet.set_lock(self.has_lock)
        return self.outlet.locked or not self.has_lock

    def start(self, *, unasked: bool = False) -> None:
        """A transaction begins: the cable is locked, energy permitted, and the pilot offers.

        `unasked`: without anybody's doing, so that nothing is told before the car has answered (A3 to A5).
        """
        self._permit()
        self._await_answer(quiet=unasked)
        self._begin()

    def resume(self) -> None:
        """A transaction goes on after a restart: what it has come to is told at once (A3 to A5)."""
        self._permit()
        self._begin()

    def _permit(self) -> None:
        self._energy = True
        self._line.note = ""
        self._line.note_facts(transaction=True, authorised=False, finishing=False)

    def _begin(self) -> None:
        self.set_lock(True)
        self._arbitrate()
        self._refresh()

    def withhold(self) -> None:
        """The transaction goes on without energy (an idTag refused after the start)."""
        self._energy = False
        self._arbitrate()

    def stop(self, *, unlock: bool = True) -> None:
        """The transaction is over, the offer withdrawn; while a cable is in, the connector is finishing."""
        self._answer.clear()
        self._line.quiet = False
        self._line.note_facts(transaction=False, starting=False, finishing=self.occupied)
        self._arbitrate()
        self._refresh()
        if unlock:
            self.set_lock(False)

    def give_up(self) -> None:
        """Nobody authorised in time: with its cable in the connector is finishing (B6), else available."""
        self._line.update(authorised=False, finishing=self.occupied)

    def set_operative(self, operative: bool) -> None:
        """In service or out of it; what runs goes on."""
        self._line.note_facts(operative=operative, finishing=self.facts.finishing and operative)
        if not self.facts.transaction:
            self._offer_start()
            self._line.update()

    def set_lock(self, locked: bool) -> None:
        """Hold the cable, or let go of it."""
        self.outlet.set_lock(locked and self.has_lock)
        self._line.update(finishing=self.facts.finishing and self.occupied)

    @property
    def occupied(self) -> bool:
        """Has the user still something to take out?"""
        return self._plugged or self.outlet.locked

    def _offer_start(self) -> None:
        """A car is there and nothing runs: whoever wants to may begin."""
        if self._plugged and self.is_free and not self.facts.finishing:
            for listener in self.on_ready:
                listener()

    # --- faults ---

    def inject(self, fault: str) -> None:
        """Let a fault begin in the electrical world; what the circuits sense of it is what we react to."""
        self.outlet.inject(fault)

    def clear(self, fault: str) -> None:
        """Let it end; a trip on over-current stays until then, or until the cable is pulled."""
        self.outlet.clear(fault)
        if fault == Fault.OVER_CURRENT:
            self._protect()

    def _sensed(self, outlet: Outlet) -> None:
        """The circuits see other faults than before; `faults` says what the device makes of them."""
        sensed = (outlet.senses & FAULT_ROWS.keys()) - self._blind_to
        if not self.awake or sensed == set(self._faults):
            return
        self._faults = [fault for fault in self._faults if fault in sensed]
        self._faults += sorted(sensed - set(self._faults))
        row = self._line.fault = announced(self._faults) or NO_FAULT
        recovered = self.facts.faulted and not row.faulted
        self._line.note_facts(faulted=row.faulted)
        if recovered:
            self._recover()
        if Fault.EMERGENCY in self._faults:
            self.outlet.set_contactor(0)  # at once, whatever flows
        self._arbitrate()
        self._refresh()
        self._line.announce_news()
        for listener in self.on_fault:
            listener()
        self._let_go()

    def _let_go(self) -> None:
        """A lock that fails and holds no car's cable has nothing to hold any more."""
        if Fault.LOCK in self._faults and not self._plugged and not self.facts.transaction:
            self.set_lock(False)

    def _recover(self) -> None:
        """A fault is over: told once it shows what the status now is (I1 to I8)."""
        if self.facts.transaction:
            self._await_answer(quiet=True)
        else:
            self._offer_start()

    def _await_answer(self, *, quiet: bool) -> None:
        """Give the car time to answer an offer; until then it is preparing, or `quiet`, as it was before.

        What is not offered yet may have to wait for the pilot.
        """
        t_s = self._timeline.now
        offered_s = t_s if self.outlet.offered_a > 0 else max(t_s, self._pwm_free_s)
        self._line.quiet = quiet
        self._line.note_facts(starting=True)
        self._answer.set(offered_s + ANSWER_S)

    def die(self) -> None:
        """The firmware stops: pilot and contactor fall, nothing is waited for."""
        for alarm in (self._pwm, self._contactor, self._answer):
            alarm.clear()
        self.switch.die()
        self._line.die()
        self.grant = NO_GRANT
        self.outlet.set_pwm(None)
        self.outlet.set_contactor(0)

    def wake(self, operative: bool) -> None:
        """The firmware starts: it takes the connector for unused, then looks."""
        self._plugged = self.outlet.pilot in "BCD"
        self._faults = []
        self._line.begin(self._plugged, operative)

    def look(self, transaction: bool, finishing: bool = False) -> None:
        """The first look at cable and faults after a start; a `transaction` that the memory held goes on.

        `finishing`: the cable that is in has had its transaction.
        """
        if transaction:
            self.resume()
        else:
            self._line.note_facts(finishing=finishing and self._plugged)
            self.set_lock(False)
            self._offer_start()
        self._arbitrate()
        self._refresh()
        self._sensed(self.outlet)
        self._tell_change()

    # --- mode 3 ---

    def _segment_began(self, outlet: Outlet) -> None:
        """Heat may have taken from the capability, or given it back; so may another cable."""
        cable_a = self._cable_a if outlet.cable_a is None else outlet.cable_a  # one that is gone is no other
        if outlet.heat_a != self._heat_a or cable_a != self._cable_a:
            self._heat_a = outlet.heat_a
            self._cable_a = cable_a
            self._timeline.soon(self._arbitrate, CONTROL)

    def _protect(self) -> None:
        """Trip on more than the offer; without an offer on more than the rating."""
        limit_a = self.outlet.offered_a or self.outlet.spec.rated_a
        self.outlet.protect(limit_a if self._trips else None)

    def _pilot_changed(self, outlet: Outlet) -> None:
        if not self.awake:
            return
        # At 0 V or −12 V the pilot does not tell whether a car is there.
        plugged = outlet.pilot != "A" if outlet.pilot in "ABCD" else self._plugged
        t_s = self._timeline.now
        if outlet.pilot in "CD":
            if outlet.offered_a > 0:
                self._contactor.set(t_s + CLOSE_S)
        elif outlet.phases:
            self._contactor.set(t_s + OPEN_S)
        else:
            self._contactor.clear()
        if plugged != self._plugged:
            self._cable_moved(plugged)
        self._refresh()

    def _cable_moved(self, plugged: bool) -> None:
        """A car came or went; what becomes of a transaction decides the status, so the listeners go first."""
        self._plugged = plugged
        self._line.note_facts(plugged=plugged, finishing=self.facts.finishing and self.occupied)
        if plugged:
            self._line.note = ""
            self._offer_start()
        else:
            if Fault.OVER_CURRENT in self._faults:
                self._protect()
            self._let_go()
            self._line.note = EV_SIDE if self.facts.transaction else ""
            self._line.note_facts(starting=False)
            for listener in self.on_unplug:
                listener()
        self._arbitrate()
        self._refresh()
        self._line.announce_news()

    def _drive_contactor(self) -> None:
        """Close where the car asks and we offer, open everywhere else."""
        outlet = self.outlet
        wanted = self.switch.phases if outlet.pilot in "CD" and outlet.offered_a > 0 else 0
        if wanted != outlet.phases:
            outlet.set_contactor(wanted)
        self._refresh()

    def follow(self, grant: Grant) -> None:
        """Take over what arbitration grants; the pilot follows as soon as its 5 s rule allows."""
        if not self.awake:
            return  # without power, or while the firmware starts, nothing is offered
        changed = grant != self.grant
        self.grant = grant
        target_a = self._target_a()
        offered_a = self.outlet.offered_a
        resumes = target_a > offered_a and self.status == SUSPENDED_EVSE
        is_new = target_a > offered_a == 0.0 and self.status == SUSPENDED_EV
        if (resumes or is_new) and not self.facts.starting:
            self._await_answer(quiet=True)  # D3 or E3, or E4 where it does not answer
        if target_a <= 0.0 < offered_a:  # off goes at once: others may have it now
            self._pwm.clear()
            self._drive_pilot()
        elif target_a != offered_a:
            self._pwm.set(max(self._timeline.now, self._pwm_free_s))
        else:
            self._pwm.clear()
        if changed:
            self._tell_change()
        self._refresh()

    def _target_a(self) -> float:
        return self.grant.amps if self.wants_energy and not self.switch.busy else 0.0

    def _drive_pilot(self) -> None:
        t_s = self._timeline.now
        amps = self._target_a()
        outlet = self.outlet
        if amps < outlet.offered_a:
            self._before_a = self.committed_a if amps > 0 or outlet.phases else 0.0  # then nothing flows
            self._followed_s = t_s + (REACTION_S if amps > 0 else FORCED_OPEN_S)
        self._pwm_free_s = t_s + PWM_PERIOD_S
        stays = Fault.OVER_CURRENT in self._faults
        outlet.set_pwm(amps if amps > 0 else None, trips=None if stays else self._trips)
        if outlet.pilot in "CD":  # in B the contactor is open, or on its way
            self._time_contactor(t_s, amps > 0)
        self._refresh()

    def _time_contactor(self, t_s: float, offering: bool) -> None:
        """A car asks: close soon after an offer; without one wait for it to go to B, but not for ever."""
        if offering == (self.outlet.phases > 0):
            self._contactor.clear()
        else:
            self._contactor.set(t_s + (CLOSE_S if offering else FORCED_OPEN_S))

    def _answer_over(self) -> None:
        self._line.quiet = False
        self._line.update(starting=False)

    # --- status ---

    def _refresh(self) -> None:
        """Bring the facts that the electrical side decides up to date."""
        facts = self._line.facts
        outlet = self.outlet
        phases = outlet.phases
        granted = self._target_a() > 0
        offering = granted and outlet.offered_a > 0
        drawing = phases > 0 and outlet.pilot in "CD"
        self.switch.contactor(phases)
        starting = facts.starting and granted and not (offering and drawing)
        decided = (offering, drawing, starting)
        if decided != (facts.offering, facts.drawing, facts.starting) or not self._line.is_told:
            self._line.update(offering=offering, drawing=drawing, starting=starting)

    def _tell_change(self) -> None:
        for listener in self.on_change:
            listener(self)
