"""Whatever a user hands a bench that it cannot mean is refused in one line, which names it."""

from collections.abc import Callable
from math import inf, nan
from typing import Any

import pytest

from evc5 import BadInput, Bench, Rig

WRONG: tuple[Any, ...] = (
    None,
    True,
    -1,
    1e300,
    nan,
    inf,
    10**400,
    "x",
    "a\nb",
    "\ud800",
    b"b",
    [1],
    {},
    {1},
    object(),
)
VERBS: dict[str, Callable[[Bench, Any], Any]] = {
    "connector": lambda bench, wrong: bench.plug_in(wrong),
    "vehicle": lambda bench, wrong: bench.plug_in(1, wrong),
    "soc": lambda bench, wrong: bench.plug_in(1, soc=wrong),
    "cable_a": lambda bench, wrong: bench.plug_in(1, cable_a=wrong),
    "fault": lambda bench, wrong: bench.inject(wrong),
    "state": lambda bench, wrong: bench.close(wrong),
    "action": lambda bench, wrong: bench.csms.reply(wrong, {}),
    "payload": lambda bench, wrong: bench.call("Reset", {"type": {1, 2}, "of": wrong}),
}


@pytest.fixture(scope="module")
def anywhere() -> Bench:
    return Bench()


@pytest.mark.parametrize("name", VERBS)
def test_what_cannot_be_meant_is_refused_by_name_in_one_line(anywhere: Bench, name: str) -> None:
    for wrong in WRONG:
        with pytest.raises(BadInput, match=name) as caught:
            VERBS[name](anywhere, wrong)
        assert str(caught.value).isprintable()


def test_a_moment_that_no_run_reaches_is_refused(anywhere: Bench) -> None:
    for target in ({"seconds": 1e300}, {"until": "9999-12-31T23:59:59Z"}, {"seconds": 10**400}):
        with pytest.raises(BadInput, match="advance"):
            anywhere.advance(**target)


def test_what_a_bench_would_not_heed_is_refused() -> None:
    rig = Rig.load("first-charge")
    for ignored in (
        {"pace": 1.0},
        {"csms": "ws://127.0.0.1:9/x", "pace": 1e-320},
        {"ca_file": "authority.pem"},
        {"rig": rig},
        {"rig": rig.file, "seed": 2},
        {"rig": rig.file, "rated_a": 16.0},
        {"keys": "HeartbeatInterval"},
        {"policies": [1]},
        {"csms": 8080},
        {"out": "a\0b"},
    ):
        with pytest.raises(BadInput, match=next(reversed(ignored)) if "rig" not in ignored else "rig"):
            Bench(**ignored)


def test_a_scripted_answer_to_what_no_station_asks_is_refused_in_a_rig_too() -> None:
    replies = [{"action": "Authorise", "payload": {"idTagInfo": {"status": "Blocked"}}}]
    rig = {"name": "rig", "start": "2024-03-01T00:00:00Z", "days": 1.0, "csms": {"replies": replies}}
    with pytest.raises(BadInput, match="did you mean Authorize"):
        Rig.from_dict(rig)


def test_what_a_run_of_a_rig_would_not_heed_is_refused() -> None:
    rig = Rig.load("first-charge")
    for ignored in (
        {"ca_file": "authority.pem"},
        {"every": "1min"},
        {"csms": ""},
        {"csms": 8080},
        {"replay": 3},
        {"controller": 3},
        {"progress": "bar"},
        {"jobs": 0},
    ):
        with pytest.raises(BadInput, match=next(iter(ignored))):
            rig.run(**ignored)
    for changes in (3, {3: 1}):
        with pytest.raises(BadInput, match="changes"):
            rig.revised(changes)  # type: ignore[arg-type]  # likewise
    with pytest.raises(BadInput, match="table must be a pandas DataFrame"):
        rig.with_sessions([1, 2])  # type: ignore[arg-type]  # likewise


def test_there_is_no_run_before_the_first_frame() -> None:
    bench = Bench(booted=False)
    with pytest.raises(BadInput, match=r"no frame .* yet: advance the bench"):
        bench.run_so_far()
    bench.advance(1)
    assert len(bench.run_so_far().messages) > 0
