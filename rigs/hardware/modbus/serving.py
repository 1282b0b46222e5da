"""A Modbus line whose other end we are: meters whose registers show what is told at that moment, and relays.

Units that are not there are silent, as on a real line. A reply may be spoilt, and on a serial line takes the
time that its bytes need.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from evc5.models.faults import JUMP_WH
from evc5.rigs.errors import BadInput, BenchFault
from evc5.rigs.hardware.modbus.maps import Field, Map
from evc5.rigs.hardware.modbus.ports import Place, place_of

Told = Mapping[str, float | None]
Values = Callable[[], Told | None]  # None: it does not answer
ON_THE_LINE = ("silence", "crc", "garbage", "wrong-unit", "late")
IN_THE_METER = ("frozen", "jump", "phase-lost")
SPOILT = (*ON_THE_LINE, *IN_THE_METER)
LATE_S = 1.5  # assumed: longer than anybody waits
LOST = ("u2_v", "i2_a", "p2_w")
GATEWAY_TARGET_FAILED = 0x0B  # Modbus application protocol, 7: what a gateway says of a frame it cannot read
STARTS_WITHIN_S = 10.0  # assumed
REQUEST_BYTES, REPLY_BYTES, SILENT_BYTES = 8, 5, 3.5  # Modbus over serial line, 2.5.1: of a request to read
COILS = 64  # of a box of relays; assumed
CRC_POLYNOMIAL = 0xA001  # Modbus over serial line, 6.2.2


class Unit(Protocol):
    """One address on the line."""

    def act(self, function: int, start: int, address: int, count: int, words: Any) -> bool:
        """Bring `words`, of which the first is that of `start`, up to date; False: it stays silent."""


class Server:
    """Serves units until `close`, in a thread of its own."""

    def __init__(self, url: str, units: Mapping[int, Unit]) -> None:
        self._url = url
        self._place = place_of(url)
        self._units = dict(units)
        self._unit_at = 6 if self._place.framing == "tcp" else 0  # where a packet names its unit
        self.spoilt: tuple[str, ...] = ()  # of ON_THE_LINE
        self._mute = False  # nothing is known to answer the last request with
        self.asked: list[tuple[int, int, int]] = []  # function, address, count
        self._loop = asyncio.new_event_loop()
        self._server: Any = None
        self._failed: Exception | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="evc5-modbus", daemon=True)
        self._thread.start()
        if not self._ready.wait(STARTS_WITHIN_S) or self._failed is not None:
            raise BenchFault(f"{url} cannot be served: {self._failed}")

    @property
    def port(self) -> int:
        """The TCP port that it listens on."""
        return int(self._server.transport.sockets[0].getsockname()[1])

    def close(self) -> None:
        if self._server is not None and self._loop.is_running():
            asyncio.run_coroutine_threadsafe(self._server.shutdown(), self._loop).result(STARTS_WITHIN_S)
        self._thread.join(STARTS_WITHIN_S)

    def _run(self) -> None:
        logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve(self._place))
        except asyncio.CancelledError:
            pass
        except Exception as error:
            self._failed = error
        finally:
            self._ready.set()
            self._let_go()
            self._loop.close()

    def _let_go(self) -> None:
        """Requests under way when the line ends get no answer."""
        under_way = asyncio.all_tasks(self._loop)
        for task in under_way:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*under_way, return_exceptions=True))

    async def _serve(self, place: Place) -> None:
        from pymodbus import FramerType
        from pymodbus.server import ModbusSerialServer, ModbusTcpServer

        devices = [self._device(number) for number in self._units]
        framer = FramerType.SOCKET if place.framing == "tcp" else FramerType.RTU
        if place.is_serial:
            self._server = ModbusSerialServer(
                devices, port=place.port, framer=framer, trace_packet=self._trace, **place.serial_settings
            )
        else:
            address = (place.host, place.tcp_port)
            self._server = ModbusTcpServer(devices, address=address, framer=framer, trace_packet=self._trace)
        if not await self._server.listen():
            raise OSError("the port is not there, or in use")
        self._ready.set()
        await self._server.serving

    def _device(self, number: int) -> Any:
        from pymodbus.simulator import DataType, SimData, SimDevice

        bits = [SimData(0, count=COILS, values=False, datatype=DataType.BITS)]
        words = [SimData(0, count=65_535, values=0, datatype=DataType.REGISTERS)]

        async def act(function: int, start: int, address: int, count: int, registers: Any, _: Any) -> None:
            self.asked.append((function, address, count))
            self._mute = not self._units[number].act(function, start, address, count, registers)
            await asyncio.sleep(self._delay_s(count))

        return SimDevice(id=number, simdata=(bits, bits, words, words), action=act)

    def _delay_s(self, count: int) -> float:
        """What a request to read and its reply take on the line."""
        if "late" in self.spoilt:
            return LATE_S
        if not self._place.is_serial:
            return 0.0
        return (REQUEST_BYTES + SILENT_BYTES + REPLY_BYTES + 2 * count) * self._place.byte_s

    def _trace(self, sending: bool, data: bytes) -> bytes:
        if not sending or not data:
            return data
        if self._mute or "silence" in self.spoilt or data[self._unit_at] not in self._units:
            return b""
        if "garbage" in self.spoilt:
            return bytes((17 * n + 5) % 256 for n in range(len(data)))
        if "wrong-unit" in self.spoilt:
            data = self._of_another_unit(data)
        return self._with_wrong_checksum(data) if "crc" in self.spoilt else data

    def _with_wrong_checksum(self, data: bytes) -> bytes:
        """TCP has none of Modbus: there the gateway that read the serial line refuses."""
        if not self._unit_at:
            return data[:-1] + bytes([data[-1] ^ 0xFF])
        function = data[7] | 0x80
        return data[:4] + bytes([0, 3, data[self._unit_at], function, GATEWAY_TARGET_FAILED])

    def _of_another_unit(self, data: bytes) -> bytes:
        if self._unit_at:
            return data[: self._unit_at] + bytes([data[self._unit_at] + 1]) + data[self._unit_at + 1 :]
        body = bytes([data[0] + 1]) + data[1:-2]
        return body + crc(body).to_bytes(2, "little")


def crc(body: bytes) -> int:
    """The checksum of a frame on a serial line (Modbus over serial line, 6.2.2)."""
    value = 0xFFFF
    for byte in body:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (CRC_POLYNOMIAL if value & 1 else 0)
    return value


class MeterUnit:
    """A kWh meter of one map; `values` are asked at each request."""

    def __init__(self, map_: Map, values: Values) -> None:
        self._map = map_
        self._values = values
        self._frozen: Told | None = None
        self._spoilt: tuple[str, ...] = ()  # of IN_THE_METER

    def spoil(self, spoilt: tuple[str, ...]) -> None:
        if "frozen" in spoilt and "frozen" not in self._spoilt:
            known = self._values()
            self._frozen = None if known is None else dict(known)
        self._spoilt = spoilt

    def act(self, function: int, start: int, address: int, count: int, words: Any) -> bool:
        values = self._frozen if "frozen" in self._spoilt else self._values()
        if values is None:
            return False
        values = self._told(values)
        for field in self._map.fields:
            if field.function == function and address <= field.address < address + count:
                self._show(field, values.get(field.name), start, words)
        return True

    def _told(self, values: Told) -> Told:
        told = dict(values)
        if "jump" in self._spoilt and (energy_wh := told.get("energy_wh")) is not None:
            told["energy_wh"] = energy_wh + JUMP_WH
        if "phase-lost" in self._spoilt:
            if (total_w := told.get("total_w")) is not None:
                told["total_w"] = total_w - (told.get("p2_w") or 0.0)
            told |= dict.fromkeys(LOST, 0.0)
        return told

    def _show(self, field: Field, value: float | None, start: int, words: Any) -> None:
        for place, word in enumerate(field.encoded(value, self._map.low_word_first)):
            words[field.address - start + place] = word


class CoilUnit:
    """A box of relays; `switched` is told which coils are on, before a write and after it."""

    def __init__(self, switched: Callable[[frozenset[int]], None]) -> None:
        self._switched = switched
        self._on: frozenset[int] = frozenset()

    def act(self, function: int, start: int, address: int, count: int, words: Any) -> bool:
        """Coils lie packed in words, the lowest bit first."""
        on = frozenset(n for n in range(COILS) if words[n // 16] >> n % 16 & 1)
        if on != self._on:
            self._on = on
            self._switched(on)
        return True


class MeterEmulator(Server):
    """Meters of one map; `values` by unit."""

    def __init__(self, url: str, map_: Map, values: Mapping[int, Values]) -> None:
        self._meters = {number: MeterUnit(map_, some) for number, some in values.items()}
        self._in_the_meter: tuple[str, ...] = ()
        super().__init__(url, self._meters)

    def spoil(self, how: str, on: bool = True) -> None:
        """One more of SPOILT from now on, or one less."""
        if how not in SPOILT:
            raise BadInput(f"a meter is spoilt by {', '.join(SPOILT)}, got {how}")
        before = (*self.spoilt, *self._in_the_meter)
        now = {*before, how} if on else {*before} - {how}
        self.spoilt = tuple(one for one in ON_THE_LINE if one in now)
        self._in_the_meter = tuple(one for one in IN_THE_METER if one in now)
        for meter in self._meters.values():
            meter.spoil(self._in_the_meter)
