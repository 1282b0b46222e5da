"""Charging profiles of every kind, and the current that the station's own key allows beside them."""

from typing import Any

from random_days.acting import TAGS, Act, Stage

Table = dict[str, Any]

THREE_PHASES = ("renault-zoe-ze50", "tesla-model-3-rwd", "vw-id3-58")
LIMITS = {"A": (0.0, 5.0, 6.0, 8.1, 10.0, 16.0, 20.0), "W": (0.0, 2300.0, 6900.0, 11000.0)}
PURPOSES = ("ChargePointMaxProfile", "TxDefaultProfile", "TxProfile")
KINDS = ("Absolute", "Recurring", "Relative")


def install(stage: Stage) -> None:
    purpose = stage.random.choice(PURPOSES)
    connector = 0 if purpose == PURPOSES[0] else stage.random.randint(0, stage.connectors)
    if stage.random.random() < 0.1:
        connector = stage.random.randint(0, stage.connectors + 1)
    stage.ask(
        "SetChargingProfile", {"connectorId": connector, "csChargingProfiles": _profile(stage, purpose)}
    )


def start_with_profile(stage: Stage) -> None:
    """A remote start that brings its profile along."""
    profile = _profile(stage, stage.random.choice(("TxProfile", "TxProfile", "TxDefaultProfile")))
    order = {"connectorId": stage.connector(), "idTag": TAGS[0], "chargingProfile": profile}
    stage.ask("RemoteStartTransaction", order)


def _profile(stage: Stage, purpose: str) -> Table:
    random = stage.random
    kind = random.choice(KINDS)
    profile: Table = {
        "chargingProfileId": random.randint(1, 8),
        "stackLevel": random.randint(0, 3),
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": _schedule(stage, kind),
    }
    if kind == "Recurring":
        profile["recurrencyKind"] = random.choice(("Daily", "Weekly"))
    if random.random() < 0.2:
        profile["validFrom"] = stage.instant(random.choice((-600.0, 600.0)))
        profile["validTo"] = stage.instant(random.choice((1200.0, 7200.0)))
    return profile


def _schedule(stage: Stage, kind: str) -> Table:
    random = stage.random
    unit = random.choice(("A", "A", "W"))
    step_s = random.choice((300, 1800))
    periods = [_period(stage, n * step_s, unit) for n in range(random.randint(1, 4))]
    schedule: Table = {"chargingRateUnit": unit, "chargingSchedulePeriod": periods}
    if kind != "Relative":
        schedule["startSchedule"] = stage.instant(-random.choice((0.0, 600.0, 90_000.0)))
    if random.random() < 0.5:
        schedule["duration"] = random.choice((600, 7200))
    return schedule


def _period(stage: Stage, at_s: int, unit: str) -> Table:
    period: Table = {"startPeriod": at_s, "limit": stage.random.choice(LIMITS[unit])}
    if stage.random.random() < 0.3:
        period["numberPhases"] = stage.random.choice((1, 2, 3))
    return period


def clear(stage: Stage) -> None:
    some: tuple[Table, ...] = (
        {},
        {"id": stage.random.randint(1, 8)},
        {"connectorId": stage.connector()},
        {"chargingProfilePurpose": "TxDefaultProfile"},
        {"stackLevel": stage.random.randint(0, 3)},
    )
    stage.ask("ClearChargingProfile", stage.random.choice(some))


def composite(stage: Stage) -> None:
    asked: Table = {"connectorId": stage.random.randint(0, stage.connectors)}
    asked["duration"] = stage.random.choice((600, 7200, 100_000))
    if stage.random.random() < 0.5:
        asked["chargingRateUnit"] = stage.random.choice(("A", "W"))
    stage.ask("GetCompositeSchedule", asked)


def one_phase(stage: Stage) -> None:
    """A car that takes all three charges on one for a while; where relays allow it."""
    connector = stage.free()
    if connector is None:
        return
    stage.plug(connector, THREE_PHASES)
    stage.do("advance", 10.0)
    stage.tag(connector, TAGS[0])
    for phases, seconds in ((3, 120.0), (1, 300.0), (3, stage.random.choice((60.0, 900.0)))):
        period = {"startPeriod": 0, "limit": 10.0, "numberPhases": phases}
        profile = {
            "chargingProfileId": 9,
            "stackLevel": 4,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]},
        }
        stage.ask("SetChargingProfile", {"connectorId": connector, "csChargingProfiles": profile})
        stage.do("advance", seconds)


def mode3_current(stage: Stage) -> None:
    """The station's own limit of a connector, below the profiles or above them."""
    value = ",".join(stage.random.choice(("0", "6", "8", "13", "32")) for _ in range(stage.connectors))
    stage.ask("ChangeConfiguration", {"key": "chg_Mode3Current", "value": value})


ACTS: dict[Act, float] = {
    install: 6,
    start_with_profile: 0.7,
    clear: 1.5,
    composite: 2,
    one_phase: 1.5,
    mode3_current: 0.7,
}
