"""The healthy twin raises no alarm, whatever hands, back office and network do to it."""

from collections import Counter

import pytest
from scenarios import Day


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 200, 20))
def test_random_days_of_the_healthy_twin_have_no_error(first: int) -> None:
    for seed in range(first, first + 20):
        run = Day(seed, hours=24.0 if seed % 5 == 0 else 6.0).run().run_so_far()
        assert [f for f in run.summary["findings"] if f["severity"] == "error"] == [], f"seed {seed}"


def test_a_random_day_is_judged_on_most_requirements() -> None:
    run = Day(5, hours=6.0).run().run_so_far()
    words = Counter(row["verdict"] for row in run.summary["requirements"])
    assert run.passed and words["PASS"] > words["NOT EXERCISED"]
