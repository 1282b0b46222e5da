"""The questions that sheet and standard leave open, and the answers a behaviour can give."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Policy(NamedTuple):
    """One open question. The first choice is the one a behaviour gives that names none."""

    question: str
    choices: tuple[str, ...]


POLICIES: Mapping[str, Policy] = MappingProxyType(
    {
        "gap": Policy("the limit while no profile speaks", ("local-limit", "unlimited")),
        "txdefault_precedence": Policy(
            "a TxDefaultProfile of the connector against one of connector 0 (3.13.1)",
            ("connector", "stack-level"),
        ),
        "merge_phases": Policy("numberPhases where two profiles bind", ("minimum", "lower-limit")),
        "watts_to_amps": Policy(
            "the phases that a limit in W is reckoned over: numberPhases as given, 3 where absent, at most "
            "the station's (7.12), or those in use (errata 3.34), which a car shows as it begins on an "
            "offer that rises from the least; either way the watts are kept, but for the second in which a "
            "car shows more phases than they suffice for, where no relays leave it one",
            ("schedule-phases", "phases-in-use"),
        ),
        "phases_impossible": Policy(
            "fewer phases asked than the relays can do: watts are spread over those that conduct and amperes "
            "hold on each, or nothing flows",
            ("spread", "pause"),
        ),
        "after_power_loss": Policy(
            "the stop of a transaction that lost its power: of the last moment known before, the connector "
            "then Finishing while the cable is in (7.7), or of the boot, and Preparing",
            ("finishing", "preparing"),
        ),
        "assumed_keys": Policy(
            "vendor keys of which only the name is known: keep their value and do nothing, or act as named",
            ("off", "as-named"),
        ),
        "recurring_before_start": Policy(
            "a recurring profile before its startSchedule", ("inactive", "backwards")
        ),
        "relative_without_transaction": Policy(
            "a relative profile in a composite schedule while nothing charges", ("from-query", "inactive")
        ),
        "absolute_without_start": Policy(
            "an absolute profile without startSchedule (7.13)", ("from-charging", "rejected")
        ),
        "recurring_without_start": Policy(
            "a recurring profile without startSchedule", ("rejected", "from-receipt")
        ),
        "txprofile_without_transaction_id": Policy(
            "a TxProfile without transactionId belongs to", ("running", "rejected")
        ),
        "clear_id_with_filters": Policy(
            "ClearChargingProfile with an id and other filters (errata 3.25 against 3.26)", ("id", "all")
        ),
        "bad_connector": Policy("a connector that does not exist, in a profile", ("Rejected", "CALLERROR")),
        "over_limit": Policy(
            "too high a stack level, too many periods or profiles", ("Rejected", "CALLERROR")
        ),
        "hardcoded_write": Policy("writing a hard-coded RW key (nothing changes)", ("Accepted", "Rejected")),
        "too_many_keys": Policy(
            "GetConfiguration with more than GetConfigurationMaxKeys keys: answer the first, or refuse",
            ("first", "CALLERROR"),
        ),
        "clock_stamp": Policy("the timestamp of clock-aligned data (9.1.5)", ("boundary", "interval-start")),
        "clock_values": Policy("the values of clock-aligned data", ("instant", "averaged")),
        "clock_midnight": Policy("the midnight that clock-aligned intervals start at", ("utc", "local")),
        "clock_outside_transaction": Policy(
            "clock-aligned data without a transaction", ("sent", "transaction-only")
        ),
        "clock_connector_zero": Policy("clock-aligned data of connector 0", ("not-sent", "sent")),
        "sample_interval_changed": Policy(
            "a new MeterValueSampleInterval takes effect", ("at-once", "next-transaction")
        ),
        "bare_measurand": Policy(
            "a measurand named without phase is sent as all phases and the total, or the total alone",
            ("all", "total"),
        ),
        "stop_data": Policy(
            "what StopTxnSampledData and StopTxnAlignedData put into StopTransaction (3.16.1, errata 3.14)",
            ("begin-end", "every-sample"),
        ),
        "soc_known": Policy("where SoC comes from: plain mode 3 has no signal for it", ("car", "absent")),
        "remote_start_profile": Policy(
            "a chargingProfile in RemoteStartTransaction", ("applied", "ignored", "rejected")
        ),
        "remote_start_id_tag": Policy("the idTag of RemoteStartTransaction", ("per-key", "never-checked")),
        "list_disabled": Policy(
            "SendLocalList and GetLocalListVersion while LocalAuthListEnabled is false",
            ("NotSupported", "kept"),
        ),
        "empty_list_version": Policy(
            "the version of a local list that a full update has emptied (5.10)", ("zero", "sent")
        ),
        "occupied_status": Policy(
            "when the status Occupied of table 4 is sent", ("off", "replaces-preparing")
        ),
        "unsupported_action": Policy(
            "the CALLERROR for a message known but unsupported, NotImplemented being that for an unknown one",
            ("known-NotSupported", "reversed"),
        ),
        "transaction_message_retry": Policy(
            "how a failed transaction message is repeated (4.8)", ("attempts", "fixed-delay")
        ),
        "station_share": Policy("how channels share the station's current", ("equal", "first-come")),
        "follow_csms_time": Policy(
            "the station's clock follows currentTime of the CSMS", ("real-time", "always", "never")
        ),
    }
)


def check(name: str, choice: object) -> None:
    """ValueError, unless there is such a policy with such a choice."""
    if name not in POLICIES:
        raise ValueError(f"{name} is no policy; there are {', '.join(POLICIES)}")
    choices = POLICIES[name].choices
    if choice not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {choice!r}")
