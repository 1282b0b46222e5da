"""What hands and back office meet while the firmware is not running, or has nothing to tell."""

import pytest
from wire import charging

from evc5.rigs.bench.bench import Bench
from evc5.rigs.rigfile.file import RigFile
from evc5.twin.services.firmware import image


@pytest.mark.parametrize("since_s", [1.0, 25.0])
def test_a_card_at_a_reader_without_firmware_does_nothing(since_s: float) -> None:
    bench = Bench()
    bench.plug_in(1)
    bench.power.cut()
    bench.advance(20)
    bench.power.restore()  # it takes 20 s to start
    bench.advance(since_s - 20 if since_s > 20 else 0)
    bench.present_tag(1, "TAG1")
    bench.advance(10)
    assert bench.reading(1)["offered1_a"] == 0
    bench.advance(60)
    assert bench.run_so_far().transactions.empty


@pytest.mark.parametrize("message", ["DiagnosticsStatusNotification", "FirmwareStatusNotification"])
def test_a_trigger_for_work_that_is_not_going_on_is_answered_idle(message: str) -> None:
    bench = Bench(behaviour="ocpp16")
    assert bench.call("TriggerMessage", {"requestedMessage": message}) == {"status": "Accepted"}
    bench.advance(1)
    told = list(bench.run_so_far().frames(action=message))
    assert told[0].payload == {"status": "Idle"}


def test_in_the_dark_nothing_is_fetched_delivered_sampled_or_begun() -> None:
    keys = {"MeterValueSampleInterval": 60, "ClockAlignedDataInterval": 60, "HeartbeatInterval": 60}
    bench = charging(Bench(keys=keys))
    station = bench.assembly.station
    place = "http://files.example/"
    bench.files[f"{place}new.bin"] = image("V32R31")
    request = {"location": f"{place}new.bin", "retrieveDate": "2024-01-01T00:02:00Z"}
    bench.call("UpdateFirmware", request)
    bench.call("GetDiagnostics", {"location": place})  # the cut comes while it is on its way
    bench.power.cut()

    def held() -> tuple[object, ...]:
        memory = station.memory
        return station.restart.life, len(memory.queue), dict(memory.recall("update")), list(bench.files)

    before = held()
    bench.advance(1000)
    assert held() == before and station.diagnostics.reports.status == "Idle"
    bench.power.restore()
    bench.advance(10)
    assert held() == before, "it takes 20 s to start"
    bench.advance(300)
    assert station.firmware.version == "V32R31"


def test_an_upload_that_died_untold_is_not_told_to_have_begun() -> None:
    """Before its boot is accepted a station tells nothing; the power goes meanwhile."""
    pending = {"boot_status": ["Pending", "Accepted"], "boot_interval_s": 30}
    table = {"name": "pending", "start": "2024-03-01T00:00:00Z", "days": 1.0, "csms": pending}
    bench = Bench(rig=RigFile.parse(table | {"station": {"behaviour": "ocpp16"}}))
    assert bench.call("GetDiagnostics", {"location": "http://files.example/"})["fileName"]
    bench.power.cut()
    bench.power.restore()
    bench.advance(300)
    assert bench.assembly.station.agent.registration == "Accepted"
    assert not list(bench.run_so_far().frames(action="DiagnosticsStatusNotification"))
