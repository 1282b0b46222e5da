"""Bugs in diagnostics and firmware updates."""

from typing import Any

from evc5.rigs.selftest.bug import Bug, Patch
from evc5.rigs.selftest.replacements import around, constant, nothing, says

Payload = dict[str, Any]


def _skips_uploading(original: Any, reports: Any, status: str, **how: Any) -> None:
    if status != "Uploading":
        original(reports, status, **how)


def _all_well(payload: Payload) -> Payload:
    return {"status": payload["status"].replace("UploadFailed", "Uploaded")}


def _downloads_at_once(original: Any, firmware: Any) -> None:
    if firmware._job.get("step") == "retrieve":
        firmware._retrieve.set(firmware._timeline.now + 120.0)


def _once_more(original: Any, firmware: Any, payload: Payload) -> Payload:
    answer: Payload = original(firmware, payload | {"retries": payload.get("retries", 3) + 1})
    return answer


def _tries_again(original: Any, diagnostics: Any, payload: Payload) -> Payload:
    answer: Payload = original(diagnostics, payload)
    diagnostics._retries = 1
    return answer


def _any_image(original: Any, content: bytes) -> str:
    return "V32R31"


BUGS: tuple[Bug, ...] = (
    Bug(
        "upload-unannounced",
        "Uploaded comes without Uploading before it",
        check="files.order",
        clause="4.4, 7.24",
        rig="files",
        patches=(Patch("evc5.twin.ocpp.reports:Reports.tell", around(_skips_uploading)),),
    ),
    Bug(
        "upload-lost",
        "diagnostics are promised and never sent",
        check="files.diagnostics",
        clause="5.9, TC_045_1_CS",
        rig="files",
        patches=(Patch("evc5.twin.services.diagnostics:Diagnostics._begin", constant(nothing)),),
    ),
    Bug(
        "upload-always-well",
        "diagnostics that no server took are told as delivered",
        check="files.diagnostics",
        clause="7.24, TC_045_2_CS",
        rig="files",
        patches=(says("DiagnosticsStatusNotification", _all_well),),
    ),
    Bug(
        "upload-tried-again",
        "an upload that failed is tried once more, which the EVC5 never does",
        check="files.diagnostics",
        clause="5.9; sheet 3.2.1",
        rig="files",
        patches=(Patch("evc5.twin.services.diagnostics:Diagnostics.request", around(_tries_again)),),
    ),
    Bug(
        "download-once-more",
        "a download that fails is tried once more than was asked for",
        check="files.firmware",
        clause="6.57",
        rig="files",
        patches=(Patch("evc5.twin.services.firmware:Firmware.request", around(_once_more)),),
    ),
    Bug(
        "update-late",
        "an update begins two minutes after its date",
        check="files.firmware",
        clause="5.19, TC_044_1_CS",
        rig="files",
        patches=(Patch("evc5.twin.services.firmware:Firmware._await_date", around(_downloads_at_once)),),
    ),
    Bug(
        "installation-endless",
        "an installation comes to no end",
        check="files.firmware",
        clause="5.19, TC_044_1_CS",
        rig="files",
        patches=(Patch("evc5.twin.services.firmware:INSTALL_S", constant(1e7)),),
    ),
    Bug(
        "image-unchecked",
        "whatever was downloaded is installed",
        check="files.image",
        clause="5.19, 7.25, TC_044_3_CS",
        rig="files",
        patches=(Patch("evc5.twin.services.firmware:version_of", around(_any_image)),),
    ),
    Bug(
        "serves-before-update",
        "while an update waits for one car the other connector takes another",
        check="files.service",
        clause="5.19",
        rig="files",
        patches=(Patch("evc5.twin.charge_point:ChargePoint._settle_all", constant(nothing)),),
    ),
)
