"""Frames that nobody should send, to `evc5 csms` and through `evc5 tap`: both go on, and so do others."""

import os
import threading
from datetime import UTC, datetime

import orjson
import pytest
from local_csms import until
from malformed import OF_STATIONS, malformed, sendable
from test_wire_serve import BOOT, charger, messages, service

from evc5.rigs.recording.writing.lock import Lock
from evc5.rigs.served.back_office import Plan
from evc5.rigs.served.limits import Limits
from evc5.rigs.tap.forward import Line, Told
from evc5.rigs.tap.keeping import Keeper
from evc5.rigs.tap.messages import Message
from evc5.rigs.tap.pseudonyms import Pseudonyms

UNHINDERED = Limits(frames_per_s=1e9, bytes_per_s=1e12)
MOST_GROWTH_MB = 150.0  # of the process over a soak: what is kept must not grow with the frames; assumed


def resident_mb():
    """0 where no /proc tells it."""
    if not os.path.exists("/proc/self/statm"):
        return 0.0
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def storm(it, seed, number):
    """Send them all, while somebody reads what is answered; how many answers came."""
    answers = []

    def read():
        while (text := it.socket.recv(timeout=120.0)) != '[3,"the end",{"status":"UnknownVendorId"}]':
            answers.append(text[:3])

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    for text in malformed(seed, number, OF_STATIONS):
        it.socket.send(sendable(text))
    it.socket.send('[2,"the end","DataTransfer",{"vendorId":"x"}]')
    reader.join(120.0)
    assert not reader.is_alive()
    return answers


def csms_survives(tmp_path, rounds, number):
    said = []
    served = service(Plan(tmp_path), tell=said.append, limits=UNHINDERED)
    patient = {"ping_interval": None}  # a ping is answered behind all that was sent before it
    with served as one, charger(one, "A", **patient) as a, charger(one, "B", **patient) as b:
        assert b.call(*BOOT)[2]["status"] == "Accepted"
        begin_mb = None
        for seed in range(rounds):
            answers = storm(a, seed, number)
            assert answers.count("[3,") > number / 50 and answers.count("[4,") > number / 5
            assert b.call("Heartbeat", {})[0] == 3
            begin_mb = begin_mb or resident_mb()
        assert resident_mb() - begin_mb < MOST_GROWTH_MB
        assert one.faults == 0 and [line for line in said if "fault" in line] == []
        until(lambda: one.stations["A"].recorder.frames > rounds * number)
    assert len(messages(tmp_path / "B")) >= 2 * (rounds + 1)


@pytest.mark.slow
def test_a_station_that_sends_anything_ends_nothing(tmp_path):
    csms_survives(tmp_path, rounds=2, number=400)


@pytest.mark.soak
def test_a_station_that_sends_anything_for_hours_ends_nothing(tmp_path):
    csms_survives(tmp_path, rounds=200, number=5000)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_passes_a_tap_is_recorded_once_in_order_and_never_a_fault(tmp_path, seed):
    said = []
    lock = Lock(tmp_path / "tap")
    keeper = Keeper(tmp_path / "tap", lock, said.append, said.append, Pseudonyms(tmp_path / "tap"))
    keeper.now = lambda: datetime(2024, 3, 1, 12, tzinfo=UTC)
    line = Line("CP1")
    keeper.hear(Told(line, "opened"))
    passed = [(way, text) for way in ("up", "down") for text in malformed(seed, 1500)]
    for way, text in passed:
        keeper.hear(Told(line, way, Message("text", text.encode("utf-8", "surrogatepass"))))
        keeper.work()
    (directory,) = keeper.close()
    lock.release()
    assert said == ["CP1 is connected"]
    rows = messages(directory)
    assert [row["dir"] for row in rows] == [way for way, _ in passed]
    for row, (_, text) in zip(rows, passed, strict=True):
        if "frame" in row:
            sent = orjson.loads(text)
            assert (row["frame"][:1], len(row["frame"])) == (sent[:1], len(sent))
