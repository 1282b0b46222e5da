"""Frames and the conversation: one CALL outstanding, replies matched, malformed frames answered or not."""

import json
from itertools import count

import pytest

from evc5.models.timeline import Timeline
from evc5.twin.ocpp.frames import Broken, Error, Refusal, Result, decode, error_text
from evc5.twin.ocpp.rpc import NO_REPLY, Reply, Rpc


class Line:
    """An Rpc whose texts pile up in a list."""

    def __init__(self, answer=lambda action, payload: {}):
        self.timeline, self.sent, self.replies = Timeline(), [], []
        self.rpc = Rpc(self.timeline, self.sent.append, answer, map(str, count(1)), timeout_s=30.0)

    def heartbeat(self):
        self.rpc.call("Heartbeat", {}, self.replies.append)

    def last(self):
        return json.loads(self.sent[-1])


NOW = '{"currentTime":"2024-01-01T00:00:00Z"}'


def test_a_reply_reaches_the_one_who_asked():
    line = Line()
    line.heartbeat()
    line.rpc.receive(f'[3,"1",{NOW}]')
    assert line.replies == [Reply(json.loads(NOW))] and not line.rpc.busy


def test_a_second_call_has_to_wait():
    line = Line()
    line.heartbeat()
    with pytest.raises(RuntimeError, match="outstanding"):
        line.heartbeat()


def test_silence_ends_after_the_time_out_exactly():
    line = Line()
    line.timeline.advance(7.0)
    line.heartbeat()
    line.timeline.advance(36.999)
    assert line.replies == []
    line.timeline.advance(37.0)
    assert line.replies == [NO_REPLY]


def test_the_watchdog_moves_on_with_younger_calls():
    line = Line()
    line.heartbeat()
    line.timeline.advance(20.0)
    line.rpc.receive(f'[3,"1",{NOW}]')
    line.heartbeat()
    line.timeline.advance(49.9)
    assert len(line.replies) == 1
    line.timeline.advance(50.0)
    assert line.replies[1] == NO_REPLY


@pytest.mark.parametrize(
    "text", [f'[3,"9",{NOW}]', '[3,"1"]', "[3", "{}", '[9,"1",{}]', '[4,"9","GenericError","",{}]', "42", ""]
)
def test_late_foreign_and_broken_replies_are_ignored(text):
    line = Line()
    line.heartbeat()
    line.rpc.receive(text)
    assert line.replies == [] and line.rpc.busy and len(line.sent) == 1


def test_a_reply_that_breaks_its_schema_is_an_error():
    line = Line()
    line.heartbeat()
    line.rpc.receive('[3,"1",{}]')
    assert line.replies[0].payload is None and line.replies[0].code == "ProtocolError"


def test_a_callerror_carries_its_code():
    line = Line()
    line.heartbeat()
    line.rpc.receive('[4,"1","InternalError","oops",{"a":1}]')
    assert line.replies == [Reply(None, "InternalError", "oops", {"a": 1})]


@pytest.mark.parametrize(("ends", "replies"), [(Rpc.abandon, [NO_REPLY]), (Rpc.forget, [])])
def test_a_conversation_that_ends_leaves_nothing_outstanding(ends, replies):
    line = Line()
    ends(line.rpc)  # with nothing to end
    line.heartbeat()
    ends(line.rpc)
    assert line.replies == replies and not line.rpc.busy
    line.rpc.receive(f'[3,"1",{NOW}]')  # too late
    line.timeline.advance(100.0)
    assert line.replies == replies


@pytest.mark.parametrize(("number", "code"), [(2**63 - 1, ""), (2**63, "PropertyConstraintViolation")])
def test_a_number_of_a_reply_that_no_integer_holds_is_an_error(number, code):
    line = Line()
    start = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": "2024-01-01T00:00:00Z"}
    line.rpc.call("StartTransaction", start, line.replies.append)
    line.rpc.receive(f'[3,"1",{{"transactionId":{number},"idTagInfo":{{"status":"Accepted"}}}}]')
    assert line.replies[0].code == code


# OCPP-J 1.6 table 7, by hand
REFUSED = {
    '[2,"7","Reset",{}]': "ProtocolError",
    '[2,"7","Reset",{"type":"Sideways"}]': "PropertyConstraintViolation",
    '[2,"7","Reset",{"type":3}]': "TypeConstraintViolation",
    '[2,"7","Reset",{"type":"Hard","more":1}]': "FormationViolation",
    '[2,"7","Reset"]': "FormationViolation",
    '[2,"7",8,{}]': "FormationViolation",
    '[2,"7","Reset",[]]': "FormationViolation",
    '[2,"7","Reset",{"type":"Hard"},1]': "FormationViolation",
}


@pytest.mark.parametrize(("text", "code"), REFUSED.items())
def test_a_malformed_call_is_answered_with_its_code(text, code):
    line = Line()
    line.rpc.receive(text)
    assert line.last()[:3] == [4, "7", code]


def test_a_null_payload_stands_for_an_empty_one():
    line = Line(answer=lambda action, payload: {"status": "Accepted"})
    line.rpc.receive('[2,"7","ClearCache",null]')
    assert line.last() == [3, "7", {"status": "Accepted"}]


def test_a_refusal_becomes_a_callerror():
    def answer(action, payload):
        raise Refusal("NotSupported", action)

    line = Line(answer)
    line.rpc.receive('[2,"7","ClearCache",{}]')
    assert line.last() == [4, "7", "NotSupported", "ClearCache", {}]


def test_what_our_own_schema_refuses_is_not_sent():
    line = Line()
    with pytest.raises(ValueError, match=r"Authorize.req breaks its schema"):
        line.rpc.call("Authorize", {}, line.replies.append)
    assert line.sent == []


def test_frames_are_told_apart():
    assert decode('[3,"a",{}]') == Result("a", {})
    assert decode('[4,"a","GenericError","why",{}]') == Error("a", "GenericError", "why", {})
    assert isinstance(decode(f'[2,"{"x" * 37}","Reset",{{}}]'), Broken)


def test_an_error_description_is_cut_to_the_255_characters_that_ocpp_j_gives_it():
    assert json.loads(error_text("a", "GenericError", "x" * 255))[3] == "x" * 255
    assert json.loads(error_text("a", "GenericError", "x" * 256))[3] == "x" * 255


def test_an_error_without_details_or_description_is_one_all_the_same():
    assert decode('[4,"a","GenericError","why"]') == Error("a", "GenericError", "why", {})
    assert decode('[4,"a","GenericError"]') == Error("a", "GenericError", "", {})


def test_a_call_that_is_wide_and_no_json_is_not_taken_for_a_deep_one():
    assert decode(f'[2,"a","Reset",{{"type":[{"[]," * 3000}x]}}]') is None
