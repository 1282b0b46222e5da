"""The bench's devices in lines of JSON over a socket: for driver `sim` with a url, and as a `command`.

`python -m evc5.rigs.standin.talk HOST:PORT` passes its lines on to such a socket, and answers back.
"""

import json
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any

from evc5.rigs.errors import BadInput
from evc5.rigs.hardware.drivers.far import vehicle_of
from evc5.rigs.standin.line_server import LineServer
from evc5.rigs.standin.plug import Plug, Power

Asked = Mapping[str, Any]
Answer = dict[str, Any]
ROOM_C = 20.0  # assumed, before a chamber is told anything


class Devices:
    """What each role does when it is told a verb."""

    def __init__(self, plugs: Mapping[int, Plug], power: Power) -> None:
        self._plugs = plugs
        self._power = power
        self._temp_c = ROOM_C
        self._verbs: dict[tuple[str, str], Callable[[Asked], Answer | None]] = {
            ("cable", "plug"): lambda ask: self._plug(ask).plug(float(ask["cable_a"])),
            ("cable", "unplug"): lambda ask: self._plug(ask).unplug(),
            ("cable", "pilot"): lambda ask: self._plug(ask).pilot(str(ask["state"])),
            ("cable", "fault"): lambda ask: self._plug(ask).fault(str(ask["name"]), bool(ask["on"])),
            ("cable", "read"): lambda ask: dict(self._plug(ask).read_pilot()),
            ("cable", "arrive"): self._arrive,
            ("cable", "leave"): lambda ask: self._plug(ask).leave(),
            ("load", "draw"): lambda ask: self._plug(ask).draw((ask["l1_a"], ask["l2_a"], ask["l3_a"])),
            ("load", "off"): lambda ask: self._plug(ask).off(),
            ("meter", "read"): self._read,
            ("reader", "present"): lambda ask: self._plug(ask).present(str(ask["id_tag"])),
            ("mains", "set"): lambda ask: self._power.set("mains", bool(ask["on"])),
            ("mains", "get"): lambda ask: {"on": self._power.get("mains")},
            ("supply", "on"): lambda ask: self._power.set("supply", True),
            ("supply", "off"): lambda ask: self._power.set("supply", False),
            ("supply", "voltage"): lambda ask: self._power.feed((ask["l1_v"], ask["l2_v"], ask["l3_v"])),
            ("supply", "frequency"): lambda ask: self._power.feed(hz=float(ask["hz"])),
            ("climate", "ambient"): self._warm,
            ("climate", "read"): lambda ask: {"temp_c": self._temp_c},
        }

    def answer(self, line: str) -> Answer:
        """What is said to one line; a table with `error` where it cannot be done."""
        try:
            ask = json.loads(line)
            verb = self._verbs.get((ask.get("role"), ask.get("verb")))
            if verb is None:
                return {"error": f"the stand-in has no {ask.get('verb')} of a {ask.get('role')}"}
            return verb(ask) or {"ok": True}
        except (BadInput, ValueError, KeyError, TypeError, AttributeError) as error:
            return {"error": str(error)}

    def _warm(self, ask: Asked) -> None:
        """The twin's air is that of its rig already: what is told is only told back."""
        self._temp_c = float(ask["temp_c"])

    def _plug(self, ask: Asked) -> Plug:
        if ask.get("connector") not in self._plugs:
            raise BadInput(f"connector must be one of {sorted(self._plugs)}, got {ask.get('connector')}")
        return self._plugs[ask["connector"]]

    def _arrive(self, ask: Asked) -> None:
        self._plug(ask).arrive(vehicle_of(ask["vehicle"]), float(ask["soc"]), float(ask["cable_a"]))

    def _read(self, ask: Asked) -> Answer:
        told = self._plug(ask).reference()
        three = {
            name: [told[f"{name[0]}{n}_{name[2:]}"] for n in (1, 2, 3)] for name in ("u_v", "i_a", "p_w")
        }
        return {**three, **{name: told[name] for name in ("total_w", "hz", "energy_wh")}}


class TalkServer(LineServer):
    """Devices that are talked to in lines of JSON."""

    def __init__(self, host: str, port: int, devices: Devices) -> None:
        def answer(raw: bytes) -> bytes:
            return json.dumps(devices.answer(raw.decode("utf-8", "replace"))).encode()

        super().__init__(host, port, answer)


def main() -> None:
    host, _, port = sys.argv[1].rpartition(":")
    with socket.create_connection((host, int(port))) as far, far.makefile("rw", encoding="utf-8") as lines:
        for line in sys.stdin:
            lines.write(line)
            lines.flush()
            sys.stdout.write(lines.readline())
            sys.stdout.flush()


if __name__ == "__main__":
    main()
