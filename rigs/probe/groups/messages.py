"""Each message once in its mildest form: does the unit know it? Source: OCPP 1.6 sections 5 and 6."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from evc5.rigs.keeper.keeper import NOBODYS_ID
from evc5.rigs.keeper.state import Payload
from evc5.rigs.probe.probe import DANGER, DISRUPTIVE, IDLE, Context, Probe, keep_list, outcome

GROUP = "messages"
NOBODY = "NOBODY-AT-ALL"  # an idTag that nobody has
NO_TRANSACTION = 2_000_000_000  # an id that no transaction has
NOWHERE = "ftp://192.0.2.1/"  # RFC 5737: an address that is nobody's
SETTLE_S = 20.0  # after what sends notifications by itself

NO_CERTIFICATE = "sends a certificate that is none"
ROOT = "CentralSystemRootCertificate"
Form = Callable[[Context], Payload]


@dataclass(frozen=True, slots=True)
class Mild:
    """A message in the form that does least."""

    action: str
    form: Form | None = None  # None: the empty payload
    needs: str = IDLE
    disturbs: str = "nothing"
    settle_s: float = 0.0


def _now(context: Context) -> str:
    return datetime.fromtimestamp(context.line.epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _same(context: Context) -> Payload:
    """A key with the value it has, through the keeper's journal where it is written."""
    key = next(key for key in ("HeartbeatInterval", *context.keeper.values) if key in context.keeper.values)
    return {"key": key, "value": context.keeper.values[key]}


MESSAGES = (
    Mild("GetConfiguration", lambda _: {"key": ["HeartbeatInterval"]}),
    Mild("DataTransfer", lambda _: {"vendorId": "org.example.nobody"}),
    Mild("GetLocalListVersion"),
    Mild("GetCompositeSchedule", lambda _: {"connectorId": 1, "duration": 60}),
    Mild("ClearChargingProfile", lambda _: {"id": NOBODYS_ID}),
    Mild("TriggerMessage", lambda _: {"requestedMessage": "Heartbeat"}),
    Mild("RemoteStopTransaction", lambda _: {"transactionId": NO_TRANSACTION}),
    Mild("CancelReservation", lambda _: {"reservationId": NO_TRANSACTION}),
    Mild(
        "ReserveNow",
        lambda c: {
            "connectorId": 99, "expiryDate": _now(c), "idTag": NOBODY, "reservationId": NO_TRANSACTION,
        },
    ),
    Mild("RemoteStartTransaction", lambda _: {"connectorId": 99, "idTag": NOBODY}),
    Mild("ChangeAvailability", lambda _: {"connectorId": 99, "type": "Operative"}),
    Mild(
        "SendLocalList",
        lambda _: {"listVersion": 0, "updateType": "Differential"},
        needs=DISRUPTIVE,
        disturbs="may change the version of the local list",
    ),
    Mild("ClearCache", needs=DISRUPTIVE, disturbs="empties the cache of cards"),
    Mild(
        "UnlockConnector",
        lambda _: {"connectorId": 1},
        needs=DISRUPTIVE,
        disturbs="moves the lock of connector 1",
    ),
    Mild(
        "GetDiagnostics",
        lambda _: {"location": NOWHERE},
        needs=DISRUPTIVE,
        disturbs="may empty the unit's log",
        settle_s=SETTLE_S,
    ),
    Mild(
        "UpdateFirmware",
        lambda c: {"location": f"{NOWHERE}none", "retrieveDate": _now(c), "retries": 0},
        needs=DANGER,
        disturbs="asks for firmware at an address that is nobody's",
        settle_s=SETTLE_S,
    ),
    # the security extension (white paper, 1.3)
    Mild("ExtendedTriggerMessage", lambda _: {"requestedMessage": "Heartbeat"}),
    Mild("GetInstalledCertificateIds", lambda _: {"certificateType": ROOT}),
    Mild("CertificateSigned", lambda _: {"certificateChain": "none"}, DISRUPTIVE, NO_CERTIFICATE),
    Mild(
        "InstallCertificate",
        lambda _: {"certificateType": ROOT, "certificate": "-"},
        needs=DISRUPTIVE,
        disturbs=NO_CERTIFICATE,
    ),
    Mild(
        "DeleteCertificate",
        lambda _: {
            "certificateHashData": {
                "hashAlgorithm": "SHA256",
                "issuerNameHash": "00",
                "issuerKeyHash": "00",
                "serialNumber": "00",
            }
        },
        needs=DISRUPTIVE,
        disturbs="asks to delete a certificate that nobody has",
    ),
    Mild(
        "GetLog",
        lambda _: {"logType": "SecurityLog", "requestId": 1, "log": {"remoteLocation": NOWHERE}},
        settle_s=SETTLE_S,
    ),
    Mild(
        "SignedUpdateFirmware",
        lambda c: {
            "requestId": 1,
            "firmware": {
                "location": f"{NOWHERE}none",
                "retrieveDateTime": _now(c),
                "signingCertificate": "-",
                "signature": "-",
            },
        },
        needs=DANGER,
        disturbs="asks for firmware at an address that is nobody's",
    ),
    Mild("NoSuchMessage"),
)  # fmt: skip


def _mild(mild: Mild, context: Context) -> None:
    reply = context.ask(mild.action, mild.form(context) if mild.form is not None else {})
    context.note(f"message.{mild.action}", outcome(reply))
    if reply.arrived and not reply.code and mild.settle_s:
        context.line.wait(mild.settle_s)


def _change_configuration(context: Context) -> None:
    """Through the keeper, which writes the value down that the key has."""
    if not context.keeper.values:
        return
    reply = context.keeper.write_same(_same(context)["key"])
    context.note("message.ChangeConfiguration", outcome(reply))


def _codes(context: Context) -> None:
    """Policy unsupported_action: a word that is no action against one that 1.6 knows (OCPP-J table 7)."""
    unknown = outcome(context.ask("NoSuchMessage", {}))
    known = outcome(context.ask("CancelReservation", {"reservationId": NO_TRANSACTION}))
    if unknown == "CALLERROR NotImplemented" or known == "CALLERROR NotSupported":
        context.note("policy.unsupported_action", "known-NotSupported")
    elif unknown == "CALLERROR NotSupported" or known == "CALLERROR NotImplemented":
        context.note("policy.unsupported_action", "reversed")


def _list_disabled(context: Context) -> None:
    """Policy list_disabled: the version while LocalAuthListEnabled is false."""
    if context.keeper.values.get("LocalAuthListEnabled") is None:
        return
    keep_list(context, "LocalAuthListEnabled")
    if outcome(context.keeper.write("LocalAuthListEnabled", "false")) != "Accepted":
        return
    payload = context.ask("GetLocalListVersion").payload
    if payload is not None:
        version = payload.get("listVersion")
        context.note("list.version_disabled", str(version))
        context.note("policy.list_disabled", "NotSupported" if version == -1 else "kept")


def probes() -> list[Probe]:
    found = [
        Probe(
            f"message.{mild.action}",
            GROUP,
            f"does it know {mild.action}?",
            partial(_mild, mild),
            needs=mild.needs,
            disturbs=mild.disturbs,
            action=mild.action if mild.needs == DANGER else "",
        )
        for mild in MESSAGES
    ]
    back = "the value it had"
    return [
        *found,
        Probe(
            "message.ChangeConfiguration",
            GROUP,
            "does it take a value that it has?",
            _change_configuration,
            restores=back,
        ),
        Probe("message.codes", GROUP, "which CALLERROR tells unknown from unsupported?", _codes),
        Probe(
            "message.list_disabled",
            GROUP,
            "what does it say of a local list that is switched off?",
            _list_disabled,
            disturbs="the local list, for a moment",
            restores=back,
        ),
    ]
