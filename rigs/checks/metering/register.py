"""The energy register: never backwards, true to what flowed, and what transactions say of it (7.31)."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Array, Block
from evc5.rigs.checks.reading.instants import iso
from evc5.rigs.checks.reading.meter import DEFAULT_MEASURAND, Reading
from evc5.rigs.checks.reading.steps import step_of
from evc5.rigs.checks.state.connectors import WHOLE_SECOND_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import TELEMETRY
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.transactions import Transaction

MONOTONIC, TRUE = "metering.register-monotonic", "metering.true-energy"
START_STOP, CONTINUITY = "metering.start-stop", "metering.continuity"

REQUIREMENTS = (
    R("metering.register-monotonic", "The energy register never runs backwards", "7.31"),
    R(
        "metering.true-energy",
        "The register counts the energy that flowed",
        "EN 50470-3 class B",
        needs=(TELEMETRY,),
        arises=(
            "MeterValues",
            "StopTransaction",
        ),
    ),
    R("metering.start-stop", "meterStart and meterStop agree with the samples", "6.45, 6.49"),
    R("metering.continuity", "The register does not jump between transactions", "7.31"),
)
MOST_PENDING = 100_000  # without telemetry nothing is kept; a lost part of it must not fill the memory
METER_WHOLE_WH = 1.0  # meterStart and meterStop are whole watt-hours, samples may have decimals


@dataclass(slots=True, eq=False, repr=False)
class Shown:
    """What one connector's register showed, in the order it was told."""

    stamp: float = float("-inf")
    wh: float = float("-inf")
    pending: "array[float]" = field(default_factory=lambda: array("d"))  # stamp, Wh: no telemetry for it yet
    reference: tuple[float, float] | None = None  # true energy and register of the last point judged
    step_wh: float = 0.0  # its resolution, as its samples tell
    fell_at: float = float("-inf")  # where it ran backwards last, by the stamp
    stopped: Transaction | None = None


class Register:
    """Judges every showing of a register: samples, transaction data, meterStart and meterStop."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._shown: dict[int, Shown] = {}
        context.bus.readings.append(self._readings)
        context.bus.calls["StartTransaction"].append(self._started)
        context.bus.calls["StopTransaction"].append(self._stopped)
        context.bus.telemetry.append(self._against_recorded)

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        told = [(block, wh) for block in blocks if (wh := block.column(DEFAULT_MEASURAND)) is not None]
        if not told:
            return
        order = np.argsort(np.concatenate([block.order for block, _ in told]))
        epoch_s, stamp = (
            np.concatenate([getattr(block, of) for block, _ in told])[order] for of in ("epoch_s", "stamp")
        )
        wh = self._context.registers.as_meant(connector, np.concatenate([wh for _, wh in told])[order])
        shown = self._shown.setdefault(connector, Shown())
        shown.step_wh = max(shown.step_wh, *(step_of(block) for block, _ in told))
        if not self._all_forward(connector, shown, stamp, wh):
            for row in zip(stamp.tolist(), wh.tolist(), epoch_s.tolist(), strict=True):
                self._show(connector, *row, 0.0)

    def _all_forward(self, connector: int, shown: Shown, stamp: Array, wh: Array) -> bool:
        """The common case: time and register both go on from the last showing, row by row."""
        if stamp[0] < shown.stamp or (np.diff(stamp) < 0).any():
            return False
        if not wh[0] >= shown.wh or not (np.diff(wh) >= 0).all():
            return False
        shown.stamp, shown.wh = float(stamp[-1]), float(wh[-1])
        self._ledger.held(MONOTONIC, len(wh), connector, stamp)
        if self._context.telemetry.recorded and len(shown.pending) < MOST_PENDING:
            shown.pending.frombytes(np.column_stack([stamp, wh]).tobytes())
        return True

    def _show(self, connector: int, stamp: float, wh: float, epoch_s: float, rounding: float) -> None:
        shown = self._shown.setdefault(connector, Shown())
        forward = stamp >= shown.stamp or self._is_set_back(shown, stamp, wh)
        if (wh >= shown.wh - rounding) if forward else (wh <= shown.wh + rounding):
            self._ledger.held(MONOTONIC, 1, connector, stamp)
        else:
            self._ledger.broken(
                MONOTONIC,
                epoch_s,
                connector,
                f"{'>=' if forward else '<='} {shown.wh:g} Wh, as shown at {iso(shown.stamp)}",
                f"{wh:g} Wh at {iso(stamp)}",
                "the register ran backwards",
                since=min(shown.stamp, epoch_s),
            )
            shown.fell_at = stamp
        if forward:
            shown.stamp, shown.wh = stamp, wh
        answers = not self._context.history.connectors.is_unmetered(connector, stamp, WHOLE_SECOND_S)
        if answers and self._context.telemetry.recorded and len(shown.pending) < MOST_PENDING:
            shown.pending.append(stamp)
            shown.pending.append(wh)

    def _is_set_back(self, shown: Shown, stamp: float, wh: float) -> bool:
        """Is it told later, and stamped earlier because the clock was set meanwhile?"""
        return wh >= shown.wh and shown.stamp - stamp <= self._ledger.time.doubt_s(stamp)

    # -- transactions ----------------------------------------------------------------------------

    def _started(self, call: Call) -> None:
        transaction = self._context.history.transactions.open.get(call.payload["connectorId"])
        if transaction is None or transaction.start_told != call.epoch_s:
            return  # a repetition
        shown = self._shown.setdefault(transaction.connector, Shown())
        before = shown.stopped
        shown.stopped = None
        is_lifelong = self._context.evidence.from_power_on  # its first showings are known
        if transaction.meter_start == 0.0 and shown.wh > METER_WHOLE_WH and not is_lifelong:
            self._starts_anew(transaction, shown)
            return
        if before is not None and before.meter_stop is not None and before.stop is not None:
            self._continues(before, transaction, transaction.start - before.stop)
        rounding = max(METER_WHOLE_WH, shown.step_wh)
        self._show(transaction.connector, transaction.start, transaction.meter_start, call.epoch_s, rounding)

    def _starts_anew(self, transaction: Transaction, shown: Shown) -> None:
        """A register that counts by transaction: its next showings are held against this one."""
        self._ledger.broken(
            CONTINUITY,
            transaction.start_told,
            transaction.connector,
            f"meterStart {shown.wh:g} Wh or more, as shown before",
            "0 Wh",
            "the register counts each transaction from 0; ER 3.78: it should go on",
            severity="warning",
        )
        shown.stamp, shown.wh = transaction.start, transaction.meter_start

    def _continues(self, before: Transaction, transaction: Transaction, gap_s: float) -> None:
        tolerances, history = self._context.tolerances, self._context.history
        if any(
            history.connectors.is_unmetered(its.connector, its.start, WHOLE_SECOND_S)
            for its in (before, transaction)
        ):
            return  # told from memory
        if history.connectors.is_unmetered(before.connector, before.stop or before.start, WHOLE_SECOND_S):
            return
        most = tolerances.standby_w * max(gap_s, 0.0) / 3600.0 + tolerances.resolution_wh
        most += tolerances.run_out_wh
        last = before.meter_stop or 0.0
        if -METER_WHOLE_WH <= transaction.meter_start - last <= most:
            self._ledger.held(CONTINUITY, 1, transaction.connector, transaction.start)
            return
        self._ledger.broken(
            CONTINUITY,
            transaction.start_told,
            transaction.connector,
            f"meterStart {last:g} to {last + most:g} Wh, after meterStop {last:g} Wh",
            f"{transaction.meter_start:g} Wh",
            f"the register jumps before {transaction.name}",
            untold=(before.stop_told or transaction.start_told, transaction.start_told),
        )

    def _stopped(self, call: Call) -> None:
        transaction = self._context.history.transactions.stopped_by(call)
        if transaction is None or transaction.stop is None or not transaction.is_stop_sure:
            return
        shown = self._shown.setdefault(transaction.connector, Shown())
        shown.stopped = transaction
        meter_stop = transaction.meter_stop or 0.0
        for reading in call.readings or ():
            if reading.register is not None and isfinite(reading.register):  # signed data tells no number
                self._boundary(transaction, reading, reading.register, call.epoch_s)
        goes_on = shown.fell_at >= transaction.start and meter_stop >= shown.wh  # from where it fell to
        if meter_stop < transaction.meter_start and not goes_on:
            self._disagree(
                transaction,
                call.epoch_s,
                f">= meterStart {transaction.meter_start:g}",
                meter_stop,
                "meterStop",
            )
            shown.stamp, shown.wh = transaction.stop, meter_stop  # told above: one cause, one finding
            return
        self._ledger.held(START_STOP, 1, transaction.connector, transaction.stop)
        if transaction.stop < transaction.start:
            return  # a stamp that cannot be orders no showings; transaction.times tells of it
        if transaction.connector in self._context.registers.apart and meter_stop >= transaction.meter_start:
            shown.stamp, shown.wh = transaction.stop, meter_stop  # of another register than the samples
            return
        rounding = max(METER_WHOLE_WH, shown.step_wh)
        self._show(transaction.connector, transaction.stop, meter_stop, call.epoch_s, rounding)

    def _boundary(self, transaction: Transaction, reading: Reading, wh: float, epoch_s: float) -> None:
        """Transaction.Begin stands for meterStart, Transaction.End for meterStop (ER 3.14)."""
        said = {"Transaction.Begin": transaction.meter_start, "Transaction.End": transaction.meter_stop}
        expected = said.get(reading.layout.context)
        if expected is None:
            return
        if abs(wh - expected) <= METER_WHOLE_WH:
            self._ledger.held(START_STOP, 1, transaction.connector, transaction.start)
        else:
            self._disagree(transaction, epoch_s, f"{expected:g} Wh", wh, reading.layout.context)

    def _disagree(
        self, transaction: Transaction, epoch_s: float, expected: str, wh: float, what: str
    ) -> None:
        message = f"{what} of transaction {transaction.id} disagrees with its start and stop"
        self._ledger.broken(START_STOP, epoch_s, transaction.connector, expected, f"{wh:g} Wh", message)

    # -- against telemetry -------------------------------------------------------------------------------

    def _against_recorded(self) -> None:
        for connector, shown in self._shown.items():
            if shown.pending:
                points = np.frombuffer(shown.pending, float).reshape(-1, 2)
                # what was never compared began with the oldest that is kept
                since = -np.inf if shown.reference is None else float(points[:, 0].min())
                recorded = self._context.telemetry.energy(connector, since)
                if recorded is not None:
                    self._compare(connector, shown, points, recorded)

    def _compare(self, connector: int, shown: Shown, points: Array, recorded: Mapping[str, Array]) -> None:
        ready = points[:, 0] <= self._context.telemetry.until
        left, points = points[~ready], points[ready & (points[:, 0] >= recorded["epoch_s"][0])]
        shown.pending = array("d", left.ravel())
        if not len(points):
            return
        stamps, wh = points[np.argsort(points[:, 0], kind="stable")].T.copy()
        true_wh, slack = _energy_at(stamps, recorded, self._ledger.time.doubts_s(stamps))
        first = shown.reference or (float(recorded["energy_wh"][0]), float(recorded["register_wh"][0]))
        shown.reference = float(true_wh[-1]), float(wh[-1])
        counted = wh - np.concatenate([[first[1]], wh[:-1]])
        flowed = true_wh - np.concatenate([[first[0]], true_wh[:-1]])
        tolerances = self._context.tolerances
        allowed = tolerances.meter_class * np.abs(flowed) + tolerances.resolution_wh + METER_WHOLE_WH
        allowed += slack + np.concatenate([[0.0], slack[:-1]])
        more = self._context.telemetry.energy_slack(connector, flowed, true_wh)
        off = np.abs(counted - flowed)
        sure = off <= allowed - more
        allowed = allowed + more
        wrong = off > allowed
        self._ledger.undecided(TRUE, int(np.count_nonzero(~wrong & ~sure)))
        self._ledger.held(TRUE, int(np.count_nonzero(sure)), connector, stamps[sure])
        for k in np.flatnonzero(wrong):
            self._ledger.broken(
                TRUE,
                float(stamps[k]),
                connector,
                f"{flowed[k]:.1f} Wh more than the showing before, within {allowed[k]:.1f} Wh",
                f"{counted[k]:.1f} Wh more",
                "the register did not count the energy that flowed",
            )


def _energy_at(stamps: Array, recorded: Mapping[str, Array], doubts_s: Array) -> tuple[Array, Array]:
    """True energy at the stamps, and how far off it may be: power moves between rows, a stamp by a second.

    One of a clock that is just set is off by more.
    """
    epoch_s, energy, power = (recorded[name] for name in ("epoch_s", "energy_wh", "p_w"))
    right = np.minimum(np.maximum(np.searchsorted(epoch_s, stamps, side="right"), 1), len(epoch_s) - 1)
    bend = np.abs(power[right] - power[right - 1]) * (epoch_s[right] - epoch_s[right - 1]) / 8.0
    slack = (bend + np.maximum(power[right - 1], power[right]) * (WHOLE_SECOND_S + doubts_s)) / 3600.0
    return np.interp(stamps, epoch_s, energy), slack
