"""ACN-Sim's own algorithms charge cars here, through OCPP: what they are given is what they expect."""

from pathlib import Path
from typing import Any

import pytest

from evc5 import Rig
from evc5.controllers import AcnAlgorithm, contest

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]  # its imports are deprecated ones

RIG = {"csms.actions": [], "recording.report": False}


def algorithms() -> dict[str, Any]:
    """Each that it ships, by what it is called."""
    from acnportal import algorithms as acn

    first = acn.sorted_algorithms.earliest_deadline_first
    return {
        "earliest deadline": acn.SortedSchedulingAlgo(first),
        "least laxity": acn.SortedSchedulingAlgo(acn.sorted_algorithms.least_laxity_first),
        "uninterrupted": acn.SortedSchedulingAlgo(first, uninterrupted_charging=True),
        "ramped down": acn.SortedSchedulingAlgo(
            first, estimate_max_rate=True, max_rate_estimator=acn.SimpleRampdown()
        ),
        "in turn": acn.RoundRobin(acn.sorted_algorithms.first_come_first_served, continuous_inc=1),
        "uncontrolled": acn.UncontrolledCharging(),
    }


def test_each_of_its_algorithms_charges_the_cars_and_no_check_finds_a_fault() -> None:
    rig = Rig.load("balancing").revised(RIG)
    wrapped = {name: AcnAlgorithm(one) for name, one in algorithms().items()}
    table = contest(rig, wrapped, every="5min", oracle=True).set_index("controller")
    assert (table["errors"] == 0).all()
    assert (table["energy_wh"] > 40_000.0).all()
    assert (table["profiles_sent"] > 0).all()
    assert table.at["uncontrolled", "energy_wh"] == table["energy_wh"].max()


def test_the_place_is_one_as_its_own_class_takes_it(tmp_path: Path) -> None:
    from acnportal.acnsim.interface import InfrastructureInfo
    from acnportal.algorithms.utils import infrastructure_constraints_feasible

    asked: list[tuple[float, float]] = []

    class Looking:
        def register_interface(self, interface: Any) -> None:
            self.interface = interface

        def schedule(self, active_sessions: list[Any]) -> dict[str, list[float]]:
            ours = self.interface.infrastructure_info()
            names = ("phases", "voltages", "constraint_ids", "station_ids", "max_pilot", "min_pilot")
            theirs = InfrastructureInfo(  # checks the shapes
                ours.constraint_matrix,
                ours.constraint_limits,
                **{name: getattr(ours, name) for name in names},
                allowable_pilots=ours.allowable_pilots,
                is_continuous=ours.is_continuous,
            )
            each_a = ours.constraint_limits[0] / theirs.num_stations
            for amps in (each_a, each_a + 0.1):
                rates = [amps] * theirs.num_stations
                asked.append((amps - each_a, infrastructure_constraints_feasible(rates, theirs)))
            return {}

    Rig.load("balancing").revised(RIG).run(
        out=tmp_path / "run", controller=AcnAlgorithm(Looking()), every="1h"
    )
    assert {(over > 0.0, bool(held)) for over, held in asked} == {(False, True), (True, False)}
