"""A meter that we serve: its registers show what a world, a load or another meter tells at that moment.

Absent units are silent, as on a real line, and replies may be spoilt: silence, a wrong checksum, frozen
values.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from evc5.rigs.errors import BadInput, BenchFault
from evc5.rigs.hardware.modbus.maps import Field, Map

Values = Callable[[], Mapping[str, float | None] | None]  # None: it does not answer
SPOILT = ("silence", "crc", "frozen")
STARTS_WITHIN_S = 10.0  # assumed


class MeterEmulator:
    """Serves units of one map until `close`; `values` by unit are asked at each request."""

    def __init__(self, url: str, map_: Map, values: Mapping[int, Values]) -> None:
        self._map = map_
        self._values = dict(values)
        self._frozen: dict[int, Mapping[str, float | None]] = {}
        self._unit_at = 6 if urlsplit(url).scheme == "tcp" else 0  # where a packet names its unit
        self.spoilt: str | None = None
        self._mute = False  # nothing is known to answer the last request with
        self.asked: list[tuple[int, int, int]] = []  # function, address, count
        self._loop = asyncio.new_event_loop()
        self._server: Any = None
        self._failed: Exception | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(url,), name="evc5-meter", daemon=True)
        self._thread.start()
        if not self._ready.wait(STARTS_WITHIN_S) or self._failed is not None:
            raise BenchFault(f"{url} cannot be served: {self._failed}")

    @property
    def port(self) -> int:
        """The TCP port that it listens on."""
        return int(self._server.transport.sockets[0].getsockname()[1])

    def spoil(self, how: str | None) -> None:
        """From now on: "silence", "crc" (a wrong checksum), "frozen"; None: sound again."""
        if how not in (None, *SPOILT):
            raise BadInput(f"a meter is spoilt by {', '.join(SPOILT)}, got {how}")
        self._frozen = {}
        if how == "frozen":
            self._frozen = {unit: dict(values() or {}) for unit, values in self._values.items()}
        self.spoilt = how

    def close(self) -> None:
        if self._server is not None and self._loop.is_running():
            asyncio.run_coroutine_threadsafe(self._server.shutdown(), self._loop).result(STARTS_WITHIN_S)
        self._thread.join(STARTS_WITHIN_S)

    def _run(self, url: str) -> None:
        logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve(url))
        except asyncio.CancelledError:
            pass
        except Exception as error:
            self._failed = error
        finally:
            self._ready.set()
            self._loop.close()

    async def _serve(self, url: str) -> None:
        from pymodbus import FramerType
        from pymodbus.server import ModbusSerialServer, ModbusTcpServer

        parts = urlsplit(url)
        devices = [self._device(unit) for unit in self._values]
        if parts.scheme == "serial":
            asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            self._server = ModbusSerialServer(
                devices, port=parts.path, framer=FramerType.RTU, baudrate=int(asked.get("baud", "9600")),
                trace_packet=self._trace,
            )  # fmt: skip
        else:
            framer = FramerType.SOCKET if parts.scheme == "tcp" else FramerType.RTU
            address = (parts.hostname or "127.0.0.1", parts.port or 0)
            self._server = ModbusTcpServer(devices, address=address, framer=framer, trace_packet=self._trace)
        await self._server.listen()
        self._ready.set()
        await self._server.serving

    def _device(self, unit: int) -> Any:
        from pymodbus.simulator import DataType, SimData, SimDevice

        bits = [SimData(0, values=False, datatype=DataType.BITS)]
        words = [SimData(0, count=65_535, values=0, datatype=DataType.REGISTERS)]

        async def act(function: int, start: int, address: int, count: int, registers: Any, _: Any) -> None:
            self.asked.append((function, address, count))
            values = self._frozen.get(unit) or self._values[unit]()
            self._mute = values is None
            if values is None:
                return
            for field in self._map.fields:
                if field.function == function and address <= field.address < address + count:
                    self._show(field, values.get(field.name), start, registers)

        return SimDevice(id=unit, simdata=(bits, bits, words, words), action=act)

    def _show(self, field: Field, value: float | None, start: int, registers: Any) -> None:
        for place, word in enumerate(field.encoded(value, self._map.low_word_first)):
            registers[field.address - start + place] = word

    def _trace(self, sending: bool, data: bytes) -> bytes:
        if not sending or not data:
            return data
        if self._mute or self.spoilt == "silence" or data[self._unit_at] not in self._values:
            return b""
        return data[:-1] + bytes([data[-1] ^ 0xFF]) if self.spoilt == "crc" else data
