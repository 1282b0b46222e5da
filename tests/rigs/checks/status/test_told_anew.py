"""Of a unit that is watched from its first moment on: a status is told where it is news (4.9)."""

from pathlib import Path

import pytest
from edges import judged
from edges.short import short, status
from handmade import at

NEWS = "status.news"
Told = tuple[float, str]  # when it is stamped, and what it is


def findings(directory: Path, *told: Told, swapped: bool = False) -> int:
    """Of statuses in a transaction that charges, told one after the other from 600 s on."""
    made = short()
    if swapped:
        made.event(599.9, 1, "unplug")
        made.event(599.9, 1, "plug-in")
    for n, (stamp, word) in enumerate(told):
        status(made, 600.0 + n / 10, word, timestamp=at(stamp))
    return sum(one["requirement"] == NEWS for one in judged(made, directory, {}).findings)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("told", "count"),
    [
        ([(599.9, "SuspendedEVSE"), (599.9, "Charging")], 1),
        ([(599.9, "SuspendedEV"), (599.9, "SuspendedEVSE"), (599.9, "Charging")], 1),
        ([(599.9, "SuspendedEVSE"), (599.95, "Charging")], 0),
        ([(599.9, "SuspendedEVSE"), (599.9, "SuspendedEV")], 0),  # each is news
        ([(599.9, "Faulted"), (599.9, "Charging")], 0),  # a fault may come and go
        ([(599.0, "SuspendedEVSE"), (599.0, "Charging")], 0),  # stamped in whole seconds: it may have stood
    ],
)
def test_a_pause_that_is_over_in_the_millisecond_in_which_it_began_is_none(
    told: list[Told], count: int, tmp_path: Path
) -> None:
    assert findings(tmp_path, *told) == count


@pytest.mark.slow
def test_a_cable_that_is_swapped_in_an_instant_was_out(tmp_path: Path) -> None:
    assert findings(tmp_path, (599.9, "SuspendedEV"), (599.9, "Charging"), swapped=True) == 0
