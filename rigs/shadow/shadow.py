"""From a real charger's recording to what the twin makes of it: lived, compared, written down."""

from collections.abc import Mapping
from pathlib import Path

import orjson

from evc5.rigs.analysis.run import Run
from evc5.rigs.errors import BadInput
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.shadow.deviations import Shadow, compare, limits_of
from evc5.rigs.shadow.learned import behaviour_file
from evc5.rigs.shadow.living import Progress, live
from evc5.rigs.shadow.metal import Metal

TABLE, LEARNED, FIGURE = "shadow.json", "behaviour.toml", "shadow.png"


def shadow(
    recording: Path,
    out: Path | None = None,
    *,
    rig: RigFile | None = None,
    behaviour: str | None = None,
    vehicle: str | None = None,
    tolerances: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> Shadow:
    """Let the twin live through a run directory; its own recording goes to `out`, runs/<name>-shadow.

    Beside that: `shadow.json` with all that was compared, `behaviour.toml` with what the metal taught.
    """
    limits = limits_of(tolerances or {})
    metal = Metal.open(Run.open(recording))
    out = out or Path("runs") / f"{recording.resolve().name}-shadow"
    if out.exists() and out.samefile(recording):
        raise BadInput(f"out must be another directory than the recording's, got {out}")
    twin = live(metal, out, rig, behaviour, vehicle, progress)
    found = compare(metal, twin, limits)
    (out / TABLE).write_bytes(orjson.dumps(found.table(), option=orjson.OPT_INDENT_2))
    (out / LEARNED).write_text(behaviour_file(found), encoding="utf-8")
    return found
