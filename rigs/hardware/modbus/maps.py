"""Register maps: where a meter keeps which quantity, and how its registers are numbers."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

from evc5.rigs.errors import BadInput
from evc5.rigs.hardware import shipped

CODES = {"f32": "f", "u16": "H", "s16": "h", "u32": "I", "s32": "i", "u64": "Q", "s64": "q"}
QUANTITIES = (
    *(
        f"{quantity}{phase}_{unit}"
        for quantity, unit in (("u", "v"), ("i", "a"), ("p", "w"))
        for phase in (1, 2, 3)
    ),
    *("total_w", "hz", "energy_wh", "serial"),
)
GAP = 8  # registers read for nothing to save a request; assumed
FUNCTIONS = (3, 4)
LAST = 0xFFFF  # the last register that there is
MOST_AT_ONCE = 125  # Modbus application protocol, 6.3 and 6.4


@dataclass(frozen=True, slots=True)
class Field:
    """One quantity: `factor` times the number in its registers is in V, A, W, Hz or Wh."""

    name: str
    address: int
    type: str
    factor: float
    function: int

    @property
    def count(self) -> int:
        return struct.calcsize(f">{CODES[self.type]}") // 2

    def decoded(self, words: Sequence[int], low_word_first: bool) -> float | None:
        """None where the meter says that it has no such value: all ones, or no finite number."""
        ordered = list(reversed(words)) if low_word_first else list(words)
        raw = struct.pack(f">{len(ordered)}H", *ordered)
        is_absent = {
            "f": False,
            "u": raw == b"\xff" * len(raw),
            "s": raw[:1] == b"\x7f" and set(raw[1:]) == {255},
        }
        (number,) = struct.unpack(f">{CODES[self.type]}", raw)
        if is_absent[self.type[0]] or not isfinite(number):
            return None
        return float(number * self.factor)

    def encoded(self, value: float | None, low_word_first: bool) -> list[int]:
        """The registers that show a value; None as the meter tells that it has none."""
        raw = self._raw(value)
        words = list(struct.unpack(f">{len(raw) // 2}H", raw))
        return words[::-1] if low_word_first else words

    def _raw(self, value: float | None) -> bytes:
        size = 2 * self.count
        if self.type[0] == "f":
            return struct.pack(">f", float("nan") if value is None else value / self.factor)
        if value is None:
            return (b"\x7f" if self.type[0] == "s" else b"\xff") + b"\xff" * (size - 1)
        bits = 8 * size
        least, most = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if self.type[0] == "s" else (0, 2**bits - 1)
        return struct.pack(f">{CODES[self.type]}", min(max(round(value / self.factor), least), most))


@dataclass(frozen=True, slots=True)
class Map:
    """One type of meter; `most` registers may be asked for at once."""

    name: str
    title: str
    most: int
    low_word_first: bool
    fields: tuple[Field, ...]

    def blocks(self, names: Sequence[str] = QUANTITIES) -> Iterator[tuple[int, int, int, tuple[Field, ...]]]:
        """Function, address, count and fields of each request that reads these quantities."""
        wanted = [field for field in self.fields if field.name in names]
        wanted.sort(key=lambda field: (field.function, field.address))
        some: list[Field] = []
        for field in wanted:
            if some and not self._beside(some, field):
                yield self._block(some)
                some = []
            some.append(field)
        if some:
            yield self._block(some)

    def _beside(self, some: Sequence[Field], field: Field) -> bool:
        end, last = field.address + field.count, some[-1]
        near = field.address <= last.address + last.count + GAP and end - some[0].address <= self.most
        return near and field.function == last.function

    @staticmethod
    def _block(some: Sequence[Field]) -> tuple[int, int, int, tuple[Field, ...]]:
        first = some[0].address
        count = max(field.address + field.count for field in some) - first
        return some[0].function, first, count, tuple(some)


PLACE = ("evc5.rigs.hardware.modbus", "maps.toml")
SAME_AS = {  # meters whose registers are those of another; what theirs lacks is told as not there
    "SDM72D-M-2": "SDM630", "ABB-B21": "ABB-B23", "ABB-B24": "ABB-B23", "EM330": "EM340",
}  # fmt: skip


def find(name: str, folder: Path) -> Map:
    """A shipped map by its name, or a TOML file of one beside the rig's; BadInput says what there is."""
    found = shipped.find("map", SAME_AS.get(name, name), folder, PLACE, _read)
    return replace(found, name=name) if name in SAME_AS else found


def _read(name: str, table: dict[str, Any]) -> Map:
    function = table.get("function", 3)
    if function not in FUNCTIONS:
        raise BadInput(f"map {name}: function must be 3 or 4, got {function!r}")
    fields = [_field(name, key, table[key], function) for key in QUANTITIES if key in table]
    unknown = set(table) - {"title", "function", "most", "low_word_first", *QUANTITIES}
    if unknown or not fields:
        what = f"{', '.join(sorted(unknown))} is unknown" if unknown else "no quantity"
        raise BadInput(f"map {name}: {what}; allowed: {', '.join(QUANTITIES)}")
    most, low_word_first = table.get("most", 60), table.get("low_word_first", False)
    if type(most) is not int or not 4 <= most <= MOST_AT_ONCE:
        raise BadInput(f"map {name}: most must be within 4 and {MOST_AT_ONCE}, got {most!r}")
    if not isinstance(low_word_first, bool):
        raise BadInput(f"map {name}: low_word_first must be true or false, got {low_word_first!r}")
    return Map(name, table.get("title", name), most, low_word_first, tuple(fields))


def _field(name: str, key: str, row: Any, function: int) -> Field:
    try:
        address, type_, factor, *more = row
        field = Field(key, int(address), CODES[type_] and type_, float(factor), *more or (function,))
        if not (isfinite(field.factor) and field.factor and field.function in FUNCTIONS):
            raise ValueError
        if not 0 <= field.address <= LAST - field.count + 1:
            raise ValueError
        return field
    except (TypeError, ValueError, KeyError):
        allowed = f"must be [address, {' '.join(CODES)}, factor, function 3 or 4 if another]"
        raise BadInput(f"map {name}: {key} {allowed}, got {row!r}") from None
