"""A bill: what it adds up to, item by item, and the tables behind it."""

from dataclasses import dataclass
from html import escape

import pandas as pd

ITEMS = {  # item: the table and the column that it adds up
    "energy of the charge point": ("days", "energy"),
    "energy of the house": ("days", "house"),
    "session fees": ("sessions", "fee"),
    "idle fees": ("sessions", "idle"),
    "above a session's cap": ("sessions", "cap"),
    "highest quarter hour": ("months", "demand"),
    "booked power": ("months", "contracted"),
    "power beyond it": ("months", "excess"),
    "standing charge by day": ("days", "standing"),
    "standing charge by month": ("months", "standing"),
}


@dataclass(frozen=True, slots=True, repr=False)
class Bill:
    """What a run costs; amounts are in `currency`, before VAT but for the item of that name and `total`.

    `days`, a row a local day that the run touches:

    - `day`: its date; `energy_wh`, `energy`: Wh of the charge point, and their price
    - `house_wh`, `house`: the same of the house, 0 where the tariff's scope leaves it out
    - `standing`: the standing charge; `fee`, `idle`, `cap`: of the sessions that ended on it

    `sessions`, a row a car that came:

    - `connector`, `vehicle`, `plug_in`, `unplug`: who stood where; `unplug` is null while it is there
    - `energy_wh`, `energy`: Wh delivered at the outlet, and their price
    - `fee`: for the session; `idle_min`, `idle`: minutes after the last power, and what they cost
    - `cap`: what is beyond the session's cap, 0 or negative; `total`: of the four amounts

    `months`, a row a local month that the run touches, of the charge point, or of the site:

    - `month`: as 2024-03; `peak_w`, `peak_at`: its highest mean of a local quarter hour, and when that began
    - `demand`: the charge on it; `contracted`: what the booked power costs
    - `excess_w`, `excess_wh`, `excess`: how far beyond it, Wh of the quarters that were, and what they cost
    - `standing`: the standing charge
    """

    name: str
    currency: str
    vat_pct: float
    days: pd.DataFrame
    sessions: pd.DataFrame
    months: pd.DataFrame

    @property
    def items(self) -> pd.DataFrame:
        """What is on the bill: `item`, and its `amount`; items that are nothing are left out."""
        amounts = {item: float(getattr(self, table)[column].sum()) for item, (table, column) in ITEMS.items()}
        amounts["VAT"] = sum(amounts.values()) * self.vat_pct / 100.0
        told = {item: amount for item, amount in amounts.items() if amount != 0.0}
        return pd.DataFrame({"item": pd.Series(told.keys(), dtype="str"), "amount": list(told.values())})

    @property
    def total(self) -> float:
        """All of it, VAT included."""
        return float(self.items["amount"].sum())

    def __repr__(self) -> str:
        rows = [*self.items.itertuples(index=False, name=None), ("total", self.total)]
        lines = [f"{item:<30}{amount:>12,.2f} {self.currency}" for item, amount in rows]
        return "\n".join([f"Bill under {self.name}", *lines])

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"
