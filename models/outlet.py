"""One outlet: contactor, pilot, meter and the car at it. Advance, then change: every verb settles first."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from models.battery import Plan
from models.car import OFF, Car
from models.flow import Flow
from models.meter import MeterSpec
from models.pilot import CABLE_OHM, PWM_MAX_A, PWM_MIN_A, amps_from_duty, duty_from_amps
from models.segment import IDLE, Draw, Reading, Segment, Three
from models.timeline import CONTROL, INPUT, Alarm
from models.vehicles import Vehicle

if TYPE_CHECKING:
    from models.world import World


@dataclass(frozen=True, slots=True)
class OutletSpec:
    """What is bolted to the wall."""

    rated_a: float = 32.0  # per phase
    phases: int = 3  # wired
    meter: MeterSpec = field(default_factory=MeterSpec)
    rotation: tuple[int, int, int] = (1, 2, 3)  # the grid's phase behind the outlet's L1, L2, L3
    pwm_steps: int | None = None  # 256 for an 8-bit pilot; None: exact

    def __post_init__(self) -> None:
        if not 6.0 <= self.rated_a <= PWM_MAX_A:
            raise ValueError(f"outlet rated_a must be within 6 and 80 A, got {self.rated_a:g}")
        if self.phases not in (1, 3):
            raise ValueError(f"outlet phases must be 1 or 3, got {self.phases}")
        if sorted(self.rotation) != [1, 2, 3]:
            raise ValueError(f"outlet rotation must be an order of 1, 2, 3, got {self.rotation}")


class Outlet:
    """What hands do to it, what the controller drives, and what the controller sees."""

    def __init__(self, world: "World", connector: int, spec: OutletSpec) -> None:
        self.connector, self.spec = connector, spec
        self.on_pilot: list[Callable[[Outlet], None]] = []
        self.on_segment: list[Callable[[Outlet], None]] = []
        self.phases = 0
        self.offered_a = 0.0
        self.cable_a: float | None = None
        self.battery_wh = self.loss_wh = self.standby_wh = 0.0  # where the energy went, all cars together
        self._world, self._timeline = world, world.timeline
        self._car: Car | None = None
        self._duty_pct = 100.0
        self._energy_wh, self._counted_wh = 0.0, spec.meter.register_wh
        self._counted_phase_wh: Three = (spec.meter.register_wh / 3,) * 3
        self._gain = spec.meter.gain(world.seed, f"meter/{connector}")
        self._plan: Plan | None = None
        self._breakpoint = Alarm(self._timeline, self._arrive, INPUT)
        self._reaction = Alarm(self._timeline, self._react, INPUT)
        self._told_pilot, self._telling = "A", False
        self._new_segment()

    # what hands do

    def plug_in(self, vehicle: Vehicle, soc: float, cable_a: float = 32.0) -> None:
        """A car with this state of charge, through a cable of this rating."""
        if self._car is not None:
            raise ValueError(f"connector {self.connector} must be free, got {self._car.vehicle.id} in it")
        if not 0.0 <= soc <= 1.0:
            raise ValueError(f"soc must be within 0 and 1, got {soc:g}")
        if cable_a not in CABLE_OHM:
            allowed = ", ".join(f"{amps:g}" for amps in CABLE_OHM)
            raise ValueError(f"cable_a must be one of {allowed}, got {cable_a:g}")
        self._settle()
        self._car = Car(vehicle, soc, min(vehicle.phases, self.spec.phases))
        self.cable_a = float(cable_a)
        self._replan()
        self._react_within(vehicle.reaction_s)

    def unplug(self) -> None:
        """Pull the plug; nothing happens where none is in."""
        if self._car is None:
            return
        self._settle()
        self._car = self.cable_a = None
        self._reaction.clear()
        self._replan()

    @property
    def vehicle(self) -> Vehicle | None:
        return self._car.vehicle if self._car else None

    # what the controller drives

    def set_pwm(self, amps: float | None) -> None:
        """Offer so many amps per phase on the pilot; None is no PWM (state x1)."""
        if amps is not None and not PWM_MIN_A <= amps <= PWM_MAX_A:
            raise ValueError(f"pilot amps must be within 6 and 80 A, or None, got {amps:g}")
        duty_pct = 100.0 if amps is None else duty_from_amps(amps, self.spec.pwm_steps)
        if duty_pct == self._duty_pct:
            return
        self._settle()
        self._duty_pct = duty_pct
        # Without a counter's steps the offer is the amps themselves: duty and back would cost a rounding.
        exact = amps is not None and self.spec.pwm_steps is None
        self.offered_a = amps if exact and amps else amps_from_duty(duty_pct)
        self._new_segment()
        if self._car:
            self._react_within(self._car.vehicle.reaction_s)

    def set_contactor(self, phases: int) -> None:
        """Close on so many phases, or open (0)."""
        if not 0 <= phases <= self.spec.phases:
            raise ValueError(f"contactor phases must be within 0 and {self.spec.phases}, got {phases}")
        if phases == self.phases:
            return
        self._settle()
        self.phases = phases
        if self._car:
            self._mains_changed(self._car)
        self._replan()

    def _mains_changed(self, car: Car) -> None:
        car.stop()
        if self.phases:
            car.phases = min(car.vehicle.phases, self.phases)
            car.ready_s = self._timeline.now + car.vehicle.start_s
            self._react_within(car.vehicle.start_s)

    # what the controller sees

    @property
    def pilot(self) -> str:
        """State of the control pilot now."""
        if self._car is None:
            return "A"
        return "C" if self._car.asks else "B"

    @property
    def capability_a(self) -> Three:
        """What the charger can deliver per phase: least of rated, cable and heat."""
        amps = self.spec.rated_a if self.cable_a is None else min(self.spec.rated_a, self.cable_a)
        return (amps, amps, amps) if self.spec.phases == 3 else (amps, 0.0, 0.0)

    def reading(self) -> Reading:
        """Everything electrical, now."""
        return self.segment.at(self._timeline.now)

    # the car's side

    def _react_within(self, delay_s: float) -> None:
        due_s = self._timeline.now + delay_s
        if self._reaction.due_s is None or due_s < self._reaction.due_s:
            self._reaction.set(due_s)

    def _react(self) -> None:
        """The car looks at the pilot and acts on it."""
        car = self._car
        if car is None:
            return
        self._settle()
        car.seen_a = self.offered_a
        if car.wants:
            car.asks = True
        elif car.form == OFF:
            car.asks = False
        if car.asks and self.phases and car.form == OFF and self._timeline.now < car.ready_s:
            self._reaction.set(car.ready_s)
        self._replan()

    def _arrive(self) -> None:
        """The present plan has run its course."""
        car, plan = self._car, self._plan
        if car is None or plan is None:
            return
        self._settle()
        self._plan = car.arrive(plan, self._sum_u())
        if self._plan is None:
            car.asks = False
            car.stop()
        self._new_segment()

    # the solution

    def _settle(self) -> None:
        """Bring energy, register and battery to now."""
        segment = self.segment
        tau_s = self._timeline.now - segment.t0_s
        if tau_s <= 0.0 or segment.draw is IDLE:
            return
        draw, car = segment.draw, self._car
        added_wh = draw.flow.energy_wh(tau_s)
        self._energy_wh += added_wh
        if segment.gain:
            shown_wh = added_wh * segment.gain
            self._counted_wh += shown_wh
            (c1, c2, c3), (s1, s2, s3) = self._counted_phase_wh, segment.phase_share
            self._counted_phase_wh = (c1 + shown_wh * s1, c2 + shown_wh * s2, c3 + shown_wh * s3)
        if car is None or not draw.keep:
            self.standby_wh += added_wh
            return
        self.loss_wh += (car.vehicle.loss_b * added_wh) + draw.drain_w * tau_s / 3600.0
        stored_wh = draw.keep * added_wh - draw.drain_w * tau_s / 3600.0
        self.battery_wh += stored_wh
        car.soc += stored_wh / car.vehicle.usable_wh
        car.active_a = draw.flow.power_w(tau_s) / draw.sum_u_v

    def _replan(self) -> None:
        """Something around the car has changed: find what its power does from now on."""
        car, sum_u = self._car, self._sum_u()
        self._plan = None
        if car is not None and car.asks and sum_u and (car.form != OFF or self._timeline.now >= car.ready_s):
            self._plan = car.plan(sum_u)
        self._new_segment()

    def _live(self) -> tuple[bool, bool, bool]:
        """The conductors that carry current to the car: closed, used by it and not dead."""
        if self._car is None:
            return (False, False, False)
        used = min(self.phases, self._car.vehicle.phases)
        u1, u2, u3 = self.u_v
        return (used > 0 and u1 > 0.0, used > 1 and u2 > 0.0, used > 2 and u3 > 0.0)

    def _sum_u(self) -> float:
        return sum(volts for volts, live in zip(self.u_v, self._live(), strict=True) if live)

    @property
    def u_v(self) -> Three:
        """Voltage on the outlet's own L1, L2, L3."""
        volts, (r1, r2, r3) = self._world.supply.voltage_v, self.spec.rotation
        if self.spec.phases == 1:
            return (volts[r1 - 1], 0.0, 0.0)
        return (volts[r1 - 1], volts[r2 - 1], volts[r3 - 1])

    def _draw(self) -> Draw:
        car, sum_u = self._car, self._sum_u()
        if car is None or not sum_u:
            return IDLE
        if self._plan is None:
            u1 = self.u_v[0]
            standby_a = car.vehicle.standby_w / u1 if u1 else 0.0
            if not u1 or not (standby_a or car.vehicle.standby_a):
                return IDLE
            reactive = max(car.vehicle.standby_a**2 - standby_a**2, 0.0) ** 0.5
            return Draw(Flow(car.vehicle.standby_w), (True, False, False), u1, reactive)
        vehicle = car.vehicle
        keep, drain = 1.0 - vehicle.loss_b, vehicle.loss_a_w
        return Draw(self._plan.flow, self._live(), sum_u, vehicle.reactive_a, keep, drain)

    def _new_segment(self) -> None:
        car, plan, now = self._car, self._plan, self._timeline.now
        draw, meter = self._draw(), self.spec.meter
        counts = draw.sum_u_v > 0.0 and _largest_a(draw, plan) >= meter.start_a
        max_draw_a = 0.0
        if car is not None and car.soc < 1.0:
            max_draw_a = car.vehicle.draw_a(car.vehicle.max_a)
        self.segment = Segment(
            now,
            self.pilot,
            self._duty_pct,
            self.offered_a,
            self.phases,
            self.u_v,
            self._world.supply.frequency_hz,
            draw,
            self._energy_wh,
            self._counted_wh,
            self._counted_phase_wh,
            self._gain if counts else 0.0,
            meter.resolution_wh,
            car.vehicle if car else None,
            car.soc if car else None,
            max_draw_a,
            self.capability_a,
            self._world.ambient.mean_c,
        )
        if plan is None or plan.lasts_s == inf:
            self._breakpoint.clear()
        else:
            self._breakpoint.set(now + plan.lasts_s)
        for heard in self.on_segment:
            heard(self)
        if not self._telling and self.pilot != self._told_pilot:
            self._telling = True
            self._timeline.soon(self._tell_pilot, CONTROL)

    def _tell_pilot(self) -> None:
        self._telling = False
        if self.pilot == self._told_pilot:
            return
        self._told_pilot = self.pilot
        for heard in self.on_pilot:
            heard(self)


def _largest_a(draw: Draw, plan: Plan | None) -> float:
    """Largest current of a segment; each form is monotone, so it stands at an end."""
    flow, ends_s = draw.flow, plan.lasts_s if plan and plan.lasts_s < inf else 0.0
    active = max(flow.power_w(0.0), flow.power_w(ends_s)) / draw.sum_u_v
    return float((active * active + draw.reactive_a * draw.reactive_a) ** 0.5)
