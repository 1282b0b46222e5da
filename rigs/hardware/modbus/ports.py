"""Where a Modbus line is: a TCP port, or a serial port with its speed, by a URL of either."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from evc5.rigs.errors import BadInput

PARITIES = ("N", "E", "O")
SETTINGS = ("baud", "parity", "stop")
MODBUS_PORT = 502  # Modbus messaging on TCP/IP, 4.2.2
WINDOWS_PORT = re.compile(r"/?(?:[\\/]{2}\.[\\/])?(COM\d+)/?", re.IGNORECASE)  # \\.\COM12 is COM12
ALLOWED = "tcp://host:port, rtu+tcp://host:port, serial:///dev/ttyUSB0?baud=9600 or serial://COM3"


@dataclass(frozen=True, slots=True)
class Place:
    """`framing` is tcp or rtu; `port` the serial port, empty where it is `host` and `tcp_port`."""

    framing: str
    host: str = ""
    tcp_port: int = MODBUS_PORT
    port: str = ""
    baud: int = 9600
    parity: str = "N"
    stop: int = 1

    @property
    def is_serial(self) -> bool:
        return bool(self.port)

    @property
    def byte_s(self) -> float:
        """How long one byte is on the line: start bit, eight, parity, stop bits."""
        return (9 + (self.parity != "N") + self.stop) / self.baud

    @property
    def serial_settings(self) -> dict[str, Any]:
        return {"baudrate": self.baud, "parity": self.parity, "stopbits": self.stop}


def place_of(url: str) -> Place:
    """BadInput for a URL that is none of a Modbus line."""
    parts = urlsplit(url)
    asked = {name: some[-1] for name, some in parse_qs(parts.query, keep_blank_values=True).items()}
    known = SETTINGS if parts.scheme == "serial" else ()
    if unknown := sorted(set(asked) - set(known)):
        allowed = f"; allowed: {', '.join(known)}" if known else ""
        raise BadInput(f"{url}: {', '.join(unknown)} is unknown{allowed}")
    if parts.scheme in ("tcp", "rtu+tcp") and parts.hostname:
        framing = "tcp" if parts.scheme == "tcp" else "rtu"
        return Place(framing, parts.hostname, _tcp_port(url))
    if parts.scheme == "serial" and (port := parts.path if parts.path.strip("/") else parts.netloc):
        return _serial(url, port, asked)
    raise BadInput(f"url must be {ALLOWED}, got {url!r}")


def _tcp_port(url: str) -> int:
    try:
        port = urlsplit(url).port
    except ValueError:
        raise BadInput(f"{url}: the port must be within 0 and 65535") from None
    return MODBUS_PORT if port is None else port


def _serial(url: str, port: str, asked: dict[str, str]) -> Place:
    baud, parity, stop = asked.get("baud", "9600"), asked.get("parity", "N").upper(), asked.get("stop", "1")
    if parity not in PARITIES or stop not in ("1", "2") or not (baud.isdigit() and int(baud)):
        raise BadInput(f"{url}: baud must be a number, parity one of {', '.join(PARITIES)}, stop 1 or 2")
    named = WINDOWS_PORT.fullmatch(port)
    return Place("rtu", port=named[1] if named else port, baud=int(baud), parity=parity, stop=int(stop))
