"""The code of a side, in a real repository."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from bench.records import UserError
from bench.runner import git
from bench.runner.pairs import base_commit, side_trees


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with two commits on main, a branch, and an uncommitted change; trees lie in a cache of its own."""
    monkeypatch.setattr(side_trees, "KEPT", tmp_path / "cache" / "sides")
    here = tmp_path / "repository"
    here.mkdir()

    def git(*words):
        done = subprocess.run(["git", "-C", str(here), *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    git("init", "-q", "-b", "main")
    git("config", "user.email", "someone@example.org")
    git("config", "user.name", "Someone")
    (here / ".gitignore").write_text("built\n")
    for number in ("one", "two"):
        (here / "code.py").write_text(number)
        git("add", "-A")
        git("commit", "-q", "-m", number)
    git("checkout", "-q", "-b", "change")
    (here / "code.py").write_text("three")
    git("commit", "-q", "-a", "-m", "three")
    (here / "code.py").write_text("not committed")
    (here / "new.py").write_text("not added")
    (here / "built").write_text("ignored")
    return here, git


@pytest.mark.parametrize(
    ("text", "tree", "python"),
    [
        ("", None, None), ("main", "main", None), ("python=/x/python", None, "/x/python"),
        ("v1,python=.venv/bin/python", "v1", ".venv/bin/python"), ("./folder", "./folder", None),
    ],
)  # fmt: skip
def test_a_side_is_a_tree_an_interpreter_or_both(text, tree, python):
    asked = side_trees.read(text)
    assert (asked.tree, asked.python) == (tree, python)


@pytest.mark.parametrize("text", ["a,b", "python=", "python=a,python=b"])
def test_what_is_no_side_is_refused(text):
    with pytest.raises(UserError, match="is no side"):
        side_trees.read(text)


def test_a_revision_is_what_was_committed_and_is_gone_afterwards(repository):
    here, git = repository
    with side_trees.prepared(side_trees.read("main~1"), "base", here, None) as tree:
        assert (tree.root / "code.py").read_text() == "one"
        assert tree.description["commit"] == git("rev-parse", "main~1")
        assert tree.side.python == sys.executable
    assert not tree.root.exists()
    assert len(git("worktree", "list").splitlines()) == 1


def test_the_working_tree_is_what_lies_there_now_without_what_git_ignores(repository):
    here, git = repository
    with side_trees.prepared(side_trees.read(""), "head", here, None) as tree:
        assert (tree.root / "code.py").read_text() == "not committed"
        assert (tree.root / "new.py").exists()
        assert not (tree.root / "built").exists()
        assert (tree.description["commit"], tree.description["dirty"]) == (git("rev-parse", "HEAD"), True)
        (here / "code.py").write_text("changed while it is measured")
        assert (tree.root / "code.py").read_text() == "not committed"


def test_paths_of_all_sides_are_of_one_length(repository):
    here, _ = repository
    with (
        side_trees.prepared(side_trees.read("main"), "base", here, None) as base,
        side_trees.prepared(side_trees.read("main"), "twin", here, None) as twin,
        side_trees.prepared(side_trees.read(""), "head", here, None) as head,
    ):
        roots = [str(tree.root) for tree in (base, twin, head)]
        assert len(set(roots)) == 3
        assert len(set(map(len, roots))) == 1


def test_a_folder_is_copied(repository, tmp_path):
    here, _ = repository
    other = tmp_path / "other"
    other.mkdir()
    (other / "code.py").write_text("elsewhere")
    with side_trees.prepared(side_trees.read(str(other)), "head", here, None) as tree:
        assert (tree.root / "code.py").read_text() == "elsewhere"
        assert tree.description["commit"] is None


def test_a_setup_runs_in_the_tree_and_is_kept_by_commit(repository):
    here, _ = repository
    setup = "echo again >> log && cp code.py built"
    for _ in range(2):
        with side_trees.prepared(side_trees.read("main"), "base", here, setup) as tree:
            assert (tree.root / "built").read_text() == "two"
    assert (tree.root / "log").read_text() == "again\n"
    with side_trees.prepared(side_trees.read("main~1"), "base", here, setup) as other:
        assert (other.root / "built").read_text() == "one"


def test_a_setup_that_fails_is_told_and_not_kept(repository):
    here, _ = repository
    with (
        pytest.raises(UserError, match=r"(?s)--setup failed on the head \(exit 3\).*no compiler"),
        side_trees.prepared(side_trees.read("main"), "head", here, "echo no compiler; exit 3"),
    ):
        pass
    assert list(side_trees.KEPT.iterdir()) == []


def test_an_interpreter_inside_the_tree_is_found_there(repository):
    here, _ = repository
    setup = f"mkdir -p own && ln -s {sys.executable} own/python"
    with side_trees.prepared(side_trees.read("main,python=own/python"), "base", here, setup) as tree:
        assert tree.side.python == str(tree.root / "own" / "python")
    with (
        pytest.raises(UserError, match="is no Python"),
        side_trees.prepared(side_trees.read("python=no/such"), "base", here, None),
    ):
        pass


def test_an_unknown_revision_is_refused_and_a_folder_of_that_name_is_hinted_at(repository, monkeypatch):
    here, _ = repository
    monkeypatch.chdir(here)
    (here / "results").mkdir()
    with (
        pytest.raises(UserError, match="'nosuch' is neither"),
        side_trees.prepared(side_trees.read("nosuch"), "base", here, None),
    ):
        pass
    with (
        pytest.raises(UserError, match=r"write \./results"),
        side_trees.prepared(side_trees.read("results"), "base", here, None),
    ):
        pass


def test_outside_of_a_repository_there_are_no_sides(tmp_path):
    with pytest.raises(UserError, match="no git repository"):
        side_trees.toplevel(tmp_path)


def test_a_git_that_does_not_answer_ends_it_and_nothing_is_copied(repository, tmp_path, monkeypatch):
    """Else all that lies in the folder would be copied, environments and results too."""
    here, _ = repository
    slow = tmp_path / "bin"
    slow.mkdir()
    (slow / "git").write_text(
        '#!/bin/sh\ncase "$3" in ls-files) sleep 30;; *) exec /usr/bin/env -i "$REAL" "$@";; esac\n'
    )
    (slow / "git").chmod(0o755)
    monkeypatch.setenv("REAL", shutil.which("git"))
    monkeypatch.setenv("PATH", f"{slow}:/usr/bin:/bin")
    monkeypatch.setattr(git, "ANSWER_S", 2.0)
    with (
        pytest.raises(UserError, match="git ls-files did not end within 2 s"),
        side_trees.prepared(side_trees.read(str(here)), "head", here, None),
    ):
        pass
    assert list(side_trees.KEPT.iterdir()) == []


def test_a_default_branch_is_not_missing_where_git_is(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="git is not installed"):
        base_commit.default_branch(tmp_path)
