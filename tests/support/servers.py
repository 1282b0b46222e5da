"""Real servers for files on this machine: HTTP of the standard library, as much FTP as a station needs."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from socket import create_server, socket

Files = dict[str, bytes]


@contextmanager
def http_server(files: Files) -> Iterator[str]:
    """Serves and takes `files` by path; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = files.get(self.path)
            self.send_response(200 if content is not None else 404)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def do_PUT(self) -> None:
            if self.path.startswith("/full/"):
                self.send_error(507)
                return
            files[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server, serving(server):
        yield f"http://127.0.0.1:{server.server_address[1]}"


class FtpSession(socketserver.StreamRequestHandler):
    """One control connection: log in, change directory, RETR and STOR in passive mode (RFC 959)."""

    directory, user, listener = "/", "", None

    def handle(self) -> None:
        self.say("220 ready")
        for line in self.rfile:
            verb, _, argument = line.decode().strip().partition(" ")
            answer = getattr(self, f"do_{verb.upper()}", None)
            if answer is None:
                self.say("502 not here")
            else:
                answer(argument)
            if verb.upper() == "QUIT":
                return

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def do_USER(self, name: str) -> None:
        self.user = name
        self.say("331 password")

    def do_PASS(self, password: str) -> None:
        known = self.server.accounts.get(self.user)  # type: ignore[attr-defined]
        self.say("230 in" if known in (None, password) else "530 no")

    def do_CWD(self, path: str) -> None:
        self.directory = f"{path if path.startswith('/') else self.directory + path}".rstrip("/") + "/"
        self.say("250 there")

    def do_TYPE(self, _: str) -> None:
        self.say("200 so be it")

    def do_PASV(self, _: str) -> None:
        self.listener = create_server(("127.0.0.1", 0))
        port = self.listener.getsockname()[1]
        self.say(f"227 (127,0,0,1,{port // 256},{port % 256})")

    def do_RETR(self, name: str) -> None:
        content = self.server.files.get(self.directory + name)  # type: ignore[attr-defined]
        if content is None:
            self.say("550 none")
            return
        with self.data() as data:
            data.sendall(content)
        self.say("226 done")

    def do_STOR(self, name: str) -> None:
        with self.data() as data:
            content = b"".join(iter(lambda: data.recv(65536), b""))
        self.server.files[self.directory + name] = content  # type: ignore[attr-defined]
        self.say("226 done")

    def do_QUIT(self, _: str) -> None:
        self.say("221 bye")

    def data(self) -> socket:
        assert self.listener is not None
        self.say("150 go")
        connection, _ = self.listener.accept()
        self.listener.close()
        return connection


@contextmanager
def ftp_server(files: Files, accounts: dict[str, str] | None = None) -> Iterator[str]:
    """Serves and takes `files` by path; host and port."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), FtpSession) as server, serving(server):
        server.daemon_threads = True
        server.files, server.accounts = files, accounts or {}  # type: ignore[attr-defined]
        yield f"127.0.0.1:{server.server_address[1]}"


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
