"""A frame as it was found in a log: its line, its array, and what stands around it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Fields = Mapping[str, str]


@dataclass(slots=True)
class Found:
    """`body` is the decoded array; None where `text` is what stands there in its place.

    `before` and `after` are the rest of its line, `held` the lines above it that hold no frame, the nearest
    last; `fields` are those of the record around it, the outermost first. `is_frame` is False for a line that
    holds none.
    """

    line: int
    body: Any
    text: str = ""
    before: str = ""
    after: str = ""
    held: tuple[str, ...] = ()
    fields: Fields = field(default_factory=dict)
    lost: bool = False
    is_frame: bool = True
    way: bool | None = None  # up, where the record says so in our own words

    @property
    def kind(self) -> int:
        """2, 3 or 4; 0 for what is no frame."""
        told = self.body[0] if isinstance(self.body, list) and self.body else 0
        return told if isinstance(told, int) and told in (2, 3, 4) else 0

    @property
    def id(self) -> str:
        return str(self.body[1]) if self.kind and len(self.body) > 1 else ""

    @property
    def action(self) -> str:
        told = self.body[2] if self.kind == 2 and len(self.body) > 2 else ""
        return told if isinstance(told, str) else ""

    @property
    def payload(self) -> Any:
        return self.body[-1] if self.kind and len(self.body) > 2 else None
