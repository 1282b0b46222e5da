"""The outputs of io_OutputCfg, as their names suggest: Charging_Ch1 is on while 1 charges (assumed_keys)."""

from collections.abc import Callable, Mapping

from evc5.twin.connector.channel import Channel
from evc5.twin.connector.status import CHARGING
from evc5.twin.sheet import vendor
from evc5.twin.sheet.configuration import Configuration


class Outputs:
    """Relays for lamps and the like; `on_switch` hears number, name and whether it is on."""

    def __init__(self, configuration: Configuration, channels: Mapping[int, Channel]) -> None:
        self._configuration = configuration
        self._channels = channels
        self._on: set[int] = set()
        self.on_switch: list[Callable[[int, str, bool], None]] = []
        for channel in channels.values():
            channel.on_status.append(lambda _: self.settle())

    def settle(self) -> None:
        """Switch each as its channel now is; in a firmware that is down all are off."""
        for number, (name, connector) in vendor.charging_outputs(self._configuration).items():
            channel = self._channels.get(connector)
            on = channel is not None and channel.awake and channel.status == CHARGING
            if on != (number in self._on):
                self._on ^= {number}
                for listener in self.on_switch:
                    listener(number, name, on)
