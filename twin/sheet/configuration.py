"""The charge point's configuration keys: what is stored, what holds now, and who may change it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.keys import CHANNELS, PHASES, initial, measurand_and_phase, normal, split
from evc5.twin.sheet.rows import Key, Measurand

T = TypeVar("T")
Asked = tuple[tuple[Measurand, str | None], ...]
Override = str | int | float | bool | Sequence[Any] | Mapping[str, Any]


class Change(NamedTuple):
    """What became of a ChangeConfiguration."""

    status: str
    key: str
    old: str
    new: str


class TooManyKeys(ValueError):
    """More keys asked for than GetConfigurationMaxKeys, under a policy that answers this with an error."""


class Configuration:
    """All configuration keys of one charge point, matched without regard to case.

    `overrides` are what a rig file sets: refused (ValueError) where the sheet calls the key missing or
    read-only or the value out of range, unless `allow` models a firmware that is otherwise. Keys that tell of
    the hardware are set by the station itself with `assign`.
    """

    def __init__(
        self,
        behaviour: Behaviour,
        overrides: Mapping[str, Override] | None = None,
        connectors: int = 2,
        *,
        allow: bool = False,
    ) -> None:
        self.behaviour = behaviour
        self.connectors = connectors
        self.on_change: list[Callable[[str], None]] = []
        self._rows = dict(behaviour.keys)
        self._wire_names = {name.lower(): name for name in self._rows}
        self._names = {row.name.lower(): name for name, row in self._rows.items()} | self._wire_names
        self._given = {name: initial(row, connectors) for name, row in self._rows.items()}
        self._given[self._name("NumberOfConnectors")] = str(connectors)
        self._set: dict[str, str] = {}  # what the CSMS set
        self._running: dict[str, str] = {}  # what still holds of keys that wait for the next boot
        self._held: dict[str, str] = {}  # what holds now, by any spelling of a key, until another is set
        self._asked: dict[tuple[str, int], Asked] = {}  # made when first asked
        self._followed: dict[Callable[[Configuration], Any], Any] = {}  # and these
        given = {name: as_text(value) for name, value in (overrides or {}).items()}
        for name in sorted(given, key=self._lists_measurands):  # which there are depends on the meters
            self._override(name, given[name], allow)

    # What the charge point itself goes by

    def text(self, key: str) -> str:
        """The value that holds now."""
        text = self._held.get(key)
        if text is None:
            name = self._name(key)
            text = self._held[key] = self._running.get(name, self._stored(name))
        return text

    def integer(self, key: str) -> int:
        """The value of an Int key."""
        return int(self.text(key))

    def number(self, key: str) -> float:
        """The value of a key that holds one number, as chg_StationMaxCurrent."""
        return float(self.text(key))

    def flag(self, key: str) -> bool:
        """The value of a Bool key."""
        return self.text(key) == "true"

    def items(self, key: str) -> list[str]:
        """The items of a comma separated list."""
        return split(self.text(key))

    def pair(self, key: str) -> list[float]:
        """The numbers of a list with one item a channel, as chg_RatedCurrent."""
        return list(_numbers(self.text(key)))

    def options(self, key: str) -> Mapping[str, str]:
        """The entries of a list of name=value, as chg_Options."""
        return _entries(self.text(key))

    def option(self, key: str, name: str, *, unmentioned: bool = False) -> bool:
        """One switch of such a list, `unmentioned` where it is not in it."""
        return _switches(self.text(key)).get(name.lower(), unmentioned)

    def measurands(self, key: str, connector: int) -> Asked:
        """What a list of measurands asks of one connector, phase by phase (None: without phase), each once.

        A measurand that this connector's kWh meter does not measure is left out.
        """
        asked = self._asked.get((key, connector))
        if asked is None:
            asked = self._asked[key, connector] = tuple(dict.fromkeys(self._ask(key, connector)))
        return asked

    def follows(self, make: Callable[["Configuration"], T]) -> T:
        """What `make` makes of the keys alone: made once, until another value is set."""
        if make not in self._followed:
            self._followed[make] = make(self)
        made: T = self._followed[make]
        return made

    # What the CSMS may do

    def change(self, key: str, value: str) -> Change:
        """ChangeConfiguration (5.3)."""
        name = self._known(key)
        if name is None:
            return Change("NotSupported", key, "", "")
        row = self._rows[name]
        old = self._stored(name)
        try:
            new = normal(row, value, self.connectors, self._measurands())
        except ValueError:
            return Change("Rejected", name, old, old)
        if row.access == "R":
            return Change("Rejected", name, old, old)
        if row.support == "hardcoded":
            return Change(self.behaviour.policy("hardcoded_write"), name, old, old)
        self._store(name, new, at_boot=row.reboot)
        return Change("RebootRequired" if row.reboot else "Accepted", name, old, new)

    def get(self, keys: Iterable[str] = ()) -> tuple[list[dict[str, Any]], list[str]]:
        """GetConfiguration (5.8): known keys as wire dicts, names of unknown ones; none asked is all."""
        asked = self._within_limit(list(keys)) or [
            n for n, row in self._rows.items() if row.support != "missing"
        ]
        known = [(key, self._known(key)) for key in asked]
        found = dict.fromkeys(name for _, name in known if name is not None)
        return [self._wire(name) for name in found], [key for key, name in known if name is None]

    # What the station does

    def assign(self, key: str, value: Override) -> None:
        """Set a key from inside, whatever its access: hardware, identity, what BootNotification.conf says."""
        name = self._name(key)
        text = as_text(value)
        old = self.text(name)
        self._given[name] = text
        self._set.pop(name, None)
        self._running.pop(name, None)
        self._forget()
        if text != old:
            self._tell(name)

    def boot(self) -> None:
        """Let what was changed with RebootRequired hold from now on."""
        pending = sorted(self._running)
        self._running.clear()
        self._forget()
        for name in pending:
            self._tell(name)

    def dump(self) -> dict[str, str]:
        """What the CSMS set, for non-volatile memory."""
        return dict(self._set)

    def load(self, stored: Mapping[str, str]) -> None:
        """Take over what `dump` gave, as at a boot; keys this firmware does not have are dropped."""
        self._set = {name: text for name, text in stored.items() if name in self._rows}
        self._running.clear()
        self._forget()

    def row(self, key: str) -> Key:
        """The sheet's row for a key, with its source."""
        return self._rows[self._name(key)]

    # Inside

    def _lists_measurands(self, key: str) -> bool:
        name = self._names.get(key.lower())
        return name is not None and self._rows[name].measurands

    def _stored(self, name: str) -> str:
        return self._set.get(name, self._given[name])

    def _name(self, key: str) -> str:
        name = self._names.get(key.lower())
        if name is None:
            raise KeyError(f"{key} is no configuration key of {self.behaviour.name}")
        return name

    def _known(self, key: str) -> str | None:
        """The key's own spelling, None where the CSMS gets to hear that there is none."""
        name = self._wire_names.get(key.lower())
        return None if name is None or self._rows[name].support == "missing" else name

    def _store(self, name: str, text: str, *, at_boot: bool) -> None:
        old = self._stored(name)
        if at_boot:
            self._running.setdefault(name, old)
        self._set[name] = text
        self._forget()
        if text != old and not at_boot:
            self._tell(name)

    def _forget(self) -> None:
        """What was looked up may hold no more."""
        self._held.clear()
        self._asked.clear()
        self._followed.clear()

    def _tell(self, name: str) -> None:
        for listener in tuple(self.on_change):
            listener(name)

    def _wire(self, name: str) -> dict[str, Any]:
        row = self._rows[name]
        entry: dict[str, Any] = {"key": name, "readonly": row.access == "R"}
        if row.access != "W":  # never readable (OCPP-J 6.2.2): known, without a value
            entry["value"] = self._stored(name)
        return entry

    def _within_limit(self, keys: list[str]) -> list[str]:
        limit = self.integer("GetConfigurationMaxKeys")
        if len(keys) > limit and self.behaviour.policy("too_many_keys") == "CALLERROR":
            raise TooManyKeys(
                f"key must have at most {limit} items (GetConfigurationMaxKeys), got {len(keys)}"
            )
        return keys[:limit]

    def _measurands(self) -> dict[str, Measurand]:
        """Every measurand that at least one connector has."""
        connectors = range(1, self.connectors + 1)
        return {name: row for connector in connectors for name, row in self._measured(connector).items()}

    def _measured(self, connector: int) -> Mapping[str, Measurand]:
        meter = self.text(f"chg_KWH{connector}" if connector <= CHANNELS else "chg_KWH1")
        return self.behaviour.measured_by(meter.partition(",")[0].strip() or "None")

    def _ask(self, key: str, connector: int) -> Iterator[tuple[Measurand, str | None]]:
        measured = self._measured(connector)
        for item in self.items(key):
            measurand, phase = measurand_and_phase(item, self.behaviour.measurands)
            if measurand.name in measured:
                yield from self._expand(measurand, phase)

    def _expand(self, measurand: Measurand, phase: str | None) -> list[tuple[Measurand, str | None]]:
        if phase is not None or not measurand.phases:
            return [(measurand, phase)]
        if measurand.total and self.behaviour.policy("bare_measurand") == "total":
            return [(measurand, None)]
        total = [(measurand, None)] if measurand.total else []
        return [*total, *((measurand, phase) for phase in PHASES)]

    def _override(self, key: str, text: str, allow: bool) -> None:
        name = self._names.get(key.lower())
        if name is None:
            if not allow:
                raise ValueError(f"{key} is in no table of the sheet of {self.behaviour.name}, got {text!r}")
            self._add(Key(table=23, name=key, access="RW", type="String", source="override"))
            name = key
        row = self._rows[name]
        if not allow and (row.support in ("missing", "hardcoded") or row.access == "R"):
            raise ValueError(f"{name} {_why_not(row)} (table {row.table}), got {text!r}")
        if allow:
            row = row._replace(min=None, max=None, raised_to=0, pattern="")
        try:
            self._given[name] = normal(row, text, self.connectors, self._measurands())
        except ValueError as error:
            raise ValueError(f"{name} {error} (table {row.table})") from None
        self._forget()
        if row.support == "missing":
            self._rows[name] = row._replace(support="yes")

    def _add(self, row: Key) -> None:
        self._rows[row.name] = row
        self._given[row.name] = ""
        self._names[row.name.lower()] = self._wire_names[row.name.lower()] = row.name


@lru_cache(maxsize=64)
def _entries(text: str) -> Mapping[str, str]:
    """The values of a list of name=value."""
    parts = (item.partition("=") for item in split(text))
    return {name.strip(): value.strip() for name, _, value in parts}


@lru_cache(maxsize=64)
def _numbers(text: str) -> tuple[float, ...]:
    """The items of a list of numbers."""
    return tuple(float(item) for item in split(text))


@lru_cache(maxsize=64)
def _switches(text: str) -> Mapping[str, bool]:
    """The same as switches, by lower-case names: they are asked for at every arbitration."""
    return {name.lower(): value.lower() not in ("", "0", "false") for name, value in _entries(text).items()}


def as_text(value: Override) -> str:
    """A value as it stands in a configuration key."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return ",".join(f"{name}={as_text(item)}" for name, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(as_text(item) for item in value)
    return str(value)


def _why_not(row: Key) -> str:
    if row.support == "missing":
        return "is missing from this charge point"
    if row.support == "hardcoded":
        return "is hard-coded in this charge point"
    return "is read-only: the station's hardware gives it" if row.from_station else "is read-only"
