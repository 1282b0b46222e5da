"""Changes keys and profiles of a unit so that it can be undone: at once, at the end, or after a kill."""

from collections.abc import Callable, Collection, Sequence
from itertools import count
from typing import Any

from evc5.rigs.keeper import state
from evc5.rigs.keeper.danger import protected
from evc5.rigs.keeper.journal import Journal, Undo
from evc5.rigs.keeper.state import Ask
from evc5.twin.ocpp.rpc import NO_REPLY, Reply

Payload = dict[str, Any]

FIRST_ID = 900_000  # chargingProfileIds from here on are ours
NOBODYS_ID = FIRST_ID - 1  # of no profile of ours; assumed of the owner's too
LOWEST_LEVEL = 21  # stackLevels from here on are ours; the highest known to be sent to these units is 20
TAKEN = ("Accepted", "RebootRequired")  # ChangeConfiguration's answers to a value that is kept
GONE = ("Accepted", "Unknown")  # ClearChargingProfile's answers after which nothing of it is left
NONE_THERE = ("NotSupported", "NotImplemented")  # CALLERRORs of a unit that does not know the message
ATTEMPTS = 3  # at what undoes or only reads, where no answer comes; assumed


class Refused(Exception):
    """The keeper does not do this to a unit that is somebody's: why."""


class Keeper:
    """One unit, from `begin` to `finish`. Whatever is asked of it goes through `ask`.

    Each change writes its undoing down first. A key is written with the value it has before it is written
    with another, and never where a wrong value strands the unit, unless `danger` names it. Profiles get ids
    of their own and stack levels of at least `lowest_level`: an equal one would replace the owner's (5.16.2).
    """

    def __init__(
        self,
        ask: Ask,
        journal: Journal,
        danger: Collection[str] = (),
        lowest_level: int = LOWEST_LEVEL,
    ) -> None:
        self.ask = ask
        self.journal = journal
        self.danger = danger
        self.lowest_level = lowest_level
        self.values: dict[str, str] = {}  # at the beginning, of the keys that tell theirs
        self._identity: dict[str, Reply] = {}  # what became of writing the value that a key has
        self._ids = count(FIRST_ID)
        self._clears = False  # has it shown that it knows ClearChargingProfile?

    def begin(self, identity: str, at: str, connectors: Sequence[int], known: Sequence[str] = ()) -> None:
        """Read what there is, and write it down; in a journal that was begun already stands what counts."""
        entries = state.configuration(self._surely, known)
        self.values = {one["key"]: one["value"] for one in entries if isinstance(one.get("value"), str)}
        self._ids = count(FIRST_ID + sum(what.startswith("profile ") for what in self.journal.touched))
        if self.journal.before is None:
            self.journal.begin(
                {
                    "identity": identity,
                    "at": at,
                    "connectors": list(connectors),
                    "known": list(known),
                    "configuration": state.covered(entries),
                    "composites": state.composites(self._surely, connectors),
                }
            )

    # --- changes ---

    def write_same(self, key: str) -> Reply:
        """ChangeConfiguration with the value that the key has; Refused where it may not be written."""
        if key not in self._identity:
            value = self._writable(key)
            self.journal.will(_of_key(key, value))
            self._identity[key] = self._change(key, value)
        return self._identity[key]

    def write(self, key: str, value: str) -> Reply:
        """ChangeConfiguration, after one with the value that the key has; the answer of the last one sent."""
        same = self.write_same(key)
        if (same.payload or {}).get("status") not in TAKEN:
            return same
        self.journal.will(_of_key(key, self.values[key]))
        return self._change(key, value)

    def install(self, connector: int, profile: Payload) -> tuple[int, Reply]:
        """SetChargingProfile with an id of ours, which is returned too; Refused for levels of the owner's."""

        def send(ours: Payload) -> Reply:
            return self.ask("SetChargingProfile", {"connectorId": connector, "csChargingProfiles": ours})

        return self.lend(profile, send)

    def lend(self, profile: Payload, send: Callable[[Payload], Reply]) -> tuple[int, Reply]:
        """The same for a profile that goes another way: `send` gets it with its id."""
        level = profile["stackLevel"]
        if level < self.lowest_level:
            raise Refused(f"stackLevel {level} may be the owner's: ours begin at {self.lowest_level}")
        self._must_clear()
        id_ = next(self._ids)
        self.journal.will(Undo(f"profile {id_}", "ClearChargingProfile", {"id": id_}))
        return id_, send({"chargingProfileId": id_, **profile})

    def change(self, undo: Undo, action: str, payload: Payload) -> Reply:
        """Any other CALL that changes something, after its undoing was written down."""
        self.journal.will(undo)
        return self.ask(action, payload)

    # --- undoing ---

    def undo(self, what: str) -> bool:
        """Undo one change; is it as before now?"""
        undo = self.journal.owed.get(what)
        if undo is None:
            return True
        reply = self._surely(undo.action, undo.payload)
        if not self._is_undone(undo, reply):
            return False
        self.journal.undone(what)
        return True

    def undo_all(self) -> list[str]:
        """Undo what is to be undone, the latest first; what could not be."""
        return [what for what in reversed(list(self.journal.owed)) if not self.undo(what)]

    def finish(self) -> list[str]:
        """Undo everything, and hold the unit against what it was: what differs, in words."""
        owed = [f"{what} could not be undone" for what in self.undo_all()]
        found = [*owed, *self.compare()]
        if not found:
            self.journal.end()
        return found

    def compare(self) -> list[str]:
        """What of configuration and composites is not as it was at the beginning."""
        before = self.journal.before
        if before is None:
            return []
        entries = state.configuration(self._surely, before["known"])
        if before["configuration"] and not entries:
            return ["the unit tells its configuration no longer: nothing proves that it is as before"]
        found = state.changes(before["configuration"], state.covered(entries))
        after = state.composites(self._surely, before["connectors"])
        return found + state.composite_changes(before["composites"], after)

    def _surely(self, action: str, payload: Payload) -> Reply:
        """What may be asked twice is, where the link was lost on the way."""
        reply = NO_REPLY
        for _ in range(ATTEMPTS):
            reply = self.ask(action, payload)
            if reply.arrived:
                break
        return reply

    def _must_clear(self) -> None:
        """Refused where a profile of ours would stay for ever."""
        if not self._clears:
            reply = self._surely("ClearChargingProfile", {"id": NOBODYS_ID})
            self._clears = (reply.payload or {}).get("status") in GONE
        if not self._clears:
            raise Refused("it answers no ClearChargingProfile: a profile of ours would stay")

    def _writable(self, key: str) -> str:
        if why := protected(key, self.danger):
            raise Refused(f"{key} {why}: --danger {key} writes it")
        if key not in self.values:
            raise Refused(f"{key} does not tell its value, which so could not be put back")
        return self.values[key]

    def _change(self, key: str, value: str) -> Reply:
        return self.ask("ChangeConfiguration", {"key": key, "value": value})

    def _is_undone(self, undo: Undo, reply: Reply) -> bool:
        status = (reply.payload or {}).get("status")
        if undo.action == "ChangeConfiguration":
            key, value = undo.payload["key"], undo.payload["value"]
            return bool(state.value_of(self._surely, key) == value)
        if reply.code in NONE_THERE:
            return True
        return status in GONE if undo.action == "ClearChargingProfile" else status == "Accepted"


def restore(ask: Ask, journal: Journal) -> list[str]:
    """What a run that was killed owes, from its journal: what is still not as before, in words."""
    return Keeper(ask, journal).finish()


def _of_key(key: str, value: str) -> Undo:
    return Undo(f"key {key}", "ChangeConfiguration", {"key": key, "value": value})
