"""The link over a socket in lockstep: at which instant what comes takes effect, and what the network does."""

import threading
import time
from contextlib import contextmanager

import pytest
from local_csms import until, websocket_server

from evc5.models.timeline import Timeline
from evc5.twin.line.endpoint import Endpoint
from evc5.twin.line.hub import Hub
from evc5.twin.line.pace import Lockstep, Paced
from evc5.twin.line.websocket import NoConnection, open_socket
from evc5.twin.line.wire import WireLink

LATENCY_S = 0.05


class Line:
    """A station that notes what it hears, on a link in lockstep."""

    def __init__(self, url, ping_interval_s=0.0, redial=False, paced=False):
        self.timeline, self.hub = Timeline(), Hub()
        self.heard, self.recorded, self.notices = [], [], []
        endpoint = Endpoint(url, "CP1")
        self.link = WireLink(
            self.timeline,
            self.hub,
            endpoint,
            record=lambda *row: self.recorded.append(row),
            notice=lambda event, detail: self.notices.append((self.timeline.now, event, detail)),
            latency_s=None if paced else LATENCY_S,
            opened=open_socket(endpoint) if paced else None,
            ping_interval_s=lambda: ping_interval_s,
        )
        self.link.station = self
        self.pace = (
            Paced(self.timeline, self.hub, 100.0) if paced else Lockstep(self.timeline, self.hub, [self.link])
        )
        self._redial = redial
        self.answer = None
        assert self.link.connect()

    def on_text(self, text):
        self.heard.append((self.timeline.now, text))
        if self.answer is not None:
            self.link.send(self.answer)

    def on_link_down(self):
        self.heard.append((self.timeline.now, "link down"))
        if self._redial:
            self.link.connect()

    def on_link_ready(self):
        self.heard.append((self.timeline.now, "link ready"))
        assert self.link.connect()

    def send_at(self, t_s, text):
        self.timeline.at(t_s, lambda: self.link.send(text))


@contextmanager
def line(handler, **how):
    with websocket_server(handler) as url:
        one = Line(url, **how)
        yield one
        one.link.close()
        one.hub.close()


def echo_replies(ws):
    """Answers every CALL with an empty result."""
    for text in ws:
        ws.send(f'[3,"{text[4 : text.index(chr(34), 4)]}",{{}}]')


def script(*steps):
    """Each step: wait for a frame, then send these."""

    def handler(ws):
        for step in steps:
            ws.recv()
            for text in step:
                ws.send(text)
        for _ in ws:
            pass

    return handler


# --- instants ---


def test_a_reply_takes_effect_one_latency_after_its_call_however_long_it_took():
    hold = threading.Event()

    def slow(ws):
        ws.recv()
        hold.wait(0.03)
        ws.send('[3, "1", {}]')
        ws.recv()

    with line(slow) as one:
        one.send_at(100.0, '[2,"1","Heartbeat",{}]')
        one.timeline.at(100.01, lambda: one.heard.append((one.timeline.now, "meanwhile")))
        one.pace.advance(200.0)
        assert one.heard == [(100.01, "meanwhile"), (100.05, '[3, "1", {}]')]


def test_a_call_of_the_csms_is_answered_at_the_instant_at_which_ours_is_outstanding():
    def nested(ws):
        ws.recv()
        ws.send('[2,"c1","GetConfiguration",{}]')
        assert ws.recv() == '[3,"c1",{}]'
        ws.send('[3,"1",{}]')
        for _ in ws:
            pass

    with line(nested) as one:
        one.answer = '[3,"c1",{}]'
        one.send_at(100.0, '[2,"1","Heartbeat",{}]')
        one.pace.advance(200.0)
        assert [t for t, _ in one.heard] == [100.0, 100.05]


def test_a_call_that_follows_a_reply_does_not_overtake_it():
    both = ('[3,"1",{}]', '[2,"c1","GetConfiguration",{}]')
    with line(script(both)) as one:
        one.send_at(100.0, '[2,"1","BootNotification",{}]')
        one.pace.advance(200.0)
        until(lambda: one.pace.advance(one.timeline.now + 1.0) or len(one.heard) == 2)
        assert [text for _, text in one.heard] == list(both)
        assert one.heard[0][0] == 100.05


def test_what_the_csms_sends_unasked_is_read_before_time_goes_on():
    with line(script(['[2,"c1","ClearCache",{}]'])) as one:
        one.link.send('[3,"x",{}]')  # not a CALL: nothing to wait for
        until(lambda: one.hub.wait(0))
        one.timeline.at(50.0, lambda: None)
        one.pace.advance(200.0)
        assert one.heard == [(0.0, '[2,"c1","ClearCache",{}]')]


def test_frames_are_recorded_at_the_instants_of_the_charge_point():
    with line(echo_replies) as one:
        one.send_at(100.0, '[2,"1","Heartbeat",{}]')
        one.pace.advance(200.0)
        assert one.recorded == [
            (100.0, True, '[2,"1","Heartbeat",{}]', False),
            (100.05, False, '[3,"1",{}]', False),
        ]


def test_an_end_that_is_exclusive_leaves_what_is_due_there():
    with line(echo_replies) as one:
        one.timeline.at(10.0, lambda: one.heard.append("due"))
        one.pace.advance(10.0, inclusive=False)
        assert one.heard == [] and one.timeline.now == 10.0
        one.pace.advance(10.0)
        assert one.heard == ["due"]


# --- silence and nonsense ---


def test_silence_becomes_a_reply_that_never_came_and_time_goes_on():
    with line(script(['[3,"1",{}]'])) as one:
        one.send_at(1.0, '[2,"1","Heartbeat",{}]')
        one.pace.advance(2.0)
        one.link.patience_s = 0.04
        one.send_at(3.0, '[2,"2","Heartbeat",{}]')
        one.pace.advance(60.0)
        assert one.timeline.now == 60.0 and [text for _, text in one.heard] == ['[3,"1",{}]']


def test_the_longer_a_csms_is_silent_the_shorter_it_is_waited_for_until_it_speaks():
    with line(script(['[3,"1",{}]'], [], ['[3,"3",{}]'])) as one:
        one.send_at(1.0, '[2,"1","Heartbeat",{}]')
        one.pace.advance(2.0)
        one.link.patience_s = 0.3
        one.link.give_up()
        assert one.link.patience_s == pytest.approx(0.15)
        one.link.give_up()
        one.link.give_up()
        assert one.link.patience_s == pytest.approx(0.1)
        one.send_at(3.0, '[2,"2","Heartbeat",{}]')
        one.pace.advance(4.0)
        one.send_at(5.0, '[2,"3","Heartbeat",{}]')
        one.pace.advance(6.0)
        assert one.link.patience_s == 30.0


def test_a_csms_that_never_says_anything_at_all_is_no_csms():
    with line(script([])) as one:
        one.link.patience_s = 0.02
        one.send_at(1.0, '[2,"1","BootNotification",{}]')
        with pytest.raises(NoConnection, match=r"takes the connection but answers nothing within 0\.02 s"):
            one.pace.advance(60.0)


@pytest.mark.parametrize("nonsense", ["hello", "[3]", '[3,"7",{}]', '{"a":1}', "[" * 50_000])
def test_nonsense_is_heard_and_does_not_pass_for_the_reply(nonsense):
    with line(script([nonsense, '[3,"1",{}]'])) as one:
        one.send_at(1.0, '[2,"1","Heartbeat",{}]')
        one.pace.advance(2.0)
        assert one.heard == [(1.0, nonsense), (1.05, '[3,"1",{}]')]


def test_a_reply_that_comes_twice_is_heard_twice():
    with line(script(['[3,"1",{}]', '[3,"1",{}]'])) as one:
        one.send_at(1.0, '[2,"1","Heartbeat",{}]')
        one.pace.advance(1.5)
        until(lambda: one.pace.advance(one.timeline.now + 1.0) or len(one.heard) == 2)


def test_a_csms_that_never_stops_talking_does_not_stop_time(monkeypatch):
    monkeypatch.setattr("evc5.twin.line.pace.ROUNDS_AT_ONCE", 20)
    stop = threading.Event()

    def flood(ws):
        ws.recv()
        while not stop.is_set():
            ws.send('[2,"c","ClearCache",{}]')

    with line(flood) as one:
        one.link.patience_s, one.link.heard = 0.02, True
        one.link.send('[3,"x",{}]')
        until(lambda: one.hub.wait(0))
        one.link.connected and one.pace.advance(5.0)
        stop.set()
        assert one.timeline.now == 5.0


# --- the socket's end ---


def test_a_closed_socket_is_known_one_latency_later_and_the_charge_point_may_dial_in_again():
    def once(ws):
        ws.recv()
        ws.close(1012, "restart")

    with line(once, redial=True) as one:
        one.send_at(10.0, '[2,"1","Heartbeat",{}]')
        one.pace.advance(10.5)
        assert one.heard == [(10.05, "link down")] and one.link.connected
        reason = "the CSMS closed the connection (1012, restart)"
        assert one.notices == [
            (10.05, "link-down", {"kind": "lost", "reason": reason}),
            (10.05, "link-up", {"kind": "reconnected"}),
        ]


def test_a_reply_before_the_close_is_heard_before_the_link_is_down():
    def reply_and_close(ws):
        ws.recv()
        ws.send('[3,"1",{}]')

    with line(reply_and_close) as one:
        one.send_at(10.0, '[2,"1","Heartbeat",{}]')
        one.pace.advance(11.0)
        until(lambda: one.pace.advance(one.timeline.now + 1.0) or len(one.heard) > 1)
        assert [text for _, text in one.heard] == ['[3,"1",{}]', "link down"]


def test_what_is_sent_after_the_close_is_lost():
    with line(lambda ws: ws.recv()) as one:
        one.send_at(10.0, '[2,"1","Heartbeat",{}]')
        one.send_at(20.0, '[2,"2","Heartbeat",{}]')
        one.pace.advance(30.0)
        assert [(text[4], lost) for _, _, text, lost in one.recorded] == [("1", False), ("2", True)]


def test_what_is_on_its_way_as_the_link_goes_down_is_lost():
    with line(echo_replies) as one:
        one.send_at(10.0, '[2,"1","Heartbeat",{}]')
        one.pace.advance(10.01)
        one.link.down()
        one.pace.advance(11.0)
        assert one.heard == [(10.01, "link down")]
        assert [(text[1], lost) for _, _, text, lost in one.recorded] == [("2", False), ("3", True)]


def test_down_closes_the_socket_and_nothing_opens_until_up():
    closed = threading.Event()

    def wait(ws):
        for _ in ws:
            pass
        closed.set()

    def listening(ws):
        try:
            wait(ws)
        finally:
            closed.set()

    with line(listening) as one:
        one.link.down()
        assert closed.wait(30.0)
        assert one.heard == [(0.0, "link down")] and not one.link.connect()
        one.link.up()
        assert one.link.connect() and one.link.connected


def test_close_says_goodbye_and_drop_does_not():
    codes = []

    def listening(ws):
        try:
            ws.recv()
        finally:
            ws.recv_events_thread.join(1.0)
            codes.append(ws.close_code)

    with websocket_server(listening) as url:
        Line(url).link.close()
        until(lambda: len(codes) == 1)
        Line(url).link.drop()
        until(lambda: len(codes) == 2)
    assert codes == [1000, 1006]


def test_a_silent_link_passes_nothing_and_keeps_the_socket():
    got = []

    def handler(ws):
        for text in ws:
            got.append(text)
            ws.send(f'[3,"{text[4]}",{{}}]')

    with line(handler) as one:
        one.link.silent()
        one.send_at(1.0, '[2,"1","Heartbeat",{}]')
        one.pace.advance(2.0)
        one.link.up()
        one.send_at(3.0, '[2,"2","Heartbeat",{}]')
        one.pace.advance(4.0)
        assert got == ['[2,"2","Heartbeat",{}]']
        assert one.recorded[0][3] is True and one.heard == [(3.05, '[3,"2",{}]')]


# --- pings ---


def test_pings_go_out_at_their_interval_of_virtual_time():
    pings = []

    def count(ws):
        process = ws.process_event

        def spy(event):
            pings.append(getattr(event, "opcode", None))
            process(event)

        ws.process_event = spy
        ws.recv()

    with line(count, ping_interval_s=240.0) as one:
        one.pace.advance(3600.0)
        until(lambda: len(pings) >= 15)
    assert pings.count(9) == 15


def test_a_csms_that_answers_no_ping_is_gone():
    hold = threading.Event()

    def deaf(ws):
        ws.protocol.recv_frame = lambda frame: None
        hold.wait(30.0)
        ws.socket.close()

    with line(deaf, ping_interval_s=240.0) as one:
        one.link.heard = True
        one.pace.advance(479.0)  # the first ping is not waited for ...
        assert one.notices == []
        one.link.patience_s = 0.03
        one.pace.advance(481.0)  # ... before the next one is due
        hold.set()
        assert one.notices == [(480.05, "link-down", {"kind": "lost", "reason": "the CSMS answered no ping"})]


# --- paced ---


def test_a_paced_reply_takes_effect_when_it_comes():
    def slow(ws):
        text = ws.recv()
        time.sleep(0.02)
        ws.send(f'[3,"{text[4]}",{{}}]')
        ws.recv()

    with line(slow, paced=True) as one:
        one.send_at(0.0, '[2,"1","Heartbeat",{}]')
        until(lambda: one.pace.advance(one.timeline.now + 1.0) or one.heard)
        ((t_s, text),) = one.heard
        assert text == '[3,"1",{}]' and 2.0 <= t_s <= one.timeline.now


def test_time_goes_on_while_a_paced_link_dials_in_again():
    hold = threading.Event()

    def slow_to_open(connection, request):
        if len(opened) > 0:
            hold.wait(30.0)

    opened = []

    def once(ws):
        opened.append(ws)
        if len(opened) == 1:
            ws.recv()
        else:
            ws.recv(timeout=60.0)

    with websocket_server(once, process_request=slow_to_open) as url:
        one = Line(url, paced=True, redial=True)
        one.send_at(0.0, '[2,"1","Heartbeat",{}]')
        until(lambda: one.pace.advance(one.timeline.now + 1.0) or one.heard)
        one.pace.advance(one.timeline.now + 5.0)
        assert [what for _, what in one.heard] == ["link down"] and not one.link.connected
        hold.set()
        until(lambda: one.pace.advance(one.timeline.now + 1.0) or one.link.connected)
        assert [what for _, what in one.heard] == ["link down", "link ready"]
        assert [event for _, event, _ in one.notices] == ["link-down", "link-up"]
        one.link.close()


def test_hanging_up_while_dialling_leaves_no_socket():
    hold, opened = threading.Event(), []

    def slow_to_open(connection, request):
        if opened:
            hold.wait(30.0)

    def handler(ws):
        opened.append(ws)
        if len(opened) == 1:
            return
        for _ in ws:
            pass
        opened.append("closed")

    with websocket_server(handler, process_request=slow_to_open) as url:
        one = Line(url, paced=True, redial=True)
        until(lambda: one.pace.advance(one.timeline.now + 1.0) or one.heard)
        one.link.close()
        hold.set()
        until(lambda: one.pace.advance(one.timeline.now + 1.0) or opened[-1] == "closed")
        assert not one.link.connected


# --- several charge points ---


def test_charge_points_that_speak_at_the_same_instant_share_one_wait():
    hold, waiting = threading.Event(), []

    def slow(ws):
        text = ws.recv()
        waiting.append(text)
        if len(waiting) == 5:  # nobody is answered before all have asked
            hold.set()
        assert hold.wait(30.0)
        ws.send(f'[3,"{text[4]}",{{}}]')
        for _ in ws:
            pass

    with websocket_server(slow) as url:
        timeline, hub, heard = Timeline(), Hub(), []

        class Station:
            def on_text(self, text):
                heard.append(timeline.now)

        links = [
            WireLink(timeline, hub, Endpoint(url, f"CP{n}"), lambda *_: None, lambda *_: None, LATENCY_S)
            for n in range(5)
        ]
        for link in links:
            link.station = Station()
            assert link.connect()
            timeline.at(10.0, lambda link=link: link.send('[2,"1","Heartbeat",{}]'))
        Lockstep(timeline, hub, links).advance(20.0)
        for link in links:
            link.close()
    assert heard == [10.05] * 5
