"""All devices of a bench by role, and the way down that leaves it dead."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from evc5.rigs.errors import BenchFault
from evc5.rigs.hardware.making import Parts, make
from evc5.rigs.hardware.roles import Closes
from evc5.rigs.rigfile.hardware import Hardware

NO_CURRENT_A = 0.5  # assumed: less is what a meter shows of nothing
SEEN_WITHIN_S = 6.0  # assumed: a load that was told to let go has done so
LOOK_EVERY_S = 0.2


class Devices:
    """Made once, used by one thread at a time."""

    def __init__(self, hardware: Hardware, folder: Path, *, only_real: bool = False) -> None:
        self._parts = Parts(folder)
        self._made: dict[tuple[str, int | None], Any] = {}
        for role, connector, device in hardware.devices():
            if not (only_real and device.driver == "sim"):
                made = make(self._parts, role, connector, device)
                if made is not None:
                    self._made[role, connector] = made
        self.connectors = sorted({connector for _, connector in self._made if connector})

    def get(self, role: str, connector: int | None = None) -> Any | None:
        """The device of a role; None where a person has it."""
        return self._made.get((role, connector))

    def way_down(self) -> list[str]:
        """Load off, C to B, 0 A seen, A, mains; what failed, empty where the bench is proven dead.

        A step that fails stops no other. What a connector's own devices could not do the mains or the supply
        make good, as without them nothing flows.
        """
        failed = [why for connector in self.connectors for why in self._connector_down(connector)]
        cut = []
        if (mains := self.get("mains")) is not None:
            cut.append(self._tried("mains", mains.set, False))
        if (supply := self.get("supply")) is not None:
            cut.append(self._tried("supply", supply.off))
        for device in self._made.values():
            inner = getattr(device, "load", getattr(device, "climate", device))
            if isinstance(inner, Closes):
                with suppress(BenchFault, OSError):
                    inner.close()
        if any(why is None for why in cut):
            return []
        return failed + [why for why in cut if why is not None]

    def _connector_down(self, connector: int) -> list[str]:
        load, cable, meter = (self.get(role, connector) for role in ("load", "cable", "meter"))
        where = f"connector {connector}"
        steps: list[str | None] = []
        if load is not None:
            steps.append(self._tried(f"{where} load", load.off))
        if cable is not None:
            steps.append(self._tried(f"{where} cable", cable.pilot, "B"))
        if meter is not None and load is not None:
            steps.append(self._tried(f"{where} meter", self._no_current, meter))
        if cable is not None:
            steps.append(self._tried(f"{where} cable", cable.unplug))
        return [why for why in steps if why is not None]

    @staticmethod
    def _tried(what: str, do: Callable[..., Any], *args: Any) -> str | None:
        try:
            do(*args)
        except (BenchFault, OSError) as error:
            return f"{what}: {error}"
        return None

    @staticmethod
    def _no_current(meter: Any) -> None:
        until = time.monotonic() + SEEN_WITHIN_S
        while True:
            most_a = max((abs(amps) for amps in meter.read().i_a if amps is not None), default=0.0)
            if most_a <= NO_CURRENT_A:
                return
            if time.monotonic() > until:
                raise BenchFault(f"still {most_a:.1f} A")
            time.sleep(LOOK_EVERY_S)
