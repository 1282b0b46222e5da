"""evc5 verify of other people's logs: files, patterns, standard input, many stations, and what it refuses."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from log_forms import Said, conversation, home_assistant, lined, steve

from evc5 import BadInput, judge
from evc5.rigs.command.cli import main

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said() -> list[Said]:
    return conversation()[:-2]


def of(station: str, **changes: str) -> str:
    content = lined(steve)(said()).decode().replace("CP001", station)
    for old, new in changes.items():
        content = content.replace(old, new)
    return content


def verdict(capsys: Captured, *arguments: str, code: int = 0) -> dict[str, Any]:
    assert main(["verify", *arguments, "--json"]) == code
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def mixed(*logs: str) -> str:
    """Lines of several stations in order of time, as their CSMS writes them."""
    lines = [line for log in logs for line in log.splitlines()]
    return "\n".join(sorted(lines, key=lambda line: line[8:31])) + "\n"


def refused(capsys: Captured, *arguments: str) -> str:
    assert main(["verify", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1
    return err


def test_standard_input_is_a_log(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(of("CP001").encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert verdict(capsys, "-")["frames"] == len(said())


def test_rotated_files_are_one_log_in_order_of_time(here: Path, capsys: Captured) -> None:
    lines = of("CP001").splitlines(keepends=True)
    (here / "ocpp.log").write_text("".join(lines[20:]))
    (here / "ocpp.log.1").write_text("".join(lines[10:20]))
    (here / "ocpp.log.2").write_text("".join(lines[:10]))
    told = verdict(capsys, "ocpp.log*")
    assert told["frames"] == len(lines)
    assert told["findings"] == []


@pytest.mark.slow
def test_a_line_of_several_files_is_named_by_its_own_file(here: Path, capsys: Captured) -> None:
    lines = of("CP001", **{'"value":"1200"': '"value":"900"'}).splitlines(keepends=True)
    parts = {"ocpp.log.2": lines[:10], "ocpp.log.1": lines[10:20], "ocpp.log": lines[20:]}
    for name, part in parts.items():
        (here / name).write_text("".join(part))
    (finding,) = verdict(capsys, "ocpp.log*", code=1)["findings"]
    assert '"value":"900"' in parts[finding["file"]][finding["line"] - 1]
    assert main(["verify", "ocpp.log*", "--case", "cases"]) == 1
    shown = capsys.readouterr().out
    assert f"  {finding['file']}:{finding['line']} · " in shown
    page = (here / "cases" / "01-metering.register-monotonic" / "README.md").read_text()
    (marked,) = [line for line in page.splitlines() if line.startswith(">")]
    assert marked.split()[1] == str(finding["line"]) and '"value":"900"' in marked
    assert f"{finding['file']}:{finding['line']}" in page


def test_a_log_of_many_stations_is_judged_station_by_station(here: Path, capsys: Captured) -> None:
    bad = of("CP002", **{'"value":"1200"': '"value":"900"', "Maker": "Other"})
    (here / "all.log").write_text(mixed(of("CP001"), bad, of("CP003")))
    told = verdict(capsys, "all.log", code=1)
    assert [row["station"] for row in told["stations"]] == ["CP002", "CP001", "CP003"]
    worst = told["stations"][0]
    assert (worst["frames"], worst["vendor"]) == (len(said()), "Other")
    assert "metering.register-monotonic" in worst["causes"]
    assert told["verdicts"]["CP001"]["frames"] == len(said())


def test_one_station_of_many_is_judged_as_if_alone(here: Path, capsys: Captured) -> None:
    (here / "all.log").write_text(mixed(of("CP001"), of("CP002", **{'"value":"1200"': '"value":"900"'})))
    (here / "two.log").write_text(of("CP002", **{'"value":"1200"': '"value":"900"'}))
    of_many = verdict(capsys, "all.log", "--station", "CP002", code=1)
    alone = verdict(capsys, "two.log", code=1)
    shown = ("requirement", "at", "message", "actual")
    assert [[row[name] for name in shown] for row in of_many["findings"]] == [
        [row[name] for name in shown] for row in alone["findings"]
    ]


def test_the_table_shows_each_station_and_each_cause(here: Path, capsys: Captured) -> None:
    bad = of("CP002", **{'"value":"1200"': '"value":"900"'})
    (here / "all.log").write_text(mixed(of("CP001"), bad))
    assert main(["verify", "all.log"]) == 1
    out = capsys.readouterr().out
    stations, causes = out.split("Causes")
    assert stations.index("CP002") < stations.index("CP001")
    assert "Maker" in stations and "1.0.2" in stations
    assert "metering.register-monotonic" in causes
    assert max(map(len, out.splitlines())) <= 100


def test_a_log_says_in_which_zone_it_was_read(here: Path, capsys: Captured) -> None:
    (here / "a.log").write_text(of("CP001").replace("2024-03-01 10:", "2024-03-01 12:"))
    told = verdict(capsys, "a.log")
    assert any("UTC+02:00" in note for note in told["about"]["notes"])
    assert told["about"]["since"].startswith("2024-03-01T10:00:00")
    named = verdict(capsys, "a.log", "--timezone", "Europe/Berlin")
    assert named["about"]["since"].startswith("2024-03-01T11:00:00")


def test_another_maker_s_station_is_judged_by_the_standard_and_ecotap_s_by_its_sheet(
    here: Path, capsys: Captured
) -> None:
    (here / "a.log").write_text(of("CP001"))
    (here / "b.log").write_text(of("CP001", Maker="Ecotap"))
    assert verdict(capsys, "a.log")["about"]["behaviour"] == "ocpp16"
    main(["verify", "b.log", "--json"])
    assert json.loads(capsys.readouterr().out)["about"]["behaviour"] == "evc5-v32r30"


@pytest.mark.parametrize(
    ("arguments", "said_of_it"),
    [
        (["nowhere.log"], "nowhere.log: no such file or directory"),
        (["no*.log"], "no*.log: no such file or directory"),
        (["folder"], "folder is neither a run directory nor a transcript; name its files: folder/*"),
        (["a.log", "--timezone", "Mars/Phobos"], "--timezone must be a name as Europe/Amsterdam or UTC"),
        (["a.log", "--station", "CP9"], "a.log holds no frames of the station CP9; it holds CP001"),
        (["prose.txt"], "prose.txt holds no OCPP frames (line 2: 'Dear all, my charger'; a frame is"),
        (["half.gz"], "half.gz cannot be unpacked"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_line(
    arguments: list[str], said_of_it: str, here: Path, capsys: Captured
) -> None:
    (here / "a.log").write_text(of("CP001"))
    (here / "folder").mkdir()
    (here / "prose.txt").write_text("\nDear all, my charger\nis broken [2, 3].\n")
    (here / "half.gz").write_bytes(b"\x1f\x8b\x08\x00nothing that unpacks")
    assert said_of_it in refused(capsys, *arguments)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("-", "a.log"), "- is standard input and is judged alone"),
        (("a.log", "--explain", "rpc.answered"), "--explain judges nothing: leave a.log out"),
        (("a.log", "--quiet", "--all"), "--all shows what --quiet keeps back"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    arguments: tuple[str, ...], what: str, here: Path, capsys: Captured
) -> None:
    (here / "a.log").write_text(of("CP001"))
    assert what in refused(capsys, *arguments)


def test_several_files_of_known_deviations_are_all_read(here: Path, capsys: Captured) -> None:
    (here / "fallen.log").write_text(of("CP001", NoError="Nothing", **{'7,"meterValue"': '8,"meterValue"'}))
    errors = [row for row in verdict(capsys, "fallen.log", code=1)["findings"] if row["severity"] == "error"]
    ids = sorted({row["requirement"] for row in errors})
    assert len(ids) > 1
    for n, id in enumerate(ids):
        (here / f"known{n}.toml").write_text(f'[[deviation]]\nrequirement = "{id}"\n')
    files = [option for path in sorted(here.glob("known*.toml")) for option in ("--known", path.name)]
    verdict(capsys, "fallen.log", *files, code=0)


def test_judge_is_public_and_reads_any_log(here: Path) -> None:
    (here / "a.log").write_text("".join(home_assistant(one) + "\n" for one in said()))
    verdict = judge("a.log", behaviour="ocpp16")
    assert (verdict.passed, verdict.exit_code, verdict.frames) == (True, 0, len(said()))
    with pytest.raises(BadInput, match="holds the frames of CP001 and CP002; name one station"):
        (here / "two.log").write_text(mixed(of("CP001"), of("CP002")))
        judge("two.log")
    assert judge("two.log", station="CP002").frames == len(said())


def test_a_log_of_another_protocol_is_no_pass(here: Path, capsys: Captured) -> None:
    """Nothing of it was judged: exit 2, as of anything that is no log of 1.6."""
    call = [2, "1", "TransactionEvent", {"eventType": "Started", "seqNo": 0, "triggerReason": "Authorized"}]
    boot = [
        2,
        "0",
        "BootNotification",
        {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}},
    ]
    lines = [f"2024-03-01T10:00:0{k}Z recv {json.dumps(frame)}\n" for k, frame in enumerate((boot, call))]
    (here / "newer.log").write_text("".join(lines))
    assert main(["verify", "newer.log"]) == 2
    assert "OCPP 2.0.1" in capsys.readouterr().out


def test_what_lacks_is_shown_to_its_end_and_one_is_not_plural(here: Path, capsys: Captured) -> None:
    (here / "one.log").write_text(of("CP001"))
    main(["verify", "one.log"])
    out = capsys.readouterr().out
    lacks = {
        lack
        for row in judge("one.log").requirements
        if row["verdict"] == "NOT JUDGED"
        for lack in row["lacks"]
    }
    shown = " ".join(out.split())
    assert sum(lack in shown for lack in lacks) >= 3
    assert "1 transaction\n" in out or "1 transaction," in out


@pytest.mark.slow
def test_the_reading_of_a_long_log_tells_how_far_it_is(here: Path) -> None:
    lines = of("CP001").splitlines(keepends=True)
    noise = "".join(f"2024-03-01 09:00:00.000 INFO heap {k} of 4096 pages in use\n" for k in range(9_000))
    (here / "long.log").write_text(noise + "".join(lines))
    told: list[tuple[float, float]] = []
    judge("long.log", progress=lambda done, total: told.append((done, total)))
    parts = [done / total for done, total in told]
    assert len(parts) >= 4 and parts == sorted(parts) and 0.8 < parts[-1] <= 1.0
    assert {total for _, total in told} == {(here / "long.log").stat().st_size}
