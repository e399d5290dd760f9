"""Commands that take several runs: rows of each machine beside each other, never pooled."""

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

import workloads


@pytest.fixture
def two(finished, tmp_path):
    """A finished run, and the same numbers as if another machine had given them: (terminal, its folder, the other)."""
    terminal, _ = finished
    other = tmp_path / "other"
    shutil.copytree(terminal.folder / "run", other)
    told = json.loads((other / "run.json").read_text())
    told.update(run="20250101T000000Z-0000abcd", machine="64-core Abacus + NVIDIA H200")
    (other / "run.json").write_text(json.dumps(told))
    return terminal, "run", other


def test_show_gives_the_rows_of_both_with_their_machine(two):
    terminal, run, other = two
    rows = list(csv.DictReader(io.StringIO(terminal("show", run, other, "--format", "csv").stdout)))
    machines = [row["machine"] for row in rows]
    assert set(machines) >= {"64-core Abacus + NVIDIA H200"}
    assert machines.count("64-core Abacus + NVIDIA H200") * 2 == len(rows)
    assert "machine" in terminal("show", run, other).stdout


def test_a_doubt_says_of_which_machine_it_is(two):
    terminal, run, other = two
    rows = json.loads(terminal("show", run, other, "--format", "json").stdout)
    cases = {item["case"] for row in rows for item in row["findings"]}
    assert any(case.endswith(" on 64-core Abacus + NVIDIA H200") for case in cases)


def test_phases_of_both_are_told_apart(two):
    terminal, run, other = two
    rows = list(csv.DictReader(io.StringIO(terminal("show", run, other, "--phases", "--format", "csv").stdout)))
    assert len({row["machine"] for row in rows}) == 2


def test_the_same_run_twice_is_refused(two):
    terminal, run, _ = two
    for command in ("show", "plot", "report"):
        done = terminal(command, run, run)
        assert (done.returncode, "is given twice" in done.stderr) == (2, True)


def test_floors_are_of_one_machine(two):
    terminal, run, other = two
    done = terminal("show", run, other, "--floor")
    assert (done.returncode, done.stderr.strip()) == (2, "error: --floor takes the peaks of one machine: name one run")


def test_plot_and_report_name_the_machine_of_each_chart(two, tmp_path):
    terminal, run, other = two
    titles = terminal("plot", run, other, "--list").stdout
    assert "64-core Abacus + H200: matmul/square" in titles
    done = terminal("report", run, other, "--out", tmp_path / "report")
    page = (tmp_path / "report" / "index.html").read_text()
    assert done.returncode == 0
    assert "<h3>64-core Abacus + NVIDIA H200</h3>" in page  # its environment


def test_a_run_is_copied_for_others_without_a_path_of_this_machine(two, tmp_path):
    terminal, run, _ = two
    done = terminal("export", run, "--to", "run", "--out", tmp_path / "copy")
    assert done.returncode == 0
    assert str(Path(workloads.__file__).parents[1]) not in (tmp_path / "copy" / "run.json").read_text()
    own, copied = (json.loads(terminal("show", each, "--format", "json").stdout) for each in (run, tmp_path / "copy"))
    assert own == copied


def test_a_run_wants_a_folder_to_be_copied_to(two):
    terminal, run, _ = two
    done = terminal("export", run, "--to", "run")
    assert (done.returncode, "name a folder with --out" in done.stderr) == (2, True)


def test_lecture_refuses_what_it_could_only_find_out_after_ten_minutes(bench):
    done = bench("lecture", "--beside", "nowhere")
    assert (done.returncode, "no run 'nowhere'" in done.stderr) == (2, True)
    (bench.folder / "gate").mkdir()
    (bench.folder / "gate" / "run.json").write_text(json.dumps({"schema": 1, "run": "g", "gate": {}}))
    done = bench("lecture", "--beside", "gate")
    assert (done.returncode, "is a gate" in done.stderr) == (2, True)
    done = bench("lecture", "--beside", "nowhere", "--alone")
    assert (done.returncode, "give one of them" in done.stderr) == (2, True)


def test_csv_takes_both_runs_and_a_file_of_another_tool_one(two):
    terminal, run, other = two
    rows = list(csv.DictReader(io.StringIO(terminal("export", run, other, "--to", "csv").stdout)))
    assert len({row["machine"] for row in rows}) == 2
    done = terminal("export", run, other, "--to", "pytest-benchmark")
    assert (done.returncode, "holds one run" in done.stderr) == (2, True)
