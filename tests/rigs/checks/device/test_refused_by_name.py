"""What an EVC5 lacks it refuses with the code for it: sheet tables 1, 8 and 12, J 4.2.3."""

from pathlib import Path
from typing import Any

import pytest
from edges import judged
from edges.short import idle
from handmade import at

MESSAGE = "sheet.message"
WISH = {"connectorId": 1, "expiryDate": at(3600), "idTag": "TAG1", "reservationId": 5}


@pytest.mark.parametrize(
    ("action", "payload", "answer", "found"),
    [
        ("ReserveNow", WISH, ["NotSupported", "", {}], 0),
        ("ReserveNow", WISH, ["NotImplemented", "", {}], 1),
        ("ReserveNow", WISH, {"status": "Rejected"}, 1),
        ("ClearCache", {}, {"status": "Accepted"}, 0),
        ("ClearCache", {}, ["InternalError", "", {}], 1),
    ],
)
def test_each_message_has_the_answer_of_its_table(
    action: str, payload: dict[str, Any], answer: Any, found: int, tmp_path: Path
) -> None:
    made = idle()
    made.interject(600.0, action, payload, answer, direction="down")
    said = [one["requirement"] for one in judged(made, tmp_path, {}).findings]
    assert said.count(MESSAGE) == found
