"""kill -9 at any instant: every transaction message once and in order, no register behind what was told."""

import os
from itertools import groupby
from pathlib import Path

import pytest
from kills import LIVES, LONGEST_S, chain, warm

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="forks: a thousand Pythons take an hour to start"
)
BEHAVIOURS = ("evc5-v32r30", "ocpp16")


def check(folder: Path, kills: int, behaviour: str) -> None:
    """So many kills, in chains of processes with one memory file each; more, and later, where too little
    happened, as on a loaded machine.
    """
    warm()
    transactions = 0
    chains = -(-kills // (LIVES - 1))
    for seed in range(5 * chains):
        if seed >= chains and transactions > kills / 4:
            break
        (folder / str(seed)).mkdir()
        longest_s = LONGEST_S * 2 ** (seed // chains)
        log, registers = chain(folder / str(seed), seed, longest_s, behaviour=behaviour)
        assert log.invalid == []
        log.check_transactions()
        transactions += len(log._delivered("StartTransaction"))
        for connector, told in groupby(registers, key=lambda row: row[0]):
            wh = [row[2] for row in told]
            assert wh == sorted(wh), f"seed {seed}, connector {connector}"
    assert transactions > kills / 4


@pytest.mark.slow
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_forty_kills_lose_and_repeat_nothing(tmp_path: Path, behaviour: str) -> None:
    check(tmp_path, 38, behaviour)


@pytest.mark.soak
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_a_thousand_kills_lose_and_repeat_nothing(tmp_path: Path, behaviour: str) -> None:
    check(tmp_path, 1000, behaviour)
