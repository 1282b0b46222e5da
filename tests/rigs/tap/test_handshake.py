"""A request goes on as it came, but for the host and an offer to compress."""

import pytest

from evc5.rigs.errors import BadInput
from evc5.rigs.tap.handshake import Upstream, read, status

REQUEST = (
    b"GET /ocpp/CP%201?x=1 HTTP/1.1\r\n"
    b"Host: 10.0.0.1:9000\r\n"
    b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"sec-websocket-protocol: ocpp1.6, ocpp1.5\r\n"
    b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    b"Authorization: Basic Q1AxOnNlY3JldA==\r\n"
    b"X-Odd:   kept  as it is \r\n\r\n"
)


def test_all_but_host_and_compression_passes_as_it_came() -> None:
    found = read(REQUEST, Upstream.of("wss://csms.example:8443"))
    lines, was = found.onward.split(b"\r\n"), REQUEST.split(b"\r\n")
    assert lines[0] == was[0]
    assert [line for line in was if line not in lines] == [was[1], was[6]]
    assert [line for line in lines if line not in was] == [b"Host: csms.example:8443"]
    assert found.identity == "CP 1"


@pytest.mark.parametrize(
    ("url", "target", "host"),
    [
        ("ws://csms.example", b"/ocpp/CP%201?x=1", b"csms.example"),
        ("wss://csms.example:443/a/b/", b"/a/b/ocpp/CP%201?x=1", b"csms.example"),
        ("ws://[::1]:9000/steve", b"/steve/ocpp/CP%201?x=1", b"[::1]:9000"),
    ],
)
def test_the_path_of_the_back_office_stands_before_the_charge_points(
    url: str, target: bytes, host: bytes
) -> None:
    first, second = read(REQUEST, Upstream.of(url)).onward.split(b"\r\n")[:2]
    assert (first, second) == (b"GET " + target + b" HTTP/1.1", b"Host: " + host)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("csms.example", "--to must be ws://"),
        ("http://csms.example", "--to must be ws://"),
        ("ws://", "--to must be ws://"),
        ("ws://csms example", "--to must be ws://"),
        ("ws://csms.example:0", "--to must be ws://"),
        ("ws://csms.example:99999", "--to ws://csms.example:99999: "),
        ("ws://me:secret@csms.example", "each charge point brings its own"),
        ("ws://csms.example/?a=b", "--to must end with its path"),
    ],
)
def test_a_back_office_that_cannot_be_one_is_refused(url: str, why: str) -> None:
    with pytest.raises(BadInput, match=why.replace("?", r"\?")):
        Upstream.of(url)


@pytest.mark.parametrize("head", [b"POST / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\r\n\r\n", b"GET /\r\n\r\n"])
def test_what_is_no_request_for_a_web_socket_is_none(head: bytes) -> None:
    with pytest.raises(ValueError, match="no request"):
        read(head, Upstream.of("ws://csms.example"))


def test_the_status_of_an_answer_is_read() -> None:
    assert status(b"HTTP/1.1 101 Switching Protocols\r\n\r\n") == 101
    assert status(b"HTTP/1.1 401 Unauthorized\r\n\r\n") == 401
    assert status(b"SSH-2.0\r\n\r\n") == 0
