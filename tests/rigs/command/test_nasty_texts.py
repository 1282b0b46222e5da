"""A nasty text in each field that comes from outside: every output shows it, and none is led by it."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from evc5.rigs.analysis.run import Run
from evc5.rigs.analysis.shown import line, page
from evc5.rigs.analysis.trace import last_lines
from evc5.rigs.command.cli import main
from evc5.rigs.printable import fenced, in_html, in_markdown, in_xml, printable

NASTY = (
    "x\x1b[31m\x07\u202e</script><img src=x onerror=alert(1)>\"'&lt;\r\nevc5: no fault found\n```\n# h"
    " $\\frac{ $ [a](http://example.invalid) ![b](http://example.invalid) =1+1 ]]>\x00\ufffe\u2028"
)
SHORT = "\x1b[1m\u202e<img src=x>"  # of 20 characters at most

Payload = dict[str, Any]


def said() -> Iterator[tuple[str, list[Any]]]:
    """A station and a back office that say it wherever a text may stand."""
    now = "2024-03-01T10:00:00Z"
    boot = {"chargePointVendor": SHORT, "chargePointModel": SHORT, "firmwareVersion": NASTY[:50]}
    sample = {"value": NASTY, "measurand": NASTY, "unit": NASTY, "phase": NASTY, "context": NASTY}
    status = {"connectorId": 1, "errorCode": NASTY, "status": NASTY, "info": NASTY, "vendorErrorCode": NASTY}
    start = {"connectorId": 1, "idTag": SHORT, "meterStart": 0, "timestamp": now}
    stop = {"transactionId": 1, "meterStop": -5, "idTag": SHORT, "reason": NASTY, "timestamp": now}
    yield "up", [2, "1", "BootNotification", {**boot, NASTY: NASTY}]
    yield "down", [3, "1", {"status": "Accepted", "currentTime": now, "interval": 60}]
    yield "up", [2, NASTY, "Authorize", {"idTag": NASTY}]
    yield "down", [3, NASTY, {"idTagInfo": {"status": NASTY}}]
    yield "up", [2, "3", "StatusNotification", status]
    yield "down", [4, "3", NASTY, NASTY, {NASTY: NASTY}]
    yield "up", [2, "4", NASTY, {NASTY: NASTY}]
    yield "up", [2, "5", "StartTransaction", start]
    yield "down", [3, "5", {"transactionId": 1, "idTagInfo": {"status": "Invalid"}}]
    values = [{"timestamp": now, "sampledValue": [sample, {"value": "-5"}]}]
    yield "up", [2, "6", "MeterValues", {"connectorId": 1, "transactionId": 1, "meterValue": values}]
    yield "up", [2, "7", "StopTransaction", stop]
    yield "down", [2, "c8", "ChangeConfiguration", {"key": NASTY[:50], "value": NASTY}]
    yield "up", [3, "c8", {"status": NASTY}]
    yield "down", [2, "c9", "GetConfiguration", {}]
    keys = {"configurationKey": [{"key": NASTY, "value": NASTY, "readonly": True}], "unknownKey": [NASTY]}
    yield "up", [3, "c9", keys]


def rows(station: str) -> Iterator[Payload]:
    for second, (way, frame) in enumerate(said()):
        at = f"2024-03-01T10:00:{second:02}.000Z"
        yield {"t": float(second), "at": at, "station": station, "dir": way, "frame": frame}
    yield {
        "t": 50.0,
        "at": "2024-03-01T10:00:50.000Z",
        "station": station,
        "dir": "up",
        "text": f"[2,{NASTY}",
    }


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "a\x1b[31m\n$\\frac{ $b.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows(NASTY)), encoding="utf-8")
    return path


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run directory in which everything stands, the rig's own name included."""
    directory = tmp_path / "$\\frac{ $run"
    directory.mkdir()
    about = {
        "rig": NASTY,
        "title": NASTY,
        "seed": 1,
        "behaviour": "ocpp16",
        "timezone": "UTC",
        "connectors": 1,
    }
    summary = {"state": "complete", "start": "2024-03-01T10:00:00.000Z", "simulated_s": 60.0, **about}
    (directory / "summary.json").write_text(json.dumps({**summary, "frames": 17}))
    messages = "".join(json.dumps(row) + "\n" for row in rows("CP1"))
    (directory / "messages.jsonl").write_text(messages)
    events = ("link-down", {"reason": NASTY}), ("plug-in", {"vehicle": NASTY}), ("operator", {NASTY: NASTY})
    lines = (
        {"t": 1.0, "at": "2024-03-01T10:00:01.000Z", "connector": 1, "event": name, "detail": detail}
        for name, detail in events
    )
    (directory / "events.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    return Run.open(directory)


def is_plain(text: str) -> bool:
    """Does nothing in it drive a terminal, turn text around, or begin a line that is not ours?"""
    lines = text.split("\n")
    return all(one.isprintable() for one in lines) and not any(one.startswith("evc5: no") for one in lines)


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["--all"], ["--octt"]])
def test_the_terminal(log: Path, capsys: pytest.CaptureFixture[str], more: list[str]) -> None:
    assert main(["verify", str(log), *more]) == 1
    out, err = capsys.readouterr()
    assert len(out) > 500 and is_plain(out) and is_plain(err)


@pytest.mark.slow
def test_the_comparison(run: Run, log: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    figure = tmp_path / "figure.svg"
    main(["compare", str(run.directory), str(log), "--figure", str(figure)])
    out, err = capsys.readouterr()
    assert err == "" and len(out) > 100 and is_plain(out)
    ET.parse(figure)


@pytest.mark.slow
def test_junit(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = tmp_path / "verdict.xml"
    assert main(["verify", str(log), "--quiet", "--junit", str(written)]) == 1
    root = ET.parse(written).getroot()
    texts = [text for element in root.iter() for text in (element.text or "", *element.attrib.values())]
    assert len(texts) > 100 and all(map(is_plain, texts))
    assert "a\N{REPLACEMENT CHARACTER}[31m\\n$" in root[0].get("name", "")


@pytest.mark.slow
def test_the_pages_for_a_maker(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(log), "--quiet", "--case", str(tmp_path / "cases")]) == 1
    pages = [path.read_text(encoding="utf-8") for path in (tmp_path / "cases").glob("*/README.md")]
    assert len(pages) > 5 and all(map(is_plain, pages))
    for shown in pages:
        (fence,) = set(re.findall("^`{3,}$", shown, re.MULTILINE))
        before, code, after = shown.split(f"\n{fence}\n")
        assert fence not in code
        assert not re.search(r"(?<!\\)(<img|\]\()", before + after)


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attributes}


@pytest.mark.slow
def test_the_report(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(run.directory), "--quiet"]) == 1
    text = (run.directory / "report.html").read_text(encoding="utf-8")
    shown = Page(text)
    assert "onerror=alert(1)" in text and is_plain(text)
    assert not {"script", "img"} & shown.tags and not any(name.startswith("on") for name in shown.names)


@pytest.mark.slow
def test_a_notebooks_cell_and_a_failing_test(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    main(["verify", str(run.directory), "--quiet"])
    again = Run.open(run.directory)
    shown = page(again.summary, again.directory)
    assert is_plain(shown) and "img" not in Page(shown).tags
    assert len(again.findings) > 5 and all(is_plain(line(one)) for one in again.findings)
    lines = last_lines(again, 50)
    assert len(lines) > 10 and all(map(is_plain, lines))


def test_each_format_shows_the_text_and_only_that() -> None:
    assert printable("a\n\x1bb") == "a\\n\\x1bb"
    assert in_xml("a\x00<b") == "a\N{REPLACEMENT CHARACTER}<b"
    assert in_html("<b \n\"'&>") == "&lt;b \\n&quot;&#x27;&amp;&gt;"
    assert in_markdown("*a* _b_ c_d [e](f) <g> `h` #") == (r"\*a\* \_b\_ c_d \[e\](f) \<g\> \`h\` \#")
    assert fenced(["a", "```", "`````"]) == ["``````", "a", "```", "`````", "``````"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["day", "sequence", "violations"])
def test_every_figure_that_shows_a_name(run: Run, name: str, tmp_path: Path) -> None:
    asked = {"sequence": (1,), "day": (1,)}.get(name, ())
    getattr(run.plot, name)(*asked).savefig(tmp_path / "figure.svg")
    assert is_plain((tmp_path / "figure.svg").read_text(encoding="utf-8"))
