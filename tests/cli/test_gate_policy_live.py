"""The policy of a team in a live gate, in a real repository: what a step holds, what is left out, what is let pass."""

from __future__ import annotations

import json

import pytest

from tests.cli.test_gate import repository_in

pytestmark = pytest.mark.timeout(900)

WORKLOADS = '''"""Steps that call the repository's own code."""
import numpy as np
import torch
from bench.workload import Context, Prepared, Work, workload

import library


@workload(lesson="Mine", axes={"kind": ("numpy", "torch", "left-out")}, quick={"kind": ("numpy", "torch", "left-out")})
def held(ctx: Context, kind: str) -> Prepared:
    """Fills buffers of 9 MB.

    Answer: one.
    """
    return Prepared(
        step=library.step((lambda n: np.empty(n, np.float32)) if kind == "numpy" else torch.empty),
        check=lambda out: ctx.relative_error(out, torch.ones(1)),
        work=Work(items=1),
    )
'''

LIBRARY = """import torch


def step(empty):
    def of():
        kept = [empty(9_000_000 // 4) for _ in range({buffers})]
        return torch.ones(1)

    return of
"""

POLICY = """
[tool.coursebench.gate]
fail-on = ["host_memory"]

[[tool.coursebench.gate.ignore]]
match = "held/*[kind=left-out]"
reason = "it is like another"

[[tool.coursebench.gate.acknowledge]]
match = "held/*[kind=torch]"
reason = "the copy is meant"
commit = "HEAD"
"""


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """A gate of one pair, whose head fills three buffers in place of one: (repository, what was done, its JSON)."""
    folder = tmp_path_factory.mktemp("policy")
    with pytest.MonkeyPatch.context() as patch:
        repository = repository_in(folder, patch)
        (repository.folder / "held.py").write_text(WORKLOADS)
        (repository.folder / "library.py").write_text(LIBRARY.format(buffers=1))
        (repository.folder / "pyproject.toml").write_text(POLICY)
        repository.git("add", "-A")
        repository.git("commit", "-q", "-m", "one buffer")
        (repository.folder / "library.py").write_text(LIBRARY.format(buffers=3))
        repository.git("commit", "-q", "-am", "three buffers")
        words = ("-w", "held.py", "held/*", "--base", "HEAD~1", "--pairs", 1, "--out", "run", "--json", "told.json")
        done = repository("gate", *words, timeout=800)
        yield repository, done, json.loads((repository.folder / "told.json").read_text())


def test_two_buffers_of_9_mb_more_are_seen_in_one_pair_of_numpy_and_of_torch(grown):
    _, done, told = grown
    found = {each["key"].partition("kind=")[2].split(",")[0].strip("]"): each for each in told["failures"]}
    assert set(found) == {"numpy", "torch"}, done.stdout + done.stderr
    assert 17e6 < found["numpy"]["head"] - found["numpy"]["base"] < 19e6
    assert 17e6 < found["torch"]["head"] - found["torch"]["base"] < 19e6
    assert found["numpy"]["quantity"] == "traced_peak_bytes"
    assert found["torch"]["acknowledged"] == "the copy is meant (until the base contains HEAD)"
    assert (done.returncode, told["exit_code"], told["verdict"]) == (1, 1, "regressed")


def test_what_the_policy_leaves_out_was_not_measured_and_is_said(grown):
    repository, done, told = grown
    assert len(told["cases"]) == 2
    assert len(told["ignored"]) == 1
    assert "Ignored: held/*[kind=left-out]: it is like another." in done.stdout
    assert (repository.folder / "run" / "gate.html").exists()


def test_a_change_that_loosens_what_judges_it_is_said(grown):
    repository, done, told = grown
    assert not told["policy_changed"]
    assert "policy itself differs" not in done.stdout
    (repository.folder / "pyproject.toml").write_text(POLICY.replace('["host_memory"]', "[]"))
    looser = repository("gate", "-w", "held.py", "held/*", "-s", "kind=numpy", "--base", "HEAD~1", "--pairs", 1)
    (repository.folder / "pyproject.toml").write_text(POLICY)
    assert "The policy itself differs between the sides; that of the head judges." in looser.stdout, looser.stderr


def test_a_case_has_the_line_of_its_function(grown):
    _, _, told = grown
    line = WORKLOADS.splitlines().index("def held(ctx: Context, kind: str) -> Prepared:") + 1
    places = [case["place"] for case in told["cases"]]
    assert places == [{"file": "held.py", "line": line, "test": ""}] * len(places)


def test_the_policy_of_the_run_judges_again_without_the_file(grown):
    repository, _, _ = grown
    (repository.folder / "pyproject.toml").unlink()
    assert repository("gate", "--replay", "run").returncode == 1
    (repository.folder / "none.toml").write_text("")
    assert repository("gate", "--replay", "run", "--policy", "none.toml").returncode == 0


def test_an_acknowledgement_of_a_commit_that_the_base_contains_has_ended(grown):
    repository, _, _ = grown
    (repository.folder / "pyproject.toml").write_text(POLICY.replace('"HEAD"', '"HEAD~1"'))
    done = repository("gate", "-w", "held.py", "--base", "HEAD~1", "--pairs", 1)
    assert done.returncode == 2
    assert "names the commit 'HEAD~1', which the base contains by now (the copy is meant)" in done.stderr
    (repository.folder / "pyproject.toml").write_text(POLICY.replace('"HEAD"', '"f00d"'))
    assert "which is not here" in repository("gate", "-w", "held.py", "--base", "HEAD~1", "--pairs", 1).stderr
