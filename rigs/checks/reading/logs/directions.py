"""Which way a frame went: by the words and arrows around it, whose sense the conversation itself teaches."""

import re
from collections import Counter, defaultdict
from functools import lru_cache

from evc5.rigs.checks.reading.logs.found import Found, shape

NEAR_CHARACTERS = 160  # characters beside a frame in which a word may tell its way
PURE = 0.9  # of the frames that can go one way only; below, a word says nothing of the way
SURE = 0.95  # and so many, where a word is believed against what only the other side may say
LONGEST_WORD = 40  # characters of a field that may tell a direction
MOST_VALUES = 8  # a field of more values is no direction

_STATION = r"(?:the )?(?:charge ?points?|chargers?|charging ?stations?|stations?|cp|clients?|evse|wall ?box)"
_CSMS = r"(?:the )?(?:central ?systems?|csms|servers?|back ?-?ends?|cs|cms|back ?-?offices?|cloud)"
_TO = r"\s*(?:-+>|=+>|>+|→|⇒|➡|0| to )\s*"
_BACK = r"\s*(?:<-+|<=+|<+|←)\s*"
SENSES = re.compile(
    rf"(?P<up>\b{_STATION}{_TO}{_CSMS}\b|\b{_CSMS}{_BACK}{_STATION}\b|\bfrom {_STATION}\b|\bto {_CSMS}\b"
    rf"|\bup ?(?:link|stream)?\b|\bc0s\b|\bcp0cs\b|\bby {_STATION}\b)"
    rf"|(?P<down>\b{_CSMS}{_TO}{_STATION}\b|\b{_STATION}{_BACK}{_CSMS}\b|\bto {_STATION}\b|\bfrom {_CSMS}\b"
    rf"|\bdown ?(?:link|stream)?\b|\bs0c\b|\bcs0cp\b|\bby {_CSMS}\b)"
    r"|(?P<out>\b(?:sen[dt](?:ing|s)?|out(?:going|bound|put)?|tx|transmi\w*|wr(?:iting|ites?|ote|itten)"
    r"|publish\w*|gesendet|sende[nt]?|verzonden|verstuurd|envoy\w+|enviad\w+|invia\w+|respond(?:ing|ed|s)?"
    r"|emit\w*|push\w*)\b|(?<![<\-=])(?:-+|=+)?>+|→|⇒|➡|»|⬆)"
    r"|(?P<in>\b(?:recei\w*|recv\w*|rcv\w*|in(?:coming|bound|put)?|rx|reads?|reading|got|empf\w+|erhalten"
    r"|ontvang\w*|reçu\w*|recib\w*|ricev\w*|consum\w*|on ?message)\b|<+(?:-+|=+)?(?!>)|←|«|⬇)"
)
DIRECTION_NAMES = frozenset(
    {
        "direction",
        "dir",
        "way",
        "flow",
        "type",
        "event",
        "eventtype",
        "origin",
        "source",
        "sender",
        "from",
        "to",
    }
    | {
        "destination",
        "target",
        "messagedirection",
        "kind",
        "channel",
        "topic",
        "initiator",
        "level",
        "logger",
    }
)
DIRECT = ("direction", "messagedirection", "dir", "way", "flow")


class Directions:
    """Hears the frames whose way their content tells, and then knows what the words beside frames mean."""

    def __init__(self) -> None:
        self._senses: Counter[tuple[str, bool]] = Counter()
        self._fields: defaultdict[str, Counter[tuple[str, bool]]] = defaultdict(Counter)
        self._shapes: Counter[tuple[str, bool]] = Counter()
        self._ids: Counter[tuple[str, bool]] = Counter()
        self._meaning: dict[str, bool] = {}  # of senses: is it up?
        self._sure = False
        self._field: tuple[str, dict[str, bool]] | None = None

    def hear(self, found: Found, up: bool) -> None:
        """A frame of the log's beginning that can only have gone this way."""
        if sense := sense_of(found):
            self._senses[sense, up] += 1
        for name, value in found.fields.items():
            if _may_tell(name, value):
                self._fields[name][value.lower(), up] += 1
        self._shapes[_shape_of(found), up] += 1
        if found.kind == 2:
            self._ids[_id_shape(found.id), up] += 1

    def settle(self, sent_is_up: bool) -> None:
        """Conclude what the words mean; where nothing was heard, sending is what the log's own end does."""
        self._meaning = {}
        self._settle("up", "down", default=True)
        self._settle("out", "in", default=sent_is_up)
        self._field = self._best_field()

    def sent_is_up(self) -> bool | None:
        """Whether it is the station's log, where its words tell."""
        told = self._senses["out", True] + self._senses["in", False]
        other = self._senses["out", False] + self._senses["in", True]
        return None if told == other else told > other

    def way(self, found: Found) -> tuple[bool | None, bool]:
        """Up or down, by what stands around the frame, and if that is believed against its content.

        None where it tells nothing.
        """
        if found.way is not None:
            return found.way, True
        up = self._meaning.get(sense_of(found))
        return (self._by_likeness(found), False) if up is None else (up, self._sure)

    def _by_likeness(self, found: Found) -> bool | None:
        """As the frames went that stood in surroundings alike."""
        if self._field is not None:
            name, meaning = self._field
            told = meaning.get(found.fields.get(name, "").lower())
            if told is not None:
                return told
        return self._pure(self._shapes, _shape_of(found))

    def by_id(self, found: Found) -> bool | None:
        """By the look of its id, where station and CSMS count in ways of their own."""
        return self._pure(self._ids, _id_shape(found.id))

    def _settle(self, one: str, other: str, default: bool) -> None:
        agree = self._senses[one, True] + self._senses[other, False]
        against = self._senses[one, False] + self._senses[other, True]
        total = agree + against
        if total and max(agree, against) < PURE * total:
            return
        is_up = agree >= against if total else default
        self._meaning |= {one: is_up, other: not is_up}
        self._sure |= total > 0 and max(agree, against) >= SURE * total

    def _best_field(self) -> tuple[str, dict[str, bool]] | None:
        best: tuple[float, str, dict[str, bool]] | None = None
        for name, votes in self._fields.items():
            values = {value for value, _ in votes}
            if not 2 <= len(values) <= MOST_VALUES:
                continue
            meaning = {value: votes[value, True] >= votes[value, False] for value in values}
            agree = sum(votes[value, up] for value, up in meaning.items())
            purity = agree / votes.total()
            if purity >= PURE and len(set(meaning.values())) == 2 and (best is None or purity > best[0]):
                best = purity, name, meaning
        return None if best is None else (best[1], best[2])

    @staticmethod
    def _pure(votes: Counter[tuple[str, bool]], key: str) -> bool | None:
        up, down = votes[key, True], votes[key, False]
        if up + down < 2 or max(up, down) < PURE * (up + down):
            return None
        return up > down


def sense_of(found: Found) -> str:
    """up, down, out or in, by the word or arrow that stands nearest; empty without any."""
    for name in DIRECT if found.fields else ():
        for field, value in found.fields.items():
            if plain_name(field) == name and (sense := _last_sense(value)):
                return sense
    sense = _last_sense(found.before[-NEAR_CHARACTERS:]) or _first_sense(found.after[:NEAR_CHARACTERS])
    if sense or found.before.strip():
        return sense
    for line in reversed(found.held):
        if line and (sense := _last_sense(line[-NEAR_CHARACTERS:])):
            return sense
    return _fields_sense(found)


def _fields_sense(found: Found) -> str:
    for field, value in found.fields.items():
        if plain_name(field) in DIRECTION_NAMES and (sense := _last_sense(f"{field} {value}")):
            return sense
    return ""


def _last_sense(text: str) -> str:
    return _senses(shape(text))[1]


def _first_sense(text: str) -> str:
    return _senses(shape(text))[0]


@lru_cache(maxsize=8192)
def _senses(alike: bytes) -> tuple[str, str]:
    """The first and the last sense in the texts of a shape."""
    text = alike.decode("utf-8", "surrogatepass")
    spoken = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", text).lower()  # as people write: onMessageReceived, MSG_IN
    found = [match.lastgroup or "" for match in SENSES.finditer(spoken)]
    return (found[0], found[-1]) if found else ("", "")


@lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """The name of a field in small letters without signs."""
    return re.sub(r"[^a-z]", "", name.lower())


def _may_tell(name: str, value: str) -> bool:
    return len(value) <= LONGEST_WORD and not re.search(r"\d{4}", value) and "action" not in name.lower()


def _shape_of(found: Found) -> str:
    before = found.before[-60:] if found.before.strip() else (found.held[-1][-60:] if found.held else "")
    return f"{_digitless(before)}|{_digitless(found.after[:24])}"


def _digitless(text: str) -> str:
    return re.sub(r"[0-9a-f]*\d[0-9a-f]*", "#", text.lower())


def _id_shape(id: str) -> str:
    return re.sub(r"[a-z]", "a", re.sub(r"[0-9a-f]*\d[0-9a-f]*", "#", id.lower()))[:40]
