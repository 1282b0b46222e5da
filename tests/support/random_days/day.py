"""A random day: what happens is drawn act by act, and every step kept."""

from collections import Counter
from datetime import datetime, timedelta
from random import Random
from typing import Any

from evc5 import Bench
from evc5.rigs.rigfile.file import RigFile
from random_days import answers, drivers, faults, network, orders, profiles, setup
from random_days.acting import Act, Stage
from random_days.steps import Step, script

ACTS: dict[Act, float] = {
    **drivers.ACTS,
    **network.ACTS,
    **faults.ACTS,
    **orders.ACTS,
    **profiles.ACTS,
    **answers.ACTS,
}
"""How often each act comes, against the others."""


class Day:
    """One random stretch of a bench's life; `table` in the place of the station drawn."""

    def __init__(self, seed: int, hours: float = 6.0, **station: Any) -> None:
        random = Random(seed)
        self.table = setup.drawn(seed, random)
        self.table["station"] |= station
        self.stage = Stage(random, Bench(rig=RigFile.parse(self.table)), self.table["station"]["connectors"])
        self.played: Counter[str] = Counter()  # acts, by name
        self.end: datetime = self.stage.now + timedelta(hours=hours)

    @staticmethod
    def drawn(seed: int) -> dict[str, Any]:
        """The station of that day, and its back office, without living through it."""
        return setup.drawn(seed, Random(seed))

    @property
    def bench(self) -> Bench:
        return self.stage.bench

    @property
    def steps(self) -> list[Step]:
        return self.stage.steps

    def run(self) -> Bench:
        """Live through it; the link and the mains are there again at its end."""
        acts, weights = list(ACTS), list(ACTS.values())
        if self.table["station"]["clock"]["offset_s"]:
            self.stage.do("advance", 200.0)  # the boot is accepted by then, and the clock is set
        while self.stage.now < self.end:
            act = self.stage.random.choices(acts, weights)[0]
            act(self.stage)
            self.played[act.__name__] += 1
        network.restore(self.stage)
        self.stage.do("advance", 60.0)
        return self.bench

    def script(self) -> str:
        """The day as a program that does the same again."""
        return script(self.table, self.steps)
