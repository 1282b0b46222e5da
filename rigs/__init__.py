"""The bench around the device: rig files, assembly, embedded CSMS, recorder, checks, report, command line.

The public API: `Rig`, `Bench`, `Run`, and the errors `BadInput`, `CallError`, `NoReply`,
`NotAvailable`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rigs.bench import Bench, CallError, NoReply
    from rigs.errors import BadInput, NotAvailable
    from rigs.rig import Rig
    from rigs.run import Run

__all__ = ["BadInput", "Bench", "CallError", "NoReply", "NotAvailable", "Rig", "Run"]

_HOMES = {
    "BadInput": "errors",
    "Bench": "bench",
    "CallError": "bench",
    "NoReply": "bench",
    "NotAvailable": "errors",
    "Rig": "rig",
    "Run": "run",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for: `import rigs` alone costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'rigs' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"rigs.{_HOMES[name]}"), name)
