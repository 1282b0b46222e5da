"""A tap between the twin and a strict back office of others: a day at 600 times real time, byte for byte."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from operator import itemgetter

import pytest
from peer import Peer, available
from places import ROOT
from websockets.asyncio.client import connect
from websockets.frames import Frame, Opcode
from wiretap import Wire

from evc5.rigs.bench.rig import Rig

pytestmark = pytest.mark.peers
PACE = 600.0
CUTS_S = (20.0, 60.0, 110.0)  # wall clock, of about 144 s: at which the charge point's line breaks
OFFICE_CUT_S, OFFICE_DIES_S, OFFICE_IS_BACK_S = 40.0, 80.0, 84.0
LARGE = 900_000  # bytes
ODD = [  # name, and frames of a charge point that is nobody's idea of one
    ("LARGE", [Frame(Opcode.TEXT, b'[2,"1","DataTransfer",{"vendorId":"x","data":"%s"}]' % (b"y" * LARGE))]),
    ("FRAGMENTS", [
        Frame(Opcode.TEXT, b'[2,"1","Heart', fin=False), Frame(Opcode.PING, b"in between"),
        Frame(Opcode.CONT, b"", fin=False), Frame(Opcode.CONT, b'beat",{}]'),
    ]),
    ("BINARY", [Frame(Opcode.BINARY, bytes(range(256)))]),
    ("NO-UTF8", [Frame(Opcode.TEXT, b'[2,"1","Heartbeat",{"\xff\xfe":1}]')]),
    ("PINGS", [Frame(Opcode.PING, b"p" * 125), Frame(Opcode.PONG, b"nobody asked")]),
    ("NO-FRAMES", [b"\xff\xff\xff\xff nothing that WebSocket knows"]),
]  # fmt: skip


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    if not available("ocpp-rpc"):
        pytest.skip("npm ci in tests/peers installs it")
    folder = tmp_path_factory.mktemp("tapped")
    front, back = Wire(), Wire()
    with Peer("ocpp-rpc", folder) as peer:
        back.to_port = peer.port
        tap = tapping(back.port, folder)
        front.to_port = int(tap.stderr.readline().split()[4].split(":")[2].partition("/")[0])
        url = f"ws://127.0.0.1:{front.port}/ocpp"
        trouble = threading.Thread(target=make_trouble, args=(front, back, peer), daemon=True)
        trouble.start()
        asyncio.run(odd_ones(url))
        run = Rig.load("week").run(days=1, out=folder / "run", csms=url, pace=PACE)
        trouble.join(150.0)
        tap.send_signal(signal.SIGINT)
        said = tap.communicate(timeout=120)[1]
    front.close()
    back.close()
    yield run, front.connections, back.connections, said


def tapping(port, folder):
    argv = [sys.executable, "-m", "evc5", "tap", "--listen", "127.0.0.1:0", "--out", str(folder / "taps")]
    return subprocess.Popen(
        [*argv, "--to", f"ws://127.0.0.1:{port}"], cwd=ROOT, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def make_trouble(front, back, peer):
    began = time.monotonic()

    def kill():
        back.other_end_dies()
        peer.kill()

    troubles = [(OFFICE_CUT_S, back.cut), (OFFICE_DIES_S, kill), (OFFICE_IS_BACK_S, peer.start)]
    for at_s, what in sorted([*((s, front.cut) for s in CUTS_S), *troubles], key=itemgetter(0)):
        time.sleep(max(began + at_s - time.monotonic(), 0.0))
        what()


async def odd_ones(url):
    for name, frames in ODD:
        with suppress(Exception):  # whatever the back office does to it
            async with connect(f"{url}/{name}", subprotocols=["ocpp1.6"], compression=None) as connection:
                for frame in frames:
                    data = frame if isinstance(frame, bytes) else frame.serialize(mask=True)
                    connection.transport.write(data)
                await asyncio.sleep(1.0)


def pairs(fronts, backs):
    """Each connection on both sides of the tap, by its key."""
    behind = {one.key: one for one in backs}
    return [(one, behind[one.key]) for one in fronts if one.key in behind]


def test_the_day_comes_to_its_end_and_the_tap_has_no_fault(day):
    run, _, _, said = day
    assert run.summary["state"] == "complete"
    assert "fault of ours" not in said and "NOT RECORDED" not in said
    assert len(list(run.frames(action="MeterValues"))) > 100


def test_what_was_never_cut_is_the_same_byte_for_byte_on_both_sides(day):
    _, fronts, backs, _ = day
    whole = [(front, back) for front, back in pairs(fronts, backs) if not front.cut and not back.cut]
    assert len(whole) >= len(ODD)
    for front, back in whole:  # whoever hangs up may do so while something is on its way to it
        if front.ended == "up":
            assert front.said == back.said
            assert back.heard.startswith(front.heard)
        else:
            assert front.heard == back.heard
            assert front.said.startswith(back.said)
    assert sum(len(front.heard) for front, _ in whole) > 0.9 * sum(len(back.heard) for _, back in whole)


def test_what_was_cut_is_the_same_up_to_the_cut(day):
    _, fronts, backs, _ = day
    cut = [(front, back) for front, back in pairs(fronts, backs) if front.cut or back.cut]
    assert len(cut) >= len(CUTS_S)
    for front, back in cut:
        assert front.said.startswith(back.said)
        assert back.heard.startswith(front.heard)
    talked = [back for _, back in cut if len(back.said) > 100]  # one may be dialled just as the office dies
    assert len(talked) >= len(CUTS_S)


def test_odd_frames_came_to_the_back_office_and_its_close_codes_back(day):
    _, fronts, _, _ = day
    of = {one.identity: one for one in fronts}
    for name, frames in ODD:
        sent = [one if isinstance(one, bytes) else b"" for one in frames]
        assert len(of[name].said) > sum(map(len, sent))
    assert (1007).to_bytes(2, "big") in of["NO-UTF8"].heard
    assert len(of["LARGE"].said) > LARGE
