"""A Modbus line as its master. Only here and in `serving` is pymodbus known."""

import logging
import time
from collections.abc import Callable
from typing import Any

from evc5.rigs.errors import BenchFault
from evc5.rigs.hardware.modbus.ports import Place, place_of

STRAY_S = 0.2  # assumed: what comes so soon after a request that failed is a late answer to that one


class Lines:
    """The lines of one bench: devices on one bus share its port, which one process can open but once."""

    def __init__(self) -> None:
        self._clients: dict[Place, Any] = {}

    def line(self, url: str, unit: int, timeout_s: float) -> "Line":
        place = place_of(url)
        if place not in self._clients:
            self._clients[place] = client(url, timeout_s)
        return Line(url, unit, timeout_s, self._clients[place])


class Line:
    """Requests to one unit; a connection that is lost is made again with the next request."""

    def __init__(self, url: str, unit: int, timeout_s: float, shared: Any = None) -> None:
        self._url = url
        self._unit = unit
        self._timeout_s = timeout_s
        self._is_serial = place_of(url).is_serial
        self._client = shared or client(url, timeout_s)

    def read(self, function: int, address: int, count: int) -> list[int]:
        """So many registers; BenchFault where they do not come."""
        ask = {3: self._client.read_holding_registers, 4: self._client.read_input_registers}[function]
        words: list[int] = self._done(f"registers {address:#06x}", ask, address, count=count).registers
        if len(words) != count:
            raise BenchFault(
                f"{self._url} unit {self._unit}: {len(words)} registers where {count} were asked for"
            )
        return words

    def coils(self, address: int, count: int, inputs: bool = False) -> list[bool]:
        """So many coils, or inputs."""
        ask = self._client.read_discrete_inputs if inputs else self._client.read_coils
        bits: list[bool] = self._done(f"coils {address}", ask, address, count=count).bits
        if len(bits) < count:
            raise BenchFault(f"{self._url} unit {self._unit}: {len(bits)} coils where {count} were asked for")
        return bits[:count]

    def set_coil(self, address: int, on: bool) -> None:
        self._done(f"coil {address}", self._client.write_coil, address, on)

    def close(self) -> None:
        self._client.close()

    def _done(self, what: str, ask: Callable[..., Any], *args: Any, **more: Any) -> Any:
        from pymodbus.exceptions import ModbusException

        try:
            self._wait_as_long_as_own()
            if not self._client.connected:
                self._connect()
            answer = ask(*args, device_id=self._unit, **more)
        except (ModbusException, OSError) as error:
            self._let_go()
            raise BenchFault(
                f"{self._url} unit {self._unit}: no answer to {what} ({type(error).__name__})"
            ) from None
        if answer.isError():
            raise BenchFault(f"{self._url} unit {self._unit} refuses {what}: {answer}")
        return answer

    def _wait_as_long_as_own(self) -> None:
        """Who shares the line has asked before, with a time-out of another length."""
        for keeper in (self._client, self._client.transaction):  # one waits for bytes, one for a whole reply
            keeper.comm_params.timeout_connect = self._timeout_s

    def _connect(self) -> None:
        if not self._client.connect():
            raise BenchFault(f"{self._url} is not there")
        if self._is_serial:
            self._client.socket.exclusive = False  # our guardian may need the port while we hang

    def _let_go(self) -> None:
        """Its answer, should it come yet, must not be taken for that to the next request."""
        if self._is_serial:
            time.sleep(STRAY_S)  # on a serial line nothing tells which request a reply is to
        self._client.close()


def client(url: str, timeout_s: float) -> Any:
    """pymodbus's own of a place."""
    from pymodbus import FramerType
    from pymodbus.client import ModbusSerialClient, ModbusTcpClient

    logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)  # it tells its history with each error
    place = place_of(url)
    framer = FramerType.SOCKET if place.framing == "tcp" else FramerType.RTU
    how: dict[str, Any] = {"framer": framer, "timeout": timeout_s, "retries": 0, "reconnect_delay": 0}
    if place.is_serial:
        return ModbusSerialClient(place.port, **place.serial_settings, **how)
    return ModbusTcpClient(place.host, port=place.tcp_port, **how)
