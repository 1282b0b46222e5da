"""The bench against a back office behind a socket: the same verbs from any thread, and a rig's run."""

import base64
import http
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import orjson
import pytest
from local_csms import CERTIFICATES, server_tls, until, websocket_server
from office import Office

from evc5.rigs.bench.bench import Bench
from evc5.rigs.bench.rig import Rig
from evc5.rigs.errors import BadInput, NotAvailable
from evc5.rigs.rigfile.file import RigFile

START = "2024-03-01T10:00:00Z"


@contextmanager
def bench(office=None, **how):
    office = office or Office()
    with websocket_server(office) as url, Bench(csms=url, start=START, **how) as one:
        yield one, office


# --- lockstep ---


def test_the_bench_stands_booted_at_its_start():
    with bench() as (one, office):
        assert one.now == datetime(2024, 3, 1, 10, tzinfo=UTC)
        assert office.actions()[0] == "BootNotification" and "StatusNotification" in office.actions()


def test_a_session_over_the_socket_is_the_session_of_the_verbs():
    with bench(keys={"MeterValueSampleInterval": 60}) as (one, office):
        one.plug_in(1, "vw-id3-58", soc=0.5)
        one.present_tag(1, "TAG1")
        one.advance(600)
        one.unplug(1)
        one.advance(10)
        actions = office.actions()
        assert actions.count("StartTransaction") == actions.count("StopTransaction") == 1
        assert one.reading(1)["pilot"] == "A"
        stop = next(frame[3] for frame in office.calls if frame[2] == "StopTransaction")
        assert stop["transactionId"] == 7


def test_time_stands_still_between_the_verbs_of_a_lockstep_bench():
    with bench() as (one, _):
        before = one.now
        time.sleep(0.02)
        assert one.now == before


def test_a_request_is_answered_while_time_stands_still():
    with bench() as (one, office):
        office.sockets[0].send('[2,"g1","GetConfiguration",{"key":["HeartbeatInterval"]}]')
        until(lambda: office.replies)
        (reply,) = office.replies
        assert reply[:2] == [3, "g1"] and reply[2]["configurationKey"][0]["value"] == "3600"
        assert one.now.isoformat() == "2024-03-01T10:00:00+00:00"


def test_the_clock_of_a_csms_of_another_time_is_not_followed_and_its_offset_told():
    with bench() as (one, _):
        summary = one.run_so_far().summary
        assert one.now.year == 2024
        ahead = datetime(2031, 1, 1, tzinfo=UTC) - datetime(2024, 3, 1, 10, tzinfo=UTC)
        assert summary["csms_clock_ahead_s"] == pytest.approx(ahead.total_seconds(), abs=1.0)


def test_by_policy_the_clock_of_the_csms_is_always_followed():
    with bench(policies={"follow_csms_time": "always"}) as (_, office):
        until(lambda: "StatusNotification" in office.actions())
        status = next(frame[3] for frame in office.calls if frame[2] == "StatusNotification")
        assert status["timestamp"].startswith("2031-01-01T00:00:00")


def test_link_down_closes_the_socket_and_up_lets_the_charge_point_dial_in_again():
    with bench() as (one, office):
        one.link.down()
        until(lambda: office.open == 0)
        one.advance(100)
        assert office.open == 0
        one.link.up()
        one.advance(200)
        until(lambda: office.open == 1)


def test_a_power_cut_drops_the_socket_and_the_charge_point_boots_when_it_is_back():
    with bench() as (one, office):
        one.power.cut()
        until(lambda: office.open == 0)
        one.power.restore()
        one.advance(60)
        assert office.actions().count("BootNotification") == 2


def test_what_only_an_embedded_back_office_can_do_is_not_available():
    with bench() as (one, _):
        for ask in (
            lambda: one.call("ClearCache"),
            lambda: one.send_text("x"),
            lambda: one.csms.reply("Authorize", {}),
        ):
            with pytest.raises(NotAvailable, match="not ours"):
                ask()


def test_a_verb_that_is_refused_says_so_to_its_caller_and_the_bench_goes_on():
    with bench() as (one, _):
        with pytest.raises(BadInput, match="connector must be 1 to 2, got 3"):
            one.plug_in(3)
        one.advance(1)


def test_verbs_may_come_from_several_threads():
    with bench() as (one, _):
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(one.advance, [60] * 4)) == [one] * 4
        assert (one.now - datetime(2024, 3, 1, 10, tzinfo=UTC)).total_seconds() in (60, 120, 180, 240)


def test_an_advance_that_another_thread_has_overtaken_is_over_at_once():
    with bench() as (one, _):
        one.advance(60)
        one._worker.advance(30.0)
        assert (one.now - datetime(2024, 3, 1, 10, tzinfo=UTC)).total_seconds() == 60


def test_an_advance_may_come_in_the_middle_of_another():
    with bench() as (one, _):
        worker, further = one._worker, []
        at = one.assembly.timeline.at
        worker.do(lambda: at(30.0, lambda: worker._hub.post(lambda: further.append(worker.advance(90.0)))))
        one.advance(until="2024-03-01T10:01:00Z")
        until(lambda: further == [None])
        assert (one.now - datetime(2024, 3, 1, 10, tzinfo=UTC)).total_seconds() == 90


def test_a_closed_bench_does_nothing_and_closing_twice_is_harmless():
    with bench() as (one, office):
        one.close()
        until(lambda: office.open == 0)
        one.close()
        with pytest.raises(NotAvailable, match="closed"):
            one.advance(1)


def test_what_goes_wrong_in_the_thread_is_raised_by_the_next_verb_and_the_bench_can_be_closed():
    with bench() as (one, _):
        one._worker._hub.post(lambda: 1 / 0)
        one._worker._thread.join(2.0)
        with pytest.raises(ZeroDivisionError):
            one.advance(1)


# --- paced ---


def test_paced_time_goes_on_by_itself():
    with bench(pace=100.0) as (one, _):
        before = one.now
        until(lambda: (one.now - before).total_seconds() > 2.0)


def test_advance_of_a_paced_bench_waits_for_the_wall_clock():
    with bench(pace=100.0) as (one, _):
        began, before = time.monotonic(), one.now
        one.advance(5)
        assert time.monotonic() - began > 0.04
        assert (one.now - before).total_seconds() >= 5.0


def test_lateness_is_in_the_summary_of_a_paced_run(tmp_path):
    with bench(pace=100.0, out=tmp_path / "run") as (one, _):
        one.advance(5)
    lateness = orjson.loads((tmp_path / "run" / "summary.json").read_bytes())["lateness"]
    assert lateness["instants"] > 0 and 0.0 <= lateness["p99_s"] <= lateness["max_s"]


def test_a_bench_may_start_now_and_then_follows_the_clock_of_the_csms():
    with websocket_server(Office()) as url, Bench(csms=url, start="now", pace=1.0) as one:
        assert abs((one.now - datetime.now(UTC)).total_seconds()) < 30.0
        until(lambda: one._worker.do(lambda: one.assembly.station.clock.offset_s) > 1e6)


# --- a rig's run ---


@pytest.mark.slow
def test_a_rig_of_another_year_played_in_real_time_keeps_its_own_clock(rig, tmp_path):
    with websocket_server(Office()) as url:
        run = rig.run(days=5e-7, out=tmp_path / "run", csms=url, pace=1.0)
    assert run.summary["csms_clock_ahead_s"] > 1e8 and run.passed


@pytest.fixture
def rig():
    session = {"vehicle": "vw-id3-58", "soc": 0.9, "plug_in": 60.0, "unplug": 2400.0}
    table = {"name": "short", "start": START, "days": 0.04, "sessions": [session]}
    station = {"keys": {"MeterValueSampleInterval": 300}}
    return Rig(RigFile.parse({**table, "station": station, "recording": {"report": False}}))


def frames(run, direction="up"):
    return [frame.frame for frame in run.frames() if frame.dir == direction]


@pytest.mark.slow
def test_a_rig_runs_over_the_socket_with_the_same_frames_as_in_memory(rig, tmp_path):
    with websocket_server(Office()) as url:
        wire = rig.run(out=tmp_path / "wire", csms=url)
    memory = rig.run(out=tmp_path / "memory")
    asked = [frame for frame in frames(memory) if frame[0] == 3]  # our back office asks for the configuration
    same = [frame for frame in frames(memory) if frame not in asked]
    at = {"transactionId": 7}
    assert frames(wire) == [
        [*f[:3], f[3] | at] if len(f) > 3 and "transactionId" in f[3] else f for f in same
    ]
    assert wire.passed and wire.summary["pace"] == "lockstep"


def test_actions_of_the_rig_s_own_back_office_are_left_to_the_real_one(rig, tmp_path):
    table = rig.file.model_dump(by_alias=True, exclude_unset=True)
    table["csms"] = {"actions": [{"at": 60.0, "action": "ClearCache"}]}
    with websocket_server(Office()) as url:
        run = Rig(RigFile.parse(table)).run(days=0.002, out=tmp_path / "run", csms=url)
    assert run.summary["left_to_csms"] == 1


@pytest.mark.slow
def test_a_csms_that_falls_silent_leaves_lost_replies_and_a_finding(rig, tmp_path, monkeypatch):
    monkeypatch.setattr("evc5.twin.line.wire.PATIENCE_S", 2.0)  # in which a busy machine answers
    monkeypatch.setattr("evc5.twin.line.wire.LEAST_PATIENCE_S", 0.005)
    with websocket_server(Office(silent_from=3)) as url:
        run = rig.run(out=tmp_path / "run", csms=url)
    assert run.summary["state"] == "complete"
    assert any(finding["requirement"] == "rpc.answered" for finding in run.findings)


def test_a_csms_that_never_answers_is_one_line(rig, tmp_path, monkeypatch):
    monkeypatch.setattr("evc5.twin.line.wire.PATIENCE_S", 0.02)
    with (
        websocket_server(Office(silent_from=0)) as url,
        pytest.raises(BadInput, match=r"answers nothing within 0\.02 s"),
    ):
        rig.run(out=tmp_path / "run", csms=url)


def test_a_paced_bench_waits_for_the_answer_to_its_boot_and_goes_on_where_none_comes(monkeypatch):
    monkeypatch.setattr("evc5.rigs.bench.thread.PATIENCE_S", 0.03)
    began = time.monotonic()
    with websocket_server(Office(silent_from=0)) as url, Bench(csms=url, pace=1.0) as bench:
        assert time.monotonic() - began > 0.03
        assert bench.assembly.station.agent.registration == ""


def test_a_csms_that_refuses_the_credentials_is_one_line_without_them(rig, tmp_path):
    def refuse(connection, request):
        return connection.respond(http.HTTPStatus.UNAUTHORIZED, "no\n")

    with (
        websocket_server(Office(), process_request=refuse) as url,
        pytest.raises(BadInput, match="HTTP 401: the credentials were refused") as raised,
    ):
        rig.run(out=tmp_path / "run", csms=url.replace("//", "//me:sesame@"))
    assert "sesame" not in str(raised.value) and not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:1", "csms must be ws://"),
        ("ws://me:secret@127.0.0.1:1/x", "csms ws://127.0.0.1:1/x/EVC5-0001: connection refused"),
    ],
)
def test_a_csms_that_cannot_be_reached_is_one_line_and_nothing_is_written(rig, tmp_path, url, said):
    with pytest.raises(BadInput, match=said) as raised:
        rig.run(out=tmp_path / "run", csms=url)
    assert "secret" not in str(raised.value) and not (tmp_path / "run").exists()


def test_a_request_before_the_boot_is_accepted_is_not_answered():
    early = Office()
    hear = early._hear

    def ask_first(ws, frame):
        if frame[2:3] == ["BootNotification"]:
            ws.send('[2,"early","ClearCache",{}]')
        hear(ws, frame)

    early._hear = ask_first
    with bench(early) as (one, office):
        one.advance(60)
        assert office.replies == []


# --- credentials ---


def test_a_new_authorization_key_is_recorded_in_zeros_only(tmp_path):
    key = "00112233445566778899AABBCCDDEEFF00112233"
    change = orjson.dumps([2, "k", "ChangeConfiguration", {"key": "AuthorizationKey", "value": key}]).decode()
    with bench(Office(unasked={2: change}), out=tmp_path / "run") as (one, office):
        one.advance(1)
        until(lambda: office.replies)
        assert office.replies[0][2] == {"status": "Accepted"}
        assert one.assembly.station.configuration.text("AuthorizationKey") == key
    text = (tmp_path / "run" / "messages.jsonl").read_text()
    assert key not in text and "0" * 40 in text


def test_credentials_of_the_url_are_in_no_file_of_the_run(tmp_path):
    with websocket_server(Office()) as url:
        Bench(csms=url.replace("//", "//me:sesame@"), out=tmp_path / "run").close()
    assert not [
        path for path in (tmp_path / "run").rglob("*") if path.is_file() and b"sesame" in path.read_bytes()
    ]


def test_the_station_dials_in_with_its_authorization_key():
    seen = []

    def look(connection, request):
        seen.append(request.headers.get("Authorization"))

    key = "sixteen letters!"
    with websocket_server(Office(), process_request=look) as url:
        Bench(csms=url, identity="CP1", keys={"AuthorizationKey": key}).close()
    assert base64.b64decode(seen[0].removeprefix("Basic ")) == b"CP1:sixteen letters!"


def test_an_authorization_key_that_cannot_be_is_not_shown():
    with pytest.raises(BadInput, match="got 6 characters") as raised:
        Bench(keys={"AuthorizationKey": "sesame"})
    assert "sesame" not in str(raised.value)


@pytest.mark.slow
def test_a_wss_back_office_is_trusted_by_its_ca_file():
    with websocket_server(Office(), tls=server_tls()) as url:
        with Bench(csms=url, ca_file=CERTIFICATES / "csms.pem") as one:
            assert one.assembly.station.agent.online
        with pytest.raises(BadInput, match="certificate is not trusted"):
            Bench(csms=url)


def test_the_url_may_stand_in_the_rig_file(tmp_path):
    with websocket_server(Office()) as url:
        table = {"name": "r", "start": START, "days": 0.001, "recording": {"report": False}}
        run = Rig(RigFile.parse({**table, "csms": {"url": url}})).run(out=tmp_path / "run")
    assert run.summary["csms"] == url and run.summary["pace"] == "lockstep"


def test_a_url_in_the_rig_file_that_cannot_be_dialled_is_refused_without_its_credentials():
    with pytest.raises(BadInput, match=r"csms\.url must be ws://") as raised:
        RigFile.parse({"name": "r", "start": START, "days": 1.0, "csms": {"url": "http://me:sesame@host"}})
    assert "sesame" not in str(raised.value)


def test_a_rig_for_hardware_is_not_run_on_the_twin():
    rig = RigFile.parse({"name": "r", "start": START, "days": 1.0, "station": {"backend": "hardware"}})
    with pytest.raises(BadInput, match="evc5 csms plays this rig"):
        Rig(rig).run()
