"""The socket itself: how a charge point dials in, what refuses it, and how a connection ends."""

import base64
import gc
import http
import logging
import os
import selectors
import socket
import time
from contextlib import suppress

import pytest
from local_csms import CERTIFICATES, raw_server, server_tls, websocket_server
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

from evc5.twin.line.endpoint import Endpoint, is_dialable, password_of, place
from evc5.twin.line.websocket import Gone, NoConnection, open_socket

HEX = "00112233445566778899AABBCCDDEEFF00112233"


def endpoint(url, identity="CP 1/ö", key="", ca_file=None):
    return Endpoint(url, identity, lambda: key, ca_file)


def receive(opened, seconds=30.0):
    """All that comes until at least one message is there."""
    messages, deadline = opened.receive(), time.monotonic() + seconds
    while not messages and time.monotonic() < deadline:
        with selectors.DefaultSelector() as selector:
            selector.register(opened.raw, selectors.EVENT_READ)
            selector.select(0.05)
        messages = opened.receive()
    return messages


def refusal(url, timeout_s=30.0, **how):
    with pytest.raises(NoConnection) as raised:
        open_socket(endpoint(url, **how), timeout_s)
    return str(raised.value)


# --- dialling in ---


def test_texts_pass_in_both_directions():
    with websocket_server(lambda ws: ws.send(ws.recv() + " back")) as url:
        opened = open_socket(endpoint(url))
        assert opened.send("there and")
        assert receive(opened)[0] == "there and back"
        opened.close()


@pytest.mark.slow
def test_a_socket_whose_descriptor_is_beyond_1024_simply_works():
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 1200:
        pytest.skip(f"no more than {hard} descriptors here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (1200, hard))
    gc.collect()  # else what earlier tests left frees low ones meanwhile
    held = [os.open(os.devnull, os.O_RDONLY)]
    try:
        with websocket_server(lambda ws: ws.send(ws.recv())) as url:
            while held[-1] < 1024:
                held.append(os.dup(held[0]))
            opened = open_socket(endpoint(url))
            assert opened.raw.fileno() > 1024
            text = "x" * 300_000  # more than is sent at once: it waits for room
            assert opened.send(text)
            assert receive(opened)[0] == text
            opened.close()
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536, 300_000])
def test_a_text_of_any_size_arrives_as_it_was_sent(size):
    with websocket_server(lambda ws: ws.send(ws.recv())) as url:
        opened = open_socket(endpoint(url))
        text = "é" + "x" * (size - 2) if size else ""
        assert opened.send(text)
        assert receive(opened)[0] == text
        opened.close()


def test_the_identity_stands_percent_encoded_at_the_end_of_the_path():
    seen = []
    with websocket_server(lambda ws: seen.append(ws.request.path)) as url:
        opened = open_socket(endpoint(f"{url}/ocpp/"))
        receive(opened)
        opened.close()
    assert seen == ["/ocpp/CP%201%2F%C3%B6"]


@pytest.mark.parametrize(
    ("key", "password"),
    [
        (HEX, bytes.fromhex(HEX)),
        ("sixteen letters!", b"sixteen letters!"),
        ("z" * 40, b"z" * 40),
    ],
)
def test_the_authorization_key_is_the_password_of_the_identity(key, password):
    assert password_of(key) == password
    header = endpoint("ws://host", identity="CP1", key=key).authorization()
    assert base64.b64decode(header.removeprefix("Basic ")) == b"CP1:" + password


def test_without_a_key_no_credentials_are_sent():
    seen = []
    with websocket_server(lambda ws: seen.append(ws.request.headers.get("Authorization"))) as url:
        receive(open_socket(endpoint(url)))
    assert seen == [None]


def test_user_and_password_of_the_url_go_before_the_key_and_show_nowhere():
    there = endpoint("ws://me:s%40cret@host:9000/x", identity="CP1", key=HEX)
    assert base64.b64decode(there.authorization().removeprefix("Basic ")) == b"me:s@cret"
    assert there.shown == "ws://host:9000/x" and there.uri == "ws://host:9000/x/CP1"


@pytest.mark.parametrize("url", ["http://host", "ws://", "host:9000", "ws://host/x?y=1", "ws://host:99999"])
def test_a_url_that_cannot_be_dialled_is_refused(url):
    with pytest.raises(ValueError, match="must"):
        endpoint(url)


# --- being refused ---


@pytest.mark.parametrize(("status", "said"), [(401, "credentials"), (403, "refused"), (404, "identity")])
def test_an_http_refusal_is_told_in_one_line_without_the_credentials(status, said):
    def refuse(connection, request):
        return connection.respond(http.HTTPStatus(status), "no\n")

    with websocket_server(lambda ws: None, process_request=refuse) as url:
        line = refusal(url.replace("//", "//me:secret@"), key=HEX)
    assert str(status) in line and said in line and "\n" not in line
    assert "secret" not in line and HEX not in line


def test_a_server_without_the_subprotocol_is_refused():
    with websocket_server(lambda ws: ws.recv(), subprotocols=None) as url:
        assert "does not agree to the subprotocol ocpp1.6" in refusal(url)


def test_a_foreign_subprotocol_is_refused():
    with raw_server(lambda connection: upgrade(connection, "ocpp2.0.1")) as url:
        line = refusal(url)
    assert "does not agree to the subprotocol ocpp1.6" in line and "ocpp2.0.1" in line


@pytest.mark.parametrize(
    ("text", "tls", "url", "who"),
    [
        ("wss://host/path/#OSN#", False, "wss://host/path/", "CP1"),
        ("host:80/#SN#", False, "ws://host:80/", "4711"),
        ("host:80/#osn#", True, "wss://host:80/", "CP1"),
        ("ws://host/path", True, "ws://host/path", "CP1"),
    ],
)
def test_com_endpoint_says_where_and_as_whom_the_station_dials_in(text, tls, url, who):
    assert place(text, "CP1", "4711", tls) == (url, who)


def test_where_nobody_listens_the_connection_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert refusal(f"ws://127.0.0.1:{port}") == f"ws://127.0.0.1:{port}/CP%201%2F%C3%B6: connection refused"


def test_a_server_that_never_answers_the_handshake_is_left():
    with raw_server(lambda connection: None) as url:
        assert "no answer within 0.05 s" in refusal(url, timeout_s=0.05)


def test_a_server_that_answers_the_handshake_letter_by_letter_is_left():
    def drip(connection):
        for _ in range(100):
            connection.sendall(b"H")
            time.sleep(0.01)

    with raw_server(drip) as url:
        assert "no answer within 0.05 s" in refusal(url, timeout_s=0.05)


def test_a_server_of_another_protocol_is_told():
    with raw_server(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")) as url:
        assert "does not speak HTTP" in refusal(url)


# --- TLS ---


def test_a_certificate_of_the_given_authority_is_taken():
    with websocket_server(lambda ws: ws.send("x" * 200_000), tls=server_tls()) as url:
        opened = open_socket(endpoint(url, ca_file=CERTIFICATES / "csms.pem"))
        assert receive(opened)[0] == "x" * 200_000
        opened.close()


def test_a_certificate_of_nobody_known_is_refused():
    with websocket_server(lambda ws: ws.recv(), tls=server_tls()) as url:
        assert "certificate is not trusted" in refusal(url)


def test_wss_to_a_server_without_tls_fails():
    with raw_server(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as url:
        assert "TLS failed" in refusal(url.replace("ws:", "wss:"))


# --- how it ends ---


def upgrade(connection, subprotocol="ocpp1.6"):
    """Complete the handshake by hand; the protocol to make frames with."""
    server = ServerProtocol(subprotocols=[subprotocol], select_subprotocol=lambda *_: subprotocol)
    while not (requests := server.events_received()):
        server.receive_data(connection.recv(65536))
    server.send_response(server.accept(requests[0]))
    connection.sendall(b"".join(server.data_to_send()))
    return server


def wire_bytes(opcode, data, fin=True):
    return Frame(opcode, data, fin).serialize(mask=False)


def ends_with(*pieces):
    """The messages after a handshake and these bytes, the socket closed after them."""

    def talk(connection):
        upgrade(connection)
        for piece in pieces:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)

    messages = []
    with raw_server(talk) as url:
        opened = open_socket(endpoint(url))
        while not messages or not isinstance(messages[-1], Gone):
            messages += receive(opened)
        opened.close()
    return messages


def test_a_message_in_fragments_is_one_text():
    first, second = (
        wire_bytes(Opcode.TEXT, b"[3,", fin=False),
        wire_bytes(Opcode.CONT, '"1",{"ö":1}]'.encode()),
    )
    assert ends_with(first, wire_bytes(Opcode.PING, b""), second)[0] == '[3,"1",{"ö":1}]'


def test_what_came_before_the_end_is_heard():
    text = wire_bytes(Opcode.TEXT, b"last words")
    assert ends_with(text)[0] == "last words"


def test_a_connection_may_end_in_the_middle_of_a_frame():
    assert ends_with(wire_bytes(Opcode.TEXT, b"x" * 100)[:50]) == [
        Gone("the connection ended in the middle of a frame")
    ]


def test_a_connection_may_end_without_a_close():
    assert ends_with() == [Gone("the connection ended without a Close")]


def test_the_code_and_reason_of_a_close_are_told():
    close = wire_bytes(Opcode.CLOSE, (1012).to_bytes(2, "big") + b"restart")
    assert ends_with(close) == [Gone("the CSMS closed the connection (1012, restart)")]


def test_a_binary_frame_ends_the_connection():
    assert ends_with(wire_bytes(Opcode.BINARY, b'[3,"1",{}]')) == [Gone("the CSMS sent a binary frame")]


def test_text_that_is_not_utf_8_ends_the_connection():
    assert "not UTF-8" in ends_with(wire_bytes(Opcode.TEXT, b'"\xff"'))[-1].why


def test_a_frame_of_ten_megabytes_ends_the_connection_before_it_is_read():
    head = b"\x81\x7f" + (10_000_000).to_bytes(8, "big")
    why = ends_with(head)[-1].why
    assert "exceeds limit of 1048576 bytes" in why


def test_a_frame_that_breaks_the_protocol_ends_the_connection():
    assert "broke the WebSocket protocol" in ends_with(b"\xf1\x00")[-1].why


def test_a_closed_socket_takes_no_more():
    def talk(connection):
        upgrade(connection)
        connection.close()

    with raw_server(talk) as url:
        opened = open_socket(endpoint(url))
        assert isinstance(receive(opened)[-1], Gone)
        assert not opened.send("x") and not opened.ping()
        opened.close()


# --- credentials ---


def test_credentials_are_in_no_log(caplog):
    caplog.set_level(logging.DEBUG)
    with websocket_server(lambda ws: ws.recv()) as url:
        open_socket(endpoint(url.replace("//", "//me:secret@"))).close()
        open_socket(endpoint(url, key=HEX)).close()
    ours = [
        record.getMessage() for record in caplog.records if not record.name.startswith("websockets.server")
    ]
    assert not any("Authorization" in line or "Basic" in line for line in ours)


# --- goodbye ---


def test_who_closes_waits_until_the_close_is_answered():
    gone_early = []

    def talk(connection):
        upgrade(connection)
        connection.recv(65536)  # the Close
        connection.settimeout(0.05)
        with suppress(TimeoutError):
            gone_early.append(connection.recv(65536))
        connection.sendall(wire_bytes(Opcode.CLOSE, (1000).to_bytes(2, "big")))

    with raw_server(talk) as url:
        open_socket(endpoint(url)).close()
    assert gone_early == []


@pytest.mark.parametrize("host", ["a..b", ".", "x" * 64, "\xfc" * 64])
def test_a_host_that_no_name_can_be_is_not_dialled(host):
    assert is_dialable(f"wss://{'x' * 63}.example/") and not is_dialable(f"ws://{host}/cp")
