"""What pydantic found wrong, as the one line a person needs: where, what stands there, what is allowed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from evc5.rigs.secrets import is_secret, without_passwords

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

# pydantic's error type -> what the rig file allows there; {…} are the keys of the error's context
ALLOWED = {
    "missing": "is required",
    "greater_than_equal": "must be >= {ge}",
    "greater_than": "must be > {gt}",
    "less_than_equal": "must be <= {le}",
    "less_than": "must be < {lt}",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "string_type": "must be a string",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "string_pattern_mismatch": "must match {pattern}",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "dataclass_type": "must be a table",
    "too_short": "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
}


def key_path(loc: Sequence[int | str]) -> str:
    """('sessions', 3, 'soc') as sessions[3].soc."""
    path = ""
    for part in loc:
        if part != "[key]":  # pydantic's mark for a dict's key that is itself wrong
            path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.lstrip(".")


def shown(value: Any) -> str:
    """A value as the file would write it, cut to a line's length."""
    text = (
        value.isoformat() if isinstance(value, date) else json.dumps(value, default=str, ensure_ascii=False)
    )
    text = without_passwords(text)
    return text if len(text) <= 60 else text[:57] + "..."


def nearest(word: str, known: Sequence[str]) -> str:
    """'; did you mean …?' where something known is close, else the whole list where it is short."""
    from difflib import get_close_matches  # for who has made a mistake

    folded = {name.casefold(): name for name in known}
    close = get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {folded[close[0]]}?"
    return f"; known: {', '.join(sorted(known))}" if 0 < len(known) <= 40 else ""


def complaint(error: ValidationError, root: type[BaseModel]) -> str:
    """The first thing wrong, on one line; a misspelt key before the one it leaves missing."""
    errors = error.errors(include_url=False)
    first = next((row for row in errors if row["type"] == "extra_forbidden"), errors[0])
    kind = first["type"]
    path = key_path(first["loc"])
    context = first.get("ctx", {})
    if kind == "extra_forbidden":
        return f"{path} is not a key here{nearest(str(first['loc'][-1]), _siblings(root, first['loc']))}"
    if kind == "value_error":
        said = str(context["error"])
    else:
        said = ALLOWED.get(kind, first["msg"][:1].lower() + first["msg"][1:]).format(**context)
    if kind == "missing" or not path or isinstance(first["input"], dict):
        return f"{path} {said}".strip()
    said, mark, hint = said.partition("; did you mean")
    got = "" if any(map(is_secret, path.split("."))) else f", got {shown(first['input'])}"
    return f"{path} {said}{got}{mark}{hint}"


def _siblings(root: type[BaseModel], loc: Sequence[int | str]) -> list[str]:
    """The keys that the table holding `loc` may have, following the models down from `root`."""
    kind: Any = root
    for part in loc[:-1]:
        kind = _inside(kind, part)
    model = _model_of(kind)
    return [] if model is None else [field.alias or name for name, field in model.model_fields.items()]


def _inside(kind: Any, part: int | str) -> Any:
    """The type under one part of a path: a model's field, or what a table or a list holds; None: unknown."""
    if hasattr(kind, "model_fields"):
        fields = kind.model_fields.items()
        return next((field.annotation for name, field in fields if part in (name, field.alias)), None)
    inner: tuple[Any, ...] = getattr(kind, "__args__", ())
    origin = getattr(kind, "__origin__", None)
    if isinstance(origin, type) and issubclass(origin, Mapping | Sequence):
        return inner[1] if issubclass(origin, Mapping) else inner[0]
    found = (_inside(argument, part) for argument in inner)
    return next((one for one in found if one is not None), None)


def _model_of(annotation: Any) -> type[BaseModel] | None:
    """The model of Model | None."""
    if isinstance(annotation, type) and hasattr(annotation, "model_fields"):
        return annotation
    inner = (_model_of(argument) for argument in getattr(annotation, "__args__", ()))
    return next((model for model in inner if model is not None), None)
