"""The lines that come by the hundred thousand: a MeterValues of known form, a Heartbeat, and their replies.

They are counted here and entered at the end; readings go the way of all others.
"""

import re

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Gathered
from evc5.rigs.checks.reading.instants import is_strict
from evc5.rigs.checks.reading.meter import Reading
from evc5.rigs.checks.reading.pages import Pages
from evc5.rigs.checks.reading.station_time import StationTime
from evc5.rigs.checks.reading.templates import NUMBER, REPLY_HEAD, REPLY_TAIL, Row, Template, Templates
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.verdict.telling import Telling
from evc5.rigs.checks.wire import clocks

EMPTY_REPLY = re.compile(rb'%s([^"\\]{1,36}+)%s' % (REPLY_HEAD, REPLY_TAIL))
HEARTBEAT = re.compile(
    rb'\{"t":(%s),"at":"[^"\\]*","station":"[^"\\]*","dir":"up","frame":\[2,"([^"\\]{1,36})","Heartbeat",\{\}\]\}\n'
    rb'%s\2",\{"currentTime":"([^"\\]*)"\}\]\}\n' % (NUMBER, REPLY_HEAD)
)
HELD_BY_FORM = ("recording.line", "frame.form", "frame.schema")  # what a line of known form keeps by its form
HELD_BY_STAMP = ("frame.timestamp", "clock.station")
HELD_BY_PAIR = ("rpc.id", "rpc.one-call-station", "rpc.matched", "rpc.answered")


# A MeterValues with its reply right behind it: its form, open fields and numbers, when it went and was taken.
Pair = tuple[Template, tuple[bytes, ...], bytes, float, float]


class KnownLines:
    """Takes such lines where nothing else may interfere."""

    def __init__(self, telling: Telling, context: Context, time: StationTime) -> None:
        self._telling = telling
        self._context = context
        self._epoch = time.epoch
        self._templates = Templates(time.epoch)
        self._blocks: dict[tuple[Template, bytes, bytes], tuple[int, Gathered]] = {}
        self._flushed = 0
        self._pairs = self._calls = self._replies = self._beats = 0

    def take(self, pages: Pages, since: float, before: float) -> tuple[float, int]:
        """What comes next in pairs of known form, up to where something else comes, or another time.

        Returns the time of the last frame taken (`since` where none was) and how many frames were.
        """
        if not self._telling.pairing.is_idle or self._telling.repeats.waiting:
            return since, 0
        last, count = self._take_pairs(pages, since, before)
        return (last, count) if count else self._take_beat(pages, since, before)

    def _take_beat(self, pages: Pages, since: float, before: float) -> tuple[float, int]:
        """A Heartbeat with its reply right behind it."""
        found = HEARTBEAT.match(pages.buffer, pages.at)
        if found is None or not is_strict(text := found[4].decode()):
            return since, 0
        epoch_s, answered_s = self._epoch(float(found[1])), self._epoch(float(found[3]))
        if not since <= epoch_s <= answered_s < before:
            return since, 0
        call = Call(pages.number, epoch_s, True, False, found[2].decode(), "Heartbeat", {})
        call.valid = True
        call.reply = {"currentTime": text}
        self._telling.beat(call, answered_s)
        self._beats += 1
        pages.skip(found.end() - pages.at, 2)
        return answered_s, 2

    def _take_pairs(self, pages: Pages, since: float, before: float) -> tuple[float, int]:
        """Each MeterValues with its reply right behind it."""
        telling = self._telling
        pairs, answered_s, end = self._in_order(pages, since, before)
        if not pairs:
            return since, 0
        epochs_s = [epoch_s for _, _, _, epoch_s, _ in pairs]
        self._context.ledger.lines.note_all(epochs_s, pages.number, 2)
        telling.heartbeat.hear_all(epochs_s)
        put = telling.gathering.put
        for template, groups, numbers, epoch_s, stamp in pairs:
            connector, block = self._block(template, groups)
            put(connector, block, epoch_s, stamp, numbers)
        self._context.history.link.heard_at = epochs_s[-1]
        self._pairs += len(pairs)
        pages.skip(end - pages.at, 2 * len(pairs))
        return answered_s, 2 * len(pairs)

    def _in_order(self, pages: Pages, since: float, before: float) -> tuple[list[Pair], float, int]:
        """Those that come next in this page, each no sooner than the one before, up to the first that has
        to be looked at by itself; when the last was answered, and where it ends.
        """
        match, epoch, stamp_of = self._templates.find, self._epoch, self._templates.stamp
        is_new = self._telling.pairing.is_new
        buffer, at, reach = pages.buffer, pages.at, pages.reach
        far_s = clocks.STILL_S  # a stamp further from its frame: its clock may be off
        last = since
        pairs: list[Pair] = []
        while at <= reach and (found := match(buffer, at)) is not None:
            template, groups, numbers, end = found
            if groups[-1] is None:  # no reply right behind it
                break
            epoch_s, answered_s = epoch(float(groups[template.head[0]])), epoch(float(groups[-1]))
            if not last <= epoch_s <= answered_s < before:
                break
            stamp = stamp_of(template, groups)
            if stamp is None or abs(epoch_s - stamp) > far_s or not is_new(groups[template.head[1]].decode()):
                break
            at = end
            last = answered_s
            pairs.append((template, groups, numbers, epoch_s, stamp))
        return pairs, last, at

    def _block(self, template: Template, groups: tuple[bytes, ...]) -> tuple[int, Gathered]:
        """Connector and block of a reading: the same for the same bytes, until blocks are handed out."""
        gathering = self._telling.gathering
        if self._flushed != gathering.flushed:
            self._flushed = gathering.flushed
            self._blocks.clear()
        at = template.head[3]
        key = (template, groups[template.head[2]], groups[at] if at >= 0 else b"")
        known = self._blocks.get(key)
        if known is None:
            connector = int(key[1])
            told = int(key[2]) if at >= 0 else None
            transaction = self._telling.shared_ids.meant(connector, told)
            block = gathering.block(connector, transaction, template.layout)
            known = self._blocks[key] = (connector, block)
        return known

    # -- one line of them ------------------------------------------------------------------------

    def row(self, raw: bytes) -> Row | None:
        """A line that is such a MeterValues."""
        row = self._templates.match(raw) if raw.find(b'"MeterValues"', 0, 256) > 0 else None
        if row is None or abs(row.epoch_s - row.stamp) > clocks.STILL_S:
            return None
        meant = self._telling.shared_ids.meant(row.connector, row.transaction)
        return row if row.transaction == meant else row._replace(transaction=meant)

    def reply(self, raw: bytes) -> tuple[float, str] | None:
        """A line that is the reply to one: its time and id."""
        match = EMPTY_REPLY.fullmatch(raw)
        if match is None or not self._telling.pairing.expects_empty_reply(match[2].decode()):
            return None
        return self._epoch(float(match[1])), match[2].decode()

    def learn(self, raw: bytes, readings: list[Reading]) -> None:
        """A MeterValues that was judged in full is a pattern for others, where it holds one reading."""
        if len(readings) == 1:
            self._templates.learn(raw, readings[0].layout)

    def take_call(self, number: int, row: Row) -> None:
        telling = self._telling
        self._calls += 1
        self._context.ledger.lines.note(row.epoch_s, number)
        call = Call(number, row.epoch_s, True, False, row.id, "MeterValues", None)
        call.row = row
        telling.pairing.call(call)
        if not telling.repeats.is_again(call):
            telling.gathering.add(row)
        telling.heartbeat.hear(row.epoch_s)
        self._context.history.link.heard_at = row.epoch_s

    def take_reply(self, epoch_s: float, id: str) -> None:
        self._replies += 1
        call = self._telling.pairing.reply(epoch_s, False, id)
        if call is not None:
            self._context.history.link.confirmed(call)
            if call.again:
                self._telling.repeats.confirmed(call)

    def enter(self) -> None:
        """Write down what these lines held by being what they are."""
        ledger = self._context.ledger
        for requirement in HELD_BY_FORM:
            ledger.held(requirement, 2 * (self._pairs + self._beats) + self._calls + self._replies)
        ledger.held("frame.timestamp", self._beats)
        for requirement in HELD_BY_STAMP:
            ledger.held(requirement, self._pairs + self._calls)
        for requirement in HELD_BY_PAIR:
            ledger.held(requirement, self._pairs)
