"""What a gate compares, and how it ends, in repositories as they are found: real ones, with one pair a case."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from tests.cli import gated
from tests.cli.layouts import Repository, Venv
from tests.terminal import Running

pytestmark = pytest.mark.timeout(900)

HEAD = '''"""A family."""
import torch
from bench.workload import Context, Prepared, Work, workload

import lib

'''

WORKLOAD = '''
@workload(lesson="Mine")
def {name}(ctx: Context) -> Prepared:
    """Does this.

    Answer: one.
    """
    made = torch.ones(8)
    return Prepared(
        step=lambda: made * lib.ONE, check=lambda out: ctx.relative_error(out, torch.ones(8)), work=Work(items=1)
    )

'''


def workloads(*names):
    return HEAD + "\n".join(WORKLOAD.format(name=name) for name in names)


class Gated(Repository):
    """A repository with a workload file; `gate` gives the exit code, the JSON, and everything else."""

    def __init__(self, folder):
        super().__init__(folder)
        self.lib("ONE = 1.0")
        self.workloads = folder / "mine.py"
        self.workloads.write_text(workloads("first"))
        self.commit()

    def gate(self, *words, base="main", pairs=1, select="mine/*"):
        files = [word for name in ("json", "markdown", "junit") for word in (f"--{name}", f"v.{name}")]
        said = ["gate", select, "-w", "mine.py", *(("--base", base) if base else ()), "--pairs", str(pairs), *files]
        self.done = Running(self.folder, "bench", [*said, *map(str, words)]).ended(600)
        self.told = self._read("json", json.loads)
        self.markdown = self._read("markdown", str)
        self.junit = self._read("junit", ElementTree.fromstring)
        return self.done.returncode

    def _read(self, name, parse):
        path = self.folder / f"v.{name}"
        return parse(path.read_text()) if path.exists() else None

    def verdicts(self):
        return {case["key"].partition("[")[0]: case["verdict"] for case in self.told["cases"]}

    def of_files(self, text):
        """Whether every file says something."""
        return all(text in each for each in (self.done.stdout, json.dumps(self.told), self.markdown, self.junit_text()))

    def junit_text(self):
        return ElementTree.tostring(self.junit, encoding="unicode")


@pytest.fixture
def repository(tmp_path, monkeypatch):
    return Gated(gated.folder_in(tmp_path, monkeypatch))


# --- what is compared -------------------------------------------------------------------------------------------------


def test_a_comment_and_a_new_workload_leave_the_others_comparable(repository):
    """It was `workload_changed` for all of them, and exit code 4."""
    repository.workloads.write_text(workloads("first", "second").replace("made = ", "# a remark\n    made = ", 1))
    assert repository.gate() == 0, repository.done.stderr
    assert repository.verdicts() == {"mine/first": "not_resolved"}
    assert repository.told["cases"][0]["pairs"] == 1
    assert "Only on the head: mine/second" in repository.done.stdout


def test_the_change_that_introduces_the_gate_passes_and_leaves_its_files(repository):
    repository.git("checkout", "-q", "--orphan", "new")
    repository.git("rm", "-q", "--cached", "mine.py")
    (repository.folder / "mine.py").unlink()
    repository.commit("before there was a gate")
    base = repository.git("rev-parse", "HEAD")
    repository.workloads.write_text(workloads("first", "second"))
    assert repository.gate(base=base) == 0, repository.done.stderr
    assert repository.told["verdict"] == "nothing_in_common"
    assert repository.done.stdout.startswith("nothing_in_common: 2 only on the head")
    assert "Only on the head: mine/first" in repository.markdown
    assert repository.junit.get("tests") == "0"
    assert repository.gate("--bisect", base=base) == 125


def test_a_workload_that_was_renamed_is_told_on_both_sides(repository):
    repository.workloads.write_text(workloads("renamed"))
    assert repository.gate() == 0, repository.done.stderr
    assert "Only on the head: mine/renamed" in repository.done.stdout
    assert "Only on the base: mine/first" in repository.done.stdout
    # The selection of the workflow still names it as it was: that is no wrong usage.
    assert repository.gate(select="mine/first") == 0, repository.done.stderr
    assert "Only on the base: mine/first" in repository.done.stdout
    assert repository.gate(select="mine/nosuch") == 2


# --- what fails -------------------------------------------------------------------------------------------------------


def test_a_wrong_answer_is_told_in_the_headline_and_in_every_file_once(repository):
    repository.workloads.write_text(workloads("first", "second"))
    repository.commit("two of them")
    repository.lib("ONE = 2.0")
    assert repository.gate() == 4
    assert repository.told["verdict"] == "failed"
    assert repository.done.stdout.startswith("failed: 2 failed; mine/")
    assert repository.of_files("on the head: wrong")
    names = [case.get("name") for case in repository.junit.iter("testcase")]
    assert len(names) == len(set(names)) == 2
    assert repository.junit.get("errors") == "2"


def test_a_crash_is_told(repository):
    repository.workloads.write_text(repository.workloads.read_text().replace("made * lib.ONE", "lib.times(made)"))
    repository.lib("def times(x):\n    return x")
    repository.commit("a function")
    repository.lib("import os\n\ndef times(x):\n    os._exit(9)")
    assert repository.gate() == 4
    assert repository.of_files("on the head: crashed: the worker exited with code 9")


@pytest.mark.parametrize("where", ["the workload file", "the library"])
def test_a_syntax_error_on_the_head_leaves_all_files(repository, where):
    """It left none, and the exit code of a wrong command line where it was in the workload file."""
    file = repository.workloads if where == "the workload file" else repository.package / "__init__.py"
    file.write_text(file.read_text() + "\ndef broken(:\n")
    assert repository.gate() == 4
    assert repository.told["verdict"] == "failed"
    assert repository.done.stdout.startswith("failed: ")
    assert repository.of_files("the workloads of the head cannot be loaded")
    assert file.name in repository.junit_text()
    assert repository.gate("--bisect") == 125


def test_what_must_be_built_is_refused_with_a_hint(repository):
    repository.lib("from lib import _fast\nONE = 1.0")
    (repository.package / "_fast.so").write_bytes(b"not carried: git ignores it")
    assert repository.gate() == 4
    assert "--setup" in repository.done.stderr


# --- the base ---------------------------------------------------------------------------------------------------------


def test_a_branch_means_where_the_head_left_it(repository):
    """With its tip a branch that touches nothing but docs was twice as slow."""
    began = repository.git("rev-parse", "HEAD")
    repository.git("checkout", "-q", "-b", "docs")
    (repository.folder / "README").write_text("words")
    repository.commit("words")
    repository.git("checkout", "-q", "main")
    for number in range(2):
        repository.lib(f"ONE = 1.0\nNUMBER = {number}")
        repository.commit("main moves on")
    repository.git("checkout", "-q", "docs")
    assert repository.gate() == 0, repository.done.stderr
    assert repository.told["sides"]["base"]["commit"] == began
    assert f"The base is {began[:10]}, where the head left main, which has moved on by 2 commits since." in (
        repository.markdown
    )
    assert repository.gate("--base-tip") == 0, repository.done.stderr
    assert repository.told["sides"]["base"]["commit"] == repository.git("rev-parse", "main")


def test_a_shallow_clone_is_named_with_what_helps(repository, tmp_path):
    repository.git("checkout", "-q", "-b", "change")
    repository.lib("ONE = 1.0\nTWO = 2")
    repository.commit("a change")
    repository.git("checkout", "-q", "main")
    words = [
        "clone",
        "-q",
        "--depth",
        "1",
        "--branch",
        "change",
        f"file://{repository.folder}",
        str(tmp_path / "shallow"),
    ]
    subprocess.run(["git", *words], check=True)
    for base in (("--base", "origin/main"), ()):
        done = Running(tmp_path / "shallow", "bench", ["gate", "mine/*", "-w", "mine.py", *base]).ended(100)
        assert done.returncode == 2
        assert "the history is shallow" in done.stderr
        assert "no default branch is found" not in done.stderr
        assert "fetch-depth: 0" in done.stderr
        assert "git fetch --unshallow" in done.stderr


def test_a_workload_file_that_neither_side_has_is_named_with_the_paths_that_were_tried(repository):
    """The planted mistake: the file is left out without a word, and the selection `matches no workload`."""
    below = repository.folder / "benches"
    below.mkdir()
    (below / "README").write_text("kept by git\n")
    repository.commit("a folder")
    done = Running(below, "bench", ["gate", "mine/*", "-w", "mine.py", "--base", "main"]).ended(100)
    assert done.returncode == 2
    assert "the workload file mine.py is on neither side" in done.stderr
    assert "benches/mine.py in the tree of the base (main)" in done.stderr
    assert "benches/mine.py in the tree of the head (working tree)" in done.stderr
    assert "matches no workload" not in done.stderr


def test_a_workload_file_that_git_ignores_is_named_as_such(repository):
    (repository.folder / ".gitignore").write_text("local.py\nresults/\n")
    repository.commit("ignores")
    (repository.folder / "local.py").write_text(repository.workloads.read_text())
    done = Running(repository.folder, "bench", ["gate", "local/*", "-w", "local.py", "--base", "main"]).ended(100)
    assert done.returncode == 2
    assert "the workload file local.py is on neither side" in done.stderr
    assert "a file that git ignores is in no tree of a side" in done.stderr


def test_a_workload_file_of_one_side_alone_is_no_mistake(repository):
    (repository.folder / "more.py").write_text(repository.workloads.read_text())
    assert repository.gate("-w", "more.py") == 0, repository.done.stderr


def test_submodules_are_there_on_both_sides_or_named(repository, tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    for words in (("init", "-q"), ("config", "user.email", "a@example.org"), ("config", "user.name", "A")):
        subprocess.run(["git", "-C", str(inner), *words], check=True)
    (inner / "parts.py").write_text("ONE = 1.0\n")
    subprocess.run(["git", "-C", str(inner), "add", "-A"], check=True)
    subprocess.run(["git", "-C", str(inner), "commit", "-q", "-m", "parts"], check=True)
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "inner")
    repository.lib("from inner.parts import ONE")
    repository.commit("a submodule")
    assert repository.gate() == 0, repository.done.stderr
    assert repository.told["cases"][0]["pairs"] == 1
    repository.git("submodule", "--quiet", "deinit", "--force", "inner")
    assert repository.gate() == 4
    assert "submodule inner" in repository.done.stderr
    assert "git submodule update --init" in repository.done.stderr


# --- what else differs ------------------------------------------------------------------------------------------------


def test_every_distribution_that_differs_is_listed_and_the_import_is_compared(repository, tmp_path):
    pythons = []
    for name, version in (("old", "1.0"), ("new", "2.0")):
        venv = Venv(tmp_path / name)
        info = venv.packages / f"thing-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: thing\nVersion: {version}\n")
        pythons.append(venv.python)
    repository.lib("import time\ntime.sleep(0.3)\nONE = 1.0")
    sides = ("--base", f"main,python={pythons[0]}", "--head", f"python={pythons[1]}")
    assert repository.gate(*sides, base="") == 0, repository.done.stderr
    assert "Not the same on both sides: thing 1.0 → 2.0" in repository.done.stdout
    (found,) = (each for each in repository.told["beside"] if each["metric"] == "import")
    assert found["head"] > found["base"] + 0.2
    assert found["pairs"] == 1


# --- what is left behind ----------------------------------------------------------------------------------------------


def test_an_error_leaves_no_verdict_of_an_earlier_call(repository):
    for name in ("json", "markdown", "junit"):
        (repository.folder / f"v.{name}").write_text("of an earlier call")
    assert repository.gate(base="nosuch") == 2
    assert (repository.told, repository.markdown, repository.junit) == (None, None, None)


def test_no_worktree_stays_registered(repository):
    assert repository.gate() == 0, repository.done.stderr
    assert len(repository.git("worktree", "list").splitlines()) == 1
    done = Running(repository.folder, "bench", ["gate", "--prune"]).ended(60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Removed 0 trees")


def test_a_bench_of_the_repository_harms_nothing(repository):
    """`python -m bench` would run it: the exit code of a regression is 1."""
    (repository.folder / "bench.py").write_text("raise SystemExit(1)\n")
    path = f"import sys; sys.path.insert(0, {str(repository.folder)!r})"
    script = f"{path}; import coursebench_start; coursebench_start.main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", script, "gate", "mine/*", "-w", "mine.py", "--base", "main", "--pairs", "1"],
        cwd=repository.folder, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
