"""Whether an id was used before is known of every kind of id, in memory that does not grow."""

import random
import uuid

import pytest

from evc5.rigs.checks.reading.ids import Ids

NUMBERS = random.Random(7)
KINDS = {
    "counter": [str(k) for k in range(3000)],
    "prefixed": [f"c{k}" for k in range(3000)],
    "uuid": [str(uuid.UUID(int=NUMBERS.getrandbits(128))) for _ in range(3000)],
    "milliseconds": [str(1709287200000 + 997 * k) for k in range(3000)],
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_id_is_new_once(kind: str) -> None:
    ids = Ids()
    assert all(ids.is_new(id) for id in KINDS[kind])
    assert not any(ids.is_new(id) for id in KINDS[kind][-50:])


def test_ids_that_end_in_digits_by_chance_are_not_kept_for_ever() -> None:
    ids = Ids()
    for id in KINDS["uuid"] * 2:
        ids.is_new(f"{id}7")
    assert len(ids._runs) <= Ids.MOST_RUNS
