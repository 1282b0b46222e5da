"""Values worked out ahead, while an answer is awaited, are those that would have been sampled anyway."""

import pytest

from evc5.models.timeline import Timeline
from evc5.rigs.selftest.selftest import record, recorded
from evc5.rigs.selftest.small_rigs import RIGS, SmallRig
from evc5.rigs.selftest.verbs import begin, change
from evc5.twin.connector.channel import Channel

QUICK = ("heat", "station-max")  # neighbours warm each other; offers change between two samples


@pytest.fixture
def always_idle(monkeypatch):
    """Between any two events the charge point looks ahead, as in a lockstep that always waits."""
    step = Timeline.step

    def step_and_idle(self):
        step(self)
        for work in self.idle:
            work()

    return lambda: monkeypatch.setattr(Timeline, "step", step_and_idle)


@pytest.fixture
def foreseen(monkeypatch):
    """The samples that used what was worked out ahead."""
    used, metered = [], Channel.metered

    def counted(self, known=None):
        used.extend([known] if known else [])
        return metered(self, known)

    monkeypatch.setattr(Channel, "metered", counted)
    return used


def shortened(bench):
    """Another list of measurands between two samples, and a car that joins in."""
    begin(bench)
    bench.advance(90.0)
    change(bench, "MeterValuesSampledData", "Power.Active.Import")
    bench.advance(90.0)
    begin(bench, 2)
    bench.advance(90.0)


def check(rig, always_idle, foreseen, folder):
    record(rig, folder / "plain")
    assert not foreseen
    always_idle()
    record(rig, folder / "ahead")
    assert recorded(folder / "ahead") == recorded(folder / "plain")
    return len(foreseen)


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_looking_ahead_does_not_show_in_the_recording(name, always_idle, foreseen, tmp_path):
    assert check(RIGS[name], always_idle, foreseen, tmp_path) > 20


def test_nor_does_it_where_the_list_changes_between_two_samples(always_idle, foreseen, tmp_path):
    assert check(SmallRig("list", "a shorter list", shortened), always_idle, foreseen, tmp_path) > 1


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(RIGS.keys() - set(QUICK)))
def test_nor_in_any_other_small_rig(name, always_idle, foreseen, tmp_path):
    check(RIGS[name], always_idle, foreseen, tmp_path)
