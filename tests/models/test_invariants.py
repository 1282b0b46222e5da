"""One battery of invariants over every preset, on a random day of offers, voltages and openings."""

import itertools
from random import Random

import numpy as np
import pytest

from evc5.models.heat import Ambient
from evc5.models.supply import Sag, Supply
from evc5.models.timeline import INPUT
from evc5.models.vehicles import presets, vehicle

DAY = 86400.0
PWM_REACTION_S = 5.0


class Day:
    """A car through a random day; keeps every segment with its end, and every offer."""

    def __init__(self, box, id_: str, seed: int = 0, look_every_s: float | None = None) -> None:
        rng, self.box = Random(f"{id_}/{seed}"), box
        self.outlet, self.segments, self.offers = box.world.outlet(1), [], [(0.0, 0.0)]
        self.outlet.on_segment.append(lambda outlet: self.segments.append(outlet.segment))
        timeline, t = box.timeline, 0.0
        timeline.at(0.0, lambda: self.outlet.plug_in(vehicle(id_), rng.uniform(0.02, 0.95)), INPUT)
        while t < DAY:
            amps = None if rng.random() < 0.2 else round(rng.uniform(6.0, 32.0), 2)
            timeline.at(t, lambda amps=amps: self.offer(amps), INPUT)
            t += rng.choice([5.0, rng.uniform(5.0, 30.0), rng.uniform(300.0, 4 * 3600.0)])
        while timeline.now < DAY:
            box.run(min(look_every_s or DAY, DAY - timeline.now))
            self.outlet.reading()

    def offer(self, amps) -> None:
        self.outlet.set_pwm(amps)
        self.offers.append((self.box.timeline.now, amps or 0.0))

    def spans(self):
        ends = [segment.t0_s for segment in self.segments[1:]] + [DAY]
        return [(s, e) for s, e in zip(self.segments, ends, strict=True) if e > s.t0_s]

    def highest_offer(self, t_s: float) -> float:
        """Of the five seconds before."""
        recent = [amps for at, amps in self.offers if t_s - PWM_REACTION_S <= at <= t_s]
        return max([*recent, [amps for at, amps in self.offers if at <= t_s][-1], self._before(t_s)])

    def _before(self, t_s: float) -> float:
        earlier = [amps for at, amps in self.offers if at <= t_s - PWM_REACTION_S]
        return earlier[-1] if earlier else 0.0


@pytest.fixture
def day(wallbox):
    def make(id_: str, **kwargs) -> Day:
        supply = Supply(
            walk_v=3.0, impedance_ohm=0.2, sags=(Sag(30_000.0, 40.0, 0.7), Sag(50_000.0, 900.0, 0.0, (2,)))
        )
        return Day(wallbox(supply=supply, ambient=Ambient(20.0, 6.0, sun_k=8.0)), id_, **kwargs)

    return make


QUICK = ("vw-id3-58", "renault-zoe-ze50", "phev-10")  # the others too, but with the slow tests
CARS = [id_ if id_ in QUICK else pytest.param(id_, marks=pytest.mark.slow) for id_ in presets()]


@pytest.mark.parametrize("id_", CARS)
class TestEveryCar:
    def test_energy_is_conserved(self, day, id_):
        balance = day(id_).box.world.balance()
        spent = balance.battery_wh + balance.loss_wh + balance.standby_wh + balance.contact_wh
        assert balance.grid_wh == pytest.approx(spent, rel=1e-9)
        assert balance.loss_wh > 0.0

    def test_power_current_and_voltage_agree(self, day, id_):
        for segment, end_s in day(id_).spans():
            seen = segment.at((segment.t0_s + end_s) / 2)
            apparent = sum(u * i for u, i in zip(seen.u_v, seen.i_a, strict=True))
            assert seen.p_w == pytest.approx((seen.pf or 0.0) * apparent, rel=1e-9, abs=1e-9)

    def test_energy_and_register_never_fall_and_stay_together(self, day, id_):
        d = day(id_)
        rows = [segment.at(t) for segment, end in d.spans() for t in (segment.t0_s, end)]
        for before, after in itertools.pairwise(rows):
            assert after.energy_wh >= before.energy_wh - 1e-9
            assert after.register_wh >= before.register_wh
        assert rows[-1].register_wh == pytest.approx(rows[-1].energy_wh, rel=0.01, abs=1.0)
        assert d.outlet.reading().register_wh == rows[-1].register_wh

    def test_soc_stays_within_0_and_1(self, day, id_):
        for segment, end_s in day(id_).spans():
            for t in np.linspace(segment.t0_s, end_s, 5):
                assert -1e-12 <= segment.at(t).soc <= 1.0 + 1e-12

    @pytest.mark.slow
    def test_no_phase_is_above_its_limit_after_the_reaction_time(self, day, id_):
        d = day(id_)
        for segment, end_s in d.spans():
            for t in np.linspace(segment.t0_s, end_s, 7):
                offer = d.highest_offer(t)
                assert max(segment.at(t).i_a) <= offer + max(0.5, 0.03 * offer), t

    def test_the_state_is_continuous_from_segment_to_segment(self, day, id_):
        spans = day(id_).spans()
        for (old, end_s), (new, _) in itertools.pairwise(spans):
            before, after = old.at(end_s), new.at(end_s)
            assert after.energy_wh == pytest.approx(before.energy_wh, rel=1e-12, abs=1e-9)
            assert after.soc == pytest.approx(before.soc, abs=1e-12)
            assert after.temp_c == pytest.approx(before.temp_c, abs=1e-7)

    @pytest.mark.slow
    def test_columns_say_what_reading_by_reading_says(self, day, id_):
        for segment, end_s in day(id_).spans()[:150:3]:
            times = np.linspace(segment.t0_s, end_s, 10)[:-1]
            columns, rows = segment.columns(times), [segment.at(float(t)) for t in times]
            for name in ("p_w", "energy_wh", "register_wh", "soc", "duty_pct", "phases", "temp_c", "pilot"):
                wanted = [getattr(row, name) for row in rows]
                assert list(columns[name]) == (wanted if name == "pilot" else pytest.approx(wanted, rel=1e-9))
            for n in range(3):
                assert list(columns[f"i{n + 1}_a"]) == pytest.approx([row.i_a[n] for row in rows], rel=1e-9)
                assert list(columns[f"u{n + 1}_v"]) == [row.u_v[n] for row in rows]
                assert list(columns[f"demand{n + 1}_a"]) == pytest.approx([row.demand_a[n] for row in rows])
                assert list(columns[f"capability{n + 1}_a"]) == [row.capability_a[n] for row in rows]


@pytest.mark.slow
@pytest.mark.parametrize("every_s", [1.0, 60.0, 3600.0])
def test_the_answer_does_not_depend_on_the_sampling(day, every_s):
    looked, alone = day("renault-zoe-ze50", look_every_s=every_s), day("renault-zoe-ze50")
    seen, unseen = looked.outlet.reading(), alone.outlet.reading()
    for name in ("energy_wh", "soc", "temp_c", "register_wh", "p_w"):
        assert getattr(seen, name) == pytest.approx(getattr(unseen, name), rel=1e-6), name
