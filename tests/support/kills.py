"""A station killed again and again at instants that nobody chose, with one memory file throughout."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from scenario import Log, Scenario

from evc5.rigs.bench.bench import Bench

LIVES = 20  # of one memory file, the last one let come to rest
LONGEST_S = 0.25  # wall clock, from the fork to the kill
ENERGY = "Energy.Active.Import.Register"

Payload = dict[str, Any]


def chain(
    folder: Path, seed: int, longest_s: float = LONGEST_S, **options: Any
) -> tuple[Log, list[tuple[int, str, float]]]:
    """What a back office saw of LIVES processes, and every register told: connector, timestamp, Wh."""
    random = Random(seed)
    keys = {
        "MeterValueSampleInterval": 10,
        "AllowOfflineTxForUnknownId": True,
        "chg_Options": f"RestartTransOnBoot={random.randrange(2)}",
    }
    seen = folder / "seen.jsonl"
    for life in range(LIVES):
        how = {"start": f"2024-01-{life + 1:02}T00:00:00Z", "keys": keys, "latency_s": 0.05, **options}
        how["memory"] = str(folder / "memory.db")
        if life < LIVES - 1:
            _kill(
                lambda life=life, how=how: _live(seen, life, Random(f"{seed}/{life}"), how), random, longest_s
            )
        else:
            _wait(_fork(lambda life=life, how=how: _rest(seen, life, how)))
    lines = settled(list(whole(seen.read_text())))
    return Log(lines, []), registers(lines)


def whole(text: str) -> Iterator[Payload]:
    """The lines of it; a kill may tear the last one of a life, whose frame then went nowhere."""
    for line in text.splitlines():
        with suppress(json.JSONDecodeError):
            yield json.loads(line)


def settled(lines: list[Payload]) -> list[Payload]:
    """The frames that arrived. A kill while a reply was taken in leaves open whether it was: what comes after
    tells. Asked again, it was not, and the same must be asked; else it was.
    """
    took = {line["frame"][1] for line in lines if line["dir"] == "took"}
    asked = {line["frame"][1]: line["frame"][2:] for line in lines if line["frame"][0] == 2}
    kept = []
    for place, line in enumerate(lines):
        id_ = line["frame"][1]
        open_ = line["dir"] == "down" and line["frame"][0] == 3 and id_ not in took
        later = (other["frame"][2:] for other in lines[place + 1 :] if other["dir"] == "up")
        if line["dir"] != "took" and not (open_ and asked[id_] in later):
            kept.append(line)
    return kept


def _kill(work: Callable[[], None], random: Random, longest_s: float) -> None:
    process = _fork(work)
    time.sleep(random.uniform(0.0, longest_s))
    os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    assert os.WIFSIGNALED(status), "the process ended by itself"


def _wait(process: int) -> None:
    _, status = os.waitpid(process, 0)
    assert status == 0, "the last process did not come to rest; see what it printed"


def _fork(work: Callable[[], None]) -> int:
    """A child that does the work and ends: all that Python needs to start is there already."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        work()
        code = 0
    except BaseException as error:
        print(f"in the child: {type(error).__name__}: {error}", flush=True)
    finally:
        os._exit(code)


def _live(seen: Path, life: int, random: Random, how: Payload) -> None:
    """Charge, lose the network, wait, for ever."""
    _watched(seen, life)
    scenario = Scenario(**how)
    bench = scenario.bench
    bench.assembly.conversation.office.transactions = count(1000 * life + 1)
    while True:
        connector = random.choice((1, 2))
        scenario.plug_in(connector, "vw-id3-58", random.uniform(0.1, 0.9))
        bench.present_tag(connector, f"TAG{connector}")
        bench.advance(random.choice((0.0, 0.06, 3.0, 25.0)))
        getattr(bench.link, random.choice(("down", "up", "up")))()
        bench.advance(random.choice((1.0, 15.0, 40.0)))
        if random.random() < 0.3 and bench.assembly.world.outlet(connector).cable_a is not None:
            bench.unplug(connector)


def _rest(seen: Path, life: int, how: Payload) -> None:
    _watched(seen, life)
    scenario = Scenario(**how)
    scenario.bench.assembly.conversation.office.transactions = count(1000 * life + 1)
    scenario.bench.advance(5)
    scenario.settle()
    scenario.check_rest()


def _watched(seen: Path, life: int) -> None:
    """Write down each frame as it passes, and each that came once more when it was taken in."""
    from evc5.rigs.recording.writing.recorder import Recorder
    from evc5.twin.ocpp.agent import Agent

    fd = os.open(seen, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(fd, b"\n")  # after a torn line

    def write(t_s: float, way: str, text: str, lost: bool) -> None:
        frame = json.loads(text)
        frame[1] = f"{life}/{frame[1]}"
        os.write(fd, json.dumps({"t": t_s, "dir": way, "lost": lost, "frame": frame}).encode() + b"\n")

    recorded, taken = Recorder.frame, Agent.on_text

    def frame(self: Any, t_s: float, station: str, up: bool, text: str, lost: bool = False) -> None:
        if up:
            write(t_s, "up", text, lost)
        recorded(self, t_s, station, up, text, lost)

    def on_text(self: Any, text: str) -> None:
        write(self.timeline.now, "down", text, False)
        taken(self, text)
        write(self.timeline.now, "took", text, False)

    Recorder.frame = frame  # type: ignore[method-assign]  # in this process alone
    Agent.on_text = on_text  # type: ignore[method-assign]


def registers(lines: list[Payload]) -> list[tuple[int, str, float]]:
    """Every register that was told: by connector, with its timestamp."""
    at: dict[int, int] = {}  # connector of a transaction
    asked: dict[str, Payload] = {}
    found = []
    for line in lines:
        frame = line["frame"]
        if line["dir"] == "up" and frame[0] == 2:
            asked[frame[1]] = frame[3]
            found += list(_told(frame[2], frame[3], at))
        elif line["dir"] == "down" and frame[0] == 3 and "transactionId" in frame[2]:
            at[frame[2]["transactionId"]] = asked[frame[1]]["connectorId"]
    return sorted(set(found))


def _told(action: str, payload: Payload, at: dict[int, int]) -> Any:
    if action == "StartTransaction":
        yield payload["connectorId"], payload["timestamp"], float(payload["meterStart"])
    elif action == "StopTransaction" and payload["transactionId"] in at:
        yield at[payload["transactionId"]], payload["timestamp"], float(payload["meterStop"])
    elif action == "MeterValues":
        for sample in payload["meterValue"]:
            for value in sample["sampledValue"]:
                if value.get("measurand", ENERGY) == ENERGY and "phase" not in value:
                    yield payload["connectorId"], sample["timestamp"], float(value["value"])


def warm() -> None:
    """Import and build everything once, so that the children need not."""
    Bench().advance(60)
