"""A TCP port at which each line that comes is answered, or heard in silence."""

import socketserver
import threading
from collections.abc import Callable
from typing import TypeVar

from evc5.rigs.errors import BenchFault

POLL_S = 0.05  # how soon the server notices that it is to end


Served = TypeVar("Served")


def served_at(place: str, make: Callable[[], Served]) -> Served:
    """What is made; BenchFault where its port cannot be had."""
    try:
        return make()
    except (OSError, OverflowError) as error:
        raise BenchFault(f"{place} cannot be served: {getattr(error, 'strerror', None) or error}") from None


class LineServer:
    """Serves any number of connections until `close`; `answer` gives bytes, or None for no answer."""

    def __init__(self, host: str, port: int, answer: Callable[[bytes], bytes | None]) -> None:
        class Conversation(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                for raw in self.rfile:
                    if (said := answer(raw)) is not None:
                        self.wfile.write(said + b"\n")

        class Threads(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._server = served_at(f"{host}:{port}", lambda: Threads((host, port), Conversation))
        threading.Thread(target=self._server.serve_forever, args=(POLL_S,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
