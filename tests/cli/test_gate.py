"""`bench gate`, in a real repository, with pairs that were recorded and with real ones."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from bench.store import profile_pair_tables
from tests import recordings
from tests.analyse.profiles import pairs_made_up
from tests.analyse.profiles.pairs_made_up import KEY
from tests.cli import gated
from tests.terminal import Terminal
from tests.truths import interval_holds

pytestmark = pytest.mark.timeout(900)  # a pair is two imports of torch, and several minutes where other tests run too

WORKLOADS = '''"""Steps that are paced by what the repository's own code says."""
import time

import torch
from bench.workload import Context, Prepared, Work, workload

from pace import SLOW


@workload(lesson="Mine", axes={"own": (0, 1)}, quick={"own": (0, 1)})
def paced(ctx: Context, own: int) -> Prepared:
    """Is busy for a millisecond, or for longer where the library is slow; `own=1` never is.

    Answer: one.
    """

    def step() -> torch.Tensor:
        ends = time.perf_counter() + 0.001 * (1 if own else SLOW)
        while time.perf_counter() < ends:
            pass
        return torch.ones(1) if SLOW > 0 else torch.zeros(1)

    return Prepared(step=step, check=lambda out: ctx.relative_error(out, torch.ones(1)), work=Work(items=1))
'''


class Repository(Terminal):
    """A repository whose main has a library at its usual pace; what is not committed is the head."""

    def __init__(self, folder):
        super().__init__(folder)
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.email", "someone@example.org")
        self.git("config", "user.name", "Someone")
        (folder / ".gitignore").write_text("results/\nreports/\n__pycache__/\n")
        (folder / "mine.py").write_text(WORKLOADS)
        self.pace(1.0)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "as it was")

    def git(self, *words):
        subprocess.run(["git", "-C", str(self.folder), *words], check=True, capture_output=True)

    def pace(self, slow):
        (self.folder / "pace.py").write_text(f"SLOW = {slow}\n")

    def gate(self, *words, timeout=800):
        return self("gate", "-w", "mine.py", *words, timeout=timeout)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    return repository_in(tmp_path, monkeypatch)


def repository_in(folder, monkeypatch):
    return Repository(gated.folder_in(folder, monkeypatch))


def live(folder, recorded=False):
    """A gate of two cases, of which the head slows one: (repository, what was done, the files it wrote)."""
    with pytest.MonkeyPatch.context() as patch:
        repository = repository_in(folder, patch)
        repository.pace(1.5)
        files = {name: folder / f"told.{name}" for name in ("json", "markdown", "junit", "summary")}
        patch.setenv("GITHUB_STEP_SUMMARY", str(files["summary"]))
        words = [word for name, path in files.items() if name != "summary" for word in (f"--{name}", path)]
        if recorded:
            recordings.copied("gate", repository.folder / "run")
            done = repository("gate", "--replay", "run", *words)
        else:
            # Wider bounds than usual, so that six pairs decide both cases even beside other tests.
            done = repository.gate("mine/paced", "--alpha", 0.05, "--limit", 0.2, "--out", "run", *words)
    return repository, done, {name: path.read_text() for name, path in files.items() if path.exists()}


@pytest.fixture(scope="module", params=["recorded", "live"])
def slowed(request, tmp_path_factory):
    return live(tmp_path_factory.mktemp("slowed"), recorded=request.param == "recorded")


def test_a_slow_head_ends_with_1_and_names_the_case(slowed):
    _, done, files = slowed
    assert done.returncode == 1, done.stderr
    told = json.loads(files["json"])
    slow, _ = sorted(told["cases"], key=lambda case: case["key"])
    assert (told["verdict"], slow["verdict"]) == ("regressed", "regressed")
    assert slow["key"].startswith("mine/paced[")
    assert "own=0" in slow["key"]
    assert interval_holds(1.5, slow["ratio"], slow["low"], slow["high"], within=0.05)
    assert slow["evidence"] >= slow["needed"] == pytest.approx(2 / 0.05)  # shared among two cases
    assert not told["canary"]["fired"]
    assert told["sides"]["head"]["dirty"] is True


def test_what_the_head_left_alone_is_not_slower(slowed):
    _, _, files = slowed
    _, same = sorted(json.loads(files["json"])["cases"], key=lambda case: case["key"])
    assert "own=1" in same["key"]
    assert same["verdict"] == "not_slower"
    assert interval_holds(1, same["ratio"], same["low"], same["high"], within=0.1)


def test_the_table_for_a_pull_request_and_the_junit_file_name_the_case(slowed):
    _, _, files = slowed
    assert "mine/paced[own=0]" in files["markdown"]
    assert "regressed" in files["markdown"]
    assert files["summary"] == files["markdown"]
    assert ElementTree.fromstring(files["junit"]).get("failures") == "1"


def test_the_same_pairs_judged_again_give_the_same_verdict_and_another_where_another_is_asked_for(slowed):
    repository, _, _ = slowed
    assert repository("gate", "--replay", "run").returncode == 1
    assert repository("gate", "--replay", "run", "--alpha", "1e-9", "--fail-on", "not_resolved").returncode == 3
    assert repository("gate", "--replay", "run", "--alpha", "1e-9", "--bisect").returncode == 125
    assert repository("gate", "--replay", "run", "--alpha", "1e-9").returncode == 0
    assert "bench gate --replay" in repository("show", "run").stderr


def test_a_head_that_is_wrong_or_does_not_import_ends_with_4(repository):
    repository.pace(-1.0)  # steps end at once, and their answer is wrong
    done = repository.gate("mine/paced[own=1]", "--pairs", 2)
    assert done.returncode == 4
    assert "on the head: wrong" in done.stdout
    (repository.folder / "pace.py").write_text("raise RuntimeError('broken here')\n")
    done = repository.gate("mine/paced[own=1]", "--max-pairs", 2)
    assert done.returncode == 4
    assert "the workloads of the head cannot be loaded" in done.stderr
    assert "broken here" in done.stderr
    assert repository.gate("mine/paced[own=1]", "--bisect").returncode == 125


def test_too_few_pairs_of_the_same_commit_and_another_interpreter_are_not_resolved_which_is_a_warning(
    repository, tmp_path
):
    """The other one is a link to this one: what differs is told, and both can be measured."""
    other = tmp_path / "other" / "bin"
    other.mkdir(parents=True)
    (other / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (other / "python").chmod(0o755)
    sides = ("--base", "HEAD", "--head", f"main,python={other / 'python'}")
    done = repository.gate("mine/paced[own=1]", "--max-pairs", 1, *sides, "--json", "told.json")
    assert done.returncode == 0, done.stderr
    assert "not_resolved" in done.stdout
    told = json.loads((repository.folder / "told.json").read_text())
    assert told["sides"]["base"]["commit"] == told["sides"]["head"]["commit"]
    assert told["sides"]["head"]["python"] == str(other / "python")
    assert told["cases"][0]["pairs"] == 1


def test_a_workload_that_changed_is_not_compared(repository):
    text = (repository.folder / "mine.py").read_text()
    (repository.folder / "mine.py").write_text(text.replace("0.001", "0.002"))
    done = repository.gate("mine/paced[own=1]")
    assert "workload_changed" in done.stdout
    assert done.returncode == 4  # nothing was measured


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--base", "nosuch"), "neither a revision"),
        (("--head", "python=/no/such"), "is no Python"),
        (("mine/nosuch",), "nosuch"),
        (("--setup", "exit 3"), "--setup failed"),
        (("--replay", "nosuch"), "nosuch"),
        (("--replay", "nosuch", "--explain"), "measures nothing"),
    ],
)
def test_bad_input_ends_with_2_and_says_what_is_wrong(repository, words, message):
    base = () if "--base" in words or "--replay" in words else ("--base", "HEAD")
    done = repository.gate(*words, *base)
    assert done.returncode == 2, done.stdout
    assert message in done.stderr


def test_outside_of_a_repository_it_says_so(bench):
    done = bench("gate")
    assert done.returncode == 2
    assert "no git repository" in done.stderr


# --- why --------------------------------------------------------------------------------------------------------------

ONE_PAIR = """
from pathlib import Path

from bench.cli.profile import TableFormat, show_difference
from bench.cli.progress import StageLines
from bench.jobs.difference_job import taken
from bench.jobs.profile_result import difference_in
from bench.jobs.two_sides import SidedChoice, two_sides
from bench.records import Settings
from bench.runner.stop_request import Stop

stop = Stop()
with two_sides(SidedChoice("mine/paced[own=0]", "quick", workloads="mine.py"), "main", "", None, stop) as both:
    folder = taken(both, Settings(), 1, None, Path("d"), "a test", StageLines(), stop)
show_difference(difference_in(folder), TableFormat.JSON)
"""
"""`bench profile --diff`, with fewer pairs than it lets a user have."""


def live_difference(folder):
    """A profile pair whose head is twice as slow: (repository, what was done); it lies in `d` of the repository."""
    with pytest.MonkeyPatch.context() as patch:
        repository = repository_in(folder, patch)
        repository.pace(2.0)
        return repository, repository.program(ONE_PAIR, timeout=600)


def test_profile_pairs_of_two_sides_are_taken(tmp_path):
    repository, done = live_difference(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "profile pair 1 of 1" in done.stderr
    told_of(json.loads(done.stdout), repository)


def test_profile_pairs_that_were_taken_are_told(repository):
    recordings.copied("difference", repository.folder / "d")
    done = repository("profile", "--from", "d", "--format", "json")
    assert done.returncode == 0, done.stderr
    told_of(json.loads(done.stdout), repository)


def told_of(found, repository):
    """Both sides of the pair are told, and one pair is too few for any cause."""
    assert (found["pairs"], found["first"]) == (1, None)
    assert found["step"]["head_s"] > 1.5 * found["step"]["base_s"]
    assert min(found["samples"].values()) > 100
    assert (repository.folder / "d" / "explained.html").exists()
    again = repository("profile", "--from", "d")
    assert again.returncode == 0, again.stderr
    assert "too few pairs" in again.stdout
    assert "bench profile --from" in repository("show", "d").stderr


def test_a_gate_that_was_explained_says_so_in_every_form(slowed):
    """Its profile pairs are made up: that they are taken is tried above, and their verdicts in `analyse`."""
    repository, _, _ = slowed
    told = {"keys": [KEY], "ended": {"c/d[]": "crashed: c/d[]: gone"}, "alpha": 0.001, "coins": 1}
    pairs = pairs_made_up.pairs(head={**pairs_made_up.STEP, pairs_made_up.FORWARD: 600.0})
    folder = profile_pair_tables.write(repository.folder / "run", told, pairs)
    done = repository("gate", "--replay", "run", "--json", "v.json", "--markdown", "v.md", "--junit", "v.xml")
    assert done.returncode == 1, done.stderr
    assert "Why a/b differs by" in done.stdout
    assert "Net.forward (mine.py)" in done.stdout
    assert "Not explained: c/d[]: crashed" in done.stdout
    told = json.loads((repository.folder / "v.json").read_text())
    assert told["explained"][0]["first"] == "Net.forward (mine.py)"
    assert "**Why a/b differs by" in (repository.folder / "v.md").read_text()
    assert "run/explained.html" in done.stderr
    (folder / profile_pair_tables.FACTS).write_text('{"schema": 99}')
    done = repository("gate", "--replay", "run")
    assert (done.returncode, "warning: nothing is explained: " in done.stderr) == (1, True)
    shutil.rmtree(folder)
