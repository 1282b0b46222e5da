"""What the beginning of a log tells of the whole: who wrote it, what its words mean, how it tells time."""

import re
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Any

from evc5.rigs.checks.reading.instants import QUARTER_S
from evc5.rigs.checks.reading.logs import stations, times
from evc5.rigs.checks.reading.logs.actions import CALL, ERROR, RESULT, call_is_up, reply_is_up, version_of
from evc5.rigs.checks.reading.logs.columns import Column, parting
from evc5.rigs.checks.reading.logs.directions import Directions
from evc5.rigs.checks.reading.logs.found import Found
from evc5.rigs.checks.reading.logs.repeats import NEAR_FRAMES
from evc5.rigs.checks.reading.logs.shortened import first_of_many
from evc5.rigs.checks.reading.logs.stamps import Stamp

SURVEYED = 4000  # frames by which a log is known
MOST_OPEN = 4096  # CALLs that may wait for their replies at once, of all stations
MOST_LINES = 50 * SURVEYED  # of a log that holds few frames
OTHERWISE = 0.1  # assumed: of the replies, under another station than their CALL where lines name stations
LEAST_IN_ORDER = 3  # assumed: so many times that differ tell which way a log runs
DENSE = 0.9  # of the lines; then one that holds no frame is a broken one
DENSE_LINE = re.compile(r"\[[^\]]*\d:\d\d[^\]]*\]\s*[^\s\[\]{}\"]+[:\s]*$")  # [time] direction, and the frame
DOUBLED = 0.4  # of the frames were told just before: two loggers tell of each


class Pairs:
    """Which CALL a reply belongs to, as far as ids tell."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[str, str], dict[bool, None]] = OrderedDict()

    def way(self, found: Found, station: str = "") -> bool | None:
        """Up or down by content alone: by who may say so, and by the CALL that a reply answers."""
        if found.kind == CALL:
            return call_is_up(found.action)
        if found.kind not in (RESULT, ERROR):
            return None
        sides = self._open.get((station, found.id), {})
        if len(sides) == 1:
            return not next(iter(sides))
        return reply_is_up(found.payload) if found.kind == RESULT else None

    def went(self, found: Found, up: bool, station: str = "") -> None:
        key = (station, found.id)
        if found.kind == CALL:
            self._open.setdefault(key, {})[up] = None
            if len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
        elif found.kind and (sides := self._open.get(key)) is not None:
            sides.pop(not up, None)
            if not sides:
                del self._open[key]

    def knows(self, found: Found, station: str = "") -> bool:
        return (station, found.id) in self._open


@dataclass(slots=True, eq=False, repr=False)
class Survey:
    """What the first frames of a log told."""

    directions: Directions = field(default_factory=Directions)
    frames: int = 0
    is_reversed: bool = False
    is_stamped: bool = False
    is_local: bool = False  # its times have no zone
    tells_time: bool = False  # the CSMS's currentTime is among its frames
    is_dense: bool = False
    is_doubled: bool = False
    names_stations: bool = False
    column: Column | None = None  # where it names them without a word that says so
    stations: tuple[str, ...] = ()
    month_first: bool = False
    near: float | None = None  # an instant of the log, as its payloads tell
    guess_s: float | None = None  # how far its local times are ahead of the station's own stamps
    shortened: Found | None = None  # the first of many frames that the logger cut
    version: str = "1.6"
    records: tuple[bool, ...] = (True, False)  # whose frames it holds: up, down or both
    boot: dict[str, Any] = field(default_factory=dict)  # the first BootNotification

    def station_of(self, found: Found) -> str:
        """The station that a frame is of; empty where the log does not say."""
        if self.column is not None:
            return self.column.of(found)
        return stations.named(found) if self.names_stations else ""


def survey(frames: Iterable[Found], sent_is_up: bool) -> Survey:
    """Read the beginning of a log."""
    seen, torn, lines = _beginning(frames)
    told = Survey(frames=len(seen), shortened=first_of_many(seen, torn))
    if not seen or told.shortened is not None:
        return told
    read = [times.stamp_of(found) for found in seen]
    told.near = _near(seen)
    told.month_first = _is_month_first(read, told.near)
    told.is_stamped = sum(stamp is not None for stamp in read) * 2 > len(read)
    told.is_local = any(stamp is not None and not stamp.kind.startswith("zoned") for stamp in read)
    told.tells_time = any(times.current_time(found) is not None for found in seen)
    told.is_reversed = _is_reversed(seen, read if told.is_stamped else [])
    ordered = seen[::-1] if told.is_reversed else seen
    _names(told, ordered)
    _ways(told, ordered, sent_is_up)
    told.records = _sides(told, ordered)
    told.is_dense = len(seen) >= DENSE * lines and all(DENSE_LINE.match(found.before) for found in seen)
    told.is_doubled = _doubled(told, ordered) >= DOUBLED * len(seen)
    told.guess_s = _guess(seen, read, told)
    _speaks(told, seen)
    return told


def _beginning(frames: Iterable[Found]) -> tuple[list[Found], list[Found], int]:
    """The frames, what began as one and is none, and how many entries they are of."""
    seen: list[Found] = []
    torn: list[Found] = []
    lines = 0
    for found in frames:
        lines += 1
        if found.is_frame and found.kind:
            seen.append(found)
        elif (found.is_frame or found.is_cut) and found.body is None:
            torn.append(found)
        if len(seen) >= SURVEYED or lines > MOST_LINES:
            break
    return seen, torn, lines


def _near(seen: list[Found]) -> float | None:
    told = [times.current_time(found) for found in seen]
    first = next((at for at in told if at is not None), None)
    if first is not None:
        return first
    return next((at for found in seen if (at := times.own_stamp(found)) is not None), None)


def _is_month_first(read: list[Stamp | None], near: float | None) -> bool:
    """Which of two numbers is the month: where payloads tell a day, the nearer."""
    unsure = [stamp for stamp in read if stamp is not None and "ambiguous" in stamp.kind]
    if not unsure:
        return False
    if near is not None:
        return abs(unsure[0].other - near) < abs(unsure[0].at - near)
    days = {int(stamp.at // 86_400) for stamp in unsure}
    return len({int(stamp.other // 86_400) for stamp in unsure}) < len(days)


def _is_reversed(seen: list[Found], read: list[Stamp | None]) -> bool:
    """Newest first: by its times, and where they do not tell by replies that stand before their CALLs."""
    at = [stamp.at for stamp in read if stamp is not None]
    steps = Counter((after > before) - (after < before) for before, after in pairwise(at))
    if steps[1] + steps[-1] >= LEAST_IN_ORDER:
        return steps[-1] > 2 * steps[1]
    calls = set[str]()
    forward = 0
    backward = 0
    replies = set[str]()
    for found in seen:
        if found.kind == CALL:
            backward += found.id in replies
            calls.add(found.id)
        else:
            forward += found.id in calls
            replies.add(found.id)
    return backward > forward


def _names(told: Survey, seen: list[Found]) -> None:
    """Do the lines name stations? Then a reply and its CALL stand under one name."""
    names = [stations.named(found) for found in seen]
    found_names = Counter(name for name in names if name)
    called: defaultdict[str, set[str]] = defaultdict(set)  # by id: under which names it was called
    same, other = 0, 0
    for found, name in zip(seen, names, strict=True):
        if found.kind == CALL:
            called[found.id].add(name)
        elif askers := called[found.id]:
            same += name in askers
            other += bool(name) and name not in askers and "" not in askers
            askers.discard(name)
    told.names_stations = bool(found_names) and other <= OTHERWISE * (same + other)
    if not told.names_stations or len(found_names) == 1:
        told.column = parting(seen)
    if told.column is not None:
        told.stations = tuple(dict.fromkeys(name for found in seen if (name := told.column.of(found))))
    else:
        told.stations = tuple(found_names) if told.names_stations else ()


def _ways(told: Survey, seen: list[Found], sent_is_up: bool) -> None:
    pairs = Pairs()
    for found in seen:
        up = pairs.way(found)
        if up is not None:
            told.directions.hear(found, up)
            pairs.went(found, up)
    told.directions.settle(sent_is_up)


def _sides(told: Survey, seen: list[Found]) -> tuple[bool, ...]:
    pairs, sides = Pairs(), dict[bool, None]()
    for found in seen:
        beside, _ = told.directions.way(found)
        up = pairs.way(found) if beside is None else beside
        if up is not None:
            sides[up] = None
            pairs.went(found, up)
    return tuple(sides) or (True, False)


def _doubled(told: Survey, seen: list[Found]) -> int:
    recent: deque[str] = deque(maxlen=NEAR_FRAMES)
    again = 0
    for found in seen:
        said = told.station_of(found) + repr(found.body)
        again += said in recent
        recent.append(said)
    return again


def _guess(seen: list[Found], read: list[Stamp | None], told: Survey) -> float | None:
    """How far local times are ahead of what the station stamps: for logs in which the CSMS tells no time."""
    ahead = []
    for found, stamp in zip(seen, read, strict=True):
        own = times.own_stamp(found)
        if stamp is not None and own is not None:
            written, is_local = times.settled(stamp, told.month_first, told.near)
            ahead += [written - own] if is_local else []
    return round(median(ahead) / QUARTER_S) * QUARTER_S if ahead else None


def _version(seen: list[Found]) -> str:
    """The OCPP of most CALLs that one alone knows; those that are refused as unknown tell of neither."""
    unknown = {
        found.id
        for found in seen
        if found.kind == ERROR and found.body[2:3] in (["NotImplemented"], ["NotSupported"])
    }
    told = Counter(version_of(found.body) for found in seen if found.id not in unknown)
    return "2.0.1" if told["2.0.1"] > told["1.6"] else "1.6"


def _speaks(told: Survey, seen: list[Found]) -> None:
    told.version = _version(seen)
    for found in seen:
        if found.action == "BootNotification" and isinstance(found.payload, dict):
            told.boot = found.payload
            return
