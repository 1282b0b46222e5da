"""evc5 csms among strangers: many of them, fast ones, rude ones; nobody else notices."""

import os
import time
from contextlib import contextmanager

import pytest
from local_csms import until
from test_wire_serve import BOOT, Charger, charger, events, messages, service
from websockets.exceptions import ConnectionClosed, InvalidStatus

from evc5.rigs.bench.csms import HANDLERS
from evc5.rigs.served.back_office import Plan, file_name
from evc5.rigs.served.limits import Allowance, Limits
from evc5.rigs.served.listener import Address

LOCAL = Address(port=0)
DEEP = "[" * 250 + "]" * 250


@contextmanager
def limited(plan, limits, said=None):
    """A service with other limits than its own."""
    with service(plan, tell=(said if said is not None else []).append, limits=limits) as one:
        yield one


def descriptors():
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.slow
@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts descriptors by /proc")
def test_a_station_that_has_hung_up_holds_no_descriptor(tmp_path):
    with service(Plan(tmp_path)) as one:
        with charger(one, "FIRST") as it:
            it.call(*BOOT)
        until(lambda: one.stations["FIRST"].line is None)
        before = descriptors()
        for n in range(20):
            with charger(one, f"CP{n}") as it:
                it.call("Heartbeat", {})
        until(lambda: len(one.stations) == 21 and not any(s.line for s in one.stations.values()))
        until(lambda: descriptors() <= before)


def test_more_stations_than_are_served_at_once_get_503_and_a_word(tmp_path):
    said = []
    with limited(Plan(tmp_path), Limits(stations=2), said) as one, charger(one, "A"), charger(one, "B") as b:
        with pytest.raises(InvalidStatus) as raised, charger(one, "C"):
            pass
        assert raised.value.response.status_code == 503
        assert b.call("Heartbeat", {})[0] == 3
        until(lambda: any("C is refused: 503" in line and "--max-stations" in line for line in said))
        b.close()
        until(lambda: one.server._on_line == 1)
        with charger(one, "C") as c:
            assert c.call("Heartbeat", {})[0] == 3


def test_no_more_identities_than_are_recorded_in_one_run(tmp_path):
    said = []
    with limited(Plan(tmp_path), Limits(identities=1), said) as one, charger(one, "A") as a:
        a.call("Heartbeat", {})
        with charger(one, "B") as b, pytest.raises(ConnectionClosed):
            b.call("Heartbeat", {})
        assert a.call("Heartbeat", {})[0] == 3
    assert any("B is not served: 1 different charge points" in line for line in said)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limits", "what"),
    [(Limits(frames_per_s=20.0), "20 frames a second"), (Limits(bytes_per_s=400.0), "400 bytes a second")],
)
def test_a_station_that_talks_too_fast_is_read_slowly_and_told_of_once(tmp_path, limits, what):
    said = []
    with limited(Plan(tmp_path), limits, said) as one, charger(one, "FAST") as fast, charger(one, "B") as b:
        began = time.monotonic()
        for _ in range(30):
            fast.call("Heartbeat", {})
        assert time.monotonic() - began >= 0.4
        assert b.call("Heartbeat", {})[0] == 3
    assert [line for line in said if what in line] == [
        f"FAST sends more than {what}, and is read more slowly"
    ]
    assert any(row["detail"].get("slowed") == f"more than {what}" for row in events(tmp_path / "FAST"))


def test_an_allowance_is_a_second_at_once_and_then_its_rate():
    now = [0.0]
    allowance = Allowance(Limits(frames_per_s=10.0, bytes_per_s=1000.0), clock=lambda: now[0])
    assert [allowance.take(1)[0] for _ in range(10)] == [0.0] * 10
    assert allowance.take(1) == (pytest.approx(0.1), "more than 10 frames a second")
    now[0] = 5.0  # however long it was silent, no more than a second's worth has gathered
    assert [allowance.take(1)[0] for _ in range(11)] == [0.0] * 10 + [pytest.approx(0.1)]
    now[0] = 10.0
    assert allowance.take(3000) == (pytest.approx(2.0), "more than 1,000 bytes a second")


@pytest.mark.slow
def test_recordings_are_written_down_within_a_second_though_nothing_more_comes(tmp_path):
    with service(Plan(tmp_path)) as one, charger(one, "A") as it:
        it.call("Heartbeat", {})
        until(lambda: len(messages(tmp_path / "A")) == 2, seconds=2.5)
        assert any(row["event"] == "link-up" for row in events(tmp_path / "A"))


def test_a_fault_in_one_conversation_ends_that_one_is_recorded_and_told(tmp_path, monkeypatch):
    said = []

    def breaks(office, payload, t_s):
        raise ZeroDivisionError("a bug of ours")

    monkeypatch.setitem(HANDLERS, "DataTransfer", breaks)
    with service(Plan(tmp_path), tell=said.append) as one, charger(one, "A") as a, charger(one, "B") as b:
        with pytest.raises(ConnectionClosed):
            a.call("DataTransfer", {"vendorId": "BOOM"})
        assert b.call("Heartbeat", {})[0] == 3
        until(
            lambda: any("A is served no further: ZeroDivisionError: a bug of ours" in line for line in said)
        )
    downs = [row["detail"] for row in events(tmp_path / "A") if row["event"] == "link-down"]
    assert downs[0]["kind"] == "fault" and "a bug of ours" in downs[0]["reason"]
    assert one.faults == 1


def test_a_fault_while_a_socket_is_read_ends_that_one_is_recorded_and_told(tmp_path, monkeypatch):
    said = []
    take = Allowance.take

    def breaks(allowance, size):
        if size > 100:
            raise ZeroDivisionError("a bug of ours")
        return take(allowance, size)

    monkeypatch.setattr(Allowance, "take", breaks)
    with service(Plan(tmp_path), tell=said.append) as one, charger(one, "A") as a, charger(one, "B") as b:
        with pytest.raises(ConnectionClosed):
            a.call("DataTransfer", {"vendorId": "x" * 100})
            a.socket.recv(timeout=10.0)
        assert b.call("Heartbeat", {})[0] == 3
        until(lambda: any("A is hung up on, a fault of ours: ZeroDivisionError" in line for line in said))
    assert "fault" in [row["detail"].get("kind") for row in events(tmp_path / "A")]
    assert one.faults == 1


@pytest.mark.slow
def test_a_station_whose_recording_vanishes_is_hung_up_on_and_others_go_on(tmp_path):
    said = []
    with service(Plan(tmp_path), tell=said.append) as one, charger(one, "A") as a, charger(one, "B") as b:
        a.call("Heartbeat", {})
        b.call("Heartbeat", {})
        (tmp_path / "A").rename(tmp_path / "elsewhere")
        a.socket.send('[2,"9","Heartbeat",{}]')
        until(lambda: any("A is served no further: No such file" in line for line in said))
        assert b.call("Heartbeat", {})[0] == 3
    assert one.faults == 0


@pytest.mark.parametrize("data", [DEEP, "[" * 2000 + "]" * 2000, '{"a":' * 300 + "1" + "}" * 300])
def test_a_deep_frame_ends_nothing(tmp_path, data):
    with service(Plan(tmp_path)) as one, charger(one, "A") as a, charger(one, "B") as b:
        a.socket.send('[2,"d","DataTransfer",{"vendorId":"v","data":' + data + "}]")
        assert a.socket.recv(timeout=10.0).startswith('[4,"d","')
        assert a.call("Heartbeat", {})[0] == 3 and b.call("Heartbeat", {})[0] == 3
    assert not one.faults


# --- what they are called, and what they say ---


def test_nothing_that_a_station_says_of_itself_drives_the_terminal(tmp_path):
    said = []
    with service(Plan(tmp_path), tell=said.append) as one:
        it = Charger(one.server.url, "CP1%1B%5B31m%0Aevc5%3A%20PASSED%E2%80%AE")
        it.call("Heartbeat", {})
        it.socket.close(1000, "\x1b]0;title\x07\nevc5: PASSED")
        until(lambda: any("hung up" in line for line in said))
    assert len(said) == 2 and all(line.isprintable() for line in said), said


@pytest.mark.parametrize(
    "identity", ["x" * 5000, "ü" * 300, "a\x00b", "a\u202eb", "..", ".", "", "CON\n", "\ud800", "a ", "a."]
)
def test_every_identity_has_a_file_name_of_its_own(tmp_path, identity):
    name = file_name(identity)
    (tmp_path / name).mkdir()
    assert name.isprintable() and name not in (".", "..") and "/" not in name and name[-1] not in ". "
    assert file_name(identity + "1") != name
    assert file_name(identity, [identity]) == name
    for other in {identity.swapcase(), identity.upper(), identity.lower()} - {identity}:
        if other.casefold() == identity.casefold():
            assert file_name(identity, [other]).casefold() != file_name(other).casefold()


@pytest.mark.parametrize("device", ["CON", "nul", "Com1", "LPT9.txt", "aux .x"])
def test_no_identity_is_named_as_a_device_of_windows(device):
    """learn.microsoft.com: Naming Files, Paths, and Namespaces."""
    assert file_name(device) == f"%{device}"
    assert file_name(f"{device[:2]}-{device}") == f"{device[:2]}-{device}"
