"""A car at the plug: what it wants, and how it answers the pilot. The outlet moves it through time."""

from bisect import bisect_right
from dataclasses import dataclass, field
from math import exp, inf, log

from evc5.models.battery import CURVE, FULL, HAIR, HOLD, RAMP, Plan, follow, hold, ramp
from evc5.models.flow import Flow
from evc5.models.vehicles import Vehicle

OFF, PREHEAT = "off", "preheat"


@dataclass(slots=True, eq=False, repr=False)
class Car:
    """One plugged-in car. `form` is the closed form its power follows now (battery.py), preheat or off."""

    vehicle: Vehicle
    soc: float
    phases: int  # on how many it expects to charge: those it last saw, else those the outlet is wired for
    pack: "Pack"
    piece: int = 0
    form: str = OFF
    active_a: float = 0.0  # per phase, as of the last settling
    held: tuple[float, float, float] = (0.0, 0.0, 0.0)  # under which orders it holds its current
    seen_a: float = 0.0  # the offer it obeys, one reaction time old
    asks: bool = False  # S2 closed: state C
    ready_s: float = 0.0  # not before this does it draw
    paused_s: float | None = 0.0  # since when no sufficient offer
    asleep: bool = False
    refuses: bool = False
    charged_on: int = 0  # phases of the last contact that carried current
    preheat_left_s: float = 0.0
    excess: tuple[float, float] = (1.0, 0.0)  # a fault: factor and amps beyond the offer
    most_a: float = field(init=False)  # what it draws where nothing limits it
    _allowed: tuple[tuple[object, ...], float] = ((), 0.0)  # under which orders it heads for how many watts

    def __post_init__(self) -> None:
        self.most_a = self.vehicle.draw_a(self.vehicle.max_a)

    def look(self, now_s: float, offered_a: float) -> None:
        """See the pilot, and open or close S2 by it; a current that flows first ramps down."""
        if offered_a == 0.0 and self.form != OFF and not self.vehicle.stops_without_pwm:
            return
        self.seen_a = offered_a
        if offered_a < self.vehicle.least_a(self.phases):
            self.paused_s = now_s if self.paused_s is None else self.paused_s
        elif self.paused_s is not None:
            self.asleep = self.asleep or now_s - self.paused_s >= self.vehicle.sleep_after_s
            self.paused_s = None
        if self.wants:
            self.asks = True
        elif self.form in (OFF, PREHEAT):
            self.asks = False
            self.stop()

    @property
    def wants(self) -> bool:
        """Whether it would draw on what it is offered."""
        if self.asleep or self.refuses or self.seen_a < self.vehicle.least_a(self.phases):
            return False
        return self.soc < 1.0 or self.preheat_left_s > 0.0

    def mains(self, phases: int, now_s: float) -> None:
        """The contactor has closed on so many phases, or opened."""
        self.stop()
        if not phases:
            return
        self.phases = min(self.vehicle.phases, phases)
        if self.charged_on not in (0, self.phases) and not self.vehicle.resumes_after_phase_change:
            self.refuses = True
        self.ready_s = now_s + self.vehicle.start_s

    def interrupted(self, lasted_s: float) -> None:
        """The pilot was away and is back."""
        if lasted_s >= self.vehicle.wake_s:
            self.asleep = self.refuses = False
            self.charged_on = 0
            self.paused_s = None

    def _orders(self) -> tuple[float, float, float]:
        return (self.seen_a, self.pack.rate, self.excess[0])

    def goal_w(self, sum_u_v: float) -> float:
        """Power at the inlet it heads for: the offer, its own rating and what a cold battery takes."""
        if not self.wants:
            return 0.0
        orders = (self.seen_a, self.excess, self.pack.row, sum_u_v)
        if orders != self._allowed[0]:  # most of a taper passes under the same
            self._allowed = (orders, self._allowed_w(sum_u_v))
        return self._allowed[1]

    def _allowed_w(self, sum_u_v: float) -> float:
        car = self.vehicle
        factor, more_a = self.excess
        offered_w = car.active_a(car.draw_a(self.seen_a) * factor + more_a) * sum_u_v
        return min(offered_w, car.ac_w(self.pack.rate * car.usable_wh))

    def plan(self, sum_u_v: float) -> Plan:
        """What its power does from now on, after anything around it has changed."""
        if self.soc >= 1.0:
            return self._preheat(sum_u_v)
        car = self.vehicle
        goal_w = self.goal_w(sum_u_v)
        self.charged_on = self.phases
        self.piece = car.curve.piece(self.soc)
        accepts_w = car.ac_w(car.usable_wh * car.curve.rate(self.soc, self.piece))
        if goal_w and self._steady(goal_w, accepts_w):
            return self._go(HOLD if goal_w < accepts_w else CURVE, goal_w)
        # A charger that starts takes its own overhead at once; below it nothing would reach the battery.
        overhead_w = car.ac_w(0.0)
        now_w, to_w = max(self.active_a * sum_u_v, overhead_w), max(goal_w, overhead_w)
        self.form = RAMP
        if now_w == to_w:
            return Plan(Flow(now_w), 0.0, HOLD)
        slope = car.ramp_up_a_s if to_w > now_w else -car.ramp_down_a_s
        if abs(slope) == inf:
            return Plan(Flow(to_w), 0.0, CURVE if to_w > accepts_w else HOLD, None, self.piece)
        return ramp(car, self.soc, self.piece, now_w, to_w, slope * sum_u_v)

    def _steady(self, goal_w: float, accepts_w: float) -> bool:
        if self.form == CURVE:
            return goal_w >= accepts_w * (1.0 - HAIR)  # met at the limit, it stays met
        return self.form == HOLD and self.held == self._orders()

    def _go(self, form: str, goal_w: float) -> Plan:
        self.form = form
        self.held = self._orders()
        return (hold if form == HOLD else follow)(self.vehicle, self.soc, self.piece, goal_w)

    def _preheat(self, sum_u_v: float) -> Plan:
        self.form = PREHEAT
        allowed_w = self.vehicle.active_a(self.seen_a) * sum_u_v / self.phases
        return Plan(Flow(min(self.vehicle.preheat_w, allowed_w)), self.preheat_left_s, OFF)

    def arrive(self, plan: Plan, sum_u_v: float) -> Plan | None:
        """The plan that follows `plan` at its end; None when the car stops drawing."""
        if plan.soc_then is not None:
            self.soc = plan.soc_then
        if plan.then == FULL and self.vehicle.preheat_w and self.vehicle.preheat_s:
            self.preheat_left_s = self.vehicle.preheat_s
            return self._preheat(sum_u_v)
        if plan.then == OFF:
            self.preheat_left_s = 0.0
        goal_w = self.goal_w(sum_u_v)
        if plan.then != RAMP and (plan.then in (FULL, OFF) or goal_w == 0.0):
            self.asks = False
            self.stop()
            return None
        self.piece = plan.piece if plan.soc_then is not None else self.vehicle.curve.piece(self.soc)
        if plan.then == RAMP:
            return self._ramp_on(plan, goal_w)
        return self._go(plan.then, goal_w)

    def _ramp_on(self, plan: Plan, goal_w: float) -> Plan:
        """The ramp goes on along the curve's next piece."""
        self.piece = plan.piece
        from_w = plan.flow.power_w(plan.lasts_s)
        to_w = max(goal_w, self.vehicle.ac_w(0.0))
        return ramp(self.vehicle, self.soc, self.piece, from_w, to_w, plan.flow.slope_w_s)

    def stop(self) -> None:
        """No current any more, at once."""
        self.form = OFF
        self.active_a = 0.0


@dataclass(slots=True, eq=False, repr=False)
class Pack:
    """The battery's temperature, an exponential towards air or a little above, and what it allows."""

    vehicle: Vehicle
    air_c: float
    temp_c: float
    t_s: float = 0.0
    charging: bool = False
    moved: bool = False
    row: int = 0  # of the acceptance table

    def __post_init__(self) -> None:
        self.row = max(bisect_right([from_c for from_c, _ in self.vehicle.acceptance], self.temp_c) - 1, 0)

    @property
    def rate(self) -> float:
        """Capacities per hour it takes at most."""
        return self.vehicle.acceptance[self.row][1]

    @property
    def goal_c(self) -> float:
        return self.air_c + (self.vehicle.battery_rise_k if self.charging else 0.0)

    def move(self, now_s: float, charging: bool) -> None:
        """Advance, then change."""
        fade = exp(-(now_s - self.t_s) / self.vehicle.battery_tau_s)
        self.temp_c = self.goal_c + (self.temp_c - self.goal_c) * fade
        self.t_s = now_s
        self.charging = charging
        self.moved = True

    def crossing(self) -> tuple[float, int]:
        """When the next row of the table is reached and which; (inf, the present one) if never."""
        rows = self.vehicle.acceptance
        goal = self.goal_c
        warmer = goal > self.temp_c
        edge = self.row + 1 if warmer else self.row
        if not 0 < edge < len(rows):
            return inf, self.row
        edge_c = rows[edge][0]
        if not (self.temp_c <= edge_c < goal if warmer else goal < edge_c <= self.temp_c):
            return inf, self.row
        after_s = self.vehicle.battery_tau_s * log((goal - self.temp_c) / (goal - edge_c))
        return self.t_s + after_s, edge if warmer else edge - 1

    def cross(self, now_s: float, row: int) -> None:
        """The named crossing: the temperature is at the edge."""
        self.temp_c = self.vehicle.acceptance[max(row, self.row)][0]
        self.t_s = now_s
        self.row = row
