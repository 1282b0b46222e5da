"""The power path of one outlet, from mains through contactor to car: what flows and where it goes."""

from math import inf

from evc5.models.battery import Plan
from evc5.models.car import OFF, PREHEAT, Car
from evc5.models.flow import Flow
from evc5.models.heat import NO_CURRENT
from evc5.models.ledger import Ledger
from evc5.models.segment import IDLE, ZERO, Draw
from evc5.models.supply import Three
from evc5.models.units import made
from evc5.models.vehicles import LEAST_V

L1: Three = (1.0, 0.0, 0.0)


class Circuit:
    """Advance (`settle`), change, then solve again (`solve`): `draw` holds from then on."""

    __slots__ = (
        "car",
        "draw",
        "gain",
        "ledger",
        "live",
        "metered_gain",
        "openings_under_load",
        "phases",
        "plan",
        "share",
        "squares",
        "start_a",
        "sum_u_v",
        "t0_s",
        "u_v",
    )

    def __init__(
        self, now_s: float, register_wh: float, register_phase_wh: Three, gain: float, start_a: float
    ) -> None:
        self.t0_s = now_s
        self.ledger = Ledger(counted_wh=register_wh, counted_phase_wh=register_phase_wh)
        self.gain = gain
        self.start_a = start_a
        self.metered_gain = 0.0
        self.u_v: Three = ZERO
        self.phases = 0  # conducting
        self.car: Car | None = None
        self.plan: Plan | None = None
        self.draw = IDLE
        self.squares = NO_CURRENT
        self.live = (False, False, False)
        self.sum_u_v = 0.0
        self.share = ZERO
        self.openings_under_load = 0

    def ledger_at(self, now_s: float) -> Ledger:
        """The ledger as of now, without settling."""
        draw = self.draw
        tau_s = now_s - self.t0_s
        if tau_s <= 0.0 or draw is IDLE:
            return self.ledger
        energy, counted, (c1, c2, c3), battery, loss, standby, contact = self.ledger
        added_wh = draw.flow.energy_wh(tau_s)
        if draw.keep and self.car is not None:
            drained_wh = draw.drain_w * tau_s / 3600.0
            battery += draw.keep * added_wh - drained_wh
            loss += self.car.vehicle.loss_b * added_wh + drained_wh
        else:
            standby += added_wh
        contact += self.squares.integral(tau_s)
        shown = added_wh * self.metered_gain
        s1, s2, s3 = draw.share
        by_phase = (c1 + shown * s1, c2 + shown * s2, c3 + shown * s3)
        return made(Ledger, (energy + added_wh, counted + shown, by_phase, battery, loss, standby, contact))

    def settle(self, now_s: float) -> None:
        """Bring energy, register, battery and current to now. What holds next must then be solved."""
        tau_s = now_s - self.t0_s
        if tau_s <= 0.0:
            return
        draw = self.draw
        car = self.car
        stood = self.ledger.battery_wh
        self.ledger = self.ledger_at(now_s)
        self.t0_s = now_s
        if car is None:
            return
        if draw.keep:
            car.soc += (self.ledger.battery_wh - stood) / car.vehicle.usable_wh
            car.active_a = draw.flow.power_w(tau_s) / draw.sum_u_v
        elif car.form == PREHEAT:
            car.preheat_left_s = max(car.preheat_left_s - tau_s, 0.0)

    def plug(self, car: Car | None, now_s: float) -> None:
        """Another car, or none."""
        self.openings_under_load += self.car is not None and self.car.form != OFF
        self.car = car
        if car is not None and self.phases:  # the contactor is welded
            car.mains(self.phases, now_s)
        self._wire(now_s)

    def close(self, phases: int, now_s: float) -> None:
        """The contactor conducts on so many phases; 0 is open."""
        car = self.car
        self.phases = phases
        if car is not None:
            self.openings_under_load += car.form != OFF
            car.mains(phases, now_s)
        self._wire(now_s)

    def feed(self, u_v: Three, now_s: float) -> None:
        """Other voltages; a car that has lost or found a phase starts anew."""
        self.u_v = u_v
        self._wire(now_s)

    def _wire(self, now_s: float) -> None:
        """Which conductors carry current to the car: closed, used by it and not dead."""
        car = self.car
        stood = self.live
        used = min(self.phases, car.vehicle.phases) if car is not None else 0
        u1, u2, u3 = self.u_v
        first = used > 0 and u1 >= LEAST_V  # its electronics hang on L1 (assumed)
        self.live = (first, first and used > 1 and u2 >= LEAST_V, first and used > 2 and u3 >= LEAST_V)
        u1, u2, u3 = u1 * self.live[0], u2 * self.live[1], u3 * self.live[2]
        self.sum_u_v = total = u1 + u2 + u3
        self.share = (u1 / total, u2 / total, u3 / total) if total else ZERO
        if car is not None and stood != self.live and self.phases:
            car.stop()
            car.ready_s = now_s + car.vehicle.start_s

    def solve(self, now_s: float) -> None:
        """Something has changed: find what flows from now on."""
        car = self.car
        self.plan = None
        if car is not None and car.asks and self.sum_u_v and (car.form != OFF or now_s >= car.ready_s):
            self.plan = car.plan(self.sum_u_v)
        self._drawn()

    def arrive(self) -> None:
        """The plan has run its course: on to the one it names."""
        if self.car is not None and self.plan is not None:
            self.plan = self.car.arrive(self.plan, self.sum_u_v)
        self._drawn()

    def _drawn(self) -> None:
        self.draw = draw = self._draw()
        if draw is IDLE:
            self.squares = NO_CURRENT
            self.metered_gain = 0.0
            return
        lasts_s = self.lasts_s
        self.squares = draw.squares(lasts_s if lasts_s < inf else 0.0)
        count = draw.live[0] + draw.live[1] + draw.live[2]
        self.metered_gain = self.gain if self.squares.peak >= count * self.start_a * self.start_a else 0.0

    def _draw(self) -> Draw:
        car = self.car
        plan = self.plan
        if car is None or not self.sum_u_v:
            return IDLE
        vehicle = car.vehicle
        if plan is None:
            return self._standby(vehicle.standby_w, vehicle.standby_a)
        if car.form == PREHEAT:
            return Draw(plan.flow, (True, False, False), self.u_v[0], vehicle.reactive_a, share=L1)
        keep = 1.0 - vehicle.loss_b
        values = (
            plan.flow, self.live, self.sum_u_v, vehicle.reactive_a, keep, vehicle.loss_a_w, self.share
        )  # fmt: skip
        return made(Draw, values)

    def _standby(self, watts: float, amps: float) -> Draw:
        u1 = self.u_v[0]
        if not watts and not amps:
            return IDLE
        reactive = max(amps * amps - (watts / u1) ** 2, 0.0) ** 0.5
        return Draw(Flow(watts), (True, False, False), u1, reactive, share=L1)

    @property
    def lasts_s(self) -> float:
        """How long the present draw holds by itself."""
        return self.plan.lasts_s if self.plan is not None else inf

    def currents_a(self, now_s: float) -> Three:
        """Per phase, as of now."""
        amps = self.draw.rms_a(now_s - self.t0_s)
        l1, l2, l3 = self.draw.live
        return (amps * l1, amps * l2, amps * l3)

    def drifts_s(self, step_a: float, step_ramp_a: float) -> float:
        """How long until the current has moved by so much."""
        draw = self.draw
        if not (draw.flow.slope_w_s or draw.flow.decay_w):
            return inf
        step = step_ramp_a if draw.flow.slope_w_s else step_a
        amps = draw.rms_a(0.0)
        soonest = inf
        for other in (amps - step, amps + step):
            if other > draw.reactive_a:
                active = (other * other - draw.reactive_a * draw.reactive_a) ** 0.5
                soonest = min(soonest, draw.flow.reaches_s(active * draw.sum_u_v))
        return soonest
