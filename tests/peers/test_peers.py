"""The charge point against back offices of others, each a process of its own.

Each has a week in lockstep, half a minute of real time, and asks for everything on the sheet.
"""

import csv
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from peer import COMMANDS, Peer, Refused, available

from evc5.rigs.bench.bench import Bench
from evc5.rigs.bench.rig import Rig
from evc5.rigs.rigfile.file import RigFile

pytestmark = pytest.mark.peers
EVERY = sorted(COMMANDS)


@pytest.fixture(autouse=True)
def runs_here(name):
    if not available(name):
        pytest.skip("npm ci in tests/peers installs it")


def boot_script(rig):
    """What the rig's own back office does, for another one to do after the boot."""
    return [["GetConfiguration", {}], *([action.action, action.payload] for action in rig.csms.actions)]


def without_temperature(rig):
    """The same rig without the unit "Celsius", which the schemas as first published do not know."""
    table = rig.model_dump(by_alias=True, exclude_unset=True)
    keys = table["station"]["keys"]
    for key in ("MeterValuesSampledData", "MeterValuesAlignedData"):
        keys[key] = [item for item in keys[key] if item != "Temperature"]
    return RigFile.parse(table, rig._path)


def verdicts(run):
    return {row["id"]: row["verdict"] for row in run.summary["requirements"]}


def call_errors(run):
    return [frame.frame for frame in run.frames() if frame.kind == "CALLERROR"]


@pytest.mark.parametrize("name", EVERY)
def test_a_week_in_lockstep_has_the_verdict_and_the_frames_of_the_week_in_memory(name, tmp_path):
    rig = Rig.load("week")
    if name == "ocpp-ts":
        rig = Rig(without_temperature(rig.file))
    with Peer(name, tmp_path, onBoot=boot_script(rig.file)) as peer:
        wire = rig.run(out=tmp_path / "wire", csms=peer.url)
    memory = rig.run(out=tmp_path / "memory")
    assert call_errors(wire) == []
    assert wire.passed and verdicts(wire) == verdicts(memory)
    assert Counter(requests(wire)) == Counter(requests(memory))


def requests(run):
    """The requests of the charge point, without what the CSMS chooses: the number of a transaction."""
    for frame in run.frames():
        if frame.kind == "CALL" and frame.dir == "up":
            payload = {key: value for key, value in frame.payload.items() if key != "transactionId"}
            yield frame.t, frame.action, json.dumps(payload)


REAL_TIME = {
    "chg_KWH1": "EASTR_SDM630,1,9600,N,1", "MeterValueSampleInterval": 2,
    "MeterValuesSampledData": ["Current.Import", "Energy.Active.Import.Register"],
}  # fmt: skip


@pytest.fixture(scope="module")
def half_minutes(tmp_path_factory):
    """Half a minute of real time with each back office, all at once: what came of it, by name."""
    here = [name for name in EVERY if available(name)]
    with ThreadPoolExecutor(len(here)) as pool:
        return dict(zip(here, pool.map(half_a_minute, here, map(tmp_path_factory.mktemp, here)), strict=True))


def half_a_minute(name, folder):
    with (
        Peer(name, folder) as peer,
        Bench(csms=peer.url, pace=1.0, start="now", keys=REAL_TIME, out=folder / "run") as bench,
    ):
        bench.plug_in(1, "vw-id3-58", soc=0.3)
        bench.present_tag(1, "TAG1")
        bench.advance(26)
        bench.present_tag(1, "TAG1")
        bench.unplug(1)
        bench.advance(4)
        run, heard = bench.run_so_far(), Counter(row["action"] for row in peer.heard())
    return run, heard, json.loads((folder / "run" / "summary.json").read_text())["lateness"]


@pytest.mark.parametrize("name", EVERY)
def test_half_a_minute_in_real_time_with_a_transaction_running(name, half_minutes):
    run, heard, lateness = half_minutes[name]
    assert run.passed and call_errors(run) == []
    assert heard["StartTransaction"] == heard["StopTransaction"] == 1 and 11 <= heard["MeterValues"] <= 14
    assert lateness["p99_s"] < 1.0  # the true figure is test_wire_pace.py's


PROFILE = {
    "chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": {
        "startSchedule": "2024-03-01T00:00:00Z", "duration": 86400, "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.1}, {"startPeriod": 3600, "limit": 13.7}],
    },
}  # fmt: skip
REFUSED = None

# Every request of the sheet's first table, what it is asked with, and what may be answered.
# A set: allowed statuses; None: a CALLERROR NotSupported; a string: a member that the answer has.
SCRIPT = [
    ("GetConfiguration", {}, "configurationKey"),
    ("GetConfiguration", {"key": ["HeartbeatInterval", "NoSuchKey"]}, "unknownKey"),
    ("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "30"}, {"Accepted"}),
    ("ChangeConfiguration", {"key": "NumberOfConnectors", "value": "3"}, {"Rejected"}),
    ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": PROFILE}, {"Accepted"}),
    ("GetCompositeSchedule", {"connectorId": 1, "duration": 7200, "chargingRateUnit": "A"}, {"Accepted"}),
    ("RemoteStartTransaction", {"idTag": "TAG1", "connectorId": 1}, {"Accepted"}),
    ("TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 1}, {"Accepted"}),
    ("TriggerMessage", {"requestedMessage": "Heartbeat"}, {"Accepted"}),
    ("RemoteStopTransaction", {"transactionId": 1}, {"Accepted"}),
    ("RemoteStopTransaction", {"transactionId": 99}, {"Rejected"}),
    ("ClearChargingProfile", {"id": 1}, {"Accepted"}),
    ("ClearChargingProfile", {"id": 1}, {"Unknown"}),
    ("ChangeAvailability", {"connectorId": 2, "type": "Inoperative"}, {"Accepted"}),
    ("ChangeAvailability", {"connectorId": 2, "type": "Operative"}, {"Accepted"}),
    ("UnlockConnector", {"connectorId": 1}, {"Unlocked"}),
    ("ClearCache", {}, {"Accepted", "Rejected"}),
    ("GetLocalListVersion", {}, "listVersion"),
    ("SendLocalList", {"listVersion": 1, "updateType": "Full"}, {"Accepted", "NotSupported", "Failed"}),
    ("DataTransfer", {"vendorId": "nobody"}, {"UnknownVendorId"}),
    ("GetDiagnostics", {"location": "ftp://127.0.0.1/none"}, ""),
    ("UpdateFirmware", {"location": "ftp://127.0.0.1/none", "retrieveDate": "2030-01-01T00:00:00Z"}, ""),
    ("ReserveNow", {"connectorId": 1, "expiryDate": "2030-01-01T00:00:00Z", "idTag": "T", "reservationId": 1},
     REFUSED),
    ("CancelReservation", {"reservationId": 1}, REFUSED),
    ("Reset", {"type": "Soft"}, {"Accepted"}),
]  # fmt: skip


@pytest.mark.parametrize("name", EVERY)
def test_every_request_of_the_sheet_is_answered(name, tmp_path):
    with Peer(name, tmp_path) as peer, Bench(csms=peer.url, start="2024-03-01T10:00:00Z") as bench:
        bench.plug_in(1, "vw-id3-58", soc=0.3)
        bench.advance(10)
        for action, payload, allowed in SCRIPT:
            if allowed is REFUSED:
                with pytest.raises(Refused, match="NotSupported"):
                    peer.ask(action, payload)
                continue
            answer = peer.ask(action, payload)
            assert not isinstance(allowed, str) or allowed in ("", *answer), action
            assert not isinstance(allowed, set) or answer["status"] in allowed, action
            bench.advance(30)
        heard = Counter(row["action"] for row in peer.heard())
    assert heard["StartTransaction"] == heard["StopTransaction"] == 1
    assert heard["BootNotification"] == 2 and heard["Heartbeat"] >= 1
    assert {action for action, _, _ in SCRIPT} == of_the_sheet()


def of_the_sheet():
    """The requests of a back office in the sheet's first table."""
    with (Path(__file__).parents[1] / "spec" / "sheet.csv").open(newline="") as file:
        rows = csv.DictReader(file)
        return {row["row"] for row in rows if row["table"] == "1" and row["initiator"] == "Central System"}


@pytest.mark.parametrize("name", ["ocpp-ts"])
def test_the_first_schemas_refuse_celsius_and_the_recording_says_so(name, tmp_path):
    rig = Rig.load("first-charge")
    with Peer(name, tmp_path) as peer:
        run = rig.run(days=0.1, out=tmp_path / "run", csms=peer.url)
    assert {frame[2] for frame in call_errors(run)} == {"FormationViolation"}
