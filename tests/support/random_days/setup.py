"""The station of a random day and its back office: drawn as the table that a rig file would be."""

from random import Random
from typing import Any

from evc5.rigs.selftest.small_rigs import KEYS
from evc5.twin.sheet.policies import POLICIES

Table = dict[str, Any]

BEHAVIOURS = ("evc5-v32r30", "ocpp16")
CHOICES = [(name, choice) for name, policy in POLICIES.items() for choice in policy.choices]
BOOTS = (["Accepted"], ["Accepted"], ["Accepted"], ["Rejected", "Pending", "Accepted"])
CARDS_KNOWN = {
    "AuthorizationCacheEnabled": True,
    "LocalAuthListEnabled": True,
    "LocalPreAuthorize": True,
    "LocalAuthorizeOffline": True,
}
UNMETERED = {
    "chg_KWH1": "None",
    "chg_KWH2": "None",
    "MeterValuesSampledData": "Current.Offered,Temperature",
    "MeterValuesAlignedData": "SoC",
    "StopTxnSampledData": "",
}
FEATURES: tuple[Table, ...] = (  # off, or otherwise than the sheet has them; (value,): for each connector
    {"chg_Options": "ChgProf=0"},
    {"chg_Options": "RestartTransOnBoot=1"},
    {"chg_SktType": ("CP+PP",)},
    {"chg_Reader1": "None", "chg_Reader2": "None"},
    {"chg_Reader1": "sl032,Any", "chg_Reader2": "None"},
    {"chg_ChannelsEnabled": "1"},
    {"com_Options": "BlockBeforeBoot=0"},
    {"com_AuthOptions": "AllowAllCards=1"},
    {"com_AuthOptions": "chkOnlineAuth=0"},
    {"com_AuthOptions": "StopOnAnyCrd=1"},
    {"chg_Ch1Options": "PlugAndCharge=1"},
    {"chg_Ch1Options": "StopOnChargeComplete=1"},
    {"chg_Ch1Options": "OfflineStopOnDisconnect=1"},
    {"com_FwOptions": "FwUpdateInIdleOnly=0"},
    UNMETERED,
    {"LocalAuthListEnabled": False},
    {"AllowOfflineTxForUnknownId": True},
    {"StopTransactionOnInvalidId": False},
    {"StopTransactionOnEVSideDisconnect": False},
    {"UnlockConnectorOnEVSideDisconnect": False},
    {"MaxEnergyOnInvalidId": 500},
    {"MeterValueSampleInterval": 0},
    {"ClockAlignedDataInterval": 0},
    {"HeartbeatInterval": 0},
)


def drawn(seed: int, random: Random) -> Table:
    """One choice of one policy after the other in both behaviours; the rest by chance."""
    behaviour = BEHAVIOURS[seed // len(CHOICES) % 2]
    hardware, policies = _hardware(random), _policies(seed, random)
    if policies.get("follow_csms_time") == "never":
        hardware["clock"] = {"offset_s": 0.0, "drift_ppm": 0.0}  # else it is rightly found to be wrong
    return {
        "name": f"random-{seed}",
        "start": "2024-03-01T00:00:00Z",
        "days": 3660.0,
        "seed": seed,
        "station": {
            "behaviour": behaviour,
            "policies": policies,
            "keys": _keys(random, hardware["connectors"]),
            "allow_overrides": True,
            **hardware,
        },
        "csms": _csms(random),
        "ambient": {"mean_c": random.choice((-10.0, 15.0, 15.0, 40.0))},
    }


def _policies(seed: int, random: Random) -> dict[str, str]:
    more = random.sample(sorted(POLICIES), random.choice((0, 0, 0, 2)))
    others = {name: random.choice(POLICIES[name].choices) for name in more}
    return {**others, **dict([CHOICES[seed % len(CHOICES)]])}


def _keys(random: Random, connectors: int) -> Table:
    keys: Table = {
        "MeterValueSampleInterval": random.choice((10, 60, 300)),
        "ClockAlignedDataInterval": random.choice((300, 900)),
        "ConnectionTimeOut": random.choice((0, 30, 60, 120)),
    }
    for some, chance in ((KEYS, 0.4), (CARDS_KNOWN, 0.25), (random.choice(FEATURES), 0.3)):
        if random.random() < chance:
            keys |= some
    return {name: list(v) * connectors if isinstance(v, tuple) else v for name, v in keys.items()}


def _hardware(random: Random) -> Table:
    """Phases and relays, ratings, the clock as the factory left it, the line."""
    phases = random.choice((1, 3, 3, 3))
    return {
        "connectors": random.choice((1, 2, 2, 2)),
        "phases": phases,
        "phase_switching": phases == 3 and random.random() < 0.4,
        "rated_a": random.choice((16.0, 32.0, 32.0)),
        "station_max_a": random.choice((20.0, 32.0, 63.0)),
        "latency_s": random.choice((0.0, 0.05, 0.05, 0.8)),
        "clock": {
            "offset_s": random.choice((0.0, 0.0, -7.5, 40.0, -3600.0)),
            "drift_ppm": random.choice((0.0, 0.0, 50.0, -500.0, 500.0)),
        },
    }


def _csms(random: Random) -> Table:
    return {
        "boot_status": random.choice(BOOTS),
        "boot_interval_s": random.choice((30, 60)),
        "heartbeat_interval_s": random.choice((300, 900, 3600)),
        "asks_keys": random.random() < 0.8,
        "tags": {"BLOCKED": {"status": "Blocked"}, "KIN1": {"parent": "KIN"}, "KIN2": {"parent": "KIN"}},
    }
