"""A digital twin of the Ecotap EVC5 charge controller and the bench around it.

The public API: a `Rig` is run and gives a `Run`; a `Bench` is one charge point under your hands; `judge` says
of any recording what held; `compare` what differs between two; `sweep` runs a rig many times over. What goes
wrong is `BadInput`, `BenchFault`, `CallError`, `ControllerError`, `NoReply` or `NotAvailable`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evc5.rigs.analysis.run import Run
    from evc5.rigs.bench.bench import Bench, CallError, NoReply
    from evc5.rigs.bench.rig import Rig
    from evc5.rigs.checks.verdict.judging import judge
    from evc5.rigs.compare.compare import compare
    from evc5.rigs.errors import BadInput, BenchFault, ControllerError, NotAvailable
    from evc5.rigs.session_data.frame import fit_arrivals, read_sessions
    from evc5.rigs.sweep.sweep import sweep

__all__ = [
    "BadInput",
    "Bench",
    "BenchFault",
    "CallError",
    "ControllerError",
    "NoReply",
    "NotAvailable",
    "Rig",
    "Run",
    "compare",
    "fit_arrivals",
    "judge",
    "read_sessions",
    "sweep",
]
__version__ = "0.2.0"

_HOMES = {
    "BadInput": "errors",
    "Bench": "bench.bench",
    "BenchFault": "errors",
    "CallError": "bench.bench",
    "ControllerError": "errors",
    "NoReply": "bench.bench",
    "NotAvailable": "errors",
    "Rig": "bench.rig",
    "Run": "analysis.run",
    "compare": "compare.compare",
    "fit_arrivals": "session_data.frame",
    "judge": "checks.verdict.judging",
    "read_sessions": "session_data.frame",
    "sweep": "sweep.sweep",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for: `import evc5` alone costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'evc5' has no attribute {name!r}")
    return getattr(import_module(f"evc5.rigs.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
