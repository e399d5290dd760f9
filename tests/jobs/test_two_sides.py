"""`bench.gate` and `bench.difference` in a repository of their own, and how they end badly or early."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import bench
from bench.jobs.endings import BrokenSideError, NothingMeasuredError
from bench.runner.pairs import side_trees
from bench.store import runs
from tests.cli.test_gate import WORKLOADS

pytestmark = [pytest.mark.timeout(600)]


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository whose head may differ from its main by what `pace.py` says; the trees of its sides lie beside it."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "mine.py").write_text(WORKLOADS)
    (folder / "pace.py").write_text("SLOW = 1.0\n")
    for words in (
        ("init", "-q", "-b", "main"),
        ("add", "-A"),
        ("-c", "user.name=Someone", "-c", "user.email=someone@example.org", "commit", "-q", "-m", "as it was"),
    ):
        subprocess.run(["git", "-C", str(folder), *words], check=True)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(side_trees, "KEPT", tmp_path / "trees")
    return folder


class Impatient(bench.Listener):
    """Presses Ctrl-C when the second pair begins."""

    def entered(self, key, stage, number):
        if number > 1:
            raise KeyboardInterrupt


CASE = "mine/paced[own=1]"


def test_ctrl_c_in_a_gate_keeps_the_pairs_and_leaves_no_tree(repository, tmp_path):
    with pytest.raises(KeyboardInterrupt) as caught:
        bench.gate(CASE, workloads="mine.py", base="main", pairs=5, out="g", listener=Impatient())
    assert caught.value.__notes__ == ["what was measured is kept in g; judge it with bench.gate(replay='g')"]
    assert runs.read(Path("g"))["status"] == "interrupted"
    assert list((tmp_path / "trees").iterdir()) == []
    found = bench.gate(replay="g")
    assert found.status == "interrupted"
    assert [case.pairs for case in found.judged.cases] == [1]


def test_a_side_that_does_not_import_is_told_with_its_traceback(repository, capfd):
    (repository / "pace.py").write_text("raise RuntimeError('broken here')\n")
    found = bench.gate(CASE, workloads="mine.py", base="main", head=Path(), pairs=1)
    assert found.verdict == "failed"
    assert set(found.verdicts.values()) == {"failed"}
    (failed,) = found.judged.failed
    assert "the workloads of the head cannot be loaded: RuntimeError: broken here" in failed.text
    assert "Traceback" in failed.detail
    with pytest.raises(BrokenSideError, match="broken here"):
        bench.difference(CASE, workloads="mine.py", base="main")
    assert capfd.readouterr() == ("", "")


def test_a_case_that_fails_leaves_no_profile_and_says_why(repository, capfd):
    (repository / "pace.py").write_text("SLOW = -1.0\n")  # its answer is wrong
    with pytest.raises(NothingMeasuredError, match=r"^wrong: mine/paced\["):
        bench.profile(CASE, workloads="mine.py", out="p")
    assert not Path("p").exists()
    assert capfd.readouterr() == ("", "")


def test_a_profile_is_taken_and_its_page_written_and_nothing_printed(repository, capfd):
    heard = []

    class Stages(bench.Listener):
        def entered(self, key, stage, number):
            heard.append(stage)

    found = bench.profile(CASE, workloads="mine.py", steps=10, seconds=0.3, out="p", listener=Stages())
    assert (found.folder, found.status) == (Path("p"), "complete")
    assert found.facts["command"].startswith("bench.profile('mine/paced[own=1]', steps=10, seconds=0.3")
    assert Path("p/profile.html").exists()
    assert found.trace.exists()
    assert {"prepare", "profile", "trace"} <= set(heard)
    assert bench.profile(from_run=found).text("json") == found.text("json")
    assert capfd.readouterr() == ("", "")
