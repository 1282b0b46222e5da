"""Numbers that tell a hole of a log from a station that is silent."""

from collections.abc import Callable, Sequence

from foreign import BEGIN_S, REPLY_S, Log, at, minutes, register

from edges import Edge

Named = Callable[[int], str]  # a message's id by its number


APART_S = 20.0
BEAT_CALL = ("Heartbeat", {}), lambda t_s: {"currentTime": at(t_s)}
DATA_CALL = ("DataTransfer", {"vendorId": "V"}), lambda t_s: {"status": "Accepted"}


def by_number(n: int) -> str:
    return f"h{n}"


def by_name(n: int) -> str:
    return f"h{n}-beat"


def silences(
    lengths_s: Sequence[float],
    skip: int = 1,
    *,
    named: Named = by_number,
    step: int = 1,
    before: int = 5,
    interval_s: int = 300,
) -> Log:
    """Data whose ids go up by `step`; then Heartbeats, with ids up by `skip`, after a silence each."""
    log = Log(boot=False)
    identity = {"chargePointVendor": "V", "chargePointModel": "M"}
    log.line(0, "send", [2, "boot", "BootNotification", identity])
    accepted = {"status": "Accepted", "currentTime": at(REPLY_S), "interval": interval_s}
    log.line(REPLY_S, "receive", [3, "boot", accepted])
    for connector in (0, 1):
        log.status(1 + connector, "Available", connector)
    t_s, n = 2.0, 100
    for pause_s, more in [*[(APART_S, step)] * before, *((length_s, skip) for length_s in lengths_s)]:
        t_s, n = t_s + pause_s, n + more
        call, answer = BEAT_CALL if pause_s > APART_S else DATA_CALL
        log.line(t_s, "send", [2, named(n), *call])
        log.line(t_s + REPLY_S, "receive", [3, named(n), answer(t_s + REPLY_S)])
    return log


def without_samples(*missing: int, named: Named = by_name, connectors: int = 1) -> Log:
    """A session of twenty minutes that lacks the samples of these minutes; of two connectors, the first."""
    log = Log(connectors=connectors, named=named)
    log.configure(20, MeterValueSampleInterval="60")
    for connector in range(1, connectors + 1):
        log.begin(BEGIN_S + 20 * connector, connector=connector, id=connector)
        for n, t_s in enumerate(minutes(20, BEGIN_S + 20 * connector), 1):
            if connector > 1 or n not in missing:
                log.values(t_s, register(1000 + 61 * n), connector=connector, id=connector)
        log.end(BEGIN_S + 1205 + 23 * connector, 2250, connector, id=connector)
    return log


def samples_lost_so_often(x: float) -> Log:
    return without_samples(*range(4, 4 + 4 * int(x), 4))


ALIKE_S = (900.0, 900.0, 900.0)


def so_many(x: float) -> Log:
    return silences([900.0] * int(x), named=by_name)


def one_shorter(x: float) -> Log:
    return silences([1000.0, 1000.0, 1000.0 * x], named=by_name)


def leaving_out(x: float) -> Log:
    return silences(ALIKE_S, 1 + int(x))


def after_so_many_steps(x: float) -> Log:
    return silences(ALIKE_S, 7, before=int(x))  # the ids of the two statuses are a step, too


def of_numbers_so_far_apart(x: float) -> Log:
    return silences(ALIKE_S, 50, step=int(x))


def of_numbers_with_digits(x: float) -> Log:
    return silences(ALIKE_S, 7, named=lambda n: f"h{10 ** int(x - 1) + n}")


def as_long_as(x: float) -> Log:
    return silences([x] * 3, 7, interval_s=10)


def heard_so_near_to_a_missing_sample(x: float) -> Log:
    log = without_samples(7)
    due_s = BEGIN_S + 20 + 7 * 60
    for t_s in (due_s - x / 2 - REPLY_S, due_s + x / 2):
        log.up(t_s, *DATA_CALL[0], DATA_CALL[1](t_s))
    return log


def one_left_out_after_so_many_steps(x: float) -> Log:
    return silences(ALIKE_S, 2, before=int(x))


HOLES, INTERVAL = "reading.logs.holes", "heartbeat.interval"
EDGES = (
    Edge("reading.doubts.MISSED_OFTEN", 3, "metering.sample-interval", samples_lost_so_often, 2, 3),
    Edge(f"{HOLES}.RHYTHM", 3, INTERVAL, so_many, 2, 3),
    Edge(f"{HOLES}.RHYTHM_PART", 0.8, INTERVAL, one_shorter, 0.79, 0.81),
    Edge(f"{HOLES}.LEFT_OUT", 2, INTERVAL, leaving_out, 2, 1),
    Edge(f"{HOLES}.LEAST_STEPS", 2, INTERVAL, after_so_many_steps, 2, 1),
    Edge(f"{HOLES}.WIDEST_STEP", 8, INTERVAL, of_numbers_so_far_apart, 8, 9),
    Edge(f"{HOLES}.MOST_DIGITS", 8, INTERVAL, of_numbers_with_digits, 8, 9),
    Edge("reading.logs.outages.BRIEF_S", 60.0, INTERVAL, as_long_as, 61, 59),
    Edge(
        "reading.logs.outages.HOLE_S",
        4.0,
        "metering.sample-interval",
        heard_so_near_to_a_missing_sample,
        4.2,
        3.8,
    ),
    Edge(f"{HOLES}.STEPS_KEPT", 8, INTERVAL, one_left_out_after_so_many_steps, 8, 7),
)
