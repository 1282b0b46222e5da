"""What the judge holds a recording against, and the words in which it says how that went."""

from typing import NamedTuple

PASS, FAIL = "PASS", "FAIL"
NOT_EXERCISED = "NOT EXERCISED"  # nothing in the recording puts it to the test
NOT_JUDGED = "NOT JUDGED"  # it came up, and the recording does not tell enough
KNOWN_DEVIATION = "KNOWN DEVIATION"
INCONCLUSIVE = "INCONCLUSIVE"  # the bench, or the judge, failed meanwhile

STATION, CSMS, NETWORK = "station", "csms", "network"
VEHICLE, BENCH, UNKNOWN = "vehicle", "bench", "unknown"
OVERDRAWN = [VEHICLE, STATION]  # more than was offered flows: the one takes it, the other lets it


class Need(NamedTuple):
    """Something that a recording may or may not tell; `lacks` says what is missing and how to get it."""

    name: str
    lacks: str


class Requirement(NamedTuple):
    """One promise, with the clause that makes it.

    `needs`: without them it cannot be judged. `arises`: the actions and events any of which puts it to the
    test; empty for what every recording does.
    """

    id: str
    title: str
    source: str
    needs: tuple[Need, ...] = ()
    arises: tuple[str, ...] = ()


class Finding(NamedTuple):
    """One cause for which a requirement did not hold: where first, how often, what was expected, whose it is.

    `t` in seconds of the run, `at` the same as a date-time, `line` of the file judged where it is known.
    """

    check: str
    requirement: str
    severity: str
    t: float
    at: str
    line: int | None
    connector: int | None
    times: int
    expected: str
    actual: str
    message: str
    blames: str | list[str]
