"""A recording's back office played again: the same rig says the same, and another rig is found out."""

import json
from datetime import UTC, datetime, timedelta
from itertools import cycle
from types import SimpleNamespace

import pytest
from local_csms import websocket_server
from office import Office

from evc5.models.timeline import Timeline
from evc5.rigs.bench.replay import ReplayLink
from evc5.rigs.bench.rig import Rig
from evc5.rigs.bench.tape import Answers, Tape
from evc5.rigs.errors import BadInput
from evc5.rigs.rigfile.file import RigFile

RIG = {
    "name": "taped",
    "start": "2024-03-01T10:00:00Z",
    "days": 0.05,
    "station": {
        "keys": {
            "chg_KWH1": "EASTR_SDM630,1,9600,N,1",
            "MeterValueSampleInterval": 120,
            "MeterValuesSampledData": ["Current.Import", "Energy.Active.Import.Register"],
            "HeartbeatInterval": 600,
        }
    },
    "sessions": [{"vehicle": "vw-id3-58", "soc": 0.9, "plug_in": 60.0, "unplug": 3300.0}],
    "recording": {"report": False},
}
ACTIONS = [
    {
        "at": 500.0,
        "action": "ChangeConfiguration",
        "payload": {"key": "MeterValueSampleInterval", "value": "60"},
    },
    {"at": 900.0, "action": "TriggerMessage", "payload": {"requestedMessage": "MeterValues"}},
]


def rig(**changes):
    return Rig(RigFile.parse(RIG | changes))


def files(run):
    return [(run.directory / name).read_bytes() for name in ("messages.jsonl", "events.jsonl")]


def again(one, run, folder, **how):
    return one.run(out=folder / "again", replay=run.directory, **how)


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"csms": {"actions": ACTIONS}},
        {"csms": {"replies": [{"action": "MeterValues", "silent": True, "at": 700.0}]}},
        {"csms": {"boot_status": ["Pending", "Rejected", "Accepted"]}},
        {"outages": [{"from": 600.0, "to": 1500.0, "kind": "silent"}]},
        {"outages": [{"from": 600.0, "to": 1500.0, "kind": "down"}]},
        {"outages": [{"from": 600.0, "to": 1500.0, "kind": "power"}]},
    ],
    ids=["plain", "actions", "silence", "boots", "silent", "down", "power"],
)
def test_a_run_in_memory_is_played_again_to_the_byte(changes, tmp_path):
    one = rig(**changes)
    run = one.run(out=tmp_path / "run")
    replayed = again(one, run, tmp_path)
    assert replayed.summary["replay"]["difference"] is None
    assert files(replayed) == files(run)


class Moody(Office):
    """Hangs up at the fifth request, says things by itself at the eighth."""

    def _hear(self, ws, frame):
        super()._hear(ws, frame)
        if len(self.calls) == 5:
            ws.close(1012, "restart")
        if len(self.calls) == 8:
            ws.send('[2,"q1","TriggerMessage",{"requestedMessage":"Heartbeat"}]')
            ws.send("nonsense")


@pytest.mark.slow
def test_a_run_over_a_socket_is_played_again_to_the_byte(tmp_path):
    one = rig()
    with websocket_server(Moody()) as url:
        run = one.run(out=tmp_path / "run", csms=url)
    replayed = again(one, run, tmp_path)
    assert replayed.summary["replay"]["difference"] is None
    assert files(replayed) == files(run)
    assert len(run.events.query("event == 'link-down'")) >= 1


@pytest.mark.slow
def test_a_paced_run_is_played_again_to_the_byte(tmp_path):
    one = rig()
    with websocket_server(Office()) as url:
        run = one.run(out=tmp_path / "run", csms=url, days=0.01, pace=20_000.0)
    assert files(again(one, run, tmp_path)) == files(run)


class Fast(Office):
    """Its clock is five minutes ahead, and each second time it is asked a tenth of a second more."""

    def __init__(self):
        super().__init__()
        self._ahead = cycle((timedelta(minutes=5), timedelta(minutes=5, seconds=0.1)))

    def _hear(self, ws, frame):
        if frame[0] == 2 and frame[2] in ("BootNotification", "Heartbeat"):
            told = {"currentTime": (datetime.now(UTC) + next(self._ahead)).isoformat()}
            booted = {"status": "Accepted", "interval": 1} if frame[2] == "BootNotification" else {}
            ws.send(json.dumps([3, frame[1], told | booted]))
        else:
            super()._hear(ws, frame)


@pytest.mark.slow
def test_a_clock_that_was_set_in_real_time_is_set_in_the_replay(tmp_path):
    one = rig(start=datetime.now(UTC).isoformat())
    with websocket_server(Fast()) as url:
        run = one.run(out=tmp_path / "run", csms=url, days=3 / 86_400.0, pace=1.0)
    assert list(run.events["event"]).count("clock-set") >= 2  # by minutes at first, then by parts of a second
    assert run.passed
    replayed = again(one, run, tmp_path)
    assert replayed.summary["replay"]["difference"] is None
    assert files(replayed) == files(run)


@pytest.mark.slow
def test_another_station_is_found_out_at_its_first_other_frame(tmp_path):
    run = rig().run(out=tmp_path / "run")
    station = {**RIG["station"], "boot": {"firmware": "V99"}}
    replayed = again(rig(station=station), run, tmp_path)
    difference = replayed.summary["replay"]["difference"]
    assert (
        difference["is"]["t"] == 0.0
        and "V99" in difference["is"]["text"]
        and "V99" not in difference["was"]["text"]
    )
    actions = [frame.action for frame in replayed.frames() if frame.kind == "CALL"]
    assert actions.count("StopTransaction") == 1  # it is answered all the same


@pytest.mark.slow
def test_a_transcript_without_its_run_is_enough(tmp_path):
    one = rig()
    run = one.run(out=tmp_path / "run")
    lines = (run.directory / "messages.jsonl").read_bytes()
    (tmp_path / "messages.jsonl").write_bytes(lines + b'{"t":9,"cut')
    replayed = one.run(out=tmp_path / "again", replay=tmp_path / "messages.jsonl")
    assert (replayed.directory / "messages.jsonl").read_bytes() == lines


@pytest.mark.slow
def test_days_and_seed_of_the_recording_hold(tmp_path):
    run = rig().run(out=tmp_path / "run", days=0.01, seed=7)
    summary = again(rig(), run, tmp_path).summary
    assert summary["seed"] == 7 and summary["simulated_s"] == pytest.approx(864.0)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"csms": "ws://127.0.0.1:1"}, "replay must stand alone"),
        ({"pace": 1.0}, "replay must stand alone"),
        ({"out": "run"}, "another directory than the replayed"),
        ({"replay": "nowhere"}, "neither a run directory nor a messages.jsonl"),
    ],
)
def test_a_replay_that_cannot_be_is_refused(how, said, tmp_path):
    run = rig().run(out=tmp_path / "run", days=0.001)
    paths = {name: tmp_path / how[name] for name in ("out", "replay") if name in how}
    with pytest.raises(BadInput, match=said):
        rig().run(**{"out": tmp_path / "again", "replay": run.directory, **how, **paths})


def tape_of(folder, *frames, **summary):
    """A tape of (t, dir, frame)."""
    at = "2024-03-01T10:00:00.000Z"
    rows = ({"t": t, "at": at, "station": "s", "dir": d, "frame": frame} for t, d, frame in frames)
    (folder / "messages.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "summary.json").write_text(json.dumps(summary))
    return Tape.open(folder)


def test_a_late_reply_of_a_paced_tape_comes_before_the_next_one_of_its_instant(tmp_path):
    tape = tape_of(
        tmp_path,
        (0.0, "up", [2, "1", "Heartbeat", {}]),
        (1.0, "up", [2, "2", "Heartbeat", {}]),
        (1.5, "down", [2, "c", "ClearCache", {}]),
        (2.0, "down", [3, "1", {}]),
        (2.0, "down", [3, "2", {}]),
        pace=1.0,
    )
    timeline, heard = Timeline(), []
    link = ReplayLink(tape, timeline, lambda t, up, text, lost: up or heard.append(text), lambda *_: None)
    link.station = SimpleNamespace(on_text=lambda _: None)
    assert link.connect()
    for t_s, text in ((0.0, '[2,"1","Heartbeat",{}]'), (1.0, '[2,"2","Heartbeat",{}]')):
        timeline.at(t_s, lambda text=text: link.send(text))
    timeline.advance(3.0)
    assert [json.loads(text)[1] for text in heard] == ["c", "1", "2"]


def test_a_reply_after_the_next_call_answers_nothing(tmp_path):
    tape = tape_of(
        tmp_path,
        (0.0, "up", [2, "1", "Heartbeat", {}]),
        (1.0, "up", [2, "2", "Heartbeat", {}]),
        (2.0, "down", [3, "1", {}]),
        (3.0, "down", [3, "2", {}]),
        (4.0, "down", [2, "c", "ClearCache", {}]),
    )
    answers = Answers(tape)
    assert answers.next("Heartbeat").reply is None
    assert answers.next("Heartbeat").reply.frame == [3, "2", {}]
    assert answers.next("Heartbeat") is None
    assert [entry.frame[:2] for entry in tape.unasked()] == [[3, "1"], [2, "c"]]
