"""Configuration keys over the wire: changed as answered, told as kept (5.3, 5.8)."""

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.sheet_tables import HARDCODED, SHEET

KNOWN, READ_ONLY = "configuration.known", "configuration.read-only"
KEPT, TOLD = "configuration.kept", "configuration.told"
REQUIREMENTS = (
    R(KNOWN, "A change is NotSupported for unknown keys, and for no other", "5.3, 7.22"),
    R(READ_ONLY, "A key told as read-only is not changed", "5.3, 5.8, TC_023_CS"),
    R(KEPT, "What a change accepted is what is told afterwards", "5.3, 5.8, TC_021_CS"),
    R(TOLD, "Every key asked for is told, or told to be unknown", "5.8, TC_019_CS"),
)
DONE = ("Accepted", "RebootRequired")
KEYS_AT_ONCE = 50  # sheet: GetConfigurationMaxKeys, where the station does not tell its own
LEAST_LIGHT_PCT = 50  # sheet table 13
BEAT = "heartbeatinterval"
SECRET = ("authorizationkey", "password")  # J 6.2.2: may be set, and is never told


class Keys:
    """Remembers what GetConfiguration told and what changes were accepted."""

    def __init__(self, context: Context) -> None:
        self._ledger = context.ledger
        self._keys = context.history.keys
        self._of_sheet = context.evidence.behaviour == SHEET
        self._hardcoded = HARDCODED if self._of_sheet else frozenset[str]()
        self._told: dict[str, bool] = {}  # read-only or not, by key in lower case
        self._complete = False  # was every key told at once?
        self._unknown: set[str] = set()  # told to be unknown, and not heard of otherwise since
        self._kept: dict[str, str] = {}
        self._awaited: dict[str, str] = {}  # changes that hold from the next restart on
        self._restarts = False  # was a Reset accepted, and no boot since?
        self._by_boot = False  # is the interval between heartbeats that of an accepted boot?
        context.bus.replies["GetConfiguration"].append(self._listed)
        context.bus.replies["ChangeConfiguration"].append(self._changed)
        context.bus.replies["BootNotification"].append(self._booted)
        context.bus.replies["Reset"].append(self._reset)

    def _reset(self, call: Call) -> None:
        self._restarts = self._restarts or (call.reply is not None and call.reply["status"] == "Accepted")

    def _booted(self, call: Call) -> None:
        """The interval of an accepted boot replaces what was set before (4.2, sheet table 13)."""
        if self._restarts:  # 5.3: what needed a reboot is effective now
            self._kept |= self._awaited
            self._awaited.clear()
        self._restarts = False
        if call.reply is not None and call.reply["status"] == "Accepted" and call.reply["interval"] > 0:
            self._kept[BEAT], self._by_boot = str(call.reply["interval"]), True

    def _listed(self, call: Call) -> None:
        if call.reply is None:
            return
        asked = call.payload.get("key") or []
        rows = call.reply.get("configurationKey", [])
        self._told |= {row["key"].lower(): row["readonly"] for row in rows}
        self._complete = self._complete or (not asked and bool(rows))
        self._forgets(call, asked)
        self._unknown -= {row["key"].lower() for row in rows}
        for row in rows:
            self._compare(call, row["key"], row.get("value"))
        most = self._keys.integer("GetConfigurationMaxKeys") or KEYS_AT_ONCE
        if asked and len(asked) <= most:
            self._all_there(call, asked, [row["key"] for row in rows])

    def _forgets(self, call: Call, asked: list[str]) -> None:
        """What a change set is known."""
        told = {row["key"].lower() for row in (call.reply or {}).get("configurationKey", [])}  # else in both
        unknown = {key.lower() for key in (call.reply or {}).get("unknownKey", [])} - told
        named = unknown & {key.lower() for key in asked}
        for key in sorted(named & self._kept.keys()):
            expected, actual = "the value that was accepted", "in unknownKey"
            message = f"{key} was changed, and is told to be unknown"
            good = _is_secret(key)
            self._ledger.judge(KNOWN, good, call.answered_s, None, expected, actual, message)
        self._unknown |= named - self._kept.keys()

    def _all_there(self, call: Call, asked: list[str], known: list[str]) -> None:
        answer = call.reply or {}
        told = {key.lower() for key in (*known, *answer.get("unknownKey", []))}
        missing = [key for key in asked if key.lower() not in told]
        twice = sorted({key.lower() for key in known} & {key.lower() for key in answer.get("unknownKey", [])})
        if twice:
            at = call.answered_s
            message = "a key is told and told to be unknown"
            self._ledger.broken(TOLD, at, None, "one of the lists", f"both: {twice}"[:120], message)
        message = "a key that was asked for is in neither list"
        self._ledger.judge(
            TOLD,
            not missing,
            call.answered_s,
            None,
            f"all of {asked}"[:120],
            f"not {missing}",
            message,
        )

    def _compare(self, call: Call, key: str, value: str | None) -> None:
        wanted = self._kept.get(key.lower())
        if wanted is None or value is None:
            return
        good = same(wanted, value)
        if key == "LightIntensity" and _is_raised(wanted):
            good = value == f"{LEAST_LIGHT_PCT}" or (good and not self._of_sheet)
        message, severity = f"{key} is not what it was changed to", "error"
        if key.lower() == BEAT and self._by_boot:  # others may keep that interval elsewhere: 4.2 names no key
            message = f"{key} is not the interval of the accepted boot"
            severity = "error" if self._of_sheet else "warning"
        at = call.answered_s
        self._ledger.judge(KEPT, good, at, None, wanted, value, message, severity=severity)
        if not good:
            del self._kept[key.lower()]

    def _changed(self, call: Call) -> None:
        if call.reply is None:
            return
        key = call.payload["key"].lower()
        status = call.reply["status"]
        if key in self._told or ((self._complete or key in self._unknown) and not _is_secret(key)):
            known = key in self._told and key not in self._unknown
            good = known != (status == "NotSupported")
            expected = "not NotSupported: the key is told" if known else "NotSupported: no such key is told"
            message = f"the answer to a change of {call.payload['key']}"
            self._ledger.judge(KNOWN, good, call.answered_s, None, expected, status, message)
        if self._told.get(key):
            message = f"{call.payload['key']} is read-only"
            self._ledger.judge(
                READ_ONLY,
                status not in DONE,
                call.answered_s,
                None,
                "Rejected",
                status,
                message,
            )
        if status == "RebootRequired" and not self._of_sheet:
            self._kept.pop(key, None)  # 5.3: until the reboot either value may be told
            self._awaited[key] = call.payload["value"]
        elif status in DONE and key not in self._hardcoded:
            self._awaited.pop(key, None)
            self._kept[key], self._by_boot = call.payload["value"], self._by_boot and key != BEAT


def _is_secret(key: str) -> bool:
    return any(word in key for word in SECRET)


def _is_raised(light_pct: str) -> bool:
    """Sheet table 13: a lower intensity is rounded up; another maker's may be a word."""
    return light_pct.strip().isdecimal() and int(light_pct) < LEAST_LIGHT_PCT


def same(one: str, other: str) -> bool:
    """Texts of one value: spaces after commas and the spelling of numbers and booleans aside."""
    parts = [[item.strip().lower() for item in text.split(",")] for text in (one, other)]
    if parts[0] == parts[1]:
        return True
    try:
        return float(one) == float(other)
    except ValueError:
        return False
