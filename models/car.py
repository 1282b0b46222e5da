"""A car at the plug: what it wants, and how it answers the pilot. The outlet moves it through time."""

from dataclasses import dataclass

from models.battery import CURVE, FULL, HOLD, RAMP, Plan, follow, hold, ramp
from models.flow import Flow
from models.vehicles import Vehicle

OFF = "off"


@dataclass(slots=True)
class Car:
    """One plugged-in car. `form` is the closed form its power follows now (battery.py), or off."""

    vehicle: Vehicle
    soc: float
    phases: int  # on how many it expects to charge: those it last saw, else those the outlet is wired for
    piece: int = 0
    form: str = OFF
    active_a: float = 0.0  # per phase, as of the last settling
    seen_a: float = 0.0  # the offer it obeys, one reaction time old
    asks: bool = False  # S2 closed: state C
    ready_s: float = 0.0  # not before this does it draw

    @property
    def wants(self) -> bool:
        """Whether it would charge on what it is offered."""
        return self.soc < 1.0 and self.seen_a >= self.vehicle.least_a(self.phases)

    @property
    def goal_a(self) -> float:
        """Active current per phase it heads for."""
        if not self.wants:
            return 0.0
        return self.vehicle.active_a(self.vehicle.draw_a(self.seen_a))

    def plan(self, sum_u_v: float) -> Plan:
        """What its power does from now on, after anything around it has changed."""
        car, goal_w = self.vehicle, self.goal_a * sum_u_v
        self.piece = car.curve.piece(self.soc)
        accepts_w = car.ac_w(car.usable_wh * car.curve.rate(self.soc))
        if goal_w and self._steady(goal_w, accepts_w):
            return self._steady_plan(min(goal_w, accepts_w) == goal_w, goal_w)
        # A charger that starts takes its own overhead at once; below it nothing would reach the battery.
        overhead_w = car.ac_w(0.0)
        now_w = max(self.active_a * sum_u_v, overhead_w)
        to_w = max(goal_w, overhead_w)
        if now_w == to_w:
            return Plan(Flow(now_w), 0.0, HOLD)
        self.form = RAMP
        slope = car.ramp_up_a_s if to_w > now_w else -car.ramp_down_a_s
        return ramp(car, self.soc, self.piece, now_w, to_w, slope * sum_u_v)

    def _steady(self, goal_w: float, accepts_w: float) -> bool:
        if self.form == CURVE:
            return goal_w >= accepts_w
        return self.form == HOLD and self.active_a == self.goal_a

    def _steady_plan(self, held: bool, goal_w: float) -> Plan:
        self.form = HOLD if held else CURVE
        form = hold if held else follow
        return form(self.vehicle, self.soc, self.piece, goal_w)

    def arrive(self, plan: Plan, sum_u_v: float) -> Plan | None:
        """The plan that follows `plan` at its end; None when the car stops drawing."""
        if plan.soc_then is not None:
            self.soc = plan.soc_then
        goal_w = self.goal_a * sum_u_v
        if plan.then == FULL or (goal_w == 0.0 and plan.then == HOLD):
            return None
        self.piece, self.form = plan.piece, plan.then
        if plan.then == RAMP:
            return self._ramp_on(plan, goal_w)
        if plan.then == HOLD:
            self.active_a = self.goal_a
            self.piece = plan.piece if plan.soc_then is not None else self.vehicle.curve.piece(self.soc)
            return hold(self.vehicle, self.soc, self.piece, goal_w)
        return follow(self.vehicle, self.soc, self.piece, goal_w)

    def _ramp_on(self, plan: Plan, goal_w: float) -> Plan:
        from_w = plan.flow.power_w(plan.lasts_s)
        to_w = max(goal_w, self.vehicle.ac_w(0.0))
        return ramp(self.vehicle, self.soc, self.piece, from_w, to_w, plan.flow.slope_w_s)

    def stop(self) -> None:
        self.form, self.active_a = OFF, 0.0
