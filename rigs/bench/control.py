"""A controller in the loop: it sees what the back office knows, its limits go out as charging profiles."""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from evc5.models.timeline import CONTROL, INPUT
from evc5.rigs.bench.bench import Bench
from evc5.rigs.controllers.plans import Plan, amps_at, plans, since
from evc5.rigs.controllers.view import Controller, Session, View
from evc5.rigs.errors import BadInput, ControllerError
from evc5.rigs.rigfile.fitting import into_battery_wh
from evc5.rigs.rigfile.sessions import Session as Planned
from evc5.twin.clock import parse_instant
from evc5.twin.ocpp.rpc import Reply

PROFILE_ID = 9000  # and the connector's number: far from what a rig's own actions send (assumed)
STACK_LEVEL = 0
UNIT_WH = {"Wh": 1.0, "kWh": 1000.0, "W": 1.0, "kW": 1000.0}
REGISTER, POWER, CURRENT = "Energy.Active.Import.Register", "Power.Active.Import", "Current.Import"


@dataclass(slots=True, eq=False, repr=False)
class _Running:
    """A transaction as the back office followed it."""

    connector: int
    number: int
    id_tag: str
    started: datetime
    meter_start_wh: float
    values: dict[str, float] = field(default_factory=dict)
    sent: Plan | None = None  # what stands, from `sent_s` on; None: no limit
    sent_s: float = 0.0


class Control:
    """Asks a controller every so often, and when a transaction has begun or ended."""

    def __init__(
        self, bench: Bench, ask: Controller, every_s: float, oracle: bool, planned: Sequence[Planned]
    ) -> None:
        self._assembly = bench.assembly
        self._rig = bench.rig
        self._ask = ask
        self._every_s = every_s
        self._oracle = oracle
        self._planned = planned
        self._status = dict.fromkeys(range(1, bench.rig.station.connectors + 1), "Available")
        self._running: dict[int, _Running] = {}  # by transaction
        self._is_due = False
        self._told = {"every_s": every_s, "oracle": oracle, "asked": 0, "profiles_sent": 0, "rejected": 0}
        name = getattr(ask, "__name__", type(ask).__name__)
        self._assembly.recorder.summary["controller"] = {"name": name, **self._told}
        self._assembly.conversation.office.listeners.append(self._hear)
        self._next(1)

    def _next(self, n: int) -> None:
        self._assembly.timeline.at(n * self._every_s, lambda: self._tick(n), INPUT)

    def _tick(self, n: int) -> None:
        self._next(n + 1)
        self._soon()

    def _soon(self) -> None:
        """Ask once within this instant, when all that comes in has come."""
        if not self._is_due:
            self._is_due = True
            self._assembly.timeline.soon(self._decide, CONTROL)

    # --- what the back office hears ---

    def _hear(self, action: str, payload: dict[str, Any], answer: dict[str, Any] | None, t_s: float) -> None:
        if action == "StatusNotification" and payload.get("connectorId") in self._status:
            self._status[payload["connectorId"]] = payload["status"]
        elif action == "StartTransaction" and answer and answer.get("transactionId"):
            self._start(payload, answer["transactionId"])
        elif action == "MeterValues":
            self._measure(payload)
        elif action == "StopTransaction" and payload["transactionId"] in self._running:
            del self._running[payload["transactionId"]]
            self._soon()

    def _start(self, payload: dict[str, Any], number: int) -> None:
        if number in self._running:
            return  # it came again, because its answer got lost
        at = parse_instant(payload["timestamp"]) or self._now()
        connector = payload["connectorId"]
        self._running[number] = _Running(connector, number, payload["idTag"], at, payload["meterStart"])
        self._soon()

    def _measure(self, payload: dict[str, Any]) -> None:
        """Of an open transaction, the last of each value, in Wh, W, A, V, …"""
        running = self._running.get(payload.get("transactionId", 0)) or self._at(payload["connectorId"])
        if running is None:
            return
        for value in (one for reading in payload["meterValue"] for one in reading["sampledValue"]):
            name = " ".join(filter(None, (value.get("measurand", REGISTER), value.get("phase"))))
            try:
                running.values[name] = float(value["value"]) * UNIT_WH.get(value.get("unit", ""), 1.0)
            except ValueError:  # signed data
                continue

    def _at(self, connector: int) -> _Running | None:
        return next((one for one in self._running.values() if one.connector == connector), None)

    # --- what the controller sees ---

    def _view(self) -> View:
        rig = self._rig
        start = rig.start.astimezone(rig.zone)
        return View(
            now=self._now().astimezone(rig.zone),
            every_s=self._every_s,
            start=start,
            end=(rig.start + timedelta(days=rig.days)).astimezone(rig.zone),
            station_a=rig.station.station_max_a,
            rated_a=rig.station.rated_a,
            status=dict(self._status),
            sessions=tuple(self._session(running) for running in self._running.values()),
            oracle=self._oracle,
        )

    def _now(self) -> datetime:
        return self._assembly.calendar.at(self._assembly.timeline.now)

    def _session(self, running: _Running) -> Session:
        values = running.values
        currents = [values.get(f"{CURRENT} L{phase}") for phase in (1, 2, 3)]
        told = {CURRENT in name for name in values} and any(amps is not None for amps in currents)
        register_wh = values.get(REGISTER, running.meter_start_wh)
        sent_for_s = self._assembly.timeline.now - running.sent_s
        return Session(
            connector=running.connector,
            transaction_id=running.number,
            id_tag=running.id_tag,
            started=running.started.astimezone(self._rig.zone),
            status=self._status[running.connector],
            energy_wh=register_wh - running.meter_start_wh,
            power_w=values.get(POWER),
            current_a=tuple(amps or 0.0 for amps in currents) if told else None,  # type: ignore[arg-type]
            limit_a=None if running.sent is None else amps_at(running.sent, sent_for_s),
            values=dict(values),
            **(self._foreseen(running.connector) if self._oracle else {}),
        )

    def _foreseen(self, connector: int) -> dict[str, Any]:
        """What the driver and the car know."""
        now_s = self._assembly.timeline.now
        here = (one for one in self._planned if one.connector == connector)
        planned = next((one for one in here if one.plug_in_s <= now_s < one.unplug_s), None)
        soc = self._assembly.recorder.reading(connector, now_s)["soc"]
        if planned is None or soc is None:
            return {}
        car = planned.vehicle
        departure = self._rig.start.astimezone(UTC) + timedelta(seconds=planned.unplug_s)
        return {
            "departure": departure.astimezone(self._rig.zone),
            "soc": soc,
            "remaining_wh": (1.0 - soc) * car.usable_wh / into_battery_wh(car, 1.0),
            "car_a": car.max_a,
            "car_phases": min(car.phases, self._rig.station.phases),
        }

    # --- what goes out ---

    def _decide(self) -> None:
        self._is_due = False
        self._count("asked")
        view = self._view()
        try:
            limits = self._ask(view)
        except Exception as failure:
            raise ControllerError(_told_of(failure, view.now)) from failure
        try:
            wanted = plans(limits, view)
        except BadInput as refusal:
            raise BadInput(f"{refusal} at {view.now.isoformat()}") from None
        for running in self._running.values():
            if running.connector in wanted:
                self._send(running, wanted[running.connector])

    def _send(self, running: _Running, plan: Plan | None) -> None:
        """Send a plan where it is another than what is left of the last one."""
        now_s = self._assembly.timeline.now
        if plan == since(running.sent, now_s - running.sent_s):
            return
        before = running.sent, running.sent_s
        running.sent, running.sent_s = plan, now_s
        action, payload = self._clearing(running) if plan is None else self._profile(running, plan)
        self._count("profiles_sent")

        def replied(reply: Reply) -> None:
            if not reply.payload or reply.payload.get("status") != "Accepted":
                self._count("rejected")
                running.sent, running.sent_s = before

        self._assembly.conversation.call(action, payload, replied)

    def _profile(self, running: _Running, plan: Plan) -> tuple[str, dict[str, Any]]:
        most = self._assembly.station.configuration.integer("ChargingScheduleMaxPeriods")
        periods = [{"startPeriod": int(at_s), "limit": amps} for at_s, amps in plan[:most]]
        profile = {
            "chargingProfileId": PROFILE_ID + running.connector,
            "transactionId": running.number,
            "stackLevel": STACK_LEVEL,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": {
                "startSchedule": self._now().strftime("%Y-%m-%dT%H:%M:%SZ"),
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": periods,
            },
        }
        return "SetChargingProfile", {"connectorId": running.connector, "csChargingProfiles": profile}

    def _clearing(self, running: _Running) -> tuple[str, dict[str, Any]]:
        return "ClearChargingProfile", {"id": PROFILE_ID + running.connector}

    def _count(self, what: str) -> None:
        self._assembly.recorder.summary["controller"][what] += 1


def _told_of(failure: Exception, now: datetime) -> str:
    """When it was, and where in the user's own code."""
    lines = traceback.format_exception(failure.with_traceback(_users(failure)))
    return f"controller failed at {now.isoformat()}:\n{''.join(lines).rstrip()}"


def _users(failure: Exception) -> Any:
    """The traceback below our own frame."""
    own = failure.__traceback__
    return own.tb_next if own is not None and own.tb_next is not None else own
