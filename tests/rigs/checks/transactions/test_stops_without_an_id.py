"""Which transaction a stop of id -1 ends, where several never got an id (ER 3.18)."""

from pathlib import Path

import pytest
from foreign import Log, at, found

from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.checks.state.station_history import StationHistory
from evc5.rigs.checks.state.transactions import Transaction

AT = "2024-03-01T02:58:16.159Z"
STOP = {"transactionId": -1, "meterStop": 3424, "timestamp": AT, "reason": "Local", "idTag": "TAG1"}


def test_no_transaction_ends_below_what_its_meter_showed() -> None:
    history = StationHistory()
    history.transactions.open = {
        n: Transaction(n, "TAG1", epoch(AT) - 1000.0, epoch(AT) - 1000.0, 0.0) for n in (1, 2)
    }
    history.stops.shown_wh = {1: 9244.0, 2: 3379.0}
    history.connectors.unplugged = {
        2: epoch(AT)
    }  # the cable was pulled right behind the card that stopped it
    ended = history.stops.by_name(STOP, True)
    assert ended is not None
    assert ended.connector == 2


def refused_until_given_up(log: Log, t: float, connector: int, meter: int) -> None:
    told = {"connectorId": connector, "idTag": "TAG1", "meterStart": meter, "timestamp": at(t)}
    for n, later in enumerate((0.0, 60.0, 180.0)):
        frame = f"s{connector}{n}"
        log.line(t + later, "send", [2, frame, "StartTransaction", told])
        log.line(t + later + 0.1, "receive", [4, frame, "InternalError", "", {}])


@pytest.mark.parametrize("second_wh", [2000, 3000], ids=["of-one-register", "of-two"])
def test_two_that_end_in_one_instant_are_two_stops(second_wh: int, tmp_path: Path) -> None:
    log = Log(connectors=2)
    for connector in (1, 2):
        log.status(20 + connector, "Preparing", connector)
        refused_until_given_up(log, 30.0 * connector, connector, 1000)
        log.status(35.0 + 30.0 * connector, "Charging", connector)
    told = {"chargePointVendor": "V", "chargePointModel": "M"}
    log.up(900, "BootNotification", told, {"status": "Accepted", "currentTime": at(900), "interval": 300})
    for connector in (0, 1, 2):
        log.status(901 + connector, "Finishing" if connector else "Available", connector)
    for n, wh in enumerate((2000, second_wh)):
        stop = {"transactionId": -1, "meterStop": wh, "timestamp": at(880), "reason": "PowerLoss"}
        log.up(905 + n, "StopTransaction", stop)
    log.up(1200, "Heartbeat", {}, {"currentTime": at(1200)})
    log.up(1500, "Heartbeat", {}, {"currentTime": at(1500)})
    assert found(log.verdict(tmp_path)) == set()
