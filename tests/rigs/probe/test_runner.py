"""One probe that hangs, or that people cannot help with, does not keep the others from being run."""

import io
from pathlib import Path

import pytest
from probed import twin

from evc5.rigs.errors import BadInput
from evc5.rigs.keeper.journal import Journal
from evc5.rigs.keeper.keeper import Keeper
from evc5.rigs.probe.hands import NotDone, Person
from evc5.rigs.probe.line import Line
from evc5.rigs.probe.probe import CAR, DANGER, DISRUPTIVE, FAULTS, LIMIT_S, PUBLISHED, Context, Options, Probe
from evc5.rigs.probe.runner import DONE, GIVEN_UP, NOT_RUN, Progress, run
from evc5.rigs.probe.session import probe
from evc5.twin.sheet.behaviour import Behaviour


def context(folder: Path, options: Options | None = None) -> Context:
    line = Line.of_twin(twin())
    keeper = Keeper(line.ask, Journal.open(folder / "journal.jsonl"))
    keeper.begin("CP1", "now", (0, 1, 2))
    known = Behaviour.load(PUBLISHED)
    return Context(line, keeper, options or Options(), known, None, (1, 2))


def hangs(context: Context) -> None:
    context.keeper.write("HeartbeatInterval", "77")
    while True:
        context.line.wait(LIMIT_S / 3)
        context.ask("GetConfiguration", {"key": ["HeartbeatInterval"]})


def cannot(context: Context) -> None:
    raise NotDone("could not be done: Plug a car into connector 1")


def reads(context: Context) -> None:
    payload = context.ask("GetConfiguration", {"key": ["HeartbeatInterval"]}).payload or {}
    context.note("heartbeat", payload["configurationKey"][0]["value"])


@pytest.mark.slow
def test_a_probe_that_hangs_is_given_up_and_what_it_changed_is_put_back(tmp_path: Path) -> None:
    probes = [Probe("a", "g", "?", hangs), Probe("b", "g", "?", cannot), Probe("c", "g", "?", reads)]
    progress = Progress(tmp_path / "probes.jsonl")
    run(probes, context(tmp_path), progress, lambda *_: None)
    states = [(one.state, one.why) for one in progress.findings.values()]
    assert states == [
        (GIVEN_UP, "it took too long"),
        (GIVEN_UP, "could not be done: Plug a car into connector 1"),
        (DONE, ""),
    ]
    assert progress.facts() == {"heartbeat": "3600"}


@pytest.mark.slow
def test_profiles_are_probed_on_by_another_process(tmp_path: Path) -> None:
    """The stack level that an earlier one found is known to the one that goes on."""
    bench = twin()
    charging = Options(only=("charging",))
    first = probe(Line.of_twin(bench), "CP1", tmp_path, charging)
    lines = (tmp_path / "probes.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "probes.jsonl").write_text("".join(lines[:10]))
    again = probe(Line.of_twin(bench), "CP1", tmp_path, charging)
    assert again.facts == first.facts
    assert {one.state for one in again.findings.values() if one.group == "charging"} == {DONE}
    with pytest.raises(BadInput, match="holds a probe of CP1, and CP2 has dialled in"):
        probe(Line.of_twin(bench), "CP2", tmp_path, charging)


@pytest.mark.slow
def test_a_probe_that_was_given_up_is_tried_again(tmp_path: Path) -> None:
    probes = [Probe("a", "g", "?", cannot), Probe("b", "g", "?", reads)]
    run(probes, context(tmp_path), Progress(tmp_path / "probes.jsonl"), lambda *_: None)
    asked: list[str] = []
    again = Progress(tmp_path / "probes.jsonl")
    run(probes, context(tmp_path / "2"), again, lambda done, of, probe: asked.append(probe.name))
    assert asked == ["a"]


@pytest.mark.parametrize(
    ("probe", "options", "why"),
    [
        (Probe("a", "g", "?", reads, needs=CAR), Options(), "needs a car (--session)"),
        (
            Probe("a", "g", "?", reads, needs=DISRUPTIVE, disturbs="resets it"),
            Options(),
            "resets it (--disruptive)",
        ),
        (
            Probe("a", "g", "?", reads, needs=FAULTS, disturbs="hurts"),
            Options(session=True),
            "hurts (--faults)",
        ),
        (
            Probe("a", "g", "?", reads, needs=DANGER, disturbs="burns", action="X"),
            Options(),
            "burns (--danger X)",
        ),
        (Probe("a", "g", "?", reads), Options(only=("h",)), "not asked for (--only)"),
        (Probe("a", "g", "?", reads, needs=DANGER, action="X"), Options(danger=("X",)), None),
        (Probe("a", "g", "?", reads, needs=CAR), Options(session=True), None),
    ],
)
def test_what_is_not_allowed_is_not_run_and_says_what_would_allow_it(
    probe: Probe, options: Options, why: str | None
) -> None:
    assert probe.refused(options, has_hands=True) == why
    assert NOT_RUN != DONE


def test_a_person_is_asked_and_may_say_no() -> None:
    prompts = io.StringIO()
    answers = iter(["\n", "s\n", ""])
    person = Person(prompts, lambda: next(answers))
    person.plug_in(1)
    with pytest.raises(NotDone, match="could not be done: Hold a card to connector 1"):
        person.present_card(1)
    with pytest.raises(NotDone, match="nobody answers"):
        person.unplug(1)
    assert prompts.getvalue().count("►") == 3
    assert prompts.getvalue().endswith("\n")  # who is asked no more leaves no half line


def test_a_person_with_a_clamp_meter_is_asked_for_amperes_and_one_without_only_once() -> None:
    prompts = io.StringIO()
    answers = iter(["15,8 A\n", "what\n", "16\n", "\n"])
    person = Person(prompts, lambda: next(answers))
    assert [person.current_a(1) for _ in range(4)] == [15.8, 16.0, None, None]
    assert prompts.getvalue().count("►") == 4
