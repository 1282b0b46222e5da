"""What the tables of a rig file are made of: strict models, and the few types that recur."""

from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict

from evc5.rigs.rigfile.messages import nearest

T = TypeVar("T")
Many = Annotated[tuple[T, ...], Strict(False)]  # TOML has lists; ours do not change
Positive = Annotated[float, Field(gt=0)]
TimeConstant = Annotated[float, Field(ge=1e-3, le=1e9)]  # s; beyond, its exponential rounds to 0 or 1
NotNegative = Annotated[float, Field(ge=0)]
IdTag = Annotated[str, Field(min_length=1, max_length=20)]  # CiString20Type, OCPP 1.6 7.15
Connector = Annotated[int, Field(ge=1, le=2)]  # the EVC5 has two channels


class Table(BaseModel):
    """A TOML table: no unknown keys, no conversions, no change once read."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, populate_by_name=True, allow_inf_nan=False, defer_build=True
    )


NO_ZONES = ("posix/", "right/", "posixrules")  # beside the database: as it is, with leap seconds, a rule


def _zone(name: Any) -> Any:
    if isinstance(name, str) and (name.startswith(NO_ZONES) or not _is_zone(name)):
        zones = sorted(available_timezones())  # it walks a folder of files, so the one is looked for first
        raise ValueError(f"must be a zone of the IANA database such as Europe/Oslo{nearest(name, zones)}")
    return name


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # no file's name, a folder's, nothing of that name
        return False
    return True


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _each_phase(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return [value] * 3
    if not isinstance(value, list | tuple) or len(value) != 3:
        raise ValueError("must be one number or three, for L1, L2 and L3")
    return value


def _key_value(value: Any) -> Any:
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str | bool | int | float) for item in items):
        raise ValueError("must be a string, a number, true, false or a list of them")
    return value


Zone = Annotated[str, BeforeValidator(_zone)]
OneOrMany = Annotated[tuple[T, ...], Strict(False), Field(min_length=1), BeforeValidator(_one_or_many)]
EachPhase = Annotated[tuple[T, T, T], Strict(False), BeforeValidator(_each_phase)]
KeyValue = Annotated[str | bool | int | float | list[str | int | float], BeforeValidator(_key_value)]
