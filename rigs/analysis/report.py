"""The report page of a run: one file with its verdict, findings, sessions and figures, for people."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta, tzinfo
from functools import partial
from pathlib import Path
from typing import Any

import jinja2

from evc5.models.units import DAY_S
from evc5.rigs.analysis import busiest_day
from evc5.rigs.analysis.day import day
from evc5.rigs.analysis.drawn.day import draw_day
from evc5.rigs.analysis.drawn.energy import draw_energy, draw_sessions
from evc5.rigs.analysis.drawn.marks import Drawing, Flag
from evc5.rigs.analysis.drawn.schedule import draw_schedule
from evc5.rigs.analysis.drawn.svg import svg
from evc5.rigs.analysis.energy import Energy, energy
from evc5.rigs.analysis.report_matrix import matrix, session_of
from evc5.rigs.analysis.run import Run
from evc5.rigs.analysis.schedule import schedule
from evc5.rigs.analysis.theme import THEME, mark_id
from evc5.rigs.checks.reading.instants import elapsed
from evc5.rigs.durations import HOURS, lasts
from evc5.rigs.errors import NotAvailable
from evc5.rigs.printable import printable
from evc5.rigs.recording.reading import run_directory
from evc5.rigs.recording.reading.frames import Frame, json_text

TEMPLATES = Path(__file__).parent / "templates"
VERDICTS = ("PASS", "FAIL", "KNOWN DEVIATION", "NOT JUDGED", "INCONCLUSIVE", "NOT EXERCISED")
MOST_ALIKE = 5  # findings of one requirement shown with their frames; the rest of them are folded away
SERIALS = {  # BootNotification.req (OCPP 1.6, 6.3)
    "serial": "chargePointSerialNumber",
    "box serial": "chargeBoxSerialNumber",
    "meter serial": "meterSerialNumber",
}
PAGE_FINDINGS = 200
MOST_DAYS = 6  # figures of a day
WIDE, NARROW = 980.0, 400.0  # a figure's width on a screen and on a phone; a style sheet shows one
EVIDENCE_S = 2.0  # frames this near to a finding are its evidence ...
MOST_FRAMES = 6  # ... but no more of them
ACCEPTED = "charging.accepted"  # judged wherever a profile was set
MOST_OF_A_FRAME = 600  # of a frame

_RANK = {"FAIL": 0, "KNOWN DEVIATION": 0}  # what departs comes first, the rest in the order of the table

Summary = Mapping[str, Any]


def write_report(run: Run) -> Path:
    """Write the page into the run's directory; it needs no other file and no network."""
    path = run.directory / run_directory.REPORT
    run_directory.replace(path, page(run).encode())
    return path


def page(run: Run) -> str:
    summary = run.summary
    known = busiest_day.connectors(run)
    delivered = energy(run, known) if known else None
    days = dict.fromkeys(_days(run, delivered) if delivered else ())
    findings = list(_findings(run))
    for finding in findings:
        finding["mark"] = _mark(finding, days)
    return (
        _environment(run)
        .get_template("report.html")
        .render(
            run=run,
            summary=summary,
            themes=THEME,
            begin=_at(run, 0.0),
            facts=_facts(run),
            serials=_serials(run) if "bench" in summary else {},
            tally=_tally(summary),
            requirements=sorted(
                summary.get("requirements", []), key=lambda row: _RANK.get(row["verdict"], 1)
            ),
            findings=findings,
            more_findings=max(0, len(run.findings) - PAGE_FINDINGS),
            matrix=matrix(summary, findings),
            figures=list(_figures(run, list(days), delivered)) if delivered else [],
        )
    )


def _environment(run: Run) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "moment": partial(_moment, zone=run.tz),
        "elapsed": elapsed,
        "number": _number,
        "percent": _percent,
    }
    return environment


def _shown(value: Any) -> Any:
    """A text as a page may show it; autoescape does the rest, and drawings are markup already."""
    return printable(value) if type(value) is str else value


def _facts(run: Run) -> list[tuple[str, str]]:
    """The run in numbers, name and value."""
    summary = run.summary
    days = run.end_s / DAY_S
    sessions = summary.get("sessions", [])
    on_metal = "bench" in summary
    facts = [
        ("lasted" if on_metal else "simulated", lasts(run.end_s, HOURS) if on_metal else _in_days(days)),
        ("OCPP frames", f"{summary.get('frames', 0):,}"),
    ]
    if sessions:
        kwh = sum(session["kwh"] or 0.0 for session in sessions)
        facts += [("sessions", f"{len(sessions):,}"), ("delivered", f"{kwh:,.1f} kWh")]
    if (wall_s := summary.get("wall_s")) and not on_metal:
        facts.append(("speed", f"{days / wall_s:,.1f} days/s"))
    return facts


def _serials(run: Run) -> dict[str, str]:
    """Of the unit on a bench, as its last boot has told them."""
    told: Any = {}
    with suppress(NotAvailable):  # its frames were not to be recorded
        for frame in run.frames("BootNotification"):
            told = frame.payload if frame.kind == "CALL" else told
    return {name: str(told[key]) for name, key in SERIALS.items() if told.get(key)}


def _in_days(days: float) -> str:
    return f"{days:.3g} day{'s' * (days != 1)}"


def _tally(summary: Summary) -> list[tuple[str, int]]:
    """How many requirements got which verdict."""
    verdicts = [row["verdict"] for row in summary.get("requirements", [])]
    return [(verdict, verdicts.count(verdict)) for verdict in VERDICTS if verdict in verdicts]


def _findings(run: Run) -> Iterator[dict[str, Any]]:
    """Errors before warnings, in order of time; the first ones of each requirement with their frames."""
    find = session_of(run.summary)
    seen = Counter[str]()
    findings = []
    for index, finding in enumerate(run.findings):
        seen[finding["requirement"]] += 1
        first = seen[finding["requirement"]] <= MOST_ALIKE
        findings.append(finding | {"index": index, "first": first, "session": find(finding)})
    shown = sorted(findings, key=lambda finding: not finding["first"])[:PAGE_FINDINGS]
    for finding in sorted(shown, key=lambda finding: (finding["severity"] != "error", finding["t"])):
        at = _at(run, finding["t"])
        yield finding | {"at": at, "frames": _evidence(run, finding["t"]) if finding["first"] else []}


def _evidence(run: Run, t_s: float) -> list[tuple[float, str, str]]:
    """The frames nearest to a moment: seconds from it, direction, text."""
    if not math.isfinite(t_s):
        return []
    frames = list(run.frames(since=t_s - EVIDENCE_S, until=t_s + EVIDENCE_S))
    nearest = sorted(sorted(frames, key=lambda frame: abs(frame.t - t_s))[:MOST_FRAMES], key=lambda f: f.t)
    return [(frame.t - t_s, frame.dir + " lost" * frame.lost, _text(frame)) for frame in nearest]


def _text(frame: Frame) -> str:
    text = frame.text if frame.frame is None else json_text(frame.frame)
    text = text or ""
    return text if len(text) <= MOST_OF_A_FRAME else f"{text[:MOST_OF_A_FRAME]} … ({len(text):,} characters)"


def _mark(finding: Mapping[str, Any], days: Iterable[tuple[int, datetime]]) -> str:
    """Where a figure shows a finding: its mark, or the day of a warning; empty where none does."""
    for connector, at in days:
        if finding["connector"] in (connector, None) and at.date() == finding["at"].date():
            error = finding["severity"] == "error"
            return mark_id(finding["index"], connector) if error else _day_id(connector, at)
    return ""


def _figures(run: Run, days: Sequence[tuple[int, datetime]], delivered: Energy) -> Iterator[dict[str, Any]]:
    """The figures with an id each: days with an error first; energy, profiles, and the other days."""
    failed = {(finding["connector"], f"{_at(run, finding['t']):%F}") for finding in _errors(run)}
    broken = [(connector, at) for connector, at in days if _is_of(failed, connector, at)]
    yield from (_day_figure(run, connector, at) for connector, at in broken)
    yield _figure("energy", draw_energy(delivered))
    if delivered.asked:
        yield _figure("by-session", draw_sessions(delivered))
    if _has_profiles(run):
        yield _figure("schedule", draw_schedule(schedule(run, *busiest_day.schedule_window(run))))
    yield from (_day_figure(run, connector, at) for connector, at in days if (connector, at) not in broken)


def _errors(run: Run) -> list[dict[str, Any]]:
    return [finding for finding in run.findings if finding["severity"] == "error"]


def _is_of(found: set[tuple[int | None, str]], connector: int, at: datetime) -> bool:
    """Is the day one of these, at this connector or at the whole station (None)?"""
    return (connector, f"{at:%F}") in found or (None, f"{at:%F}") in found


def _day_figure(run: Run, connector: int, at: datetime) -> dict[str, Any]:
    shown = day(run, connector, busiest_day.day_window(run, connector, at.date()))
    return _figure(_day_id(connector, at), draw_day(shown))


def _figure(id_: str, drawing: Drawing) -> dict[str, Any]:
    """A figure drawn twice, for a wide page and for a phone, and the ids of its flags."""
    flags = [mark.id for panel in drawing.panels for mark in panel.marks if isinstance(mark, Flag)]
    return {"id": id_, "wide": svg(drawing, WIDE), "narrow": svg(drawing, NARROW), "flags": flags}


def _has_profiles(run: Run) -> bool:
    """Did the back office set any? The verdict knows without reading the messages again."""
    judged = (row["count"] for row in run.summary.get("requirements", ()) if row["id"] == ACCEPTED)
    return next(judged, 1) > 0 and next(run.frames("SetChargingProfile"), None) is not None


def _days(run: Run, delivered: Energy) -> list[tuple[int, datetime]]:
    """Connector and day of each figure of a day."""
    known = delivered.connectors
    days: dict[tuple[int, str], datetime] = {}
    for finding in run.findings:
        if finding["severity"] == "error" and finding["connector"] in known:
            at = _at(run, finding["t"])
            days.setdefault((finding["connector"], f"{at:%F}"), at)
    for connector, begin_s in busiest_day.days(run, known, delivered.midnights_wh).items():
        at = _at(run, begin_s)
        days.setdefault((connector, f"{at:%F}"), at)
    chosen = list(days.items())[: max(MOST_DAYS, len(known))]
    failed = {finding["connector"] for finding in _errors(run)}
    pairs = [(connector, at) for (connector, _), at in chosen]
    return sorted(pairs, key=lambda pair: (pair[0] not in failed, pair[1], pair[0]))


def _day_id(connector: int | None, at: datetime) -> str:
    return f"day-{connector}-{at:%F}"


def _at(run: Run, t_s: float) -> datetime:
    """The moment in the rig's zone."""
    return (run.start + timedelta(seconds=t_s)).astimezone(run.tz)


def _moment(text: str | datetime | None, zone: tzinfo) -> str:
    """An instant as people write it, to the minute, in the rig's zone."""
    if text is None:
        return "–"
    at = datetime.fromisoformat(text) if isinstance(text, str) else text
    at = at.astimezone(zone)
    return f"{at:%a} {at.day} {at:%b %H:%M}"


def _number(value: float | None, decimals: int = 0) -> str:
    return "–" if value is None else f"{value:,.{decimals}f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f}"
