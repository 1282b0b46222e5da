"""Whether a key was seen to do what it is for: some show it in frames, some only in the metal."""

from collections.abc import Mapping

USED, UNUSED = "used", "none"
SHOWN_BY: Mapping[str, tuple[str, tuple[str, ...]]] = {  # by key: the fact, and its values where it is used
    "AuthorizationCacheEnabled": ("effect.AuthorizationCacheEnabled", ("asked once", "never asked")),
    "ClockAlignedDataInterval": ("effect.ClockAlignedDataInterval.stamps", ("on the clock",)),
    "ConnectionTimeOut": ("effect.ConnectionTimeOut", ("followed",)),
    "HeartbeatInterval": ("effect.HeartbeatInterval", ("followed",)),
    "MeterValueSampleInterval": ("session.samples", ("come",)),
    "TransactionMessageAttempts": ("policy.transaction_message_retry", ("attempts",)),
    "TransactionMessageRetryInterval": ("policy.transaction_message_retry", ("attempts",)),
    "WebsocketPingInterval": ("effect.WebsocketPingInterval", ("followed",)),
}
SWITCHES = (  # whose two values were both tried
    "AllowOfflineTxForUnknownId", "LocalAuthorizeOffline", "StopTransactionOnEVSideDisconnect",
    "StopTransactionOnInvalidId",
)  # fmt: skip
HIDDEN: Mapping[str, str] = {
    "ConnectorPhaseRotation": "it only tells the back office how the phases are wired",
    "LightIntensity": "only the light shows it",
    "ResetRetries": "only a reset that fails would show it",
    "UnlockConnectorOnEVSideDisconnect": "only the lock shows it",
}


def effect(key: str, is_unused: bool, facts: Mapping[str, str]) -> tuple[str, str] | None:
    """What was seen of a key's effect ("": nothing that tells) and why; None where nobody asks for it."""
    if key in HIDDEN:
        return "", HIDDEN[key]
    if key in SWITCHES:
        both = [facts.get(f"effect.{key}.{value}") for value in ("true", "false")]
        known, used = None not in both, both[0] != both[1]
        by = "by both its values"
    elif key in SHOWN_BY:
        fact, values = SHOWN_BY[key]
        known, used = fact in facts, facts.get(fact) in values
        by = fact
    else:
        return None
    if not known:
        return "", f"nothing that was asked shows its effect ({by})"
    if used or is_unused:
        return (USED if used else UNUSED), by
    return "", f"no effect was seen ({by})"
