"""A rig's keys on a charge point that dials in: set, put back, and what is left when something fails."""

import io
import json
import threading

import pytest
from local_csms import until
from places import ROOT

from evc5 import BadInput, Bench
from evc5.rigs.keeper.journal import Journal, Undo
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.served.dry_run import rehearse
from evc5.rigs.served.keys import journal_of
from evc5.rigs.served.listener import Address
from evc5.rigs.served.play import check_hands
from evc5.rigs.served.serve import Order, serve

SIM = {"driver": "sim", "period_s": 0.5}
OUTLET = dict.fromkeys(("cable", "load", "meter", "reader"), SIM)
RIG = {
    "name": "metal",
    "start": "2024-03-01T10:00:00Z",
    "days": 2.0 / 86_400,
    "station": {
        "backend": "hardware",
        "identity": "CP1",
        "connectors": 1,
        "keys": {"MeterValueSampleInterval": 33, "chg_StationMaxCurrent": 25},
    },
    "hardware": {"connector": {"1": OUTLET}, "mains": SIM},
    "csms": {"asks_keys": False},
    "recording": {"report": False},
}


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setattr("evc5.rigs.served.serve.END_POLL_S", 0.05)


class Served:
    """`evc5 csms` with the rig in a thread; its URL, what it said and how it ended."""

    def __init__(self, table, out):
        self.said, self._outcome = [], []
        order = Order(Address(port=0), RigFile.parse(table), out=out)
        self._thread = threading.Thread(target=lambda: self._outcome.append(serve(order, self.said.append)))
        self._thread.start()
        until(lambda: bool(self.said))
        self.url = self.said[0].split()[-1].removesuffix("/<identity>")

    def outcome(self):
        self._thread.join(90.0)
        return self._outcome[0]


def changes(directory):
    lines = (directory / "messages.jsonl").read_text().splitlines()
    frames = [json.loads(line)["frame"] for line in lines]
    return [
        (frame[3]["key"], frame[3]["value"])
        for frame in frames
        if frame[0] == 2 and frame[2] == "ChangeConfiguration"
    ]


@pytest.mark.slow
def test_what_differs_is_set_before_the_script_and_as_it_was_after_it(tmp_path):
    out = tmp_path / "run"
    served = Served(RIG, out)
    with Bench(csms=served.url, identity="CP1", connectors=1, pace=1.0, start="now") as twin:
        keys = twin.assembly.station.configuration
        had = keys.text("MeterValueSampleInterval")
        served.outcome()
        assert keys.text("MeterValueSampleInterval") == had != "33"
    told = changes(out)
    assert ("MeterValueSampleInterval", "33") in told and told[-1] == ("MeterValueSampleInterval", had)
    summary = json.loads((out / "summary.json").read_text())
    (refused,) = summary["keys_on_metal"]["refused"]
    assert "chg_StationMaxCurrent" in refused and "rating" in refused  # compared, never written
    assert summary["keys_on_metal"]["owes"] == []
    assert not journal_of(out).exists()


@pytest.mark.slow
def test_a_charge_point_that_hangs_up_before_its_keys_are_back_leaves_a_journal(tmp_path):
    out = tmp_path / "run"
    served = Served({**RIG, "days": 8.0 / 86_400}, out)
    with Bench(csms=served.url, identity="CP1", connectors=1, pace=1.0, start="now"):
        until((out / "messages.jsonl").exists)
        until(lambda: ("MeterValueSampleInterval", "33") in changes(out))
    served.outcome()
    assert any("could not be undone" in text for text in served.said)
    assert any(f"evc5 probe --restore {journal_of(out)}" in text for text in served.said)
    owed = Journal.open(journal_of(out), existing=True).owed
    assert set(owed) == {"key MeterValueSampleInterval"}
    with pytest.raises(BadInput, match="an earlier run has still to put keys back"):
        serve(Order(Address(port=0), RigFile.parse(RIG), out=out), served.said.append)


def test_a_run_beside_a_journal_that_owes_nothing_is_not_refused(tmp_path):
    from evc5.rigs.served.keys import check

    journal = Journal.open(journal_of(tmp_path / "run"))
    journal.will(Undo("key X", "ChangeConfiguration", {"key": "X", "value": "1"}))
    with pytest.raises(BadInput):
        check(tmp_path / "run")
    journal.undone("key X")
    check(tmp_path / "run")


def test_who_is_needed_and_nobody_is_there_is_told_before_anything_is_energised():
    session = {"vehicle": "vw-id3-58", "soc": 0.5, "plug_in": 10.0, "unplug": 60.0}
    table = {**RIG, "days": 0.01, "sessions": [session]}
    check_hands(RigFile.parse(table))  # the bench does it all
    outlet = dict.fromkeys(("cable", "load", "meter"), SIM)
    lacking = {**table, "hardware": {"connector": {"1": outlet}}}
    with pytest.raises(BadInput, match=r"no driver for connector\.1\.reader: Hold the card TAG1"):
        check_hands(RigFile.parse(lacking))
    people = {role: {"driver": "person"} for role in OUTLET if role != "meter"}
    check_hands(RigFile.parse({**table, "hardware": {"connector": {"1": people}}}))  # nothing to energise


@pytest.mark.slow
def test_a_dry_run_says_who_does_what_and_what_the_twin_makes_of_it():
    session = {"vehicle": "vw-id3-58", "soc": 0.5, "plug_in": 10.0, "unplug": 600.0}
    fault = {"at": 700.0, "fault": "ground-failure", "connector": 1, "clear_at": 710.0}
    lines, passed = rehearse(RigFile.parse({**RIG, "days": 0.01, "sessions": [session], "faults": [fault]}))
    assert passed is True
    who = [line.split()[1:3] for line in lines if line.startswith("  ")]
    assert who == [["sim", "Plug"], ["sim", "Hold"], ["sim", "Unplug"], ["a", "person"], ["a", "person"]]
    assert "key chg_StationMaxCurrent = 25: compared only, as it is a rating of the installation" in lines
    assert "key MeterValueSampleInterval = 33: set where it differs, and put back" in lines
    with pytest.raises(BadInput, match="backend must be hardware"):
        rehearse(RigFile.load(ROOT / "rigs" / "library" / "week.toml"))
