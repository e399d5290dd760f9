"""`bench history --keep-on`: a trend on a branch of the repository, written night by night and told from there."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.analyse.conftest import MadeUpRun
from tests.terminal import Terminal
from tests.test_facade import FACTS, STEADY, stored

BRANCH = "bench-data"
ENVIRONMENT = {
    "torch": {"version": "2.13.0", "numerics": {}}, "cpu": {"affinity": [0, 1], "model": "x"}, "os": {}, "python": {},
}  # fmt: skip


@pytest.fixture
def terminal(tmp_path):
    """A repository whose results hold 24 nights, of which the last twelve are slower."""
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path)], check=True)
    for night in range(24):
        run = MadeUpRun()
        run.measured([each * 1e-3 * (1.2 if night >= 12 else 1.0) * (1 + 0.002 * (night % 3)) for each in STEADY])
        stored(
            tmp_path / "results" / f"night-{night}", run, run=f"202611{night + 1:02}T100000Z-0000000a",
            created=f"2026-11-{night + 1:02}T10:00:00+00:00", git={"commit": f"{night:040x}", "dirty": False},
            environment=ENVIRONMENT, fingerprint=FACTS["fingerprint"],
        )  # fmt: skip
    return Terminal(tmp_path)


def test_nights_kept_one_by_one_are_told_as_if_they_were_still_there(terminal):
    for paths in (["results/night-0"], ["results/night-1"], [f"results/night-{night}" for night in range(1, 24)]):
        done = terminal("history", *paths, "--keep-on", BRANCH)
        assert done.returncode == 0, done.stderr
        assert f"kept on {BRANCH}, " in done.stderr
    kept = json.loads(terminal("history", f"branch:{BRANCH}", "--format", "json").stdout)
    there = json.loads(terminal("history", "results", "--format", "json").stdout)
    assert len(kept["series"][0]["commits"]) == 24
    assert [alert["worse"] for alert in kept["alerts"]] == [True]
    assert [s["values"] for s in kept["series"]] == [pytest.approx(s["values"]) for s in there["series"]]
    assert len(kept["alerts"]) == len(there["alerts"])


def test_a_badge_lies_beside_the_points(terminal):
    (terminal.folder / "badge.json").write_text("{}\n")
    done = terminal("history", "results", "--keep-on", BRANCH, "--also", "badge.json")
    assert done.returncode == 0, done.stderr
    words = ["git", "-C", str(terminal.folder), "ls-tree", "--name-only", BRANCH]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout.split() == ["badge.json", "history"]


def test_what_cannot_be_kept_is_said(terminal):
    assert "no branch 'nothing'" in terminal("history", "branch:nothing").stderr
    assert "belong to --keep-on" in terminal("history", "results", "--push", "origin").stderr
    done = terminal("history", "results", "--keep-on", BRANCH, "--push", "nowhere")
    assert done.returncode == 2
    assert "nowhere" in done.stderr
