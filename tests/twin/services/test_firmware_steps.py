"""An update step by step: when each is begun and told, whatever comes in between (OCPP 1.6 5.19)."""

from typing import Any

import pytest
from conversation import Conversation

from evc5.models.timeline import INPUT
from evc5.twin.ocpp.memory import Transaction
from evc5.twin.services.files import SimulatedFiles
from evc5.twin.services.firmware import Firmware, image

URL, OTHER = "http://files.example/a.bin", "http://files.example/b.bin"
AT = "2024-01-01T00:{:02}:00Z"
INSTALL_S = 60.0  # assumed, as are a second to find the server and 1 Mbit/s


class Device:
    """A firmware, the servers, and a back office that takes everything at once."""

    def __init__(self) -> None:
        self.talk = Conversation("evc5-v32r30", com_FwOptions="FwUpdateInIdleOnly=1").booted()
        self.files = SimulatedFiles({URL: image("V32R31", 125_000), OTHER: image("V32R32", 125_000)})
        self.held: list[tuple[float, bool]] = []
        self.restarts: list[float] = []
        self.firmware = Firmware(
            self.talk.agent,
            self.files,
            "V32R30",
            lambda: self.held.append((self.talk.timeline.now, self.firmware.holding)),
            lambda: self.restarts.append(self.talk.timeline.now),
        )

    def update(self, url: str = URL, minute: int = 0, **more: int) -> None:
        self.firmware.request({"location": url, "retrieveDate": AT.format(minute), **more})

    def advance(self, until_s: float) -> "Device":
        now = int(self.talk.timeline.now)
        for second in (*range(now + 1, int(until_s) + 1), until_s):
            self.talk.advance(second)
            while self.talk.unanswered:
                self.talk.answer({})
        return self

    def boot(self) -> None:
        """The firmware is down and starts: with what it then is."""
        self.firmware.die()
        self.firmware.wake()

    def told(self) -> list[tuple[float, str]]:
        calls = [call for call in self.talk.calls if call[1] == "FirmwareStatusNotification"]
        return [(round(t_s), payload["status"]) for t_s, _, payload in calls]


def charge(device: Device) -> None:
    device.talk.agent.memory.transactions[1] = Transaction(1, "TAG1", 0.0, 0.0, 0)


def end(device: Device) -> None:
    device.talk.agent.memory.transactions.clear()
    device.firmware.idle()


def lose_file(device: Device) -> None:
    device.files.contents.clear()


STEPS: dict[str, Any] = {
    "update": Device.update, "update at 2": lambda d: d.update(minute=2),
    "other": lambda d: d.update(OTHER), "other at 1": lambda d: d.update(OTHER, minute=1),
    "twice": lambda d: d.update(retries=2, retryInterval=50), "never": lambda d: d.update(retries=-1),
    "charge": charge, "end": end, "lose": lose_file, "die": lambda d: d.firmware.die(), "boot": Device.boot,
}  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "told"),
    [  # a file takes two seconds, and an answer of the back office up to one
        ([(0, "update")], [(0, "Downloading"), (2, "Downloaded"), (3, "Installing")]),
        ([(0, "update at 2")], [(120, "Downloading"), (122, "Downloaded"), (123, "Installing")]),
        ([(200, "update at 2")], [(200, "Downloading"), (202, "Downloaded"), (203, "Installing")]),
        # a later one takes the place of one that is not being installed yet; assumed
        ([(0, "update at 2"), (10, "other at 1")],
         [(60, "Downloading"), (62, "Downloaded"), (63, "Installing")]),
        ([(0, "update"), (1, "other at 1")],
         [(0, "Downloading"), (62, "Downloaded"), (63, "Installing")]),
        # where there is no file
        ([(0, "lose"), (0, "twice")], [(0, "Downloading"), (52, "DownloadFailed")]),
        ([(0, "lose"), (0, "never")], [(0, "Downloading"), (1, "DownloadFailed")]),
        # while somebody charges; errata 3.49
        ([(0, "charge"), (0, "update")], [(0, "Downloading"), (2, "Downloaded")]),
        ([(0, "charge"), (0, "update"), (30, "end")],
         [(0, "Downloading"), (2, "Downloaded"), (30, "Installing")]),
        # a firmware that is down does nothing, and goes on where it was
        ([(0, "update at 2"), (60, "die")], []),
        ([(0, "update"), (1, "die")], [(0, "Downloading")]),
        ([(0, "update"), (1, "boot")],
         [(0, "Downloading"), (1, "Downloading"), (3, "Downloaded"), (4, "Installing")]),
        ([(0, "charge"), (0, "update"), (30, "boot"), (40, "end")],
         [(0, "Downloading"), (2, "Downloaded"), (40, "Installing")]),
    ],
)  # fmt: skip
def test_an_update_takes_its_steps(steps: list[tuple[float, str]], told: list[tuple[float, str]]) -> None:
    device = Device()
    for t_s, step in steps:
        device.advance(t_s)
        STEPS[step](device)
    assert device.advance(steps[-1][0] + 125).told() == told


def test_a_request_in_the_instant_in_which_another_was_due_takes_its_place() -> None:
    device = Device()
    device.update(minute=2)
    device.talk.timeline.at(120.0, lambda: device.update(OTHER, minute=3), INPUT)
    assert device.advance(181).told() == [(180, "Downloading")]


@pytest.mark.parametrize(
    ("steps", "restarts"),
    [
        ([(0, "update")], [62]),
        ([(0, "update"), (30, "boot")], [90]),  # begun anew
        ([(0, "update"), (30, "die")], []),
        ([(0, "charge"), (0, "update")], []),
    ],
)
def test_what_is_installed_begins_a_new_life(steps: list[tuple[float, str]], restarts: list[float]) -> None:
    device = Device()
    for t_s, step in steps:
        device.advance(t_s)
        STEPS[step](device)
    device.advance(150)
    assert device.restarts == pytest.approx(restarts, abs=0.5)
    assert device.firmware.version == ("V32R31" if restarts else "V32R30")


@pytest.mark.parametrize(
    ("steps", "until_s", "kept"),
    [
        ([(0, "update at 2")], 10, "retrieve"),
        ([(0, "charge"), (0, "update")], 10, "downloaded"),
        ([(0, "update")], 10, "installing"),
        ([(0, "update")], 70, "installed"),  # until the new firmware has booted
        ([(0, "lose"), (0, "never")], 10, None),
    ],
)
def test_how_far_an_update_is_stands_in_the_memory(
    steps: list[tuple[float, str]], until_s: float, kept: str | None
) -> None:
    device = Device()
    for t_s, step in steps:
        device.advance(t_s)
        STEPS[step](device)
    memory = device.advance(until_s).talk.agent.memory
    assert memory.recall("update").get("step") == kept
    assert memory.recall("firmware") == ("V32R31" if kept == "installed" else None)


def test_nobody_new_may_charge_from_the_download_on_until_it_is_over() -> None:
    device = Device()
    device.files.contents[URL] = b"no image"
    device.update()
    device.advance(200)
    assert [holding for _, holding in device.held] == [True, False]
    assert [status for _, status in device.told()] == [
        "Downloading", "Downloaded", "Installing", "InstallationFailed",
    ]  # fmt: skip
    assert device.firmware.reports.status == "Idle"  # it is over
