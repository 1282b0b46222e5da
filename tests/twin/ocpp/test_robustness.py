"""What a broken or hostile back office sends: nothing of it crashes the station or wedges it."""

import os
from pathlib import Path
from typing import Any

import pytest
from cables import pull
from malformed import malformed
from wire import charging, frames, sent, values

from evc5.rigs.bench.bench import Bench, CallError
from evc5.rigs.checks.reading.schemas import schema

ENERGY = "Energy.Active.Import.Register"


def answers(bench: Bench, text: str) -> list[Any]:
    """What the station sends back for a text."""
    before = len(frames(bench))
    bench.send_text(text)
    bench.advance(0)
    return [frame for way, frame in frames(bench)[before:] if way == "up"]


def nested(depth: int, kind: type = list) -> str:
    """So many arrays, or objects, within each other."""
    return "[" * depth + "]" * depth if kind is list else '{"a":' * depth + "1" + "}" * depth


DEPTHS = (100, 253, 254, 255, 256, 1000)  # orjson writes 254 levels and reads 1024
TOO = ((256, "TypeConstraintViolation"), (1000, "TypeConstraintViolation"), (3000, "FormationViolation"))


# --- CALLERROR codes, OCPP-J 4.2.3 and table 7 ---


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('[2,"a","NoSuchThing",{}]', "NotImplemented"),
        ('[2,"a","reset",{"type":"Soft"}]', "NotImplemented"),
        ('[2,"a","ReserveNow",{}]', "NotSupported"),
        ('[2,"a","Heartbeat",{}]', "NotSupported"),
        ('[2,"a","Reset",{}]', "ProtocolError"),
        ('[2,"a","Reset",null]', "ProtocolError"),
        ('[2,"a","Reset",{"type":"Gently"}]', "PropertyConstraintViolation"),
        ('[2,"a","Reset",{"type":1}]', "TypeConstraintViolation"),
        ('[2,"a","Reset",{"type":"Soft","now":true}]', "FormationViolation"),
        ('[2,"a","Reset"]', "FormationViolation"),
        ('[2,"a","Reset",{},{}]', "FormationViolation"),
        ('[2,"a","Reset",[]]', "FormationViolation"),
        ('[2,"a",5,{}]', "FormationViolation"),
        ('[2,"a","RemoteStartTransaction",{"idTag":"123456789012345678901"}]', "TypeConstraintViolation"),
        (f'[2,"{"i" * 37}","Reset",{{"type":"Soft"}}]', "FormationViolation"),
        ('[2,"a","Reset",{"type":"' + "S" * 70_000 + '"}]', "GenericError"),
        *((f'[2,"a","Reset",{{"type":{nested(n)}}}]', "TypeConstraintViolation") for n in DEPTHS),
        *((f'[2,"a","Reset",{{"type":"Soft","x":{nested(n)}}}]', "FormationViolation") for n in DEPTHS),
        *((f'[2,"a","DataTransfer",{{"vendorId":"v","data":{nested(n, object)}}}]', code) for n, code in TOO),
        (f'[2,"a","NoSuchThing",{{"x":{nested(900)}}}]', "NotImplemented"),
    ],
)
def test_a_call_that_cannot_be_carried_out_is_refused_with_its_code(text: str, code: str) -> None:
    [answer] = answers(Bench(), text)
    assert answer[0] == 4 and answer[1] == text.split('"')[1] and answer[2] == code
    assert len(answer) == 5 and isinstance(answer[3], str) and isinstance(answer[4], dict)


@pytest.mark.parametrize(
    "text",
    [
        *("", "nonsense", "null", "{}", "[]", "[2]", "[2,5,6,7]", '[2,"x"', "[" * 5000),
        *('[1,"a"]', '[5,"a",{}]', '["2","a","Reset",{"type":"Soft"}]', '[9,"a","Reset",{}]'),
        *('[3,"nothing","asked"]', '[3,"77",{}]', '[4,"77","InternalError","",{}]', '[4,"77"]'),
        '[3,"a",{"data":"' + "S" * 70_000 + '"}]',
        '[2,"\udcff","Reset",{"type":"Soft"}]',
    ],
    ids=range(19),
)
def test_what_is_no_call_is_not_answered(text: str) -> None:
    assert answers(Bench(), text) == []


def test_an_empty_payload_may_be_null() -> None:
    [answer] = answers(Bench(), '[2,"a","GetLocalListVersion",null]')
    assert answer == [3, "a", {"listVersion": 0}]


def test_the_same_id_is_answered_each_time_it_comes() -> None:
    bench = Bench()
    text = '[2,"same","GetLocalListVersion",{}]'
    assert answers(bench, text) + answers(bench, text) == [[3, "same", {"listVersion": 0}]] * 2


def test_an_id_that_the_station_uses_itself_does_not_confuse_it() -> None:
    bench = Bench(latency_s=1.0).advance(60)
    bench.present_tag(1, "TAG1")
    number = frames(bench)[-1][1][1]  # of the Authorize that is out
    bench.send_text(f'[2,"{number}","GetLocalListVersion",{{}}]')
    bench.plug_in(1)
    bench.advance(30)
    assert [3, number, {"listVersion": 0}] in [frame for way, frame in frames(bench) if way == "up"]
    assert len(sent(bench, "StartTransaction")) == 1


# --- calls that cross, replies that are wrong ---


def test_a_call_that_crosses_ours_is_answered_before_ours_is() -> None:
    bench = Bench(latency_s=2.0).advance(60)
    bench.present_tag(1, "TAG1")
    bench.advance(1)
    bench.send_text('[2,"cross","GetLocalListVersion",{}]')
    bench.advance(2)  # it arrives after the answer was sent, but the next of ours is out by then
    told = [frame for way, frame in frames(bench) if way == "up"]
    assert [3, "cross", {"listVersion": 0}] in told


def test_the_answer_to_a_call_goes_out_before_what_it_brings_about() -> None:
    bench = Bench()
    before = len(frames(bench))
    bench.call("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    bench.advance(0)
    asked, answered, told, _ = [frame for _, frame in frames(bench)[before:]]
    assert (asked[2], answered, told[2]) == (
        "ChangeAvailability",
        [3, asked[1], {"status": "Accepted"}],
        "StatusNotification",
    )


def test_a_reply_that_comes_twice_counts_once() -> None:
    bench = charging(Bench())
    starts = [n for n, (way, frame) in enumerate(frames(bench)) if frame[2:3] == ["StartTransaction"]]
    number = frames(bench)[starts[0]][1][1]
    for transaction in (99, 100):
        bench.send_text(
            f'[3,"{number}",{{"transactionId":{transaction},"idTagInfo":{{"status":"Blocked"}}}}]'
        )
    bench.advance(60)
    bench.present_tag(1, "TAG1")
    bench.advance(1)
    stops = sent(bench, "StopTransaction")
    assert [(stop["transactionId"], stop["reason"]) for stop in stops] == [(1, "Local")]


@pytest.mark.parametrize(
    "answer",
    [{}, {"status": "Maybe", "currentTime": "2024-01-01T00:00:00Z", "interval": 5}, {"status": "Accepted"}],
)
def test_a_boot_with_a_confirmation_that_is_none_is_repeated(answer: dict[str, Any]) -> None:
    bench = Bench()
    bench.csms.reply("BootNotification", answer, times=2)
    bench.call("Reset", {"type": "Hard"})
    bench.advance(600)
    assert len(sent(bench, "BootNotification")) == 4
    assert bench.call("GetLocalListVersion") == {"listVersion": 0}


@pytest.mark.parametrize("answer", [{}, {"idTagInfo": {"status": "Perhaps"}}, {"idTagInfo": None}])
def test_an_authorize_with_a_confirmation_that_is_none_starts_nothing(answer: dict[str, Any]) -> None:
    bench = Bench()
    bench.csms.reply("Authorize", answer)
    charging(bench)
    assert sent(bench, "StartTransaction") == []
    bench.csms.reply("Authorize")
    bench.present_tag(1, "TAG1")
    bench.advance(5)
    assert len(sent(bench, "StartTransaction")) == 1


def test_a_time_that_is_none_leaves_the_clock_alone() -> None:
    bench = Bench(policies={"follow_csms_time": "always"})
    bench.csms.reply("Heartbeat", {"currentTime": "half past nine"})
    bench.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    bench.advance(1)
    bench.plug_in(1)
    bench.advance(1)
    assert sent(bench, "StatusNotification")[-1]["timestamp"].startswith("2024-01-01T00:00:01")


@pytest.mark.parametrize("registration", ["Rejected", None])
def test_a_station_that_is_not_accepted_answers_nothing_at_all(registration: str | None) -> None:
    bench = Bench()
    answer = {"status": "Rejected", "currentTime": "2024-01-01T00:00:00Z", "interval": 900}
    bench.csms.reply("BootNotification", answer if registration else None, silent=registration is None)
    bench.call("Reset", {"type": "Hard"})
    bench.advance(45)
    for text in ('[2,"a","GetConfiguration",{}]', '[2,"a","Reset"]', '[2,"a","Nonsense",{}]'):
        assert answers(bench, text) == []


# --- whatever comes ---

MOST_GROWTH_MB = 100.0  # of the process over a soak; assumed: what a queue and caches may come to


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def survive(bench: Bench, texts: list[str]) -> None:
    """Send them, looking now and then whether the station is still there; configuration may be what it is."""
    for number, text in enumerate(texts):
        bench.send_text(text)
        bench.advance(0.05)
        if number % 250 == 249:
            bench.advance(120)
            assert isinstance(
                bench.call("GetLocalListVersion")["listVersion"], int
            )  # it keeps what it was told


def session_goes_on(bench: Bench) -> None:
    """Reset it to known keys, and charge."""
    bench.call("ClearChargingProfile")
    for connector in (0, 1, 2):
        bench.call("ChangeAvailability", {"connectorId": connector, "type": "Operative"})
    for key, value in (
        ("MeterValueSampleInterval", "60"),
        ("MeterValuesSampledData", ENERGY),
        ("chg_Options", "ChgProf=1"),
    ):
        assert bench.call("ChangeConfiguration", {"key": key, "value": value})["status"] == "Accepted"
    for connector in (1, 2):
        pull(bench, connector)
    bench.call("Reset", {"type": "Hard"})
    bench.advance(300)
    before = len(sent(bench, "MeterValues"))
    charging(bench).advance(600)
    samples = [
        payload
        for payload in sent(bench, "MeterValues")[before:]
        if values(payload)[0]["context"] == "Sample.Periodic"
    ]
    registers = [float(values(payload)[0]["value"]) for payload in samples]
    assert len(registers) >= 10 and registers == sorted(set(registers))
    assert len(bench.assembly.station.memory.queue) == 0


def every_frame_is_valid(bench: Bench) -> None:
    asked = {}
    for way, frame in frames(bench):
        if way == "up" and frame[0] == 2:
            known = schema(frame[2], False)
            assert known is not None and known.valid(frame[3]), frame
        elif way == "down" and frame[:1] == [2] and len(frame) == 4 and isinstance(frame[1], str):
            asked[frame[1]] = frame[2]
        elif way == "up" and frame[0] == 3:
            known = schema(asked[frame[1]], True)
            assert known is not None and known.valid(frame[2]), frame
        elif way == "up":
            assert frame[0] == 4 and len(frame) == 5


@pytest.mark.parametrize("seed", [1, 101, 201])
def test_malformed_frames_do_no_harm(seed: int) -> None:
    bench = charging(Bench())
    survive(bench, malformed(seed, 200))
    session_goes_on(bench)
    every_frame_is_valid(bench)


@pytest.mark.slow
@pytest.mark.parametrize("behaviour", ["evc5-v32r30", "ocpp16"])
@pytest.mark.parametrize("seed", range(2, 8))
def test_ten_thousand_malformed_frames_do_no_harm(seed: int, behaviour: str) -> None:
    bench = charging(Bench(behaviour=behaviour, latency_s=0.05).advance(60))
    survive(bench, malformed(seed, 2000))
    session_goes_on(bench)
    every_frame_is_valid(bench)


@pytest.mark.soak
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads its memory from /proc")
def test_a_million_malformed_frames_do_no_harm_and_memory_stays_flat() -> None:
    begin_mb = 0.0
    bench = charging(Bench(latency_s=0.05))
    for seed in range(1000, 1500):
        survive(bench, malformed(seed, 2000))
        assert bench.assembly.recorder.faults == 0
        begin_mb = begin_mb or resident_mb()
    grown_mb = resident_mb() - begin_mb  # now: what follows reads the whole recording
    session_goes_on(bench)
    assert grown_mb < MOST_GROWTH_MB


def test_a_refusal_reaches_whoever_asks() -> None:
    with pytest.raises(CallError) as refused:
        Bench().call("CancelReservation", {"reservationId": 1})
    assert refused.value.code == "NotSupported"
