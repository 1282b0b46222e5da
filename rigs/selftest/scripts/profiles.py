"""Scripts of charging profiles: stacked, shared, in watts, by phases, by the calendar, refused."""

from dataclasses import replace
from typing import Any

from evc5.models.vehicles import presets
from evc5.rigs.bench.bench import Bench
from evc5.rigs.selftest.verbs import ask, begin, composite, end, install, profile, running

Table = dict[str, Any]


def stack(bench: Bench) -> None:
    """TxDefaultProfiles on several levels and connectors, replaced and cleared while cars charge."""
    bench.advance(30.0)
    install(bench, 0, profile(1, 14.0))
    begin(bench, 1)
    begin(bench, 2)
    bench.advance(300.0)
    install(bench, 0, profile(2, 11.0, level=1))
    bench.advance(300.0)
    install(bench, 1, profile(3, 8.0, level=0))
    composite(bench, 0, 1, 2)
    bench.advance(300.0)
    install(bench, 0, profile(4, [(0, 13.0), (37_500, 9.0), (38_700, 12.0)]))  # 10:25 and 10:45
    composite(bench, 1, 2)
    bench.advance(300.0)
    ask(bench, "ClearChargingProfile", {"id": 2})
    composite(bench, 1, 2)
    bench.advance(900.0)
    composite(bench, 0, 2)
    bench.advance(900.0)
    ask(bench, "ClearChargingProfile", {"connectorId": 1})
    bench.advance(300.0)
    ask(bench, "ClearChargingProfile", {"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0})
    bench.advance(120.0)
    end(bench, 1)
    end(bench, 2)


def station_max(bench: Bench) -> None:
    """A ChargePointMaxProfile over two cars; then too little for both, then nothing at all."""
    bench.advance(30.0)
    begin(bench, 1, "renault-zoe-ze50")
    begin(bench, 2, "renault-zoe-ze50")
    bench.advance(300.0)
    install(bench, 0, profile(1, 30.0, "ChargePointMaxProfile"))
    composite(bench, 0, 1)
    bench.advance(300.0)
    install(bench, 0, profile(1, 10.0, "ChargePointMaxProfile"))
    bench.advance(300.0)
    install(bench, 0, profile(1, 0.0, "ChargePointMaxProfile"))
    bench.advance(300.0)
    ask(bench, "ClearChargingProfile", {"id": 1})
    bench.advance(300.0)
    end(bench, 1)
    bench.advance(120.0)
    end(bench, 2)


def turns(bench: Bench) -> None:
    """There is enough for one car of two, and the first of them lets go only when the contactor opens."""
    bench.advance(30.0)
    begin(bench, 1, replace(presets()["renault-zoe-ze50"], id="stubborn", stops_without_pwm=False))
    bench.advance(120.0)
    begin(bench, 2, "renault-zoe-ze50")
    bench.advance(2700.0)
    end(bench, 1)
    bench.advance(120.0)
    end(bench, 2)


def transaction_profile(bench: Bench) -> None:
    """A TxProfile for one transaction, and the next transaction without it."""
    bench.advance(30.0)
    begin(bench)
    bench.advance(200.0)
    wire = profile(
        1,
        [(0, 12.0), (600, 7.0), (1200, 4.0), (1500, 10.0)],
        "TxProfile",
        "Relative",
        transactionId=running(bench),
    )
    install(bench, 1, wire)
    composite(bench, 1)
    bench.advance(1700.0)
    end(bench)
    begin(bench)
    bench.advance(400.0)
    composite(bench, 1)
    end(bench)


def watts(bench: Bench) -> None:
    """Limits in watts, over three phases and over one."""
    bench.advance(30.0)
    begin(bench)
    bench.advance(120.0)
    install(bench, 1, profile(1, 6900.0, unit="W"))
    composite(bench, 1, 0)
    composite(bench, 1, unit="W")
    bench.advance(300.0)
    install(bench, 1, profile(1, 2300.0, unit="W", numberPhases=1))
    composite(bench, 1)
    bench.advance(300.0)
    end(bench)


def phases(bench: Bench) -> None:
    """A profile with numberPhases 1, and back to three before the dwell time is over."""
    bench.advance(30.0)
    begin(bench, vehicle="renault-zoe-ze50")
    bench.advance(300.0)
    install(bench, 1, profile(1, 12.0, numberPhases=1))
    composite(bench, 1)
    bench.advance(300.0)
    install(bench, 1, profile(1, 12.0))
    bench.advance(900.0)
    end(bench)


def recurring(bench: Bench) -> None:
    """A profile for every night from 22:00 and one for the week, across two midnights."""
    bench.advance(30.0)
    daily: Table = {"recurrencyKind": "Daily", "duration": 6 * 3600, "startSchedule": "2024-02-29T22:00:00Z"}
    install(bench, 0, profile(1, [(0, 9.0), (7200, 12.0)], kind="Recurring", **daily))
    weekly: Table = {"recurrencyKind": "Weekly", "duration": 7200, "startSchedule": "2024-02-25T01:00:00Z"}
    install(bench, 1, profile(2, 7.0, kind="Recurring", level=2, **weekly))
    begin(bench, vehicle="tesla-model-s-100", soc=0.05)
    composite(bench, 1, duration=2 * 86_400)
    bench.advance(8 * 3600.0)
    end(bench)


def hasty(bench: Bench) -> None:
    """The back office changes its mind every second or two."""
    bench.advance(30.0)
    begin(bench)
    bench.advance(60.0)
    for limit in (10.0, 12.0, 8.0, 14.0, 9.0):
        install(bench, 1, profile(1, limit))
        bench.advance(1.5)
    bench.advance(120.0)
    end(bench)


def refusals(bench: Bench) -> None:
    """Profiles for nobody and nothing, and clearing what is not there."""
    bench.advance(30.0)
    install(bench, 1, profile(1, 10.0, "TxProfile"))
    install(bench, 2, profile(2, 10.0, "ChargePointMaxProfile"))
    install(bench, 7, profile(3, 10.0))
    ask(bench, "ClearChargingProfile", {"id": 99})
    install(bench, 1, profile(4, 10.0))
    ask(bench, "ClearChargingProfile", {"id": 4})
    bench.advance(30.0)


def validity(bench: Bench) -> None:
    """Profiles that begin and end by the calendar, that are not sound, cleared by every filter."""
    bench.advance(30.0)
    begin(bench, 1)
    bench.advance(60.0)
    limited = profile(1, 9.0, validFrom="2024-03-01T10:05:00Z", validTo="2024-03-01T10:10:00Z", level=3)
    install(bench, 1, limited)
    install(bench, 1, profile(2, [(0, 12.0), (300, 15.0)], kind="Relative", level=1, duration=600))
    composite(bench, 1, duration=1200)
    bench.advance(700.0)
    wrong = profile(3, [(10, 9.0)], level=2)
    install(bench, 1, wrong)
    install(bench, 1, profile(4, 9.0, "TxProfile", transactionId=4711))
    install(bench, 1, profile(5, 8.1, "TxProfile", "Relative", transactionId=running(bench), level=2))
    composite(bench, 1, 2)
    bench.advance(120.0)
    ask(bench, "Reset", {"type": "Soft"})
    bench.advance(120.0)
    bench.unplug(1)
    bench.advance(30.0)
    begin(bench, 1)
    composite(bench, 1, 2, 0)
    bench.advance(120.0)
    for filters in ({"connectorId": 2}, {"stackLevel": 3}, {"chargingProfilePurpose": "TxProfile"}, {}):
        ask(bench, "ClearChargingProfile", filters)
    composite(bench, 1)
    bench.advance(60.0)
    end(bench, 1)
