"""A station that is not heard for longer than its heartbeat interval, in a log of frames alone (4.6)."""

from pathlib import Path

import pytest
from foreign import Log, at

INTERVAL = "heartbeat.interval"


def beat(log: Log, *times: float) -> None:
    for t in times:
        log.up(t, "Heartbeat", {}, {"currentTime": at(t)})


@pytest.mark.parametrize(
    ("asked_s", "errors"),
    [
        ((), 0),  # both sides are silent: it may be the log that has a hole
        ((1300.0,), 0),  # its next word was not due yet
        ((1600.0, 2000.0, 2500.0), 1),  # it answers, and so it was there
    ],
)
def test_a_silence_is_the_stations_where_it_answers_meanwhile(
    asked_s: tuple[float, ...], errors: int, tmp_path: Path
) -> None:
    log = Log()
    beat(log, 300, 600, 900, 1200)
    for t in asked_s:
        log.down(t, "GetLocalListVersion", {}, {"listVersion": 0})
    beat(log, 3000, 3300)
    found = [row for row in log.verdict(tmp_path).findings if row["requirement"] == INTERVAL]
    assert sum(row["severity"] == "error" for row in found) == errors
