"""Starts, resets and power cuts: when the firmware dies, and when it lives again (OCPP 1.6 5.14)."""

from collections.abc import Callable, Mapping

from evc5.models.timeline import CONTROL, Action, Alarm, Timeline

RESET_DELAY_S = 1.0  # from the reply to the restart; assumed
DELIVERY_S = 30.0  # how long a soft reset waits for its stops to be delivered; assumed


class Restart:
    """Counts the lives of the firmware, and brings about the next one."""

    def __init__(self, timeline: Timeline, timing: Mapping[str, float], die: Action, live: Action) -> None:
        self._timeline = timeline
        self._die = die
        self._live = live
        self._reboot_s = {
            "Soft": timing["reset_soft_s"] - RESET_DELAY_S, "Hard": timing["reset_hard_s"] - RESET_DELAY_S,
            "Power": timing["power_on_s"],
        }  # fmt: skip
        self._kind = ""
        self._end = Alarm(timeline, self._end_of_life, CONTROL)
        self._begin = Alarm(timeline, self.begin, CONTROL)
        self.life = 0  # what was scheduled in another life must not happen in this one
        self.on_end: list[Callable[[str], None]] = []  # with "Soft" or "Hard"

    @property
    def going_down(self) -> bool:
        """A reset is under way: nothing new may begin."""
        return bool(self._kind)

    def begin(self) -> None:
        """The firmware starts."""
        self._begin.clear()
        self.life += 1
        self._live()

    def reset(self, kind: str, undelivered: bool) -> None:
        """Restart soon; a soft one with messages `undelivered` waits for `all_delivered`, for a while."""
        self._kind = kind
        waits = DELIVERY_S if undelivered and kind == "Soft" else RESET_DELAY_S
        self._end.set(self._timeline.now + waits)

    def all_delivered(self) -> None:
        """All is said: nothing keeps a soft reset any longer."""
        if self._kind == "Soft":
            self._end.set(min(self._end.due_s or 0.0, self._timeline.now + RESET_DELAY_S))

    def cut(self) -> None:
        """The mains are gone."""
        self._kind = ""
        self._end.clear()
        self._begin.clear()
        self.life += 1
        self._die()

    def restore(self) -> None:
        """The mains are back."""
        self._begin.set(self._timeline.now + self._reboot_s["Power"])

    def _end_of_life(self) -> None:
        kind = self._kind
        self._kind = ""
        for listener in self.on_end:
            listener(kind)
        self.life += 1
        self._die()
        self._begin.set(self._timeline.now + self._reboot_s[kind])
