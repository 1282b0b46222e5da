"""A switched socket on the network: Shelly (RPC, or relays of the first generation) or Gude (status.json)."""

import json
from http.client import HTTPException
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from evc5.rigs.errors import BenchFault

MOST_BYTES = 65_536  # an answer of these devices is a few hundred


class HttpSwitch:
    """One output of it; `channel` counts as the maker counts: Shelly from 0, Gude from 1."""

    def __init__(self, url: str, channel: int, kind: str, timeout_s: float) -> None:
        self._url = url.rstrip("/")
        self._channel = channel
        self._kind = kind
        self._timeout_s = timeout_s

    def set(self, on: bool) -> None:
        """Switch it, and see that it switched."""
        if self._kind == "shelly":
            self._shelly("Switch.Set", id=self._channel, on=on)
        elif self._kind == "shelly-gen1":
            self._relay(f"?turn={'on' if on else 'off'}")
        else:
            self._gude(f"&cmd=1&p={self._channel}&s={int(on)}")
        if self.get() is not on:
            raise BenchFault(f"{self._url} does not switch {'on' if on else 'off'}")

    def get(self) -> bool:
        try:
            state = self._state()
        except (KeyError, IndexError, TypeError):
            state = None
        if state not in (True, False):  # 1 and 0 are those
            raise BenchFault(f"{self._url} tells no state of output {self._channel}")
        return bool(state)

    def _state(self) -> Any:
        if self._kind == "shelly":
            return self._shelly("Switch.GetStatus", id=self._channel)["output"]
        if self._kind == "shelly-gen1":
            return self._relay("")["ison"]
        return self._gude("")["outputs"][self._channel - 1]["state"]

    def _relay(self, more: str) -> Any:
        return self._told(Request(f"{self._url}/relay/{self._channel}{more}"))

    def _shelly(self, method: str, **params: Any) -> Any:
        body = json.dumps({"id": 1, "method": method, "params": params}).encode()
        told = self._told(Request(f"{self._url}/rpc", body, {"Content-Type": "application/json"}))
        if "error" in told:
            raise BenchFault(f"{self._url}: {told['error']}")
        return told.get("result") or {}

    def _gude(self, more: str) -> Any:
        return self._told(Request(f"{self._url}/status.json?components=1{more}"))

    def _told(self, request: Request) -> dict[str, Any]:
        try:
            with urlopen(request, timeout=self._timeout_s) as answer:
                told = json.loads(answer.read(MOST_BYTES))
        except (URLError, OSError, ValueError, HTTPException) as error:
            raise BenchFault(
                f"{self._url}: {getattr(error, 'reason', error) or type(error).__name__}"
            ) from None
        if not isinstance(told, dict):
            raise BenchFault(f"{self._url} answers no table")
        return told
