"""Of a station that is watched from its first moment on every reservation that was made is known (5.4)."""

from pathlib import Path

import pytest
from edges import judged
from edges.short import idle, order, status
from handmade import at

KEPT = "reservation.kept"
WATCHED = {"behaviour": "ocpp16", "csms": "embedded", "clock": {"offset_s": 0.0, "drift_ppm": 0.0}}
WISH = {"connectorId": 1, "expiryDate": at(3600), "idTag": "TAG1"}


@pytest.mark.parametrize(("made_id", "found"), [(5, False), (6, True)])
def test_only_what_was_reserved_can_be_cancelled(made_id: int, found: bool, tmp_path: Path) -> None:
    """A boot may keep it, or not (5.13)."""
    made = idle()
    made.summary = WATCHED
    order(made, 600.0, "ReserveNow", WISH | {"reservationId": made_id})
    status(made, 600.5, "Reserved")
    boot = made.calls("BootNotification")[0]
    reply = {"status": "Accepted", "currentTime": at(650), "interval": 3600}
    made.interject(650.0, "BootNotification", boot["frame"][3], reply)
    order(made, 700.0, "CancelReservation", {"reservationId": 5})
    status(made, 700.5, "Available")
    said = {one["requirement"] for one in judged(made, tmp_path, {}).findings}
    assert (KEPT in said) is found
