"""Firmware updates and diagnostics over the wire, from simulated and from real servers."""

from pathlib import Path
from typing import Any

import pytest
from servers import ftp_server, http_server
from wire import charging, frames, sent, statuses

from evc5.rigs.bench.bench import Bench
from evc5.rigs.errors import BadInput, NotAvailable
from evc5.twin.services.files import SimulatedFiles
from evc5.twin.services.firmware import image

URL = "http://files.example/evc5.bin"
NEW = "V32R31"
START = "2024-01-01T00:00:00Z"


def update(bench: Bench, location: str = URL, when: str = START, **more: int) -> Bench:
    assert bench.call("UpdateFirmware", {"location": location, "retrieveDate": when, **more}) == {}
    return bench


def told(bench: Bench, action: str = "FirmwareStatusNotification") -> list[str]:
    return [payload["status"] for payload in sent(bench, action)]


def version(bench: Bench) -> str:
    number: str = sent(bench, "BootNotification")[-1]["firmwareVersion"]
    return number


WHOLE = ["Downloading", "Downloaded", "Installing", "Installed"]


def with_image(content: bytes | None = None, **options: Any) -> Bench:
    bench = Bench(**options)
    bench.files[URL] = image(NEW) if content is None else content
    return bench


# --- an update, 5.19 ---


def test_an_update_is_fetched_installed_and_told_step_by_step() -> None:
    bench = update(with_image()).advance(600)
    assert told(bench) == WHOLE
    assert (version(bench), len(sent(bench, "BootNotification"))) == (NEW, 2)
    assert statuses(bench, 1)[-1] == "Available"


def test_installed_is_told_after_the_new_firmware_has_booted() -> None:
    bench = update(with_image()).advance(600)
    actions = [
        (frame[2], frame[3].get("status")) for way, frame in frames(bench) if way == "up" and frame[0] == 2
    ]
    boots = [n for n, (action, _) in enumerate(actions) if action == "BootNotification"]
    assert actions.index(("FirmwareStatusNotification", "Installing")) < boots[1]
    assert boots[1] < actions.index(("FirmwareStatusNotification", "Installed"))


def test_an_update_waits_for_its_retrieve_date() -> None:
    bench = update(with_image(), when="2024-01-01T02:00:00Z")
    bench.advance(until="2024-01-01T01:59:59Z")
    before = told(bench)
    bench.advance(1)
    assert (before, told(bench)) == ([], ["Downloading"])


def test_a_file_takes_the_time_its_size_asks_for() -> None:
    bench = update(with_image(image(NEW, 1_250_000)))
    bench.advance(10)
    before = told(bench)
    bench.advance(2)
    assert (before, told(bench)[:2]) == (["Downloading"], ["Downloading", "Downloaded"])


def test_an_update_waits_until_nobody_charges_and_lets_nobody_new_begin() -> None:
    bench = update(charging(with_image())).advance(600)
    assert told(bench) == ["Downloading", "Downloaded"]
    assert statuses(bench, 2)[-1] == "Unavailable" and bench.reading(1)["p_w"] > 1000
    charging(bench, 2)
    assert len(sent(bench, "StartTransaction")) == 1
    bench.present_tag(1, "TAG1")
    bench.advance(1)
    assert told(bench) == ["Downloading", "Downloaded", "Installing"]
    bench.advance(600)
    assert told(bench) == WHOLE
    assert [stop["reason"] for stop in sent(bench, "StopTransaction")] == ["Local"]


def test_without_fw_update_in_idle_only_an_update_ends_what_runs() -> None:
    bench = update(charging(with_image(keys={"com_FwOptions": "FwUpdateInIdleOnly=0"}))).advance(600)
    assert told(bench) == WHOLE
    assert [stop["reason"] for stop in sent(bench, "StopTransaction")] == ["Reboot"]


@pytest.mark.parametrize(
    ("more", "attempts"), [({}, 3), ({"retries": 1}, 1), ({"retries": 5, "retryInterval": 10}, 5)]
)
def test_a_file_that_is_not_there_is_tried_again_and_then_given_up(
    more: dict[str, int], attempts: int
) -> None:
    bench = Bench()
    asked: list[str] = []
    servers = bench.assembly.station.files
    get = servers.get
    servers.get = lambda url: (asked.append(url), get(url))[1]  # type: ignore[method-assign]
    update(bench, **more).advance(900)
    assert told(bench) == ["Downloading", "DownloadFailed"]
    assert asked == [URL] * attempts


def test_a_file_that_appears_between_two_attempts_is_installed() -> None:
    bench = update(Bench(), retries=2, retryInterval=100).advance(50)
    bench.files[URL] = image(NEW)
    bench.advance(600)
    assert told(bench) == WHOLE


@pytest.mark.parametrize(
    "content",
    [b"", b"no image", image(NEW)[:-1], image(NEW)[:-1] + b"?", image("V32R29")],
    ids=["empty", "something else", "cut", "damaged", "older"],
)
def test_what_is_no_newer_image_is_not_installed_and_the_station_goes_on(content: bytes) -> None:
    bench = update(with_image(content)).advance(600)
    assert told(bench) == ["Downloading", "Downloaded", "Installing", "InstallationFailed"]
    assert (len(sent(bench, "BootNotification")), statuses(bench, 1)[-1]) == (1, "Available")
    charging(bench)
    assert len(sent(bench, "StartTransaction")) == 1


@pytest.mark.parametrize("after_s", [1, 20, 70])
def test_an_update_goes_on_after_a_power_cut(after_s: int) -> None:
    bench = update(with_image(image(NEW, 1_250_000))).advance(after_s)
    bench.power.cut()
    bench.advance(5)
    bench.power.restore()
    bench.advance(600)
    assert (told(bench)[-1], version(bench)) == ("Installed", NEW)


def test_steps_that_happened_offline_are_told_when_the_back_office_is_there_again() -> None:
    bench = with_image(image(NEW, 1_250_000))
    update(bench).advance(2)
    bench.link.down()
    bench.advance(30)
    before = told(bench)
    bench.link.up()
    bench.advance(600)
    assert (before, told(bench)) == (["Downloading"], WHOLE)


def test_a_later_request_takes_the_place_of_one_that_waits() -> None:
    bench = with_image()
    update(bench, when="2024-01-01T02:00:00Z")
    update(bench, "http://files.example/other.bin", retries=1).advance(3 * 3600)
    assert told(bench) == ["Downloading", "DownloadFailed"]


def test_new_firmware_outlives_the_process(tmp_path: Path) -> None:
    memory = str(tmp_path / "memory.db")
    update(with_image(memory=memory)).advance(600)
    assert version(Bench(memory=memory)) == NEW


@pytest.mark.parametrize(
    ("action", "status"),
    [("FirmwareStatusNotification", "Downloading"), ("DiagnosticsStatusNotification", "Idle")],
)
def test_under_the_standard_a_trigger_tells_how_far_it_is(action: str, status: str) -> None:
    bench = update(with_image(behaviour="ocpp16")).advance(1)
    before = len(sent(bench, action))
    assert bench.call("TriggerMessage", {"requestedMessage": action}) == {"status": "Accepted"}
    bench.advance(1)
    assert told(bench, action)[before] == status


# --- diagnostics, 5.9 and sheet 3.2.1 ---

PLACE = "ftp://files.example/logs"
DIAGNOSTICS = "DiagnosticsStatusNotification"


def delivered(bench: Bench, **more: Any) -> tuple[str | None, bytes]:
    """The name in GetDiagnostics.conf, and the file that then came."""
    name = bench.call("GetDiagnostics", {"location": PLACE, **more}).get("fileName")
    bench.advance(120)
    return name, bench.files.get(f"{PLACE}/{name}", b"")


def test_diagnostics_are_delivered_as_a_file_that_tells_what_happened() -> None:
    bench = charging(Bench())
    name, content = delivered(bench)
    assert name == "EVC5-0001Diag001.xls"
    assert b"1 Charging" in content and b"1 transaction begins TAG1" in content
    assert told(bench, DIAGNOSTICS) == ["Uploading", "Uploaded"]


def test_diagnostics_are_deleted_when_they_were_read() -> None:
    bench = charging(Bench())
    delivered(bench)
    assert bench.call("GetDiagnostics", {"location": PLACE}) == {}
    bench.unplug(1)
    bench.advance(1)
    name, content = delivered(bench)
    assert name == "EVC5-0001Diag002.xls" and b"Charging" not in content and b"1 Available" in content


@pytest.mark.slow
def test_the_store_holds_about_two_mebibytes_of_the_latest() -> None:
    bench = Bench()
    diagnostics = bench.assembly.station.diagnostics
    for number in range(40_000):
        diagnostics.note(f"{number:060}")
    _, content = delivered(bench)
    assert 2**21 - 200 < len(content) <= 2**21
    assert f"{39_999:060}".encode() in content and f"{0:060}".encode() not in content


def test_diagnostics_that_cannot_be_delivered_are_kept() -> None:
    bench = charging(Bench())
    bench.assembly.station.files.takes = False  # type: ignore[attr-defined]
    name, _ = delivered(bench, retries=5, retryInterval=10)
    assert told(bench, DIAGNOSTICS) == ["Uploading", "UploadFailed"]  # the sheet: retries are ignored
    bench.assembly.station.files.takes = True  # type: ignore[attr-defined]
    again, content = delivered(bench)
    assert (name, again) == ("EVC5-0001Diag001.xls", "EVC5-0001Diag002.xls") and b"Charging" in content


def test_under_the_standard_an_upload_is_tried_again() -> None:
    bench = charging(Bench(behaviour="ocpp16"))
    servers: Any = bench.assembly.station.files
    servers.takes = False
    bench.call("GetDiagnostics", {"location": PLACE, "retries": 2, "retryInterval": 50})
    bench.advance(60)
    servers.takes = True
    bench.advance(120)
    assert told(bench, DIAGNOSTICS) == ["Uploading", "Uploaded"]


@pytest.mark.parametrize(("behaviour", "times"), [("evc5-v32r30", False), ("ocpp16", True)])
def test_only_the_standard_looks_at_start_and_stop_time(behaviour: str, times: bool) -> None:
    bench = Bench(behaviour=behaviour)
    bench.advance(3600)
    charging(bench).advance(3600)
    bench.present_tag(1, "TAG1")
    bench.advance(60)
    _, content = delivered(bench, startTime="2024-01-01T00:30:00Z", stopTime="2024-01-01T01:30:00Z")
    assert b"1 Charging" in content
    assert (b"start of V32R30" not in content and b"1 Finishing" not in content) is times


# --- real servers ---


def test_firmware_comes_and_diagnostics_go_by_http() -> None:
    files = {"/evc5.bin": image(NEW, 100_000)}
    with http_server(files) as address:
        bench = charging(Bench(transfers="network"))
        name = bench.call("GetDiagnostics", {"location": f"{address}/logs"})["fileName"]
        bench.advance(60)
        bench.unplug(1)
        update(bench, f"{address}/evc5.bin").advance(600)
    assert told(bench) == WHOLE and version(bench) == NEW
    assert told(bench, DIAGNOSTICS) == ["Uploading", "Uploaded"] and b"Charging" in files[f"/logs/{name}"]


def test_firmware_comes_and_diagnostics_go_by_ftp() -> None:
    files = {"/pub/evc5.bin": image(NEW, 100_000)}
    with ftp_server(files, accounts={"evc5": "s3cret"}) as address:
        bench = charging(Bench(transfers="network"))
        name = bench.call("GetDiagnostics", {"location": f"ftp://evc5:s3cret@{address}/logs"})["fileName"]
        bench.advance(60)
        bench.unplug(1)
        update(bench, f"ftp://evc5:s3cret@{address}/pub/evc5.bin").advance(600)
    assert told(bench) == WHOLE and version(bench) == NEW
    assert told(bench, DIAGNOSTICS) == ["Uploading", "Uploaded"] and b"Charging" in files[f"/logs/{name}"]


def test_what_a_real_server_refuses_has_failed() -> None:
    with http_server({}) as address, ftp_server({}, accounts={"evc5": "s3cret"}) as ftp:
        bench = charging(Bench(transfers="network"))
        for place in (
            f"{address}/full",
            f"ftp://evc5:wrong@{ftp}/logs",
            "gopher://127.0.0.1/",
            "http://127.0.0.1:1/",
            "http://[/logs",
            f"{address}/a b",
        ):
            bench.call("GetDiagnostics", {"location": place})
            bench.advance(30)
        for place in (f"{address}/none.bin", f"ftp://evc5:s3cret@{ftp}/none.bin", "file:///etc/hosts", "?"):
            update(bench, place, retries=1).advance(30)
    assert told(bench, DIAGNOSTICS) == ["Uploading", "UploadFailed"] * 6
    assert told(bench) == ["Downloading", "DownloadFailed"] * 4


@pytest.mark.parametrize("asked_s", [30.0, 64.7])  # while it installs; installed, about to restart
def test_an_update_asked_for_while_another_is_installed_is_begun_when_that_is_done(asked_s: float) -> None:
    bench = update(with_image()).advance(asked_s)
    assert told(bench) == WHOLE[:3]
    bench.files[f"{URL}2"] = image("V32R32")
    update(bench, f"{URL}2").advance(600)
    assert told(bench) == WHOLE * 2 and version(bench) == "V32R32"


# --- the rig file ---


def test_a_rig_names_what_its_servers_hold(tmp_path: Path) -> None:
    (tmp_path / "new.bin").write_bytes(image(NEW))
    bench = update(Bench(files={URL: str(tmp_path / "new.bin")})).advance(600)
    assert version(bench) == NEW


def test_a_file_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"station\.files: .*none\.bin: No such file"):
        Bench(files={URL: str(tmp_path / "none.bin")})


def test_a_bench_with_real_servers_has_no_simulated_files() -> None:
    with pytest.raises(NotAvailable):
        _ = Bench(transfers="network").files


def test_a_simulated_server_gives_a_file_whatever_the_password():
    files = SimulatedFiles({"ftp://me:sesame@host/new.bin": b"new"})
    assert files.get("ftp://me:000000@host/new.bin") == files.get("ftp://host/new.bin") == b"new"
    assert files.get("ftp://host/old.bin") is None
