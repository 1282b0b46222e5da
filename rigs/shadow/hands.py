"""What hands and the network did to the metal, from its events, else from what it said itself."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evc5.rigs.recording.reading.frames import Frame

DONE = ("plug-in", "unplug", "tag", "fault", "clear", "power-cut", "power-restore", "operator")
FORCED = ("down", "silent")  # what the rig did to the line
LOST = ("hung up", "lost", "fault")  # what became of it by itself
RESTARTS = ("Reset", "UpdateFirmware")
RESTART_S = 300.0  # assumed: a line that is lost so soon after one of these went with the restart
OCCUPIED = frozenset({"Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing"})
EMPTY = frozenset({"Available", "Reserved"})
CARD_OF = ("Authorize", "RemoteStartTransaction", "StartTransaction", "StopTransaction")
CARD_S = 120.0  # assumed: a card and the transaction that it begins lie no further apart


@dataclass(frozen=True, slots=True)
class Hand:
    """One thing that was done, `t_s` in the seconds of the metal's run."""

    t_s: float
    event: str
    connector: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


def hands(events: Sequence[Mapping[str, Any]], frames: Sequence[Frame]) -> list[Hand]:
    """In order of time. Where no event tells of a car or a card, statuses and cards told stand for them."""
    calls = [frame for frame in frames if frame.kind == "CALL"]
    done = [*_of_events(events), *_of_line(events, calls)]
    if not any(hand.event in ("plug-in", "tag") for hand in done):
        done += [*_cars(calls), *_cards(calls)]
    return sorted(done, key=lambda hand: hand.t_s)


def _of_events(events: Sequence[Mapping[str, Any]]) -> Iterator[Hand]:
    for row in events:
        limits = row["event"] != "operator" or "grid_limit_a" in row["detail"]
        if row["event"] in DONE and limits:
            yield Hand(row["t"], row["event"], row["connector"], row["detail"])


def _of_line(events: Sequence[Mapping[str, Any]], calls: Sequence[Frame]) -> Iterator[Hand]:
    """The line's faults, without those that a restart of the station brought about."""
    restarts = [call.t for call in calls if call.dir == "down" and call.action in RESTARTS]
    cut = False
    for row in events:
        cut = row["event"] == "power-cut" or (cut and row["event"] != "power-restore")
        kind = row["detail"].get("kind")
        recent = bisect_left(restarts, row["t"]) - bisect_left(restarts, row["t"] - RESTART_S)
        if row["event"] == "link-down" and (kind in FORCED or (kind in LOST and not cut and not recent)):
            yield Hand(row["t"], "silent" if kind == "silent" else "down")
        elif row["event"] == "link-up":
            yield Hand(row["t"], "up")


def _cars(calls: Sequence[Frame]) -> Iterator[Hand]:
    """A connector that is taken into use has a car; one that is free again has none."""
    occupied: set[int] = set()
    for call in calls:
        connector, status = call.payload.get("connectorId"), call.payload.get("status")
        if call.action != "StatusNotification" or call.dir != "up" or not isinstance(connector, int):
            continue
        if connector > 0 and status in OCCUPIED and connector not in occupied:
            occupied.add(connector)
            yield Hand(call.t, "plug-in", connector)
        elif status in EMPTY and connector in occupied:
            occupied.discard(connector)
            yield Hand(call.t, "unplug", connector)


def _cards(calls: Sequence[Frame]) -> Iterator[Hand]:
    """A card is held where one is told of that neither card nor back office had just been heard of."""
    starts = [call for call in calls if call.action == "StartTransaction"]
    charging: dict[str, int] = {}  # card: where
    spoken: dict[str, float] = {}  # card: when it was held, or the back office asked for it
    for call in calls:
        card, connector = call.payload.get("idTag"), call.payload.get("connectorId")
        if not isinstance(card, str) or call.action not in CARD_OF:
            continue
        held = call.action != "RemoteStartTransaction" and call.t - spoken.get(card, -CARD_S) >= CARD_S
        if held and (call.action != "StopTransaction" or call.payload.get("reason", "Local") == "Local"):
            where = connector or charging.get(card) or _begun(starts, card, call.t)
            yield Hand(call.t, "tag", where, {"id_tag": card})
        spoken[card] = call.t
        if call.action == "StartTransaction" and isinstance(connector, int):
            charging[card] = connector
            del spoken[card]  # what comes next is another errand
        elif call.action == "StopTransaction":
            charging.pop(card, None)


def _begun(starts: Sequence[Frame], card: str, t_s: float) -> int:
    """Where the transaction began that this card was held for; 1 where none did."""
    for start in starts:
        if 0.0 <= start.t - t_s <= CARD_S and start.payload.get("idTag") == card:
            connector = start.payload.get("connectorId")
            return connector if isinstance(connector, int) and connector > 0 else 1
    return 1
