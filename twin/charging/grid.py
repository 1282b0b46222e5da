"""Load balancing: what the building's connection leaves for the station, by grid_Role (sheet table 23).

Station_ctrl measures with the third meter (chg_KWH3): grid_InstallationMaxcurrent, less what the house takes
and grid_TotalcurrentOffset; with that meter lost, grid_InstallationSaveCurrent. Slave and Master follow a
limit that comes over the bus, and fall back to the same safe current when it stops coming. What the roles do
beyond their names is assumed: nothing public says it.
"""

from collections.abc import Callable

from evc5.models.sharing import installation_room_a
from evc5.models.supply import NO_LOAD, Three
from evc5.models.world import World
from evc5.twin.sheet.configuration import Configuration

NO_CONTROL, STATION = "no_ctrl", "station_ctrl"


class Grid:
    """Knows how much the station may take from its connection now, and says when that changed."""

    def __init__(self, world: World, configuration: Configuration, changed: Callable[[], None]) -> None:
        self._world = world
        self._configuration = configuration
        self._changed = changed
        self._meter_lost = False
        self._told_a: float | None = None  # over the bus; None while nothing comes
        world.on_grid.append(lambda _: self._grid_changed())

    def room_a(self) -> Three | None:
        """Amps on each phase of the grid for the whole station; None where nothing bounds them."""
        role, maximum_a = self._configuration.follows(_bound)
        if role == NO_CONTROL or maximum_a <= 0:
            return None
        house = self._behind_meter(maximum_a)
        if role == STATION:
            return house
        told = self._safe_a if self._told_a is None else self._told_a
        return (min(told, house[0]), min(told, house[1]), min(told, house[2]))

    def limit(self, amps: float | None) -> None:
        """A limit from the master or supervisor, A per phase; None: it has stopped coming."""
        self._told_a = amps
        self._changed()

    def lose_meter(self, lost: bool) -> None:
        """The third meter does not answer, or answers again."""
        self._meter_lost = lost
        self._changed()

    @property
    def _has_meter(self) -> bool:
        return self._configuration.text("chg_KWH3").strip().lower() not in ("", "none")

    @property
    def _safe_a(self) -> float:
        return self._configuration.number("grid_InstallationSaveCurrent")

    def _behind_meter(self, maximum_a: float) -> Three:
        if not self._has_meter:
            return (maximum_a, maximum_a, maximum_a)
        # The meter sees house and station; less the station's own current that is the house.
        measured = None if self._meter_lost else self._world.house_a
        offset_a = self._configuration.number("grid_TotalcurrentOffset")
        return installation_room_a(maximum_a, measured, NO_LOAD, offset_a=offset_a, safe_a=self._safe_a)

    def _grid_changed(self) -> None:
        if self.room_a() is not None:
            self._changed()


def _bound(configuration: Configuration) -> tuple[str, float]:
    """Who bounds the station, and at what maximum: asked at every arbitration."""
    return role_of(configuration), configuration.number("grid_InstallationMaxcurrent")


def role_of(configuration: Configuration) -> str:
    """grid_Role, however it is spelt."""
    return configuration.text("grid_Role").strip().lower()


def limits_nothing(configuration: Configuration) -> str:
    """Why a limit over the bus would have no effect, "" where it has."""
    role = role_of(configuration)
    if role in (NO_CONTROL, STATION):
        return f"station.keys.grid_Role must be Slave or Master, got {configuration.text('grid_Role')!r}"
    if configuration.number("grid_InstallationMaxcurrent") <= 0:
        return "station.keys.grid_InstallationMaxcurrent must be > 0 A, got 0"
    return ""
