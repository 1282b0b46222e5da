"""The agent alone: boots, heartbeats, the clock that it follows, and silence that ends."""

from typing import Any

import pytest
from conversation import Conversation

from evc5.twin.ocpp.memory import Message
from evc5.twin.ocpp.rpc import NO_REPLY, Reply

LIMIT_S = 1.0  # assumed: a smaller difference to the CSMS's time is left alone


# --- the boot, 4.2 ---


@pytest.mark.parametrize(
    ("status", "interval", "again_s"),
    [
        ("Pending", 300, 300),
        ("Rejected", 300, 300),
        ("Rejected", 1, 1),
        ("Pending", 0, 60),  # the wait is left to the station: assumed
        ("Rejected", -5, 60),
        ("Rejected", 10**9, 86_400),  # assumed: longer is lost
    ],
)
def test_a_station_that_is_not_accepted_boots_again_after_its_interval(
    status: str, interval: int, again_s: float
) -> None:
    talk = Conversation().booted(status, interval).advance(again_s - 0.5)
    before = talk.when("BootNotification")
    talk.advance(again_s + 0.5)
    assert (before, talk.when("BootNotification")) == ([0], [0, again_s])


def test_a_boot_that_is_refused_or_not_answered_is_sent_again() -> None:
    talk = Conversation()
    talk.agent.connect()
    assert not talk.agent.boot_settled
    talk.answer()
    assert talk.agent.boot_settled
    talk.advance(200)  # the second gets no answer within the 30 s of a call
    assert talk.when("BootNotification") == [0, 60, 150]


def test_a_boot_that_was_asked_for_takes_the_place_of_the_one_that_was_due() -> None:
    talk = Conversation().booted("Pending", 100).advance(95)
    talk.agent.send_boot()
    talk.advance(110)
    assert talk.when("BootNotification") == [0, 95]
    talk.booted("Pending", 100).advance(300)
    assert talk.when("BootNotification")[:3] == [0, 95, 210]


def test_a_boot_that_is_accepted_ends_the_wait_of_one_that_was_not() -> None:
    talk = Conversation()
    talk.agent.connect()
    talk.agent.send_boot()  # asked for while the first is on its way
    talk.booted("Pending", 100).booted().advance(500)
    assert talk.when("BootNotification") == [0, 0]


@pytest.mark.parametrize(
    ("status", "interval", "beats"),
    [("Accepted", 20, [20, 40, 60]), ("Accepted", 60, [60]), ("Pending", 20, []), ("Rejected", 20, [])],
)
def test_heartbeats_follow_the_interval_of_an_accepted_boot(
    status: str, interval: int, beats: list[float]
) -> None:
    talk = Conversation().booted(status, interval)
    for second in range(1, 66):
        talk.advance(second)
        if talk.agent.rpc.busy and talk.calls[-1][1] == "Heartbeat":
            talk.answer({"currentTime": talk.clock.iso(second)})
    assert talk.when("Heartbeat") == beats


@pytest.mark.parametrize(
    ("interval", "is_online", "due_s"), [(50, True, 50), (1, True, 1), (0, True, None), (50, False, None)]
)
def test_a_heartbeat_is_due_only_with_an_interval_and_online(
    interval: int, is_online: bool, due_s: float | None
) -> None:
    talk = Conversation().booted(interval=100)
    if not is_online:
        talk.down()
    talk.agent.configuration.assign("HeartbeatInterval", interval)
    talk.agent.schedule_heartbeat()
    assert talk.agent.beat.due_s == due_s


@pytest.mark.parametrize(
    ("intervals", "held"),
    [  # sheet table 13: always from the boot; 6.4: 0 leaves it to the station, whose own is the key's first
        ([300], 300),
        ([0], 1440),
        ([300, 0], 1440),
        ([300, 200], 200),
        ([1440, 0], 1440),
        ([1], 1),
    ],
)
def test_the_interval_is_what_the_last_boot_says(intervals: list[int], held: int) -> None:
    talk = Conversation()
    for interval in intervals:
        talk.booted(interval=interval)
        talk.agent.send_boot()
    assert talk.agent.configuration.integer("HeartbeatInterval") == held


# --- its clock ---


@pytest.mark.parametrize(
    ("policy", "is_foreign", "ahead_s", "step_s", "foreign_s"),
    [
        ("always", False, LIMIT_S, LIMIT_S, None),
        ("always", True, -LIMIT_S, -LIMIT_S, None),
        ("always", True, LIMIT_S - 0.001, None, None),
        ("real-time", False, 5.0, 5.0, None),
        ("real-time", True, 5.0, None, 5.0),
        ("never", False, 5.0, None, 5.0),
        ("never", True, 0.0, None, 0.0),
    ],
)
def test_a_station_follows_the_back_offices_time_as_its_policy_says(
    policy: str, is_foreign: bool, ahead_s: float, step_s: float | None, foreign_s: float | None
) -> None:
    talk = Conversation(policies={"follow_csms_time": policy})
    talk.agent.foreign_time = is_foreign
    steps: list[float] = []
    foreign: list[float] = []
    talk.agent.on_clock_set.append(steps.append)
    talk.agent.on_foreign_time.append(foreign.append)
    talk.booted(ahead_s=ahead_s)
    assert steps == pytest.approx([] if step_s is None else [step_s], abs=1e-6)
    assert foreign == pytest.approx([] if foreign_s is None else [foreign_s], abs=1e-6)
    assert talk.clock.offset_s == pytest.approx(step_s or 0.0, abs=1e-6)


@pytest.mark.parametrize(
    ("policy", "offset_s", "drift_ppm", "delay_s", "keeps"),
    [  # its answer's time is rounded to the millisecond
        ("always", 0.0, 0.0, 0.9, True),
        ("always", 0.0, 0.0, 0.999, False),
        ("always", 0.5, 0.0, 0.25, True),
        ("always", -0.5, 0.0, 0.5, False),
        ("always", 0.0, 1.0, 0.0, False),  # it drifts: sooner or later it is set
        ("never", 0.0, 0.0, 0.0, False),
    ],
)
def test_a_heartbeat_leaves_a_clock_alone_that_no_answer_would_set(
    policy: str, offset_s: float, drift_ppm: float, delay_s: float, keeps: bool
) -> None:
    talk = Conversation(policies={"follow_csms_time": policy})
    talk.clock.offset_s = offset_s
    talk.clock.drift_ppm = drift_ppm
    assert talk.agent.keeps_its_time(delay_s) is keeps


# --- what is told ---


def test_what_is_asked_or_waits_when_the_socket_closes_gets_no_reply() -> None:
    talk = Conversation().booted()
    replies: list[tuple[str, Reply]] = []
    for name in ("asked", "waits"):
        assert talk.agent.tell("Heartbeat", {}, lambda reply, name=name: replies.append((name, reply)))
    talk.down()
    assert replies == [("asked", NO_REPLY), ("waits", NO_REPLY)]
    assert not talk.agent.tell("Heartbeat", {}) and not talk.agent.rpc.busy
    talk.advance(1000)
    assert len(replies) == 2 and talk.when("Heartbeat") == [0]


@pytest.mark.parametrize(
    ("replies", "online_again"),
    [
        ("answered", 0),
        ("silence", 0),
        ("silence answered", 1),
        ("silence answered answered", 1),
        ("silence silence answered", 1),
        ("silence refused", 0),  # a CALLERROR alone does not show that it is well again
        ("silence answered silence answered", 2),
    ],
)
def test_after_a_silence_the_first_answer_shows_that_the_conversation_goes_on(
    replies: str, online_again: int
) -> None:
    talk = Conversation().booted()
    back: list[float] = []
    talk.agent.on_online.append(lambda: back.append(talk.timeline.now))
    for n, reply in enumerate(replies.split()):
        talk.agent.tell("Heartbeat", {})
        if reply == "silence":
            talk.advance(100 * (n + 1))
            talk.unanswered.clear()
        else:
            talk.answer({"currentTime": "2024-01-01T00:00:00Z"} if reply == "answered" else None)
    assert len(back) == online_again
    assert talk.agent.at_rest is ("silence" not in replies.split()[-1] and "refused" not in replies)


def test_after_a_silence_what_waited_for_its_next_attempt_goes_at_once() -> None:
    talk = Conversation("evc5-v32r30").booted()
    talk.agent.post(Message("MeterValues", {"connectorId": 1, "meterValue": [SAMPLE]}))
    talk.advance(30)  # no answer: 180 s until it is tried again
    talk.unanswered.clear()
    talk.advance(100)
    talk.agent.tell("Heartbeat", {})
    assert talk.when("MeterValues") == [0]
    talk.answer({"currentTime": "2024-01-01T00:01:40Z"})
    assert talk.when("MeterValues") == [0, 100]


SAMPLE = {"timestamp": "2024-01-01T00:00:00Z", "sampledValue": [{"value": "1"}]}


@pytest.mark.parametrize(("policy", "goes"), [("off", False), ("replaces-preparing", True)])
def test_a_status_that_is_none_of_1_6_goes_out_by_policy_alone(policy: str, goes: bool) -> None:
    talk = Conversation(policies={"occupied_status": policy}).booted()
    status: dict[str, Any] = {"connectorId": 1, "errorCode": "NoError", "status": "Occupied"}
    if goes:
        talk.agent.tell("StatusNotification", status)
    else:
        with pytest.raises(ValueError, match="breaks its schema"):
            talk.agent.tell("StatusNotification", status)
    assert talk.told("StatusNotification") == [status] * goes


def test_a_firmware_that_dies_says_no_more_and_begins_with_a_boot() -> None:
    talk = Conversation().booted(interval=60)
    talk.agent.tell("Heartbeat", {})
    talk.agent.die()
    assert not talk.connected and not talk.agent.online and talk.agent.registration == ""
    talk.advance(500)
    talk.unanswered.clear()
    talk.agent.connect()
    assert [action for _, action, _ in talk.calls] == ["BootNotification", "Heartbeat", "BootNotification"]
