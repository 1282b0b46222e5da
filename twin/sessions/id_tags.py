"""What the device itself knows of identifiers: the local authorisation list and the authorisation cache.

Source: OCPP 1.6 3.5, 5.4, 5.10, 5.15. Instants are the station's clock in epoch seconds. idTags are compared
without regard to case (7.28, CiString20Type).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from evc5.twin.clock import parse_instant
from evc5.twin.ocpp.frames import Payload

CACHE_ENTRIES = 1000  # assumed
VALID = ("Accepted", "ConcurrentTx")  # 3.5.2: what counts as a valid identifier
EMPTY_VERSION, NO_LIST = 0, -1  # 5.10


def same(one: str, other: str) -> bool:
    """Is it the same identifier?"""
    return one.casefold() == other.casefold()


def aged(info: Payload, epoch_s: float) -> Payload:
    """An idTagInfo as it stands at `epoch_s`: a valid one past its expiryDate is Expired (3.5.1)."""
    expiry = info.get("expiryDate")
    if info["status"] not in VALID or not isinstance(expiry, str):
        return info
    at = parse_instant(expiry)
    if at is None or at.timestamp() > epoch_s:
        return info
    return {**info, "status": "Expired"}


class Cache:
    """What the CSMS last said of each identifier, the latest last (3.5.1)."""

    def __init__(self, places: int = CACHE_ENTRIES) -> None:
        self._places = places
        self._entries: dict[str, Payload] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, id_tag: str, epoch_s: float) -> Payload | None:
        """The idTagInfo, None for an identifier never heard of; what expires is kept as Expired."""
        key = id_tag.casefold()
        info = self._entries.get(key)
        if info is None:
            return None
        self._entries[key] = info = aged(info, epoch_s)
        return info

    def learn(self, id_tag: str, info: Payload, epoch_s: float) -> None:
        key = id_tag.casefold()
        if self._entries.pop(key, None) is None and len(self._entries) >= self._places:
            self._make_room(epoch_s)
        self._entries[key] = dict(info)

    def forget(self, id_tag: str) -> None:
        self._entries.pop(id_tag.casefold(), None)

    def clear(self) -> None:
        self._entries.clear()

    def dump(self) -> list[list[Any]]:
        return [[key, info] for key, info in self._entries.items()]

    def load(self, dumped: Iterable[tuple[str, Payload]]) -> None:
        self._entries = dict(dumped)

    def _make_room(self, epoch_s: float) -> None:
        """Give up those that are not valid, then, where that is not enough, the oldest."""
        valid = {key: info for key, info in self._entries.items() if aged(info, epoch_s)["status"] in VALID}
        for key in list(valid)[: max(len(valid) - self._places + 1, 0)]:
            del valid[key]
        self._entries = valid


class LocalList:
    """The local authorisation list: changed by SendLocalList alone (3.5.2)."""

    def __init__(self) -> None:
        self.version = EMPTY_VERSION
        self._entries: dict[str, Payload] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, id_tag: str) -> bool:
        return id_tag.casefold() in self._entries

    def find(self, id_tag: str, epoch_s: float) -> Payload | None:
        info = self._entries.get(id_tag.casefold())
        return None if info is None else aged(info, epoch_s)

    def update(
        self, request: Payload, most_sent: int, most_kept: int, *, keep_empty_version: bool = False
    ) -> str:
        """SendLocalList's status (7.47); unless it is Accepted, nothing changes.

        `most_sent`: SendLocalListMaxLength, `most_kept`: LocalAuthListMaxLength. `keep_empty_version`: an
        emptied list has the version that was sent, not 0.
        """
        version = request["listVersion"]
        full = request["updateType"] == "Full"
        sent: list[Payload] = request.get("localAuthorizationList", [])
        tags = [entry["idTag"].casefold() for entry in sent]
        if version <= EMPTY_VERSION or len(sent) > most_sent or len(set(tags)) < len(tags):
            return "Failed"  # ER 3.52, 0 is none and -1 no list; too long; ids not unique (6.41)
        if full and not all("idTagInfo" in entry for entry in sent):
            return "Failed"  # 7.1: only a differential update may go without idTagInfo
        if not full and version <= self.version:
            return "VersionMismatch"
        entries = {} if full else dict(self._entries)
        for tag, entry in zip(tags, sent, strict=True):
            entries.pop(tag, None)
            if "idTagInfo" in entry:
                entries[tag] = entry["idTagInfo"]
        if len(entries) > most_kept:
            return "Failed"
        self._entries = entries
        self.version = version if entries or keep_empty_version else EMPTY_VERSION
        return "Accepted"

    def tags(self) -> tuple[str, ...]:
        return tuple(self._entries)

    def dump(self) -> Payload:
        return {"version": self.version, "entries": dict(self._entries)}

    def load(self, dumped: Mapping[str, Any]) -> None:
        self.version = dumped["version"]
        self._entries = dict(dumped["entries"])
