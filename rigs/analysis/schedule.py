"""Charging profiles at one connector, as figures show them: what stood installed, and what came of it."""

from dataclasses import dataclass

import numpy as np

from evc5.rigs.analysis.profile_history import Band, Place, ProfileHistory, profile_history
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.window import Window
from evc5.rigs.recording.reading import run_directory, telemetry
from evc5.rigs.recording.reading.columns import Array, Columns
from evc5.rigs.recording.reading.telemetry_columns import phase_names

CAPABILITY, OFFERED, FLOWS = (phase_names(quantity) for quantity in ("capability", "offered", "i"))
COLUMNS = ("t", *CAPABILITY, *OFFERED, *FLOWS)
FULL_A = 32.0  # the strongest colour of a band
PURPOSES = ("TxDefaultProfile", "TxProfile", "ChargePointMaxProfile")  # the strongest last: 3.13.1


@dataclass(frozen=True, slots=True)
class Schedule:
    """The profiles' history and the telemetry; `places` are the lanes, the lowest first."""

    connector: int
    window: Window
    history: ProfileHistory
    rows: Columns
    places: list[Place]

    @property
    def name(self) -> str:
        return f"Charging profiles · connector {self.connector} · {self.window.name()}"

    def summary(self) -> str:
        if not self.places:
            return "no profile spoke in these hours"
        amps = [amps for _, _, amps in self.history.allowed_a if amps is not None]
        span = f"{min(amps):g}" if min(amps) == max(amps) else f"{min(amps):g} to {max(amps):g}"
        count = f"{len(self.places)} profile{'s' * (len(self.places) != 1)}"
        return f"{count} installed, together allowing {span} A per phase"

    def allowed(self) -> Array:
        """The line (t, A) of what profiles allow, with a gap (NaN) where none speaks."""
        stretches = self.history.allowed_a
        points = [point for begin_s, end_s, amps in stretches for point in ((begin_s, amps), (end_s, amps))]
        return np.array([(t_s, np.nan if amps is None else amps) for t_s, amps in points]).reshape(-1, 2)


def schedule(run: Recorded, connector: int, window: Window) -> Schedule:
    history = profile_history(run, connector, window)
    place = run.directory / run_directory.TELEMETRY
    rows = telemetry.during(place, COLUMNS, connector, window.since_s, window.until_s)
    return Schedule(
        connector, window, history, rows, sorted({band.place for band in history.bands}, key=_order)
    )


def _order(place: Place) -> tuple[int, int, int]:
    """As the standard lets them prevail, the strongest at the top: 3.13.1, 3.13.2."""
    purpose, connector, level = place
    return PURPOSES.index(purpose), connector, level


def lane_name(place: Place) -> str:
    purpose, connector, level = place
    where = f"connector {connector}" if connector else "all connectors"
    return f"{purpose.removesuffix('Profile')}, level {level}\n{where}"


def strength(band: Band) -> float:
    """How strong a band's colour is, from its limit."""
    amps = band.limit if band.unit == "A" else band.limit / 690.0  # W over three phases of 230 V
    return 0.16 + 0.5 * min(amps / FULL_A, 1.0)


def told(band: Band) -> str:
    return f"{band.limit:g} A" if band.unit == "A" else f"{band.limit / 1000:g} kW"
