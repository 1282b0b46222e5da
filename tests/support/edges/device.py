"""Numbers by which boots, clocks, requests and files are judged."""

from foreign import BEGIN_S, REPLY_S, Log, at, register
from handmade import Handmade

from edges import Edge
from edges.short import idle, order, status

T = 600.0


# -- boots and clocks --------------------------------------------------------------------------------


def booted(made: Handmade, t: float) -> None:
    """Again as the first time, with its statuses."""
    first = made.calls("BootNotification")[0]
    made.interject(t, "BootNotification", first["frame"][3], made.reply_to(first)["frame"][2])
    for connector in (0, 1, 2):
        status(made, t + 0.2 + 0.1 * connector, "Available", connector)


def boots_in_a_row(x: float) -> Handmade:
    made = idle()
    for n in range(1, int(x)):
        booted(made, 100.0 * n)
    return made


def values_behind(x: float) -> Log:
    log = Log()
    log.begin()
    for n in range(int(x)):
        t = BEGIN_S + 500 + 70 * n
        log.values(t, register(1000 + n), stamp=at(t - 400))
    return log


def a_boot_after_the_power_came(x: float) -> Handmade:
    made = idle()
    made.event(500, None, "power-cut")
    made.event(T, None, "power-restore")
    booted(made, T + x)
    return made


def a_boot_after_a_reset(x: float) -> Handmade:
    made = idle()
    order(made, T, "Reset", {"type": "Hard"})
    made.event(T + 1, None, "reset")
    booted(made, T + x)
    return made


def a_hard_reset_carried_out_after(x: float) -> Handmade:
    made = idle()
    order(made, T, "Reset", {"type": "Hard"})
    made.event(T + x, None, "reset")
    booted(made, T + 60)
    return made


# -- requests ----------------------------------------------------------------------------------------


def the_whole_out_of_service_after(x: float) -> Handmade:
    made = idle()
    order(made, T, "ChangeAvailability", {"connectorId": 0, "type": "Inoperative"})
    for connector in (1, 2):
        status(made, T + 1 + 0.1 * connector, "Unavailable", connector)
    status(made, T + x, "Unavailable", 0)
    return made


def a_remote_start_refused_after_a_card(x: float) -> Handmade:
    made = idle(end=3600)
    made.event(2000 - x, 1, "tag", id_tag="TAG2")
    asked = {"connectorId": 1, "idTag": "TAG1"}
    order(made, 2000, "RemoteStartTransaction", asked, {"status": "Rejected"})
    return made


def a_trigger_followed_after(x: float) -> Handmade:
    made = idle()
    order(made, T, "TriggerMessage", {"requestedMessage": "Heartbeat"})
    made.interject(T + x, "Heartbeat", {}, {"currentTime": at(T + x)})
    return made


# -- files -------------------------------------------------------------------------------------------


def step(made: Handmade, t: float, told: str, action: str = "FirmwareStatusNotification") -> None:
    made.interject(t, action, {"status": told})


def updating(begins_s: float, downloaded_s: float, out_s: float) -> Handmade:
    """An update asked for at T: when its download begins, is over, and connectors are out of service."""
    made = idle(end=4000)
    asked = {"location": "ftp://images/one", "retrieveDate": at(T)}
    order(made, T, "UpdateFirmware", asked, {})
    step(made, T + begins_s, "Downloading")
    step(made, T + downloaded_s, "Downloaded")
    for connector in (1, 2):
        status(made, T + out_s + 0.1 * (connector - 1), "Unavailable", connector)
    return made


def a_download_that_begins_after(x: float) -> Handmade:
    made = updating(x, 100, 105)
    step(made, T + 130, "Installing")
    step(made, T + 160, "Installed")
    return made


def out_of_service_after_the_download(x: float) -> Handmade:
    made = updating(10, 100, 100 + x)
    step(made, T + 130, "Installing")
    return made


def an_upload_to_a_server_that_takes_none_since(x: float) -> Handmade:
    made = an_upload_that_ends_after(100)
    made.event(T - x, None, "operator", takes_files=False)  # counted from the promise of a file
    return made


def talking_on_after_a_reset_for(x: float) -> Log:
    log = Log()
    log.down(100, "Reset", {"type": "Hard"})
    log.up(100 + REPLY_S + x, "Heartbeat", {}, {"currentTime": at(100 + x)})
    return log


def a_stop_after_its_connector_was_unlocked(x: float) -> Log:
    log = Log()
    log.begin()
    log.down(300, "UnlockConnector", {"connectorId": 1}, {"status": "Unlocked"})
    log.end(300 + REPLY_S + x, 1500)
    return log


def a_start_after_it_was_asked_for(x: float) -> Log:
    """A car waits at the connector."""
    log = Log()
    log.status(50, "Preparing")
    log.down(100, "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG1"})
    t = 100 + REPLY_S + x
    told = {"connectorId": 1, "idTag": "TAG1", "meterStart": 1000, "timestamp": at(t)}
    log.up(t, "StartTransaction", told, {"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
    log.status(600, "Charging")
    return log


def talking_on_after_out_of_service_for(x: float) -> Log:
    log = Log()
    log.down(100, "ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    log.up(100 + REPLY_S + x, "Heartbeat", {}, {"currentTime": at(100 + x)})
    return log


def installing_after_another_was_asked_for(x: float) -> Handmade:
    made = updating(10, 100, 105)
    again = {"location": "ftp://images/two", "retrieveDate": at(T + 120)}
    order(made, T + 120, "UpdateFirmware", again, {})
    step(made, T + 120 + x, "Installing")
    return made


def an_upload_that_ends_after(x: float) -> Handmade:
    made = idle(end=4000)
    order(made, T, "GetDiagnostics", {"location": "ftp://logs"}, {"fileName": "one.zip"})
    step(made, T + 5, "Uploading", "DiagnosticsStatusNotification")
    step(made, T + x, "Uploaded", "DiagnosticsStatusNotification")
    return made


def a_light_that_stays_as_asked(x: float) -> Handmade:
    made = idle()
    text = f"{x:g}"
    order(made, T, "ChangeConfiguration", {"key": "LightIntensity", "value": text})
    told = [{"key": "LightIntensity", "readonly": False, "value": text}]
    asked = {"key": ["LightIntensity"]}
    order(made, T + 60, "GetConfiguration", asked, {"configurationKey": told, "unknownKey": []})
    return made


def the_last_left_out_of(x: float) -> Handmade:
    """Of so many keys that are asked for at once."""
    made = idle()
    asked = [f"one{n}" for n in range(int(x))]
    order(made, T, "GetConfiguration", {"key": asked}, {"configurationKey": [], "unknownKey": asked[:-1]})
    return made


def statuses_sent_so_long_before_their_trigger(x: float) -> Handmade:
    """They come before the answer."""
    made = idle()
    for connector in (0, 1, 2):
        status(made, T - x, "Available", connector)
    order(made, T, "TriggerMessage", {"requestedMessage": "StatusNotification"})
    return made


def a_number_refused_of_digits(x: float) -> Handmade:
    made = idle()
    made.reply_to(made.calls("GetConfiguration")[0])["frame"][2]["configurationKey"].append(
        {"key": "MeterValueSampleInterval", "readonly": False, "value": "60"}
    )
    asked = {"key": "MeterValueSampleInterval", "value": "1" * int(x)}
    order(made, T, "ChangeConfiguration", asked, {"status": "Rejected"})
    return made


def a_clock_ahead_by_hours(x: float) -> Log:
    log = Log()
    for n in range(1, 6):
        log.status(100.0 * n, "Available" if n % 2 else "Preparing", timestamp=at(100.0 * n + 3600 * x))
    return log


def an_id_of_characters(x: float) -> Handmade:
    made = idle()
    beat = made.calls("Heartbeat")[0] if made.calls("Heartbeat") else made.calls("StatusNotification")[-1]
    reply = made.reply_to(beat)
    beat["frame"][1] = reply["frame"][1] = "a" * int(x)
    return made


EDGES = (
    Edge("device.settings.SURE_DIGITS", 6, "configuration.value", a_number_refused_of_digits, 7, 6),
    Edge(
        "wire.clocks.WIDEST_ZONE_S",
        50_400.0,
        "clock.station",
        a_clock_ahead_by_hours,
        14.25,
        14.0,
        says="local time told as UTC",
    ),
    Edge("wire.pairing.LONGEST_ID", 36, "rpc.id", an_id_of_characters, 36, 37),
    Edge("device.configuration.KEYS_AT_ONCE", 50, "configuration.told", the_last_left_out_of, 51, 50),
    Edge(
        "state.connectors.BENCH_HAIR_S",
        0.1,
        "trigger.connector",
        statuses_sent_so_long_before_their_trigger,
        0.095,
        0.105,
    ),
    Edge(
        "device.configuration.LEAST_LIGHT_PCT",
        50,
        "configuration.kept",
        a_light_that_stays_as_asked,
        50,
        49,
    ),
    Edge(
        "device.without_effect.TALKS_ON_S",
        600.0,
        "reset.carried-out",
        talking_on_after_a_reset_for,
        599,
        601,
        says="went on without it",
    ),
    Edge(
        "device.untold.ORDER_TOLD_S",
        60.0,
        "availability.answer",
        talking_on_after_out_of_service_for,
        59,
        61,
        says="never told Unavailable",
    ),
    Edge(
        "device.without_effect.ENDS_S",
        60.0,
        "unlock.answer",
        a_stop_after_its_connector_was_unlocked,
        59,
        61,
    ),
    Edge(
        "device.without_effect.COMES_OF_IT_S",
        180.0,
        "remote.started",
        a_start_after_it_was_asked_for,
        179,
        181,
        severity="warning",
    ),
    Edge(
        "device.files.JUST_BEFORE_S",
        1.0,
        "files.diagnostics",
        an_upload_to_a_server_that_takes_none_since,
        0.9,
        1.1,
    ),
    Edge(
        "device.requests.SHOWN_S", 600.0, "remote.start-answer", a_remote_start_refused_after_a_card, 599, 601
    ),
    Edge("wire.boot.LOOP_BOOTS", 3, "boot.repeated", boots_in_a_row, 2, 3, severity="warning"),
    Edge("wire.clocks.OFF_IN_A_ROW", 3, "clock.station", values_behind, 2, 3),
    Edge("wire.liveness.BOOTS_WITHIN_S", 120.0, "boot.after-power", a_boot_after_the_power_came, 119, 121),
    Edge("device.resets.RESTART_S", 120.0, "reset.carried-out", a_boot_after_a_reset, 119, 121),
    Edge("device.resets.GOES_DOWN_S", 5.0, "reset.prompt", a_hard_reset_carried_out_after, 4.9, 5.1),
    Edge(
        "device.requests.CARRIED_OUT_S",
        10.0,
        "availability.answer",
        the_whole_out_of_service_after,
        9.9,
        10.1,
    ),
    Edge("device.sheet.TRIGGER_FOLLOWS_S", 60.0, "trigger.followed", a_trigger_followed_after, 59, 61),
    Edge("device.files.WORK_BEGINS_S", 60.0, "files.firmware", a_download_that_begins_after, 59, 61),
    Edge("device.files.REPLACED_S", 15.0, "files.order", installing_after_another_was_asked_for, 14, 16),
    Edge("device.files.SERVICE_TOLD_S", 15.0, "files.service", out_of_service_after_the_download, 14, 16),
    Edge("device.files.TRANSFER_S", 600.0, "files.diagnostics", an_upload_that_ends_after, 599, 601),
)
