"""The local authorisation list, by what SendLocalList was told (5.10, 5.15)."""

from typing import Any

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import POWER_ON
from evc5.rigs.checks.state.requirement import CSMS, STATION
from evc5.rigs.checks.state.requirement import Requirement as R

MOST = "SendLocalListMaxLength", "LocalAuthListMaxLength"  # in one message, and in all
ANSWER, VERSION = "list.answer", "list.version"
REQUIREMENTS = (
    R(
        ANSWER,
        "SendLocalList is answered by what the list would become",
        "5.15, 7.47, TC_043_1_CS, TC_043_2_CS",
        needs=(POWER_ON,),
        arises=("SendLocalList",),
    ),
    R(
        VERSION,
        "The list has the version of the last update accepted",
        "5.10, TC_042_1_CS, TC_042_2_CS",
        needs=(POWER_ON,),
        arises=("GetLocalListVersion",),
    ),
)


class Lists:
    """Keeps the entries' idTags and the version; where a limit is not known, either answer is good."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._keys = context.history.keys
        self._ledger = context.ledger
        self._tags: set[str] | None = set() if context.evidence.from_power_on else None  # None: not known
        self._version = 0
        context.bus.replies["SendLocalList"].append(self._sent)
        context.bus.replies["GetLocalListVersion"].append(self._asked)

    def _disabled(self, epoch_s: float) -> bool:
        """Is the list out of use, and does the policy refuse it then?"""
        text = self._keys.text("LocalAuthListEnabled", epoch_s)
        policy = self._context.policies.get("list_disabled", "NotSupported")
        return text is not None and text.lower() != "true" and policy == "NotSupported"

    def _sent(self, call: Call) -> None:
        if call.reply is None:
            return
        beyond = () if self._context.evidence.from_power_on else self._beyond(call.payload, call.epoch_s)
        if beyond:
            self._tells(call, beyond)
            self._tags = None  # what a station makes of it is left open
            return
        if self._tags is None:
            self._refuses_a_whole_one(call)
            self._learns(call)
            return
        status = call.reply["status"]
        expected = self._expected(call.payload, call.epoch_s)
        message = f"the answer to a {call.payload['updateType'].lower()} update of the local list"
        self._ledger.judge(
            ANSWER, status in expected, call.epoch_s, None, " or ".join(expected), status, message
        )
        if status == "Accepted":
            self._update(call.payload)

    def _beyond(self, payload: dict[str, Any], epoch_s: float) -> tuple[str, ...]:
        """Why nobody may send such a list to this station (6.41, 7.47, 9.3, ER 3.52); a rig may."""
        entries = payload.get("localAuthorizationList", [])
        most, kept = (self._keys.integer(name, epoch_s) or 0 for name in MOST)
        is_full, count = payload["updateType"] == "Full", len(entries)
        why = {
            "an idTag twice": len({entry["idTag"].lower() for entry in entries}) < count,
            f"{count} idTags, and {MOST[0]} is {most}": 0 < most < count,
            f"{count} idTags, and {MOST[1]} is {kept}": is_full and 0 < kept < count,
            "a full list without idTagInfo": is_full and any("idTagInfo" not in entry for entry in entries),
            "a version that is not above 0": payload["listVersion"] <= 0,
        }
        return tuple(text for text, holds in why.items() if holds)

    def _tells(self, call: Call, beyond: tuple[str, ...]) -> None:
        """The CSMS is at fault; so is a station that takes it."""
        taken = (call.reply or {})["status"] == "Accepted"
        message = f"a local list that a station has to refuse is {'accepted' if taken else 'sent'}"
        blames: Any = [CSMS, STATION] if taken else CSMS
        more: dict[str, Any] = {"severity": "warning", "blames": blames, "count": 0}
        told = ", ".join(beyond)
        self._ledger.broken(ANSWER, call.epoch_s, None, "no such list", told, message, **more)

    def _refuses_a_whole_one(self, call: Call) -> None:
        """5.15: versions are compared for a differential update alone, whatever the list was before."""
        status = (call.reply or {}).get("status")
        if call.payload["updateType"] == "Full" and status == "VersionMismatch":
            message = "the answer to a full update of the local list"
            expected = "Accepted or Failed"
            self._ledger.broken(ANSWER, call.epoch_s, None, expected, status, message)

    def _learns(self, call: Call) -> None:
        """A full list that was taken says all that is in it."""
        if (
            call.reply is not None
            and call.reply["status"] == "Accepted"
            and call.payload["updateType"] == "Full"
        ):
            self._update(call.payload)

    def _expected(self, payload: dict[str, Any], epoch_s: float) -> tuple[str, ...]:
        if self._disabled(epoch_s):
            return ("NotSupported",)
        entries = payload.get("localAuthorizationList", [])
        tags = [entry["idTag"].lower() for entry in entries]
        most, kept = (self._keys.integer(name) for name in MOST)
        full = payload["updateType"] == "Full"
        version = payload["listVersion"]
        if version <= 0 or len(set(tags)) < len(tags) or (most is not None and len(tags) > most):
            return ("Failed",)
        if full and any("idTagInfo" not in entry for entry in entries):
            return ("Failed",)
        if not full and version <= self._version:
            return ("VersionMismatch",)
        if kept is None or len(tags) + len(self._tags or ()) <= kept:
            return ("Accepted",)
        return ("Accepted", "Failed")

    def _update(self, payload: dict[str, Any]) -> None:
        tags = set() if payload["updateType"] == "Full" else set(self._tags or ())
        for entry in payload.get("localAuthorizationList", []):
            (tags.add if "idTagInfo" in entry else tags.discard)(entry["idTag"].lower())
        empty = not tags and self._context.policies.get("empty_list_version", "zero") == "zero"
        self._tags = tags
        self._version = 0 if empty else payload["listVersion"]

    def _asked(self, call: Call) -> None:
        if call.reply is None:
            return
        if self._tags is None:
            self._tags = set() if call.reply["listVersion"] == 0 else None  # 5.10: there is none
            return
        expected = -1 if self._disabled(call.epoch_s) else self._version
        told = call.reply["listVersion"]
        message = "the version of the local list"
        self._ledger.judge(VERSION, told == expected, call.epoch_s, None, str(expected), str(told), message)
