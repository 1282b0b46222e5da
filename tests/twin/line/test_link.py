"""The link in memory: which frames pass, which are lost, and what either end hears of the socket."""

from typing import Any

import pytest

from evc5.models.timeline import Timeline
from evc5.twin.line.link import MemoryLink


class Ends:
    """A link whose two ends write down what reaches them."""

    def __init__(self, latency_s: float = 0.5) -> None:
        self.timeline = Timeline()
        self.recorded: list[tuple[float, bool, str, bool]] = []
        self.heard: list[str] = []
        self.link = MemoryLink(
            self.timeline, latency_s, lambda t_s, up, text, lost: self.recorded.append((t_s, up, text, lost))
        )
        self.link.station = self  # type: ignore[assignment]
        self.link.to_csms = self.heard.append
        self.link.on_csms_open = lambda: self.heard.append("open")
        self.link.on_csms_close = lambda: self.heard.append("close")

    def on_text(self, text: str) -> None:
        self.heard.append(text)

    def on_link_down(self) -> None:
        self.heard.append("down")


@pytest.mark.parametrize(
    ("steps", "heard", "lost"),
    [  # up: a frame of the station; back: one of the CSMS, which takes half a second; a number: seconds pass
        ("up", "", "up"),  # nobody has dialled
        ("connect up back 0.4", "open up", ""),
        ("connect up back 0.5", "open up back", ""),
        ("connect close up close", "open close", "up"),
        ("connect back close 1", "open close", "back"),
        ("connect back close connect 1", "open close open", "back"),  # a frame belongs to its socket
        ("connect down up", "open close down", "up"),
        ("down down", "", ""),
        ("down connect up", "", "up"),
        ("down up_again connect up", "open up", ""),
        ("connect silent up back 1", "open", "up back"),
        ("silent connect", "", ""),
        ("connect back silent 1 up_again up", "open up", "back"),
        ("connect silent up_again up back 1", "open up back", ""),
        ("connect drop up", "open close", "up"),
    ],
)
def test_a_frame_passes_where_its_socket_and_the_network_let_it(steps: str, heard: str, lost: str) -> None:
    ends = Ends()
    doing: dict[str, Any] = {
        "up": lambda: ends.link.send("up"), "back": lambda: ends.link.send_down("back"),
        "connect": ends.link.connect, "close": ends.link.close, "drop": ends.link.drop,
        "down": ends.link.down, "silent": ends.link.silent, "up_again": ends.link.up,
    }  # fmt: skip
    for step in steps.split():
        if step in doing:
            doing[step]()
        else:
            ends.timeline.advance(ends.timeline.now + float(step))
    assert ends.heard == heard.split()
    assert [text for *_, text, was_lost in ends.recorded if was_lost] == lost.split()


@pytest.mark.parametrize(
    ("steps", "connected"),
    [("", False), ("connect", True), ("connect silent", True), ("down connect", False),
     ("silent connect", False), ("down up connect", True)],
)  # fmt: skip
def test_a_socket_is_open_from_dialling_to_its_end(steps: str, connected: bool) -> None:
    ends = Ends()
    for step in steps.split():
        done = getattr(ends.link, step)()
        assert step != "connect" or done is connected
    assert ends.link.connected is connected


@pytest.mark.parametrize("latency_s", [0.0, 2.0])
def test_a_frame_down_is_recorded_when_it_comes(latency_s: float) -> None:
    ends = Ends(latency_s)
    ends.link.connect()
    ends.timeline.advance(7.0)
    ends.link.send("up")
    ends.link.send_down("back")
    ends.timeline.advance(20.0)
    assert ends.recorded == [(7.0, True, "up", False), (7.0 + latency_s, False, "back", False)]


def test_a_frame_is_not_back_before_it_was_sent() -> None:
    with pytest.raises(ValueError, match=r"latency_s must be >= 0, got -0\.1"):
        Ends(-0.1)
