"""All devices of a bench by role, and the way down that leaves it dead."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from evc5.rigs.errors import BenchFault
from evc5.rigs.hardware.making import Parts, make
from evc5.rigs.hardware.roles import BringsCar, Closes, Identifies, Pilot, Reading
from evc5.rigs.rigfile.hardware import Hardware

NO_CURRENT_A = 0.5  # assumed: less is what a meter shows of nothing
SEEN_WITHIN_S = 6.0  # assumed: a load that was told to let go has done so
LOOK_EVERY_S = 0.2
SUPPLY_WITHIN_S = 10.0  # assumed: meter and charger are awake so soon after the mains came
NOMINAL_V = 230.0  # IEC 60038: of which watts are amps where a meter tells no current
NO_SUPPLY_V = 100.0  # assumed: no mains anywhere are below
NO_PILOT_V = 2.0  # assumed: a charger that is on shows 12 V without a car; -12 V or a diode's drop count, too
BLIND = ("modbus-box",)  # as a cable it reads no pilot


class Devices:
    """Made once, used by one thread at a time."""

    def __init__(self, hardware: Hardware, folder: Path, *, only_real: bool = False) -> None:
        self._parts = Parts(folder)
        self._made: dict[tuple[str, int | None], Any] = {}
        rows = hardware.devices()
        self._blind = {place for role, place, device in rows if role == "cable" and device.driver in BLIND}
        for role, connector, device in hardware.devices():
            if not (only_real and device.driver == "sim"):
                made = make(self._parts, role, connector, device)
                if made is not None:
                    self._made[role, connector] = made
        self.connectors = sorted({connector for _, connector in self._made if connector})

    def get(self, role: str, connector: int | None = None) -> Any | None:
        """The device of a role; None where a person has it."""
        return self._made.get((role, connector))

    def switch_on(self) -> bool:
        """Mains and source, which the way down of the run before has left off; was either?"""
        supply, mains = self.get("supply"), self.get("mains")
        if supply is not None:
            supply.on()
        if mains is None or mains.get():
            return supply is not None
        mains.set(True)
        return True

    def checked(self, within_s: float = 0.0) -> dict[str, str]:
        """What pilots and meters read once there is a supply.

        BenchFault where one cannot be read, current flows, or nothing of a connector has a supply within
        `within_s`.
        """
        until = time.monotonic() + within_s
        while True:
            try:
                return {what: told for one in self.connectors for what, told in self._seen(one, True).items()}
            except BenchFault:
                if time.monotonic() > until:
                    raise
            time.sleep(LOOK_EVERY_S)

    def checked_at_rest(self, *, is_live: bool) -> dict[str, str]:
        """The same with all loads off, at the end; `is_live`: the mains have been left on."""
        seen: dict[str, str] = {}
        for connector in self.connectors:
            can_stop = self._stopped(connector)
            seen |= self._seen(connector, is_live, may_flow=not can_stop)
        return seen

    def _stopped(self, connector: int) -> bool:
        """Have what draws current here let go; False where it is nothing of ours: a car, of itself."""
        load, cable, meter = (self.get(role, connector) for role in ("load", "cable", "meter"))
        if load is not None:
            load.off()
        if isinstance(cable, BringsCar):
            cable.leave()
        elif cable is not None and meter is not None and _most_a(meter.read()) > NO_CURRENT_A:
            cable.pilot("B")
        if meter is not None and (load is not None or cable is not None):
            self._no_current(meter)
        return load is not None or cable is not None

    def _seen(self, connector: int, is_live: bool, may_flow: bool = False) -> dict[str, str]:
        seen = {}
        cable, meter = (self.get(role, connector) for role in ("cable", "meter"))
        where = f"connector {connector}"
        powered: list[bool] = []
        if cable is not None and connector not in self._blind:
            pilot = cable.read()
            if pilot.high_v is None and pilot.mean_v is None and pilot.duty_pct is None:
                raise BenchFault(f"{where} cable: the pilot cannot be read")
            seen[f"{where} pilot"] = _levels(pilot)
            powered += [
                abs(volts) > NO_PILOT_V for volts in (pilot.high_v, pilot.mean_v) if volts is not None
            ]
        if meter is not None:
            reading = meter.read()
            most_a = _most_a(reading)
            if most_a > NO_CURRENT_A and not may_flow:
                raise BenchFault(f"{where} meter: {most_a:.1f} A flow while nothing should")
            volts = ", ".join("?" if one is None else f"{one:.1f}" for one in reading.u_v)
            seen[f"{where} meter"] = f"{volts} V, {most_a:.2f} A"
            powered += [one > NO_SUPPLY_V for one in reading.u_v if one is not None]
        if is_live and powered and not any(powered):
            raise BenchFault(f"{where}: no supply, neither meter nor pilot show a voltage")
        return seen

    def identities(self) -> dict[tuple[str, int | None], str]:
        """Who the devices say they are, by role and connector; of one that does not say it, nothing."""
        told = {}
        for place, device in self._made.items():
            if isinstance(inner := _unguarded(device), Identifies):
                with suppress(BenchFault):  # that it is gone is told when it is used
                    told[place] = inner.identify()
        return told

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
            if isinstance(inner := _unguarded(device), Closes):
                with suppress(Exception):  # it is let go of, whatever it says
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
        except BenchFault as error:
            return f"{what}: {error}"
        except Exception as error:  # a fault of ours: the other steps are the more needed
            return f"{what}: {type(error).__name__}: {error}"
        return None

    @staticmethod
    def _no_current(meter: Any) -> None:
        until = time.monotonic() + SEEN_WITHIN_S
        while True:
            reading = meter.read()
            most_a = _most_a(reading)
            if not _tells_flow(reading):
                raise BenchFault("it tells neither current nor power, so that 0 A is not seen")
            if most_a <= NO_CURRENT_A:
                return
            if time.monotonic() > until:
                raise BenchFault(f"still {most_a:.1f} A")
            time.sleep(LOOK_EVERY_S)


def _unguarded(device: Any) -> Any:
    """The driver itself, behind its limits."""
    return next(
        (getattr(device, name) for name in ("load", "supply", "climate") if hasattr(device, name)), device
    )


def _tells_flow(reading: Reading) -> bool:
    return any(amps is not None for amps in reading.i_a) or reading.power_w is not None


def _most_a(reading: Reading) -> float:
    """The highest current of a phase; by a meter that tells power alone, as if one phase had it all."""
    known = [abs(amps) for amps in reading.i_a if amps is not None]
    if not known and reading.power_w is not None:
        known = [abs(reading.power_w) / NOMINAL_V]
    return max(known, default=0.0)


def _levels(pilot: Pilot) -> str:
    told = {"V high": pilot.high_v, "V low": pilot.low_v, "V mean": pilot.mean_v, "% duty": pilot.duty_pct}
    return ", ".join(f"{value:.1f} {name}" for name, value in told.items() if value is not None)
