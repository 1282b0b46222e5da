"""The checks of what a station does with what happens to it; they share one memory of it."""

from rigs.checks import (
    cards,
    commands,
    faults,
    files,
    lists,
    moments,
    pulse,
    retries,
    settings,
    shares,
    standing,
    truth,
    unconnected,
)
from rigs.checks.agenda import Agenda
from rigs.checks.bus import Bench
from rigs.checks.happenings import Happenings
from rigs.checks.law import Law

REQUIREMENTS = (
    *standing.REQUIREMENTS,
    *cards.REQUIREMENTS,
    *commands.REQUIREMENTS,
    *lists.REQUIREMENTS,
    *unconnected.REQUIREMENTS,
    *faults.REQUIREMENTS,
    *files.REQUIREMENTS,
    *settings.REQUIREMENTS,
    *pulse.REQUIREMENTS,
    *retries.REQUIREMENTS,
    *shares.REQUIREMENTS,
    *moments.REQUIREMENTS,
    *truth.REQUIREMENTS,
)


class Conduct:
    """Hears first what happened, so that the checks after it know."""

    def __init__(self, bench: Bench) -> None:
        happenings, agenda = Happenings(bench), Agenda(bench)
        standing.Standing(bench, happenings)
        cards.Cards(bench, happenings, agenda)
        commands.Commands(bench, happenings, agenda)
        lists.Lists(bench)
        unconnected.Unconnected(bench, happenings, agenda)
        faults.Faults(bench, happenings, agenda)
        files.Files(bench, happenings, agenda)
        settings.Settings(bench)
        pulse.Pulse(bench, happenings, agenda)
        retries.Retries(bench, agenda)
        shares.Shares(bench, Law(bench), happenings)
        moments.Moments(bench, happenings)
        truth.Truth(bench)
