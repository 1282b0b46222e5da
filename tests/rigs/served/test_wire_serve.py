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

from evc5.rigs.command.cli import main
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.writing.redaction import redacted
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.served.back_office import Plan, Service
from evc5.rigs.served.listener import Address
from evc5.rigs.served.operator import Operator, Script, steps
from evc5.rigs.served.serve import Order, serve
from evc5.twin.line.endpoint import Endpoint
from evc5.twin.line.websocket import open_socket

HEX = "00112233445566778899AABBCCDDEEFF00112233"
BOOT = ["BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}]
LOCAL = Address(port=0)
PEM = str(CERTIFICATES / "csms.pem")


@contextmanager
def service(plan, address=LOCAL, tell=lambda _: None, **options):
    """A service in a thread of its own, as `evc5 csms` runs it."""
    one = Service(plan, address, tell, **options)
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
            frame = orjson.loads(self.socket.recv(timeout=60.0))
            if frame[0] != 2:
                return frame
            self.answer(frame)

    def answer(self, frame):
        self.asked.append(frame[2:])
        reply = {"configurationKey": []} if frame[2] == "GetConfiguration" else {"status": "Accepted"}
        self.socket.send(orjson.dumps([3, frame[1], reply]).decode())

    def listen(self):
        frame = orjson.loads(self.socket.recv(timeout=60.0))
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


def test_an_unknown_identity_gets_404_and_whoever_watches_is_told(tmp_path):
    said = []
    with service(Plan(tmp_path, keys={"CP1": ""}), tell=said.append) as one:
        with pytest.raises(InvalidStatus) as raised, charger(one, "CP%1b2"):
            pass
        assert raised.value.response.status_code == http.HTTPStatus.NOT_FOUND
        until(lambda: said == ["'CP\\x1b2' is refused: 404, unknown here: CP1 may dial in"])


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
            socket.recv(timeout=60.0)


def test_wss_is_served_with_a_certificate(tmp_path):
    address = Address(port=0, certificate=CERTIFICATES / "csms.pem", key=CERTIFICATES / "csms.key")
    with service(Plan(tmp_path), address) as one:
        there = Endpoint(one.server.url, "CP1", ca_file=CERTIFICATES / "csms.pem")
        assert there.secure
        open_socket(there).close()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--tls-cert", "none.pem"], "--tls-cert none.pem: No such file or directory"),
        (["--tls-cert", PEM], f"--tls-cert {PEM} must be PEM and hold a certificate and its key"),
        (["--tls-cert", PEM, "--tls-key", "none.pem"], "--tls-key none.pem: No such file or directory"),
        (["--tls-key", PEM], "--tls-key must come with --tls-cert"),
        (["--host", "no such host"], "--host no such host: "),
        (["--host", "192.0.2.1"], "--host: 192.0.2.1:0 cannot be listened on: Cannot assign"),
        (["--port", "65536"], "--port: must be a port from 0 to 65535, got 65536"),
        (["--for", "-1"], "--for: must be a number of seconds > 0, got -1"),
        (["--station", "a b"], "--station: must be an identity without spaces, / and :, got 'a b'"),
        (["--out", PEM], f"--out {PEM}: File exists"),
        (["--station", "CP1", "--out", str(CERTIFICATES)], "is not a run directory"),
        (["no-such-rig"], "no-such-rig: neither a file nor a shipped rig"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(flags, said, capsys):
    assert main(["csms", "--port", "0", "--for", "0.01", *flags]) == 2
    told = capsys.readouterr().err.splitlines()
    assert said in told[-1] and told[-1].startswith("evc5: ")


def test_a_port_that_is_taken_is_one_line(tmp_path):
    with (
        service(Plan(tmp_path)) as one,
        pytest.raises(BadInput, match=r"--port: 127\.0\.0\.1:\d+ cannot be listened on: Address already in"),
    ):
        Service(Plan(tmp_path), Address(port=one.server.port), lambda _: None)


def test_a_charge_point_asked_for_by_name_that_never_dials_in_is_no_success(tmp_path, capsys):
    command = ["csms", "--port", "0", "--for", "0.01", "--out", str(tmp_path / "run")]
    assert main([*command, "--station", "CP1", "--station", "CP2"]) == 1
    assert capsys.readouterr().err.splitlines()[-2:] == [
        "CP1 has not dialled in",
        "CP2 has not dialled in",
    ]
    assert main(command) == 1 and "nobody has dialled in" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


# --- several, and their recordings ---


def test_several_charge_points_have_a_run_directory_each_and_one_count_of_transactions(tmp_path):
    start = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": "2024-01-01T00:00:00Z"}
    with (
        service(Plan(tmp_path)) as one,
        charger(one, "A") as a,
        charger(one, "B%2F..") as b,
        charger(one, "B%252f..") as c,
    ):
        numbers = [it.call("StartTransaction", start)[2]["transactionId"] for it in (a, b, c)]
    assert sorted(numbers) == [1, 2, 3]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["A", "B%252f.%2e", "B%2f.%2e"]


def test_a_charge_point_whose_directory_cannot_be_written_is_hung_up_on_and_others_go_on(tmp_path):
    (tmp_path / "A").write_text("a file of someone else")
    said = []
    with service(Plan(tmp_path), tell=said.append) as one, charger(one, "A"), charger(one, "B") as b:
        assert b.call("Heartbeat", {})[0] == 3
        assert any("A is not served: " in line and "is a file" in line for line in said)


def test_a_key_that_a_charge_point_reports_is_recorded_in_zeros(tmp_path):
    class Candid(Charger):
        def answer(self, frame):
            rows = [{"key": "AuthorizationKey", "readonly": True, "value": "sixteen letters!"}]
            self.socket.send(orjson.dumps([3, frame[1], {"configurationKey": rows}]).decode())

    with service(Plan(tmp_path)) as one:
        it = Candid(one.server.url, "A")
        it.call(*BOOT)
        it.listen()
        it.call("Heartbeat", {})
        it.close()
    text = (tmp_path / "A" / "messages.jsonl").read_text()
    assert "sixteen" not in text and '"value":"0000000000000000"' in text


@pytest.mark.parametrize(
    ("frame", "kept"),
    [
        ('[2,"c1","GetDiagnostics",{"location":"ftp://me:sesame@host/x"}]', "ftp://me:000000@host/x"),
        ('[2,"c1","ChangeConfiguration",{"key":"authorizationKEY","value":"sesame"}]', '"value":"000000"'),
        ('[2,"c1","ChangeConfiguration",{"key":"AuthorizationKey","value":"sesame"', "000000"),
        ('[2, "c1", "GetConfiguration", {"key": ["AuthorizationKey"]}]', '{"key": ["AuthorizationKey"]}'),
    ],
)
def test_credentials_in_a_request_of_the_back_office_are_recorded_in_zeros(frame, kept):
    assert kept in redacted(frame) and "sesame" not in redacted(frame)


def test_naming_a_charge_point_on_the_command_line_does_not_take_its_key_away(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr("evc5.rigs.served.serve.Service", lambda plan, *_: seen.append(plan.keys) or 1 / 0)
    rig = RigFile.parse({**RIG, "station": {**RIG["station"], "keys": {"AuthorizationKey": HEX}}})
    with pytest.raises(ZeroDivisionError):
        serve(Order(LOCAL, rig, ("CP1", "CP2"), out=tmp_path / "run"), print)
    assert seen == [{"CP1": HEX, "CP2": ""}]


def test_a_charge_point_that_dials_in_anew_replaces_its_old_socket(tmp_path):
    with service(Plan(tmp_path)) as one, charger(one, "A") as old:
        old.call(*BOOT)
        with charger(one, "A") as new:
            assert new.call("Heartbeat", {})[0] == 3
            with pytest.raises(Exception, match=r"close|1006"):
                while True:
                    old.socket.recv(timeout=60.0)


def test_what_is_no_frame_is_recorded_and_the_next_frame_answered(tmp_path):
    with service(Plan(tmp_path)) as one, charger(one, "A") as it:
        it.socket.send("nonsense \r\n")
        it.socket.send(b"\xff\x00")
        assert it.call("Heartbeat", {})[0] == 3
    assert [row.get("text") for row in messages(tmp_path / "A")][:2] == ["nonsense \r\n", "\\xff\x00"]


def test_a_charge_point_that_reads_nothing_is_hung_up_on_before_memory_grows(tmp_path, monkeypatch):
    monkeypatch.setattr("evc5.rigs.served.sockets.UNSENT", 5)
    with service(Plan(tmp_path)) as one, charger(one, "A") as it:
        it.call(*BOOT)
        line = one.stations["A"].line
        one.hub.post(lambda: [line.send("x" * 500_000) for _ in range(100)])
        until(lambda: one.stations["A"].line is None)


# --- a rig on hardware ---

RIG = {
    "name": "hands",
    "start": "2024-03-01T10:00:00Z",
    "days": 1.5e-6,
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
    """Answers as a person would, a little later, and the last time only when told to."""

    def __init__(self, *answers):
        super().__init__()
        self._waiting = list(answers)
        self.last = threading.Event()

    def readline(self):
        time.sleep(0.005)
        if len(self._waiting) == 1:
            assert self.last.wait(60.0)
        return self._waiting.pop(0) if self._waiting else ""


class Serving:
    """`evc5 csms` with a rig for hardware, in a thread of its own; the charge point has dialled in."""

    def __init__(self, directory, monkeypatch, *answers):
        monkeypatch.setattr("evc5.rigs.served.serve.END_POLL_S", 0.02)
        self.hands, self.said, self._outcome = Hands(*answers), [], []
        monkeypatch.setattr("sys.stdin", self.hands)
        order = Order(LOCAL, RigFile.parse(RIG), out=directory)
        self.thread = threading.Thread(target=lambda: self._outcome.append(serve(order, self.said.append)))
        self.thread.start()
        until(lambda: self.said)
        self.charger = Charger(self.said[0].split()[-1].removesuffix("/<identity>"), "CP1")

    def outcome(self):
        self.thread.join(60.0)
        self.charger.close()
        return self._outcome[0]


@pytest.mark.slow
def test_what_the_operator_does_becomes_an_event_and_the_back_office_acts_by_itself(tmp_path):
    rig, prompts, scripts = RigFile.parse(RIG), io.StringIO(), []
    hands = Hands("\n", "the grey card\n", "s\n")
    with service(Plan(tmp_path, rig, {"CP1": ""})) as one:
        operator = Operator(one.hub, prompts, hands)
        one.on_first.append(lambda station: scripts.append(Script(one, station, rig, operator)))
        with charger(one, "CP1") as it:
            assert it.call("Authorize", {"idTag": "TAG9"})[2]["idTagInfo"]["status"] == "Blocked"
            assert (it.asked or [it.listen()]) == [["ClearCache", {}]]
            hands.last.set()
            until(lambda: scripts[0].over)
    told = [(row["event"], row["detail"]) for row in events(tmp_path)]
    plug, tag, skipped = (detail for event, detail in told if event in ("plug-in", "tag", "operator"))
    assert plug["vehicle"] == "vw-id3-58" and plug["waited_s"] > 0
    assert tag["id_tag"] == "TAG9" and tag["note"] == "the grey card"
    assert skipped["skipped"] == "Unplug the car at connector 1"
    assert "Plug the VW ID.3" in prompts.getvalue() and "TAG9" in prompts.getvalue()


@pytest.mark.slow
def test_outages_of_the_rig_close_the_socket_and_refuse_the_next(tmp_path):
    rig = RigFile.parse({**RIG, "sessions": [], "outages": [{"from": 0.05, "to": 0.15}]})
    with service(Plan(tmp_path, rig, {"CP1": ""})) as one:
        one.on_first.append(lambda station: Script(one, station, rig, None))
        with charger(one, "CP1") as it:
            until(lambda: one.refusing)
            with pytest.raises(Exception, match=r"close|1006"):
                while True:
                    it.socket.recv(timeout=60.0)
        until(lambda: not one.refusing)
        with charger(one, "CP1") as it:
            assert it.call("Heartbeat", {})[0] == 3
    assert [row["event"] for row in events(tmp_path)][:3] == ["link-up", "link-down", "link-up"]


@pytest.mark.slow
def test_a_rig_on_hardware_is_judged_after_its_time_and_the_operator_s_last_answer(tmp_path, monkeypatch):
    one = Serving(tmp_path / "run", monkeypatch, "\n", "\n", "\n")
    one.charger.call(*BOOT)
    one.charger.listen()
    one.thread.join(RIG["days"] * 86_400 + 0.1)
    assert one.thread.is_alive()
    one.hands.last.set()
    outcome = one.outcome()
    (run,) = outcome.runs
    assert run.directory == tmp_path / "run" and run.summary["csms"] == "served"
    assert run.passed and outcome.passed and not outcome.interrupted
    told = [row["event"] for row in events(tmp_path / "run")]
    assert [event for event in told if not event.startswith("link")] == ["plug-in", "tag", "unplug"]


def test_when_the_operator_leaves_the_run_is_interrupted(tmp_path, monkeypatch):
    one = Serving(tmp_path / "run", monkeypatch)
    assert one.outcome().interrupted and "the operator is gone: the run ends here" in one.said
