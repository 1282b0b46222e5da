"""A frame as it was found in a log: its line, its array, and what stands around it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
Fields = Mapping[str, str]
_SHAPE = bytes.maketrans(b"123456789", b"000000000")


def shape(text: str) -> bytes:
    """A text whose digits are all 0: the lines of one logger are alike in this, whatever their times."""
    return text.encode("utf-8", "surrogatepass").translate(_SHAPE)


class Memo(dict[bytes, T]):
    """What is known of texts by their shape; it forgets rather than grows."""

    MOST = 16_384  # a connection's own id in its lines makes a shape of each

    def put(self, alike: bytes, value: T) -> None:
        if len(self) >= self.MOST:
            self.clear()
        self[alike] = value


@dataclass(slots=True, eq=False, repr=False)
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
    is_cut: bool = False  # it ends with the log, before its own end
    way: bool | None = None  # up, where the record says so in our own words
    answers: str = ""  # the action, where the id may be no more than the number of a table's row
    is_beside: bool = False  # a reply in the record of its CALL
    kind: int = field(init=False, default=0)  # 2, 3 or 4; 0 of what is no frame

    def __post_init__(self) -> None:
        told = self.body[0] if isinstance(self.body, list) and self.body else 0
        self.kind = told if type(told) is int and told in (2, 3, 4) else 0

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
