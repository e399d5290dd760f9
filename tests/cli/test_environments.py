"""Two real runs, one of them with another instruction set: every command that would compare them says so."""

from __future__ import annotations

import json

import pytest

from tests.terminal import Running

pytestmark = [pytest.mark.timeout(600), pytest.mark.real]

CASE = "matmul/square[size=64,mode=eager]"
PLAIN, NARROW = "results/plain", "results/narrow"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with two runs of one case: as the machine is, and without vector instructions."""
    where = tmp_path_factory.mktemp("environments")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ATEN_CPU_CAPABILITY", raising=False)
        for out in (PLAIN, NARROW):
            done = bench(where, "run", CASE, "--launches", 1, "--out", out, "--quiet")
            assert done.returncode == 0, done.stderr
            patch.setenv("ATEN_CPU_CAPABILITY", "default")
    return where


def bench(folder, *words):
    return Running(folder, "bench", list(map(str, words))).ended(300)


def test_the_variable_and_the_instruction_set_in_use_are_recorded(folder):
    plain, narrow = (json.loads((folder / run / "run.json").read_text())["environment"] for run in (PLAIN, NARROW))
    assert "ATEN_CPU_CAPABILITY" not in plain["steering"]
    assert narrow["steering"]["ATEN_CPU_CAPABILITY"] == "default"
    assert narrow["torch"]["cpu_capability"] != plain["torch"]["cpu_capability"]


def test_compare_says_that_the_environment_differs(folder):
    done = bench(folder, "compare", PLAIN, NARROW)
    said = " ".join((done.stdout + done.stderr).split())
    assert "environment differs: ATEN_CPU_CAPABILITY unset in the base, default in the head; instruction set" in said
    verdicts = {
        row["verdict"] for row in json.loads(bench(folder, "compare", PLAIN, NARROW, "--format", "json").stdout)
    }
    assert verdicts == {"other_environment"}


def test_history_says_that_the_environment_differs(folder):
    done = bench(folder, "history", "results")
    said = " ".join((done.stdout + done.stderr).split())
    assert "environment differs: unset in 1 value; ATEN_CPU_CAPABILITY=default in 1 value" in said


def test_resume_refuses_another_environment(folder):
    done = bench(folder, "run", "--resume", NARROW)
    assert done.returncode == 2
    assert "environment differs: ATEN_CPU_CAPABILITY=default when the run was begun, unset here" in done.stderr
