"""Boots through time: what the CSMS said of them, and the darkness before each."""

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Array
from evc5.rigs.checks.reading.instants import FOREVER
from evc5.rigs.checks.reading.through_time import in_order, latest
from evc5.rigs.checks.state.keys import Keys

MOST_BOOTS = 64
IDENTITY = {"vendor": "chargePointVendor", "model": "chargePointModel", "firmware": "firmwareVersion"}


class Boots:
    """Follows BootNotifications, resets and power cuts."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self.registration = ""  # the CSMS's last answer to a boot, since the station went down
        self.accepted_since: float | None = None  # since when the CSMS has accepted this boot
        self.boot_asked = 0  # triggers of a BootNotification that were taken and not answered yet
        self.identity: dict[str, str] = {}  # vendor, model, firmware: as the last boot names them
        self.dark: list[tuple[float, float]] = []  # (from, to) without power or rebooting
        self.dark_since: float | None = None

    def is_dark(self, stamp: float, margin_s: float = 0.0) -> bool:
        """Was the station without power or booting at this instant?"""
        if self.dark_since is not None and stamp >= self.dark_since - margin_s:
            return True
        return any(begin - margin_s <= stamp <= end + margin_s for begin, end in self.dark)

    def went_dark_after(self, stamp: float) -> float:
        """When the power was first gone after an instant; infinite if it never was."""
        begins = [begin for begin, _ in self.dark] + ([] if self.dark_since is None else [self.dark_since])
        return min((begin for begin in begins if begin >= stamp), default=FOREVER)

    def last_dark(self, epoch_s: Array) -> Array:
        """When, before each instant, the station last came back from a boot; -inf where it never did."""
        ends = [end for _, end in self.dark]
        return in_order(lambda instants: latest(instants, ends), epoch_s)

    # -- what is told ----------------------------------------------------------------------------

    def darkens(self, epoch_s: float) -> None:
        """The power goes, or the station starts anew."""
        self.accepted_since, self.boot_asked, self.registration = None, 0, ""
        self.dark_since = epoch_s if self.dark_since is None else self.dark_since

    def booted(self, call: Call) -> None:
        """A BootNotification."""
        told = {name: call.payload.get(field) for name, field in IDENTITY.items()}
        self.identity = {name: str(value) for name, value in told.items() if value is not None}

    def answered(self, call: Call) -> None:
        """The CSMS answered a BootNotification."""
        if call.reply is None:
            return
        self.boot_asked = max(self.boot_asked - 1, 0)
        at = call.answered_s
        self.registration = call.reply["status"]
        if self.registration != "Accepted":
            return
        if self.dark_since is not None:
            self.dark = [*self.dark[1 - MOST_BOOTS :], (self.dark_since, at)]
            self.dark_since = None
        self.accepted_since = at if self.accepted_since is None else self.accepted_since
        if call.reply["interval"] >= 0:  # else it is none, and the station keeps its own
            self._keys.set("HeartbeatInterval", str(call.reply["interval"]), at)

    def triggered(self, call: Call) -> None:
        accepted = call.reply is not None and call.reply["status"] == "Accepted"
        self.boot_asked += accepted and call.payload["requestedMessage"] == "BootNotification"
