"""Numbers by which others' stations are judged that go on talking, and not of what they should."""

from foreign import ID, Log, at

from edges import Edge


def beats(log: Log, since: float, until: float, step_s: float = 5.0) -> None:
    t = since
    while t < until:
        log.up(t, "Heartbeat", {}, {"currentTime": at(t)})
        t += step_s


def preparing_with_a_card(log: Log) -> None:
    """Its time-out is a minute."""
    log.configure(10, ConnectionTimeOut="60", HeartbeatInterval="3600")
    log.up(100, "Authorize", {"idTag": "TAG1"}, {"idTagInfo": {"status": "Accepted"}})
    log.status(100.5, "Preparing")


def a_card_and_no_car_for(x: float) -> Log:
    log = Log()
    preparing_with_a_card(log)
    beats(log, 101, 160.5 + x)
    log.status(160.5 + x, "Available")
    return log


def a_card_no_car_and_silence_for(x: float) -> Log:
    """Its ids do not count: they would tell that nothing was lost."""
    log = Log(named=lambda n: f"{n * 7919 % 10007:x}")
    preparing_with_a_card(log)
    beats(log, 100.6 + x, 300 + x)
    return log


def charging_told_after_the_stop_for(x: float) -> Log:
    log = Log()
    log.begin()
    told = {"transactionId": ID, "meterStop": 1250, "timestamp": at(310), "idTag": "TAG1"}
    log.up(310, "StopTransaction", told)
    beats(log, 311, 310 + x)
    log.status(310 + x, "Finishing")
    return log


def an_upload_for(x: float) -> Log:
    log = Log()
    log.up(10, "DiagnosticsStatusNotification", {"status": "Uploading"})
    beats(log, 300, 7100, 300)
    beats(log, 7100, 10 + x)
    log.up(10 + x, "DiagnosticsStatusNotification", {"status": "Uploaded"})
    return log


def a_boot_after_its_reboot(x: float) -> Log:
    """The stop says that it reboots, and a while it talks on."""
    log = Log()
    log.begin()
    told = {"transactionId": ID, "meterStop": 1250, "timestamp": at(310), "reason": "Reboot"}
    log.up(310, "StopTransaction", told)
    log.status(311, "Finishing")
    beats(log, 330, 560, 10)
    accepted = {"status": "Accepted", "currentTime": at(310 + x), "interval": 300}
    log.up(310 + x, "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, accepted)
    for connector in (0, 1):
        log.status(312 + x + connector, "Available", connector)
    beats(log, 320 + x, 900, 20)
    return log


NEEDS = "status.needs-transaction"
NOT_FREE, STUCK = "transactions.connection_timeout.NOT_FREE_S", "device.stuck.STUCK_FOR_S"
EDGES = (  # each is found a minute after the first word that comes past its moment
    Edge(NOT_FREE, 60.0, "status.timeout", a_card_and_no_car_for, 115, 130),
    Edge("state.agenda.TALKS_S", 60.0, "status.timeout", a_card_and_no_car_for, 115, 130),
    Edge("state.context.LONG_SILENCE_S", 600.0, "status.timeout", a_card_no_car_and_silence_for, 640, 620),
    Edge("status.after_stop.STILL_TOLD_S", 120.0, NEEDS, charging_told_after_the_stop_for, 175, 190),
    Edge(
        "transactions.stops.REBOOTS_S",
        300.0,
        "transaction.stop-reason",
        a_boot_after_its_reboot,
        295,
        310,
    ),
    Edge(STUCK, 7200.0, "files.diagnostics", an_upload_for, 7250, 7275),
)
