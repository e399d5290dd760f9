"""Bad input gets a clear error, exit code 2, and nothing is written."""

import json
import shutil
from textwrap import dedent

import pytest

from tests import measured

WORKLOAD = dedent('''
    from bench.workload import Prepared, Work, workload
    import torch

    @workload(lesson="Mine", axes={"size": (1, 2)})
    def mine(ctx, size):
        """Adds."""
        x = ctx.randn(size)
        return Prepared(step=lambda: x + 1, check=lambda out: ctx.relative_error(out, x + 1), work=Work(items=1))
    ''')


def refused(bench, *words, says):
    before = sorted(path.relative_to(bench.folder) for path in bench.folder.rglob("*"))
    done = bench(*words)
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    for text in says:
        assert text in done.stderr, done.stderr
    assert "Traceback" not in done.stderr or "mine.py" in done.stderr
    assert done.stdout == ""
    after = sorted(path.relative_to(bench.folder) for path in bench.folder.rglob("*") if "__pycache__" not in str(path))
    assert after == before
    return done


CASES = {
    "an unknown workload": (["run", "matmul/sqare"], ["matmul/sqare", "matmul/square"]),
    "an unknown axis in --set": (["run", "-s", "sise=3"], ["sise", "size"]),
    "an unknown axis in a key": (["run", "matmul/square[sise=3]"], ["sise", "size"]),
    "a value of the wrong type": (["run", "-s", "size=big"], ["size", "big"]),
    "an unknown mode": (["run", "-s", "mode=compyle"], ["compyle", "compile"]),
    "an unknown device": (["run", "-s", "device=gpu"], ["gpu", "cuda"]),
    "an unknown preset": (["run", "--preset", "quikc"], ["quikc", "quick"]),
    "a selection of nothing": (["run", "matmul/*", "--exclude", "matmul/*"], ["nothing"]),
    "a run that is not there": (["show", "nowhere"], ["nowhere"]),
    "no run at all": (["show"], ["no run", "bench run"]),
    "a run to resume that is not there": (["run", "--resume", "nowhere"], ["nowhere"]),
    "resume with other settings": (["run", "--resume", "x", "--launches", "3"], ["--resume"]),
    "resume as a dry run": (["run", "--resume", "x", "--dry-run"], ["--resume"]),
    "resume with a selection": (["run", "matmul/*", "--resume", "x"], ["--resume"]),
    "an unknown reference table": (["show", "reference:h200"], ["h200"]),
    "a workload file that is not there": (["run", "--workloads", "none.py"], ["none.py"]),
    "a bad duration": (["run", "--budget", "soon"], ["soon"]),
    "zero launches": (["run", "--launches", "0"], ["launches"]),
    "several cases in process": (["run", "matmul/*", "--in-process"], ["one case"]),
    "a check of nothing": (["check", "none.py"], ["none.py"]),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_words_are_refused(name, bench):
    words, says = CASES[name]
    refused(bench, *words, says=says)


def test_a_preset_with_an_unknown_key_names_file_and_line(bench):
    (bench.folder / "my.toml").write_text('title = "x"\nlaunhces = 3\n')
    refused(bench, "run", "--preset", "my.toml", says=["my.toml:2", "launhces", "launches"])


def test_an_output_folder_below_a_file_is_refused(bench):
    (bench.folder / "file").write_text("")
    refused(bench, "run", "autograd/polynomial[]", "--out", "file/run", says=["file/run"])


def test_an_output_folder_that_holds_something_is_refused(bench):
    (bench.folder / "full").mkdir()
    (bench.folder / "full" / "thesis.tex").write_text("")
    refused(bench, "run", "autograd/polynomial[]", "--out", "full", says=["full is not empty"])


def test_a_workload_file_that_does_not_import_shows_its_own_traceback(bench):
    (bench.folder / "mine.py").write_text(WORKLOAD.replace("import torch", "import torhc"))
    done = refused(bench, "run", "--workloads", "mine.py", "mine/*", "--out", "run", says=["does not import", "torhc"])
    assert "importlib" not in done.stderr
    assert "bench/measure" not in done.stderr


def test_a_workload_file_that_kills_its_importer_is_refused(bench):
    (bench.folder / "mine.py").write_text("import os\nos._exit(9)\n" + WORKLOAD)
    refused(bench, "run", "--workloads", "mine.py", "mine/*", says=["mine.py", "ended the process", "code 9"])


def test_an_axis_that_is_no_literal_names_its_line(bench):
    (bench.folder / "mine.py").write_text(WORKLOAD.replace("(1, 2)", "tuple(range(3))"))
    refused(bench, "run", "--workloads", "mine.py", says=["mine.py:5", "literal"])


def test_two_workloads_of_one_name_are_both_named(bench):
    (bench.folder / "matmul.py").write_text(WORKLOAD.replace("def mine", "def square"))
    refused(bench, "run", "--workloads", "matmul.py", says=["two workloads", "matmul/square", "matmul.py:"])


@pytest.fixture
def damaged(finished, tmp_path):
    terminal, _ = finished
    shutil.copytree(terminal.folder / "run", tmp_path / "run")
    return tmp_path / "run"


def test_a_run_of_a_newer_schema_is_refused(bench, damaged):
    run = json.loads((damaged / "run.json").read_text())
    (damaged / "run.json").write_text(json.dumps({**run, "schema": 99}))
    refused(bench, "show", "run", says=["schema 99", "Update coursebench"])


def test_a_corrupt_parquet_file_is_named(bench, damaged):
    (damaged / "blocks.parquet").write_bytes(b"PAR1 nonsense")
    refused(bench, "show", "run", says=["blocks.parquet", "damaged"])


def test_a_corrupt_journal_line_is_named_and_the_rest_still_loads(bench, damaged):
    (damaged / "journal.jsonl").write_text('{"kind": "launch", "at_s": 1, "record": {"key"\n')
    done = bench("show", "run", "--format", "json")
    assert done.returncode == 0
    assert "journal.jsonl:1" in done.stderr
    assert len({row["key"] for row in json.loads(done.stdout)}) == measured.CASES


def test_an_unknown_value_in_vs_names_those_that_were_measured(bench, damaged):
    refused(bench, "show", "run", "--vs", "mode=compile", says=["mode=compile", "eager"])


def test_an_unknown_chart_names_those_there_are(bench, damaged):
    refused(bench, "plot", "run", "--chart", "pie", says=["pie", "modes-matmul-square"])
