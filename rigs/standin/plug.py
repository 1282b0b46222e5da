"""One connector of the twin under the verbs of a bench's devices: a cable box and a load, or a whole car."""

from collections.abc import Mapping
from typing import Any

from evc5.models.faults import Fault
from evc5.models.pilot import VOLTS
from evc5.models.vehicles import Vehicle
from evc5.rigs.bench.bench import Bench
from evc5.rigs.errors import BadInput
from evc5.rigs.hardware.roles import Three
from evc5.rigs.standin import shown

LOW_V, NO_PWM_PCT = -12.0, 100.0
OFF: Three = (0.0, 0.0, 0.0)
HEATER: Three = (8.7, 0.0, 0.0)  # 2 kW at 230 V, as hardware shops sell them
FAULTS: Mapping[str, str] = {"diode": Fault.DIODE, "cp-short": Fault.PILOT}


class Plug:
    """Its verbs may come from any thread; BadInput for what cannot be done.

    Where no device is its load (`is_loaded` false), a heater hangs on L1 of the cable box.
    """

    def __init__(self, bench: Bench, connector: int, is_loaded: bool = True) -> None:
        self._bench = bench
        self.connector = connector
        self.outlet = bench.assembly.world.outlet(connector)
        self._state = "A"
        self._amps: Three = OFF if is_loaded else HEATER
        self._short = False
        self._brought = False  # a car of the models, not the box

    # --- the cable box and the load ---

    def plug(self, cable_a: float) -> None:
        def do() -> None:
            if self.outlet.circuit.car is None:
                try:
                    self.outlet.plug_in_box(cable_a)
                except ValueError as error:
                    raise BadInput(str(error)) from None
                self._event("plug-in", vehicle="bench-load", soc=0.0, cable_a=cable_a)

        self._bench.do(do)
        self._state = "B"

    def unplug(self) -> None:
        self.pilot("A")

    def pilot(self, state: str) -> None:
        """B, C and E of a cable that is in; A takes it out."""
        if state not in VOLTS or state == "F":
            raise BadInput(f"a car shows A to E, got {state!r}")
        if self._brought and state in "AB":
            self.leave()
            return
        self._state = state
        self._is_short(state == "E")
        self._bench.do(self._follow)

    def draw(self, amps: Three) -> None:
        """From L1 on, as much on each phase."""
        on = [one for one in amps if one > 0.0]
        if tuple(on) != amps[: len(on)] or len(set(on)) > 1:
            raise BadInput(f"the load draws the same on each phase, from L1 on, got {amps}")
        self._amps = amps
        self._bench.do(self._follow)

    def off(self) -> None:
        self.draw(OFF)

    def fault(self, name: str, on: bool) -> None:
        if name not in FAULTS:
            raise BadInput(f"the cable knows {', '.join(FAULTS)}, got {name!r}")
        (self._bench.inject if on else self._bench.clear)(FAULTS[name], self.connector)

    def _follow(self) -> None:
        """Bring the outlet to what box and load have been told."""
        if self._state == "A":
            if self.outlet.circuit.car is not None:
                self.outlet.unplug()
                self._event("unplug")
            return
        if self.outlet.circuit.car is None or self._brought:
            return  # there is no box to tell it
        phases = sum(one > 0.0 for one in self._amps)
        self.outlet.box(self._state in "CD", phases or self.outlet.spec.phases, max(self._amps))

    def _is_short(self, short: bool) -> None:
        if short != self._short:
            self._short = short
            self.fault("cp-short", short)

    # --- a car of the models ---

    def arrive(self, vehicle: Vehicle, soc: float, cable_a: float) -> None:
        self._bench.plug_in(self.connector, vehicle, soc, cable_a)
        self._brought = True

    def leave(self) -> None:
        self._brought = False
        if self.outlet.circuit.car is not None:
            self._bench.unplug(self.connector)

    def present(self, id_tag: str) -> None:
        self._bench.present_tag(self.connector, id_tag)

    # --- what instruments read ---

    def read_pilot(self) -> dict[str, float]:
        return self._bench.do(self._levels)

    def reference(self) -> shown.Told:
        return self._bench.do(lambda: shown.of_reference(self.outlet))

    def _levels(self) -> dict[str, float]:
        now = self.outlet.reading()
        high_v = float(VOLTS[now.pilot])
        if now.pilot not in "BCD" or now.duty_pct >= NO_PWM_PCT:
            return {"high_v": high_v, "low_v": high_v, "mean_v": high_v, "duty_pct": NO_PWM_PCT, "hz": 0.0}
        share = now.duty_pct / 100.0
        mean_v = share * high_v + (1.0 - share) * LOW_V
        levels = {"high_v": high_v, "low_v": LOW_V, "mean_v": mean_v}
        return {**levels, "duty_pct": now.duty_pct, "hz": 1000.0}

    def _event(self, event: str, **detail: Any) -> None:
        self._bench.assembly.event(event, self.connector, **detail)


class Power:
    """The station's mains and source."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._on = {"mains": True, "supply": True}

    def set(self, what: str, on: bool) -> None:
        was = all(self._on.values())
        self._on[what] = on
        now = all(self._on.values())
        if was != now:
            (self._bench.power.restore if now else self._bench.power.cut)()

    def get(self, what: str) -> bool:
        return self._on[what]

    def feed(self, volts: Three | None = None, hz: float | None = None) -> None:
        """What the source gives from now on; BadInput for what the models have not."""

        def do() -> None:
            try:
                self._bench.assembly.world.feed_from(volts, hz)
            except ValueError as error:
                raise BadInput(str(error)) from None

        self._bench.do(do)
