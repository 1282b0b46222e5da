"""A sweep as a TOML file: what `sweep` takes, with the rig's own path."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PrivateAttr, ValidationError

from evc5.rigs import user_files
from evc5.rigs.bench.rig import Rig
from evc5.rigs.errors import BadInput
from evc5.rigs.rigfile.fields import Many, Table
from evc5.rigs.rigfile.messages import complaint


def _seeds(value: Any) -> Any:
    """One message for both that it may be."""
    several = value if isinstance(value, list) and value else [value]
    if not all(isinstance(one, int) and not isinstance(one, bool) and one >= 0 for one in several):
        raise ValueError("must be how many, or a list of whole numbers >= 0")
    return value


class SweepFile(Table):
    """A rig, and what is varied."""

    rig: str = Field(description="a rig file, relative to this one, or a shipped rig's name")
    days: float | None = Field(default=None, gt=0, le=3660, description="other days than the rig's")
    seeds: Annotated[int | Many[int], BeforeValidator(_seeds)] = Field(
        default=1, description="how many from the rig's own on, or these"
    )
    behaviours: Many[str] = Field(default=(), description="each run with each of them")
    sample: Literal["grid", "random", "latin-hypercube"] = Field(
        default="grid", description="which points of what is varied"
    )
    runs: int | None = Field(default=None, ge=1, description="how many points, unless a grid")
    sample_seed: int = Field(default=1, ge=0, description="of the points that are drawn")
    recording: Literal["summary", "full"] = Field(
        default="summary", description="full keeps the run directories in runs/ beside the results"
    )
    changes: dict[str, Any] = Field(
        default_factory=dict, description="what is other than in the rig in every run: key path = value"
    )
    over: dict[str, Any] = Field(
        default_factory=dict,
        description="what is varied: key path = list of values, or {from, to, step, whole}",
    )

    _path: Path = PrivateAttr()

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The sweep at a path; BadInput says in one line what is wrong."""
        path = Path(path)
        try:
            file = cls.model_validate(user_files.toml(path))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadInput(f"{path.name}: not a TOML file: {error}") from None
        except OSError as error:
            raise BadInput(f"{path}: {error.strerror}") from None
        except ValidationError as error:
            raise BadInput(f"{path.name}: {complaint(error, cls)}") from None
        file._path = path
        return file

    @property
    def name(self) -> str:
        return self._path.stem

    def arguments(self) -> dict[str, Any]:
        """What `sweep` takes by keyword, but for who does the runs and where results go."""
        names = ("over", "seeds", "behaviours", "days", "sample", "runs", "sample_seed", "recording")
        return {name: getattr(self, name) for name in names}

    def base(self) -> Rig:
        """The rig that is varied."""
        beside = self._path.parent / self.rig
        return Rig.load(beside if beside.is_file() else self.rig).revised(self.changes)
