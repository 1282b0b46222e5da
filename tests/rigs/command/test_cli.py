"""evc5 on the command line: what it prints, refuses and answers with its exit code."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path

import pytest
from places import ROOT

import evc5
from evc5.rigs.command import cli
from evc5.rigs.command.cli import COMMANDS, main
from evc5.rigs.durations import lasted
from evc5.rigs.errors import BadInput
from evc5.rigs.shadow.tolerances import TOLERANCES

RIG = """
name = "small"
start = 2024-03-01T16:00:00Z
days = 0.25

[station.keys]
MeterValueSampleInterval = 60

[[sessions]]
plug_in = "10m"
unplug = "2h"
vehicle = "vw-id3-58"
soc = 0.5

[recording]
report = false
"""
FRAME = (
    '{"t":0.0,"at":"2024-03-01T16:00:00.000Z","station":"CP1","dir":"up","frame":[2,"1","Heartbeat",{}]}\n'
)

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    path = tmp_path / "small.toml"
    path.write_text(RIG)
    return path


def refused(capsys: Captured, *argv: str) -> str:
    """The one line that a refused command prints."""
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    return line


@pytest.mark.slow
def test_a_run_ends_with_a_verdict_its_speed_and_its_directory(rig: Path, capsys: Captured) -> None:
    assert main(["run", str(rig)]) == 0
    out = capsys.readouterr().out
    assert "vw-id3-58" in out and "no fault found" in out
    assert "simulated days/s" in out and "frames/s" in out
    assert out.splitlines()[-1].startswith("runs/small-1")
    assert json.loads(Path("runs/small-1/summary.json").read_bytes())["state"] == "complete"


@pytest.mark.parametrize(
    ("report", "included", "told"),
    [
        ("true", "checks and report included", "here/report.html shows the run, evc5 verify here every"),
        (
            "false",
            "checks included",
            "here holds the run, evc5 verify here shows every requirement and writes",
        ),
    ],
)
@pytest.mark.slow
def test_a_report_is_told_of_where_there_is_one(
    rig: Path, capsys: Captured, report: str, included: str, told: str
) -> None:
    rig.write_text(RIG.replace("report = false", f"report = {report}"))
    assert main(["run", str(rig), "--days", "0.1", "--out", "here"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert included in out and told in out
    assert Path("here/report.html").exists() is (report == "true")


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.5, "0.5 seconds"), (60, "1 minute"), (5400, "1.5 hours"), (86_400, "1 day"), (604_800, "7 days")],
)
def test_how_long_a_run_was_is_told_in_a_unit_that_fits(seconds: float, told: str) -> None:
    assert lasted(seconds) == told


def test_quiet_says_nothing(rig: Path, capsys: Captured) -> None:
    assert main(["run", str(rig), "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_json_prints_the_summary_and_nothing_else(rig: Path, capsys: Captured) -> None:
    assert main(["run", str(rig), "--json", "--seed", "7", "--days", "0.1", "--behaviour", "ocpp16"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["seed"], summary["behaviour"], summary["simulated_s"]) == (7, "ocpp16", 8640.0)


def test_the_run_goes_where_out_says(rig: Path) -> None:
    assert main(["run", str(rig), "--quiet", "--out", "here/it-is"]) == 0
    assert Path("here/it-is/messages.jsonl").is_file()


@pytest.mark.slow
def test_an_existing_run_directory_is_replaced(rig: Path) -> None:
    assert main(["run", str(rig), "--quiet"]) == 0
    assert main(["run", str(rig), "--quiet", "--days", "0.1"]) == 0
    assert json.loads(Path("runs/small-1/summary.json").read_bytes())["simulated_s"] == 8640.0


def test_a_directory_that_is_no_run_is_not_touched(rig: Path, capsys: Captured) -> None:
    Path("photos").mkdir()
    Path("photos/cat.jpg").write_text("meow")
    assert "photos" in refused(capsys, "run", str(rig), "--out", "photos")
    assert [path.name for path in Path("photos").iterdir()] == ["cat.jpg"]


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_what_was_recorded_can_be_judged(rig: Path, capsys: Captured) -> None:
    resource = pytest.importorskip("resource", reason="needs POSIX limits")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
    try:
        assert main(["run", str(rig), "--days", "3", "--quiet", "--out", "here"]) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "--out here: nothing more can be written: File too large" in said
    assert main(["verify", "here", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["frames"] > 100


def test_a_refused_rig_writes_nothing(rig: Path, capsys: Captured) -> None:
    rig.write_text(RIG.replace("soc = 0.5", "soc = 1.4"))
    assert refused(capsys, "run", str(rig)) == "evc5: small.toml: sessions[0].soc must be <= 1.0, got 1.4"
    assert not Path("runs").exists()


DAYS = "argument --days: must be a number of days > 0 and <= 3660, got"
BEHAVIOUR = "--behaviour must be evc5-v32r30 or ocpp16 or a TOML file, got"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ("run weak", "weak: neither a file nor a shipped rig; did you mean week?"),
        ("run week --days -1", f"{DAYS} -1 (evc5 run --help)"),
        ("run week --days nan", f"{DAYS} nan (evc5 run --help)"),
        ("run week --seed x", "argument --seed: must be a whole number >= 0, got x (evc5 run --help)"),
        ("run week --behaviour evc6", f"{BEHAVIOUR} evc6"),
        ("run", "the following arguments are required: RIG (evc5 run --help)"),
        ("verify nowhere", "nowhere: no such file or directory"),
        ("verify . --behaviour evc6", f"{BEHAVIOUR} evc6"),
        ("verify . --policy gab=x", "--policy must be NAME=VALUE, got gab=x; did you mean gap?"),
        ("verify . --policy gap=x", "--policy gap must be one of local-limit, unlimited, got x"),
        ("sheet --behaviour nix", f"{BEHAVIOUR} nix"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(
    argv: str, said: str, capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert refused(capsys, *argv.split()) == f"evc5: {said}"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_verify_judges_a_run_again(rig: Path, capsys: Captured) -> None:
    main(["run", str(rig), "--quiet"])
    assert main(["verify", "runs/small-1"]) == 0
    assert "no fault found" in capsys.readouterr().out


def test_verify_fails_a_transcript_that_breaks_the_protocol(rig: Path, capsys: Captured) -> None:
    """Nothing but BootNotification may go up first; here two CALLs stand unanswered at once."""
    Path("bad.jsonl").write_text(FRAME + FRAME.replace('"1"', '"2"'))
    assert main(["verify", "bad.jsonl", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["passed"] is False


def test_verify_writes_its_verdict_for_a_build_server(rig: Path, capsys: Captured) -> None:
    Path("bad.jsonl").write_text(FRAME + FRAME.replace('"1"', '"2"'))
    assert main(["verify", "bad.jsonl", "--quiet", "--junit", "verdict.xml"]) == 1
    assert b"<failure" in Path("verdict.xml").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("flag", ["--junit", "--case"])
def test_what_cannot_be_written_hides_no_verdict(flag: str, rig: Path, capsys: Captured) -> None:
    Path("bad.jsonl").write_text(FRAME + FRAME.replace('"1"', '"2"'))
    Path("file").write_text("")
    assert main(["verify", "bad.jsonl", flag, "file/inside"]) == 2
    told = capsys.readouterr()
    assert "fault found" in told.out or "faults found" in told.out
    assert told.err.splitlines()[-1].startswith(f"evc5: {flag} file/inside")


def test_verify_refuses_a_file_without_frames(rig: Path, capsys: Captured) -> None:
    Path("empty.jsonl").write_text("")
    assert refused(capsys, "verify", "empty.jsonl").startswith("evc5: empty.jsonl holds no OCPP frames")


@pytest.mark.slow
def test_the_shipped_rigs_are_listed(capsys: Captured) -> None:
    assert main(["rigs"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "bad-day", "balancing", "first-charge", "hot-day", "month", "week", "year",
    ]  # fmt: skip


@pytest.mark.slow
def test_a_shipped_rig_is_copied_to_be_changed(rig: Path, capsys: Captured) -> None:
    assert main(["rigs", "--copy", "first-charge", "own"]) == 0
    assert capsys.readouterr().out.strip().endswith("evc5 run own/first-charge.toml")
    assert main(["run", "own/first-charge.toml", "--days", "0.01", "--quiet"]) == 0
    assert "own/first-charge.toml is there already" in refused(
        capsys, "rigs", "--copy", "first-charge", "own"
    )
    assert "DIR must come with --copy" in refused(capsys, "rigs", "own")


def test_the_version_is_the_packages(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"evc5 {evc5.__version__}\n")


@pytest.mark.parametrize("command", [row[0] for row in COMMANDS])
def test_the_help_of_every_command_fits_80_columns_and_an_ascii_terminal(
    command: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert out.replace("…", "...").isascii()


def test_the_help_of_shadow_names_its_tolerances(capsys: Captured) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["shadow", "--help"])
    out = " ".join(capsys.readouterr().out.split())
    assert all(f"{name} {limit:g} {unit}" in out for name, (limit, unit, _) in TOLERANCES.items())


def test_the_schema_is_json(capsys: Captured) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "RigFile"


def test_the_sheet_is_printed_as_the_twin_holds_it(capsys: Captured) -> None:
    assert main(["sheet", "--json"]) == 0
    sheet = json.loads(capsys.readouterr().out)
    assert sheet["behaviour"] == "evc5-v32r30"


@pytest.mark.slow
def test_ctrl_c_ends_a_run_with_its_directory_complete_up_to_there(rig: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-m", "evc5", "run", "year", "--quiet"], env=environment)
    messages = Path("runs/year-1/messages.jsonl")
    while not (messages.is_file() and messages.stat().st_size > 1_000_000):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert json.loads(Path("runs/year-1/summary.json").read_bytes())["state"] == "interrupted"
    assert messages.read_bytes().endswith(b"}\n")


@pytest.mark.slow
def test_two_processes_write_the_same_messages_to_the_byte(rig: Path) -> None:
    def messages(hash_seed: str) -> bytes:
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONHASHSEED": hash_seed,
        }
        command = [sys.executable, "-m", "evc5", "run", "week", "--quiet", "--out", f"week-{hash_seed}"]
        subprocess.run(command, env=environment, check=True)
        return Path(f"week-{hash_seed}/messages.jsonl").read_bytes()

    assert messages("1") == messages("2")


@pytest.mark.parametrize(
    "words",
    [
        "",
        "--help",
        "--version run",
        "runn",
        "run week --days 2 --json",
        "run week --day 2",
        "run --help",
        "run week other",
        "run week --nope=3 x",
        "run --days many",
        "verify --end mars log",
        "verify a b --all",
        "csms --port 99999",
        "tap",
        "run -- week",
    ],
)
def test_a_command_takes_its_words_as_among_all_commands(words, capsys) -> None:
    def told(parsed: Callable[[list[str]], argparse.Namespace]) -> tuple[str, ...]:
        try:
            said = str(sorted(vars(parsed(words.split())).items(), key=itemgetter(0)))
        except (BadInput, SystemExit) as ended:
            said = repr(ended)
        return said, *capsys.readouterr()

    assert told(cli._parsed) == told(cli.parser().parse_args)
