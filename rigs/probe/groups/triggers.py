"""TriggerMessage: which messages it knows, and whether they come. Source: OCPP 1.6 5.17, 6.51."""

from functools import partial

from evc5.rigs.probe.groups.meter_values import contexts
from evc5.rigs.probe.probe import Context, Probe, outcome

GROUP = "triggers"
MESSAGES = (
    "BootNotification", "DiagnosticsStatusNotification", "FirmwareStatusNotification", "Heartbeat",
    "MeterValues", "StatusNotification",
)  # fmt: skip
ALL_COME_S = 3.0  # of several that one trigger brings; assumed
OF_A_CONNECTOR = ("MeterValues", "StatusNotification")


def _trigger(message: str, context: Context) -> None:
    mark = context.line.mark()
    status = outcome(context.ask("TriggerMessage", {"requestedMessage": message}))
    context.note(f"trigger.{message}", status)
    if status != "Accepted":
        return
    came = context.line.call_within(mark, message)
    context.note(f"trigger.{message}.comes", "no" if came is None else "yes")
    if message == "MeterValues" and came is not None:
        context.note("trigger.MeterValues.context", contexts([came]) or "none")


def _of_connector(message: str, context: Context) -> None:
    """Connectors one by one, and one that is not there: answer, and whose message came."""
    for connector in (0, *context.connectors, 9):
        mark = context.line.mark()
        asked = {"requestedMessage": message, "connectorId": connector}
        status = outcome(context.ask("TriggerMessage", asked))
        context.note(f"trigger.{message}.connector{connector}", status)
        if status == "Accepted":
            context.line.wait(ALL_COME_S)
            whose = sorted({str(one.get("connectorId")) for one in context.line.calls(mark, message)})
            context.note(f"trigger.{message}.connector{connector}.comes_from", " ".join(whose) or "none")


def probes() -> list[Probe]:
    single = [
        Probe(
            f"trigger.{message}",
            GROUP,
            f"does TriggerMessage bring {message}?",
            partial(_trigger, message),
            decides="by the answer, and by whether it comes within 10 s",
        )
        for message in MESSAGES
    ]
    each = [
        Probe(
            f"trigger.{message}.connectors",
            GROUP,
            f"whose {message} comes for a connector, 0 and one that is not there?",
            partial(_of_connector, message),
        )
        for message in OF_A_CONNECTOR
    ]
    return [*single, *each]
