"""What the metal taught about itself, as a behaviour file that the twin loads."""

from collections.abc import Iterator
from statistics import median

from evc5.rigs.analysis.run import Run
from evc5.rigs.shadow.deviations import Shadow
from evc5.rigs.shadow.flow import flow, sharing
from evc5.rigs.shadow.metal import Metal

WITHIN_S = 300.0  # assumed: a boot so long after its cause is another's


def behaviour_file(shadow: Shadow) -> str:
    """TOML: the twin's behaviour with the times that were seen; comments say how often and how far apart."""
    metal = shadow.metal
    inherits = str(shadow.twin.summary["behaviour"])
    lines = [
        f"# Learned from {metal.identity}, {metal.start:%Y-%m-%d}: each time is the median of what was seen.",
        f'name = "{inherits}-learned"',
        f'inherits = "{inherits}"',
    ]
    lines += _policies(metal)
    timing = [line for name, seen in _boots(metal) if (line := _line(name, seen))]
    if timing:
        lines += ["", "[timing]", *timing]
    if flow(metal) or reply_delays(metal):
        lines += ["", "# What is no firmware's stands in rig.toml beside this file."]
    return "\n".join(lines) + "\n"


def _policies(metal: Metal) -> list[str]:
    shared = sharing(metal)
    if shared is None:
        return []
    policy, count = shared
    return ["", "[policies]", f'station_share = "{policy}"  # {count} readings of two that charge at once']


def reply_delays(metal: Metal) -> list[float]:
    """How long each answer to the back office took, s; none where the recording is of the other end."""
    delays = [one.t - call.t for call, one in metal.calls if call.dir == "down" and one is not None]
    return delays if any(delays) else []


def _line(name: str, seen: list[float]) -> str:
    return f"{name} = {median(seen):.3f}  # {_spread(seen)}" if seen else ""


def _spread(seen: list[float]) -> str:
    return f"{min(seen):.3f} to {max(seen):.3f} s, {len(seen)} seen"


def _boots(metal: Metal) -> Iterator[tuple[str, list[float]]]:
    """By what restarted it: the seconds from there to the next BootNotification."""
    boots = [call.t for call, _ in metal.calls if call.action == "BootNotification"]
    causes: dict[str, list[float]] = {"reset_soft_s": [], "reset_hard_s": []}
    for call, reply in metal.calls:
        if call.action == "Reset" and reply is not None and reply.payload.get("status") == "Accepted":
            causes[f"reset_{str(call.payload['type']).lower()}_s"].append(reply.t)
    causes["power_on_s"] = _restored(metal.run)
    for name, times in causes.items():
        after = [min((boot - t_s for boot in boots if boot > t_s), default=WITHIN_S) for t_s in times]
        yield name, [seconds for seconds in after if seconds < WITHIN_S]


def _restored(run: Run) -> list[float]:
    rows = run.events
    return [float(t_s) for t_s in rows[rows["event"] == "power-restore"]["t"]]
