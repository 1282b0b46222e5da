"""The shipped controllers on views written by hand, with the limits worked out by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from evc5 import BadInput
from evc5.controllers import (
    AcnAlgorithm,
    CheapestHours,
    Guess,
    LeastLaxity,
    Session,
    SessionInfo,
    View,
    equal_share,
    uncontrolled,
)

START = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)
NOW = START + timedelta(hours=6)


def session(connector: int, **told: Any) -> Session:
    begun = {"started": NOW - timedelta(hours=1), "status": "Charging", "energy_wh": 4000.0}
    return Session(connector, 10 + connector, f"TAG{connector}", **{**begun, **told})


def view(*sessions: Session, station_a: float = 32.0) -> View:
    status = {1: "Charging", 2: "Charging"}
    return View(NOW, 900.0, START, START + timedelta(days=2), station_a, 32.0, status, sessions)


def foreseen(hours: float, kwh: float, car_a: float = 16.0, phases: int = 1) -> dict[str, Any]:
    return {
        "departure": NOW + timedelta(hours=hours),
        "remaining_wh": kwh * 1000.0,
        "car_a": car_a,
        "car_phases": phases,
        "soc": 0.5,
    }


def test_uncontrolled_says_nothing() -> None:
    assert uncontrolled(view(session(1), session(2))) == {}


@pytest.mark.parametrize(
    ("station_a", "cars", "shares"),
    [
        (32.0, (32.0, 32.0), {1: 16.0, 2: 16.0}),
        (32.0, (10.0, 32.0), {1: 10.0, 2: 22.0}),  # what one cannot take the next one gets
        (10.0, (32.0, 32.0), {1: 6.0, 2: 0.0}),  # two parts of 5 A are of no use: one waits
        (63.0, (32.0, 32.0), {1: 31.5, 2: 31.5}),
    ],
)
def test_equal_share_divides_the_stations_amps(
    station_a: float, cars: tuple[float, float], shares: dict[int, float]
) -> None:
    some = [session(n, car_a=amps) for n, amps in enumerate(cars, 1)]
    assert equal_share(view(*some, station_a=station_a)) == shares


def test_equal_share_of_nobody_is_nothing() -> None:
    assert equal_share(view()) == {}


def test_least_laxity_serves_first_who_can_wait_least() -> None:
    """One needs 3.68 kWh, an hour at 16 A, in two hours; the other as much in ten."""
    urgent, patient = session(2, **foreseen(2, 3.68)), session(1, **foreseen(10, 3.68))
    assert LeastLaxity()(view(patient, urgent, station_a=20.0)) == {2: 16.0, 1: 0.0}
    assert LeastLaxity()(view(patient, urgent, station_a=24.0)) == {2: 16.0, 1: 8.0}
    long = replace(patient, remaining_wh=36_000.0)  # 9.8 of its ten hours
    assert LeastLaxity()(view(long, urgent, station_a=20.0)) == {1: 16.0, 2: 0.0}


def test_without_an_oracle_the_driver_is_guessed() -> None:
    guess = Guess(leaves="07:30", needs_kwh=20.0)
    begun = session(1)
    assert guess.departure(begun) == datetime(2024, 3, 2, 7, 30, tzinfo=UTC)
    assert guess.remaining_wh(begun) == 16_000.0
    assert guess.remaining_wh(session(1, energy_wh=30_000.0)) == 0.0
    assert guess.departure(session(1, **foreseen(2, 5))) == NOW + timedelta(hours=2)
    with pytest.raises(BadInput, match="leaves must be a local time of day such as 07:30, got 'noon'"):
        Guess(leaves="noon").departure(begun)


TARIFF = {
    "energy": {
        "times": [
            {"from": "18:00", "to": "20:00", "price_kwh": 0.40},
            {"from": "20:00", "to": "22:00", "price_kwh": 0.10},
            {"from": "22:00", "to": "18:00", "price_kwh": 0.20},
        ]
    }
}


@pytest.mark.parametrize(
    ("at_h", "kwh", "charges"),
    [
        (0, 3.68, False),  # 18:00: an hour of charging has cheaper hours to wait for
        (2, 3.68, True),  # 20:00: the cheapest
        (2, 7.36, True),
        (4, 3.68, False),  # 22:00: it had two cheaper hours and is full by then, were it not for this view …
        (9.5, 3.68, True),  # … but half past three it has to: an hour's need, half an hour left
        (0, 0.01, True),  # the rest is the car's to end
    ],
)
def test_cheapest_hours_charges_in_the_cheapest_steps_until_departure(
    at_h: float, kwh: float, charges: bool
) -> None:
    one = session(1, **foreseen(10, kwh))
    seen = replace(view(one), now=NOW + timedelta(hours=at_h))
    expected = 16.0 if charges else 0.0
    if at_h == 4:  # of all that is left, every step costs the same: it begins at once
        expected = 16.0
    assert CheapestHours(TARIFF)(seen) == {1: expected}


def test_cheapest_hours_refuses_a_tariff_that_cannot_be() -> None:
    with pytest.raises(BadInput, match="energy is required"):
        CheapestHours({})


class EarliestFirst:
    """An algorithm as people write them for ACN-Sim: methods and names are theirs."""

    def schedule(self, active_sessions: list[SessionInfo]) -> dict[str, list[float]]:
        left, rates = 40.0, {}
        for one in sorted(active_sessions, key=lambda each: each.estimated_departure):
            rates[one.station_id] = [min(one.max_rates[0], left)]
            left -= rates[one.station_id][0]
        return rates


def test_an_algorithm_of_acn_sims_form_sees_steps_and_kwh() -> None:
    seen: list[SessionInfo] = []

    def schedule(active_sessions: list[SessionInfo]) -> dict[str, list[float]]:
        seen.extend(active_sessions)
        return {"1": [16.0, 8.0], "2": []}

    one = session(1, **foreseen(2, 3.0))
    assert AcnAlgorithm(schedule)(view(one)) == {1: [16.0, 8.0]}
    (told,) = seen
    assert (told.station_id, told.session_id) == ("1", "11")
    assert (told.arrival, told.current_time, told.departure) == (20, 24, 32)  # quarters of an hour since noon
    assert (told.requested_energy, told.energy_delivered) == (pytest.approx(7.0), 4.0)
    assert told.remaining_demand == pytest.approx(3.0)
    assert told.remaining_time == 8
    assert (list(told.min_rates), list(told.max_rates)) == (
        [0.0] * 8,
        [16.0] * 8,
    )  # a value a step, as theirs


def test_an_object_with_a_schedule_is_asked_as_well() -> None:
    late, early = session(1, **foreseen(9, 3, car_a=32.0)), session(2, **foreseen(2, 3, car_a=32.0))
    assert AcnAlgorithm(EarliestFirst())(view(late, early)) == {2: [32.0], 1: [8.0]}
    assert AcnAlgorithm(EarliestFirst())(view()) == {}


def test_who_stays_longer_than_foreseen_has_a_step_left_and_can_be_given_something() -> None:
    seen: list[SessionInfo] = []
    AcnAlgorithm(lambda sessions: seen.extend(sessions) or {})(view(session(1, **foreseen(-1, 3.0))))
    (told,) = seen
    assert (told.current_time, told.departure, told.remaining_time) == (24, 25, 1)
    assert len(told.max_rates) == 1


class Curious:
    """An algorithm that wants to know where it is, as acnportal's do."""

    def register_interface(self, interface: Any) -> None:
        self.interface = interface

    def schedule(self, active_sessions: list[SessionInfo]) -> dict[str, list[float]]:
        (one,) = active_sessions
        return {"1": [0.0], one.station_id: [self.interface.remaining_amp_periods(one)]}


def test_an_interface_tells_of_the_place_in_amps_per_phase_and_steps() -> None:
    algorithm = Curious()
    one = session(2, **foreseen(2, 3.0, phases=3), current_a=(9.5, 9.4, 0.0), limit_a=10.0)
    # 3 kWh in a quarter of an hour are 12 kW, on three phases at 230 V; connector 1 is free and gets nothing
    assert AcnAlgorithm(algorithm)(view(one)) == {2: [pytest.approx(12_000 / 690)]}
    here = algorithm.interface
    assert (here.period, here.current_time, here.current_datetime) == (15.0, 24, NOW)
    assert (here.min_pilot_signal("1"), here.max_pilot_signal("1")) == (6.0, 32.0)
    assert here.last_applied_pilot_signals == {"12": 10.0}
    assert here.last_actual_charging_rate == {"12": 9.5}
    place = here.infrastructure_info()
    assert (place.station_ids, place.get_station_index("2")) == (["1", "2"], 1)
    assert (list(place.constraint_matrix[0]), list(place.constraint_limits)) == ([1.0, 1.0], [32.0])
