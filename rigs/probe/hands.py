"""Whoever plugs cars in and holds cards up: the twin's bench, or a person at the terminal."""

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, TextIO

from evc5.rigs.bench.bench import Bench

CARD = "PROBE-CARD"  # assumed of a unit that is asked locally
CAR = "vw-id3-58"


class NotDone(Exception):
    """It could not be done, or nobody did it."""


class Hands(Protocol):
    """Each returns when it is done."""

    def plug_in(self, connector: int) -> None: ...
    def unplug(self, connector: int) -> None: ...
    def present_card(self, connector: int) -> None: ...
    def inject(self, fault: str, connector: int) -> None: ...
    def clear(self, fault: str, connector: int) -> None: ...
    def cut_power(self) -> None: ...
    def restore_power(self) -> None: ...
    def current_a(self, connector: int) -> float | None:
        """What an instrument shows on the phase with the most; None where there is none."""
        ...


class TwinHands:
    """The rig's own."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def plug_in(self, connector: int) -> None:
        self._bench.plug_in(connector, CAR)

    def unplug(self, connector: int) -> None:
        self._bench.unplug(connector)

    def present_card(self, connector: int) -> None:
        self._bench.present_tag(connector, CARD)

    def inject(self, fault: str, connector: int) -> None:
        self._bench.inject(fault, connector)

    def clear(self, fault: str, connector: int) -> None:
        self._bench.clear(fault, connector)

    def cut_power(self) -> None:
        self._bench.power.cut()

    def restore_power(self) -> None:
        self._bench.power.restore()

    def current_a(self, connector: int) -> float | None:
        reading = self._bench.reading(connector)
        return max(reading[f"i{phase}_a"] or 0.0 for phase in (1, 2, 3))


class Person:
    """Is asked, and presses Enter when it is done; "s" where it cannot be."""

    def __init__(self, prompts: TextIO, answer: Callable[[], str]) -> None:
        self._prompts = prompts
        self._answer = answer
        self._has_meter = True  # until somebody says otherwise

    def plug_in(self, connector: int) -> None:
        self._ask(f"Plug a car into connector {connector}")

    def unplug(self, connector: int) -> None:
        self._ask(f"Unplug the car at connector {connector}")

    def present_card(self, connector: int) -> None:
        self._ask(f"Hold a card to connector {connector}")

    def inject(self, fault: str, connector: int) -> None:
        self._ask(f"Bring about the fault {fault} at connector {connector}")

    def clear(self, fault: str, connector: int) -> None:
        self._ask(f"Take the fault {fault} at connector {connector} away")

    def cut_power(self) -> None:
        self._ask("Switch the station's mains off")

    def restore_power(self) -> None:
        self._ask("Switch the station's mains on")

    def current_a(self, connector: int) -> float | None:
        """A number; Enter alone means that there is no meter, and is asked no more."""
        while self._has_meter:
            self._prompts.write(
                f"► Most amperes of any phase to the car at connector {connector}, "
                "by a clamp meter (Enter: no meter) "
            )
            self._prompts.flush()
            answer = self._answer().strip().removesuffix("A").replace(",", ".")
            self._has_meter = bool(answer)
            with suppress(ValueError):
                return float(answer)
        return None

    def _ask(self, what: str) -> None:
        self._prompts.write(f"► {what}, then press Enter (s: cannot be done) ")
        self._prompts.flush()
        answer = self._answer()
        if not answer:
            self._prompts.write("\n")
            raise NotDone("nobody answers any more")
        if answer.strip().lower() == "s":
            raise NotDone(f"could not be done: {what}")
