"""As what a charge point that dials in is judged: as its boot says, where no rig names its firmware."""

import orjson
import pytest
from test_wire_serve import charger, service

from evc5.rigs.bench.assembly import served_header
from evc5.rigs.checks import finish
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.served.back_office import Plan

RIG = {"name": "asks", "start": "2024-03-01T10:00:00Z", "days": 1.0, "station": {"identity": "CP1"}}
NAMED = {**RIG, "station": {"identity": "CP1", "behaviour": "ocpp16"}}


def judged_as(directory, rig, identity, vendor):
    file = None if rig is None else RigFile.parse(rig)
    header = {"csms": "served", **(served_header(file) if file else {})}
    with (
        service(Plan(directory, file, {identity: "", "else": ""}, header)) as one,
        charger(one, identity) as it,
    ):
        it.call("BootNotification", {"chargePointVendor": vendor, "chargePointModel": "M"})
        it.listen()
    verdict = finish(directory / identity)
    summary = orjson.loads((directory / identity / "summary.json").read_bytes())
    assert summary["behaviour"] == verdict.about["behaviour"]
    return summary


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rig", "identity", "vendor", "behaviour"),
    [
        (None, "CP1", "Ecotap", "evc5-v32r30"),
        (None, "CP1", "Acme", "ocpp16"),
        (RIG, "CP1", "Ecotap", "evc5-v32r30"),
        (RIG, "CP1", "Acme", "ocpp16"),
        (NAMED, "CP1", "Ecotap", "ocpp16"),
        (NAMED, "CP2", "Ecotap", "evc5-v32r30"),
    ],
)
def test_its_boot_says_what_no_rig_names(tmp_path, rig, identity, vendor, behaviour):
    summary = judged_as(tmp_path, rig, identity, vendor)
    assert summary["behaviour"] == behaviour
    is_the_rigs = rig is not None and identity == "CP1"
    assert ("keys" in summary) == is_the_rigs
    as_rigged = next(row for row in summary["requirements"] if row["id"] == "configuration.as-rigged")
    assert as_rigged["verdict"] == ("NOT EXERCISED" if is_the_rigs else "NOT JUDGED")  # it sets no key
