"""A box of relays that lacks a coil for what the rig asks of it is told before anything is energised."""

from pathlib import Path
from typing import Any

import pytest

from evc5 import BadInput
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.served.dry_run import rehearse
from evc5.rigs.served.listener import Address
from evc5.rigs.served.serve import Order, serve

BOX = '[pilot]\nB = [0]\nC = [0, 1]\n[cable]\n32 = [2]\n[fault]\n"cp-short" = [3]\n'


def rig(folder: Path, text: str = BOX, **more: Any) -> RigFile:
    (folder / "box.toml").write_text(text)
    cable = {"driver": "modbus-box", "url": "tcp://127.0.0.1:1", "map": "box.toml"}
    table = {
        "name": "boxed", "start": "2024-03-01T10:00:00Z", "days": 0.01,
        "station": {"backend": "hardware", "connectors": 1, "behaviour": "ocpp16"},
        "hardware": {"connector": {"1": {"cable": cable, "reader": {"driver": "sim"}}}},
        "sessions": [{"vehicle": "vw-id3-58", "soc": 0.5, "plug_in": 3, "unplug": 60, "cable_a": 32}], **more,
    }  # fmt: skip
    return RigFile.parse(table, folder / "rig.toml")


def fault(name: str) -> dict[str, Any]:
    return {"faults": [{"at": 10.0, "fault": name}]}


def car(cable_a: int) -> dict[str, Any]:
    return {
        "sessions": [{"vehicle": "vw-id3-58", "soc": 0.5, "plug_in": 3, "unplug": 60, "cable_a": cable_a}]
    }


@pytest.mark.parametrize(
    ("text", "more", "told"),
    [
        (BOX, car(20), "cable.map: box.toml has no cable.20, which it takes: Plug the VW ID.3 58 into"),
        (
            BOX,
            fault("diode-failure"),
            "has no fault.diode, which it takes: Bring about the fault diode-failure",
        ),
        ("[pilot]\nC = [0]\n[cable]\n32 = [2]\n", {}, "has no pilot.B, which it takes: Unplug the car"),
    ],
)
def test_what_the_box_lacks_is_named_with_the_step(
    tmp_path: Path, text: str, more: dict[str, Any], told: str
) -> None:
    lacking = rig(tmp_path, text, **more)
    with pytest.raises(BadInput, match=r"hardware\.connector\.1\.cable") as error:
        rehearse(lacking)
    assert told in str(error.value)
    with pytest.raises(BadInput, match=r"box\.toml has no"):
        serve(Order(Address(port=0), lacking, out=tmp_path / "run"), lambda _: None)
    assert not (tmp_path / "run").exists()


def test_a_box_that_has_all_is_well(tmp_path: Path) -> None:
    lines, _ = rehearse(rig(tmp_path, **fault("pilot-short")))
    assert "4 steps by the bench, 0 by a person" in lines
