"""What an order brings about, where all is recorded: a connector unlocked, an interval given by a boot."""

from pathlib import Path

import pytest
from edges import judged
from edges.short import STOP_S, idle, order, short

UNLOCK = {"connectorId": 1}


@pytest.mark.parametrize(
    ("t", "reason", "found"),
    [
        (600.0, "Local", 1),  # the transaction goes on until its card is shown
        (STOP_S - 2.0, "UnlockCommand", 0),
        (STOP_S + 30.0, "Local", 0),  # none runs any more
    ],
)
def test_a_connector_that_is_unlocked_ends_its_transaction(
    t: float, reason: str, found: int, tmp_path: Path
) -> None:
    made = short()
    made.calls("StopTransaction")[0]["frame"][3]["reason"] = reason
    order(made, t, "UnlockConnector", UNLOCK, {"status": "Unlocked"})
    said = [one["message"] for one in judged(made, tmp_path, {}).findings]
    assert sum(message.endswith("was to end") for message in said) == found


@pytest.mark.parametrize(("interval", "found"), [(0, False), (60, True)])
def test_an_interval_of_zero_in_a_boot_leaves_the_choice_to_the_station(
    interval: int, found: bool, tmp_path: Path
) -> None:
    """4.2: any other replaces the key's value."""
    made = idle(end=300.0)
    made.reply_to(made.calls("BootNotification")[0])["frame"][2]["interval"] = interval
    row = {"key": "HeartbeatInterval", "readonly": False, "value": "3600"}
    order(made, 200.0, "GetConfiguration", {"key": ["HeartbeatInterval"]}, {"configurationKey": [row]})
    said = {one["requirement"] for one in judged(made, tmp_path, {}).findings}
    assert ("configuration.kept" in said) is found
