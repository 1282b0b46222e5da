"""Any program as a driver: a verb goes to it as one line of JSON, an answer comes back as one line.

`{"verb": "draw", "role": "load", "connector": 1, "l1_a": 16.0, …}` is answered by `{"ok": true}`, by the
readings asked for, or by `{"error": "why not"}`. The program lives as long as the bench; at the end its
standard input is closed.
"""

import json
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from math import isfinite
from queue import Empty, Queue
from typing import Any, Protocol

from evc5.rigs.errors import BenchFault
from evc5.rigs.hardware.apart import apart
from evc5.rigs.hardware.believed import believed
from evc5.rigs.hardware.roles import Known, Pilot, Reading, Three

ENDS_WITHIN_S = 2.0  # assumed: a program that was told to end ends so soon, or is killed


class Program:
    """One running program; it is started when it is first spoken to."""

    def __init__(self, words: Sequence[str], role: str, connector: int | None, timeout_s: float) -> None:
        self._words = list(words)
        self._about = {"role": role, "connector": connector}
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[str] | None = None
        self._lines: Queue[str] = Queue()
        self._busy = threading.Lock()

    def ask(self, verb: str, **more: Any) -> dict[str, Any]:
        """Its answer; BenchFault where there is none in time, or it says why not."""
        with self._busy:
            process = self._running()
            line = json.dumps({"verb": verb, **self._about, **more})
            try:
                assert process.stdin is not None
                process.stdin.write(line + "\n")
                process.stdin.flush()
                answer = self._lines.get(timeout=self._timeout_s)
            except (OSError, ValueError):
                raise self._fault(verb, f"it has ended with {process.poll()}") from None
            except Empty:
                self.close()  # its late answer must not be taken for that of the next verb
                raise self._fault(verb, f"no answer within {self._timeout_s:g} s") from None
        return self._understood(verb, answer)

    def close(self) -> None:
        """Close its input, and end it if it does not end."""
        process = self._process
        self._process = None
        if process is None:
            return
        with suppress(OSError):
            assert process.stdin is not None
            process.stdin.close()
        try:
            process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            try:
                self._process = subprocess.Popen(
                    self._words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
                    **apart(),
                )  # fmt: skip
            except OSError as error:
                raise BenchFault(f"{self._words[0]}: {error.strerror}") from None
            self._lines = Queue()
            threading.Thread(target=self._listen, args=(self._process, self._lines), daemon=True).start()
        return self._process

    @staticmethod
    def _listen(process: subprocess.Popen[str], lines: "Queue[str]") -> None:
        assert process.stdout is not None
        with suppress(ValueError, OSError):
            for line in process.stdout:
                lines.put(line)
        lines.put("")  # it has ended

    def _understood(self, verb: str, answer: str) -> dict[str, Any]:
        if not answer:
            raise self._fault(verb, "it has ended")
        try:
            told = json.loads(answer)
        except json.JSONDecodeError:
            raise self._fault(verb, f"it answers no JSON: {answer.strip()[:80]!r}") from None
        if not isinstance(told, dict):
            raise self._fault(verb, f"it answers no table: {answer.strip()[:80]!r}")
        if told.get("ok") is False:
            raise self._fault(verb, str(told.get("error") or "it says that it is not ok")[:200])
        if "error" in told:
            raise self._fault(verb, str(told["error"])[:200])
        return told

    def _fault(self, verb: str, why: str) -> BenchFault:
        return BenchFault(f"{self._words[0]} does not {verb}: {why}")


class Asks(Protocol):
    """Whatever answers a verb with a table, or raises BenchFault."""

    def ask(self, verb: str, **more: Any) -> dict[str, Any]: ...
    def close(self) -> None: ...


class Command:
    """The verbs of every role, said to a program."""

    def __init__(self, program: Asks, role: str) -> None:
        self._program = program
        self._role = role

    def close(self) -> None:
        self._program.close()

    def plug(self, cable_a: float) -> None:
        self._program.ask("plug", cable_a=cable_a)

    def unplug(self) -> None:
        self._program.ask("unplug")

    def pilot(self, state: str) -> None:
        self._program.ask("pilot", state=state)

    def fault(self, name: str, on: bool) -> None:
        self._program.ask("fault", name=name, on=on)

    def draw(self, amps: Three) -> None:
        self._program.ask("draw", l1_a=amps[0], l2_a=amps[1], l3_a=amps[2])

    def on(self) -> None:
        self._program.ask("on")

    def off(self) -> None:
        self._program.ask("off")

    def voltage(self, volts: Three) -> None:
        self._program.ask("voltage", l1_v=volts[0], l2_v=volts[1], l3_v=volts[2])

    def frequency(self, hz: float) -> None:
        self._program.ask("frequency", hz=hz)

    def set(self, on: bool) -> None:
        self._program.ask("set", on=on)

    def get(self) -> bool:
        """What is not known is not on."""
        on = self._program.ask("get").get("on")
        if on is not None and not isinstance(on, bool):
            raise BenchFault(f"the mains tell no state: on must be true, false or null, got {on!r}"[:200])
        return bool(on)

    def present(self, id_tag: str, hold_s: float) -> None:
        self._program.ask("present", id_tag=id_tag, hold_s=hold_s)

    def ambient(self, temp_c: float) -> None:
        self._program.ask("ambient", temp_c=temp_c)

    def read(self) -> Any:
        """Of a meter a Reading, of a cable a Pilot, of a chamber its temperature."""
        told = self._program.ask("read")
        if self._role == "meter":
            u_v, i_a, p_w = (_three(told.get(name)) for name in ("u_v", "i_a", "p_w"))
            total_w, hz, energy_wh = (_number(told.get(name)) for name in ("total_w", "hz", "energy_wh"))
            return believed(Reading(u_v, i_a, p_w, total_w, hz, energy_wh), "its program's units")
        if self._role == "cable":
            return Pilot(**{name: _number(told.get(name)) for name in Pilot.__dataclass_fields__})
        return _number(told.get("temp_c"))


def _number(value: Any) -> float | None:
    """Python reads NaN and Infinity, which JSON has not: they are not known."""
    known = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    return float(value) if known else None


def _three(value: Any) -> Known:
    listed = value if isinstance(value, list) and len(value) == 3 else [None] * 3
    l1, l2, l3 = (_number(one) for one in listed)
    return (l1, l2, l3)
