"""Numbers by which runs of the twin alone are judged: what it does by itself, and when."""

from handmade import Handmade, at

from edges import Edge
from edges.short import idle, order

T = 600.0


def of_the_twin() -> Handmade:
    """Its clock is known to be right, its back office is the rig's own."""
    made = idle()
    made.summary |= {"csms": "embedded", "clock": {"offset_s": 0.0, "drift_ppm": 0.0}}
    return made


def dialled_again_after(x: float, outage_s: float) -> Handmade:
    """A status of the outage is told x s after the line was lost."""
    made = of_the_twin()
    made.event(T, None, "link-down", kind="down")
    made.event(T + outage_s, None, "link-up")
    told = {"connectorId": 1, "errorCode": "NoError", "status": "Faulted", "timestamp": at(T + 1)}
    made.interject(T + x, "StatusNotification", told)
    return made


def dialled_again_after_10_s(x: float) -> Handmade:
    return dialled_again_after(x, 5.0)


def dialled_again_after_670_s(x: float) -> Handmade:
    return dialled_again_after(x, 500.0)


def an_upload_given_up_after(x: float) -> Handmade:
    """The sheet knows no retries."""
    made = of_the_twin()
    asked = {"location": "ftp://logs", "retries": 3, "retryInterval": 60}
    order(made, T, "GetDiagnostics", asked, {"fileName": "one.zip"})
    for t, told in ((T + 0.5, "Uploading"), (T + x, "UploadFailed")):
        made.interject(t, "DiagnosticsStatusNotification", {"status": told})
    return made


def a_download_given_up_after(x: float) -> Handmade:
    made = of_the_twin()
    asked = {"location": "ftp://none", "retrieveDate": at(T), "retries": 2, "retryInterval": 100}
    order(made, T, "UpdateFirmware", asked, {})
    for t, told in ((T + 0.5, "Downloading"), (T + x, "DownloadFailed")):
        made.interject(t, "FirmwareStatusNotification", {"status": told})
    return made


REDIALLED = "connection.redialled"
EDGES = (
    Edge("wire.dialling.FIRST_REDIAL_S", 10.0, REDIALLED, dialled_again_after_10_s, 10.4, 10.6),
    Edge("wire.dialling.LONGEST_REDIAL_S", 180.0, REDIALLED, dialled_again_after_670_s, 670.4, 670.6),
    Edge("wire.dialling.OFF_SCHEDULE_S", 0.5, REDIALLED, dialled_again_after_10_s, 9.6, 9.4),
    Edge("device.tries.ATTEMPT_S", 45.0, "files.diagnostics", an_upload_given_up_after, 44, 46),
    Edge("device.tries.ATTEMPT_S", 45.0, "files.firmware", a_download_given_up_after, 189, 191),
)
