"""A cable box and a load in a car's place: what is told them is what they do."""

import pytest

from evc5 import Bench

A_MINUTE_S = 60.0


@pytest.fixture
def bench() -> Bench:
    bench = Bench(connectors=1, behaviour="ocpp16", start="2024-03-01T10:00:00Z")
    bench.assembly.world.outlet(1).plug_in_box(32.0)
    bench.present_tag(1, "TAG1")
    bench.advance(A_MINUTE_S)
    return bench


def test_a_box_in_state_b_draws_nothing_whatever_its_load_is_told(bench: Bench) -> None:
    bench.assembly.world.outlet(1).box(False, 3, 10.0)
    bench.advance(A_MINUTE_S)
    told = bench.reading(1)
    assert (told["pilot"], told["i1_a"]) == ("B", 0.0)


def test_a_load_draws_what_it_is_told_and_not_what_is_offered(bench: Bench) -> None:
    outlet = bench.assembly.world.outlet(1)
    outlet.box(True, 3, 10.0)
    bench.advance(A_MINUTE_S)
    began_wh = bench.reading(1)["energy_wh"]
    bench.advance(3600.0)
    told = bench.reading(1)
    assert told["pilot"] == "C" and [told[f"i{n}_a"] for n in (1, 2, 3)] == pytest.approx([10.0] * 3)
    assert told["offered1_a"] > 10.0 and told["energy_wh"] - began_wh == pytest.approx(3 * 230.0 * 10.0)


def test_a_load_on_one_phase_leaves_the_others_alone(bench: Bench) -> None:
    bench.assembly.world.outlet(1).box(True, 1, 8.0)
    bench.advance(A_MINUTE_S)
    told = bench.reading(1)
    assert [told[f"i{n}_a"] for n in (1, 2, 3)] == pytest.approx([8.0, 0.0, 0.0])


def test_without_a_box_nobody_hears_it() -> None:
    bench = Bench(connectors=1)
    with pytest.raises(ValueError, match="no cable box"):
        bench.assembly.world.outlet(1).box(True, 3, 10.0)
