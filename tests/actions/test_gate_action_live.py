"""The action's steps as a runner runs them, with the real gate: on a merge ref, for a fork, and in a shallow clone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.actions.test_gate_action import ACTION, INPUTS, ROOT
from tests.cli.test_gate import WORKLOADS

pytestmark = pytest.mark.timeout(900)

BASH = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail"]
"""What `shell: bash` of a step is."""


def git(folder: Path, *words: str) -> str:
    named = ("-c", "user.name=A", "-c", "user.email=a@b")
    done = subprocess.run(["git", "-C", str(folder), *named, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose main moved on after a pull request of a fork left it, with the merge ref that GitHub makes."""
    folder = tmp_path_factory.mktemp("upstream")
    git(folder, "init", "-q", "-b", "main")
    (folder / "mine.py").write_text(WORKLOADS)
    (folder / "pace.py").write_text("SLOW = 1.0\n")
    (folder / "bench.py").write_text("raise SystemExit(1)\n")  # theirs, and none of ours
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "one")
    git(folder, "checkout", "-q", "-b", "of-the-fork")
    (folder / "pace.py").write_text("SLOW = 3.0\n")
    git(folder, "commit", "-q", "-am", "slow")
    git(folder, "checkout", "-q", "main")
    (folder / "README").write_text("moved on\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "two")
    git(folder, "checkout", "-q", "--detach")
    git(folder, "merge", "-q", "--no-ff", "-m", "merge", "of-the-fork")
    git(folder, "update-ref", "refs/pull/1/merge", "HEAD")
    git(folder, "checkout", "-q", "main")
    git(folder, "branch", "-q", "-D", "of-the-fork")  # it is a branch of the fork, not of this repository
    return folder


class Job:
    """A job of a runner whose workspace is a checkout of the merge ref."""

    def __init__(self, folder: Path, upstream: Path, depth: int | None) -> None:
        self.folder, self.workspace = folder, folder / "workspace"
        for name in ("bin", "temp", "workspace"):
            (folder / name).mkdir()
        git(self.workspace, "init", "-q")
        git(self.workspace, "remote", "add", "origin", f"file://{upstream}")
        wanted = ["+refs/pull/1/merge:refs/remotes/pull/1/merge"]
        if depth is None:  # as actions/checkout does with fetch-depth: 0
            wanted.append("+refs/heads/*:refs/remotes/origin/*")
        git(self.workspace, "fetch", "-q", *([] if depth is None else [f"--depth={depth}"]), "origin", *wanted)
        git(self.workspace, "checkout", "-q", "--detach", "refs/remotes/pull/1/merge")
        command = folder / "bin" / "coursebench"
        command.write_text(f"#!{sys.executable}\nfrom bench.__main__ import main\nmain()\n")
        command.chmod(0o755)
        (folder / "bin" / "python").symlink_to(sys.executable)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
            **INPUTS,
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "RUNNER_TEMP": str(folder / "temp"),
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
            "GITHUB_ACTION_PATH": str(ACTION),
            "GITHUB_BASE_REF": "main",
            "GITHUB_ACTIONS": "true",
            "XDG_CACHE_HOME": str(folder / "cache"),
        }

    def step(self, script: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        path = self.folder / "step.sh"
        path.write_text(script)
        environment = {**self.environment, **inputs}
        return subprocess.run(
            [*BASH, str(path)], cwd=self.workspace, env=environment, capture_output=True, text=True, timeout=800
        )

    def gate(self, **inputs: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "output").write_text("")
        (self.folder / "summary").write_text("")
        return self.step(scripts()[-1], WORKLOADS="mine.py", SELECT="mine/*", BUDGET="1s", **inputs)

    @property
    def outputs(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in (self.folder / "output").read_text().splitlines())

    @property
    def told(self) -> dict[str, object]:
        return dict(json.loads((Path(self.outputs["files"]) / "gate.json").read_text()))


def scripts() -> list[str]:
    """The commands of the action's own steps, in their order."""
    text = (ACTION / "action.yml").read_text()
    blocks = re.findall(r"^      run: (?:\|\n((?:        .*\n)+)|(.*)\n)", text, re.MULTILINE)
    return [textwrap.dedent(block) or line for block, line in blocks]


@pytest.fixture
def job(tmp_path: Path, upstream: Path):
    return lambda depth=None: Job(tmp_path, upstream, depth)


def test_the_first_step_says_what_is_here_and_refuses_an_old_python(job):
    here = job()
    assert here.step(scripts()[0]).returncode == 0
    assert here.outputs["root"] == str(ROOT)
    assert here.outputs["installed"] == "true"
    assert len(here.outputs["key"]) == 16
    (here.folder / "bin" / "python").unlink()
    (here.folder / "bin" / "python").write_text("#!/bin/sh\nexit 2\n")
    (here.folder / "bin" / "python").chmod(0o755)
    done = here.step(scripts()[0])
    assert (done.returncode, "::error::bench gate needs Python 3.11" in done.stdout) == (2, True)


def test_a_step_that_cannot_install_ends_with_70_and_not_with_1(job):
    here = job()
    (here.folder / "bin" / "python").unlink()
    (here.folder / "bin" / "python").write_text("#!/bin/sh\nexit 1\n")
    (here.folder / "bin" / "python").chmod(0o755)
    assert here.step(scripts()[1], ROOT="nowhere", TORCH_INDEX="nowhere").returncode == 70


def test_the_merge_ref_of_a_fork_is_compared_with_the_branch_it_goes_to(job, upstream):
    here = job()
    done = here.gate(FAIL_ON="not_resolved")
    assert done.returncode == 3, done.stdout + done.stderr
    assert here.told["sides"]["base"]["commit"] == git(upstream, "rev-parse", "main")
    assert (here.outputs["verdict"], here.outputs["exit-code"]) == ("not_resolved", "3")
    assert here.told["exit_code"] == 3
    files = {path.name for path in Path(here.outputs["files"]).iterdir()}
    assert files == {"gate.json", "gate.md", "gate.xml", "comment.md", "badge.json", "pairs"}
    assert (Path(here.outputs["files"]) / "pairs" / "gate.html").exists()
    assert (here.folder / "summary").read_text().startswith("### bench gate: not_resolved")
    assert "::warning file=mine.py,line=" in done.stdout
    assert git(here.workspace, "status", "--porcelain") == ""


def test_a_shallow_clone_is_refused_and_leaves_no_verdict_of_an_earlier_call(job):
    here = job(depth=1)
    done = here.gate()
    assert done.returncode == 2, done.stdout + done.stderr
    assert "verdict" not in here.outputs
    assert [path.name for path in Path(here.outputs["files"]).iterdir()] == []
