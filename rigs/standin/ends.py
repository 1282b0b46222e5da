"""The other ends of a bench's devices, each at the place where its rig looks for it."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from evc5.rigs.errors import BadInput
from evc5.rigs.hardware.modbus import box, maps
from evc5.rigs.hardware.modbus.ports import place_of
from evc5.rigs.hardware.modbus.serving import CoilUnit, MeterUnit, Server, Unit
from evc5.rigs.hardware.roles import Closes
from evc5.rigs.hardware.scpi import dialects
from evc5.rigs.rigfile.hardware import Device, Hardware
from evc5.rigs.standin import scpi
from evc5.rigs.standin.plug import Plug, Power
from evc5.rigs.standin.ptys import Pair
from evc5.rigs.standin.relays import Relays
from evc5.rigs.standin.talk import Devices, TalkServer
from evc5.rigs.standin.web import WebSwitch

TALK = "evc5.rigs.standin.talk"  # of a `command` that speaks to us
Tell = Callable[[str], None]


class Ends:
    """Served from the moment this is made until `close`."""

    def __init__(
        self, hardware: Hardware, folder: Path, plugs: Mapping[int, Plug], power: Power, tell: Tell
    ) -> None:
        self._hardware = hardware
        self._folder = folder
        self._plugs = plugs
        self._power = power
        self._tell = tell
        self._pairs: dict[str, Pair] = {}
        self._served: list[Closes] = []
        try:
            for serve in (self._lines, self._modbus, self._talks, self._scpi, self._web):
                serve()
        except BaseException:
            self.close()
            raise
        self._tell_of_others()

    def far(self, url: str) -> str:
        """Where a line's other end is: its far port, or the same TCP port."""
        pair = self._pairs.get(place_of(url).port)
        query = urlsplit(url).query
        return url if pair is None else f"serial://{pair.far}?{query}"

    def close(self) -> None:
        for served in reversed(self._served):
            served.close()
        self._served.clear()

    def _of(self, *drivers: str) -> Iterator[tuple[str, int | None, Device]]:
        return (row for row in self._hardware.devices() if row[2].driver in drivers)

    def _lines(self) -> None:
        for _, _, device in self._of("modbus-meter", "modbus-box", "meter-emulator"):
            port = place_of(device.url or "").port
            if port and port not in self._pairs:
                self._pairs[port] = Pair(Path(port))
                self._served.append(self._pairs[port])

    def _modbus(self) -> None:
        units: dict[str, dict[int, Unit]] = {}
        for _, connector, device in self._of("modbus-meter"):
            map_ = maps.find(device.map or "", self._folder)
            read = self._plug(connector).reference
            units.setdefault(device.url or "", {})[device.unit] = MeterUnit(map_, read)
        for (url, unit), relays in self._boxes().items():
            units.setdefault(url, {})[unit] = CoilUnit(relays.switched)
        for url, some in units.items():
            self._served.append(Server(self.far(url), some))

    def _boxes(self) -> dict[tuple[str, int], Relays]:
        """A box may be the cable of a connector and the mains at once."""
        rows: dict[tuple[str, int], list[tuple[str, int | None, Device]]] = {}
        for row in self._of("modbus-box"):
            rows.setdefault((row[2].url or "", row[2].unit), []).append(row)
        return {place: self._relays(some) for place, some in rows.items()}

    def _relays(self, rows: list[tuple[str, int | None, Device]]) -> Relays:
        cables = [connector for role, connector, _ in rows if role == "cable"]
        coils = box.find(rows[0][2].map or "", self._folder)
        is_mains = any(role == "mains" for role, _, _ in rows)
        plug = self._plug(cables[0]) if cables else None
        return Relays(coils, plug, self._power if is_mains else None)

    def _talks(self) -> None:
        places = {device.url for _, _, device in self._of("sim") if device.url}
        for _, _, device in self._of("command"):
            if TALK in device.program:
                places.add(f"tcp://{device.program[-1]}")
        for url in sorted(places):
            parts = urlsplit(url)
            host, port = parts.hostname or "127.0.0.1", parts.port or 0
            self._served.append(TalkServer(host, port, Devices(self._plugs, self._power)))

    def _scpi(self) -> None:
        for _, connector, device in self._of("scpi-load", "scpi-source", "scpi-analyser"):
            dialect = dialects.find(device.dialect or "", self._folder)
            if dialect.role == "source":
                instrument = scpi.source(dialect, self._power)
            else:
                make = scpi.load if dialect.role == "load" else scpi.analyser
                instrument = make(dialect, self._plug(connector))
            self._served.append(scpi.ScpiServer(device.url or "", instrument))

    def _web(self) -> None:
        for _, _, device in self._of("http-switch"):
            self._served.append(WebSwitch(device.url or "", device.channel, self._power))

    def _plug(self, connector: int | None) -> Plug:
        if connector is None or connector not in self._plugs:
            raise BadInput(f"hardware.connector must be one of {sorted(self._plugs)}, got {connector}")
        return self._plugs[connector]

    def _tell_of_others(self) -> None:
        for role, connector, device in self._hardware.devices():
            ours = device.url or TALK in device.program
            if not ours:
                where = f"connector.{connector}.{role}" if connector else role
                self._tell(f"hardware.{where}: driver {device.driver} has no other end here")
