"""The tables of a tariff, one model each; what a key may hold stands beside it."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, Strict, model_validator

from evc5.rigs.rigfile.fields import Many, NotNegative, Positive, Table, Zone

DAY_MIN = 24 * 60
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_GROUPS = {"weekdays": DAYS[:5], "weekend": DAYS[5:], "all": DAYS}


def _minutes(value: Any) -> Any:
    """Local hours and minutes as minutes of the day; 24:00 is its end."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= DAY_MIN:
        return value
    hours, colon, minutes = str(value).partition(":")
    told = len(hours) == len(minutes) == 2 and bool(colon) and (hours + minutes).isdecimal()
    if not told or int(minutes) > 59 or not 0 <= int(hours) * 60 + int(minutes) <= DAY_MIN:
        raise ValueError("must be a local time of day from 00:00 to 24:00, such as 07:00")
    return int(hours) * 60 + int(minutes)


def _days(value: Any) -> Any:
    named = [value] if isinstance(value, str) else value
    found = [day for name in named for day in DAY_GROUPS.get(name, (name,))]
    if not found or not set(found) <= set(DAYS):
        raise ValueError(f"must be of {', '.join((*DAYS, *DAY_GROUPS))}")
    return tuple(dict.fromkeys(found))


def _day(value: Any) -> Any:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError("must be a date such as 2024-12-25") from None


def _months(value: tuple[int, ...]) -> tuple[int, ...]:
    if not value or not set(value) <= set(range(1, 13)):
        raise ValueError("must be months from 1 to 12")
    return value


Minutes = Annotated[int, BeforeValidator(_minutes)]
Days = Annotated[Many[str], BeforeValidator(_days)]
Day = Annotated[date, BeforeValidator(_day)]
Months = Annotated[Many[int], AfterValidator(_months)]


class Band(Table):
    """The price of some hours of some days of some months."""

    price_kwh: float = Field(description="per kWh")
    days: Days = Field(default=DAYS, description="mon to sun, weekdays, weekend or all")
    months: Months = Field(default=tuple(range(1, 13)), description="1 to 12")
    start: Minutes = Field(default=0, alias="from", description="local time, as 07:00")
    end: Minutes = Field(default=DAY_MIN, alias="to", description="at or before `from`: of the next day")


class Source(Table):
    """A series by time: in a file, or in a table at hand."""

    path: str | None = Field(default=None, description="a CSV file, relative to the tariff's")
    table: Any = Field(default=None, description="in code: a pandas Series by time, or a DataFrame")
    time: str = Field(default="time", description="the column of each step's beginning")
    value: str = Field(default="value", description="the column of what holds from then on")
    timezone: Zone | None = Field(default=None, description="IANA zone of times without an offset")
    time_format: str | None = Field(default=None, description="how times are written, as strptime has it")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.table is None):
            raise ValueError("must have path or table, and not both")
        return self


class Prices(Source):
    """Prices by time."""

    per: Literal["kWh", "MWh"] = Field(default="kWh", description="what a price is for")


class Energy(Table):
    """The price of a kWh: by bands of hours, or by a series such as a day-ahead market's."""

    price_kwh: float | None = Field(default=None, description="per kWh, wherever no band says else")
    times: Many[Band] = Field(default=(), description="time of use: bands, none over another")
    series: Prices | None = Field(default=None, description="prices by time, instead of the two above")
    add_kwh: float = Field(default=0.0, description="on top of the series: surcharge and energy tax")

    @model_validator(mode="after")
    def _one_price(self) -> Self:
        if (self.series is None) == (self.price_kwh is None and not self.times):
            raise ValueError("must have series, or else price_kwh or times")
        if self.series is None and self.add_kwh:
            raise ValueError("must have add_kwh only beside series")
        return self


class Idle(Table):
    """A fee for standing at the outlet when nothing flows any more, until the plug is out."""

    price_min: NotNegative = Field(description="per minute")
    free_min: NotNegative = Field(default=0.0, description="minutes without it")
    cap: NotNegative | None = Field(default=None, description="at most so much a session")


class Session(Table):
    """What a session costs beside its energy."""

    fee: NotNegative = Field(default=0.0, description="each session that took energy")
    idle: Idle | None = Field(default=None, description="for standing there when nothing flows any more")
    cap: NotNegative | None = Field(
        default=None, description="a session at most, its energy, fee and idle time together"
    )


class Demand(Table):
    """A charge on the highest quarter of an hour of each month."""

    price_kw_month: NotNegative = Field(description="per kW of the month's highest mean of a quarter hour")
    free_kw: NotNegative = Field(default=0.0, description="kW of it without charge")


class Contracted(Table):
    """Power that is booked, and what more costs."""

    kw: Positive = Field(description="the power booked, kW")
    price_kw_month: NotNegative = Field(default=0.0, description="per kW booked, each month")
    excess_kw_month: NotNegative = Field(
        default=0.0, description="per kW that the month's highest quarter hour is above it"
    )
    excess_kwh: NotNegative = Field(
        default=0.0, description="per kWh that quarters of an hour had above it, on top of the energy"
    )


class TariffTable(Table):
    """A tariff; amounts are in its currency, hours in its zone."""

    name: str = Field(default="tariff", description="what bills call it")
    currency: str = Field(default="EUR", min_length=1, max_length=8, description="of all amounts")
    timezone: Zone | None = Field(default=None, description="IANA zone of its hours; absent: the rig's")
    scope: Literal["charging", "site"] = Field(
        default="charging", description="charging: the charge point alone; site: with the house beside it"
    )
    holidays: Annotated[tuple[Day, ...], Strict(False)] = Field(
        default=(), description="dates that count as a Sunday"
    )
    energy: Energy = Field(description="the price of a kWh")
    session: Session = Field(default_factory=Session, description="what a session costs beside it")
    demand: Demand | None = Field(default=None, description="on the highest quarter hour of a month")
    contracted: Contracted | None = Field(default=None, description="power that is booked")
    standing_day: NotNegative = Field(default=0.0, description="each day that the run touches")
    standing_month: NotNegative = Field(default=0.0, description="each month that the run touches")
    vat_pct: NotNegative = Field(default=0.0, description="on all of it, %")
