"""What was so before a boot need not be so after it."""

import pytest
from healthy import SAMPLED, errors, step, wait

UPDATE = {"location": "ftp://server/new", "retrieveDate": "2024-03-01T00:01:00Z", "retries": 1}


@pytest.mark.slow
def test_a_fault_that_an_update_met_leads_into_service_once_the_new_firmware_runs() -> None:
    steps = [
        step("serve_image", "ftp://server/new", "V32R31"),
        step("ask", "UpdateFirmware", UPDATE),
        wait(80.0),
        step("inject", "meter-wrong-unit", 1),
        wait(900.0),
        step("clear", "meter-wrong-unit", 1),
        wait(60.0),
    ]
    assert errors({"behaviour": "ocpp16", "keys": SAMPLED}, {"asks_keys": False}, steps) == []
