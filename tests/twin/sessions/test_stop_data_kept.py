"""Of more stop data than the device can keep the oldest goes, begin and end never (errata 3.14)."""

from typing import Any

import pytest

from evc5 import Bench

KEYS = {"MeterValueSampleInterval": 60, "StopTxnSampledData": "Energy.Active.Import.Register"}


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1, 3])
def test_the_newest_stop_data_is_kept(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evc5.twin.ocpp.memory.STOP_DATA_LIMIT", limit)
    bench = Bench(start="2024-03-01T10:00:00Z", keys=KEYS, policies={"stop_data": "every-sample"})
    bench.plug_in(1)
    bench.present_tag(1, "TAG1")
    bench.advance(5 * 60 + 30)
    bench.present_tag(1, "TAG1")
    bench.advance(5)
    [stop] = [frame.payload for frame in bench.run_so_far().frames("StopTransaction") if frame.kind == "CALL"]
    assert [stamped(value) for value in stop["transactionData"]] == [
        ("10:00:00", "Transaction.Begin"),
        *((f"10:0{minute}:00", "Sample.Periodic") for minute in range(6 - limit, 6)),
        ("10:05:30", "Transaction.End"),
    ]


def stamped(value: dict[str, Any]) -> tuple[str, str]:
    return value["timestamp"][11:19], value["sampledValue"][0].get("context", "Sample.Periodic")


def test_begin_and_end_are_told_in_the_instant_that_they_are_stamped_with() -> None:
    """Nobody needs to say anything else first (4.8, 4.10)."""
    bench = Bench(start="2024-03-01T10:00:00Z", connectors=1)
    bench.plug_in(1)
    bench.present_tag(1, "TAG1")
    bench.advance(90)
    bench.present_tag(1, "TAG1")
    bench.advance(5)
    for action in ("StartTransaction", "StopTransaction"):
        told = [frame for frame in bench.run_so_far().frames(action) if frame.kind == "CALL"]
        assert [frame.at.isoformat()[:19] for frame in told] == [told[0].payload["timestamp"][:19]], action
