"""From a real charger's recording to what the twin makes of it: lived, compared, written down."""

from collections.abc import Mapping
from pathlib import Path

import orjson

from evc5.rigs.analysis.run import Run
from evc5.rigs.errors import BadInput
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.shadow.deviations import Shadow, compare, limits_of
from evc5.rigs.shadow.flow import flow
from evc5.rigs.shadow.learned import behaviour_file, reply_delays
from evc5.rigs.shadow.learned_rig import learned_rig
from evc5.rigs.shadow.living import Progress, live, rig_of
from evc5.rigs.shadow.metal import Metal

TABLE, LEARNED, RIG, FIGURE = "shadow.json", "behaviour.toml", "rig.toml", "shadow.png"


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

    Beside that: `shadow.json` with all that was compared, `behaviour.toml` with what the metal taught of its
    firmware, `rig.toml` with what it taught of the rest: a shadow under that one is nearer.
    """
    limits = limits_of(tolerances or {})
    metal = Metal.open(Run.open(recording))
    out = out or Path("runs") / f"{recording.resolve().name}-shadow"
    if out.exists() and out.samefile(recording):
        raise BadInput(f"out must be another directory than the recording's, got {out}")
    own = rig_of(metal, rig, behaviour)
    twin = live(metal, out, own, vehicle, progress)
    found = compare(metal, twin, limits, line_s=2.0 * own.station.latency_s)
    (out / TABLE).write_bytes(orjson.dumps(found.table(), option=orjson.OPT_INDENT_2))
    (out / LEARNED).write_text(behaviour_file(found), encoding="utf-8")
    text = learned_rig(own, flow(metal), reply_delays(metal), str(out / RIG))
    (out / RIG).write_text(text, encoding="utf-8")
    return found
