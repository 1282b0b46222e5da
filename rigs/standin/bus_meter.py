"""The twin's controller at a real bus: it reads its own kWh meter there, and nowhere else."""

from collections.abc import Callable

from evc5.models.meter import Metered
from evc5.models.outlet import Outlet
from evc5.models.supply import Three
from evc5.rigs.errors import BenchFault
from evc5.rigs.hardware.modbus.meter import ModbusMeter
from evc5.rigs.hardware.roles import Known, Reading

MISSES = 3  # assumed: so many polls in a row without an answer are a meter that is gone


class BusMeter:
    """`poll` asks the meter once; what it last told is what the controller knows.

    First its serial number, as an EVC does, then its registers. `fails` is told whether the meter answers,
    when that changes. Before the first answer the register stands where it stood when this was made.
    """

    def __init__(self, outlet: Outlet, meter: ModbusMeter, fails: Callable[[bool], None]) -> None:
        self._meter = meter
        self._fails = fails
        self._known: Reading | None = None
        self._first = outlet.shown()
        self._missed = 0
        self.serial: str | None = None  # None: not asked yet, or gone since
        outlet.read_meter = self._metered

    def poll(self) -> None:
        """Ask; a reading that does not come is counted, not waited for."""
        try:
            if self.serial is None:
                self.serial = self._meter.serial()
            self._known = self._meter.read()
        except BenchFault:
            self._missed += 1
            if self._missed == MISSES:
                self.serial = None  # it is looked for anew
                self._fails(True)
            return
        if self._missed >= MISSES:
            self._fails(False)
        self._missed = 0

    def close(self) -> None:
        self._meter.close()

    def _metered(self, shown: Metered) -> Metered:
        """What stands in the meter's registers; charge and temperature come from elsewhere."""
        known = self._known
        if known is None or known.energy_wh is None:
            return self._first._replace(soc=shown.soc, temp_c=shown.temp_c)
        third_wh = known.energy_wh / 3.0
        return shown._replace(
            i_a=_known(known.i_a), u_v=_known(known.u_v), phase_w=_known(known.p_w),
            p_w=known.power_w or 0.0, pf=_factor(known),
            register_wh=known.energy_wh, register_phase_wh=(third_wh, third_wh, third_wh),
            frequency_hz=known.hz or 0.0,
        )  # fmt: skip


def _known(three: Known) -> Three:
    l1, l2, l3 = (value or 0.0 for value in three)
    return (l1, l2, l3)


def _factor(reading: Reading) -> float:
    apparent = sum(u * i for u, i in zip(_known(reading.u_v), _known(reading.i_a), strict=True))
    return min((reading.power_w or 0.0) / apparent, 1.0) if apparent else 1.0
