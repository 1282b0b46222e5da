"""A bench's cable box, load and mains in one program for driver `command`; its state is a file."""

import json
import os
import sys
from pathlib import Path
from typing import Any

DEAD = {"state": "A", "draws": [0.0, 0.0, 0.0], "mains": True, "card": None, "offer_a": 16.0}
HIGH_V = {"A": 12.0, "B": 9.0, "C": 6.0, "E": 0.0}


def read(path: Path) -> dict[str, Any]:
    """The box as it stands."""
    return {**DEAD, **(json.loads(path.read_text()) if path.exists() else {})}


def write(path: Path, box: dict[str, Any]) -> None:
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(box))
    os.replace(partial, path)


def did(box: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """Do a verb; what is answered."""
    verb = asked["verb"]
    if verb == "plug":
        box["state"] = "B"
    elif verb == "unplug":
        box["state"] = "A"
    elif verb == "pilot":
        box["state"] = asked["state"]
    elif verb == "draw":
        box["draws"] = [asked[f"l{phase}_a"] for phase in (1, 2, 3)]
    elif verb == "off":
        box["draws"] = [0.0, 0.0, 0.0]
    elif verb == "set":
        box["mains"] = asked["on"]
    elif verb == "present":
        box["card"] = asked["id_tag"]
    elif verb == "read":
        there = box["state"] in "BC"
        duty_pct = box["offer_a"] / 0.6 if there and box["offer_a"] else 100.0
        return {"high_v": HIGH_V[box["state"]], "duty_pct": duty_pct}
    return {"ok": True}


def main() -> None:
    path = Path(sys.argv[1])
    for line in sys.stdin:
        box = read(path)
        answer = did(box, json.loads(line))
        write(path, box)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
