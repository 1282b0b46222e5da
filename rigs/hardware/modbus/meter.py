"""A kWh meter read over Modbus as the reference at an outlet."""

from evc5.rigs.hardware.believed import believed
from evc5.rigs.hardware.modbus.line import Line
from evc5.rigs.hardware.modbus.maps import QUANTITIES, Map
from evc5.rigs.hardware.roles import Known, Reading


class ModbusMeter:
    """Reads all its map knows; what a map or a meter lacks stays unknown."""

    def __init__(self, line: Line, map_: Map) -> None:
        self._line = line
        self._map = map_
        self._blocks = tuple(map_.blocks([name for name in QUANTITIES if name != "serial"]))

    def read(self) -> Reading:
        told: dict[str, float | None] = {}
        for function, address, count, fields in self._blocks:
            words = self._line.read(function, address, count)
            for field in fields:
                at = field.address - address
                told[field.name] = field.decoded(words[at : at + field.count], self._map.low_word_first)
        phases = _phases(told, "u", "v"), _phases(told, "i", "a"), _phases(told, "p", "w")
        reading = Reading(*phases, told.get("total_w"), told.get("hz"), told.get("energy_wh"))
        return believed(reading, f"its map {self._map.name}")

    def serial(self) -> str:
        """Its serial number; empty where its map has none."""
        for function, address, count, (field, *_) in self._map.blocks(["serial"]):
            number = field.decoded(self._line.read(function, address, count), self._map.low_word_first)
            return "" if number is None else f"{number:.0f}"
        return ""

    def close(self) -> None:
        self._line.close()


def _phases(told: dict[str, float | None], quantity: str, unit: str) -> Known:
    l1, l2, l3 = (told.get(f"{quantity}{phase}_{unit}") for phase in (1, 2, 3))
    return (l1, l2, l3)
