"""The steps of the action as a runner runs them: with files for outputs, in other people's repositories."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ACTION = ROOT / ".github" / "actions" / "bench-gate"
STEP = ACTION / "gate.sh"

INPUTS = {
    "PYTEST": "", "BASE": "", "HEAD_SIDE": "", "SELECT": "", "WORKLOADS": "", "PRESET": "", "BUDGET": "20m",
    "SETUP": "", "POLICY": "", "FAIL_ON": "could_not_fail", "EXPLAIN": "false",
}  # fmt: skip

FAKE = """#!{python}
import json, os, sys
words = sys.argv[1:]
open("asked.json", "w").write(json.dumps(words))
given = json.loads(os.environ["FAKE"])
if given.get("verdict"):
    path = words[words.index("--json") + 1]
    open(path, "w").write('{{\\n    "verdict": "x",\\n    "exit_code": %d,\\n    "run": "y"\\n}}\\n' % given["code"])
    open(os.environ["GITHUB_OUTPUT"], "a").write("verdict=x\\n")
sys.exit(given["code"])
"""


class Runner:
    """A runner with a workspace, on whose path a `coursebench` does as it is told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("bin", "temp", "workspace"):
            (folder / name).mkdir()
        self.output = folder / "output"

    def fake(self) -> None:
        path = self.folder / "bin" / "coursebench"
        path.write_text(FAKE.format(python=sys.executable))
        path.chmod(0o755)

    def step(self, told: str = '{"code": 0, "verdict": true}', **inputs: str) -> subprocess.CompletedProcess[str]:
        self.output.write_text("")
        environment = {
            **os.environ, **INPUTS, **inputs, "FAKE": told, "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin",
            "RUNNER_TEMP": str(self.folder / "temp"), "GITHUB_OUTPUT": str(self.output),
            "GITHUB_ACTION_PATH": str(ACTION),
        }  # fmt: skip
        words = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(STEP)]
        return subprocess.run(words, cwd=self.folder / "workspace", env=environment, capture_output=True, text=True)

    @property
    def asked(self) -> list[str]:
        import json

        return list(json.loads((self.folder / "workspace" / "asked.json").read_text()))

    @property
    def outputs(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.output.read_text().splitlines())


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    monkeypatch.delenv("GITHUB_BASE_REF", raising=False)
    made = Runner(tmp_path)
    made.fake()
    return made


@pytest.mark.parametrize("code", [0, 2, 3, 4, 5, 70, 130])
def test_it_ends_as_the_gate_does(runner: Runner, code: int) -> None:
    assert runner.step(f'{{"code": {code}, "verdict": true}}').returncode == code


def test_1_is_a_verdict_and_nothing_else(runner: Runner) -> None:
    assert runner.step('{"code": 1, "verdict": true}').returncode == 1
    done = runner.step('{"code": 1}')
    assert done.returncode == 70
    assert "::error::bench gate ended with 1 and left no verdict" in done.stdout


def test_a_program_that_is_missing_is_no_regression(runner: Runner) -> None:
    (runner.folder / "bin" / "coursebench").unlink()
    assert runner.step().returncode == 127


def test_a_second_call_never_shows_the_verdict_of_the_first(runner: Runner) -> None:
    assert runner.step('{"code": 1, "verdict": true}').returncode == 1
    assert runner.outputs["verdict"] == "x"
    done = runner.step('{"code": 2}')
    assert done.returncode == 2
    assert "verdict" not in runner.outputs
    assert not (Path(runner.outputs["files"]) / "gate.json").exists()
    assert runner.step('{"code": 1}').returncode == 70  # not the verdict of the first either


def test_nothing_is_left_in_the_working_tree(runner: Runner) -> None:
    runner.step()
    assert [path.name for path in (runner.folder / "workspace").iterdir()] == ["asked.json"]  # the fake's own
    assert runner.outputs["files"].startswith(str(runner.folder / "temp"))


def test_text_of_an_input_is_a_word_and_no_command(runner: Runner) -> None:
    evil = '$(touch evil) `touch evil`; touch evil "'
    (runner.folder / "workspace" / "speed.py").touch()
    runner.step(BASE=evil, SETUP=evil, SELECT="a/* 'b/*[size=1]'", WORKLOADS="x.py  y.py\nz.py", FAIL_ON=evil)
    asked = runner.asked
    assert not (runner.folder / "workspace" / "evil").exists()
    assert asked[asked.index("--base") + 1] == asked[asked.index("--setup") + 1] == evil
    assert [asked[place + 1] for place, word in enumerate(asked) if word == "--workloads"] == ["x.py", "y.py", "z.py"]
    assert asked[asked.index("--") + 1 :] == ["a/*", "'b/*[size=1]'"]


def test_tests_of_pytest_are_asked_for_with_their_arguments(runner: Runner) -> None:
    runner.step(PYTEST="true")
    assert runner.asked[-2:] == ["--pytest", "--"]
    runner.step(PYTEST="tests/speed -k sort")
    assert runner.asked[-5:] == ["--pytest", "--", "tests/speed", "-k", "sort"]


def test_a_pull_request_is_compared_with_the_branch_it_goes_to(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    runner.step()
    assert "--base" not in runner.asked
    monkeypatch.setenv("GITHUB_BASE_REF", "release/1")
    runner.step()
    assert runner.asked[runner.asked.index("--base") + 1] == "origin/release/1"
    runner.step(BASE="v1")
    assert runner.asked[runner.asked.index("--base") + 1] == "v1"


def test_a_repository_with_a_bench_of_its_own_is_none_of_ours(runner: Runner) -> None:
    """The mistake of old: `python -m bench` ran theirs, and its 1 was told as a regression."""
    (runner.folder / "workspace" / "bench.py").write_text("raise SystemExit(1)\n")
    assert runner.step('{"code": 0, "verdict": true}').returncode == 0
    every = [*ROOT.glob(".github/**/*.yml"), *ROOT.glob(".github/**/*.sh"), *ROOT.glob("docs/*.md")]
    assert [path.name for path in every if "python -m bench" in path.read_text()] == []
