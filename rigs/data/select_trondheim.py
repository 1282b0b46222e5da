"""Makes trondheim-selection.csv from the published file: python rigs/data/select_trondheim.py PUBLISHED.csv

Two groups of users share one connector each, so that both connectors are busy through the year. A row is left
out where it cannot be true or cannot be played; the reasons and their counts go to standard error.
"""

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parents[2]))
from evc5.rigs.errors import BadInput
from evc5.rigs.session_data.charge import Charge
from evc5.rigs.session_data.trondheim import charge, rows

ZONE = ZoneInfo("Europe/Oslo")
START, END = datetime(2019, 2, 1, tzinfo=UTC), datetime(2020, 2, 1, tzinfo=UTC)
USERS = {"Bl2-2": 1, "Share-12": 1, "AdO1-1": 2, "AsO6-1": 2, "Share-4": 2}  # user -> connector
LEAST_WH = 500.0  # under this the car only balanced or heated itself
LEAST_STAY = timedelta(minutes=10)
MOST_STAY = timedelta(hours=18)  # longer ones block a shared connector
GAP = timedelta(minutes=5)  # between two cars at one connector


def unsuitable(session: Charge) -> str | None:
    """Why a possible row is not taken, if it is not."""
    stay = session.unplug - session.plug_in
    if not (session.plug_in >= START and session.unplug <= END):
        return "outside the year"
    if session.energy_wh < LEAST_WH or stay < LEAST_STAY:
        return "under 0.5 kWh or 10 minutes"
    return "longer than 18 hours" if stay > MOST_STAY else None


def suitable(path: Path, left_out: Counter[str]) -> Iterator[tuple[Charge, dict[str, str]]]:
    """The chosen users' rows that can be played, with their text."""
    for number, row in rows(path):
        if row["User_ID"] not in USERS:
            continue
        try:
            session = charge(row, number, path.name, ZONE)
        except BadInput as error:
            left_out["impossible: " + str(error).split(": ", 2)[2].split(",")[0]] += 1
            continue
        if reason := unsuitable(session):
            left_out[reason] += 1
        else:
            yield session, dict(row)


def one_at_a_time(
    sessions: Iterable[tuple[Charge, dict[str, str]]], left_out: Counter[str]
) -> Iterator[dict[str, str]]:
    """The rows whose car finds its connector free, first come first served."""
    free = dict.fromkeys(USERS.values(), START)
    for session, row in sorted(sessions, key=lambda pair: pair[0].plug_in):
        connector = USERS[row["User_ID"]]
        if session.plug_in < free[connector]:
            left_out["connector taken"] += 1
            continue
        free[connector] = session.unplug + GAP
        yield row


def main(published: str) -> None:
    left_out: Counter[str] = Counter()
    taken = list(one_at_a_time(suitable(Path(published), left_out), left_out))
    with (Path(__file__).parent / "trondheim-selection.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, taken[0].keys(), delimiter=";", lineterminator="\n")
        writer.writeheader()
        writer.writerows(taken)
    print(f"{len(taken)} rows taken; left out: {dict(left_out)}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1])
