"""evc5 shadow: the twin lives through a real charger's recording."""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from evc5.rigs.command import commands
from evc5.rigs.command.arguments import behaviour_named, tolerance
from evc5.rigs.errors import BadInput
from evc5.rigs.shadow.tolerances import tolerances_help

if TYPE_CHECKING:
    from evc5.rigs.shadow.deviations import Shadow


def options(sub: ArgumentParser) -> None:
    sub.add_argument("run", type=Path, metavar="RUN", help="a charge point's run directory")
    what = "a rig whose station, cars and surroundings are the charge point's"
    sub.add_argument("--rig", metavar="RIG", help=what)
    sub.add_argument("--behaviour", metavar="NAME", help="the twin's (default: the recording's)")
    sub.add_argument("--vehicle", metavar="NAME", help="the car, where the recording names none")
    what = f"how far apart is well (repeatable): {tolerances_help()}".replace("%", "%%")
    sub.add_argument("--tolerance", action="append", default=[], metavar="NAME=VALUE", help=what)
    sub.add_argument("--out", type=Path, metavar="DIR", help="default runs/<RUN>-shadow")
    sub.add_argument("--quiet", action="store_true", help="print nothing but errors")
    sub.add_argument("--json", action="store_true", help="print the table as JSON")


def shadow_run(arguments: Namespace) -> int:
    from evc5.rigs.command.progress import bar
    from evc5.rigs.rigfile.file import RigFile
    from evc5.rigs.shadow.figure import write_figure
    from evc5.rigs.shadow.shadow import FIGURE, shadow

    with bar("shadow", show=not (arguments.quiet or arguments.json)) as progress:
        found = shadow(
            arguments.run,
            arguments.out,
            rig=RigFile.load(arguments.rig) if arguments.rig else None,
            behaviour=arguments.behaviour and behaviour_named(arguments.behaviour),
            vehicle=arguments.vehicle,
            tolerances=dict(map(_tolerance, arguments.tolerance)),
            progress=progress,
        )
    write_figure(found, found.twin.directory / FIGURE)
    _tell(found, arguments)
    return commands.OK if found.within else commands.FAILED


def _tell(found: "Shadow", arguments: Namespace) -> None:
    from evc5.rigs.command.console import console
    from evc5.rigs.shadow.show import show

    if arguments.json:
        print(json.dumps(found.table(), indent=2))
    elif not arguments.quiet:
        show(found, console())
        print(f"{found.twin.directory} has the twin's recording, figure and what was learned")


def _tolerance(text: str) -> tuple[str, float]:
    name, sign, value = text.partition("=")
    if not sign:
        raise BadInput(f"--tolerance must be NAME=VALUE, got {text}")
    return name, tolerance(value)
