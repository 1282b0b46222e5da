"""Where the environment waits: whatever the system offers to wait with, sockets and errands wake it."""

import select
import socket
import threading
import time

import pytest

from evc5.twin.line.hub import Hub, Selecting


@pytest.fixture(params=[getattr(select, "poll", Selecting), Selecting], ids=["the system's", "select"])
def hub(request):
    one = Hub(request.param)
    yield one
    one.close()


@pytest.fixture
def pair():
    ends = socket.socketpair()
    yield ends
    for end in ends:
        end.close()


def test_a_readable_socket_wakes_and_is_handled_until_it_is_forgotten(hub, pair):
    heard = []
    hub.watch(pair[0], lambda: heard.append(pair[0].recv(10)))
    assert not hub.wait(0.0)
    pair[1].send(b"one")
    assert hub.wait(5.0)
    hub.handle()
    hub.forget(pair[0])
    hub.forget(pair[0])  # harmless
    pair[1].send(b"two")
    assert not hub.wait(0.0) and heard == [b"one"]


def test_a_socket_may_be_forgotten_after_it_was_closed(hub, pair):
    hub.watch(pair[0], lambda: None)
    pair[0].close()
    hub.forget(pair[0])
    assert not hub.wait(0.0)


def test_errands_of_other_threads_are_run_in_their_order(hub):
    done = []
    timer = threading.Timer(0.01, lambda: [hub.post(lambda n=n: done.append(n)) for n in range(3)])
    timer.start()
    assert hub.wait(None)
    timer.join()
    hub.handle()
    assert done == [0, 1, 2]


def test_waiting_ends_with_its_time(hub):
    began = time.monotonic()
    assert not hub.wait(0.02)
    assert time.monotonic() - began >= 0.02


def test_what_comes_while_it_waits_awake_is_met_at_once(hub, pair):
    hub.watch(pair[0], lambda: None)
    timer = threading.Timer(0.01, lambda: pair[1].send(b"one"))
    timer.start()
    began = time.monotonic()
    assert hub.wait(60.0, polling_s=50.0)
    assert time.monotonic() - began < 30.0
    timer.join()


def test_waiting_awake_goes_over_into_sleep(hub):
    began = time.monotonic()
    assert not hub.wait(0.02, polling_s=0.005)
    assert 0.02 <= time.monotonic() - began < 5.0
