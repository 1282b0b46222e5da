"""What the vendor's own keys (sheet table 23) mean to the device, as far as anybody says.

Meanings and formats come from public code of people who operate EVC4.x stations; of the sheet they have only
their names. Options that are not here keep their value and do nothing.
"""

from typing import Any

from evc5.twin.sheet.configuration import Configuration

ACT = frozenset({  # the keys of table 23 that the twin goes by; the others keep their value and do nothing
    "chg_Ch1Options", "chg_Ch2Options", "chg_ChannelsEnabled", "chg_KWH1", "chg_KWH2", "chg_KWH3",
    "chg_MinChargingCurrent", "chg_Mode3Current", "chg_Options", "chg_RatedCurrent", "chg_Reader1",
    "chg_Reader2", "chg_SktType", "chg_StationMaxCurrent", "com_AuthOptions", "com_AuthTimeOut",
    "com_Endpoint", "com_FwOptions", "com_OCPCID", "com_OCPCInfo", "com_Options", "com_ProtCh",
    "com_ProtType", "grid_InstallationMaxcurrent", "grid_InstallationSaveCurrent", "grid_Role",
    "grid_TotalcurrentOffset",
})  # fmt: skip
ASSUMED = frozenset(  # act by policy assumed_keys, as their names suggest
    {"grid_SupervisorTotalcurrent", "io_InputCfg", "io_OutputCfg"}
)
RESIDUAL_CURRENT = "rcd"  # an input of io_InputCfg: RCD2, of an EVC4
CHARGING_OUTPUT = "charging_ch"  # an output of io_OutputCfg, with the channel's number: of an EVC4
LOW_COSPHI = 0.5  # assumed: below it StopOnLowCosphi ends a transaction
METER_NAMES = {"EASTR_SDM72D": "Eastron SDM72D", "EASTR_SDM630": "Eastron SDM630"}  # as an EVC4 says them
PLUG_AND_CHARGE_TAG = "PlugAndCharge"  # the idTag of a transaction without a card; assumed
LOCK_OPTION = "lock"  # of "Lock+CP+PP" in chg_SktType
NO_READER = "none"  # a reader that is not there


def speaks_ocpp(configuration: Configuration) -> bool:
    """com_ProtType: OCPP1.6J, or Lms, which is older than OCPP and unknown to any CSMS here."""
    return configuration.text("com_ProtType").lower() != "lms"


def uses_tls(configuration: Configuration) -> bool:
    """com_Options UseTLS: for a com_Endpoint that says neither ws nor wss."""
    return configuration.option("com_Options", "UseTLS")


def blocks_before_boot(configuration: Configuration) -> bool:
    """com_Options BlockBeforeBoot: no charging before the CSMS accepted the BootNotification."""
    return configuration.option("com_Options", "BlockBeforeBoot")


def blocks_when_full(configuration: Configuration) -> bool:
    """com_Options blockLgFull: no new transaction while the transaction log is full."""
    return configuration.option("com_Options", "blockLgFull")


def allows_all_cards(configuration: Configuration) -> bool:
    """com_AuthOptions AllowAllCards: whoever holds up a card may charge; nobody is asked."""
    return configuration.option("com_AuthOptions", "AllowAllCards")


def asks_online(configuration: Configuration) -> bool:
    """com_AuthOptions chkOnlineAuth: off, the CSMS is asked about no card, as if offline; assumed reading."""
    return configuration.option("com_AuthOptions", "chkOnlineAuth", unmentioned=True)


def stops_on_any_card(configuration: Configuration) -> bool:
    """com_AuthOptions StopOnAnyCrd: any card ends a running transaction."""
    return configuration.option("com_AuthOptions", "StopOnAnyCrd")


def plug_and_charge(configuration: Configuration, connector: int) -> bool:
    """PlugAndCharge: plugging in starts a transaction, without a card."""
    return _of_channel(configuration, connector, "PlugAndCharge")


def stops_when_complete(configuration: Configuration, connector: int) -> bool:
    """StopOnChargeComplete: the transaction ends when the car has stopped drawing."""
    return _of_channel(configuration, connector, "StopOnChargeComplete")


def stops_offline_on_disconnect(configuration: Configuration, connector: int) -> bool:
    """OfflineStopOnDisconnect: offline, pulling the cable ends the transaction whatever the OCPP key says."""
    return _of_channel(configuration, connector, "OfflineStopOnDisconnect")


def applies_profiles(configuration: Configuration) -> bool:
    """chg_Options ChgProf: charging profiles are processed in the station."""
    return configuration.option("chg_Options", "ChgProf")


def resumes_transactions(configuration: Configuration) -> bool:
    """chg_Options RestartTransOnBoot: a transaction that a power loss interrupted goes on after the boot."""
    return configuration.option("chg_Options", "RestartTransOnBoot")


def updates_in_idle_only(configuration: Configuration) -> bool:
    """com_FwOptions FwUpdateInIdleOnly: new firmware is installed when nobody charges."""
    return configuration.option("com_FwOptions", "FwUpdateInIdleOnly")


def is_enabled(configuration: Configuration, connector: int) -> bool:
    """chg_ChannelsEnabled: is this channel in use at all?"""
    return str(connector) in configuration.items("chg_ChannelsEnabled")


def has_lock(configuration: Configuration, connector: int) -> bool:
    """chg_SktType: can this socket hold the cable?"""
    return LOCK_OPTION in configuration.items("chg_SktType")[connector - 1].lower().split("+")


def has_reader(configuration: Configuration, connector: int) -> bool:
    """chg_Reader1 and chg_Reader2, as type,binding: does a card reader serve this channel?"""
    for key in ("chg_Reader1", "chg_Reader2"):
        kind, _, binding = configuration.text(key).lower().partition(",")
        if kind.strip() != NO_READER and binding.strip() in ("any", f"ch{connector}"):
            return True
    return False


def acts_as_named(configuration: Configuration) -> bool:
    """Policy assumed_keys: may keys act whose meaning only their name suggests?"""
    return configuration.behaviour.policy("assumed_keys") == "as-named"


def stops_on_low_cosphi(configuration: Configuration, connector: int) -> bool:
    """StopOnLowCosphi, as its name suggests: the transaction ends when the car's power factor is low."""
    return acts_as_named(configuration) and _of_channel(configuration, connector, "StopOnLowCosphi")


def senses_over_current(configuration: Configuration, connector: int) -> bool:
    """OvercurrentSens, as its name suggests: off, more than the offer does not trip the channel."""
    return not acts_as_named(configuration) or _of_channel(configuration, connector, "OvercurrentSens")


def senses_residual_current(configuration: Configuration, connector: int) -> bool:
    """An input RCD2 in io_InputCfg, as its name suggests: without one nobody tells of a residual current."""
    inputs = configuration.items("io_InputCfg")
    return not acts_as_named(configuration) or inputs[connector - 1].lower().startswith(RESIDUAL_CURRENT)


def charging_outputs(configuration: Configuration) -> dict[int, tuple[str, int]]:
    """Outputs of io_OutputCfg that show that a channel charges: name and channel, by number from 1."""
    if not acts_as_named(configuration):
        return {}
    named = {}
    for number, name in enumerate(configuration.items("io_OutputCfg"), 1):
        kind, channel = name[: len(CHARGING_OUTPUT)], name[len(CHARGING_OUTPUT) :]
        if kind.lower() == CHARGING_OUTPUT and channel.isdecimal():
            named[number] = (name, int(channel))
    return named


def supervisor_a(configuration: Configuration) -> float | None:
    """grid_SupervisorTotalcurrent, as its name suggests: of the whole station, A per phase."""
    amps = configuration.number("grid_SupervisorTotalcurrent")
    return amps if amps > 0 and acts_as_named(configuration) else None


def boot_fields(configuration: Configuration, firmware: str) -> dict[str, Any]:
    """BootNotification as com_OCPCInfo and chg_KWH1 fill it, less what the sheet's row omits (3.1.1)."""
    info = {name.lower(): value for name, value in configuration.options("com_OCPCInfo").items()}
    serial = info.get("cpsn", "")[:25]  # lengths: OCPP 1.6 6.3, the key takes longer ones
    meter = configuration.text("chg_KWH1").partition(",")[0].strip()
    fields = {
        "chargePointVendor": info.get("vendorname", "")[:20],
        "chargePointModel": info.get("modelname", "")[:20],
        "chargePointSerialNumber": serial,
        "chargeBoxSerialNumber": serial,
        "firmwareVersion": firmware,
        "meterType": METER_NAMES.get(meter.upper(), meter)[:25],  # firmware of 2026 on an EVC4
        "meterSerialNumber": info.get("meterserial", "")[:25],
    }
    row = configuration.behaviour.message("BootNotification")
    omits = row.omits if row is not None else ()
    known = {name: value for name, value in fields.items() if value or not name.startswith("meter")}
    return {name: value for name, value in known.items() if name not in omits}


def _of_channel(configuration: Configuration, connector: int, name: str) -> bool:
    return configuration.option(f"chg_Ch{connector}Options", name)
