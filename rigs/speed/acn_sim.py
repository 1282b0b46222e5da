"""ACN-Sim's rate on the sessions of `bench_world`, where its package (acnportal) is installed beside us."""

from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from time import perf_counter
from typing import Any

from evc5.models.units import NOMINAL_V
from evc5.models.vehicles import vehicle
from evc5.rigs.speed.world import SESSIONS

STEP_MIN = 1  # as often as the world's telemetry rows
PHASES = 3
AMPS = 16.0


def acn_days_per_s(days: int) -> float | None:
    """Simulated days per wall second; None without the package."""
    if find_spec("acnportal") is None:
        return None
    acn: Any = import_module("acnportal.acnsim")
    charging: Any = import_module("acnportal.algorithms").UncontrolledCharging()
    network = acn.ChargingNetwork()
    for n in range(len(SESSIONS)):
        network.register_evse(acn.EVSE(f"connector-{n + 1}", max_rate=PHASES * AMPS), NOMINAL_V, 0)
    every = acn.Current([f"connector-{n + 1}" for n in range(len(SESSIONS))])
    network.add_constraint(every, len(SESSIONS) * PHASES * AMPS)  # it insists on one; never binding
    events = acn.EventQueue([acn.PluginEvent(ev.arrival, ev) for ev in _evs(acn, days)])
    start = datetime.fromisoformat("2024-03-01T00:00:00")
    simulator = acn.Simulator(network, charging, events, start, period=STEP_MIN, verbose=False)
    began = perf_counter()
    simulator.run()
    return days / (perf_counter() - began)


def _evs(acn: Any, days: int) -> list[Any]:
    """The same cars at the same hours; three phases become one of threefold current."""
    evs = []
    for day in range(days):
        for n, (id_, soc, from_h, hours) in enumerate(SESSIONS):
            car = vehicle(id_)
            arrives = (day * 24 + from_h) * 60 // STEP_MIN
            kwh = car.usable_wh / 1000.0
            battery = acn.Linear2StageBattery(kwh, soc * kwh, PHASES * AMPS * NOMINAL_V / 1000.0)
            leaves = arrives + hours * 60 // STEP_MIN
            evs.append(
                acn.EV(
                    int(arrives), int(leaves), (1 - soc) * kwh, f"connector-{n + 1}", f"{day}/{n}", battery
                )
            )
    return evs


if __name__ == "__main__":
    rate = acn_days_per_s(30)
    print("acnportal is not installed" if rate is None else f"{rate:.1f} simulated days/s")
