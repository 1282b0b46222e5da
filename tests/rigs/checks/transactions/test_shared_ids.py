"""Two transactions that run at a time and were given one id: the back office's fault, and each is judged."""

from healthy import TABLE, step, wait
from random_days import Step, play

from evc5.rigs.checks import judge

STATION = {"connectors": 2, "latency_s": 0.05, "keys": {"MeterValueSampleInterval": 60}}
SAME = {"transactionId": 2767, "idTagInfo": {"status": "Accepted"}}
BLAMED = [("transaction.unique-id", "warning", "csms")]


def come(connector: int, tag: str) -> list[Step]:
    return [step("plug_in", connector), wait(5.0), step("present_tag", connector, tag)]


def told(steps: list[Step]) -> tuple[list[tuple[str, str, str]], dict[str, int]]:
    """What is found where both starts get one id; and how often each requirement was judged."""
    given = step("csms.reply", "StartTransaction", SAME, times=2)
    bench = play({**TABLE, "station": STATION}, [given, *steps])
    bench.close()
    verdict = judge(bench.assembly.recorder.directory)
    found = [(row["requirement"], row["severity"], row["blames"]) for row in verdict.findings]
    return found, {row["id"]: row["count"] for row in verdict.requirements}


def test_two_transactions_of_one_id_are_the_back_office_s_fault_and_judged_all_the_same() -> None:
    steps = [*come(1, "TAG1"), wait(300.0), *come(2, "TAG2"), wait(300.0)]
    steps += [step("present_tag", 1, "TAG1"), wait(300.0), step("unplug", 2), wait(300.0)]
    found, counts = told(steps)
    assert found == BLAMED
    assert counts["transaction.pair"] >= 4  # two starts and two stops


def test_a_power_loss_may_end_both_at_one_instant() -> None:
    steps = [*come(1, "TAG1"), *come(2, "TAG1"), wait(30.0), step("power.cut"), step("power.restore")]
    found, counts = told([*steps, wait(600.0)])
    assert found == BLAMED
    assert counts["transaction.pair"] >= 4


def test_one_instant_one_card_and_one_reading_are_told_apart_by_which_was_confirmed() -> None:
    """Neither draws anything: both stops have the same words."""
    steps = [wait(100.0), *come(1, "TAG1"), *come(2, "TAG1"), wait(1.0)]
    found, counts = told([*steps, step("power.cut"), step("power.restore"), wait(600.0)])
    assert found == BLAMED
    assert counts["transaction.pair"] >= 4


def test_one_card_stops_the_one_at_which_it_is_shown() -> None:
    steps = [*come(1, "TAG1"), *come(2, "TAG1"), wait(600.0), step("present_tag", 2, "TAG1"), wait(60.0)]
    found, counts = told(steps)
    assert found == BLAMED
    assert counts["transaction.pair"] >= 3


def test_a_cable_pulled_for_a_wink_ends_its_own() -> None:
    steps = [*come(1, "TAG1"), wait(60.0), *come(2, "TAG1"), wait(1.0), step("unplug", 2), wait(0.0)]
    found, counts = told([*steps, step("plug_in", 2), wait(60.0)])
    assert found == BLAMED
    assert counts["transaction.pair"] >= 3
