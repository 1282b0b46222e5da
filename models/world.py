"""The electrical world: grid, air, temperatures and outlets on one timeline."""

from collections.abc import Callable, Sequence
from math import inf
from typing import NamedTuple

from evc5.models.derating import Derating, Staircase
from evc5.models.heat import Air, Ambient, Thermal, Warmth
from evc5.models.outlet import Outlet, OutletSpec
from evc5.models.supply import Source, Supply, Three
from evc5.models.temperature_watch import CONTACTS, LOOK_AHEAD_S, Watch, watches
from evc5.models.timeline import CONTROL, INPUT, Alarm, Timeline

NOTICED_A = 1e-3  # a smaller change of the load moves no voltage


class World:
    """An installation. It moves only by its timeline, and by what is done to its outlets.

    `time_of_day_s`: local time at t = 0, seconds after midnight, for what follows the day.
    """

    def __init__(
        self,
        timeline: Timeline,
        outlets: Sequence[OutletSpec],
        supply: Supply | None = None,
        ambient: Ambient | None = None,
        seed: int = 0,
        *,
        thermal: Thermal | None = None,
        derating: Derating | None = None,
        time_of_day_s: float = 0.0,
    ) -> None:
        self.timeline = timeline
        self.seed = seed
        self.supply = supply or Supply()
        self.ambient = ambient or Ambient()
        self.thermal = thermal or Thermal()
        self.lags = self.thermal.lags
        self.air = Air(self.ambient, self.thermal, time_of_day_s)
        self.on_grid: list[Callable[[World], None]] = []  # other voltages, or another load of the house
        self.outlets: tuple[Outlet, ...] = ()
        self.outlets = tuple(Outlet(self, number, spec) for number, spec in enumerate(outlets, 1))
        stairs = derating or Staircase()
        self._watches = watches([stairs.levels(spec.rated_a) for spec in outlets])
        self._at_contacts = self._watches[-len(outlets) :]
        self._mild_c = self._mildest_c()
        self._crossing = Alarm(timeline, self._crosses, INPUT)
        self._due: tuple[Watch, int] | None = None
        self._looking = False
        self._warmths = [outlet.warmth for outlet in self.outlets]
        self._states = self.supply.states(seed, time_of_day_s)
        self._grid, self._upcoming = next(self._states), next(self._states, None)
        self._source: Source | None = None
        self._feeding = False
        self._grid_alarm = Alarm(timeline, self._grid_changes, INPUT)
        self._load_a = self.grid_a()
        self._feed()
        self._await_grid()

    def outlet(self, connector: int) -> Outlet:
        """By its number, from 1."""
        if not 1 <= connector <= len(self.outlets):
            raise ValueError(f"connector must be within 1 and {len(self.outlets)}, got {connector}")
        return self.outlets[connector - 1]

    # the grid connection

    @property
    def frequency_hz(self) -> float:
        return self._grid.frequency_hz if self._source is None else self._source.frequency_hz

    def feed_from(self, voltage_v: Three | None = None, frequency_hz: float | None = None) -> None:
        """From now on an AC source feeds it; what is None stays as it is. ValueError, as of a Supply."""
        hz = self.frequency_hz if frequency_hz is None else frequency_hz
        self._source = Source(self._fed_v() if voltage_v is None else voltage_v, hz)
        self._feed()
        for heard in self.on_grid:
            heard(self)

    @property
    def house_a(self) -> Three:
        """What the house beside the charge point takes, per phase."""
        return self._grid.house_a

    def grid_a(self) -> Three:
        """What the third meter sees at the connection, per phase: house and charge point."""
        now_s = self.timeline.now
        total = list(self._grid.house_a)
        for outlet in self.outlets:
            for phase, amps in zip(outlet.spec.rotation, outlet.circuit.currents_a(now_s), strict=True):
                total[phase - 1] += amps
        return (total[0], total[1], total[2])

    def balance(self) -> "Balance":
        """Where all energy since the run's start has gone, Wh."""
        now_s = self.timeline.now
        ledgers = [outlet.circuit.ledger_at(now_s) for outlet in self.outlets]
        contact_ohm = self.thermal.contactor_ohm + self.thermal.socket_ohm
        station_wh = self.thermal.standby_w * now_s / 3600.0
        contact_wh = contact_ohm * sum(ledger.contact_a2s for ledger in ledgers) / 3600.0
        return Balance(
            sum(ledger.energy_wh for ledger in ledgers) + station_wh + contact_wh,
            sum(ledger.battery_wh for ledger in ledgers),
            sum(ledger.loss_wh for ledger in ledgers),
            sum(ledger.standby_wh for ledger in ledgers) + station_wh,
            contact_wh,
        )

    def _await_grid(self) -> None:
        if self._upcoming is not None:
            self._grid_alarm.set(self._upcoming.t_s)

    def _grid_changes(self) -> None:
        if self._upcoming is not None:
            self._grid = self._upcoming
            self._upcoming = next(self._states, None)
        self._load_a = self.grid_a()
        self._feed()
        self._await_grid()
        for heard in self.on_grid:
            heard(self)

    def _fed_v(self) -> Three:
        return self._grid.u_v if self._source is None else self._source.u_v

    def _feed(self) -> None:
        """Give every outlet the voltage that is left at the end of the connection."""
        ohm = self.supply.impedance_ohm
        u1, u2, u3 = (
            max(volts - ohm * amps, 0.0) for volts, amps in zip(self._fed_v(), self._load_a, strict=True)
        )
        self._feeding = True
        for outlet in self.outlets:
            outlet.supply_is((u1, u2, u3))
        self._feeding = False

    # what the outlets tell

    def after(self, outlet: Outlet) -> None:
        """An outlet has a new solution: its current drops the voltage and warms the box."""
        if self.supply.impedance_ohm and not self._feeding:
            load_a = self.grid_a()
            if max(abs(now - fed) for now, fed in zip(load_a, self._load_a, strict=True)) > NOTICED_A:
                self._load_a = load_a
                self._feed()
        if outlet.warmth is not self._warmths[outlet.connector - 1]:
            self._warmths[outlet.connector - 1] = outlet.warmth
            self._warmth_changed()

    def warmths_beside(self, outlet: Outlet) -> tuple[Warmth, ...]:
        """The heat of the other outlets."""
        return tuple([other.warmth for other in self.outlets if other is not outlet])

    # temperatures

    def temperatures_c(self, t_s: float | None = None) -> dict[str, float]:
        """The sensors (taken to be chg_TempCtrl1..4) now, or at a later instant if nothing changes."""
        then_s = self.timeline.now if t_s is None else t_s
        return {
            watch.name: watch.at(self.air, self._warmths, then_s)
            for watch in self._watches
            if watch.sensor == CONTACTS or watch.outlet == 0
        }

    def sensor_extra_k(self, outlet: Outlet) -> float:
        """What a fault adds at the outlet's own sensor."""
        return self._at_contacts[outlet.connector - 1].extra_k

    def sensor_fault(self, outlet: Outlet, extra_k: float) -> None:
        """The outlet's own sensor reads so much more from now on."""
        watch = self._at_contacts[outlet.connector - 1]
        if extra_k == watch.extra_k:
            return
        watch.extra_k = extra_k
        watch.follow(watch.at(self.air, self._warmths, self.timeline.now))
        self._mild_c = self._mildest_c()
        self._hold_to_heat(outlet)
        self._warmth_changed()

    def _warmth_changed(self) -> None:
        """Something warms otherwise: look for the next crossing, unless it is far off."""
        peak_c = self.air.warmest_c
        for warmth in self._warmths:
            peak_c += warmth.peak_k
        if peak_c < self._mild_c:
            self._crossing.clear()
        elif not self._looking:
            self._looking = True
            self.timeline.soon(self._look, CONTROL)

    def _mildest_c(self) -> float:
        """As long as nothing gets so warm, no sensor crosses a level; -inf while one is above its first."""
        if any(watch.level for watch in self._watches):
            return -inf
        return min(watch.up_c - watch.extra_k for watch in self._watches)

    def _look(self) -> None:
        """Find the next crossing among all sensors, or when to look on."""
        self._looking = False
        self._due = None
        now_s = self.timeline.now
        until_s = min([now_s + LOOK_AHEAD_S, *(outlet.settled_until_s for outlet in self.outlets)])
        for watch in self._watches:
            found = watch.crossing(self.air, self._warmths, now_s, until_s)
            if found:
                until_s = found[0]
                self._due = (watch, found[1])
        self._crossing.set(until_s)

    def _crosses(self) -> None:
        if self._due:
            watch, direction = self._due
            watch.step(direction)
            watch.follow(watch.at(self.air, self._warmths, self.timeline.now))
            self._mild_c = self._mildest_c()
            self._hold_to_heat(self.outlets[watch.outlet])
        self._warmth_changed()

    def _hold_to_heat(self, outlet: Outlet) -> None:
        held = [watch.limit_a for watch in self._watches if watch.outlet == outlet.connector - 1]
        outlet.heat_is(min(held))


class Balance(NamedTuple):
    """grid = battery + loss + standby + contact, Wh since the run's start."""

    grid_wh: float
    battery_wh: float
    loss_wh: float  # in the cars' chargers
    standby_wh: float  # of the cars and the charge point
    contact_wh: float  # in contactors and sockets
