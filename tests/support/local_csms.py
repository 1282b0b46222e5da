"""Servers on the loopback for tests: a CSMS that does as it is told, and one that speaks raw bytes."""

import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress

from places import CERTIFICATES
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve


def server_tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "csms.pem", CERTIFICATES / "csms.key")
    return context


@contextmanager
def websocket_server(handler, *, subprotocols=("ocpp1.6",), process_request=None, tls=None, port=0):
    """`handler(ws)` talks to each charge point; yields the URL to dial."""

    def quietly(ws):
        with suppress(ConnectionClosed):
            handler(ws)

    server = serve(
        quietly, "127.0.0.1", port, subprotocols=subprotocols, compression=None, ping_interval=None,
        process_request=process_request, ssl=tls, close_timeout=0.1,
    )  # fmt: skip
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"{'wss' if tls else 'ws'}://127.0.0.1:{server.socket.getsockname()[1]}"
    finally:
        server.shutdown()
        thread.join()


@contextmanager
def raw_server(talk):
    """`talk(connection)` gets the TCP connection of the first who dials in; yields the URL to dial."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def run():
        try:
            connection, _ = listener.accept()
            listener.close()  # who dials in again is refused
            with connection:
                talk(connection)
                over.wait(5.0)
        except OSError:
            pass

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.close()
        thread.join()


def until(condition, seconds=30.0):
    """Wait for another thread's doing; fails where it does not come about."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.001)
