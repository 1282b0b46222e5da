"""The station's configuration through time, as answers and accepted changes tell it."""

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from evc5.rigs.checks.reading.call import Call

LONG_AGO = float("-inf")
MOST_INTEGER = 2**31 - 1  # assumed: 32 bits, as most stations have it
PHASE = re.compile(r"\.L[123](-N|-L[123])?$")  # 9.1.17: a phase may be written behind the measurand


@lru_cache(maxsize=256)
def measurands_of(text: str) -> frozenset[str]:
    """The measurands of a list as a key has it, without their phases."""
    return frozenset(PHASE.sub("", name.strip()) for name in text.split(",") if name.strip())


@dataclass(slots=True, eq=False, repr=False)
class Setting:
    """One configuration key through time: (from when, text), the first as it was learned."""

    history: list[tuple[float, str]] = field(default_factory=list)
    began_with_change: bool = False  # what stood before is not known

    def at(self, epoch_s: float) -> str | None:
        """The value in force at `epoch_s`; the first one told also stands for the time before."""
        if not self.history:
            return None
        index = bisect_right(self.history, epoch_s, key=lambda entry: entry[0])
        if index == 0 and self.began_with_change:
            return None
        return self.history[max(index - 1, 0)][1]


def _unheard(key: str, epoch_s: float) -> None:
    """Nobody listens yet."""


def _integer(text: str) -> int | None:
    """What is beyond the range is no integer that a station works with."""
    try:
        number = int(text)
    except ValueError:
        return None
    return number if -MOST_INTEGER <= number <= MOST_INTEGER else None


class Keys:
    """Every key that was told; names are compared without regard to case."""

    def __init__(self) -> None:
        self._settings: dict[str, Setting] = {}
        self.on_setting: Callable[[str, float], None] = _unheard  # (key in lower case, when)
        self.was_told = False  # was a GetConfiguration ever answered?

    def get(self, key: str) -> Setting | None:
        return self._settings.get(key.lower())

    def text(self, key: str, epoch_s: float | None = None) -> str | None:
        setting = self.get(key)
        return setting.at(float("inf") if epoch_s is None else epoch_s) if setting else None

    def since(self, key: str) -> float:
        """When its value was told last; a change may be lost since then."""
        setting = self.get(key)
        return setting.history[-1][0] if setting is not None and setting.history else LONG_AGO

    def integer(self, key: str, epoch_s: float | None = None) -> int | None:
        text = self.text(key, epoch_s)
        return None if text is None else _integer(text)

    def was_ever(self, key: str, number: int) -> bool:
        """Did it stand at this number at any time?"""
        setting = self.get(key)
        return setting is not None and any(_integer(text) == number for _, text in setting.history)

    def flag(self, key: str, epoch_s: float | None = None) -> bool | None:
        """Is it true; None where it is not known."""
        text = self.text(key, epoch_s)
        return None if text is None else text.lower() == "true"

    def measurands(self, key: str, epoch_s: float) -> frozenset[str] | None:
        """The measurands of a list, without their phases; None where it is not known."""
        text = self.text(key, epoch_s)
        return None if text is None else measurands_of(text)

    def changes(self, since: float, *keys: str) -> list[float]:
        """When any of these keys was changed, after an instant."""
        known = (setting.history for key in keys if (setting := self.get(key)))
        return sorted({epoch_s for history in known for epoch_s, _ in history if epoch_s > since})

    def has_option(self, key: str, name: str, epoch_s: float | None = None) -> bool:
        """Is a flag set in a key of flags, as in "chkOnlineAuth=1,StopOnAnyCrd=0"?"""
        return f"{name}=1".lower() in (self.text(key, epoch_s) or "").replace(" ", "").lower()

    def asks_online(self, epoch_s: float) -> bool:
        """Is the CSMS asked for a card that the station does not know (com_AuthOptions chkOnlineAuth)?"""
        options = (self.text("com_AuthOptions", epoch_s) or "").replace(" ", "").lower()
        return "chkonlineauth=0" not in options

    def is_enabled(self, connector: int, epoch_s: float) -> bool:
        """Is the connector in use at all (chg_ChannelsEnabled), as far as anybody told?"""
        text = self.text("chg_ChannelsEnabled", epoch_s)
        return text is None or str(connector) in text.replace(" ", "").split(",")

    def has_lock(self, connector: int, epoch_s: float) -> bool | None:
        """Can the socket hold its cable (chg_SktType)? None where nobody told."""
        text = self.text("chg_SktType", epoch_s)
        sockets = text.lower().split(",") if text else []
        return "lock" in sockets[connector - 1].split("+") if 0 < connector <= len(sockets) else None

    def has_reader(self, connector: int) -> bool:
        """Does a reader serve the connector (chg_Reader1, chg_Reader2), as far as anybody told?"""
        texts = [self.text(key) for key in ("chg_Reader1", "chg_Reader2")]
        readers = [text.lower().partition(",") for text in texts if text is not None]
        serving = [r for r in readers if r[0].strip() != "none" and r[2].strip() in ("any", f"ch{connector}")]
        return bool(serving) or not readers

    # -- what the frames tell --------------------------------------------------------------------

    def rigged(self, key: str, value: str) -> None:
        """What the rig says of a key counts until the station itself tells it."""
        self._settings[key.lower()] = Setting([(LONG_AGO, value)])

    def told(self, call: Call) -> None:
        """The answer to a GetConfiguration."""
        self.was_told = self.was_told or call.reply is not None
        for item in (call.reply or {}).get("configurationKey", ()):
            if "value" in item:
                self._heard(item["key"], item["value"], call.answered_s)

    def _heard(self, key: str, value: str, epoch_s: float) -> None:
        before = self._settings.get(key.lower())
        if before is not None and len(before.history) == 1 and before.history[0][0] == LONG_AGO:
            before.history[0] = (LONG_AGO, value)
            self.on_setting(key.lower(), epoch_s)
        else:
            self.set(key, value, epoch_s)

    def changed(self, call: Call) -> None:
        """The answer to a ChangeConfiguration."""
        if call.reply is not None and call.reply["status"] == "Accepted":
            self._settings.setdefault(call.payload["key"].lower(), Setting(began_with_change=True))
            self.set(call.payload["key"], call.payload["value"], call.answered_s)

    def set(self, key: str, value: str, epoch_s: float) -> None:
        history = self._settings.setdefault(key.lower(), Setting()).history
        if not history or history[-1][1] != value:
            history.append((epoch_s, value))
            self.on_setting(key.lower(), epoch_s)


def as_text(value: Any) -> str:
    """A rig file's value as a key has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return ",".join(f"{name}={as_text(item)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return ",".join(map(as_text, value))
    return str(value)
