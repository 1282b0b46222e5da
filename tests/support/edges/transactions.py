"""Numbers by which transactions, cards and their messages are judged."""

from foreign import Log
from handmade import Charge, Handmade, at

from edges import Edge
from edges.short import CAR, START_S, STOP_S, idle, order, shifted, short, status, unanswered

T = 600.0
ACCEPTED = {"idTagInfo": {"status": "Accepted"}}
REFUSED = {"idTagInfo": {"status": "Invalid"}}


def without_cards(made: Handmade) -> Handmade:
    """No card was shown to start or to stop."""
    made.events = [event for event in made.events if event["event"] != "tag"]
    return made


def authorized(made: Handmade, t: float, reply: object, tag: str = "TAG1") -> None:
    made.interject(t, "Authorize", {"idTag": tag}, reply)


# -- who may charge ----------------------------------------------------------------------------------


def a_start_after_a_refusal(x: float) -> Handmade:
    made = short((Charge(1, 60, 300, 1290, 1350),))
    asked = made.calls("Authorize")[0]
    made.reply_to(asked)["frame"][2] = REFUSED
    shifted(made, asked, 5 - x)
    return made


def a_refused_start_that_goes_on(x: float) -> Handmade:
    made = short((Charge(1, 60, 90, 90 + x, 300),), StopTransactionOnInvalidId="true")
    reply = made.reply_to(made.calls("StartTransaction")[0])["frame"][2]
    reply["idTagInfo"] = {"status": "Invalid"}
    return made


def a_refusal_after_an_acceptance(x: float) -> Handmade:
    made = short()
    authorized(made, START_S - 5 + x, REFUSED)
    return made


def a_start_elsewhere_after_a_refusal(x: float) -> Handmade:
    made = short((*CAR, Charge(2, 60, START_S + 0.05 + x, 1290, 1350)))
    reply = made.reply_to(made.calls("StartTransaction")[0])["frame"][2]
    reply["idTagInfo"] = {"status": "Invalid"}
    return made


def an_authorize_before_the_stop(x: float) -> Handmade:
    made = short()
    authorized(made, STOP_S - x, ACCEPTED)
    return made


# -- cards -------------------------------------------------------------------------------------------


def its_card_before_the_stop(x: float) -> Handmade:
    made = without_cards(short())
    made.event(STOP_S - x, 1, "tag", id_tag="TAG1")
    return made


def a_strange_card_before_the_stop(x: float) -> Handmade:
    made = without_cards(short())
    made.event(STOP_S - x, 1, "tag", id_tag="TAG2")
    authorized(made, STOP_S - x, REFUSED, "TAG2")
    return made


def its_card_without_a_stop_and_hands_before_it(x: float) -> Handmade:
    made = short()
    made.event(T - x, None, "operator")
    made.event(T, 1, "tag", id_tag="TAG1")
    return made


def a_card_before_the_start(x: float) -> Handmade:
    made = without_cards(short((Charge(1, 700, 710, 1290, 1350),)))
    made.event(710 - x, 1, "tag", id_tag="TAG1")
    return made


def a_start_on_a_card_taken_back(x: float) -> Handmade:
    """The status that takes it back is told x after its stamp."""
    made = without_cards(short((Charge(1, 240, 260, 1290, 1350),)))
    made.event(100, 1, "tag", id_tag="TAG1")
    authorized(made, 100.2, ACCEPTED)
    status(made, 100.1, "Preparing")
    status(made, 200, "Available", timestamp=at(200 - x))
    return made


def preparing_for(x: float) -> Handmade:
    """Nobody shows a card; ConnectionTimeOut is 60 s."""
    made = idle(ConnectionTimeOut="60")
    made.event(T, 1, "plug-in", cable_a=32.0)
    status(made, T, "Preparing")
    status(made, T + x, "Finishing")
    return made


def preparing_too_short_with_hands_before_it(x: float) -> Handmade:
    made = preparing_for(30)
    made.event(T - x, 1, "clear", fault="none")
    return made


# -- why transactions end ----------------------------------------------------------------------------


def a_remote_stop_so_long_before(x: float) -> Handmade:
    made = short()
    made.calls("StopTransaction")[0]["frame"][3]["reason"] = "Remote"
    order(made, STOP_S - x, "RemoteStopTransaction", {"transactionId": 1})
    return made


def a_reboot_so_long_after_an_installation_began(x: float) -> Handmade:
    made = short()
    made.calls("StopTransaction")[0]["frame"][3]["reason"] = "Reboot"
    made.interject(STOP_S - x, "FirmwareStatusNotification", {"status": "Installing"})
    return made


def a_stop_so_long_after_the_power_went(x: float) -> Handmade:
    made = short()
    made.calls("StopTransaction")[0]["frame"][3]["reason"] = "PowerLoss"
    made.event(STOP_S - x, None, "power-cut")
    return made


def a_refused_remote_stop(made: Handmade, t: float) -> Handmade:
    """The transaction runs: only what may be on its way explains a refusal."""
    order(made, t, "RemoteStopTransaction", {"transactionId": 1}, {"status": "Rejected"})
    return made


def a_refused_remote_stop_after_finishing(x: float) -> Handmade:
    made = short()
    status(made, T, "Finishing")
    return a_refused_remote_stop(made, T + 0.05 + x)


def a_refused_remote_stop_after_silence(x: float) -> Handmade:
    made = short()
    unanswered(made, 1000 - x)
    return a_refused_remote_stop(made, 1000.05)


def a_refused_remote_stop_behind_a_call(x: float) -> Handmade:
    made = short()
    made.interject(1000 - x, "Heartbeat", {}, {"currentTime": at(1000)})
    made.lines[-1]["t"] += 3
    made.lines[-1]["at"] = at(made.lines[-1]["t"])
    return a_refused_remote_stop(made, 1000.05)


def a_refused_remote_stop_after_an_outage(x: float) -> Handmade:
    made = short((Charge(1, 60, 90, 9000, 9100),), end=4500)
    made.drop(*made.calls("MeterValues"))
    made.event(400, None, "link-down", kind="down")
    made.event(430, None, "link-up")
    return a_refused_remote_stop(made, 430.05 + x)


def a_car_swapped_within(x: float) -> Handmade:
    """Its transaction is never stopped."""
    made = short((Charge(1, 60, 90, 9000, 9100),), StopTransactionOnEVSideDisconnect="true")
    made.event(T, 1, "unplug")
    made.event(T + x, 1, "plug-in", cable_a=32.0)
    return made


# -- messages that are not taken ---------------------------------------------------------------------


def refused_and_sent_again_after(x: float, start: float = START_S) -> Handmade:
    made = short((Charge(1, 60, start, 1290, 1350),))
    call = made.calls("StartTransaction")[0]
    reply = made.reply_to(call)
    good = reply["frame"][2]
    reply["frame"] = [4, call["frame"][1], "InternalError", "", {}]
    made.interject(start + 0.05 + x, "StartTransaction", call["frame"][3], good)
    return made


def refused_so_often(x: float) -> Handmade:
    """And sent again at once each time that it may be, the last time as well."""
    made = short((Charge(1, 60, START_S, 1290, 1350),), end=3000)
    call = made.calls("StartTransaction")[0]
    error = ["InternalError", "", {}]
    made.lines.remove(made.reply_to(call))
    made.frame(call["t"] + 0.05, "down", [4, call["frame"][1], *error])
    for n in range(1, int(x)):
        made.interject(call["t"] + 185.0 * n, "StartTransaction", call["frame"][3], error)
    return made


def refused_and_sent_again_late(x: float) -> Handmade:
    return refused_and_sent_again_after(180 + x)


def sent_again_early_after_silence(x: float) -> Handmade:
    made = refused_and_sent_again_after(60, start=1000)
    unanswered(made, 1000.05 - x)
    return made


def unanswered_and_sent_again_after(x: float) -> Handmade:
    """The CSMS answers the status that comes next, at once."""
    made = short()
    call = made.calls("StartTransaction")[0]
    reply = made.reply_to(call)
    made.lines.remove(reply)
    told = next(c for c in made.calls("StatusNotification") if c["t"] > call["t"])
    answered_s = made.reply_to(told)["t"]
    made.interject(answered_s + x, "StartTransaction", call["frame"][3], reply["frame"][2])
    return made


def a_start_given_up_after(x: float) -> Handmade:
    """So many attempts meet silence, and the CSMS answers what comes after them."""
    made = idle()
    told = {"connectorId": 1, "idTag": "TAG1", "meterStart": 120_000, "timestamp": at(100)}
    for n in range(int(x)):
        made.interject(100 + 60 * n, "StartTransaction", told)
        made.lines.pop()
    status(made, 400, "Available")
    status(made, 800, "Available")
    return made


def a_conflict_told_behind_silence_after(x: float) -> Handmade:
    made = idle(LocalAuthListEnabled="true")
    rows = [{"idTag": "TAG1", "idTagInfo": {"status": "Blocked"}}]
    wire = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": rows}
    order(made, 100, "SendLocalList", wire)
    authorized(made, 200, ACCEPTED)
    unanswered(made, 210)
    status(made, 200.05 + x, "Available", errorCode="LocalListConflict")
    return made


# -- what the recording does not reach back to -------------------------------------------------------


def a_strange_stop_after_rest(x: float) -> Log:
    log = Log(boot=False)
    log.status(0, "Available")
    for t_s in (1, 2, 3, *range(50, 600, 50)):  # the ids go on: nothing is missing
        log.up(t_s, "Heartbeat", {}, {"currentTime": at(t_s)})
    log.end(x, 1000, id=99)
    return log


def a_nameless_stop_so_long_after_the_end(x: float) -> Handmade:
    """Of two transactions without an id the one on connector 1 ended; the meter is that of the other."""
    made = short((*CAR, Charge(2, 60, 95, 9000, 9100)))
    made.drop(*made.calls("MeterValues"), *made.calls("StopTransaction"))
    for call in made.calls("StartTransaction"):
        made.lines.remove(made.reply_to(call))
    finishing = next(c for c in made.calls("StatusNotification") if c["frame"][3]["status"] == "Finishing")
    t = finishing["t"] + x
    stop = {"transactionId": -1, "meterStop": 6000, "timestamp": at(t)}
    made.interject(t, "StopTransaction", stop, {})
    return made


EDGES = (
    Edge("transactions.retries.FIXED_ATTEMPTS", 5, "transaction.retry", refused_so_often, 5, 6),
    Edge(
        "transactions.retries.FIXED_WAIT_S",
        180.0,
        "transaction.retry",
        refused_and_sent_again_late,
        14.9,
        15.1,
    ),
    Edge(
        "transactions.authorisation.FRESH_S", 60.0, "authorisation.respected", a_start_after_a_refusal, 60, 58
    ),
    Edge(
        "transactions.authorisation.END_S", 60.0, "authorisation.ended", a_refused_start_that_goes_on, 59, 61
    ),
    Edge(
        "state.connectors.WHOLE_SECOND_S",
        1.0,
        "authorisation.respected",
        a_refusal_after_an_acceptance,
        0.9,
        1.1,
    ),
    Edge(
        "transactions.authorisation.ELSEWHERE_S",
        2.0,
        "authorisation.respected",
        a_start_elsewhere_after_a_refusal,
        0.95,
        1.05,
    ),
    Edge(
        "transactions.authorisation.ASK_S",
        5.0,
        "authorisation.own-stop",
        an_authorize_before_the_stop,
        5.1,
        4.9,
    ),
    Edge("transactions.shown_cards.CARD_SOON_S", 5.0, "card.stops", its_card_before_the_stop, 4.9, 5.1),
    Edge("transactions.id_tags.CARD_LOOK_S", 15.0, "card.stops", a_strange_card_before_the_stop, 15.5, 14.5),
    Edge("transactions.connection_timeout.NEAR_S", 5.0, "status.timeout", preparing_for, 55.1, 54.9),
    Edge(
        "transactions.connection_timeout.CARD_BEFORE_S",
        5.0,
        "status.timeout",
        preparing_too_short_with_hands_before_it,
        4.9,
        5.1,
    ),
    Edge(
        "transactions.id_tags.SAME_CLOCK_S",
        1.0,
        "transaction.start-cause",
        a_start_on_a_card_taken_back,
        1.1,
        0.9,
    ),
    Edge(
        "transactions.id_tags.LONGEST_WAIT_S",
        600.0,
        "transaction.start-cause",
        a_card_before_the_start,
        599,
        601,
    ),
    Edge(
        "transactions.stops.CAUSE_BEFORE_S",
        60.0,
        "transaction.stop-reason",
        a_remote_stop_so_long_before,
        59.9,
        60.1,
    ),
    Edge(
        "transactions.stops.LAST_KNOWN_S",
        5.0,
        "transaction.stop-reason",
        a_stop_so_long_after_the_power_went,
        4.9,
        5.1,
        choices={"policies": {"after_power_loss": "finishing"}},
    ),
    Edge(
        "transactions.stops.INSTALL_S",
        600.0,
        "transaction.stop-reason",
        a_reboot_so_long_after_an_installation_began,
        599,
        601,
    ),
    Edge(
        "state.connectors.QUIET_S", 5.0, "card.stops", its_card_without_a_stop_and_hands_before_it, 4.9, 5.1
    ),
    Edge(
        "state.connectors.STOP_TOLD_S",
        30.0,
        "transaction.remote-stop-known",
        a_refused_remote_stop_after_finishing,
        29,
        31,
    ),
    Edge("state.connectors.UNSEEN_S", 0.5, "transaction.delivered", a_car_swapped_within, 0.49, 0.51),
    Edge(
        "state.link.HELD_S",
        220.0,
        "transaction.remote-stop-known",
        a_refused_remote_stop_after_silence,
        219,
        221,
    ),
    Edge(
        "state.link.STUCK_S",
        1.0,
        "transaction.remote-stop-known",
        a_refused_remote_stop_behind_a_call,
        1.1,
        0.9,
    ),
    Edge(
        "state.link.DRAIN_S",
        3600.0,
        "transaction.remote-stop-known",
        a_refused_remote_stop_after_an_outage,
        3590,
        3610,
    ),
    Edge(
        "transactions.retries.RETRY_SLACK_S",
        15.0,
        "transaction.retry",
        refused_and_sent_again_late,
        14.9,
        15.1,
    ),
    Edge(
        "transactions.retries.SILENCE_S", 600.0, "transaction.retry", sent_again_early_after_silence, 599, 601
    ),
    Edge(
        "transactions.retries.RESUME_S", 60.0, "transaction.resumed", unanswered_and_sent_again_after, 59, 61
    ),
    Edge("transactions.retries.UNTOLD_ATTEMPTS", 3, "transaction.resumed", a_start_given_up_after, 3, 2),
    Edge(
        "transactions.offline.MUTE_S", 600.0, "list.conflict", a_conflict_told_behind_silence_after, 599, 601
    ),
    Edge("state.transactions.BEFORE_QUEUE_S", 600.0, "transaction.pair", a_strange_stop_after_rest, 599, 601),
    Edge(
        "state.stop_matching.ENDED_S",
        2.0,
        "metering.start-stop",
        a_nameless_stop_so_long_after_the_end,
        2.1,
        1.9,
    ),
)
