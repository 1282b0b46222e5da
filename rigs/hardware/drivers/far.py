"""Driver `sim` with a url: the models behind a role live in another process, `evc5 stand-in`.

Its car is one of the models, which arrives whole and follows the pilot by itself.
"""

import json
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from math import inf
from typing import Any
from urllib.parse import urlsplit

from evc5.models.curve import Curve
from evc5.models.vehicles import Vehicle
from evc5.rigs.errors import BenchFault
from evc5.rigs.hardware.drivers.command import Command


class FarProgram:
    """One line of JSON there, one back; a connection that is lost is made again with the next request."""

    def __init__(self, url: str, role: str, connector: int | None, timeout_s: float) -> None:
        parts = urlsplit(url)
        self._url = url
        self._place = (parts.hostname or "127.0.0.1", parts.port or 0)
        self._about = {"role": role, "connector": connector}
        self._timeout_s = timeout_s
        self._far: socket.socket | None = None
        self._lines: Any = None

    def ask(self, verb: str, **more: Any) -> dict[str, Any]:
        """Its answer; BenchFault where there is none in time, or it says why not."""
        try:
            if self._far is None:
                self._far = socket.create_connection(self._place, self._timeout_s)
                self._lines = self._far.makefile("r", encoding="utf-8")
            self._far.sendall(json.dumps({"verb": verb, **self._about, **more}).encode() + b"\n")
            answer = self._lines.readline()
            told = json.loads(answer) if answer else {"error": "it has hung up"}
        except (OSError, ValueError) as error:
            self.close()
            raise BenchFault(f"{self._url} does not {verb}: {error}") from None
        if not isinstance(told, dict) or "error" in told:
            raise BenchFault(f"{self._url} does not {verb}: {told}")
        return told

    def close(self) -> None:
        far = self._far
        self._far = None
        if far is not None:
            with suppress(OSError):
                far.close()


class FarSim(Command):
    """Every role there; a cable brings a whole car."""

    def arrive(self, vehicle: Vehicle, soc: float, cable_a: float) -> None:
        self._program.ask("arrive", vehicle=told_vehicle(vehicle), soc=soc, cable_a=cable_a)

    def leave(self) -> None:
        self._program.ask("leave")


def told_vehicle(vehicle: Vehicle) -> dict[str, Any]:
    """A car as JSON has it; what is endless is null."""
    table = {name: None if value == inf else value for name, value in asdict(vehicle).items()}
    return {**table, "curve": [list(point) for point in vehicle.curve.points]}


def vehicle_of(table: Mapping[str, Any]) -> Vehicle:
    """The car that was told; ValueError for one that is none."""
    more: dict[str, Any] = {
        name: inf if value is None else value for name, value in table.items() if name != "curve"
    }
    more["acceptance"] = tuple((from_c, rate) for from_c, rate in more["acceptance"])
    return Vehicle(**more, curve=Curve(tuple((soc, rate) for soc, rate in table["curve"])))
