"""A station's limits at one instant, for one arbitration: keys, relays and profiles as they are now."""

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import NamedTuple

from evc5.models.supply import Three
from evc5.twin.charging.car_phases import CarPhases
from evc5.twin.charging.grid import Grid
from evc5.twin.charging.phases import Outlook, PhaseRules, Wiring
from evc5.twin.charging.schedule import Cap
from evc5.twin.charging.trial import Trials
from evc5.twin.connector.channel import Channel
from evc5.twin.sheet import vendor
from evc5.twin.sheet.configuration import Configuration

Says = Callable[[int], Cap | None]  # what the profiles say of a connector; of 0, ChargePointMaxProfile


class KeyLimits(NamedTuple):
    """What the keys limit, in A per phase."""

    minimum_a: float
    station_a: float
    supervisor_a: float | None
    own_a: Sequence[tuple[float, float]]  # of each connector by chg_RatedCurrent and by chg_Mode3Current
    applies_profiles: bool


def key_limits(configuration: Configuration) -> KeyLimits:
    """By the keys as they are, for `Configuration.follows`."""
    rated, software = configuration.pair("chg_RatedCurrent"), configuration.pair("chg_Mode3Current")
    limited = [amps if amps > 0 else inf for amps in software]  # 0 leaves it to the controller
    return KeyLimits(
        configuration.number("chg_MinChargingCurrent"),
        configuration.number("chg_StationMaxCurrent"),
        vendor.supervisor_a(configuration),
        list(zip(rated, limited, strict=False)),
        vendor.applies_profiles(configuration),
    )


class LimitsNow:
    """Answers the controller's questions; of each connector the profiles are asked once."""

    def __init__(
        self,
        configuration: Configuration,
        rules: PhaseRules,
        grid: Grid,
        cars: CarPhases,
        trials: Trials,
        says: Says,
    ) -> None:
        self._keys = configuration.follows(key_limits)
        self._rules = rules
        self._grid = grid
        self._cars = cars
        self._trials = trials
        self._says = says
        self._said: dict[int, Cap | None] = {}
        self._bearing: dict[int, list[Cap]] = {}

    def own(self, channel: Channel) -> Mapping[str, float]:
        """One channel's limits by name, A per phase."""
        outlet = channel.outlet
        rated, software = self._keys.own_a[channel.connector - 1]
        caps = {"rated": min(rated, outlet.spec.rated_a)}
        if outlet.heat_a < outlet.spec.rated_a:
            caps["temperature"] = outlet.heat_a
        if outlet.cable_a is not None:
            caps["cable"] = outlet.cable_a
        if software < inf:
            caps["station"] = software
        limit_a = self._by_profile(channel)
        if limit_a is not None:
            caps["profile"] = limit_a
        return caps

    def _by_profile(self, channel: Channel) -> float | None:
        said = self._in_force(channel)
        if not said:
            return None
        rules = self._rules
        outlook = self.outlook(channel)
        if rules.pauses and rules.is_impossible(said, outlook.wiring):
            return 0.0
        if rules.in_use:
            if any(rules.is_trial(cap, outlook) for cap in said):
                self._trials.offered(channel)
        elif (whole := self._cap(0)) is not None:  # which `shared` reckons over all that load it
            said = [cap for cap in said if cap is not whole or not self._lets_charge(cap, outlook)]
        return min([rules.offer_a(cap, outlook) for cap in said], default=None)

    def shared(self, channels: Sequence[Channel]) -> Mapping[str, Three]:
        """The limits on the sum of all channels by name, on each phase of the grid; those given load it."""
        station = self._keys.station_a
        caps = {"station": (station, station, station)}
        grid = self._grid.room_a()
        if grid is not None:
            caps["grid"] = grid
        supervisor_a = self._keys.supervisor_a
        if supervisor_a is not None:
            caps["grid"] = _least(caps.get("grid"), (supervisor_a, supervisor_a, supervisor_a))
        whole = self._cap(0)
        if whole is not None:
            amps = self._whole_a(whole, channels)
            caps["profile"] = (amps, amps, amps)
        return caps

    def _whole_a(self, whole: Cap, channels: Sequence[Channel]) -> float:
        """ChargePointMaxProfile on each phase; its watts are spread over all that the channels load."""
        loaded: set[int] = set()
        outlooks = [self.outlook(channel) for channel in channels]
        for channel, outlook in zip(channels, outlooks, strict=True):
            if self._lets_charge(whole, outlook):
                used = self._rules.used(outlook.phases, outlook.car)
                loaded.update(channel.outlet.spec.rotation[:used])
        wiring = max((outlook.wiring for outlook in outlooks), key=_wired, default=Wiring())
        amps = self._rules.amps(whole, wiring, max(len(loaded), 1))
        return max(amps, self._rules.trial_a(whole, outlooks))

    def _lets_charge(self, cap: Cap, outlook: Outlook) -> bool:
        """Does a cap leave a connector, on the phases it is on, enough to charge at all?"""
        return self._rules.offer_a(cap, outlook) >= outlook.minimum_a

    def minimum_a(self) -> float:
        return self._keys.minimum_a

    # --- phases ---

    def phases(self, channel: Channel) -> int:
        """On how many phases to charge: as the profiles ask, or what their watts are best spread over."""
        return self._rules.conducting(self._in_force(channel), self.outlook(channel))

    def outlook(self, channel: Channel) -> Outlook:
        """The phases of one channel as its limits meet them."""
        switch = channel.switch
        wiring = Wiring(switch.wired, switch.supported)
        car = self._cars.of(channel.connector)
        more_a = self._trials.more_a(channel.connector)
        return Outlook(wiring, switch.heading, car, self._keys.minimum_a, more_a)

    def _cap(self, connector: int) -> Cap | None:
        if connector not in self._said:
            self._said[connector] = self._says(connector)
        return self._said[connector]

    def _in_force(self, channel: Channel) -> list[Cap]:
        """What profiles say that bear on one channel, its own first."""
        connector = channel.connector
        if connector not in self._bearing:
            both = (self._cap(connector), self._cap(0))
            self._bearing[connector] = [cap for cap in both if cap is not None]
        return self._bearing[connector]


def _wired(wiring: Wiring) -> int:
    return wiring.wired


def _least(one: Three | None, other: Three) -> Three:
    """Phase by phase."""
    if one is None:
        return other
    return (min(one[0], other[0]), min(one[1], other[1]), min(one[2], other[2]))
