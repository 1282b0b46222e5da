"""evc5 probe at the command line: exit codes, files, refusals in one line."""

import json
from pathlib import Path

import pytest

from evc5.rigs.command.cli import main


def said(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    told = capsys.readouterr()
    return told.out, told.err


def test_the_list_tells_what_each_probe_needs_and_disturbs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "--list", "--json"]) == 0
    probes = json.loads(said(capsys)[0])
    assert len(probes) >= 130
    assert {"name", "group", "asks", "needs", "disturbs", "decides", "restores"} == set(probes[0])
    assert all(one["asks"] and one["decides"] and one["restores"] for one in probes)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--twin", "--only", "nonsense"], "--only must name some of keys, link, "),
        (["--twin", "--only", ","], "--only must name some of keys, link, "),
        (["--twin", "--port", "0"], "--port must not stand beside --twin, which dials nowhere"),
        (["--twin", "--tls-cert", "c.pem"], "--tls-cert must not stand beside --twin"),
        (["--restore", "j", "--danger", "Reset"], "--danger must not stand beside --restore"),
        (["--restore", "j", "--stack-above", "0"], "--stack-above must not stand beside --restore"),
        (["--behaviour", "ocpp16"], "--behaviour must come with --twin"),
        (["--twin", "--behaviour", "nobody"], "--behaviour must be "),
        (["--restore", "none.jsonl"], "--restore none.jsonl: no such journal"),
        (["--tls-key", "key.pem"], "--tls-key must come with --tls-cert"),
        (["--stack-above", "-3"], "must be a whole number >= 0, got -3"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    flags: list[str],
    told: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["probe", *flags]) == 2
    out, err = said(capsys)
    assert (out, err.count("\n")) == ("", 1)
    assert told in err


@pytest.mark.slow
def test_a_twin_is_probed_told_of_restored_and_compared(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["probe", "--twin", "--only", "triggers,link", "--out", "a"]) == 0
    out, _ = said(capsys)
    assert "as the published sheet says" in out
    assert out.splitlines()[-3] == "all is as it was before"
    flags = ["--behaviour", "ocpp16", "--only", "triggers,link", "--out", "b", "--danger", "nonsense"]
    assert main(["probe", "--twin", *flags]) == 0
    out, _ = said(capsys)
    assert "table 11 DiagnosticsStatusNotification, Support: yes, published no" in out
    assert "--danger nonsense named no key of this unit and no message" in out
    assert main(["compare", "a", "b"]) == 1
    assert "trigger.DiagnosticsStatusNotification: NotImplemented → Accepted" in said(capsys)[0]
    assert main(["compare", "a", "a"]) == 0
    said(capsys)
    assert main(["probe", "--twin", "--restore", "a/journal.jsonl"]) == 0
    assert said(capsys)[0] == "all is as it was before\n"
    assert {path.name for path in (tmp_path / "a").iterdir()} >= {
        "sheet.json", "sheet.md", "set-charging-profile.md", "behaviour.toml", "journal.jsonl",
        "probes.jsonl",
    }  # fmt: skip


@pytest.mark.slow
def test_whatever_is_told_of_a_probe_fits_80_columns(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["probe", "--twin", "--behaviour", "ocpp16", "--session"]) == 0
    out, err = said(capsys)
    lines = [*out.splitlines(), *err.splitlines()]
    assert any("what SetChargingProfile supports" in line for line in lines)
    assert [line for line in lines if len(line) > 80] == []


@pytest.mark.slow
def test_a_probe_that_came_to_its_end_begins_anew(tmp_path: Path) -> None:
    flags = ["probe", "--twin", "--only", "triggers", "--out", str(tmp_path / "a"), "--quiet"]
    assert main(flags) == 0
    assert main([*flags, "--behaviour", "ocpp16"]) == 0
    facts = json.loads((tmp_path / "a" / "sheet.json").read_text())["facts"]
    assert facts["trigger.DiagnosticsStatusNotification"] == "Accepted"


def test_the_list_fits_80_columns_and_names_the_flag_that_allows(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) < 80
    heads = {line.split()[1]: line.partition("(")[2].rstrip(")") for line in lines if line[0] != " "}
    assert len(heads) > 180
    assert heads["session.cycle"] == "--session"
    assert heads["message.UpdateFirmware"] == "--danger UpdateFirmware"
    assert heads["keys.told"] == ""
