"""What the back office asks: keys, availability, starts and stops, lists, files, and nonsense."""

from typing import Any

from random_days.acting import TAGS, Act, Stage

SWITCHES = {
    "MeterValueSampleInterval": ("0", "30", "60", "300"),
    "ClockAlignedDataInterval": ("0", "300", "900", "3600", "7000"),
    "HeartbeatInterval": ("60", "600", "1440"),
    "StopTransactionOnInvalidId": ("true", "false"),
    "StopTransactionOnEVSideDisconnect": ("true", "false"),
    "ConnectionTimeOut": ("0", "30", "120"),
    "MeterValuesSampledData": (
        "Energy.Active.Import.Register,Current.Import,Current.Offered,Voltage",
        "SoC",
        "",
    ),
    "StopTxnSampledData": ("Energy.Active.Import.Register", ""),
    "AuthorizeRemoteTxRequests": ("true", "false"),
    "LightIntensity": ("20", "80"),
    "NoSuchKey": ("1",),
    "NumberOfConnectors": ("3",),
    "chg_StationMaxCurrent": ("20", "32", "63"),
    "chg_MinChargingCurrent": ("6", "10"),
    "chg_Options": ("ChgProf=0", "ChgProf=1"),
    "TransactionMessageAttempts": ("1", "3"),
    "WebSocketPingInterval": ("0", "30"),
}
TRIGGERS = (
    "BootNotification",
    "Heartbeat",
    "StatusNotification",
    "MeterValues",
    "FirmwareStatusNotification",
    "DiagnosticsStatusNotification",
)
RESERVATION = {"connectorId": 1, "expiryDate": "2030-01-01T00:00:00Z", "idTag": "T", "reservationId": 1}
ODDS_AND_ENDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("ClearCache", {}),
    ("DataTransfer", {"vendorId": "nobody"}),
    ("ReserveNow", RESERVATION),
    ("CancelReservation", {"reservationId": 1}),
    ("Nonsense", {}),
    ("RemoteStartTransaction", {"idTag": 7}),
    ("GetDiagnostics", {"location": "ftp://example.org/"}),
    ("UpdateFirmware", {"location": "ftp://example.org/f", "retrieveDate": "2030-01-01T00:00:00Z"}),
)


def reset(stage: Stage) -> None:
    stage.ask("Reset", {"type": stage.random.choice(("Soft", "Hard"))})
    stage.wait(1.0, 120.0)


def configure(stage: Stage) -> None:
    key = stage.random.choice(list(SWITCHES))
    stage.ask("ChangeConfiguration", {"key": key, "value": stage.random.choice(SWITCHES[key])})


def configuration(stage: Stage) -> None:
    stage.ask("GetConfiguration", stage.random.choice(({}, {"key": ["HeartbeatInterval", "Nope"]})))


def availability(stage: Stage) -> None:
    kind = stage.random.choice(("Operative", "Operative", "Inoperative"))
    connector = stage.random.randint(0, stage.connectors)
    stage.ask("ChangeAvailability", {"connectorId": connector, "type": kind})


def remote_start(stage: Stage) -> None:
    order = {"connectorId": stage.connector(), "idTag": stage.random.choice(TAGS)}
    stage.ask("RemoteStartTransaction", order)


def remote_stop(stage: Stage) -> None:
    stage.ask("RemoteStopTransaction", {"transactionId": stage.random.randint(1, 6)})


def unlock(stage: Stage) -> None:
    stage.ask("UnlockConnector", {"connectorId": stage.random.randint(1, stage.connectors + 1)})


def trigger(stage: Stage) -> None:
    wanted: dict[str, Any] = {"requestedMessage": stage.random.choice(TRIGGERS)}
    if stage.random.random() < 0.5:
        wanted["connectorId"] = stage.connector()
    stage.ask("TriggerMessage", wanted)


def local_list(stage: Stage) -> None:
    statuses = [stage.random.choice(("Accepted", "Blocked")) for _ in TAGS]
    entries = [{"idTag": tag, "idTagInfo": {"status": s}} for tag, s in zip(TAGS, statuses, strict=True)]
    update = {"listVersion": stage.random.randint(1, 9), "localAuthorizationList": entries}
    stage.ask("SendLocalList", {**update, "updateType": stage.random.choice(("Full", "Differential"))})
    stage.ask("GetLocalListVersion", {})


def odds_and_ends(stage: Stage) -> None:
    stage.ask(*stage.random.choice(ODDS_AND_ENDS))


def files(stage: Stage) -> None:
    """Diagnostics that are taken or not, and new firmware that is there or is not, to be fetched soon."""
    stage.do("take_files", stage.random.random() < 0.7)
    stage.ask("GetDiagnostics", {"location": "ftp://server/in"})
    stage.wait(0.0, 30.0, 700.0)
    stage.do("serve_image", "ftp://server/new", "V32R31")
    where = stage.random.choice(("new", "missing"))
    wanted = {"location": f"ftp://server/{where}", "retrieveDate": stage.instant(30.0), "retries": 1}
    stage.ask("UpdateFirmware", wanted)
    stage.wait(60.0, 900.0)


ACTS: dict[Act, float] = {
    reset: 0.7,
    configure: 3,
    configuration: 1,
    availability: 1.5,
    remote_start: 2,
    remote_stop: 2,
    unlock: 0.7,
    trigger: 2,
    local_list: 1,
    odds_and_ends: 1.5,
    files: 0.7,
}
