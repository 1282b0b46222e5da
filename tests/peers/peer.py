"""Runs a back office of others as a process on the loopback, asks through it, reads its log."""

import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import threading
from itertools import count
from pathlib import Path

HERE = Path(__file__).parent
COMMANDS = {
    "ocpp-rpc": ["node", "strict_csms.mjs"],
    "ocpp-ts": ["node", "ocpp_ts_csms.mjs"],
    "ocpp": [sys.executable, "stock_csms.py"],
}
START_S, ANSWER_S = 60.0, 60.0  # wall clock


class Refused(Exception):
    """The charge point answered with a CALLERROR."""


def available(name):
    """Can this back office run here? Node's are installed by `npm ci` in this folder."""
    return name == "ocpp" or (shutil.which("node") is not None and (HERE / "node_modules" / name).is_dir())


class Peer:
    """One back office; `url` is what to dial. Ends with the `with` block, or with the test's process."""

    def __init__(self, name, folder, **options):
        self.command, self.log = COMMANDS[name], folder / f"{name}.log"
        self.port = free_port()
        self.url = f"ws://127.0.0.1:{self.port}/ocpp"
        state = folder / f"{name}.state"
        self.options = {"port": self.port, "log": str(self.log), "state": str(state), **options}
        self._numbers = count(1)
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        self._process = subprocess.Popen(
            [*self.command, json.dumps(self.options)], cwd=HERE, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self._lines = queue.Queue()
        threading.Thread(target=self._read, args=(self._process.stdout, self._lines), daemon=True).start()
        assert "ready" in self._lines.get(timeout=START_S)

    def kill(self):
        """Be gone without a word."""
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait(10.0)
        self._process.stdin.close()

    def wait(self, seconds):
        """Wait until the process has ended by itself."""
        self._process.wait(seconds)

    def ask(self, action, payload=None):
        """What the charge point says to a request; `Refused` for a CALLERROR."""
        n = next(self._numbers)
        self._process.stdin.write(json.dumps({"n": n, "action": action, "payload": payload or {}}) + "\n")
        self._process.stdin.flush()
        told = self._lines.get(timeout=ANSWER_S)
        assert told["n"] == n
        if "error" in told:
            raise Refused(*told["error"])
        return told["result"]

    def heard(self, action=None):
        """The requests it got, in order."""
        rows = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [row for row in rows if action in (None, row["action"])]

    @staticmethod
    def _read(stdout, lines):
        for line in stdout:
            lines.put(json.loads(line))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
