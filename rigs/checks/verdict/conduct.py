"""The checks of what a station does with what happens to it; they share one memory of it."""

from evc5.rigs.checks.device import files, requests, settings
from evc5.rigs.checks.electrical import allocation
from evc5.rigs.checks.metering import values_against_telemetry
from evc5.rigs.checks.state.agenda import Agenda
from evc5.rigs.checks.state.connectors import Happenings
from evc5.rigs.checks.state.listeners import Bench
from evc5.rigs.checks.state.profiles_in_force import Law
from evc5.rigs.checks.status import against_telemetry, faults, transitions
from evc5.rigs.checks.transactions import id_tags, lists, offline, retries
from evc5.rigs.checks.wire import liveness

REQUIREMENTS = (
    *against_telemetry.REQUIREMENTS,
    *id_tags.REQUIREMENTS,
    *requests.REQUIREMENTS,
    *lists.REQUIREMENTS,
    *offline.REQUIREMENTS,
    *faults.REQUIREMENTS,
    *files.REQUIREMENTS,
    *settings.REQUIREMENTS,
    *liveness.REQUIREMENTS,
    *retries.REQUIREMENTS,
    *allocation.REQUIREMENTS,
    *transitions.REQUIREMENTS,
    *values_against_telemetry.REQUIREMENTS,
)


class Conduct:
    """Hears first what happened, so that the checks after it know."""

    def __init__(self, bench: Bench) -> None:
        happenings, agenda = Happenings(bench), Agenda(bench)
        against_telemetry.Standing(bench, happenings)
        id_tags.Cards(bench, happenings, agenda)
        requests.Commands(bench, happenings, agenda)
        lists.Lists(bench)
        offline.Unconnected(bench, happenings, agenda)
        faults.Faults(bench, happenings, agenda)
        files.Files(bench, happenings, agenda)
        settings.Settings(bench)
        liveness.Pulse(bench, happenings, agenda)
        retries.Retries(bench, agenda)
        allocation.Shares(bench, Law(bench), happenings)
        transitions.Moments(bench, happenings)
        values_against_telemetry.Truth(bench)
