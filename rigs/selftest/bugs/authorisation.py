"""Bugs in who may charge: cards, the local list, the cache, and what the CSMS says of an idTag."""

from typing import Any

from evc5.rigs.selftest.bug import Bug, Patch
from evc5.rigs.selftest.replacements import accepts, always, answers, around, constant, never, nothing

SESSION = "evc5.twin.sessions.session:Session"
LIST = "evc5.twin.sessions.id_tags:LocalList"
Payload = dict[str, Any]


def _trusting(original: Any, session: Any, profile: Any, id_tag: str, info: Payload) -> None:
    original(session, profile, id_tag, {**info, "status": "Accepted"})


def _unmoved(original: Any, session: Any, transaction: Any, info: Payload) -> None:
    original(session, transaction, {**info, "status": "Accepted"})


def _always_asks(original: Any, session: Any, running: Any, id_tag: str) -> None:
    session._ask(id_tag, lambda tag, info: session.stop("Local", tag))


def _asks_always(original: Any, session: Any, id_tag: str) -> None:
    if session._channel.facts.operative:
        original(session, id_tag)
    else:
        session._ask(id_tag, nothing)


def _starts_unasked(original: Any, session: Any, id_tag: str, profile: Payload | None) -> None:
    session._accept(id_tag, profile=profile)


def _starts_asked(original: Any, session: Any, id_tag: str, profile: Payload | None) -> None:
    session._ask(id_tag, lambda tag, info: session._admitted(profile, tag, info))


def _takes_any_version(original: Any, listed: Any, request: Payload, *most: Any, **how: Any) -> str:
    listed.version = min(listed.version, request["listVersion"] - 1)
    status: str = original(listed, request, *most, **how)
    return status


def _keeps_version(original: Any, listed: Any, *args: Any, **how: Any) -> str:
    before = listed.version
    status: str = original(listed, *args, **how)
    listed.version = before
    return status


BUGS: tuple[Bug, ...] = (
    Bug(
        "blocked-card-charges",
        "a card that the CSMS blocks may charge",
        check="authorisation.respected",
        clause="3.5, 4.1",
        rig="authorisation",
        patches=(Patch(f"{SESSION}._admitted", around(_trusting)),),
    ),
    Bug(
        "refused-start-goes-on",
        "a transaction whose idTag the CSMS refused goes on with energy",
        check="authorisation.ended",
        clause="9.1.26, ER 3.17",
        rig="authorisation",
        patches=(Patch(f"{SESSION}.confirmed", around(_unmoved)),),
    ),
    Bug(
        "own-card-asked-again",
        "the card that started is asked for again when it stops",
        check="authorisation.own-stop",
        clause="3.10",
        rig="charge",
        patches=(Patch(f"{SESSION}._present_to", around(_always_asks)),),
    ),
    Bug(
        "own-card-ignored",
        "the card that started a transaction does not stop it",
        check="card.stops",
        clause="3.10, TC_005_1_CS",
        rig="charge",
        patches=(Patch(f"{SESSION}._present_to", constant(nothing)),),
    ),
    Bug(
        "family-ignored",
        "another card of the same group does not stop the transaction",
        check="card.stops",
        clause="3.10",
        rig="authorisation",
        patches=(Patch("evc5.twin.sessions.session:_related", constant(never)),),
    ),
    Bug(
        "cards-trusted",
        "unknown cards are not asked for",
        check="card.asked",
        clause="4.1, TC_003_CS",
        rig="charge",
        patches=(
            Patch(
                "evc5.twin.sessions.authorisation:Authorisation.known",
                constant(lambda *_: {"status": "Accepted"}),
            ),
            Patch("evc5.twin.sheet.configuration:Configuration.flag", constant(always)),
        ),
    ),
    Bug(
        "asked-for-nothing",
        "a card is asked for at a connector out of service",
        check="card.needless",
        clause="4.1",
        rig="orders",
        patches=(Patch(f"{SESSION}.present", around(_asks_always)),),
    ),
    Bug(
        "card-not-taken-back",
        "a card shown again while it waits for a cable changes nothing",
        check="card.taken-back",
        clause="4.9 B1",
        rig="waiting",
        patches=(Patch(f"{SESSION}._withdraw", constant(nothing)),),
    ),
    Bug(
        "cable-free-after-refusal",
        "the cable is let go as soon as the back office has refused the transaction",
        check="card.cable",
        clause="ER 3.5",
        rig="authorisation",
        patches=(Patch(f"{SESSION}._unlocks_after", constant(always)),),
    ),
    Bug(
        "accepted-card-forgotten",
        "an accepted card starts nothing where the cable was there first",
        check="card.starts",
        clause="4.8, TC_003_CS",
        rig="charge",
        patches=(Patch("evc5.twin.connector.channel:Channel.plugged", constant(property(never))),),
    ),
    Bug(
        "cache-always-cleared",
        "ClearCache is Accepted where there is no cache",
        check="cache.cleared",
        clause="5.4, ER 3.23",
        rig="lists",
        patches=(answers("ClearCache", accepts),),
    ),
    Bug(
        "list-takes-old-versions",
        "a differential update with an old version is Accepted",
        check="list.answer",
        clause="5.15, TC_043_1_CS",
        rig="lists",
        patches=(Patch(f"{LIST}.update", around(_takes_any_version)),),
    ),
    Bug(
        "list-version-kept",
        "an update does not change the list's version",
        check="list.version",
        clause="5.10, TC_042_2_CS",
        rig="lists",
        patches=(Patch(f"{LIST}.update", around(_keeps_version)),),
    ),
    Bug(
        "list-conflict-untold",
        "the CSMS contradicts the local list, and is not told",
        check="list.conflict",
        clause="3.5.2",
        rig="lists",
        patches=(Patch("evc5.twin.services.announcer:Announcer.conflict", constant(nothing)),),
    ),
    Bug(
        "list-ignored",
        "a card that the local list accepts is asked for",
        check="card.known",
        clause="3.5.2, 9.1.12, TC_008_1_CS",
        rig="lists",
        patches=(Patch(f"{LIST}.find", constant(nothing)),),
    ),
    Bug(
        "remote-start-unasked",
        "the idTag of a remote start is not authorised, whatever AuthorizeRemoteTxRequests says",
        check="authorisation.remote",
        clause="5.11, 9.1.2",
        rig="remote-cards",
        patches=(Patch(f"{SESSION}.remote_start", around(_starts_unasked)),),
    ),
    Bug(
        "remote-start-always-asked",
        "the idTag of a remote start is authorised though AuthorizeRemoteTxRequests is false",
        check="authorisation.remote",
        clause="5.11, 9.1.2",
        rig="remote-cards",
        patches=(Patch(f"{SESSION}.remote_start", around(_starts_asked)),),
    ),
    Bug(
        "offline-anybody",
        "without a link every card may charge",
        check="card.offline",
        clause="3.5.4, TC_039_CS",
        rig="lists",
        patches=(Patch("evc5.twin.sessions.authorisation:Authorisation.offline", constant(accepts)),),
    ),
)
