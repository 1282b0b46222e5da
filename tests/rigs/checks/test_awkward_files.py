"""Not wrong, though files are fetched or sent as something else happens: the least that each case needs."""

import pytest
from healthy import CHARGE, Story, errors, step, wait
from random_days import Step

IMAGE = "ftp://server/new"


def update(date: str) -> Step:
    return step("ask", "UpdateFirmware", {"location": IMAGE, "retrieveDate": date, "retries": 1})


INSTALLED = [wait(30.0), step("serve_image", IMAGE, "V32R31"), update("2024-03-01T00:01:00Z")]
ASKED_WHILE_INSTALLED = [*INSTALLED, wait(60.0), update("2024-03-01T00:10:00Z"), wait(1200.0)]
ASKED_AS_IT_RESTARTS = [*INSTALLED, wait(94.6), update("2024-03-01T00:10:00Z"), wait(1200.0)]
DIAGNOSTICS = step("ask", "GetDiagnostics", {"location": "ftp://server/in"})
ASKED_BEFORE_IT_RESTARTS = [*INSTALLED, wait(94.05), DIAGNOSTICS, wait(900.0)]
ASKED_FOR_AND_RESET = [
    *CHARGE,
    wait(60.0),
    step("ask", "Reset", {"type": "Soft"}),
    wait(1.0),
    step("ask", "TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"}),
    wait(300.0),
    step("ask", "UpdateFirmware", {"location": IMAGE, "retrieveDate": "2024-03-01T00:10:00Z"}),
    wait(900.0),
]
SERVER_GONE_MEANWHILE = [
    step("csms.reply", "StatusNotification", silent=True, times=1),
    step("plug_in", 1),
    DIAGNOSTICS,
    wait(5.0),
    step("take_files", False),
    wait(600.0),
]
CASES: dict[str, Story] = {
    "an-update-asked-for-while-another-is-installed": ({}, {}, ASKED_WHILE_INSTALLED),
    "an-update-asked-for-as-another-restarts": ({}, {}, ASKED_AS_IT_RESTARTS),
    "diagnostics-asked-for-as-an-update-restarts": ({}, {}, ASKED_BEFORE_IT_RESTARTS),
    "a-step-asked-for-and-forgotten-at-a-reset": (
        {"behaviour": "ocpp16", "latency_s": 0.8},
        {},
        ASKED_FOR_AND_RESET,
    ),
    "a-server-that-takes-no-files-after-an-upload": ({}, {}, SERVER_GONE_MEANWHILE),
    "another-update-as-one-that-waits-goes-on-after-a-short-outage": (
        {"behaviour": "ocpp16", "latency_s": 0.05},
        {},
        [
            *CHARGE,
            step("serve_image", IMAGE, "V32R31"),
            update("2024-03-01T00:00:00Z"),
            wait(300.0),
            step("link.down"),
            step("link.up"),
            wait(600.0),
            step("unplug", 1),
            update("2030-01-01T00:00:00Z"),
            wait(20.0),
        ],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_nothing_is_wrong_with_files_meanwhile(case: str) -> None:
    assert errors(*CASES[case]) == []
