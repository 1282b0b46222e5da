"""The boot, and what is no proper CALL. Source: OCPP 1.6 4.2, 6.3; OCPP-J 4."""

from dataclasses import dataclass
from functools import partial

from evc5.rigs.keeper.keeper import TAKEN
from evc5.rigs.probe.probe import Context, Probe, outcome

GROUP = "link"
LENGTHS = {  # of the fields of BootNotification, OCPP 1.6 6.3
    "chargePointVendor": 20, "chargePointModel": 20, "chargePointSerialNumber": 25,
    "chargeBoxSerialNumber": 25, "firmwareVersion": 50, "iccid": 20, "imsi": 20,
    "meterType": 25, "meterSerialNumber": 25,
}  # fmt: skip
PING_KEY = "websocketpinginterval"  # which the published sheet spells otherwise than OCPP-J 7
PING_S = 5
LONG = "x" * 600  # longer than any text that a CALL of 1.6 may carry


@dataclass(frozen=True, slots=True)
class Odd:
    """A text that breaks a rule, with {id} for its id."""

    name: str
    asks: str
    text: str


ODD = (
    Odd("malformed", "what is half a frame answered with?", '[2,"{id}","GetConfiguration",{{"key":['),
    Odd("wrong_type", "a text where a number belongs?",
        '[2,"{id}","GetCompositeSchedule",{{"connectorId":"one","duration":60}}]'),
    Odd("missing_field", "a field that is missing?", '[2,"{id}","GetCompositeSchedule",{{"connectorId":1}}]'),
    Odd("too_long", "a text that is too long?",
        f'[2,"{{id}}","DataTransfer",{{{{"vendorId":"{LONG}"}}}}]'),
    Odd("extra_field", "a field that nobody knows?",
        '[2,"{id}","GetConfiguration",{{"key":["HeartbeatInterval"],"nobody":1}}]'),
    Odd("not_in_enumeration", "a value that is in no enumeration?",
        '[2,"{id}","TriggerMessage",{{"requestedMessage":"Nothing"}}]'),
    Odd("no_payload", "a CALL without payload?", '[2,"{id}","GetLocalListVersion"]'),
    Odd("array_payload", "a payload that is a list?", '[2,"{id}","GetLocalListVersion",[]]'),
)  # fmt: skip


def _odd(odd: Odd, context: Context) -> None:
    id_ = f"probe-{odd.name}"
    context.check()
    context.note(f"link.{odd.name}", outcome(context.line.raw(odd.text.format(id=id_), id_)))


def _unknown_answer(context: Context) -> None:
    """An answer to what nobody asked: is the next CALL taken all the same?"""
    context.line.raw('[3,"nobody-asked",{}]', "nobody-asked")
    context.note(
        "link.unknown_answer",
        "ignored" if context.ask("GetConfiguration", {"key": ["x"]}).arrived else "fatal",
    )


def _doubled(context: Context) -> None:
    """The same id twice."""
    text = '[2,"probe-twice","GetConfiguration",{"key":["HeartbeatInterval"]}]'
    for time in ("first", "second"):
        context.check()
        context.note(f"link.same_id.{time}", outcome(context.line.raw(text, "probe-twice")))


def _two_at_once(context: Context) -> None:
    """A second CALL before the first is answered (OCPP-J 4.1.1 forbids it): both, in which order?"""
    mark = context.line.mark()
    first = '[2,"probe-one","GetConfiguration",{"key":["HeartbeatInterval"]}]'
    context.line.say(first)
    context.line.raw(first.replace("probe-one", "probe-two"), "probe-two")
    answers = [one.frame[1] for one in context.line.since(mark) if one.is_up and one.frame[0] in (3, 4)]
    order = [id_.removeprefix("probe-") for id_ in answers if id_ in ("probe-one", "probe-two")]
    context.note("link.two_at_once", ", ".join(order) or "no answer")


def _boot(context: Context) -> None:
    """The fields of BootNotification, of the boot that was heard or of one that is triggered."""
    boots = context.line.calls(0, "BootNotification")
    if not boots:
        mark = context.line.mark()
        context.ask("TriggerMessage", {"requestedMessage": "BootNotification"})
        asked = context.line.call_within(mark, "BootNotification")
        boots = [asked] if asked is not None else []
    if not boots:
        return
    boot = boots[-1]
    context.note("boot.fields", " ".join(sorted(boot)))
    for name in ("chargePointVendor", "chargePointModel", "firmwareVersion", "meterType"):
        if name in boot:
            context.note(f"boot.{name}", str(boot[name]))
    broken = [name for name, most in LENGTHS.items() if len(str(boot.get(name, ""))) > most]
    context.note("boot.too_long", " ".join(broken) or "none")


def _handshake(context: Context) -> None:
    """Subprotocols, credentials, compression and TLS; of a line in memory there are none."""
    socket = context.line.socket()
    if socket is not None:
        for name, told in socket.handshake().items():
            context.note(f"link.{name}", told)


def _pings(context: Context) -> None:
    """WebSocketPingInterval: do pings come in its period? None come over a line in memory."""
    name = next((one for one in context.keeper.values if one.lower() == PING_KEY), None)
    if context.line.socket() is None or name is None:
        return
    if outcome(context.keeper.write(name, str(PING_S))) not in TAKEN:
        return
    context.line.wait(PING_S)  # the period that had begun may hold once more
    socket = context.line.socket()
    if socket is None:
        return
    before = socket.pings
    context.line.wait(4.0 * PING_S)
    came = socket.pings - before
    context.note(
        "effect.WebsocketPingInterval", "followed" if 3 <= came <= 5 else f"{came} pings in 4 periods"
    )


def probes() -> list[Probe]:
    odd = [Probe(f"link.{one.name}", GROUP, one.asks, partial(_odd, one)) for one in ODD]
    return [
        Probe("link.boot", GROUP, "what does it tell of itself when it boots?", _boot),
        Probe("link.handshake", GROUP, "how does it dial in?", _handshake, decides="by its request"),
        Probe(
            "link.pings",
            GROUP,
            "do pings follow WebSocketPingInterval?",
            _pings,
            decides="by how many come",
            disturbs="WebSocketPingInterval, for half a minute",
            restores="the value it had",
        ),
        *odd,
        Probe("link.unknown_answer", GROUP, "is an answer that nobody waits for ignored?", _unknown_answer),
        Probe("link.same_id", GROUP, "is a CALL answered whose id came before?", _doubled),
        Probe("link.two_at_once", GROUP, "are two CALLs at once answered, in order?", _two_at_once),
    ]
