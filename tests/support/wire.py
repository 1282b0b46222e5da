"""What went over the wire of a bench, for tests that look at nothing else."""

import json
from datetime import datetime
from typing import Any

from evc5.rigs.bench.bench import Bench

Payload = dict[str, Any]


def frames(bench: Bench, since: datetime | None = None) -> list[tuple[str, list[Any]]]:
    """Every frame so far that was one, with "up" or "down", from `since` on."""
    recorder = bench.assembly.recorder
    recorder.flush()
    lines = map(json.loads, (recorder.directory / "messages.jsonl").open(encoding="utf-8"))
    return [
        (line["dir"], line["frame"])
        for line in lines
        if "frame" in line and (since is None or datetime.fromisoformat(line["at"]) >= since)
    ]


def sent(bench: Bench, action: str, since: datetime | None = None, **having: Any) -> list[Payload]:
    """The payloads of the charge point's CALLs of an action, those that have these values."""
    payloads = [f[3] for way, f in frames(bench, since) if way == "up" and f[0] == 2 and f[2] == action]
    return [payload for payload in payloads if having.items() <= payload.items()]


def actions(bench: Bench) -> set[str]:
    """The actions of all CALLs that the charge point sent."""
    return {f[2] for way, f in frames(bench) if way == "up" and f[0] == 2}


def statuses(bench: Bench, connector: int) -> list[str]:
    """The statuses announced for a connector."""
    return [payload["status"] for payload in sent(bench, "StatusNotification", connectorId=connector)]


def charging(bench: Bench, connector: int = 1, **car: Any) -> Bench:
    """The bench with a car charging at a connector for a minute."""
    bench.plug_in(connector, **car)
    bench.present_tag(connector, "TAG1")
    bench.advance(60)
    return bench


def values(payload: Payload) -> list[Payload]:
    """The sampled values of a MeterValues."""
    return [value for sample in payload["meterValue"] for value in sample["sampledValue"]]


def written(bench: Bench, key: str, value: str) -> str:
    """ChangeConfiguration's answer."""
    status: str = bench.call("ChangeConfiguration", {"key": key, "value": value})["status"]
    return status


def read(bench: Bench, key: str) -> Payload | None:
    """GetConfiguration's entry of a key, None where it is unknown."""
    answer = bench.call("GetConfiguration", {"key": [key]})
    return answer["configurationKey"][0] if answer.get("configurationKey") else None
