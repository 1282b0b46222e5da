"""Scripts of cards: that wait, that may not charge, that a list or the cache knows."""

from evc5.rigs.bench.bench import Bench
from evc5.rigs.selftest.verbs import ask, begin, change, end

ACCEPTED = {"idTagInfo": {"status": "Accepted"}}
LIST_KEYS = (
    "LocalAuthListEnabled",
    "AuthorizationCacheEnabled",
    "LocalPreAuthorize",
    "LocalAuthorizeOffline",
)


def waiting(bench: Bench) -> None:
    """Cards before their cables, cables before their cards, and those that never come."""
    bench.advance(100.0)
    _cards_first(bench)
    _cables_first(bench)
    change(bench, "ConnectionTimeOut", "30")
    bench.present_tag(2, "TAG2")
    bench.advance(60.0)


def _cards_first(bench: Bench) -> None:
    bench.present_tag(1, "TAG1")
    bench.advance(90.0)  # nobody plugs in: ConnectionTimeOut
    bench.present_tag(1, "TAG1")
    bench.advance(20.0)
    bench.plug_in(1, "vw-id3-58", 0.4)
    bench.advance(120.0)
    end(bench, 1)
    bench.present_tag(1, "TAG1")
    bench.advance(20.0)
    bench.present_tag(1, "TAG1")  # taken back
    bench.advance(20.0)


def _cables_first(bench: Bench) -> None:
    bench.plug_in(1, "vw-id3-58", 0.4)
    bench.advance(90.0)  # nobody shows a card
    bench.unplug(1)
    bench.advance(30.0)
    bench.plug_in(2, "vw-id3-58", 0.4)
    bench.advance(20.0)
    bench.present_tag(2, "BLOCKED")
    bench.advance(20.0)
    bench.present_tag(2, "TAG2")
    bench.advance(60.0)
    change(bench, "StopTransactionOnEVSideDisconnect", "false")
    bench.unplug(2)
    bench.advance(60.0)
    bench.plug_in(2, "vw-id3-58", 0.4)
    bench.advance(60.0)
    bench.present_tag(2, "CHILD1")  # of no group of this transaction
    bench.advance(60.0)
    end(bench, 2)


def authorisation(bench: Bench) -> None:
    """Cards that may not charge, a family of cards, and a transaction that the CSMS refuses."""
    bench.advance(30.0)
    begin(bench, tag="BLOCKED")
    bench.advance(30.0)
    bench.unplug(1)
    bench.advance(60.0)
    begin(bench, tag="CHILD1")
    bench.advance(200.0)
    bench.present_tag(1, "OTHER")
    bench.advance(60.0)
    end(bench, tag="CHILD2")
    bench.csms.reply("StartTransaction", {"transactionId": 901, "idTagInfo": {"status": "Invalid"}}, times=1)
    begin(bench)
    bench.advance(60.0)
    bench.unplug(1)
    bench.advance(60.0)
    bench.present_tag(1, "TAG1")
    bench.advance(90.0)  # nobody plugs in: ConnectionTimeOut
    begin(bench)
    bench.advance(100.0)
    bench.unplug(1)  # the cable is pulled under charge
    bench.advance(100.0)


def lists(bench: Bench) -> None:
    """The local list and the cache, asked while the back office is there and while it is not."""
    bench.advance(100.0)
    _lists_sent(bench)
    ask(bench, "ClearCache")
    _cards_online(bench)
    _cards_offline(bench)
    ask(bench, "ClearCache")
    _charge(bench, "FIRST", 60.0)
    ask(bench, "SendLocalList", {"listVersion": 5, "updateType": "Full", "localAuthorizationList": []})
    ask(bench, "GetLocalListVersion")
    change(bench, "AuthorizationCacheEnabled", "false")
    ask(bench, "ClearCache")
    bench.advance(4000.0)


def _lists_sent(bench: Bench) -> None:
    """A list before it is enabled and after; then an old version, a new one, and cards named twice."""
    entries = [{"idTag": "LISTED", **ACCEPTED}, {"idTag": "OUT", "idTagInfo": {"status": "Blocked"}}]
    new = [{"idTag": "NEW", **ACCEPTED}]
    full = {"listVersion": 3, "updateType": "Full", "localAuthorizationList": entries}
    more = {"listVersion": 2, "updateType": "Differential", "localAuthorizationList": new}
    ask(bench, "SendLocalList", full)
    for key in LIST_KEYS:
        change(bench, key, "true")
    ask(bench, "SendLocalList", full)
    ask(bench, "GetLocalListVersion")
    ask(bench, "SendLocalList", more)
    ask(bench, "SendLocalList", {**more, "listVersion": 4})
    ask(bench, "SendLocalList", {**full, "localAuthorizationList": entries * 2})
    ask(bench, "GetLocalListVersion")


def _cards_online(bench: Bench) -> None:
    for tag in ("LISTED", "OUT", "FIRST", "FIRST"):
        _charge(bench, tag, 90.0)
    bench.present_tag(1, "SECOND")  # it is accepted, and nobody plugs in
    bench.advance(90.0)
    _charge(bench, "SECOND", 60.0)


def _cards_offline(bench: Bench) -> None:
    bench.link.down()
    for tag in ("LISTED", "FIRST", "OUT", "NOBODY"):
        bench.advance(10.0)
        _charge(bench, tag, 60.0)
    bench.link.up()
    bench.advance(400.0)


def _charge(bench: Bench, tag: str, wait_s: float) -> None:
    begin(bench, 1, tag=tag)
    bench.advance(wait_s)
    end(bench, 1, tag=tag)
