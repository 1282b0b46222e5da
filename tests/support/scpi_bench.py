"""An instrument that understands a little SCPI, served on this machine: what it is told, it is."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Instrument:
    """`said` are the lines it was told, `answers` what it says to queries; `error` its complaint."""

    answers: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    error: str = '0,"No error"'
    silent: bool = False

    def hear(self, line: str) -> str | None:
        self.said.append(line)
        if not line.endswith("?") or self.silent:
            return None
        return self.error if line.upper().startswith("SYST") else self.answers.get(line, "")


@contextmanager
def served(instrument: Instrument) -> Iterator[str]:
    """Its VISA address."""

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for raw in self.rfile:
                answer = instrument.hear(raw.decode().strip())
                if answer is not None:
                    self.wfile.write(f"{answer}\n".encode())

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Conversation) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"TCPIP0::127.0.0.1::{server.server_address[1]}::SOCKET"
        server.shutdown()
