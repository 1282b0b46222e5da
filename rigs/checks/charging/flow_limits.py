"""What meter values tell to flow, and to be offered, against the charging profiles accepted (3.13, 7.14).

The current is taken as the recording has it: Current.Import, else Power.Active.Import, else the slope of the
register; a limit in watts is held against the power. 7.12 and ER 3.34 differ in what a limit in watts means
in amperes where fewer phases are in use than it counts with: who is not known to follow one may follow
either; the power it allows is the same.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from evc5.rigs.checks.reading.columns import Array, Block
from evc5.rigs.checks.reading.flow import Flow, flow_of, offer_of
from evc5.rigs.checks.reading.instants import iso
from evc5.rigs.checks.reading.meter import DEFAULT_MEASURAND
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import CURRENT
from evc5.rigs.checks.state.profiles import HIGH_VOLTS, PHASES_UNTOLD, VOLTS, Cap
from evc5.rigs.checks.state.requirement import OVERDRAWN, STATION
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.spread import Spread

FLOW, TOGETHER, REPORTED = "charging.flow", "charging.flow-together", "charging.reported"
FLOW_PHASES = "charging.flow-phases"
REQUIREMENTS = (
    R(REPORTED, "The offer reported keeps to the charging profile", "3.13.3"),
    R(
        FLOW,
        "What is reported to flow keeps to the charging profile",
        "3.13.1 to 3.13.3, 7.12, ER 3.34",
        needs=(CURRENT,),
        arises=("SetChargingProfile",),
    ),
    R(TOGETHER, "All connectors together are reported to keep to the ChargePointMaxProfile", "3.13.3"),
    R(FLOW_PHASES, "No more phases are reported to carry current than the profile has", "7.14"),
)
OFFERED_S = 20.0  # assumed: the pilot's 5 s (IEC 61851-1 Annex A), and a station that looks every 15 s
FOLLOWED_S = 60.0  # assumed: a station's control, the pilot, the car's 5 s, and a ramp down
SWITCHED_S = 120.0  # assumed: the car lets go, a pause, the relays, and the car comes back
AVERAGE_S = (
    900.0  # a clock-aligned value may be the mean of so long (9.1.5); ClockAlignedDataInterval if told
)
SIDE_BY_SIDE_S = 90.0  # assumed: readings of two connectors so near are of one time
SWITCH = "ConnectorSwitch3to1PhaseSupported"

Over = Callable[[Cap, Flow], Array]


class Held(NamedTuple):
    """What a block's readings tell to flow, or to be offered, as it is held against the caps."""

    requirement: str
    message: str
    flow: Flow
    late: Array  # seconds for which a cap may still show in a reading
    over: Over
    offer: Flow | None = None  # where it is the flow, and an offer is told beside it

    def is_over(self, cap: Cap, k: int) -> bool:
        """Is one reading above a cap?"""
        return bool(self.over(cap, self.flow.at(k))[0])


class Told(NamedTuple):
    """When a connector told what flows there, and of how long before it that is the mean."""

    when: Array
    flow: Flow
    since_s: Array  # 0: of that instant


class InForce(NamedTuple):
    """The caps of a connector, or of the station (0), and which of them held at each reading of a block."""

    scope: int
    caps: list[Cap | None]
    which: Array


class FlowLimits:
    """Judges each block of meter values by the caps that held when it was taken."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._in_force = context.profiles
        self._ledger = context.ledger
        self._spread = Spread(context)
        # a station recorded from its first moment on says in its header which choices it made
        self._either_way = not context.evidence.from_power_on
        self._register: dict[tuple[int, int, str], tuple[float, float]] = {}  # the last stamp and value
        self._latest: dict[int, Told] = {}  # by connector: its last block
        # by requirement and connector: the first reading that each choice of 3.13.1 forbids
        self._against: dict[tuple[str, int], dict[bool, float]] = {}
        self._told_both = False
        self._crowded: dict[int, float] = {}  # by connector: with what others told last all were above
        context.bus.readings.append(self._readings)

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        if connector == 0:
            return
        for block in self._context.instant(blocks):
            if not block.layout.mixed and block.layout.context.startswith(("Sample", "Trigger", "Other")):
                self._block(connector, block)

    def _block(self, connector: int, block: Block) -> None:
        flow, since_s = self._with_slope(connector, block, flow_of(block))
        if self._in_force.is_empty or not len(block):
            return
        sent = block.epoch_s + self._ledger.time.doubts_s(block.stamp)
        when = np.minimum(block.stamp, sent)  # a clock that is ahead does not look ahead
        late, offer = self._late(block, since_s), offer_of(block)
        own, station = (InForce(scope, *self._in_force.at_each(scope, when)) for scope in (connector, 0))
        for in_force in (own, station):
            if self._either_way or any(cap is not None for cap in in_force.caps):
                self._offer(connector, in_force, when, offer)
                self._flow(connector, in_force, when, flow, late, offer)
        self._phases(connector, when, flow)
        self._together(connector, Told(when, flow, since_s), station)

    def _late(self, block: Block, since_s: Array) -> Array:
        """How long before a reading a limit may have held that still shows in it."""
        mean_s = 0.0
        if block.layout.context == "Sample.Clock":
            mean_s = float(self._context.history.keys.integer("ClockAlignedDataInterval") or AVERAGE_S)
        return FOLLOWED_S + np.maximum(since_s, mean_s)

    def _with_slope(self, connector: int, block: Block, flow: Flow) -> tuple[Flow, Array]:
        """Where neither current nor power is told, the power that the register rose by, and since when."""
        at_once, register = np.zeros(len(block)), block.column(DEFAULT_MEASURAND)
        if register is None or block.transaction is None or flow.is_told:
            return flow, at_once
        key = connector, block.transaction, block.layout.context
        before = self._register.get(key, (np.nan, np.nan))
        self._register[key] = float(block.stamp[-1]), float(register[-1])
        stamp, wh = np.append(before[0], block.stamp), np.append(before[1], register)
        since_s = np.nan_to_num(np.maximum(np.diff(stamp), 0.0))
        longest_s = since_s + self._ledger.time.stepped_s(stamp)
        step_wh = 10.0 ** -block.decimals[block.layout.register or 0] * block.layout.register_scale
        unknown = np.full(len(wh) - 1, np.nan)
        watts = np.divide((np.diff(wh) - step_wh) * 3600.0, longest_s, out=unknown, where=since_s > 0)
        return flow._replace(watts=watts), since_s

    # -- one connector ---------------------------------------------------------------------------

    def _offer(self, connector: int, caps: InForce, when: Array, offer: Flow) -> None:
        if offer.is_told:
            late = np.full(len(when), OFFERED_S)
            message = "more is reported to be offered than the charging profile allows"
            self._judge(connector, caps, when, Held(REPORTED, message, offer, late, self._over_offer))

    def _flow(self, connector: int, caps: InForce, when: Array, flow: Flow, late: Array, offer: Flow) -> None:
        overdrawn = self._context.history.connectors.overdraws(connector, when, FOLLOWED_S)
        if overdrawn.any():  # the vehicle's doing, where it is told
            flow = flow._replace(
                amps=np.where(overdrawn, 0.0, flow.amps), watts=np.where(overdrawn, 0.0, flow.watts)
            )
        if flow.is_told:
            message = "more is reported to flow than the charging profile allows"
            self._judge(connector, caps, when, Held(FLOW, message, flow, late, self._over, offer))

    def _judge(self, connector: int, in_force: InForce, when: Array, held: Held) -> None:
        scope, caps, index = in_force
        limited = np.zeros(len(when), bool)
        for number, cap in enumerate(caps):
            limited |= (index == number) & (cap is not None)
        above = self._above(caps, index, held)
        wrong = [k for k in np.flatnonzero(above).tolist() if self._stays_over(scope, when, k, held)]
        fine = limited.copy()
        fine[wrong] = False
        self._ledger.held(held.requirement, int(np.count_nonzero(fine)), connector, when[fine])
        for k in wrong:
            cap = caps[index[k]]
            assert cap is not None
            told = *self._words(cap, held.flow.at(k)), held.message
            whose = self._whose(cap, held, k)
            self._ledger.broken(held.requirement, float(when[k]), connector, *told, blames=whose)
        if self._either_way and not wrong:
            self._same_throughout(connector, scope, when, held)

    def _whose(self, cap: Cap, held: Held, k: int) -> str | list[str]:
        """Whose fault: where the offer told keeps to the cap, the vehicle may not keep to the offer."""
        offer = held.offer.at(k) if held.offer is not None else None
        if offer is None or not offer.is_told or bool(self._over_offer(cap, offer)[0]):
            return STATION
        return OVERDRAWN

    def _same_throughout(self, connector: int, scope: int, when: Array, held: Held) -> None:
        """3.13.1 leaves open which TxDefaultProfile outdoes the other; not one here and the other there."""
        if not self._in_force.orders_differ(scope, float(when[-1])):
            return
        for own_first in (True, False):
            above = self._above(*self._in_force.at_each(scope, when, own_first), held)
            for k in np.flatnonzero(above).tolist():
                lately = self._in_force.steps(scope, float(when[k] - held.late[k]), float(when[k]), own_first)
                if all(cap is not None and held.is_over(cap, k) for _, cap in lately):
                    self._contradicts(held.requirement, connector, own_first, float(when[k]), held.flow.at(k))
                    break

    @staticmethod
    def _above(caps: list[Cap | None], index: Array, held: Held) -> Array:
        """Which readings are above the cap of their instant."""
        above = np.zeros(len(index), bool)
        for number, cap in enumerate(caps):
            if cap is not None:
                above |= (index == number) & held.over(cap, held.flow)
        return above

    def _contradicts(
        self, requirement: str, connector: int, own_first: bool, epoch_s: float, flow: Flow
    ) -> None:
        self._against.setdefault((requirement, connector), {}).setdefault(own_first, epoch_s)
        others = self._against[requirement, connector]
        if len(others) < 2 or self._told_both:
            return
        self._told_both = True
        cap, _ = self._in_force.limit(connector, epoch_s, own_first)
        allowed, told = self._words(cap, flow) if cap is not None else ("the same choice throughout", "")
        message = "of two TxDefaultProfiles the one is followed here and the other there"
        expected = f"{allowed}, as at {iso(others[not own_first])}"
        self._ledger.broken(requirement, epoch_s, connector, expected, told, message, count=0)

    def _stays_over(self, scope: int, when: Array, k: int, held: Held) -> bool:
        """Is a reading above every cap that held of late, in whichever way the profiles are read?

        By a clock that is just set the next may hold already.
        """
        at = float(when[k])
        caps = self._caps(scope, at - float(held.late[k]), at + self._ledger.time.doubt_s(at))
        return all(cap is not None and held.is_over(cap, k) for cap in caps)

    def _caps(self, scope: int, since: float, until: float) -> list[Cap | None]:
        return self._in_force.caps_within(scope, since, until, self._either_way)

    # -- above a cap or not ----------------------------------------------------------------------

    def _over(self, cap: Cap, flow: Flow) -> Array:
        if cap.watts is not None:
            return self._over_watts(cap.watts, flow)
        by_current = flow.amps > self._most_a(cap.amps)
        volts = np.where(np.isnan(flow.volts), VOLTS * HIGH_VOLTS, flow.volts)
        by_power = flow.watts > self._most_a(cap.amps) * PHASES_UNTOLD * volts
        return np.where(np.isnan(flow.amps), by_power, by_current)

    def _over_watts(self, watts: float, flow: Flow) -> Array:
        """The power told, or the current at the set voltage: 7.12 counts with that, not with the measured."""
        higher = np.where(np.isnan(flow.volts), HIGH_VOLTS, np.maximum(flow.volts / VOLTS, 1.0))
        told, counted = flow.watts / higher, flow.total_amps * VOLTS
        return np.where(np.isnan(flow.watts), counted, told) > self._most_w(watts)

    def _over_offer(self, cap: Cap, offer: Flow) -> Array:
        """An offer in amperes goes to whatever phases the car uses: one at least."""
        amps = cap.amps if cap.watts is None else cap.watts / VOLTS  # how many conduct is not told
        return (offer.amps > self._most_a(amps)) | (offer.watts > self._most_w(cap.most_w) * HIGH_VOLTS)

    def _most_a(self, amps: float) -> float:
        tolerances = self._context.tolerances
        return amps + max(tolerances.current_a, tolerances.current_part * amps)

    def _most_w(self, watts: float) -> float:
        tolerances = self._context.tolerances
        return watts + max(tolerances.current_a * VOLTS, tolerances.current_part * watts)

    @staticmethod
    def _words(cap: Cap, flow: Flow) -> tuple[str, str]:
        told = [f"{flow.amps[0]:.2f} A"] * (not np.isnan(flow.amps[0]))
        told += [f"{flow.watts[0]:.0f} W"] * (not np.isnan(flow.watts[0]))
        allowed = f"<= {cap.watts:g} W" if cap.watts is not None else f"<= {cap.amps:g} A per phase"
        return allowed, ", ".join(told)

    # -- phases ----------------------------------------------------------------------------------

    def _phases(self, connector: int, when: Array, flow: Flow) -> None:
        several = np.flatnonzero(flow.lines > 1)
        if not len(several):
            return
        ever = self._caps(connector, float(when.min()) - SWITCHED_S, float(when.max()))
        if all(cap is None or cap.phases is None for cap in ever):
            return  # no profile of that time names phases
        for k in several.tolist():
            epoch_s = float(when[k])
            caps = self._caps(connector, epoch_s - SWITCHED_S, epoch_s)
            asked = {cap.phases if cap is not None else None for cap in caps}
            if None in asked or self._spread.may_be_outdone(
                caps, self._caps(0, epoch_s - SWITCHED_S, epoch_s)
            ):
                continue
            most = max(phases for phases in asked if phases is not None)
            # relays that switch from three to one know no two
            can_switch = most == 1 and bool(self._context.history.keys.flag(SWITCH, epoch_s))
            self._ledger.judge(
                FLOW_PHASES,
                flow.lines[k] <= most,
                epoch_s,
                connector,
                f"at most {most} phases",
                f"{flow.lines[k]:g} phases carry current",
                "more phases carry current than the charging profile has",
                severity="error" if can_switch else "warning",  # who cannot switch may not be able to obey
            )

    # -- all connectors --------------------------------------------------------------------------

    def _together(self, connector: int, mine: Told, station: InForce) -> None:
        """The sum with what the others told last; on whichever phases, a third of all lies on the busiest."""
        self._latest[connector] = mine
        others = [told for c, told in self._latest.items() if c != connector]
        known = [one for one in (_beside(mine.when, told) for told in others) if one is not None]
        if not known:
            return
        when, flow = mine.when, mine.flow
        total_a = np.sum([flow.total_amps, *(np.nan_to_num(one.flow.total_amps) for one in known)], axis=0)
        watts = _watts_together(mine, known)
        whole = Flow(total_a / PHASES_UNTOLD, total_a, watts, flow.volts, flow.lines)
        newest = np.max([_last_told(when, told.when) for told in others], axis=0)
        late = FOLLOWED_S + SIDE_BY_SIDE_S + np.fmax.reduce([one.since_s for one in (mine, *known)])
        message = "the connectors together are reported to take more than the ChargePointMaxProfile allows"
        held = Held(TOGETHER, message, whole, late, self._over)
        above = self._above(station.caps, station.which, held)
        for k in range(len(when)):
            if station.caps[station.which[k]] is not None:
                over = bool(above[k]) and self._stays_over(0, when, k, held)
                self._crowd(connector, float(when[k]), held, k, over, float(newest[k]))

    def _crowd(self, connector: int, epoch_s: float, held: Held, k: int, over: bool, newest: float) -> None:
        """Twice running, and each time anew: what the others told last may be over, or they make room."""
        before = self._crowded.pop(connector, None)
        if over:
            self._crowded[connector] = newest
        if over and before is not None and newest > before:
            cap, _ = self._in_force.limit(0, epoch_s)
            assert cap is not None
            self._ledger.broken(TOGETHER, epoch_s, None, *self._words(cap, held.flow.at(k)), held.message)
        elif not over:
            self._ledger.held(TOGETHER, 1)


def _beside(when: Array, told: Told) -> Told | None:
    """What another connector told at these instants; None where it told nothing near them."""
    index = np.searchsorted(told.when, when, side="right") - 1
    near = (index >= 0) & (when - told.when[np.maximum(index, 0)] <= SIDE_BY_SIDE_S)
    if not near.any():
        return None
    pick = np.maximum(index, 0)
    flow = told.flow
    parts = (flow.amps, flow.total_amps, flow.watts, flow.volts, flow.lines)
    near_flow = Flow(*(np.where(near, part[pick], np.nan) for part in parts))
    return Told(np.where(near, told.when[pick], when), near_flow, np.where(near, told.since_s[pick], np.nan))


def _watts_together(mine: Told, others: list[Told]) -> Array:
    """The sum; of means the least that it was over the time that any is of, for they may have taken turns."""
    watts = np.array([mine.flow.watts, *(np.nan_to_num(other.flow.watts) for other in others)])
    ends = np.array([one.when for one in (mine, *others)])
    spans = np.array([np.where(np.isnan(one.since_s), mine.since_s, one.since_s) for one in (mine, *others)])
    together_s = ends.max(axis=0) - (ends - spans).min(axis=0)
    are_means = (spans > 0.0).all(axis=0)
    mean: Array = (watts * spans).sum(axis=0) / np.where(are_means, together_s, 1.0)
    return np.where(are_means, mean, watts.sum(axis=0))


def _last_told(when: Array, told: Array) -> Array:
    """When a connector told last before each of these instants; -inf where it had not."""
    index = np.searchsorted(told, when, side="right") - 1
    found: Array = np.where(index >= 0, told[np.maximum(index, 0)], -np.inf)
    return found
