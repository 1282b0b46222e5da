"""Answers that follow from the request and a setting alone, whatever the station does (5.4, 5.6, J 4.2.3)."""

import re
from itertools import accumulate
from typing import Any

from evc5.rigs.checks.charging.profile_answers import TAKEN
from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.schemas import Fault, schema
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.ledger import Ledger
from evc5.rigs.checks.state.requirement import CSMS, STATION
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.sheet_tables import SHEET

INVALID, CACHE, DATA = "frame.refused", "cache.cleared", "data-transfer.answer"
REQUIREMENTS = (
    R(INVALID, "A payload that breaks its schema is answered with a CALLERROR", "J 4.2.3"),
    R(CACHE, "ClearCache is Accepted where there is a cache, else Rejected", "5.4, ER 3.23, TC_061_1_CS"),
    R(DATA, "An unknown vendor's data are refused as such", "5.6, TC_062_CS"),
)
KNOWN_VENDORS = ("ecotap", "openchargealliance")  # the unit's own; the white papers on ISO 15118 and more
# 3.3: what belongs to a profile; the core is everybody's. Who has no cache or no lock may know no such order.
PROFILES = {
    **dict.fromkeys(("ChangeAvailability", "ChangeConfiguration", "GetConfiguration", "Reset"), "Core"),
    **dict.fromkeys(("RemoteStartTransaction", "RemoteStopTransaction"), "Core"),
    **dict.fromkeys(("GetDiagnostics", "UpdateFirmware"), "FirmwareManagement"),
    **dict.fromkeys(("GetLocalListVersion", "SendLocalList"), "LocalAuthListManagement"),
    **dict.fromkeys(("ReserveNow", "CancelReservation"), "Reservation"),
    **dict.fromkeys(("SetChargingProfile", "ClearChargingProfile"), "SmartCharging"),
    **{"GetCompositeSchedule": "SmartCharging", "TriggerMessage": "RemoteTrigger"},
}
REFUSALS = frozenset(("Rejected", "NotSupported", "NotImplemented", "Failed", "UnlockFailed", "Unknown"))


def judge_answer(
    ledger: Ledger,
    requirement: str,
    call: Call,
    good: bool,
    expected: str,
    severity: str = "error",
    untold: tuple[float, float] | None = None,
) -> None:
    """One more answer, held against the one that was expected."""
    message, told = f"the answer to {call.action}", (call.reply or {}).get("status", "")
    at = call.answered_s
    more: dict[str, Any] = {"severity": severity, "untold": untold, "lost": at}
    ledger.judge(requirement, good, at, call.connector, expected, told, message, **more)


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", name.lower())


def _is_of_form(fault: Fault) -> bool:
    """Is it about the form of a text only, which a station need not look into?"""
    return fault.timestamp


class Answers:
    """Judges each answer when it comes."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._history = context.history
        self._keys = context.history.keys
        self._makers: set[str] = set()  # the names under which its maker's own data may come
        bus = context.bus
        bus.any_reply.append(self._refuses)
        bus.any_reply.append(self._lacks)
        bus.replies["ClearCache"].append(self._cache)
        bus.calls["BootNotification"].append(self._maker)
        bus.replies["DataTransfer"].append(self._data)

    def _refuses(self, call: Call) -> None:
        """What the station makes of a request that no schema allows."""
        if call.action == "SetChargingProfile" and call.valid:
            self._nowhere(call)
        known = None if call.up or call.valid else schema(call.action, False)
        if known is not None and any(not _is_of_form(fault) for fault in known.faults(call.payload)):
            good = call.error is not None or self._says_no(call)
            message = f"{call.action} with a payload that breaks its schema"
            self._ledger.judge(INVALID, good, call.epoch_s, None, "a CALLERROR", "a CALLRESULT", message)

    def _lacks(self, call: Call) -> None:
        """What every station knows, or what this one says that it does."""
        if call.up or not call.valid or self._context.evidence.behaviour == SHEET:
            return
        told = (self._keys.text("SupportedFeatureProfiles", call.epoch_s) or "").lower().split(",")
        its = PROFILES.get(call.action, "")
        if its and (its == "Core" or its.lower() in {name.strip() for name in told}):
            good = call.error not in ("NotImplemented", "NotSupported")
            expected, message = f"an answer: {its} is supported", f"{call.action} is said not to be supported"
            more: dict[str, Any] = {"severity": "error" if its == "Core" else "warning"}
            told_code, at = f"CALLERROR {call.error}", call.epoch_s
            self._ledger.judge("frame.error-code", good, at, None, expected, told_code, message, **more)

    def _says_no(self, call: Call) -> bool:
        """Others may refuse by a status, too, and for a trigger that nobody knows that is right (5.17)."""
        if call.action == "TriggerMessage":
            return (call.reply or {}).get("status") == "NotImplemented"
        return not self._context.evidence.from_power_on and (call.reply or {}).get("status") in REFUSALS

    def _nowhere(self, call: Call) -> None:
        """A profile for a connector that there is not: how it is refused is a policy."""
        outlets, policy = self._history.outlets(), self._context.policies.get("bad_connector")
        rows = call.payload["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"]
        starts = [row["startPeriod"] for row in rows]
        if starts != sorted(set(starts)):
            return  # its disorder may be what it is refused for
        if outlets and policy is not None and call.payload["connectorId"] not in (0, *outlets):
            good = (call.error is not None) == (policy == "CALLERROR")
            told = call.error or "CALLRESULT"
            message = "a profile for a connector that does not exist"
            self._ledger.judge(TAKEN, good, call.epoch_s, call.connector, policy, told, message)

    def _cache(self, call: Call) -> None:
        enabled = self._keys.flag("AuthorizationCacheEnabled", call.epoch_s)
        if call.reply is not None and enabled is not None:
            expected = "Accepted" if enabled else "Rejected"
            judge_answer(self._ledger, CACHE, call, call.reply["status"] == expected, expected)

    def _maker(self, call: Call) -> None:
        """A maker's stations know the maker's own data, under a name or domain like theirs."""
        words = _words(call.payload["chargePointVendor"])
        self._makers.update(words, accumulate(words))  # Wall Box: wallbox

    def _data(self, call: Call) -> None:
        vendor = call.payload["vendorId"].lower()
        self._brings_nothing(call)
        if call.up or call.reply is None or any(name in vendor for name in KNOWN_VENDORS):
            return
        if not self._makers.isdisjoint(_words(vendor)):
            return
        others = self._context.evidence.is_of_others  # who may have built in what a third party asks for
        severity = "warning" if others else "error"
        judge_answer(
            self._ledger, DATA, call, call.reply["status"] == "UnknownVendorId", "UnknownVendorId", severity
        )

    def _brings_nothing(self, call: Call) -> None:
        """4.3: who does not know the vendor has no data for it."""
        if call.reply is not None and call.reply["status"] == "UnknownVendorId" and "data" in call.reply:
            about = (DATA, call.answered_s, None, "no data: 4.3", "data")
            more: dict[str, Any] = {"severity": "warning", "blames": CSMS if call.up else STATION, "count": 0}
            self._ledger.broken(*about, "data come with the answer that their vendor is not known", **more)
