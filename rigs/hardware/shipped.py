"""Maps of registers and dialects of instruments are tables: shipped ones by name, a user's own as TOML."""

import tomllib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from evc5.rigs import user_files
from evc5.rigs.errors import BadInput

Kind = TypeVar("Kind")


def find(
    what: str,
    name: str,
    folder: Path,
    shipped_in: tuple[str, str],
    read: Callable[[str, dict[str, Any]], Kind],
) -> Kind:
    """A shipped table by its name, or a TOML file of one beside the rig's; BadInput says what there is.

    `what` it is in messages; `shipped_in` is the package and its file.
    """
    package, file = shipped_in
    shipped = tomllib.loads((files(package) / file).read_text("utf-8"))
    if name in shipped:
        return read(name, shipped[name])
    path = folder / name
    if path.suffix != ".toml":
        raise BadInput(f"{what} must be one of {', '.join(shipped)}, or a TOML file, got {name!r}")
    try:
        table = user_files.toml(path)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: {error}") from None
    return read(path.stem, table)
