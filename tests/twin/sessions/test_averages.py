"""Values averaged over their interval: what flows and is offered as its mean, registers as they stand."""

import pytest

from evc5.models.meter import MeterSpec
from evc5.models.outlet import OutletSpec
from evc5.models.timeline import Timeline
from evc5.models.vehicles import vehicle
from evc5.models.world import World
from evc5.twin.connector.channel import Channel
from evc5.twin.sessions.averages import Average
from evc5.twin.sessions.metering import QUANTITIES

EXACT = MeterSpec(gain_error_pct=0.0, resolution_wh=0.0, amp_step=0.0, watt_step=0.0)


class Averaged:
    """One outlet with a load in a car's place, and the mean of what its meter tells."""

    def __init__(self) -> None:
        self.timeline = Timeline()
        self.outlet = World(self.timeline, [OutletSpec(meter=EXACT)]).outlet(1)
        self.channel = Channel(self.timeline, self.outlet, lambda: None)
        self.average = Average(self.channel)

    def box(self) -> None:
        self.outlet.plug_in_box()
        self.outlet.set_contactor(3)

    def draws(self, amps: float, seconds: float, phases: int = 3) -> None:
        self.outlet.box(True, phases, amps)
        self.timeline.advance(self.timeline.now + seconds)

    def mean(self, measurand: str) -> list[float | None]:
        """L1, L2 and L3 where there are any, and then the total."""
        row, quantity = self.average.mean(self.timeline.now), QUANTITIES[measurand]
        phases = [] if quantity.phases is None else list(row[quantity.phases : quantity.phases + 3])
        return phases if quantity.total is None else [*phases, row[quantity.total]]


def test_a_mean_weighs_what_flowed_by_how_long_and_registers_stand_as_at_the_end():
    one = Averaged()
    one.box()
    one.draws(10.0, 100.0)
    one.draws(22.0, 50.0)
    assert one.mean("Current.Import") == pytest.approx([14.0] * 3)
    assert one.mean("Power.Active.Import") == pytest.approx([14.0 * 230] * 3 + [14.0 * 690])
    assert one.mean("Voltage") == pytest.approx([230.0] * 3)
    taken_wh = 14.0 * 230 * 150 / 3600
    assert one.mean("Energy.Active.Import.Register") == pytest.approx([taken_wh] * 3 + [3 * taken_wh])


def test_an_interval_begins_where_the_last_one_ended():
    one = Averaged()
    one.box()
    one.draws(10.0, 100.0)
    assert one.mean("Current.Import") == pytest.approx([10.0] * 3)
    one.average.begin(one.timeline.now)
    assert one.mean("Current.Import") == pytest.approx([10.0] * 3), "of no time: the present one"
    one.draws(10.0, 60.0)
    one.draws(20.0, 20.0, phases=1)
    assert one.mean("Current.Import") == pytest.approx([12.5, 7.5, 7.5])
    assert one.mean("Energy.Active.Import.Register")[1] == pytest.approx(10.0 * 230 * 160 / 3600)
    assert one.mean("Current.Import") == pytest.approx([12.5, 7.5, 7.5]), "asked twice, it is the same"


def test_what_is_offered_is_averaged_as_what_flows():
    one = Averaged()
    one.box()
    one.outlet.set_pwm(6.0)
    one.draws(5.0, 30.0)
    one.outlet.set_pwm(16.0)
    one.draws(5.0, 10.0)
    assert one.mean("Current.Offered") == pytest.approx([8.5] * 3)


@pytest.mark.parametrize("before_s", [0.0, 500.0])
def test_a_charge_is_the_mean_of_the_time_in_which_there_was_a_car(before_s):
    one = Averaged()
    one.timeline.advance(before_s)
    assert one.mean("SoC") == [None]
    one.outlet.plug_in(vehicle("vw-id3-58"), 0.4)
    one.timeline.advance(before_s + 100.0)
    assert one.mean("SoC") == [pytest.approx(40.0)]


def test_a_ramp_of_any_length_has_the_mean_of_its_energy():
    one = Averaged()
    one.outlet.plug_in(vehicle("vw-id3-58"), 0.96)
    one.outlet.set_pwm(16.0)
    one.outlet.set_contactor(3)
    one.timeline.advance(3.0)
    one.average.begin(3.0)
    since_wh = one.outlet.reading().energy_wh
    one.timeline.advance(2500.0)
    taken_wh = one.outlet.reading().energy_wh - since_wh
    assert one.mean("Power.Active.Import")[3] == pytest.approx(taken_wh * 3600 / 2497.0, rel=1e-6)
