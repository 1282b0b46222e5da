"""Readings that contradict themselves one at a time."""

from foreign import BEGIN_S, Log, currents, minutes, power, register, voltages

from edges import Edge


def off_at(*which: int, before_a: float = 16.0) -> Log:
    """A session of twenty-four minutes: in these three times the power, and another current before."""
    log = Log()
    log.begin()
    for n, t_s in enumerate(minutes(24), 1):
        amps = before_a if n + 1 in which else 16.0
        watts = 11_040 if n in which else round(amps * 230)
        log.values(
            t_s, register(1000 + 61 * n), power(watts), *currents(amps, 0, 0), *voltages(230, 230, 230)
        )
    log.end(BEGIN_S + 1460, 1000 + 61 * 24 + 20)
    return log


def off_so_often(x: float) -> Log:
    return off_at(*range(3, 3 + 4 * int(x), 4))


def off_within(x: float) -> Log:
    return off_at(4, 8, 4 + int(x) - 1)


def off_where_the_current_moved_by(part: float) -> Log:
    return off_at(4, 8, 12, before_a=round(16.0 * (1 - part), 2))


def caught_up_so_often(x: float) -> Log:
    """A register that is read every other minute."""
    log = Log()
    log.begin()
    for n, t_s in enumerate(minutes(2 * int(x)), 1):
        log.values(t_s, register(1000 + 184 * (n - n % 2)), power(11_040))
    log.end(BEGIN_S + 120 * int(x) + 20, round(1000 + 184 * (2 * int(x) + 1 / 3)))
    return log


HERE = "metering.now_and_then"
EDGES = (
    Edge("metering.energy.OFTEN_BEHIND", 3, "metering.energy-power", caught_up_so_often, 3, 2),
    Edge(f"{HERE}.OFTEN", 3, "metering.power", off_so_often, 2, 3),
    Edge(f"{HERE}.WITHIN_READINGS", 16, "metering.power", off_within, 17, 16),
    Edge(f"{HERE}.STILL_PART", 0.1, "metering.power", off_where_the_current_moved_by, 0.11, 0.09),
)
