"""A seeded bug: one small named change of the twin, and the check that must catch it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from inspect import getattr_static
from typing import Any

Replace = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Patch:
    """What stands at `target` while the bug is in: `replace` of what stood there before.

    A target is "module:name", "module:Class.name" or "module:TABLE[key]".
    """

    target: str
    replace: Replace

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Put it in, and take it out again whatever happens; LookupError where there is no such target."""
        owner, name = self._owner()
        old = owner[name] if isinstance(owner, dict) else _attribute(owner, name, self.target)
        _put(owner, name, self.replace(old))
        try:
            yield
        finally:
            _put(owner, name, old)

    def _owner(self) -> tuple[Any, str]:
        module, _, path = self.target.partition(":")
        path, _, key = path.partition("[")
        steps = path.split(".")
        owner: Any = import_module(module)
        for step in steps if key else steps[:-1]:
            owner = _attribute(owner, step, self.target)
        if key and key[:-1] not in owner:
            raise LookupError(f"{self.target}: there is no such key")
        return owner, key[:-1] if key else steps[-1]


def _attribute(owner: Any, name: str, target: str) -> Any:
    if name not in vars(owner):
        raise LookupError(f"{target}: there is no {name}")
    return getattr_static(owner, name)


def _put(owner: Any, name: str, value: Any) -> None:
    if isinstance(owner, dict):
        owner[name] = value
    else:
        setattr(owner, name, value)


@dataclass(frozen=True, slots=True)
class Bug:
    """One bug of the firmware, named beforehand with what must catch it."""

    name: str
    models: str  # what the firmware does wrong, in a few words
    check: str  # the requirement that must fail
    clause: str  # what it breaks
    rig: str  # where it shows: a name of evc5.rigs.selftest.small_rigs
    patches: tuple[Patch, ...]

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Have the bug in the twin for a while."""
        with ExitStack() as stack:
            for patch in self.patches:
                stack.enter_context(patch.applied())
            yield
