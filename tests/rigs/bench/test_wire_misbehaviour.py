"""Back offices that misbehave: each ends in a finding of the verdict, never in a hang or a traceback."""

import socket

import orjson
import pytest
from local_csms import raw_server, websocket_server
from office import CONFIRMATIONS, Office
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

from evc5.rigs.bench.rig import Rig
from evc5.rigs.rigfile.file import RigFile


@pytest.fixture
def short():
    table = {"name": "short", "start": "2024-03-01T10:00:00Z", "days": 0.003, "recording": {"report": False}}
    return Rig(RigFile.parse({**table, "station": {"keys": {"HeartbeatInterval": 60}}}))


class Misbehaving(Office):
    """Answers as it should, but for the n-th request, which gets these texts instead."""

    def __init__(self, n, *texts):
        super().__init__()
        self._n, self._texts = n, texts

    def _hear(self, ws, frame):
        if len(self.calls) + 1 == self._n and frame[0] == 2:
            self.calls.append(frame)
            for text in self._texts:
                ws.send(text.replace("ID", frame[1]))
        else:
            super()._hear(ws, frame)


def findings(run):
    return {finding["requirement"] for finding in run.findings}


@pytest.mark.parametrize(
    ("texts", "requirement"),
    [
        (["this is no JSON", '[3,"ID",{}]'], "frame.form"),
        (['[3,"ID"', '[3,"ID",{}]'], "frame.form"),
        (['[3,"ID",{}]', '[3,"ID",{}]'], "rpc.matched"),
        (['[3,"some other id",{}]', '[3,"ID",{}]'], "rpc.matched"),
        (['[4,"ID","InternalError","",{}]'], ""),
        (['[3,"ID",{"unexpected":1}]'], "frame.schema"),
        (['[3,"ID",null]'], ""),
        (["[" * 20_000, '[3,"ID",{}]'], "frame.form"),
    ],
    ids=["no-json", "cut", "twice", "other-id", "callerror", "against-schema", "null", "deep"],
)
def test_a_wrong_answer_is_a_finding_and_the_run_goes_on(short, tmp_path, texts, requirement):
    with websocket_server(Misbehaving(2, *texts)) as url:
        run = short.run(out=tmp_path / "run", csms=url)
    assert run.summary["state"] == "complete"
    assert requirement in findings(run) | {""}


def hang_up(connection):
    """A connection closed with bytes unread is reset: which of the two the other end sees would be a race."""
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(65536):
        pass


def breaking(wire_bytes):
    """A server that answers the boot, then sends these bytes and hangs up, on its first connection only."""

    def talk(connection):
        server = ServerProtocol(subprotocols=["ocpp1.6"])
        while True:
            for event in server.events_received():
                if not isinstance(event, Frame):
                    server.send_response(server.accept(event))
                elif event.opcode is Opcode.TEXT:
                    _, id_, action, _ = orjson.loads(event.data)
                    server.send_text(orjson.dumps([3, id_, CONFIRMATIONS.get(action, {})]))
                    if action == "StatusNotification":
                        connection.sendall(b"".join(server.data_to_send()) + wire_bytes)
                        hang_up(connection)
                        return
                connection.sendall(b"".join(server.data_to_send()))
            data = connection.recv(65536)
            if not data:
                return
            server.receive_data(data)

    return talk


@pytest.mark.parametrize(
    ("wire_bytes", "said"),
    [
        (b"\x81\x7f" + (10_000_000).to_bytes(8, "big") + b"x" * 1000, "exceeds limit"),
        (b"\x81\x7e\x10\x00" + b"x" * 100, "in the middle of a frame"),
        (b"\x82\x02{}", "binary frame"),
        (b"\x81\x02\xff\xff", "not UTF-8"),
        (b"\x83\x00", "broke the WebSocket protocol"),
        (b"", "without a Close"),
    ],
    ids=["ten-megabytes", "cut-frame", "binary", "not-utf-8", "unknown-opcode", "hangs-up"],
)
def test_a_broken_connection_is_a_finding_and_the_run_goes_on(short, tmp_path, monkeypatch, wire_bytes, said):
    monkeypatch.setattr("evc5.twin.line.wire.REDIAL_S", 0.001)
    with raw_server(breaking(wire_bytes)) as url:
        run = short.run(out=tmp_path / "run", csms=url)
    assert run.summary["state"] == "complete"
    told = [finding["message"] for finding in run.findings if finding["requirement"] == "connection.kept"]
    assert any(said in message for message in told), told
