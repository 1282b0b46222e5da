"""Which charge-point cases of the OCPP Compliance Testing Tool 1.6 a recording goes through.

A map for testers, no certification: a recording cannot show what the tool's operator does by hand. A case
is PASS where all its situations occur and all its requirements hold, FAIL where one of these does not hold,
PARTIAL where some of it did not occur, NOT COVERED without its first situation, which is the deed itself.
"""

# ruff: noqa: E501  (a case on a line: the table is read and searched by its rows)

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from evc5.rigs.checks.verdict.render import COLUMNS
from evc5.rigs.checks.verdict.situations import situations

PASS, FAIL, PARTIAL, NOT_COVERED = "PASS", "FAIL", "PARTIAL", "NOT COVERED"
STYLES = {PASS: ("✓", "green"), FAIL: ("✗", "bold red"), PARTIAL: ("◐", "yellow"), NOT_COVERED: ("·", "dim")}


class Case(NamedTuple):
    """A case: what must occur, as `situations` words it (`a|b`: either), and which requirements must hold."""

    id: str
    title: str
    occurs: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()


_TX = ("transaction.pair", "transaction.delivered")
_STOPS = (*_TX, "transaction.stop-reason")

# Module by module, as the tool lists them; titles in our words.
CASES: Mapping[str, tuple[Case, ...]] = {
    "ColdBoot": (
        Case("001", "Cold boot, accepted", ("BootNotification=Accepted",), ("boot.first", "boot.status")),
        Case("002", "Cold boot, pending first", ("BootNotification=Pending", "BootNotification=Accepted"), ("boot.first", "boot.retry")),
    ),
    "Start": (
        Case("003", "Charging, cable first", ("Authorize cable first=Accepted", "StatusNotification Charging", "StopTransaction"), (*_TX, "status.table")),
        Case("004_1", "Charging, identification first", ("Authorize cable later=Accepted", "StartTransaction=Accepted"), (*_TX, "status.table")),
        Case("004_2", "Identification first, no cable in time", ("Authorize cable later=Accepted", "StatusNotification Available after Preparing")),
    ),
    "Stop": (
        Case("005_1", "Cable pulled at the car, transaction stops", ("StopTransaction EVDisconnected",), _STOPS),
        Case("005_2", "Cable pulled at the car, connector stays locked", ("ChangeConfiguration UnlockConnectorOnEVSideDisconnect=Accepted", "StopTransaction EVDisconnected"), _STOPS),
        Case("005_3", "Cable pulled at the car, transaction goes on", ("ChangeConfiguration StopTransactionOnEVSideDisconnect=Accepted", "StatusNotification SuspendedEV in transaction"), _TX),
        Case("068", "Stopped by the tag that started", ("StopTransaction Local",), (*_STOPS, "authorisation.own-stop")),
        Case("069", "Stopped by a tag of the same group", ("Authorize in transaction", "StopTransaction Local"), (*_STOPS, "authorisation.own-stop")),
    ),
    "Cache": (
        Case("007_1", "Start on a cached tag", ("ChangeConfiguration AuthorizationCacheEnabled=Accepted", "StartTransaction=Accepted"), ("authorisation.respected",)),
        Case("007_2", "Start on a cached tag that has been refused since", ("ChangeConfiguration AuthorizationCacheEnabled=Accepted", "StartTransaction=Invalid|StartTransaction=Blocked|StartTransaction=Expired"), ("authorisation.ended",)),
        Case("061_1", "Clear the cache", ("ClearCache=Accepted",)),
        Case("061_2", "Clear the cache, refused", ("ClearCache=Rejected",)),
    ),
    "RemoteActions": (
        Case("010", "Remote start, cable first", ("RemoteStartTransaction cable first=Accepted", "StartTransaction=Accepted"), _TX),
        Case("011_1", "Remote start, cable later", ("RemoteStartTransaction cable later=Accepted", "StartTransaction=Accepted"), _TX),
        Case("011_2", "Remote start, no cable in time", ("RemoteStartTransaction cable later=Accepted", "StatusNotification Available after Preparing")),
        Case("012", "Remote stop", ("RemoteStopTransaction=Accepted", "StopTransaction Remote"), ("transaction.remote-stop", *_STOPS)),
    ),
    "Reset": (
        Case("013", "Hard reset, idle", ("Reset Hard=Accepted without transaction", "BootNotification=Accepted"), ("boot.first", "boot.status")),
        Case("014", "Soft reset, idle", ("Reset Soft=Accepted without transaction", "BootNotification=Accepted"), ("boot.first", "boot.status")),
        Case("015", "Hard reset in a transaction", ("Reset Hard=Accepted in transaction", "StopTransaction HardReset"), ("boot.status", *_STOPS)),
        Case("016", "Soft reset in a transaction", ("Reset Soft=Accepted in transaction", "StopTransaction SoftReset"), ("boot.status", *_STOPS)),
    ),
    "Unlock": (
        Case("017_1", "Unlock, idle, no lock", ("UnlockConnector=NotSupported without transaction",)),
        Case("017_2", "Unlock, idle", ("UnlockConnector=Unlocked without transaction",)),
        Case("018_1", "Unlock in a transaction, no lock", ("UnlockConnector=NotSupported in transaction",)),
        Case("018_2", "Unlock in a transaction", ("UnlockConnector=Unlocked in transaction", "StopTransaction UnlockCommand"), _STOPS),
    ),
    "Configuration": (
        Case("019", "Read the configuration", ("GetConfiguration",), ("configuration.told",)),
        Case("021", "Change the configuration", ("ChangeConfiguration=Accepted",), ("configuration.kept",)),
    ),
    "MeterValues": (
        Case("070", "Sampled meter values", ("MeterValues Sample.Periodic",), ("metering.sample-interval", "metering.measurands")),
        Case("071", "Clock-aligned meter values", ("MeterValues Sample.Clock",), ("metering.clock-boundary", "metering.clock-complete")),
    ),
    "BasicNonHappy": (
        Case("023_4", "A tag refused", ("Authorize=Invalid|Authorize=Blocked|Authorize=Expired",), ("authorisation.respected",)),
    ),
    "BasicNonHappy2": (
        Case("023_5", "A tag refused as the transaction starts", ("StartTransaction=Invalid|StartTransaction=Blocked|StartTransaction=Expired",), ("authorisation.ended",)),
        Case("024", "The cable lock fails", ("event fault", "StatusNotification Faulted"), ("status.in-service",)),
    ),
    "RemoteNonHappy": (
        Case("026", "Remote start, refused", ("RemoteStartTransaction=Rejected",)),
        Case("027", "Remote start on connector 0", ("RemoteStartTransaction connector 0",)),
        Case("028", "Remote stop of an unknown transaction", ("RemoteStopTransaction=Rejected",), ("transaction.remote-stop-known",)),
    ),
    "UnlockNonHappy": (
        Case("030", "Unlock fails", ("UnlockConnector=UnlockFailed",)),
        Case("031", "Unlock of an unknown connector", ("UnlockConnector connector 0=NotSupported|UnlockConnector=error",)),
    ),
    "PowerFailure": (
        Case("032_1", "Power failure, transaction stopped after boot", ("event power-cut in transaction", "StopTransaction PowerLoss"), ("boot.status", *_STOPS)),
        Case("032_2", "Power failure, transaction stopped before", ("event power-cut in transaction", "StopTransaction PowerLoss"), ("boot.status", *_STOPS)),
        Case("034", "Power failure while unavailable", ("ChangeAvailability Inoperative=Accepted", "event power-cut", "StatusNotification Unavailable"), ("boot.status",)),
    ),
    "Offline": (
        Case("036", "Link lost in a transaction", ("event link-down in transaction", "event link-up"), (*_TX, "transaction.repeat")),
        Case("037_1", "Start offline, tag valid", ("StartTransaction late=Accepted", "event link-down"), (*_TX, "transaction.times")),
        Case("037_2", "Start offline, tag refused, no energy", ("StartTransaction late=Invalid|StartTransaction late=Blocked", "event link-down"), ("authorisation.ended",)),
        Case("037_3", "Start offline, tag refused, stopped", ("StartTransaction late=Invalid|StartTransaction late=Blocked", "event link-down", "StopTransaction DeAuthorized"), ("authorisation.ended", *_STOPS)),
        Case("038", "Stop offline", ("StopTransaction late", "event link-down in transaction"), (*_STOPS, "transaction.times")),
        Case("039", "A whole transaction offline", ("StartTransaction late", "StopTransaction late"), (*_TX, "transaction.repeat")),
    ),
    "ConfigNonHappy": (
        Case("040_1", "Change of an unknown key", ("ChangeConfiguration=NotSupported",), ("configuration.known",)),
        Case("040_2", "Change to a value out of range", ("ChangeConfiguration=Rejected",), ("configuration.kept",)),
    ),
    "Fault": (
        Case("041", "A fault, and its end", ("StatusNotification Faulted",), ("status.in-service", "status.error-code")),
    ),
    "LocalList": (
        Case("008_1", "Start on a tag of the local list", ("SendLocalList=Accepted", "StartTransaction=Accepted"), ("authorisation.respected",)),
        Case("008_2", "Start on a tag that the local list refuses", ("SendLocalList=Accepted", "event tag"), ("authorisation.respected",)),
        Case("042_1", "Version of the list, no list", ("GetLocalListVersion=-1",)),
        Case("042_2", "Version of an empty list", ("GetLocalListVersion=0",)),
        Case("043_1", "Send a list, not supported", ("SendLocalList=NotSupported",)),
        Case("043_2", "Send a list of a version that does not fit", ("SendLocalList=VersionMismatch",)),
        Case("043_3", "Send a list, failed", ("SendLocalList=Failed",)),
        Case("043", "Send a list, full and differential", ("SendLocalList Full=Accepted", "SendLocalList Differential=Accepted")),
    ),
    "Firmware": (
        Case("044_1", "Firmware, downloaded and installed", ("UpdateFirmware", "FirmwareStatusNotification Downloaded", "FirmwareStatusNotification Installed")),
        Case("044_2", "Firmware, download fails", ("UpdateFirmware", "FirmwareStatusNotification DownloadFailed")),
        Case("044_3", "Firmware, installation fails", ("UpdateFirmware", "FirmwareStatusNotification InstallationFailed")),
    ),
    "Diagnostics": (
        Case("045_1", "Diagnostics, uploaded", ("GetDiagnostics", "DiagnosticsStatusNotification Uploaded")),
        Case("045_2", "Diagnostics, upload fails", ("GetDiagnostics", "DiagnosticsStatusNotification UploadFailed")),
    ),
    "Reservation": (
        Case("046_1", "Reserve, then charge", ("ReserveNow=Accepted", "StatusNotification Reserved", "StartTransaction=Accepted")),
        Case("046_2", "Reserve, another tag comes", ("ReserveNow=Accepted", "event tag")),
        Case("047", "A reservation expires", ("ReserveNow=Accepted", "StatusNotification Available")),
        Case("048_1", "Reserve a faulted connector", ("ReserveNow=Faulted",)),
        Case("048_2", "Reserve an occupied connector", ("ReserveNow=Occupied",)),
        Case("048_3", "Reserve an unavailable connector", ("ReserveNow=Unavailable",)),
        Case("048_4", "Reserve, refused", ("ReserveNow=Rejected",)),
        Case("049", "Reserve connector 0", ("ReserveNow connector 0=Accepted",)),
        *(Case(id, "Reserve connector 0, in another state", ("ReserveNow connector 0",)) for id in ("050_1", "050_2", "050_3", "050_4")),
        Case("051", "Cancel a reservation", ("CancelReservation=Accepted",)),
        Case("052", "Cancel a reservation, refused", ("CancelReservation=Rejected",)),
        Case("053_1", "A reserved connector is used by its tag", ("ReserveNow=Accepted", "StartTransaction=Accepted")),
        Case("053_2", "A reserved connector is used by its group", ("ReserveNow=Accepted", "Authorize=Accepted")),
    ),
    "Trigger": (
        Case("054", "Triggered messages", ("TriggerMessage=Accepted",), ("trigger.followed", "trigger.connector")),
        Case("055", "A trigger refused", ("TriggerMessage=Rejected|TriggerMessage=NotImplemented",), ("sheet.trigger",)),
    ),
    "SmartCharging": (
        Case("056", "A default profile", ("SetChargingProfile TxDefaultProfile=Accepted",), ("charging.limit", "charging.accepted")),
        Case("057", "A profile of the transaction", ("SetChargingProfile TxProfile=Accepted in transaction",), ("charging.limit", "charging.accepted")),
        Case("058_1", "A profile of a transaction, without one", ("SetChargingProfile TxProfile=Rejected without transaction",), ("charging.accepted",)),
        Case("058_2", "A profile of another transaction", ("SetChargingProfile TxProfile=Rejected in transaction",), ("charging.accepted",)),
        Case("059", "Remote start with a profile", ("RemoteStartTransaction with profile=Accepted", "StartTransaction"), ("charging.limit",)),
        Case("060", "Remote start with a profile, refused", ("RemoteStartTransaction with profile=Rejected",)),
        Case("066", "A composite schedule of all purposes", ("GetCompositeSchedule=Accepted", "SetChargingProfile ChargePointMaxProfile=Accepted", "SetChargingProfile TxDefaultProfile=Accepted", "SetChargingProfile TxProfile=Accepted"), ("charging.composite",)),
        Case("067", "Clear a profile", ("ClearChargingProfile=Accepted",), ("charging.cleared",)),
        Case("072", "Stacked profiles", ("SetChargingProfile TxDefaultProfile=Accepted", "SetChargingProfile TxProfile=Accepted"), ("charging.limit", "charging.accepted")),
        Case("082", "A default profile in a transaction", ("SetChargingProfile TxDefaultProfile=Accepted in transaction",), ("charging.limit",)),
    ),
    "DataTransfer": (Case("062", "Data transfer to the charge point", ("DataTransfer",)),),
    "Security": tuple(
        Case(id, "Security extension, not judged")
        for id in ("073", "074", "075_1", "075_2", "076", "077", "078", "079", "080", "081", "083", "084", "085", "086", "087")
    ),
}  # fmt: skip


def octt(path: Path, requirements: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Each case with its verdict, given the requirements of the recording's verdict."""
    verdicts = {row["id"]: row["verdict"] for row in requirements}
    seen = situations(path)
    return [
        {"id": f"TC_{case.id}_CS", "module": module, "title": case.title, **judged(case, seen, verdicts)}
        for module, cases in CASES.items()
        for case in cases
    ]


def judged(case: Case, seen: Mapping[str, int], verdicts: Mapping[str, str]) -> dict[str, str]:
    """The verdict on one case, and what it lacks."""
    absent = [wanted for wanted in case.occurs if not any(seen.get(one) for one in wanted.split("|"))]
    broken = [id for id in case.holds if verdicts.get(id) == "FAIL"]
    open_ = [id for id in case.holds if verdicts.get(id, "NOT EXERCISED") == "NOT EXERCISED"]
    if not case.occurs or case.occurs[0] in absent:
        return {"verdict": NOT_COVERED, "lacks": "; ".join(absent)}
    if broken:
        return {"verdict": FAIL, "lacks": "; ".join(broken)}
    return {"verdict": PARTIAL if absent or open_ else PASS, "lacks": "; ".join([*absent, *open_])}


def show(rows: Sequence[Mapping[str, str]], console: Console) -> None:
    console.print(table(rows), width=min(console.width, COLUMNS))
    counts = (f"{sum(row['verdict'] == word for row in rows)} {word}" for word in STYLES)
    console.print(f" OCTT 1.6, charge point: {' · '.join(counts)}, as far as a recording tells\n")


def table(rows: Sequence[Mapping[str, str]]) -> Table:
    found = Table(
        title="OCTT cases",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        expand=True,
        pad_edge=False,
    )
    for name in ("verdict", "case"):
        found.add_column(name, no_wrap=True)
    found.add_column("what", ratio=5, no_wrap=True, overflow="ellipsis")
    found.add_column("lacks", ratio=4, no_wrap=True, overflow="ellipsis", style="dim")
    for cells in map(_cells, rows):
        found.add_row(*cells)
    return found


def _cells(row: Mapping[str, str]) -> Iterator[Text]:
    sign, style = STYLES[row["verdict"]]
    yield Text(f"{sign} {row['verdict']}", style=style)
    for name in ("id", "title", "lacks"):
        yield Text(row[name].replace("|", " or "), style="dim" if row["verdict"] == NOT_COVERED else "")
