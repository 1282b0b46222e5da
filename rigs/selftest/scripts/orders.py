"""Scripts of what the CSMS asks for, right and wrong: starts, stops, availability, triggers, keys."""

from typing import Any

from evc5.rigs.bench.bench import Bench
from evc5.rigs.selftest.verbs import ask, begin, change, running

Table = dict[str, Any]

REMOTE_KEYS = {
    "ResetRetries": "3",
    "NumberOfConnectors": "5",
    "NoSuchKey": "1",
    "LightIntensity": "30",
    "MeterValueSampleInterval": "-5",
    "ClockAlignedDataInterval": "120",
}
WRONG_VALUES = {
    "HeartbeatInterval": "-1",
    "ConnectionTimeOut": "soon",
    "LocalPreAuthorize": "perhaps",
    "MeterValuesSampledData": "Voltage,Nonsense",
    "StopTxnSampledData": "Energy.Active.Import",
    "NumberOfConnectors": "9",
    "GetConfigurationMaxKeys": "99",
    "Nothing": "1",
}
GOOD_VALUES = {
    "HeartbeatInterval": "450",
    "ConnectionTimeOut": "45",
    "LocalPreAuthorize": "true",
    "MeterValuesSampledData": "Voltage,Current.Import.L1",
    "LightIntensity": "80",
    "TransactionMessageAttempts": "4",
    "WebsocketPingInterval": "120",
}


def remote(bench: Bench) -> None:
    """Everything that the CSMS can ask for."""
    bench.advance(30.0)
    _remote_session(bench)
    for key, value in REMOTE_KEYS.items():
        change(bench, key, value)
    ask(bench, "GetConfiguration", {"key": ["LightIntensity", "Nonsense", "ResetRetries"]})
    begin(bench)
    bench.advance(300.0)
    ask(bench, "Reset", {"type": "Soft"})
    bench.advance(120.0)
    bench.unplug(1)
    begin(bench, 2)
    bench.advance(120.0)
    ask(bench, "UnlockConnector", {"connectorId": 2})
    bench.advance(60.0)
    bench.unplug(2)
    bench.advance(120.0)


def _remote_session(bench: Bench) -> None:
    """Started, asked about, taken out of service and stopped from afar."""
    bench.plug_in(1, "vw-id3-58", 0.4)
    bench.advance(10.0)
    ask(bench, "RemoteStartTransaction", {"idTag": "TAG1", "connectorId": 1})
    bench.advance(300.0)
    for message in ("MeterValues", "StatusNotification", "Heartbeat", "BootNotification"):
        ask(bench, "TriggerMessage", {"requestedMessage": message})
        bench.advance(5.0)
    ask(bench, "TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"})
    ask(bench, "ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    bench.advance(60.0)
    ask(bench, "RemoteStopTransaction", {"transactionId": running(bench)})
    bench.advance(60.0)
    bench.unplug(1)
    bench.advance(60.0)
    ask(bench, "ChangeAvailability", {"connectorId": 1, "type": "Operative"})
    bench.advance(30.0)


def remote_cards(bench: Bench) -> None:
    """A remote start whose idTag is to be authorised first, and one whose idTag is not."""
    for by_key in ("true", "false"):
        change(bench, "AuthorizeRemoteTxRequests", by_key)
        bench.plug_in(1, "vw-id3-58", 0.4)
        bench.advance(10.0)
        ask(bench, "RemoteStartTransaction", {"idTag": "TAG1", "connectorId": 1})
        bench.advance(300.0)
        ask(bench, "RemoteStopTransaction", {"transactionId": running(bench)})
        bench.advance(60.0)
        bench.unplug(1)
        bench.advance(60.0)


def orders(bench: Bench) -> None:
    """Availability, unlocking, remote starts and triggers, with a car and without, right and wrong."""
    bench.advance(100.0)
    _out_of_service_and_back(bench)
    _asked_for_each(bench)
    _unlocked(bench)
    _out_of_service_with_a_car(bench)
    _stopped_and_reset(bench)


def _out_of_service_and_back(bench: Bench) -> None:
    for connector, kind in ((1, "Inoperative"), (7, "Inoperative"), (1, "Operative")):
        ask(bench, "ChangeAvailability", {"connectorId": connector, "type": kind})
        bench.advance(30.0)


def _asked_for_each(bench: Bench) -> None:
    """Remote starts of a free, a taken and a missing connector, then triggers of every connector."""
    ask(bench, "RemoteStartTransaction", {"idTag": "TAG1", "connectorId": 1})
    bench.advance(20.0)
    bench.plug_in(1, "vw-id3-58", 0.4)
    bench.advance(60.0)
    ask(bench, "RemoteStartTransaction", {"idTag": "TAG2", "connectorId": 1})
    ask(bench, "RemoteStartTransaction", {"idTag": "TAG2", "connectorId": 7})
    bench.advance(20.0)
    ask(bench, "ChangeAvailability", {"connectorId": 0, "type": "Inoperative"})
    bench.advance(30.0)
    for payload in ({"connectorId": 1}, {"connectorId": 2}, {"connectorId": 7}, {}):
        ask(bench, "TriggerMessage", {"requestedMessage": "StatusNotification", **payload})
        bench.advance(15.0)
        ask(bench, "TriggerMessage", {"requestedMessage": "MeterValues", **payload})
        bench.advance(15.0)


def _unlocked(bench: Bench) -> None:
    ask(bench, "UnlockConnector", {"connectorId": 7})
    bench.advance(20.0)
    ask(bench, "UnlockConnector", {"connectorId": 1})
    bench.advance(60.0)
    bench.unplug(1)
    bench.advance(30.0)
    ask(bench, "ChangeAvailability", {"connectorId": 0, "type": "Operative"})
    bench.advance(30.0)
    ask(bench, "DataTransfer", {"vendorId": "nobody"})


def _out_of_service_with_a_car(bench: Bench) -> None:
    ask(bench, "ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    bench.advance(30.0)
    begin(bench, 1)
    bench.advance(30.0)
    bench.unplug(1)
    ask(bench, "ChangeAvailability", {"connectorId": 1, "type": "Operative"})
    bench.advance(30.0)


def _stopped_and_reset(bench: Bench) -> None:
    begin(bench, 2)
    bench.advance(30.0)
    ask(bench, "RemoteStopTransaction", {"transactionId": 4711})
    ask(bench, "RemoteStopTransaction", {"transactionId": running(bench, 2)})
    bench.advance(30.0)
    bench.unplug(2)
    bench.advance(30.0)
    begin(bench, 2)
    bench.advance(60.0)
    ask(bench, "Reset", {"type": "Hard"})
    bench.advance(180.0)
    bench.unplug(2)
    bench.advance(60.0)


def unsupported(bench: Bench) -> None:
    """What the sheet says the station cannot do, what nobody knows, and what makes no sense."""
    bench.advance(30.0)
    reservation = {"connectorId": 1, "expiryDate": "2024-03-02T00:00:00Z", "idTag": "T", "reservationId": 1}
    calls: tuple[tuple[str, Table], ...] = (
        ("ReserveNow", reservation),
        ("CancelReservation", {"reservationId": 1}),
        ("MakeCoffee", {}),
        ("RemoteStartTransaction", {"idTag": 7}),
    )
    for action, payload in calls:
        ask(bench, action, payload)
        bench.advance(1.0)
    bench.advance(30.0)


def keys(bench: Bench) -> None:
    """Configuration keys changed, and read back."""
    bench.advance(30.0)
    for key, value in (("ConnectionTimeOut", "75"), ("LightIntensity", "30"), ("ResetRetries", "3")):
        change(bench, key, value)
    ask(bench, "GetConfiguration", {"key": ["ConnectionTimeOut", "LightIntensity", "ResetRetries"]})
    ask(bench, "GetConfiguration")
    bench.advance(60.0)


def values(bench: Bench) -> None:
    """Keys with values that are none and with good ones, all of them read back, before and after a boot."""
    bench.advance(30.0)
    for key, value in WRONG_VALUES.items():
        change(bench, key, value)
    for key, value in GOOD_VALUES.items():
        change(bench, key, value)
    ask(bench, "GetConfiguration")
    ask(bench, "GetConfiguration", {"key": ["Nothing", "heartbeatinterval", *GOOD_VALUES]})
    ask(bench, "Reset", {"type": "Soft"})
    bench.advance(120.0)
    ask(bench, "GetConfiguration")
    bench.advance(60.0)
