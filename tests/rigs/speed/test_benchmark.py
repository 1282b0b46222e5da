"""What `evc5 bench` measures does happen, and is told in words; how long it takes is no test's business."""

from dataclasses import fields

import pytest

from evc5.rigs.command.cli import main
from evc5.rigs.speed import benchmark, over_socket, whole_runs
from evc5.rigs.speed.cold import cold, together
from evc5.rigs.speed.figures import WIDTH, lines
from evc5.rigs.speed.limit_change import ms_per_change
from evc5.rigs.speed.reference_load import measured
from evc5.rigs.speed.world import world_days_per_s


@pytest.mark.parametrize("result", [benchmark.Result, over_socket.Result])
def test_every_figure_is_told_with_its_words_in_eighty_columns(result):
    names = [one.name for one in fields(result)]
    told = list(lines(result(**dict.fromkeys(names, 1234567.8))))
    assert [line.split()[0] for line in told] == names
    assert all(len(line) <= WIDTH and len(line.split()) > 3 for line in told)


def test_a_figure_that_was_not_measured_is_left_out():
    result = benchmark.Result(days_per_s=12.34567)
    assert result.table() == {"days_per_s": 12.35}
    assert len(list(lines(result))) == 1


@pytest.mark.parametrize("other", [["--tap"], ["--csms", "ws://127.0.0.1:1/x"]])
def test_the_year_is_refused_beside_what_is_measured_instead(other, capsys):
    assert main(["bench", "--long", *other]) == 2
    assert "--long" in capsys.readouterr().err


@pytest.mark.slow
def test_the_reference_load_sends_22_values_a_minute_for_each_connector():
    load = measured(days=0.125)
    assert load.frames >= 2 * (3 * 60 + 3 * 4)
    assert len(load.payload["meterValue"][0]["sampledValue"]) == 22


@pytest.mark.slow
def test_each_change_of_the_limit_is_followed():
    assert ms_per_change(changes=4) > 0.0


@pytest.mark.slow
def test_the_world_renders_its_rows_day_by_day():
    assert world_days_per_s(2, rows=True) > 0.0  # it counts them, and raises


@pytest.mark.slow
def test_a_process_of_its_own_is_measured_with_its_children():
    code = "import sys; print(sys.argv[1] * 2); [x * x for x in range(10**6)]"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}, 'ab'], check=True)"
    one, other = together([(code, "ab"), (parent,)])
    assert one.said == other.said == "abab\n"
    assert one.cpu_s > 0.0 and other.cpu_s > 0.0 and other.wall_s > 0.0
    assert one.peak_mb > 1.0


@pytest.mark.slow
def test_a_measured_process_that_fails_is_no_measurement():
    with pytest.raises(RuntimeError, match="must end with 0, got 3"):
        cold("import sys; sys.exit(3)")


@pytest.mark.slow
def test_two_processes_live_through_the_reference_load_at_once():
    assert whole_runs.two_processes(times=1, days=0.05) > 0.0


@pytest.mark.slow
def test_a_shipped_rig_is_lived_through_and_judged_again(tmp_path):
    whole_runs.lived("first-charge", tmp_path / "run")
    assert not (tmp_path / "run" / "report.html").exists()
    assert whole_runs.judged(tmp_path / "run").cpu_s > 0.0
    assert whole_runs.size_mb(tmp_path / "run") > 0.0
