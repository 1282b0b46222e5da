"""One outlet: pilot, contactor, lock and meter. Every verb advances first, then changes, then solves."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Protocol

from evc5.models import faults
from evc5.models.box import BoxCar, load
from evc5.models.car import OFF, Car, Pack
from evc5.models.circuit import Circuit
from evc5.models.faults import Fault
from evc5.models.heat import Air, Ambient, Lag, Warmth
from evc5.models.meter import Metered, MeterSpec, misread
from evc5.models.pilot import CABLE_OHM, PWM_MAX_A, PWM_MIN_A, PilotLine
from evc5.models.segment import Fixed, Reading, Segment
from evc5.models.supply import Supply, Three
from evc5.models.timeline import CONTROL, INPUT, Alarm, Timeline
from evc5.models.trip import Protection
from evc5.models.units import made
from evc5.models.vehicles import Vehicle

DROP_STEP_A = 0.1  # where the grid's impedance counts, the drop follows every tenth of an ampere ...
DROP_STEP_RAMP_A = 1.0  # ... and in a ramp, over in seconds, every ampere

Listener = Callable[["Outlet"], None]


@dataclass(frozen=True, slots=True)
class OutletSpec:
    """What is bolted to the wall."""

    rated_a: float = 32.0  # per phase
    phases: int = 3  # wired
    meter: MeterSpec = field(default_factory=MeterSpec)
    rotation: tuple[int, int, int] = (1, 2, 3)  # the grid's phase behind the outlet's L1, L2, L3
    pwm_steps: int | None = None  # 256 for an 8-bit pilot; None: exact

    def __post_init__(self) -> None:
        if not PWM_MIN_A <= self.rated_a <= PWM_MAX_A:
            raise ValueError(f"outlet rated_a must be within 6 and 80 A, got {self.rated_a:g}")
        if self.phases not in (1, 3):
            raise ValueError(f"outlet phases must be 1 or 3, got {self.phases}")
        if sorted(self.rotation) != [1, 2, 3]:
            raise ValueError(f"outlet rotation must be an order of 1, 2, 3, got {self.rotation}")


class Surroundings(Protocol):
    """What an outlet sees of the world around it, and whom it tells of its new solutions."""

    timeline: Timeline
    seed: int
    supply: Supply
    ambient: Ambient
    lags: tuple[Lag, Lag, Lag]
    air: Air

    @property
    def frequency_hz(self) -> float: ...
    def warmths_beside(self, outlet: "Outlet") -> tuple[Warmth, ...]: ...
    def sensor_extra_k(self, outlet: "Outlet") -> float: ...
    def sensor_fault(self, outlet: "Outlet", extra_k: float) -> None: ...
    def after(self, outlet: "Outlet") -> None: ...


class Outlet:
    """What hands do to it, what the controller drives, and what the controller sees."""

    def __init__(self, world: Surroundings, connector: int, spec: OutletSpec) -> None:
        self.connector = connector
        self.spec = spec
        self.on_pilot: list[Listener] = []
        self.on_segment: list[Listener] = []
        self.on_senses: list[Listener] = []
        self.cable_a: float | None = None
        self.heat_a = inf  # what the temperatures allow
        self.read_meter: Callable[[Metered], Metered] | None = None  # what a real bus makes of what is shown
        self._world = world
        self._timeline = world.timeline
        meter = spec.meter
        gain = spec.meter.gain(world.seed, f"meter/{connector}")
        by_phase = meter.register_phase_wh or (meter.register_wh / 3.0,) * 3
        self.circuit = Circuit(self._timeline.now, meter.register_wh, by_phase, gain, meter.start_a)
        self.warmth = Warmth(world.lags, self.circuit.squares, False, self._timeline.now, (0.0, 0.0, 0.0))
        self._grid_v: Three = (0.0, 0.0, 0.0)
        self._faults: dict[str, faults.Effect] = {}
        self._frozen: Metered | None = None
        self._line = PilotLine(spec.pwm_steps)
        self.offered_a = 0.0  # what the pilot says; 0 without PWM
        self._commanded = 0
        self._lock = False
        self._breakpoint = Alarm(self._timeline, self._arrive, INPUT)
        self._look = Alarm(self._timeline, self._looks, INPUT)
        self._drift = Alarm(self._timeline, self._drifts, INPUT)
        self._warming = Alarm(self._timeline, self._pack_crosses, INPUT)
        self._protection = Protection(self._timeline, self._sense)
        self._told_pilot = "A"
        self._telling = False
        self._told_senses = frozenset[str]()
        self._telling_senses = False
        self._segment: Segment | None = None  # nobody has asked for the present one yet

    # what hands do

    def plug_in(
        self, vehicle: Vehicle, soc: float, cable_a: float = 32.0, battery_c: float | None = None
    ) -> None:
        """A car with this state of charge, through a cable of this rating; its battery as warm as the day."""
        if not 0.0 <= soc <= 1.0:
            raise ValueError(f"soc must be within 0 and 1, got {soc:g}")
        self._plug(Car, vehicle, soc, cable_a, battery_c)

    def plug_in_box(self, cable_a: float = 32.0) -> None:
        """A cable box and a load in a car's place, at rest; `box` tells them what to do."""
        self._plug(BoxCar, load(self.spec.phases), 0.0, cable_a, None)

    def box(self, shows: bool, phases: int, amps: float) -> None:
        """Show C, else B, and draw so many A on so many phases; ValueError where no box is plugged in."""
        car = self.circuit.car
        if not isinstance(car, BoxCar):
            raise ValueError(f"connector {self.connector} has no cable box in it")
        now_s = self._settle()
        car.shows, car.draws_a = shows, amps
        if phases != car.vehicle.phases:
            car.vehicle = load(phases)
            self.circuit.feed(self.circuit.u_v, now_s)
        self._looks()

    def _plug(
        self, kind: type[Car], vehicle: Vehicle, soc: float, cable_a: float, battery_c: float | None
    ) -> None:
        if self.circuit.car is not None:
            there = self.circuit.car.vehicle.id
            raise ValueError(f"connector {self.connector} must be free, got {there} in it")
        if cable_a not in CABLE_OHM:
            allowed = ", ".join(f"{amps:g}" for amps in CABLE_OHM)
            raise ValueError(f"cable_a must be one of {allowed}, got {cable_a:g}")
        now_s = self._settle()
        air_c = self._world.ambient.mean_c
        pack = Pack(vehicle, air_c, air_c if battery_c is None else battery_c, now_s)
        car = kind(vehicle, soc, min(vehicle.phases, self.spec.phases), pack, paused_s=now_s)
        car.excess = self._excess()
        if self.cable_a is None:  # else a cable is still locked in, and the car comes to that one
            self.cable_a = float(cable_a)
        self.circuit.plug(car, now_s)
        self._look_within(vehicle.reaction_s)
        self._changed()
        self._sense()

    def unplug(self) -> None:
        """Pull the plug at the car; its other end comes out as well, unless it is locked in, then later.

        Nothing happens where no car is.
        """
        if self.circuit.car is None:
            return
        self.circuit.plug(None, self._settle())
        if not self.locked:
            self.cable_a = None
        self._look.clear()
        self._warming.clear()
        self._changed()
        self._sense()

    @property
    def vehicle(self) -> Vehicle | None:
        return self.circuit.car.vehicle if self.circuit.car else None

    def inject(self, fault: str) -> None:
        """Let a fault begin (evc5.models.faults); ValueError for an unknown one."""
        self._faults_are({**self._faults, fault: faults.effect(fault)})

    def clear(self, fault: str) -> None:
        """Let it end; ValueError for an unknown one."""
        faults.effect(fault)
        self._faults_are({name: effect for name, effect in self._faults.items() if name != fault})

    # what the controller drives

    def set_pwm(self, amps: float | None, *, trips: bool | None = None) -> None:
        """Offer so many amps per phase on the pilot; None is no PWM (state x1).

        `trips`: `protect` by what is offered then, and by the rating without an offer, or not at all; None
        leaves the protection as it is.
        """
        if not self._line.offer(amps):
            if trips is not None:
                self.protect(self._tolerated_a if trips else None)
            return
        self.offered_a = self._line.offered_a
        may_sense = self._faults or (trips is not None and self._protection.tripped)  # else it shows nothing
        self._settle()
        if trips is not None:
            self._protection.set(self._tolerated_a if trips else None)
        self._car_looks()
        self._changed()
        if may_sense:
            self._sense()

    @property
    def _tolerated_a(self) -> float:
        return self.offered_a or self.spec.rated_a

    def hold_pilot(self, state: str | None) -> None:
        """Hold the pilot at "E" (0 V) or "F" (−12 V), or let it go; long enough, it wakes a sleeping car."""
        held_s = self._line.hold(state, self._timeline.now)
        if held_s is not None:
            self._settle()
            if self.circuit.car and not state:
                self.circuit.car.interrupted(held_s)
            self._car_looks()
            self._changed()

    def set_contactor(self, phases: int) -> None:
        """Close on so many phases, or open (0)."""
        if not 0 <= phases <= self.spec.phases:
            raise ValueError(f"contactor phases must be within 0 and {self.spec.phases}, got {phases}")
        if phases != self._commanded:
            self._commanded = phases
            self._move_contactor()
            self._sense()

    def set_lock(self, locked: bool) -> None:
        """Drive the socket's lock; a cable that it lets go of and that no car holds is taken along."""
        self._lock = locked
        if not locked and self.circuit.car is None and self.cable_a is not None:
            self._settle()
            self.cable_a = None
            self._changed()
        self._sense()

    def protect(self, limit_a: float | None) -> None:
        """Trip on current above this limit (`trip`), sensed as "over-current"; None: no protection."""
        may_sense = self._protection.tripped or self._faults  # else a new limit shows nothing else
        self._protection.set(limit_a)
        circuit = self.circuit
        solved_s = circuit.t0_s
        if self._settle() > solved_s:
            self._changed()
        else:  # what flows was solved within this instant
            self._protection.watch(circuit.t0_s, circuit.draw, circuit.lasts_s)
        if may_sense:
            self._sense()

    # what the controller sees

    @property
    def phases(self) -> int:
        """On how many phases the contactor conducts."""
        return self.circuit.phases

    @property
    def pilot(self) -> str:
        """State of the control pilot now."""
        circuit = self.circuit
        u1, u2, u3 = circuit.u_v
        if not (u1 > 0.0 or u2 > 0.0 or u3 > 0.0) or (self._faults and Fault.PILOT in self._faults):
            return "E"
        if self._line.held:
            return self._line.held
        car = circuit.car
        if car is None:
            return "A"
        if not car.asks:
            return "B"
        return "D" if car.vehicle.ventilation else "C"

    @property
    def powered(self) -> bool:
        """Whether any phase has voltage."""
        u1, u2, u3 = self.circuit.u_v
        return u1 > 0.0 or u2 > 0.0 or u3 > 0.0

    @property
    def locked(self) -> bool:
        """What the lock's end switch says."""
        return self._lock and Fault.LOCK not in self._faults

    @property
    def lock_moves(self) -> bool:
        """Does the lock go where it is driven?"""
        return Fault.LOCK not in self._faults

    @property
    def capability_a(self) -> Three:
        """What the charger can deliver per phase: least of rated, cable and heat."""
        amps = min(self.spec.rated_a, self.heat_a)
        if self.cable_a is not None and self.cable_a < amps:
            amps = self.cable_a
        return (amps, amps, amps) if self.spec.phases == 3 else (amps, 0.0, 0.0)

    @property
    def senses(self) -> frozenset[str]:
        """The faults its circuits see now, as `Fault` names them."""
        seen = set(faults.sensed_in_voltage(self.circuit.u_v, self.spec.phases))
        seen |= self._faults.keys() & faults.SEEN_AT_ONCE
        if self._lock and not self.locked:
            seen.add(Fault.LOCK)
        if Fault.DIODE in self._faults and self.circuit.car is not None and self.offered_a:
            seen.add(Fault.DIODE)
        if self.phases and not self._commanded:
            seen.add(Fault.WELDED)
        if self.heat_a == 0.0:
            seen.add(Fault.OVER_TEMPERATURE)
        if self._protection.tripped:
            seen.add(Fault.OVER_CURRENT)
        return frozenset(seen)

    @property
    def segment(self) -> Segment:
        """What holds now, put together when it is first asked for: within an instant much may change."""
        if self._segment is None:
            self._segment = self._solution()
        return self._segment

    def reading(self) -> Reading:
        """Everything electrical, now."""
        return self.segment.at(self._timeline.now)

    def metered(self, t_s: float | None = None) -> Metered:
        """The same as the controller reads it off its meter; `meter_answers` says whether that answers.

        At a `t_s` to come: what it will tell if no outlet's segment changes before.
        """
        return self.read_meter(self.shown(t_s)) if self.read_meter is not None else self.shown(t_s)

    def shown(self, t_s: float | None = None) -> Metered:
        """What the meter shows, in its own steps, whoever reads it or not."""
        told = self.spec.meter.tells(self.segment, self._timeline.now if t_s is None else t_s)
        return told if self.meter_is_sound else misread(told, self._faults.keys(), self._frozen)

    def counted_uwh(self) -> tuple[int, int, int, int]:
        """What the meter has counted of all phases and of each, in whole µWh: to be gone on from."""
        counted, by_phase = self.segment.counted(self.segment.state(self._timeline.now)[3])
        total, l1, l2, l3 = (round(wh * 1e6) for wh in (counted, *by_phase))
        return total, l1, l2, l3

    @property
    def meter_answers(self) -> bool:
        return self._faults.keys().isdisjoint(faults.UNREADABLE)

    @property
    def meter_is_sound(self) -> bool:
        """Is what it shows true? It may be asked in vain all the same."""
        return self._faults.keys().isdisjoint(faults.MISREAD)

    @property
    def openings_under_load(self) -> int:
        """How often the contactor, or a hand, has broken a current."""
        return self.circuit.openings_under_load

    # what the world does to it

    def supply_is(self, u_v: Three) -> None:
        """Voltages of the grid, in the grid's order of phases."""
        r1, r2, r3 = self.spec.rotation
        three = self.spec.phases == 3
        self._grid_v = (u_v[r1 - 1], u_v[r2 - 1] if three else 0.0, u_v[r3 - 1] if three else 0.0)
        self._feed()

    def heat_is(self, limit_a: float) -> None:
        """The temperatures allow another current."""
        if limit_a != self.heat_a:
            self._settle()
            self.heat_a = limit_a
            self._changed()
            self._sense()

    @property
    def settled_until_s(self) -> float:
        """Until when the present solution holds by itself."""
        return self.circuit.t0_s + self.circuit.lasts_s

    # inside

    def _settle(self) -> float:
        now_s: float = self._timeline.now
        self.circuit.settle(now_s)
        return now_s

    def _feed(self) -> None:
        """Apply the grid's voltages and what faults make of them."""
        now_s = self._settle()
        was_powered = self.powered
        volts = list(self._grid_v)
        for effect in self._faults.values():
            volts = [v * factor for v, factor in zip(volts, effect.voltage, strict=True)]
        self.circuit.feed((volts[0], volts[1], volts[2]), now_s)
        if was_powered != self.powered:
            self._move_contactor()
            self._car_looks()
        elif self.circuit.car and self.circuit.car.ready_s > now_s:
            self._look_within(self.circuit.car.ready_s - now_s)
        self._changed()
        self._sense()

    def _move_contactor(self) -> None:
        """Bring the contacts to where the coil, mains and a weld leave them."""
        phases = self._commanded if self.powered else 0
        if Fault.WELDED in self._faults:
            phases = max(phases, self.phases)
        if phases == self.phases:
            return
        self.circuit.close(phases, self._settle())
        if self.circuit.car:
            self._look_within(
                self.circuit.car.vehicle.start_s if phases else self.circuit.car.vehicle.reaction_s
            )
        self._changed()

    def _faults_are(self, now_in: dict[str, faults.Effect]) -> None:
        self._freeze(Fault.METER_FROZEN in now_in)
        self._faults = now_in
        self._settle()
        if self.circuit.car:
            self.circuit.car.excess = self._excess()
        self._car_looks()
        self._feed()
        self._move_contactor()
        self._sense()
        self._world.sensor_fault(self, sum(effect.sensor_k for effect in now_in.values()))

    def _freeze(self, is_frozen: bool) -> None:
        """A meter that freezes shows what it shows now, until it thaws."""
        if not is_frozen:
            self._frozen = None
        elif self._frozen is None:
            self._frozen = self.shown()

    def _excess(self) -> tuple[float, float]:
        over = self._faults.get(Fault.OVER_CURRENT)
        return (over.current, over.excess_a) if over else (1.0, 0.0)

    def _car_looks(self) -> None:
        if self.circuit.car:
            self._look_within(self.circuit.car.vehicle.reaction_s)

    def _look_within(self, delay_s: float) -> None:
        due_s = self._timeline.now + delay_s
        if self._look.due_s is None or due_s < self._look.due_s:
            self._look.set(due_s)

    def _looks(self) -> None:
        """The car looks at the pilot and acts on it."""
        car = self.circuit.car
        now_s = self._settle()
        if car is None:
            return
        dark = self._line.held or Fault.PILOT in self._faults or not self.powered
        car.look(now_s, 0.0 if dark else self.offered_a)
        if car.asks and self.phases and car.form == OFF and now_s < car.ready_s:
            self._look.set(car.ready_s)
        self._changed()

    def _arrive(self) -> None:
        self._settle()
        self.circuit.arrive()
        self._begin_segment()
        self._world.after(self)

    def _drifts(self) -> None:
        """The current has moved so far that the drop along the connection counts."""
        self._settle()
        self._changed()

    def _changed(self) -> None:
        """Solve anew and tell the world."""
        now_s = self._timeline.now
        self.circuit.solve(now_s)
        self._begin_segment()
        self._world.after(self)

    def _begin_segment(self) -> None:
        circuit = self.circuit
        self._segment = None
        self.warmth = self.warmth.then(self._world.lags, circuit.squares, circuit.phases > 0, circuit.t0_s)
        self._set_alarms(circuit.t0_s, circuit.lasts_s)
        for heard in self.on_segment:
            heard(self)
        if not self._telling and self.pilot != self._told_pilot:
            self._telling = True
            self._timeline.soon(self._tell_pilot, CONTROL)

    def _solution(self) -> Segment:
        """From the last change on."""
        circuit = self.circuit
        world = self._world
        return Segment(
            circuit.t0_s,
            self._fixed(),
            circuit.draw,
            circuit.ledger,
            circuit.car.soc if circuit.car else None,
            world.air,
            self.warmth,
            world.warmths_beside(self),
            world.sensor_extra_k(self),
        )

    def _fixed(self) -> Fixed:
        circuit = self.circuit
        car = circuit.car
        line = self._line
        values = (
            self.pilot,
            line.duty_pct,
            line.offered_a,
            circuit.phases,
            circuit.u_v,
            self._world.frequency_hz,
            self.capability_a,
            car.vehicle if car else None,
            car.most_a if car and car.soc < 1.0 else 0.0,
            car.vehicle.usable_wh if car else inf,
            circuit.metered_gain,
            self.spec.meter.resolution_wh,
        )
        return made(Fixed, values)

    def _set_alarms(self, now_s: float, lasts_s: float) -> None:
        if lasts_s < inf:
            self._breakpoint.set(now_s + lasts_s)
        else:
            self._breakpoint.clear()
        draw = self.circuit.draw
        self._protection.watch(now_s, draw, lasts_s)
        if self._world.supply.impedance_ohm:
            due_s = now_s + self.circuit.drifts_s(DROP_STEP_A, DROP_STEP_RAMP_A)
            self._drift.set(due_s) if due_s < now_s + lasts_s else self._drift.clear()
        if self.circuit.car:
            self._warm_pack(self.circuit.car, now_s)

    def _warm_pack(self, car: Car, now_s: float) -> None:
        """The battery warms while it charges."""
        if car.pack.charging != (self.circuit.draw.keep > 0.0) or not car.pack.moved:
            car.pack.move(now_s, self.circuit.draw.keep > 0.0)
            due_s = car.pack.crossing()[0]
            self._warming.set(due_s) if due_s < inf else self._warming.clear()

    def _pack_crosses(self) -> None:
        car = self.circuit.car
        now_s = self._settle()
        if car is None:
            return
        car.pack.cross(now_s, car.pack.crossing()[1])
        due_s = car.pack.crossing()[0]
        if due_s < inf:
            self._warming.set(due_s)
        self._changed()

    def _tell_pilot(self) -> None:
        self._telling = False
        if self.pilot != self._told_pilot:
            self._told_pilot = self.pilot
            for heard in self.on_pilot:
                heard(self)

    def _sense(self) -> None:
        if not self._telling_senses and self.senses != self._told_senses:
            self._telling_senses = True
            self._timeline.soon(self._tell_senses, CONTROL)

    def _tell_senses(self) -> None:
        self._telling_senses = False
        if self.senses != self._told_senses:
            self._told_senses = self.senses
            for heard in self.on_senses:
                heard(self)
