"""The other end of a switched socket on the network: a Shelly or a Gude."""

import json
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from evc5.rigs.standin.line_server import POLL_S, served_at
from evc5.rigs.standin.plug import Power

MOST_BYTES = 65_536


class Handler(BaseHTTPRequestHandler):
    """One request to a switch."""

    def __init__(self, switch: "WebSwitch", *request: Any) -> None:
        self._switch = switch
        super().__init__(*request)

    def do_POST(self) -> None:
        size = min(int(self.headers.get("Content-Length") or 0), MOST_BYTES)
        self._answer(self._switch.shelly(json.loads(self.rfile.read(size))))

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        by_path = self._switch.relay if asked.path.startswith("/relay/") else self._switch.gude
        self._answer(by_path(parse_qs(asked.query)))

    def _answer(self, told: dict[str, Any]) -> None:
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


class WebSwitch:
    """Its one output is the station's mains, until `close`."""

    def __init__(self, url: str, channel: int, power: Power) -> None:
        self._channel = channel
        self._power = power
        parts = urlsplit(url)
        place = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._server = served_at(url, lambda: ThreadingHTTPServer(place, partial(Handler, self)))
        threading.Thread(target=self._server.serve_forever, args=(POLL_S,), daemon=True).start()

    def shelly(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Switch.Set and Switch.GetStatus of Gen2 and later."""
        if asked.get("method") == "Switch.Set":
            self._power.set("mains", bool(asked["params"]["on"]))
        return {"id": asked.get("id"), "result": {"output": self._power.get("mains")}}

    def relay(self, query: dict[str, list[str]]) -> dict[str, Any]:
        """A Shelly of the first generation, with turn=on or off to switch."""
        if "turn" in query:
            self._power.set("mains", query["turn"][0] == "on")
        return {"ison": self._power.get("mains")}

    def gude(self, query: dict[str, list[str]]) -> dict[str, Any]:
        """status.json, with cmd=1 to switch."""
        if "cmd" in query:
            self._power.set("mains", query["s"][0] == "1")
        others = [{"state": 0}] * (self._channel - 1)
        return {"outputs": [*others, {"state": int(self._power.get("mains"))}]}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
