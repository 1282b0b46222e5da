"""What a connector is allocated against what keys, cable, heat and profiles leave it: no more and no less."""

from collections.abc import Callable

import numpy as np

from evc5.rigs.checks.electrical import stand_ins
from evc5.rigs.checks.electrical.fair_shares import FairShares, Situation
from evc5.rigs.checks.reading.columns import Array, distinct
from evc5.rigs.checks.reading.telemetry import Rows
from evc5.rigs.checks.reading.through_time import in_force
from evc5.rigs.checks.state.connectors import STAMP_HAIR_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import TELEMETRY
from evc5.rigs.checks.state.follow_times import DWELL_S, SWITCH_S
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.mains import Mains
from evc5.rigs.checks.state.profiles import MINIMUM_A, NO_LIMIT, PHASES_UNTOLD, Cap
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.spans import hold, lasting
from evc5.rigs.checks.state.spread import Spread

FULL, REASON, CUT = "service.full", "service.reason", "service.cut"
ALL_PHASES = "charging.all-phases"
REQUIREMENTS = (
    R(
        FULL,
        "A car in a transaction is allocated all that the limits leave it",
        "3.13.3; sheet table 23",
        needs=(TELEMETRY,),
        arises=("StartTransaction",),
    ),
    R(
        CUT,
        "Where a limit falls the allocation falls with it",
        "3.13; IEC 61851-1 Annex A: 5 s",
        needs=(TELEMETRY,),
        arises=("SetChargingProfile",),
    ),
    R(
        ALL_PHASES,
        "A connector that may switch uses all phases where no profile says otherwise",
        "7.14",
        needs=(TELEMETRY,),
        arises=("SetChargingProfile",),
    ),
    R(
        REASON,
        "What telemetry names as the limit is what limits",
        "design: limited_by",
        needs=(TELEMETRY,),
        arises=("StartTransaction",),
    ),
)
SHARE_SETTLED_S = 40.0  # assumed: a raise waits for the other's cut, each for its pilot and its car
CUT_S = 1.0  # assumed: an allocation follows its limit so soon, before the pilot does
NEAR_A = 0.15  # limits are told with one decimal (7.14)
SHARE_A = 1.0  # assumed: how much of a shared current may be left over


class Shares:
    """Recomputes the allocation wherever nothing else but the limits can decide it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._in_force = context.profiles
        self._history = context.history
        self._connectors = context.history.connectors
        self._keys = context.history.keys
        self._ledger = context.ledger
        self._spread = Spread(context)
        self._mains = Mains()
        self._bus_limit = False  # somebody outside allows the station an amount that no frame tells
        context.bus.events["operator"].append(self._operator)
        context.bus.telemetry.append(self._part)

    def _operator(self, event: Event) -> None:
        self._bus_limit = self._bus_limit or "grid_limit_a" in event.detail

    # -- the keys --------------------------------------------------------------------------------

    def _steps(self, epoch_s: Array, *keys: str) -> list[float]:
        return [
            at
            for at in self._keys.changes(float(epoch_s[0]), *(key.lower() for key in keys))
            if at <= epoch_s[-1]
        ]

    def _number(self, key: str, epoch_s: Array, place: int | None = None) -> Array | None:
        """A key's number at each instant, `place` of a pair; None where it is not known."""
        setting = self._keys.get(key.lower())
        if setting is None or (setting.began_with_change and epoch_s[0] < setting.history[0][0]):
            return None
        try:
            numbers = [_part_of(text, place) for _, text in setting.history]
        except (ValueError, IndexError):
            return None
        return in_force(epoch_s, [at for at, _ in setting.history], numbers)

    def _is_metered(self) -> bool:
        """Does a supply of the building bound the station (grid_Role)?"""
        role, most = (
            self._keys.text("grid_Role"),
            self._keys.text("grid_InstallationMaxcurrent"),
        )
        bounded = (
            role is not None
            and role.strip().lower() != "no_ctrl"
            and (most or "0").strip() not in ("0", "0.0")
        )
        return bounded or self._bus_limit or role is None

    # -- telemetry -------------------------------------------------------------------------------

    def _part(self) -> None:
        parts = self._context.telemetry.parts
        if self._is_metered() or self._spread.follows_more:
            return
        epoch_s = self._instants(parts)
        station = self._number("chg_StationMaxCurrent", epoch_s)
        if station is None or len(epoch_s) < 2:
            return
        room = np.minimum(station, self._profile(0, epoch_s))
        found = {connector: self._situation(connector, rows, epoch_s) for connector, rows in parts.items()}
        known = {connector: one for connector, one in found.items() if one is not None}
        carried = min(
            (float(r["epoch_s"][r.carried]) for r in parts.values() if r.carried < len(r)),
            default=float(epoch_s[-1]),
        )
        if len(known) == len(parts):
            carried = int(np.searchsorted(epoch_s, carried))
            of = next(iter(parts.values()))
            one_axis = Rows({"epoch_s": epoch_s}, carried, of.instrument, of.texts)
            self._full(one_axis, known, room)
            self._reasons(one_axis, known, room, station)
            if self._keys.flag("ConnectorSwitch3to1PhaseSupported"):
                self._all_phases(one_axis, known)

    def _instants(self, parts: dict[int, Rows]) -> Array:
        """All rows of all connectors, and the moments at which a limit changes without one."""
        epoch_s = self._context.telemetry.instants()
        more = self._steps(
            epoch_s, "chg_StationMaxCurrent", "chg_RatedCurrent", "chg_Mode3Current", "chg_MinChargingCurrent"
        )
        if not self._in_force.is_empty:
            for connector in (0, *parts):
                more += [
                    max(at, epoch_s[0])
                    for at, _ in self._in_force.steps(connector, float(epoch_s[0]), float(epoch_s[-1]))
                ]
        if not more:
            return epoch_s
        found: Array = distinct(epoch_s, np.array(more))
        within: Array = found[found <= epoch_s[-1]]
        return within

    def _rows_at(self, connector: int, rows: Rows, epoch_s: Array) -> Array:
        """The connector's row in force at each of these instants; before the first that one."""
        telemetry = self._context.telemetry
        is_known = epoch_s is telemetry.instants()
        at = telemetry.at_instants(connector) if is_known else rows.at_each(epoch_s)
        return np.maximum(at, 0)

    def _profile(self, connector: int, epoch_s: Array) -> Array:
        amps = self._spread.amps
        return self._step_by_step(connector, epoch_s, lambda cap: NO_LIMIT if cap is None else amps(cap))

    def _own_profile(self, connector: int, epoch_s: Array) -> Array:
        """What its own leaves a connector; nothing where too few phases are asked for, of all together."""
        profile, too_few = self._profile(connector, epoch_s), [n for n in (1, 2) if self._spread.stops(n)]
        if not too_few or self._in_force.is_empty:
            return profile
        asked = np.minimum(self._fewest(connector, epoch_s), self._fewest(0, epoch_s))
        return np.where(np.isin(asked, too_few), 0.0, profile)

    def _fewest(self, connector: int, epoch_s: Array) -> Array:
        """The phases that the profile in force asks for, at each instant."""
        return self._step_by_step(
            connector, epoch_s, lambda cap: float((cap and cap.phases) or PHASES_UNTOLD)
        )

    def _step_by_step(self, connector: int, epoch_s: Array, of: Callable[[Cap | None], float]) -> Array:
        """Something of the profile in force at each instant; None where there is none."""
        if self._in_force.is_empty:
            return np.full(len(epoch_s), of(None))
        steps = list(
            self._in_force.steps(connector, float(epoch_s[0]), float(epoch_s[-1]) + 2 * STAMP_HAIR_S)
        )
        starts, values = [start for start, _ in steps], [of(cap) for _, cap in steps]
        return in_force(epoch_s + STAMP_HAIR_S, starts, values)

    def _situation(self, connector: int, rows: Rows, epoch_s: Array) -> Situation | None:
        rated = self._number("chg_RatedCurrent", epoch_s, connector - 1)
        software = self._number("chg_Mode3Current", epoch_s, connector - 1)
        minimum = self._number("chg_MinChargingCurrent", epoch_s)
        if rated is None or software is None or minimum is None:
            return None
        k = self._rows_at(connector, rows, epoch_s)
        connectors = self._connectors
        live = rows.among("pilot", "B", "C", "D") & (rows["u1_v"] > 0) & ~self._mains.is_off(connector, rows)
        runs, faulty = (its[connector].cover(epoch_s) for its in (connectors.running, connectors.faulty))
        wants = live[k] & runs & self._accepted(connector, epoch_s)
        wants &= ~faulty & ~connectors.unsure(epoch_s)
        profile = self._own_profile(connector, epoch_s)
        capability = stand_ins.capability(rows, connector, connectors)[k]
        own = np.minimum(np.minimum(rated, capability), profile)
        own = np.where(software > 0, np.minimum(own, software), own)
        own = np.where(own < np.maximum(minimum, MINIMUM_A) - 1e-6, 0.0, own)
        allocated, named = stand_ins.allocated(rows)[k], rows["limited_by"][k]
        keeps_share = faulty & (allocated > 0)  # it may, with a fault that it tries again to get over
        unsure = runs & (self._unanswered(connector, epoch_s) | keeps_share)
        unsure |= self._in_force.hangs_on_untold(epoch_s, self._context.telemetry.until)
        near = NEAR_A + rows.instrument.slack("allocated_a", 2.0 * allocated)
        return Situation(
            wants=wants,
            own=own,
            phases=rows["phases"][k],
            profile=profile,
            capability=capability,
            allocated=allocated,
            taken=np.maximum(allocated, rows.highest("offered_a")[k]),
            named=named,
            near=near,
            unsure=unsure,
            cool=stand_ins.is_cool(rows)[k],
            is_told=stand_ins.is_told(rows, "allocated_a"),
        )

    def _accepted(self, connector: int, epoch_s: Array) -> Array:
        """Has the CSMS not refused the idTag of the transaction that runs?"""
        good = np.ones(len(epoch_s), bool)
        history = self._history
        for its in (
            *history.transactions.finished.get(connector, ()),
            *filter(None, (history.transactions.open.get(connector),)),
        ):
            if its.status != "Accepted":
                good &= (epoch_s < (its.confirmed_at or its.start)) | (epoch_s > (its.stop or np.inf))
        return good

    def _unanswered(self, connector: int, epoch_s: Array) -> Array:
        """Does one run that was not answered yet, or will be refused, so that it may have a share or not?"""
        running = self._history.transactions.open.get(connector)
        its = [*self._history.transactions.finished.get(connector, ()), *filter(None, (running,))]
        found = np.zeros(len(epoch_s), bool)
        for one in its:
            if one.status != "Accepted":
                found |= (epoch_s >= one.start) & (epoch_s <= (one.confirmed_at or one.stop or np.inf))
        return found

    # -- judging ---------------------------------------------------------------------------------

    def _full(self, axis: Rows, known: dict[int, Situation], room: Array) -> None:
        wanting = sum((one.wants & (one.own > 0)).astype(int) for one in known.values())
        together = sum(np.where(one.wants, one.own, 0.0) for one in known.values())
        unsure = np.any([one.unsure for one in known.values()], axis=0)
        floor = self._floor(axis["epoch_s"])
        for connector, one in known.items():
            alone = np.minimum(one.own, np.where(room < floor - 1e-6, 0.0, room))
            expected = np.where(together <= room, one.own, alone)
            exact = one.wants & one.cool & ~unsure & ((wanting == 1) | (together <= room) | (one.own == 0.0))
            self._settled(axis, connector, exact, expected, one)
            if one.is_told:
                self._cut(axis, connector, one)
        shared = (wanting > 1) & (together > room) & ~unsure
        shared &= np.all([one.cool for one in known.values()], axis=0)
        if shared.any():
            self._in_parts(axis, known, shared, room, (room >= floor, room >= wanting * floor))

    def _in_parts(
        self, axis: Rows, known: dict[int, Situation], shared: Array, room: Array, runs: tuple[Array, Array]
    ) -> None:
        """Where they want more than there is, each has its part; `runs`: is it enough for one, for all?"""
        for_one, for_all = runs
        total: Array = np.sum([np.where(one.wants, one.allocated, 0.0) for one in known.values()], axis=0)
        each = [np.where(one.wants & (one.own > 0), one.own, np.inf) for one in known.values()]
        one_of = np.minimum(np.min(each, axis=0), room)  # who has the least may be the one whose turn it is
        first_come = self._context.policies["station_share"] == "first-come"  # its rest may suffice nobody
        all_run = np.zeros(len(room), bool) if first_come else for_all
        self._shared(axis, shared, np.where(all_run, room, np.where(for_one, one_of, 0.0)), room, total)
        if not first_come:
            fair = FairShares(self._ledger, FULL, axis, known, SHARE_SETTLED_S)
            fair.alike(shared & all_run, room)
            fair.waiting(shared & ~all_run & for_one)
            if all(one.is_told for one in known.values()):
                fair.paused(shared & all_run, room, self._floor(axis["epoch_s"]), CUT_S)

    def _floor(self, epoch_s: Array) -> Array:
        """Less than this lets nobody charge."""
        least = self._number("chg_MinChargingCurrent", epoch_s)
        return np.full(len(epoch_s), MINIMUM_A) if least is None else np.maximum(MINIMUM_A, least)

    def _settled(self, axis: Rows, connector: int, judged: Array, expected: Array, one: Situation) -> None:
        told = one.allocated
        wrong = judged & (np.abs(told - expected) > one.near)
        hold(self._ledger, FULL, axis, judged & ~wrong, connector)
        for begin, end, k in lasting(axis, wrong, SHARE_SETTLED_S):
            message = f"another current is allocated than the limits leave, for {end - begin:.0f} s"
            self._ledger.broken(FULL, begin, connector, f"{expected[k]:.2f} A", f"{told[k]:.2f} A", message)

    def _cut(self, axis: Rows, connector: int, one: Situation) -> None:
        """More than its own limits allow is nothing that a car is left to wait with."""
        wrong = one.wants & (one.allocated > one.own + one.near)
        hold(self._ledger, CUT, axis, one.wants & ~wrong & (one.own < NO_LIMIT), connector)
        for begin, end, k in lasting(axis, wrong, CUT_S):
            if end - begin <= CUT_S + self._ledger.time.doubt_s(begin):
                continue  # by a clock that is just set the next limit holds already
            message = f"more is allocated than the limits allow, for {end - begin:.1f} s"
            allowed, told = f"<= {one.own[k]:.2f} A", f"{one.allocated[k]:.2f} A"
            self._ledger.broken(CUT, begin, connector, allowed, told, message)

    def _all_phases(self, axis: Rows, known: dict[int, Situation]) -> None:
        """One phase is for profiles that ask for it, and for a while after them."""
        epoch_s = axis["epoch_s"]
        whole = self._fewest(0, axis["epoch_s"])
        wired = self._spread.wired
        for connector, one in known.items():
            asked = np.minimum(whole, self._fewest(connector, epoch_s)) < 3
            latest = np.maximum.accumulate(np.where(asked, epoch_s, -np.inf))
            latest = np.maximum(latest, self._connectors.faulty[connector].last_end(epoch_s))  # a weld holds
            since = epoch_s - np.maximum(latest, self._asked_at_an_end(connector, epoch_s))
            judged = one.wants & (one.phases > 0) & (since > DWELL_S + SWITCH_S)
            hold(self._ledger, ALL_PHASES, axis, judged & (one.phases == wired), connector)
            for begin, end, k in lasting(axis, judged & (one.phases < wired), SHARE_SETTLED_S):
                message = f"a car charges on fewer phases than it may, for {end - begin:.0f} s"
                self._ledger.broken(
                    ALL_PHASES, begin, connector, f"{wired} phases", f"{one.phases[k]:g}", message
                )

    def _asked_at_an_end(self, connector: int, epoch_s: Array) -> Array:
        """When, before each instant, a transaction ended in the moment that asked for fewer phases."""
        since = float(epoch_s[0]) - DWELL_S - SWITCH_S
        last = self._in_force.last_caps(connector, since, float(epoch_s[-1]))
        ends = np.array([-np.inf, *sorted(stop for stop, cap in last if 0 < (cap.phases or 0) < 3)])
        found: Array = ends[np.searchsorted(ends, epoch_s, side="right") - 1]
        return found

    def _shared(self, axis: Rows, judged: Array, expected: Array, room: Array, total: Array) -> None:
        near = NEAR_A + self._context.telemetry.instrument.slack("allocated_a", total)
        wrong = judged & ((total < expected - SHARE_A) | (total > room + near))
        hold(self._ledger, FULL, axis, judged & ~wrong)
        for begin, end, k in lasting(axis, wrong, SHARE_SETTLED_S):
            message = f"of the current that the connectors share some is left over, for {end - begin:.0f} s"
            self._ledger.broken(FULL, begin, None, f"{expected[k]:.2f} A", f"{total[k]:.2f} A", message)

    def _reasons(self, axis: Rows, known: dict[int, Situation], room: Array, station: Array) -> None:
        """The limit that is named has the amount that is allocated."""
        for connector, one in known.items():
            shared = np.zeros(len(room), bool)
            for which, other in known.items():
                if which != connector:
                    shared |= other.allocated > 0
            good = np.ones(len(room), bool)
            for name, may in self._reason(axis, connector, one, shared, room, station).items():
                named = one.named == axis.texts.code(name)
                if named.any():
                    good &= ~named | may()
            hold(self._ledger, REASON, axis, one.wants & good, connector)
            for begin, end, k in lasting(axis, one.wants & ~good, SHARE_SETTLED_S):
                message = f"telemetry names a limit that does not limit, for {end - begin:.0f} s"
                actual = f"{axis.texts.text(one.named[k])} at {one.allocated[k]:.2f} A"
                self._ledger.broken(REASON, begin, connector, "what limits", actual, message)

    def _reason(
        self, axis: Rows, connector: int, one: Situation, shared: Array, room: Array, station: Array
    ) -> dict[str, Callable[[], Array]]:
        """By the limit that is named: where it may be what limits."""
        epoch_s, got = axis["epoch_s"], one.allocated

        def near(amps: Array) -> Array:
            found: Array = np.abs(got - amps) <= one.near
            return found

        def near_key(key: str) -> Array:
            amps = self._number(key, epoch_s, connector - 1)
            return np.zeros(len(got), bool) if amps is None else near(amps)

        return {
            "rated": lambda: near_key("chg_RatedCurrent"),
            "cable": lambda: near(one.capability),
            "temperature": lambda: near(one.capability),
            "profile": lambda: near(one.profile) | near(room) | ((got == 0) & (room < self._floor(epoch_s))),
            "station": lambda: near(station) | near_key("chg_Mode3Current") | (got == 0),
            "minimum": lambda: (got == 0) & (one.profile > 0),
            "sharing": lambda: (shared | (got == 0)) & (room >= self._floor(epoch_s)),
            "fault": lambda: got == 0,
            "none": lambda: ~one.wants,
        }


def _part_of(text: str, place: int | None) -> float:
    return float(text if place is None else text.split(",")[place])
