"""Bugs in what the station does with what happens to it: cards, cables, orders, files, shares of current."""

from typing import Any

from evc5.rigs.selftest.bug import Bug, Patch, answers, around, constant, nothing, says

Payload = dict[str, Any]
SESSION, CHANNEL = "evc5.twin.sessions.session:Session", "evc5.twin.connector.channel:Channel"
CONFIGURATION = "evc5.twin.sheet.configuration:Configuration"


def _always(*_: Any) -> bool:
    return True


def _never(*_: Any) -> bool:
    return False


def _beats_twice(original: Any, agent: Any) -> None:
    original(agent)
    if agent._beat.due_s is not None:
        agent._beat.set((agent.timeline.now + agent._beat.due_s) / 2)


def _gives_up(original: Any, connection: Any) -> None:
    """The first attempt is the last."""
    if not connection._failures:
        original(connection)
        connection._reconnect.clear()


def _new_serial(original: Any, station: Any) -> Payload:
    fields: Payload = original(station)
    return fields | {"chargePointSerialNumber": f"EVC5-{station.restart.life:04}"}


def _latest_first(original: Any, outbox: Any) -> Any:
    """Of meter values that wait the newest goes first."""
    queue = outbox._memory.queue
    if len(queue) > 2 and {m.action for m in queue} == {"MeterValues"}:
        queue.rotate(1)
    return original(outbox)


def _sits_on_stops(original: Any, outbox: Any) -> Any:
    """A stop goes when a minute has passed and something else is to be sent."""
    head = outbox._memory.queue[0] if outbox._memory.queue else None
    if head is not None and head.action == "StopTransaction":
        since = outbox.__dict__.setdefault("_since", {}).setdefault(id(head), outbox._timeline.now)
        if outbox._timeline.now < since + 60.0:
            return None
    return original(outbox)


def _all_writable(original: Any, configuration: Any, name: str) -> Payload:
    entry: Payload = original(configuration, name)
    return entry | {"readonly": False}


def _on_one_phase(channel: Any) -> tuple[float, float, float]:
    return (channel.outlet.offered_a, 0.0, 0.0)


def _is_idle(channel: Any) -> bool:
    """In service or not."""
    return channel.awake and not channel.facts.transaction


def _status(status: str) -> Any:
    return lambda original, *args: original(*args) | {"status": status}


def _quiet_while_idle(original: Any, announcer: Any, connector: int, status: str) -> None:
    """What becomes free again is not told."""
    if status != "Available":
        original(announcer, connector, status)


def _says_preparing(facts: Any) -> str:
    return "Preparing"


def _suspends(original: Any, facts: Any) -> str:
    status: str = original(facts)
    return "SuspendedEV" if status == "SuspendedEVSE" else status


def _half(original: Any, *args: Any) -> Any:
    """Each is granted half of what the limits leave it, as long as that is enough to charge."""
    from evc5.twin.connector.limits import Grant

    grants = original(*args)
    return {n: Grant(max(g.amps / 2, 6.0) if g.amps else 0.0, g.limited_by) for n, g in grants.items()}


def _paused(original: Any, *args: Any) -> Any:
    from evc5.twin.connector.limits import Grant

    return {n: Grant(0.0, "none") for n in original(*args)}


def _blames_cable(original: Any, *args: Any) -> Any:
    from evc5.twin.connector.limits import Grant

    return {n: Grant(g.amps, "cable" if g.amps else g.limited_by) for n, g in original(*args).items()}


def _only_allocated(original: Any, channel: Any) -> float:
    """The grant is taken in, and the pilot forgotten."""
    return 0.0


def _swaps_phases(original: Any, metered: Any, offered_a: Any) -> Any:
    row = original(metered, offered_a)
    return (*row[:3], *(volts * 0.9 for volts in row[3:6]), *row[6:])


def _waits_for_more(original: Any, agent: Any, message: Any) -> None:
    """Meter values are sent by two: the first waits for the second."""
    agent.memory.post(message)
    if message.action != "MeterValues" or len(agent.memory.queue) > 1:
        agent.flush()


def _other_connector(original: Any, station: Any, message: str, connector: int | None) -> None:
    original(station, message, None if connector is None else 3 - connector)


def _answer_only(original: Any, station: Any, payload: Payload) -> Payload:
    return {"status": "Accepted"}


def _takes_any_version(original: Any, listed: Any, request: Payload, *most: Any, **how: Any) -> str:
    listed.version = min(listed.version, request["listVersion"] - 1)
    status: str = original(listed, request, *most, **how)
    return status


def _keeps_version(original: Any, listed: Any, *args: Any, **how: Any) -> str:
    before = listed.version
    status: str = original(listed, *args, **how)
    listed.version = before
    return status


def _whoever(original: Any, authorisation: Any, id_tag: str) -> Payload:
    return {"status": "Accepted"}


def _forgets_code(payload: Payload) -> Payload:
    return payload | {"errorCode": "OtherError" if payload["status"] == "Faulted" else "NoError"}


def _takes_nonsense(original: Any, row: Any, text: str, *more: Any) -> str:
    try:
        value: str = original(row, text, *more)
    except ValueError:
        return "0" if row.type == "Int" else original(row, row.default or "", *more)
    return value


def _wipes(original: Any, configuration: Any) -> None:
    original(configuration)
    configuration._set.clear()


def _downloads_at_once(original: Any, firmware: Any) -> None:
    if firmware._job.get("step") == "retrieve":
        firmware._retrieve.set(firmware._timeline.now + 120.0)


def _skips_uploading(original: Any, reports: Any, status: str, **how: Any) -> None:
    if status != "Uploading":
        original(reports, status, **how)


def _all_well(payload: Payload) -> Payload:
    return {"status": payload["status"].replace("UploadFailed", "Uploaded")}


def _not_shown(payload: Payload) -> Payload:
    return payload | {"idTag": "SOMEBODY"}


def _reserved(payload: Payload) -> Payload:
    return payload | ({"status": "Reserved"} if payload["status"] == "Finishing" else {})


def _other_number(original: Any, configuration: Any, name: str) -> Payload:
    entry: Payload = original(configuration, name)
    return entry | ({"value": "40"} if name == "GetConfigurationMaxKeys" else {})


def _stays_charging(original: Any, facts: Any) -> str:
    return "SuspendedEV" if facts.drawing and facts.transaction else str(original(facts))


BUGS: tuple[Bug, ...] = (
    Bug(
        "own-card-ignored",
        "the card that started a transaction does not stop it",
        "card.stops",
        "3.10, TC_005_1_CS",
        "charge",
        (Patch(f"{SESSION}._present_to", constant(nothing)),),
    ),
    Bug(
        "family-ignored",
        "another card of the same group does not stop the transaction",
        "card.stops",
        "3.10",
        "authorisation",
        (Patch("evc5.twin.sessions.session:_related", constant(_never)),),
    ),
    Bug(
        "cards-trusted",
        "unknown cards are not asked for",
        "card.asked",
        "4.1, TC_003_CS",
        "charge",
        (
            Patch(
                "evc5.twin.sessions.authorisation:Authorisation.known",
                constant(lambda *_: {"status": "Accepted"}),
            ),
            Patch(f"{CONFIGURATION}.flag", constant(_always)),
        ),
    ),
    Bug(
        "accepted-card-forgotten",
        "an accepted card starts nothing where the cable was there first",
        "card.starts",
        "4.8, TC_003_CS",
        "charge",
        (Patch(f"{CHANNEL}.plugged", constant(property(_never))),),
    ),
    Bug(
        "start-on-another-tag",
        "a transaction is told under an idTag that nobody showed",
        "transaction.start-cause",
        "4.8",
        "charge",
        (says("StartTransaction", _not_shown),),
    ),
    Bug(
        "unplugging-ignored",
        "a transaction outlives its cable though the key says otherwise",
        "transaction.unplugged",
        "4.10, 9.1.28, TC_068_CS",
        "authorisation",
        (Patch(f"{SESSION}._stops_on_disconnect", constant(_never)),),
    ),
    Bug(
        "connection-timeout-ignored",
        "a connector is Preparing for ever",
        "status.timeout",
        "9.1.6, TC_004_2_CS",
        "waiting",
        (Patch(f"{SESSION}._await_user", constant(nothing)),),
    ),
    Bug(
        "status-untold",
        "a connector that is free again does not say so",
        "status.told",
        "4.9",
        "charge",
        (Patch("evc5.twin.services.announcer:Announcer._changed", around(_quiet_while_idle)),),
    ),
    Bug(
        "suspended-by-the-wrong-one",
        "SuspendedEV is told where the station pauses",
        "status.true",
        "4.9, 7.7",
        "station-max",
        (Patch("evc5.twin.connector.status_steps:status_of", around(_suspends)),),
    ),
    Bug(
        "current-under-suspended",
        "current flows under SuspendedEV",
        "service.told",
        "7.7",
        "charge",
        (Patch("evc5.twin.connector.status_steps:status_of", around(_stays_charging)),),
    ),
    Bug(
        "started-out-of-service",
        "a transaction starts on a connector that is Unavailable",
        "status.in-service",
        "4.9, 5.2",
        "orders",
        (Patch(f"{CHANNEL}.is_free", constant(property(_is_idle))),),
    ),
    Bug(
        "remote-start-refused",
        "a remote start is refused though the connector is free",
        "remote.start-answer",
        "5.11, TC_010_CS",
        "orders",
        (answers("RemoteStartTransaction", _status("Rejected")),),
    ),
    Bug(
        "remote-start-without-effect",
        "a remote start is accepted and nothing comes of it",
        "remote.started",
        "5.11, TC_010_CS",
        "orders",
        (Patch(f"{SESSION}.remote_start", constant(nothing)),),
    ),
    Bug(
        "remote-stop-refused",
        "a remote stop of a running transaction is refused",
        "transaction.remote-stop-known",
        "5.12, TC_012_CS",
        "orders",
        (answers("RemoteStopTransaction", _status("Rejected")),),
    ),
    Bug(
        "availability-never-scheduled",
        "Inoperative is Accepted while a transaction runs",
        "availability.answer",
        "5.2",
        "orders",
        (answers("ChangeAvailability", _status("Accepted")),),
    ),
    Bug(
        "reset-without-effect",
        "a reset is accepted and the station goes on",
        "reset.carried-out",
        "5.14, TC_014_CS",
        "orders",
        (Patch("evc5.twin.charge_point:ChargePoint.reset", constant(nothing)),),
    ),
    Bug(
        "unlock-not-supported",
        "the station says it has no lock",
        "unlock.answer",
        "5.18, TC_017_1_CS",
        "orders",
        (answers("UnlockConnector", _status("NotSupported")),),
    ),
    Bug(
        "trigger-of-the-other-connector",
        "a trigger brings the message of the other connector",
        "trigger.connector",
        "5.17, TC_054_CS",
        "orders",
        (Patch("evc5.twin.charge_point:ChargePoint.trigger", around(_other_connector)),),
    ),
    Bug(
        "cache-always-cleared",
        "ClearCache is Accepted where there is no cache",
        "cache.cleared",
        "5.4, ER 3.23",
        "lists",
        (answers("ClearCache", _answer_only),),
    ),
    Bug(
        "data-transfer-accepted",
        "data of an unknown vendor are Accepted",
        "data-transfer.answer",
        "5.6, TC_062_CS",
        "orders",
        (answers("DataTransfer", _answer_only),),
    ),
    Bug(
        "list-takes-old-versions",
        "a differential update with an old version is Accepted",
        "list.answer",
        "5.15, TC_043_1_CS",
        "lists",
        (Patch("evc5.twin.sessions.id_tags:LocalList.update", around(_takes_any_version)),),
    ),
    Bug(
        "list-version-kept",
        "an update does not change the list's version",
        "list.version",
        "5.10, TC_042_2_CS",
        "lists",
        (Patch("evc5.twin.sessions.id_tags:LocalList.update", around(_keeps_version)),),
    ),
    Bug(
        "list-ignored",
        "a card that the local list accepts is asked for",
        "card.known",
        "3.5.2, 9.1.12, TC_008_1_CS",
        "lists",
        (Patch("evc5.twin.sessions.id_tags:LocalList.find", constant(nothing)),),
    ),
    Bug(
        "offline-anybody",
        "without a link every card may charge",
        "card.offline",
        "3.5.4, TC_039_CS",
        "lists",
        (Patch("evc5.twin.sessions.authorisation:Authorisation.offline", around(_whoever)),),
    ),
    Bug(
        "fault-code-lost",
        "every fault is told as OtherError",
        "status.fault-code",
        "7.6, sheet table 5",
        "faults",
        (says("StatusNotification", _forgets_code),),
    ),
    Bug(
        "upload-unannounced",
        "Uploaded comes without Uploading before it",
        "files.order",
        "4.4, 7.24",
        "files",
        (Patch("evc5.twin.ocpp.reports:Reports.tell", around(_skips_uploading)),),
    ),
    Bug(
        "upload-lost",
        "diagnostics are promised and never sent",
        "files.diagnostics",
        "5.9, TC_045_1_CS",
        "files",
        (Patch("evc5.twin.services.diagnostics:Diagnostics._begin", constant(nothing)),),
    ),
    Bug(
        "card-not-taken-back",
        "a card shown again while it waits for a cable changes nothing",
        "card.taken-back",
        "4.9 B1",
        "waiting",
        (Patch("evc5.twin.sessions.session:Session._withdraw", constant(nothing)),),
    ),
    Bug(
        "cable-free-after-refusal",
        "the cable is let go as soon as the back office has refused the transaction",
        "card.cable",
        "ER 3.5",
        "authorisation",
        (Patch("evc5.twin.sessions.session:Session._unlocks_after", constant(lambda *_: True)),),
    ),
    Bug(
        "stops-when-full",
        "a transaction ends when the car is full, whatever chg_Ch1Options says",
        "transaction.stop-reason",
        "7.36",
        "full",
        (Patch("evc5.twin.sheet.vendor:stops_when_complete", constant(lambda *_: True)),),
    ),
    Bug(
        "upload-always-well",
        "diagnostics that no server took are told as delivered",
        "files.diagnostics",
        "7.24, TC_045_2_CS",
        "files",
        (says("DiagnosticsStatusNotification", _all_well),),
    ),
    Bug(
        "update-late",
        "an update begins two minutes after its date",
        "files.firmware",
        "5.19, TC_044_1_CS",
        "files",
        (Patch("evc5.twin.services.firmware:Firmware._await_date", around(_downloads_at_once)),),
    ),
    Bug(
        "key-takes-anything",
        "a key takes a value that is none of its type",
        "configuration.value",
        "5.3, 7.22",
        "values",
        (Patch("evc5.twin.sheet.configuration:normal", around(_takes_nonsense)),),
    ),
    Bug(
        "keys-lost-at-boot",
        "what was configured is gone after a boot",
        "configuration.kept",
        "5.3, 9",
        "values",
        (Patch(f"{CONFIGURATION}.boot", around(_wipes)),),
    ),
    Bug(
        "half-the-current",
        "half of what the limits leave is allocated",
        "service.full",
        "3.13.3",
        "charge",
        (Patch("evc5.twin.connector.controller:arbitrate", around(_half)),),
    ),
    Bug(
        "paused-for-nothing",
        "a car in a transaction gets nothing, for no reason",
        "service.served",
        "4.9",
        "charge",
        (Patch("evc5.twin.connector.controller:arbitrate", around(_paused)),),
    ),
    Bug(
        "wrong-reason",
        "telemetry blames the cable whatever limits",
        "service.reason",
        "design: limited_by",
        "watts",
        (Patch("evc5.twin.connector.controller:arbitrate", around(_blames_cable)),),
    ),
    Bug(
        "offer-on-one-phase",
        "the offer is taken to stand on one phase, whatever conducts",
        "service.phases",
        "7.14",
        "charge",
        (Patch(f"{CHANNEL}.offered_a", constant(property(_on_one_phase))),),
    ),
    Bug(
        "heartbeat-too-often",
        "Heartbeats come at half their interval",
        "heartbeat.early",
        "4.6, 9.1.8",
        "idle",
        (Patch("evc5.twin.ocpp.agent:Agent.schedule_heartbeat", around(_beats_twice)),),
    ),
    Bug(
        "never-reconnects",
        "after a failed attempt the station does not try to connect again",
        "connection.resumed",
        "J 5.3",
        "outage",
        (Patch("evc5.twin.ocpp.connection:Connection.open", around(_gives_up)),),
    ),
    Bug(
        "dead-after-power",
        "when the power is back the station stays dark",
        "boot.after-power",
        "4.2, TC_032_1_CS",
        "power",
        (Patch("evc5.twin.services.restart:Restart.restore", constant(nothing)),),
    ),
    Bug(
        "serial-of-the-day",
        "each boot tells another serial number",
        "boot.identity",
        "6.3",
        "values",
        (Patch("evc5.twin.charge_point:ChargePoint._identity", around(_new_serial)),),
    ),
    Bug(
        "list-conflict-untold",
        "the CSMS contradicts the local list, and is not told",
        "list.conflict",
        "3.5.2",
        "lists",
        (Patch("evc5.twin.services.announcer:Announcer.conflict", constant(nothing)),),
    ),
    Bug(
        "newest-first",
        "after an outage the newest meter value goes first",
        "metering.order",
        "3.7, TC_037_1_CS",
        "outage",
        (Patch("evc5.twin.ocpp.outbox:Outbox.next", around(_latest_first)),),
    ),
    Bug(
        "stop-told-late",
        "a stop waits for a minute",
        "transaction.prompt",
        "4.10",
        "charge",
        (Patch("evc5.twin.ocpp.outbox:Outbox.next", around(_sits_on_stops)),),
    ),
    Bug(
        "everything-writable",
        "keys that are read only are told to be writable",
        "configuration.access",
        "5.8, sheet tables 13 to 16",
        "values",
        (Patch(f"{CONFIGURATION}._wire", around(_all_writable)),),
    ),
    Bug(
        "rig-keys-ignored",
        "the station does not have the keys that its rig sets",
        "configuration.as-rigged",
        "rig file: station.keys",
        "charge",
        (Patch(f"{CONFIGURATION}._override", constant(nothing)),),
    ),
    Bug(
        "nonsense-answered",
        "a request that breaks its schema is answered as if it made sense",
        "frame.refused",
        "J 4.2.3",
        "unsupported",
        (
            Patch("evc5.twin.ocpp.rpc:validator", constant(nothing)),
            answers("RemoteStartTransaction", _status("Rejected")),
        ),
    ),
    Bug(
        "pilot-forgotten",
        "current is allocated, and the pilot never says so",
        "service.offered",
        "IEC 61851-1 Annex A",
        "charge",
        (Patch(f"{CHANNEL}._target_a", around(_only_allocated)),),
    ),
    Bug(
        "voltage-low",
        "the voltage is told a tenth too low",
        "metering.true-values",
        "EN 50470-3",
        "charge",
        (Patch("evc5.twin.sessions.samples:flat", around(_swaps_phases)),),
    ),
    Bug(
        "values-by-two",
        "a meter value waits for the next one",
        "metering.prompt",
        "4.7, TC_070_CS",
        "charge",
        (Patch("evc5.twin.ocpp.agent:Agent.post", around(_waits_for_more)),),
    ),
    Bug(
        "reserved-without-profile",
        "Reserved is told, which the sheet does not have",
        "sheet.status",
        "sheet table 4",
        "charge",
        (says("StatusNotification", _reserved),),
    ),
    Bug(
        "max-keys-forty",
        "GetConfigurationMaxKeys is told as 40",
        "sheet.value",
        "sheet table 13",
        "keys",
        (Patch(f"{CONFIGURATION}._wire", around(_other_number)),),
    ),
)
