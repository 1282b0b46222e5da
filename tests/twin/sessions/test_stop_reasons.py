"""Every reason of OCPP 1.6 7.36 that a StopTransaction can give, over the wire."""

from collections.abc import Callable

import pytest
from wire import charging, sent, statuses

from evc5.rigs.bench.bench import Bench
from evc5.twin.services.firmware import image

URL = "http://files.example/evc5.bin"


def restart(bench: Bench) -> None:
    bench.power.cut()
    bench.power.restore()


def refuse(bench: Bench) -> None:
    """The start is refused when the link is back."""
    bench.csms.reply("StartTransaction", {"transactionId": 1, "idTagInfo": {"status": "Blocked"}})
    bench.unplug(1)
    bench.advance(5)
    charging(bench)


def update(bench: Bench) -> None:
    bench.files[URL] = image("V32R31")
    bench.call("ChangeConfiguration", {"key": "com_FwOptions", "value": "FwUpdateInIdleOnly=0"})
    bench.call("UpdateFirmware", {"location": URL, "retrieveDate": "2024-01-01T00:00:00Z"})


def fill_up(bench: Bench) -> None:
    bench.call("ChangeConfiguration", {"key": "chg_Ch1Options", "value": "StopOnChargeComplete=1"})
    bench.advance(3600)


ENDS: dict[str, Callable[[Bench], object]] = {
    "DeAuthorized": refuse,
    "EmergencyStop": lambda bench: bench.inject("emergency-stop", 1),
    "EVDisconnected": lambda bench: bench.unplug(1),
    "HardReset": lambda bench: bench.call("Reset", {"type": "Hard"}),
    "Local": lambda bench: bench.present_tag(1, "TAG1"),
    "Other": fill_up,
    "PowerLoss": restart,
    "Reboot": update,
    "Remote": lambda bench: bench.call("RemoteStopTransaction", {"transactionId": 1}),
    "SoftReset": lambda bench: bench.call("Reset", {"type": "Soft"}),
    "UnlockCommand": lambda bench: bench.call("UnlockConnector", {"connectorId": 1}),
}


@pytest.mark.parametrize("reason", ENDS)
def test_a_transaction_ends_with_its_reason(reason: str) -> None:
    bench = charging(Bench(), soc=0.995)
    ENDS[reason](bench)
    bench.advance(300)
    [stop] = sent(bench, "StopTransaction")[-1:]
    assert stop["reason"] == reason
    assert ("idTag" in stop) is (reason == "Local")


def test_the_emergency_stop_cuts_the_current_at_once_and_holds_until_it_is_released() -> None:
    bench = charging(Bench())
    bench.inject("emergency-stop", 1)
    bench.advance(0)
    assert bench.reading(1)["phases"] == 0
    bench.advance(5)
    told = sent(bench, "StatusNotification", connectorId=1)[-1]
    assert (told["status"], told["errorCode"], told["info"]) == ("Faulted", "OtherError", "emergency stop")
    bench.present_tag(1, "TAG1")
    bench.advance(30)
    assert len(sent(bench, "StartTransaction")) == 1
    bench.clear("emergency-stop", 1)
    bench.advance(5)
    assert statuses(bench, 1)[-1] == "Finishing"
