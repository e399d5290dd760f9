"""The script that the README shows runs as it stands there, in a repository of its own."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

from bench.store import runs
from tests.test_layers import ROOT

MINE = ROOT / "tests" / "workload_files" / "mine.py"

pytestmark = [pytest.mark.timeout(900)]


def script():
    """The lines of the README below its section about Python."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("### From Python\n")[2]
    found = re.search(r"```python\n(.*?)```\n", section, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """What the script said: in a repository whose `main` has a workload, which the working tree still has."""
    folder = tmp_path_factory.mktemp("script")
    repository = folder / "repository"
    repository.mkdir()
    shutil.copy(MINE, repository)
    (repository / "script.py").write_text(script(), encoding="utf-8")
    for words in (
        ("init", "-q", "-b", "main"),
        ("add", "-A"),
        ("-c", "user.name=Someone", "-c", "user.email=someone@example.org", "commit", "-q", "-m", "as it was"),
    ):
        subprocess.run(["git", "-C", str(repository), *words], check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        words = [sys.executable, "script.py"]
        return repository, subprocess.run(words, cwd=repository, capture_output=True, text=True, timeout=800)


def test_the_script_has_ten_lines():
    assert len([line for line in script().splitlines() if line.strip()]) == 10


def test_it_runs_and_says_nothing_but_what_it_prints(done):
    _, ended = done
    assert (ended.returncode, ended.stderr) == (0, "")


def test_it_prints_the_table_of_three_cases_and_the_verdicts_on_two_trees(done):
    repository, ended = done
    table, verdicts = ended.stdout.split("\ncomplete: 3 ok, in ")
    assert [f"size={size} " in table for size in (64, 256, 1024)] == [True] * 3
    measured, gated = sorted(path.parent for path in repository.glob("results/*/run.json"))
    assert re.search(rf"; kept in results/{measured.name}\n", verdicts)
    assert re.search(r"^\w+: \d \w+", verdicts, re.MULTILINE)
    assert "mine/softmax[size=100]" in verdicts
    assert ended.stdout.rstrip().endswith(f"kept in results/{gated.name}")


def test_it_draws_a_chart_with_its_rows_and_its_words_beside_it(done):
    repository, _ = done
    assert (repository / "growth.svg").stat().st_size > 5000
    assert (repository / "growth.csv").read_text().count("\n") == 1 + 3
    assert "matmul/square" in (repository / "growth.txt").read_text()


def test_each_run_records_the_call_that_made_it(done):
    repository, _ = done
    commands = [runs.read(path.parent)["command"] for path in sorted(repository.glob("results/*/run.json"))]
    assert commands[0].startswith("bench.run('matmul/square', sets={'size': [64, 256, 1024]")
    assert commands[1].startswith("bench.gate('mine/softmax', base='main'")
