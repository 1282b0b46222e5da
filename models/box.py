"""A cable box and a load in a car's place: they show and draw what they are told, not what is offered."""

from dataclasses import dataclass
from math import inf

from evc5.models.battery import HOLD, Plan
from evc5.models.car import OFF, Car
from evc5.models.flow import Flow
from evc5.models.vehicles import Vehicle

ENDLESS_WH = 1e9  # no load is ever full


def load(phases: int) -> Vehicle:
    """Resistors on so many phases, without losses, reactive current or a will of their own."""
    return Vehicle(
        "bench-load", "a load on the bench", ENDLESS_WH, phases, 80.0,
        undershoot_a=0.0, loss_a_w=0.0, loss_b=0.0, reactive_a=0.0, reaction_s=0.0, start_s=0.0,
        ramp_up_a_s=inf, ramp_down_a_s=inf, standby_w=0.0, standby_a=0.0,
    )  # fmt: skip


@dataclass(slots=True, eq=False, repr=False)
class BoxCar(Car):
    """`shows` is state C rather than B; `draws_a` flows on each phase that the contactor closes on."""

    shows: bool = False
    draws_a: float = 0.0

    def look(self, now_s: float, offered_a: float) -> None:
        self.asks = self.shows

    def plan(self, sum_u_v: float) -> Plan:
        self.form = HOLD if self.draws_a else OFF
        return Plan(Flow(self.draws_a * sum_u_v), inf, HOLD)
