"""A TCP port at which each line that comes is answered, or heard in silence."""

import socketserver
import threading
from collections.abc import Callable

POLL_S = 0.05  # how soon the server notices that it is to end


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

        self._server = Threads((host, port), Conversation)
        threading.Thread(target=self._server.serve_forever, args=(POLL_S,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
