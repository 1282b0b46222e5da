"""Clock-aligned data of other makers' stations: in transactions alone, or always (3.16, ER 3.15)."""

from pathlib import Path

import pytest
from foreign import Log, at, found, register

COMPLETE = "metering.clock-complete"
EVERY_S = 300
LAST_S = 3600


def story(boundaries: tuple[int, ...]) -> Log:
    """A transaction from 600 s, on a boundary, to 1590 s; data on so many of the boundaries."""
    log = Log()
    log.configure(10, ClockAlignedDataInterval="300", MeterValuesAlignedData="Energy.Active.Import.Register")
    for t in range(EVERY_S, LAST_S, EVERY_S):
        if t == 600:
            log.begin(600)
        if t in boundaries:
            shown = register(1000 + min(max(t - 600, 0), 1000))
            log.values(t + 2, shown, id=7 if 600 < t < 1590 else None, context="Sample.Clock", stamp=at(t))
        log.up(t + 100, "Heartbeat", {}, {"currentTime": at(t + 100)})
        if t == 1500:
            log.end(1630, 2000, stamp=at(1590))
    return log


@pytest.mark.parametrize(
    ("boundaries", "good"),
    [
        ((900, 1200, 1500), True),  # in the transaction alone
        (tuple(range(EVERY_S, LAST_S, EVERY_S)), True),
        ((900, 1500), False),  # not even there
        ((300, *range(600, 2401, EVERY_S), 3000, 3300), False),  # always, but for one
    ],
)
def test_who_tells_them_between_transactions_tells_them_all(
    boundaries: tuple[int, ...], good: bool, tmp_path: Path
) -> None:
    verdict = story(boundaries).verdict(tmp_path)
    assert (COMPLETE in found(verdict)) is not good
