"""A Modbus line: TCP, RTU over TCP, or RTU on a serial port. Only here and in `serving` is pymodbus known."""

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from evc5.rigs.errors import BadInput, BenchFault

PARITIES = ("N", "E", "O")


class Line:
    """Requests to one unit; a connection that is lost is made again with the next request."""

    def __init__(self, url: str, unit: int, timeout_s: float) -> None:
        self._url = url
        self._unit = unit
        self._client = client(url, timeout_s)

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
        return bits[:count]

    def set_coil(self, address: int, on: bool) -> None:
        self._done(f"coil {address}", self._client.write_coil, address, on)

    def close(self) -> None:
        self._client.close()

    def _done(self, what: str, ask: Callable[..., Any], *args: Any, **more: Any) -> Any:
        from pymodbus.exceptions import ModbusException

        try:
            if not self._client.connected and not self._client.connect():
                raise BenchFault(f"{self._url} is not there")
            answer = ask(*args, device_id=self._unit, **more)
        except (ModbusException, OSError) as error:
            self._client.close()
            raise BenchFault(
                f"{self._url} unit {self._unit}: no answer to {what} ({type(error).__name__})"
            ) from None
        if answer.isError():
            raise BenchFault(f"{self._url} unit {self._unit} refuses {what}: {answer}")
        return answer


def client(url: str, timeout_s: float) -> Any:
    """A client for tcp://host:port, rtu+tcp://host:port or serial:///dev/ttyUSB0?baud=9600&parity=N&stop=1."""
    from pymodbus import FramerType
    from pymodbus.client import ModbusSerialClient, ModbusTcpClient

    logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)  # it tells its history with each error
    parts = urlsplit(url)
    if parts.scheme in ("tcp", "rtu+tcp") and parts.hostname:
        framer = FramerType.SOCKET if parts.scheme == "tcp" else FramerType.RTU
        return ModbusTcpClient(
            parts.hostname,
            port=parts.port or 502,
            framer=framer,
            timeout=timeout_s,
            retries=0,
            reconnect_delay=0,
        )
    if parts.scheme == "serial" and (port := parts.path or parts.netloc):
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        parity = asked.get("parity", "N").upper()
        if parity not in PARITIES or not asked.get("baud", "9600").isdigit():
            raise BadInput(f"{url}: baud must be a number, parity one of {', '.join(PARITIES)}")
        return ModbusSerialClient(
            port, framer=FramerType.RTU, baudrate=int(asked.get("baud", "9600")), parity=parity,
            stopbits=int(asked.get("stop", "1")), timeout=timeout_s, retries=0, reconnect_delay=0,
        )  # fmt: skip
    allowed = "tcp://host:port, rtu+tcp://host:port or serial:///dev/ttyUSB0?baud=9600"
    raise BadInput(f"url must be {allowed}, got {url!r}")
