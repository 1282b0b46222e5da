"""Scripts of small rigs: cards that wait, lists and caches, orders of the back office, files, keys."""

from evc5.rigs.bench.bench import Bench
from evc5.rigs.selftest.script import (
    ask,
    begin,
    change,
    composite,
    end,
    install,
    profile,
    running,
    serve,
    take_files,
)

INFO = {"idTagInfo": {"status": "Accepted"}}


def waiting(bench: Bench) -> None:
    """Cards before their cables, cables before their cards, and those that never come."""
    bench.advance(100.0)
    bench.present_tag(1, "TAG1")
    bench.advance(90.0)  # nobody plugs in: ConnectionTimeOut
    bench.present_tag(1, "TAG1")
    bench.advance(20.0)
    bench.plug_in(1, "vw-id3-58", 0.4)
    bench.advance(120.0)
    end(bench, 1)
    bench.present_tag(1, "TAG1")
    bench.advance(20.0)
    bench.present_tag(1, "TAG1")  # taken back
    bench.advance(20.0)
    bench.plug_in(1, "vw-id3-58", 0.4)
    bench.advance(90.0)  # nobody shows a card
    bench.unplug(1)
    bench.advance(30.0)
    bench.plug_in(2, "vw-id3-58", 0.4)
    bench.advance(20.0)
    bench.present_tag(2, "BLOCKED")
    bench.advance(20.0)
    bench.present_tag(2, "TAG2")
    bench.advance(60.0)
    change(bench, "StopTransactionOnEVSideDisconnect", "false")
    bench.unplug(2)
    bench.advance(60.0)
    bench.plug_in(2, "vw-id3-58", 0.4)
    bench.advance(60.0)
    bench.present_tag(2, "CHILD1")  # of no group of this transaction
    bench.advance(60.0)
    end(bench, 2)
    change(bench, "ConnectionTimeOut", "30")
    bench.present_tag(2, "TAG2")
    bench.advance(60.0)


def lists(bench: Bench) -> None:
    """The local list and the cache, asked while the back office is there and while it is not."""
    bench.advance(100.0)
    entries = [{"idTag": "LISTED", **INFO}, {"idTag": "OUT", "idTagInfo": {"status": "Blocked"}}]
    update = {"listVersion": 3, "updateType": "Full", "localAuthorizationList": entries}
    ask(bench, "SendLocalList", update)
    for key in (
        "LocalAuthListEnabled",
        "AuthorizationCacheEnabled",
        "LocalPreAuthorize",
        "LocalAuthorizeOffline",
    ):
        change(bench, key, "true")
    ask(bench, "SendLocalList", update)
    ask(bench, "GetLocalListVersion")
    more = {
        "listVersion": 2,
        "updateType": "Differential",
        "localAuthorizationList": [{"idTag": "NEW", **INFO}],
    }
    ask(bench, "SendLocalList", more)
    ask(bench, "SendLocalList", {**more, "listVersion": 4})
    ask(bench, "SendLocalList", {**update, "localAuthorizationList": entries * 2})
    ask(bench, "GetLocalListVersion")
    ask(bench, "ClearCache")
    for tag in ("LISTED", "OUT", "FIRST", "FIRST"):
        begin(bench, 1, tag=tag)
        bench.advance(90.0)
        end(bench, 1, tag=tag)
    bench.present_tag(1, "SECOND")  # it is accepted, and nobody plugs in
    bench.advance(90.0)
    begin(bench, 1, tag="SECOND")
    bench.advance(60.0)
    end(bench, 1, tag="SECOND")
    bench.link.down()
    for tag in ("LISTED", "FIRST", "OUT", "NOBODY"):
        bench.advance(10.0)
        begin(bench, 1, tag=tag)
        bench.advance(60.0)
        end(bench, 1, tag=tag)
    bench.link.up()
    bench.advance(400.0)
    ask(bench, "ClearCache")
    begin(bench, 1, tag="FIRST")
    bench.advance(60.0)
    end(bench, 1, tag="FIRST")
    ask(bench, "SendLocalList", {"listVersion": 5, "updateType": "Full", "localAuthorizationList": []})
    ask(bench, "GetLocalListVersion")
    change(bench, "AuthorizationCacheEnabled", "false")
    ask(bench, "ClearCache")
    bench.advance(4000.0)


def orders(bench: Bench) -> None:
    """Availability, unlocking, remote starts and triggers, with a car and without, right and wrong."""
    bench.advance(100.0)
    for connector, kind in ((1, "Inoperative"), (7, "Inoperative"), (1, "Operative")):
        ask(bench, "ChangeAvailability", {"connectorId": connector, "type": kind})
        bench.advance(30.0)
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
    ask(bench, "UnlockConnector", {"connectorId": 7})
    bench.advance(20.0)
    ask(bench, "UnlockConnector", {"connectorId": 1})
    bench.advance(60.0)
    bench.unplug(1)
    bench.advance(30.0)
    ask(bench, "ChangeAvailability", {"connectorId": 0, "type": "Operative"})
    bench.advance(30.0)
    ask(bench, "DataTransfer", {"vendorId": "nobody"})
    ask(bench, "ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    bench.advance(30.0)
    begin(bench, 1)
    bench.advance(30.0)
    bench.unplug(1)
    ask(bench, "ChangeAvailability", {"connectorId": 1, "type": "Operative"})
    bench.advance(30.0)
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


def values(bench: Bench) -> None:
    """Keys with values that are none and with good ones, all of them read back, before and after a boot."""
    bench.advance(30.0)
    wrong = (
        *(("HeartbeatInterval", "-1"), ("ConnectionTimeOut", "soon"), ("LocalPreAuthorize", "perhaps")),
        *(("MeterValuesSampledData", "Voltage,Nonsense"), ("StopTxnSampledData", "Energy.Active.Import")),
        *(("NumberOfConnectors", "9"), ("GetConfigurationMaxKeys", "99"), ("Nothing", "1")),
    )
    good = (
        *(("HeartbeatInterval", "450"), ("ConnectionTimeOut", "45"), ("LocalPreAuthorize", "true")),
        *(("MeterValuesSampledData", "Voltage,Current.Import.L1"), ("LightIntensity", "80")),
        *(("TransactionMessageAttempts", "4"), ("WebsocketPingInterval", "120")),
    )
    for key, value in (*wrong, *good):
        change(bench, key, value)
    ask(bench, "GetConfiguration")
    ask(bench, "GetConfiguration", {"key": ["Nothing", "heartbeatinterval", *(key for key, _ in good)]})
    ask(bench, "Reset", {"type": "Soft"})
    bench.advance(120.0)
    ask(bench, "GetConfiguration")
    bench.advance(60.0)


def files(bench: Bench) -> None:
    """Diagnostics asked for, delivered and not; firmware that is there, is none, and is not there."""
    from evc5.twin.services.firmware import image

    bench.advance(30.0)
    for takes in (False, True):
        take_files(bench, takes)
        ask(bench, "GetDiagnostics", {"location": "ftp://server/in"})
        bench.advance(120.0)
    serve(bench, "ftp://server/bad", b"nothing of the kind", None)
    serve(bench, "ftp://server/cut", image("V32R31")[:-1], None)
    serve(bench, "ftp://server/new", image("V32R31"), "V32R31")
    begin(bench, 1)
    _update(bench, "missing", 400.0)
    _update(bench, "bad", 120.0)  # it waits for the transaction's end
    end(bench, 1)
    bench.advance(200.0)
    _update(bench, "cut", 200.0)
    begin(bench, 1)
    _update(bench, "new", 120.0)
    end(bench, 1)
    bench.advance(700.0)
    begin(bench, 1)
    bench.advance(120.0)
    end(bench, 1)


def _update(bench: Bench, name: str, wait_s: float) -> None:
    date = bench.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    wanted = {"location": f"ftp://server/{name}", "retrieveDate": date, "retries": 1}
    ask(bench, "UpdateFirmware", wanted)
    bench.advance(wait_s)


def validity(bench: Bench) -> None:
    """Profiles that begin and end by the calendar, that are not sound, cleared by every filter."""
    bench.advance(30.0)
    begin(bench, 1)
    bench.advance(60.0)
    limited = profile(1, 9.0, validFrom="2024-03-01T10:05:00Z", validTo="2024-03-01T10:10:00Z", level=3)
    install(bench, 1, limited)
    install(bench, 1, profile(2, [(0, 12.0), (300, 15.0)], kind="Relative", level=1, duration=600))
    composite(bench, 1, duration=1200)
    bench.advance(700.0)
    wrong = profile(3, [(10, 9.0)], level=2)
    install(bench, 1, wrong)
    install(bench, 1, profile(4, 9.0, "TxProfile", transactionId=4711))
    install(bench, 1, profile(5, 8.1, "TxProfile", "Relative", transactionId=running(bench), level=2))
    composite(bench, 1, 2)
    bench.advance(120.0)
    ask(bench, "Reset", {"type": "Soft"})
    bench.advance(120.0)
    bench.unplug(1)
    bench.advance(30.0)
    begin(bench, 1)
    composite(bench, 1, 2, 0)
    bench.advance(120.0)
    for filters in ({"connectorId": 2}, {"stackLevel": 3}, {"chargingProfilePurpose": "TxProfile"}, {}):
        ask(bench, "ClearChargingProfile", filters)
    composite(bench, 1)
    bench.advance(60.0)
    end(bench, 1)
