"""Values of configuration keys: good ones are taken, bad ones refused, all of them stay (5.3, 5.8)."""

from evc5.rigs.checks.device.configuration import same
from evc5.rigs.checks.metering.measurands import PHASED
from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.meter import PHASES
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import HEADER
from evc5.rigs.checks.state.keys import as_text, measurands_of
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.sheet_tables import HARDCODED

VALUE, STEADY, ACCESS = "configuration.value", "configuration.steady", "configuration.access"
RIGGED = "configuration.as-rigged"
REQUIREMENTS = (
    R(
        RIGGED,
        "A station has the keys that its rig sets",
        "rig file: station.keys",
        needs=(HEADER,),
        arises=("GetConfiguration",),
    ),
    R(ACCESS, "A key is told to be read-only where it is", "9; sheet tables 13 to 18"),
    R(VALUE, "A key takes the values of its type, and no other", "5.3, 7.22, 9.1"),
    R(STEADY, "A key keeps its value until it is changed", "5.8, 9"),
)
# Sections 9.1 to 9.3: keys that are written, by type. The lists are of measurands.
INTEGERS = frozenset(
    {
        *("connectiontimeout", "clockaligneddatainterval", "heartbeatinterval", "metervaluesampleinterval"),
        *("transactionmessageattempts", "transactionmessageretryinterval", "websocketpinginterval"),
    }
)
BOOLEANS = frozenset(
    {
        *("allowofflinetxforunknownid", "authorizationcacheenabled", "authorizeremotetxrequests"),
        *("localauthorizeoffline", "localpreauthorize", "stoptransactiononinvalidid"),
        *("stoptransactiononevsidedisconnect", "unlockconnectoronevsidedisconnect", "localauthlistenabled"),
    }
)
LISTS = frozenset({"metervaluesaligneddata", "metervaluessampleddata", "stoptxnsampleddata"})
WRITTEN = INTEGERS | BOOLEANS | LISTS
# 7.31: any other name is no measurand.
MEASURANDS = frozenset(
    {
        *(f"Energy.{kind}.{way}.{form}" for kind in ("Active", "Reactive") for way in ("Export", "Import")
          for form in ("Register", "Interval")),
        *("Power.Active.Export", "Power.Active.Import", "Power.Factor", "Power.Offered", "Frequency", "RPM"),
        *("Power.Reactive.Export", "Power.Reactive.Import", "SoC", "Temperature", "Voltage"),
        *("Current.Export", "Current.Import", "Current.Offered"),
    }
)  # fmt: skip
# Sections 9.1 to 9.4, sheet tables 13 to 16: keys that are read only; those above are written.
READ_ONLY = frozenset(
    {
        *(
            "getconfigurationmaxkeys",
            "numberofconnectors",
            "supportedfeatureprofiles",
            "localauthlistmaxlength",
        ),
        *("sendlocallistmaxlength", "chargingscheduleallowedchargingrateunit", "chargingschedulemaxperiods"),
        *("connectorswitch3to1phasesupported", "maxchargingprofilesinstalled"),
    }
)
SURE_DIGITS = 6  # assumed: characters of a whole number that any station can hold
DONE = ("Accepted", "RebootRequired")
# 9.1.3, 4.10: whether they can be written is up to the station.
EITHER = frozenset({"authorizeremotetxrequests", "stoptransactiononevsidedisconnect"})
YES_AND_NO = frozenset({"0", "1", "yes", "no", "on", "off"})  # booleans in other words, which some take
RAISED = frozenset({"lightintensity"})  # sheet table 13: below 50 it becomes 50
OWN = frozenset({"heartbeatinterval"})  # the boot sets it (sheet table 13)


class Settings:
    """Judges changes by the type of their key, and holds each told value against the one told before."""

    def __init__(self, context: Context) -> None:
        self._ledger = context.ledger
        self._any_station = not context.evidence.from_power_on  # it may have reasons that nobody knows of
        self._of_others = context.evidence.is_of_others
        self._refused: dict[str, str] = {}  # what a key was to become, and did not
        self._writable: dict[str, bool] = {}
        self._told: dict[str, str] = {}
        self._awaited: dict[str, str] = {}  # what a change that needs a reboot makes of it, once it came
        self._measured: frozenset[str] = frozenset()  # what any list of it has named: its meter knows that
        self._rigged = {key.lower(): as_text(value) for key, value in context.evidence.header.items()}
        context.bus.replies["GetConfiguration"].append(self._listed)
        context.bus.replies["ChangeConfiguration"].append(self._changed)

    def _listed(self, call: Call) -> None:
        for row in (call.reply or {}).get("configurationKey", ()):
            key, value = row["key"].lower(), row.get("value")
            self._writable[key] = not row["readonly"]
            if key in READ_ONLY or key in WRITTEN - (EITHER if self._any_station else frozenset()):
                good = row["readonly"] == (key in READ_ONLY)
                expected = str(key in READ_ONLY).lower()
                message = f"readonly of {row['key']}"
                told = str(row["readonly"]).lower()
                self._ledger.judge(ACCESS, good, call.answered_s, None, expected, told, message)
            if value is None or key in OWN:
                continue
            self._as_rigged(call, key, value)
            if key in LISTS:
                self._measured |= measurands_of(value)
            before = self._told.get(key)
            if before is not None:
                good = value == before or same(self._awaited.get(key, before), value)
                self._holds_still(call, row["key"], good, before, value)
            self._told[key] = value

    def _holds_still(self, call: Call, key: str, good: bool, before: str, value: str) -> None:
        """A maker's own key may be a reading, and a standard one be set at the station itself."""
        severity, message = "error", f"{key} is another than before, and nobody changed it"
        refused = same(self._refused.get(key.lower(), before), value) and not same(before, value)
        if self._of_others and not refused and key.lower() not in READ_ONLY:
            if key.lower() not in WRITTEN:
                return
            severity = "warning"
        at = call.answered_s
        self._ledger.judge(STEADY, good, at, None, before, value, message, severity=severity)

    def _as_rigged(self, call: Call, key: str, value: str) -> None:
        """As it is told for the first time."""
        wanted = self._rigged.pop(key, None)
        if wanted is not None and key not in RAISED:
            message = f"{key} is not what the rig set"
            good = same(wanted, value)
            self._ledger.judge(RIGGED, good, call.answered_s, None, wanted, value, message)

    def _changed(self, call: Call) -> None:
        if call.reply is None:
            return
        key = call.payload["key"].lower()
        value = call.payload["value"]
        status = call.reply["status"]
        if status not in DONE:
            self._refused[key] = value
        if status in DONE and key not in HARDCODED:
            self._is_another(key, value, status == "RebootRequired")
        good = _is_good(key, value, self._measured)
        if self._any_station and (good or status not in DONE or _is_spelt_otherwise(key, value)):
            return  # 5.3: it may refuse a value out of its own range
        if good is None or not self._writable.get(key, self._any_station) or key in HARDCODED:
            return
        expected = "Accepted" if good else "Rejected"
        message = f"the answer to a change of {call.payload['key']} to {value[:40]!r}"
        self._ledger.judge(
            VALUE,
            (status in DONE) == good,
            call.answered_s,
            None,
            expected,
            status,
            message,
        )

    def _is_another(self, key: str, value: str, waits: bool) -> None:
        """From here on, or once it has restarted, a key has another value than it was known by."""
        for known in (self._rigged, self._told, self._awaited, self._refused):
            known.pop(key, None)
        if waits:
            self._awaited[key] = value


def _is_good(key: str, value: str, measured: frozenset[str]) -> bool | None:
    """Is it a value of the key's type? None where that cannot be said, as of what a meter may not measure."""
    text = value.strip()
    if key in INTEGERS:
        whole = text.removeprefix("-").isdecimal() and text.isascii()
        return (int(text) >= 0 if len(text) <= SURE_DIGITS else None) if whole else False
    if key in BOOLEANS:
        return text.lower() in ("true", "false")
    if key in LISTS:
        return _is_good_list(text, measured)
    return None


def _is_spelt_otherwise(key: str, value: str) -> bool:
    """May it be a station's own word for what the standard has another for, or its own measurand's phase?"""
    if key in LISTS:
        return {name.rpartition(".N")[0] or name for name in measurands_of(value)} <= MEASURANDS
    return key in BOOLEANS and value.strip().lower() in YES_AND_NO


def _is_good_list(text: str, measured: frozenset[str]) -> bool | None:
    named = measurands_of(text)
    if not named <= MEASURANDS:
        return False
    items = [item.strip().rpartition(".") for item in text.split(",")]
    phased = {name for name, _, phase in items if phase in PHASES}
    return True if named <= measured and phased <= PHASED else None
