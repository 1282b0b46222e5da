"""evc5 csms: real charge points dial in, are known or refused, recorded, driven by a rig and judged."""

import http
import io
import threading
import time
from contextlib import contextmanager

import orjson
import pytest
from local_csms import CERTIFICATES, until
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from rigs.csms_command import Order, serve
from rigs.errors import BadInput
from rigs.hardware import Operator, Script, steps
from rigs.rigfile import RigFile
from rigs.serve import Address
from rigs.service import Plan, Service
from twin.endpoint import Endpoint
from twin.websocket import open_socket

HEX = "00112233445566778899AABBCCDDEEFF00112233"
BOOT = ["BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}]
LOCAL = Address(port=0)


@contextmanager
def service(plan, address=LOCAL):
    """A service in a thread of its own, as `evc5 csms` runs it."""
    one = Service(plan, address, lambda _: None)
    over = threading.Event()

    def run():
        while not over.is_set():
            one.run(0.02)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield one
    finally:
        over.set()
        thread.join()
        one.close()


class Charger:
    """A charge point of a few lines."""

    def __init__(self, url, identity, **how):
        dialled = connect(f"{url}/{identity}", subprotocols=["ocpp1.6"], compression=None, **how)
        self.socket = dialled.__enter__()
        self.asked, self._n = [], 0

    def call(self, action, payload):
        self._n += 1
        self.socket.send(orjson.dumps([2, str(self._n), action, payload]).decode())
        while True:
            frame = orjson.loads(self.socket.recv(timeout=5.0))
            if frame[0] != 2:
                return frame
            self.answer(frame)

    def answer(self, frame):
        self.asked.append(frame[2:])
        reply = {"configurationKey": []} if frame[2] == "GetConfiguration" else {"status": "Accepted"}
        self.socket.send(orjson.dumps([3, frame[1], reply]).decode())

    def listen(self):
        frame = orjson.loads(self.socket.recv(timeout=5.0))
        self.answer(frame)
        return frame[2:]

    def close(self):
        self.socket.close()


@contextmanager
def charger(one, identity, **how):
    each = Charger(one.server.url, identity, **how)
    try:
        yield each
    finally:
        each.close()


def messages(directory):
    return [orjson.loads(line) for line in (directory / "messages.jsonl").read_bytes().splitlines()]


def events(directory):
    return [orjson.loads(line) for line in (directory / "events.jsonl").read_bytes().splitlines()]


# --- who may come ---


def test_a_charge_point_is_answered_and_asked_for_its_configuration(tmp_path):
    with service(Plan(tmp_path)) as one, charger(one, "CP%201") as it:
        kind, _, answer = it.call(*BOOT)
        assert kind == 3 and answer["status"] == "Accepted"
        assert it.listen() == ["GetConfiguration", {}]
        it.call("Heartbeat", {})
    frames = messages(tmp_path / "CP 1")
    assert [(row["dir"], row["frame"][0]) for row in frames] == [
        ("up", 2), ("down", 3), ("down", 2), ("up", 3), ("up", 2), ("down", 3)
    ]  # fmt: skip
    assert [row["event"] for row in events(tmp_path / "CP 1")] == ["link-up", "link-down"]


def test_an_unknown_identity_gets_404(tmp_path):
    with service(Plan(tmp_path, keys={"CP1": ""})) as one:
        with pytest.raises(InvalidStatus) as raised, charger(one, "CP2"):
            pass
        assert raised.value.response.status_code == http.HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("key", [HEX, "sixteen letters!"])
def test_a_charge_point_with_the_right_key_is_let_in(tmp_path, key):
    with service(Plan(tmp_path, keys={"CP1": key})) as one:
        open_socket(Endpoint(one.server.url, "CP1", lambda: key)).close()


@pytest.mark.parametrize("key", ["", "another key of 20"])
def test_a_charge_point_without_the_right_key_gets_401(tmp_path, key):
    with service(Plan(tmp_path, keys={"CP1": HEX})) as one:
        headers = {"Authorization": Endpoint("ws://x", "CP1", lambda: key).authorization()} if key else None
        with pytest.raises(InvalidStatus) as raised, charger(one, "CP1", additional_headers=headers):
            pass
        assert raised.value.response.status_code == http.HTTPStatus.UNAUTHORIZED
        assert "Basic" in raised.value.response.headers["WWW-Authenticate"]


def test_without_the_subprotocol_the_handshake_is_completed_and_the_socket_closed(tmp_path):
    with service(Plan(tmp_path)) as one, connect(f"{one.server.url}/CP1", compression=None) as socket:
        assert socket.subprotocol is None
        with pytest.raises(Exception, match="1002"):
            socket.recv(timeout=2.0)


def test_wss_is_served_with_a_certificate(tmp_path):
    address = Address(port=0, certificate=CERTIFICATES / "csms.pem", key=CERTIFICATES / "csms.key")
    with service(Plan(tmp_path), address) as one:
        there = Endpoint(one.server.url, "CP1", ca_file=CERTIFICATES / "csms.pem")
        assert there.secure
        open_socket(there).close()


def test_a_certificate_without_its_key_is_refused_in_one_line():
    with pytest.raises(BadInput, match="--tls-cert"):
        Service(Plan(CERTIFICATES), Address(port=0, certificate=CERTIFICATES / "csms.pem"), lambda _: None)


def test_a_port_that_is_taken_is_one_line(tmp_path):
    with (
        service(Plan(tmp_path)) as one,
        pytest.raises(BadInput, match=r"--port: 127\.0\.0\.1:\d+ cannot be listened on"),
    ):
        Service(Plan(tmp_path), Address(port=one.server.port), lambda _: None)


# --- several, and their recordings ---


def test_several_charge_points_have_a_run_directory_each_and_one_count_of_transactions(tmp_path):
    start = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": "2024-01-01T00:00:00Z"}
    with service(Plan(tmp_path)) as one, charger(one, "A") as a, charger(one, "B%2F..") as b:
        numbers = [it.call("StartTransaction", start)[2]["transactionId"] for it in (a, b)]
        until(lambda: len(one.stations) == 2)
    assert sorted(numbers) == [1, 2]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["A", "B%2f.."]


def test_a_charge_point_that_dials_in_anew_replaces_its_old_socket(tmp_path):
    with service(Plan(tmp_path)) as one, charger(one, "A") as old:
        old.call(*BOOT)
        with charger(one, "A") as new:
            assert new.call("Heartbeat", {})[0] == 3
            with pytest.raises(Exception, match=r"close|1006"):
                while True:
                    old.socket.recv(timeout=2.0)


def test_what_is_no_frame_is_recorded_and_the_next_frame_answered(tmp_path):
    with service(Plan(tmp_path)) as one, charger(one, "A") as it:
        it.socket.send("nonsense \r\n")
        it.socket.send(b"\xff\x00")
        assert it.call("Heartbeat", {})[0] == 3
    assert [row.get("text") for row in messages(tmp_path / "A")][:2] == ["nonsense \r\n", "\\xff\x00"]


def test_a_charge_point_that_reads_nothing_is_hung_up_on_before_memory_grows(tmp_path, monkeypatch):
    monkeypatch.setattr("rigs.serve.UNSENT", 5)
    with service(Plan(tmp_path)) as one, charger(one, "A") as it:
        it.call(*BOOT)
        line = one.stations["A"].line
        one.hub.post(lambda: [line.send("x" * 500_000) for _ in range(100)])
        until(lambda: one.stations["A"].line is None)


# --- a rig on hardware ---

RIG = {
    "name": "hands",
    "start": "2024-03-01T10:00:00Z",
    "days": 4e-6,
    "station": {"backend": "hardware", "identity": "CP1", "connectors": 1, "behaviour": "ocpp16"},
    "sessions": [
        {
            "vehicle": "vw-id3-58",
            "soc": 0.5,
            "plug_in": 0.0,
            "unplug": 0.1,
            "tag_after_s": 0.05,
            "id_tag": "TAG9",
        }
    ],
    "csms": {"actions": [{"at": 0.03, "action": "ClearCache"}], "tags": {"TAG9": {"status": "Blocked"}}},
    "recording": {"report": False},
}


def test_the_steps_of_a_rig_are_what_hands_have_to_do_in_order():
    outages = [{"from": 0.3, "to": 0.4, "kind": "power"}, {"from": 0.5, "to": 0.6}]
    faults = [{"at": 0.07, "fault": "ground-failure", "clear_at": 0.08}]
    rig = RigFile.parse({**RIG, "outages": outages, "faults": faults})
    assert [step.event for step in steps(rig)] == [
        "plug-in", "tag", "fault", "clear", "unplug", "power-cut", "power-restore"
    ]  # fmt: skip


class Hands(io.StringIO):
    """Answers as a person would, a little later."""

    def __init__(self, *answers):
        super().__init__()
        self._waiting = list(answers)

    def readline(self):
        time.sleep(0.005)
        return self._waiting.pop(0) if self._waiting else ""


def test_what_the_operator_does_becomes_an_event_and_the_back_office_acts_by_itself(tmp_path):
    rig, prompts = RigFile.parse(RIG), io.StringIO()
    with service(Plan(tmp_path, rig, {"CP1": ""})) as one:
        operator = Operator(one.hub, prompts, Hands("\n", "the grey card\n", "s\n"))
        one.on_first.append(lambda station: Script(one, station, rig, operator))
        with charger(one, "CP1") as it:
            assert it.call("Authorize", {"idTag": "TAG9"})[2]["idTagInfo"]["status"] == "Blocked"
            assert it.listen() == ["ClearCache", {}]
            until(lambda: "Unplug" in prompts.getvalue())
            time.sleep(0.05)
    told = [(row["event"], row["detail"]) for row in events(tmp_path)]
    plug, tag, skipped = (detail for event, detail in told if event in ("plug-in", "tag", "operator"))
    assert plug["vehicle"] == "vw-id3-58" and plug["waited_s"] > 0
    assert tag["id_tag"] == "TAG9" and tag["note"] == "the grey card"
    assert skipped["skipped"] == "Unplug the car at connector 1"
    assert "Plug the VW ID.3" in prompts.getvalue() and "TAG9" in prompts.getvalue()


def test_outages_of_the_rig_close_the_socket_and_refuse_the_next(tmp_path):
    rig = RigFile.parse({**RIG, "sessions": [], "outages": [{"from": 0.05, "to": 0.15}]})
    with service(Plan(tmp_path, rig, {"CP1": ""})) as one:
        one.on_first.append(lambda station: Script(one, station, rig, None))
        with charger(one, "CP1") as it:
            it.call(*BOOT)
            until(lambda: one.refusing)
            with pytest.raises(Exception, match=r"close|1006"):
                while True:
                    it.socket.recv(timeout=2.0)
        until(lambda: not one.refusing)
        with charger(one, "CP1") as it:
            assert it.call("Heartbeat", {})[0] == 3
    assert [row["event"] for row in events(tmp_path)][:3] == ["link-up", "link-down", "link-up"]


def test_a_rig_on_hardware_is_judged_at_the_end_of_its_time(tmp_path, monkeypatch):
    monkeypatch.setattr("rigs.csms_command.LOOK_S", 0.02)
    monkeypatch.setattr("sys.stdin", Hands("\n", "\n", "\n", "\n", "\n"))
    said, outcome = [], []
    order = Order(LOCAL, RigFile.parse(RIG), out=tmp_path / "run")
    thread = threading.Thread(target=lambda: outcome.append(serve(order, said.append)))
    thread.start()
    until(lambda: said)
    it = Charger(said[0].split()[-1].removesuffix("/<identity>"), "CP1")
    it.call(*BOOT)
    it.listen()
    thread.join(10.0)
    it.close()
    (run,) = outcome[0].runs
    assert run.directory == tmp_path / "run" and run.summary["csms"] == "served" and run.passed
    assert not outcome[0].interrupted


def test_when_the_operator_leaves_the_run_is_interrupted(tmp_path, monkeypatch):
    monkeypatch.setattr("rigs.csms_command.LOOK_S", 0.02)
    monkeypatch.setattr("sys.stdin", Hands())
    said, outcome = [], []
    order = Order(LOCAL, RigFile.parse(RIG), out=tmp_path / "run")
    thread = threading.Thread(target=lambda: outcome.append(serve(order, said.append)))
    thread.start()
    until(lambda: said)
    it = Charger(said[0].split()[-1].removesuffix("/<identity>"), "CP1")
    thread.join(10.0)
    it.close()
    assert outcome[0].interrupted and "the operator is gone: the run ends here" in said
