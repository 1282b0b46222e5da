"""What is offered and allocated against the limits recomputed from the recorded profiles (3.13)."""

import numpy as np

from evc5.rigs.checks.reading.columns import Array
from evc5.rigs.checks.reading.telemetry import Rows
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import TELEMETRY, key
from evc5.rigs.checks.state.follow_times import CARS_FOLLOW_S, DWELL_S, PILOT_S, SWITCH_S
from evc5.rigs.checks.state.ledger import Told
from evc5.rigs.checks.state.profiles import MINIMUM_A, NO_LIMIT, ROUNDED_S, Cap
from evc5.rigs.checks.state.profiles_in_force import ProfilesInForce
from evc5.rigs.checks.state.requirement import OVERDRAWN
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.spans import at_rows, highest_of_late, is_new
from evc5.rigs.checks.state.spread import Spread

AT_ONCE_S = 0.01  # a row that the next one takes back within the millisecond that messages are stamped by
LIMIT, EXACT, STATION = "charging.limit", "charging.exact", "charging.station-limit"
PHASES_USED, CURRENT = "charging.phases", "charging.current"
REQUIREMENTS = (
    R(
        CURRENT,
        "No more current flows than the connector's charging profile allows",
        "3.13.1 to 3.13.3; IEC 61851-1 Annex A",
        needs=(TELEMETRY,),
        arises=("SetChargingProfile",),
    ),
    R(
        LIMIT,
        "The offer keeps to the connector's charging profile",
        "3.13.1 to 3.13.3, TC_056_CS, TC_057_CS",
        needs=(TELEMETRY,),
        arises=("SetChargingProfile",),
    ),
    R(
        EXACT,
        "What a profile limits is allocated in full",
        "3.13, 7.14",
        needs=(TELEMETRY,),
        arises=("SetChargingProfile",),
    ),
    R(
        STATION,
        "All connectors together keep to the ChargePointMaxProfile",
        "3.13.1, 3.13.3",
        needs=(TELEMETRY,),
        arises=("SetChargingProfile",),
    ),
    R(
        PHASES_USED,
        "Charging keeps to a profile's numberPhases",
        "7.14",
        needs=(
            TELEMETRY,
            key("ConnectorSwitch3to1PhaseSupported"),
        ),
        arises=("SetChargingProfile",),
    ),
)
JUST_S = 0.01  # stamps are written to the millisecond
STARTED_S = 5.0  # assumed: so soon a start is told
EXACT_A = 0.1  # limits are told with one decimal (7.14)


class Charging:
    """Judges telemetry, and meter values, by the steps of the in_force."""

    def __init__(self, context: Context, in_force: ProfilesInForce) -> None:
        self._context = context
        self._in_force = in_force
        self._ledger = context.ledger
        self._spread = Spread(context)
        self._until: dict[int, float] = {}
        self._wired: dict[int, float] = {}  # by connector: the most phases ever seen to conduct
        context.bus.telemetry.append(self._part)

    # -- the limits of an hour or a day ----------------------------------------------------------

    def _amps(self, cap: Cap | None) -> float:
        return NO_LIMIT if cap is None else self._spread.amps(cap)

    def _limits(self, connector: int, epoch_s: Array) -> tuple[Array, Array]:
        """The limit at each instant in A, and its numberPhases (0: none said)."""
        if self._in_force.is_empty:
            return np.full(len(epoch_s), NO_LIMIT), np.zeros(len(epoch_s))
        steps = list(
            self._in_force.steps(
                connector, float(epoch_s[0]) - CARS_FOLLOW_S, float(epoch_s[-1]) + 2 * ROUNDED_S
            )
        )
        starts = np.array([start for start, _ in steps])
        index = np.searchsorted(starts, epoch_s + ROUNDED_S, side="right") - 1
        amps = np.array([self._amps(cap) for _, cap in steps])
        phases = np.array([0 if cap is None else cap.phases or 0 for _, cap in steps])
        return amps[index], phases[index]

    def _part(self) -> None:
        parts = self._context.telemetry.parts
        for connector, rows in parts.items():
            keep = self._judged(rows)
            amps, phases = self._limits(connector, rows["epoch_s"])
            station, _ = self._limits(0, rows["epoch_s"])
            if (amps < NO_LIMIT).any():
                sure = keep & ~self._may_be_of_another(connector, rows["epoch_s"])
                self._offer(connector, rows, amps, sure)
                self._current(connector, rows, amps, sure)
                self._phases(connector, rows, phases, sure)
            self._exact(connector, rows, amps, station, keep & ~self._hangs_on_untold(rows["epoch_s"]))
        if parts:
            self._together(parts)

    def _judged(self, rows: Rows) -> Array:
        """Rows of this part, but for those of an outage whose transactions are not told yet."""
        keep = np.ones(len(rows), bool)
        keep[: rows.carried] = False
        down_epoch_s = self._context.history.link.down_since
        if down_epoch_s is not None:
            keep &= rows["epoch_s"] < down_epoch_s
        return keep

    def _hangs_on_untold(self, epoch_s: Array) -> Array:
        return self._in_force.hangs_on_untold(epoch_s, self._context.telemetry.until, STARTED_S)

    def _may_be_of_another(self, connector: int, epoch_s: Array) -> Array:
        return self._in_force.may_be_of_another(connector, epoch_s, self._context.telemetry.until, STARTED_S)

    # -- telemetry -------------------------------------------------------------------------------

    def _offer(self, connector: int, rows: Rows, amps: Array, keep: Array) -> None:
        offer = rows.low.highest("offered_a")
        most = rows.high.highest("offered_a")
        slack = self._context.tolerances.current_a
        allowed = np.where(amps < MINIMUM_A - 1e-6, 0.0, amps)
        judged = keep & (amps < NO_LIMIT) & ((most > 0) | (allowed == 0.0))
        wrong, highest = np.zeros(len(rows), bool), allowed.copy()
        above = judged & (offer > allowed + slack)
        unsure = judged & ~above & (most > allowed + slack)
        for k in np.flatnonzero(above).tolist():
            late = highest_of_late(rows, allowed, k, PILOT_S)
            highest[k] = max(late, self._before(connector, float(rows["epoch_s"][k]), PILOT_S))
            wrong[k] = offer[k] > highest[k] + slack and not is_new(rows, offer, k, PILOT_S, slack)

        def tell(k: int) -> Told:
            message = "more is offered than the charging profile allows"
            return f"<= {highest[k]:.2f} A", f"{rows.highest('offered_a')[k]:.2f} A", message

        self._ledger.judge_rows(LIMIT, connector, rows["epoch_s"], judged, wrong, tell, unsure)

    def _current(self, connector: int, rows: Rows, amps: Array, keep: Array) -> None:
        """What flows, however it came to: of a charger whose pilot nobody reads it is all there is."""
        tolerances = self._context.tolerances
        least, most = rows.low.current(), rows.high.current()
        allowed = np.where(amps < MINIMUM_A - 1e-6, 0.0, amps)
        judged = keep & (amps < NO_LIMIT) & (most > tolerances.current_a)
        judged &= ~self._context.history.connectors.overdraws(connector, rows["epoch_s"], CARS_FOLLOW_S)
        slack = 1.0 + tolerances.current_part
        wrong, highest = np.zeros(len(rows), bool), allowed.copy()
        above = judged & (least > allowed * slack + tolerances.current_a)
        unsure = judged & ~above & (most > allowed * slack + tolerances.current_a)
        for k in np.flatnonzero(above).tolist():
            highest[k] = self._before(connector, float(rows["epoch_s"][k]), CARS_FOLLOW_S)
            wrong[k] = least[k] > highest[k] * slack + tolerances.current_a

        def tell(k: int) -> Told:
            message = "more current flows than the charging profile allows"
            return f"<= {highest[k]:.2f} A", f"{rows.current()[k]:.2f} A", message

        whose = {"blames": OVERDRAWN} if self._offer_keeps(rows, highest)[wrong].all() else {}
        self._ledger.judge_rows(CURRENT, connector, rows["epoch_s"], judged, wrong, tell, unsure, **whose)

    def _offer_keeps(self, rows: Rows, allowed: Array) -> Array:
        """Is no more offered than that? Not known where nobody reads the pilot."""
        keeps: Array = rows.high.highest("offered_a") <= allowed + self._context.tolerances.current_a
        return keeps & np.isfinite(rows["offered_a"]).any(axis=1)

    def _before(self, connector: int, epoch_s: float, window_s: float) -> float:
        """The highest limit of so long before an instant, whether or not a row stands there."""
        since = epoch_s - window_s - self._context.telemetry.instrument.window_s
        steps = self._in_force.steps(connector, since, epoch_s)
        caps = [self._amps(cap) for _, cap in steps]
        return max((0.0 if amps < MINIMUM_A else amps for amps in caps), default=0.0)

    def _exact(self, connector: int, rows: Rows, own: Array, station: Array, keep: Array) -> None:
        """Where telemetry names a profile as the limit, the allocation is that profile's."""
        if self._spread.follows_more:
            return
        lasts = np.append(
            np.diff(rows["epoch_s"]) > AT_ONCE_S, True
        )  # else the next row says what became of it
        named = keep & rows.among("limited_by", "profile") & lasts
        allocated = rows.highest("allocated_a")
        named &= rows.steady("limited_by")
        named[named] = ~self._hangs_on_other(connector, rows["epoch_s"][named])
        named &= ~self._may_be_untold(connector, rows["epoch_s"], named)
        least = self._spread.least_each(rows["epoch_s"])
        wrong = named.copy()
        for amps in (own, station):
            wrong &= np.abs(allocated - np.where(amps < least, 0.0, amps)) > EXACT_A
        for k in np.flatnonzero(wrong).tolist():
            around = self._around(connector, float(rows["epoch_s"][k]), float(least[k]))
            wrong[k] = self._is_none_of(allocated[k], around)

        def tell(k: int) -> Told:
            wanted = self._wanted(float(rows["epoch_s"][k]), own[k], station[k])
            expected = " or ".join(f"{a:.2f} A" for a in wanted if a < NO_LIMIT) or "no profile"
            message = "another current is allocated than the profile in force allows"
            return expected, f"{allocated[k]:.2f} A", message

        self._ledger.judge_rows(EXACT, connector, rows["epoch_s"], named, wrong, tell)

    def _hangs_on_other(self, connector: int, epoch_s: Array) -> Array:
        found = np.zeros(len(epoch_s), bool)
        for which in (connector, 0) if len(epoch_s) else ():
            caps, at = self._in_force.at_each(which, epoch_s)
            found |= np.array([self._spread.hangs_on_other(cap) for cap in caps])[at]
        return found

    def _may_be_untold(self, connector: int, epoch_s: Array, asked: Array) -> Array:
        """Where the recording ends, or the line, a start may be on its way."""
        told_until = self._context.history.link.delivered_until(self._context.telemetry.until, STARTED_S)
        untold = asked & (epoch_s > told_until)
        for k in np.flatnonzero(untold).tolist():
            untold[k] = self._in_force.began(connector, float(epoch_s[k])) is None
        return untold

    def _wanted(self, epoch_s: float, *limits: float) -> list[float]:
        """What a channel may be allocated under these limits: below the minimum it pauses."""
        return [0.0 if amps < self._spread.least_a(epoch_s) else float(amps) for amps in limits]

    def _is_none_of(self, allocated: float, wanted: list[float]) -> bool:
        return all(abs(allocated - amps) > EXACT_A for amps in wanted)

    def _around(self, connector: int, epoch_s: float, least: float) -> list[float]:
        """At the instant of a change either side of it may stand: stamps are rounded to the millisecond.

        By a clock that is just set they are off by more.
        """
        set_s = JUST_S + self._ledger.time.doubt_s(epoch_s)
        limits = [
            cap
            for which in (connector, 0)
            for _, cap in self._in_force.steps(which, epoch_s - set_s, epoch_s + set_s)
        ]
        return [0.0 if (amps := self._amps(cap)) < least else amps for cap in limits]

    def _phases(self, connector: int, rows: Rows, phases: Array, keep: Array) -> None:
        """One phase asked for, and the station able to switch: a while later no more than one conducts."""
        if self._context.history.keys.text("ConnectorSwitch3to1PhaseSupported") != "true":
            return
        self._again(connector, rows, keep)
        one = (phases == 1) & keep & (rows["phases"] > 0)
        switch_s = SWITCH_S + rows.instrument.window_s
        for k in np.flatnonzero(one).tolist():
            epoch_s = float(rows["epoch_s"][k])
            lately = [cap for _, cap in self._in_force.steps(connector, epoch_s - switch_s, epoch_s)]
            stuck = self._is_stuck(connector, epoch_s, switch_s)
            stuck |= self._spread.may_be_outdone(
                lately, [cap for _, cap in self._in_force.steps(0, epoch_s - switch_s, epoch_s)]
            )
            if not stuck and all(cap is not None and cap.phases == 1 for cap in lately):
                actual = f"{rows['phases'][k]:g} phases"
                message = "charging on more phases than asked for"
                self._ledger.judge(
                    PHASES_USED, rows["phases"][k] <= 1, epoch_s, connector, "1 phase", actual, message
                )

    def _again(self, connector: int, rows: Rows, keep: Array) -> None:
        """Nothing asks for one phase any more, and the dwell time is over: all conduct again."""
        wired = self._wired[connector] = max(self._wired.get(connector, 0.0), float(rows["phases"].max()))
        for k in np.flatnonzero(keep & (rows["phases"] == 1) & (wired > 1)).tolist():
            epoch_s = float(rows["epoch_s"][k])
            since = epoch_s - DWELL_S - SWITCH_S - rows.instrument.window_s
            if self._is_stuck(connector, epoch_s, epoch_s - since):
                continue
            caps = [cap for c in (connector, 0) for _, cap in self._in_force.steps(c, since, epoch_s)]
            caps += [cap for _, cap in self._in_force.last_caps(connector, since, epoch_s)]
            if not self._spread.in_use and all(cap is None or cap.phases != 1 for cap in caps):
                message = "charging on one phase although nothing asks for it"
                self._ledger.broken(PHASES_USED, epoch_s, connector, f"{wired:g} phases", "1 phase", message)

    def _is_stuck(self, connector: int, epoch_s: float, before_s: float) -> bool:
        """Was there a fault so lately? Behind a welded contactor no relay may switch."""
        return self._context.history.connectors.faulty[connector].near(epoch_s, before_s)

    def _together(self, parts: dict[int, Rows]) -> None:
        telemetry = self._context.telemetry
        new = int(np.searchsorted(telemetry.instants(), self._until.get(0, -np.inf), side="right"))
        instants = telemetry.instants()[new:]
        if not len(instants):
            return
        self._until[0] = float(instants[-1])
        limits, _ = self._limits(0, instants)
        limits = np.where(self._hangs_on_untold(instants), NO_LIMIT, limits)
        if not (limits < NO_LIMIT).any():
            return
        total, most = np.zeros(len(instants)), np.zeros(len(instants))
        for connector, rows in parts.items():
            overdraws = self._context.history.connectors.overdraws(connector, instants, CARS_FOLLOW_S)
            limits = np.where(overdraws, NO_LIMIT, limits)  # the vehicle's doing
            at = telemetry.at_instants(connector)[new:]
            total += at_rows(at, rows.low.current())
            most += at_rows(at, rows.high.current())
        self._station(instants, total, most, limits)

    def _station(self, instants: Array, total: Array, most: Array, limits: Array) -> None:
        """`total` flows at least, `most` at most."""
        tolerances = self._context.tolerances
        flows = (most > tolerances.current_a) & (limits < NO_LIMIT)
        slack = 1.0 + tolerances.current_part
        wrong = np.zeros(len(instants), bool)
        highest = limits.copy()
        follow_s = CARS_FOLLOW_S + self._context.telemetry.instrument.window_s
        above = flows & (total > limits * slack + tolerances.current_a)
        unsure = flows & ~above & (most > limits * slack + tolerances.current_a)
        for k in np.flatnonzero(above).tolist():
            epoch_s = float(instants[k])
            highest[k] = max(
                self._amps(cap) for _, cap in self._in_force.steps(0, epoch_s - follow_s, epoch_s)
            )
            wrong[k] = total[k] > highest[k] * slack + tolerances.current_a

        def tell(k: int) -> Told:
            message = "the connectors together take more than the ChargePointMaxProfile allows"
            return f"<= {highest[k]:.2f} A", f"{total[k]:.2f} A", message

        self._ledger.judge_rows(STATION, None, instants, flows, wrong, tell, unsure)
