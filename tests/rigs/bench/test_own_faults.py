"""An exception in the twin ends a conversation at most: recorded, told, exit 3, and never a traceback."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from local_csms import websocket_server
from office import Office
from wire import charging, frames, sent

from evc5.rigs.bench.bench import Bench, CallError
from evc5.rigs.command.cli import main
from evc5.rigs.selftest.bug import Patch

RIG = """
name = "small"
start = 2024-03-01T16:00:00Z
days = 0.05
[[csms.actions]]
at = "5m"
action = "GetLocalListVersion"
[recording]
report = false
"""


def breaks(*_: Any, **__: Any) -> Any:
    raise ZeroDivisionError("nobody thought of that")


def broken(target: str) -> Patch:
    return Patch(target, lambda _: breaks)


HANDLER = broken("evc5.twin.services.operations:OPERATIONS[GetLocalListVersion]")
REPLY = broken("evc5.twin.ocpp.agent:Agent._adopt_time")
TIMER = broken("evc5.twin.ocpp.agent:Agent._send_heartbeat")


def unread(decode: Callable[[str], Any]) -> Callable[[str], Any]:
    """What reads frames, and breaks over some."""
    return lambda text: breaks() if text.startswith(('[2,"a"', '[3,"b"')) else decode(text)


READING = Patch("evc5.twin.ocpp.frames:decode", unread)


def test_a_call_whose_handler_breaks_is_answered_internal_error_and_the_station_goes_on() -> None:
    with HANDLER.applied():
        bench = charging(Bench(keys={"MeterValueSampleInterval": 60}))
        for _ in range(30):
            with pytest.raises(CallError) as refused:
                bench.call("GetLocalListVersion")
            assert refused.value.code == "InternalError"
        before = len(sent(bench, "MeterValues"))
        assert len(sent(bench.advance(600), "MeterValues")) == before + 10
    run = bench.run_so_far()
    faults = run.summary["bench_faults"]
    assert len(faults) == 20 and "ZeroDivisionError: nobody thought of that (test_own_faults.py:" in faults[0]
    assert not run.passed
    assert [row["bench_fault"] for row in run.events.detail if "bench_fault" in row] == faults


def test_a_text_whose_reading_breaks_is_answered_where_it_is_a_call() -> None:
    bench = Bench()
    with READING.applied():
        bench.send_text('[2,"a","Reset",{"type":"Soft"}]')
        bench.send_text('[3,"b",{}]')
        bench.advance(1)
    run = bench.run_so_far()
    answers = [frame for way, frame in frames(bench) if way == "up" and frame[0] == 4]
    assert [answer[1:3] for answer in answers] == [["a", "InternalError"]]
    assert len(run.summary["bench_faults"]) == 2


def test_a_reply_over_which_the_station_breaks_ends_the_connection_and_it_dials_again() -> None:
    bench = charging(Bench(keys={"HeartbeatInterval": 900, "MeterValueSampleInterval": 60})).advance(60)
    with REPLY.applied():
        bench.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
        bench.advance(0)
        assert not bench.assembly.link.connected
    bench.advance(10)
    assert bench.assembly.link.connected
    before = len(sent(bench, "MeterValues"))
    assert len(sent(bench.advance(600), "MeterValues")) == before + 10
    assert len(bench.run_so_far().summary["bench_faults"]) == 1


def test_a_station_that_breaks_over_every_boot_goes_on_dialling_ever_more_slowly() -> None:
    with REPLY.applied():
        bench = Bench().advance(3600)
    assert 15 <= bench.assembly.recorder.faults <= 40


def test_what_the_tests_own_answer_raises_reaches_the_test() -> None:
    bench = Bench()
    bench.csms.reply("Authorize", breaks)
    with pytest.raises(ZeroDivisionError):
        bench.present_tag(1, "TAG1")
        bench.advance(5)


Run = Callable[..., tuple[int, list[str], dict[str, Any]]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`evc5 run` of a small rig: its exit code, what it says, and its summary."""
    monkeypatch.chdir(tmp_path)
    Path("small.toml").write_text(RIG)

    def one(*options: str) -> tuple[int, list[str], dict[str, Any]]:
        code = main(["run", "small.toml", "--quiet", *options])
        said = capsys.readouterr().err.splitlines()
        return code, said, json.loads(Path("runs/small-1/summary.json").read_bytes())

    return one


def test_a_run_over_a_broken_handler_is_complete_and_exit_3(run: Run) -> None:
    with HANDLER.applied():
        code, said, summary = run()
    assert (code, summary["state"], summary["simulated_s"]) == (3, "complete", 4320.0)
    (line,) = said
    assert line.startswith("evc5: a fault of evc5 itself: ZeroDivisionError: nobody thought of that")


def test_a_run_whose_timer_breaks_keeps_what_was_recorded_and_is_one_line_and_exit_3(run: Run) -> None:
    with TIMER.applied():
        code, said, summary = run()
    assert (code, summary["state"]) == (3, "interrupted") and summary["frames"] > 4
    (line,) = said
    assert "nobody thought of that" in line and "EVC5_TRACEBACK=1" in line
    assert "nobody thought of that" in summary["bench_faults"][0]


def test_a_fault_shows_its_traceback_to_whoever_asks_for_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVC5_TRACEBACK", "1")
    with TIMER.applied():
        _, said, _ = run()
    assert said[0].startswith("Traceback") and len(said) > 5


@pytest.mark.slow
@pytest.mark.parametrize("pace", [(), ("--pace", "2000")])
def test_a_run_over_a_socket_goes_on_over_a_broken_handler(run: Run, pace: tuple[str, ...]) -> None:
    office = Office(unasked={2: '[2,"x","GetLocalListVersion",{}]', 4: '[2,"y","ClearCache",{}]'})
    with HANDLER.applied(), websocket_server(office) as url:
        code, said, summary = run("--csms", url, *pace)
    assert (code, summary["state"], len(said)) == (3, "complete", 1)
    assert {reply[1]: reply[2] for reply in office.replies}["x"] == "InternalError"
    assert "y" in [reply[1] for reply in office.replies if reply[0] == 3]
