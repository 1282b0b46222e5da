"""The stage of a random day: a bench, chance, and what an act must know of those before it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from evc5 import Bench
from random_days.steps import Step

VEHICLES = ("vw-id3-58", "renault-zoe-ze50", "tesla-model-3-rwd", "nissan-leaf-40", "vw-e-golf-2017")
TAGS = ("TAG1", "TAG2", "TAG3", "BLOCKED", "KIN1", "KIN2")


@dataclass(slots=True)
class Stage:
    """Where acts play."""

    random: Random
    bench: Bench
    connectors: int
    steps: list[Step] = field(default_factory=list)
    cars: dict[int, str] = field(default_factory=dict)
    linked: bool = True
    powered: bool = True
    faults: list[tuple[str, int]] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.bench.now

    def do(self, verb: str, *args: Any, **kwargs: Any) -> None:
        step = Step(verb, args, kwargs)
        self.steps.append(step)
        step.do(self.bench)

    def wait(self, *seconds: float) -> None:
        """Let one of so many seconds pass."""
        self.do("advance", self.random.choice(seconds))

    def wait_between(self, least: float, most: float) -> None:
        self.do("advance", round(self.random.uniform(least, most), 3))

    def ask(self, action: str, payload: Mapping[str, Any]) -> None:
        self.do("ask", action, dict(payload))

    def instant(self, seconds: float = 0.0) -> str:
        """So many seconds from now, as OCPP writes it."""
        return (self.now + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def connector(self) -> int:
        return self.random.randint(1, self.connectors)

    def free(self) -> int | None:
        """A connector without a car."""
        found = [n for n in range(1, self.connectors + 1) if n not in self.cars]
        return self.random.choice(found) if found else None

    def plug(self, connector: int, vehicles: tuple[str, ...] = VEHICLES, soc: float | None = None) -> None:
        self.cars[connector] = self.random.choice(vehicles)
        soc = round(self.random.uniform(0.05, 0.99), 3) if soc is None else soc
        self.do("plug_in", connector, self.cars[connector], soc, self.random.choice((13.0, 20.0, 32.0)))

    def unplug(self, connector: int) -> None:
        if self.cars.pop(connector, None) is not None:
            self.do("unplug", connector)

    def tag(self, connector: int, tag: str | None = None) -> None:
        self.do("present_tag", connector, tag or self.random.choice(TAGS))


Act = Callable[[Stage], None]
