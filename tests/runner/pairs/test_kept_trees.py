"""Trees that are kept, and trees that were left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from bench.runner.pairs import kept_trees
from bench.runner.pairs.kept_trees import in_use, is_ready, prune, ready_mark

DAY = 86_400


@pytest.fixture
def kept(tmp_path):
    """Makes a kept tree of so many bytes, used so many days ago."""

    def make(name, days=0.0, size=10):
        root = tmp_path / name
        root.mkdir()
        (root / "code.py").write_text("x")
        ready_mark(root).write_text(json.dumps({"bytes": size}))
        used = time.time() - days * DAY
        os.utime(ready_mark(root), (used, used))
        return root

    return make


def test_a_tree_that_was_not_used_for_long_goes(tmp_path, kept):
    old, new = kept("old", days=kept_trees.KEPT_DAYS + 1), kept("new", days=1)
    found = prune(tmp_path)
    assert found.removed == (old,)
    assert [each.root for each in found.left] == [new]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "new.ready"]


def test_the_longest_unused_go_where_all_take_too_much(tmp_path, kept):
    size = kept_trees.KEPT_BYTES // 2
    trees = [kept(name, days=days, size=size) for name, days in (("a", 3), ("b", 2), ("c", 1))]
    found = prune(tmp_path)
    assert found.removed == (trees[0],)
    assert found.freed == size


def test_what_is_in_use_stays(tmp_path, kept):
    root = kept("old", days=100)
    with in_use(root):
        assert prune(tmp_path).removed == ()
        assert is_ready(root)
    assert prune(tmp_path).removed == (root,)


def test_what_a_dead_process_left_behind_goes_at_once(tmp_path):
    root = tmp_path / "left"
    program = (
        "import os, pathlib, sys\nfrom bench.runner.pairs.kept_trees import in_use\nroot = pathlib.Path(sys.argv[1])\n"
        "with in_use(root):\n    root.mkdir()\n    os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", program, str(root)], check=False).returncode == 9
    assert prune(tmp_path).removed == (root,)
    assert list(tmp_path.iterdir()) == []


def test_a_tree_without_a_lock_may_be_in_use_by_an_older_version_for_a_day(tmp_path):
    root = tmp_path / "old"
    root.mkdir()
    assert prune(tmp_path).removed == ()
    assert prune(tmp_path, time.time() + 2 * DAY).removed == (root,)


def test_a_lock_goes_with_its_tree(tmp_path):
    with in_use(tmp_path / "gone"):
        assert [path.name for path in tmp_path.iterdir()] == ["gone.lock"]
    assert list(tmp_path.iterdir()) == []


def test_an_error_inside_is_not_swallowed(tmp_path):
    with pytest.raises(FileNotFoundError), in_use(tmp_path / "tree"):
        (tmp_path / "nosuch").read_text()


def test_git_forgets_a_worktree_that_is_pruned(tmp_path, kept):
    repository = tmp_path / "repository"
    repository.mkdir()

    def git(*words):
        words = ("git", "-C", str(repository), "-c", "user.name=A", "-c", "user.email=a@example.org", *words)
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "first")
    folder = tmp_path / "sides"
    git("worktree", "add", "--detach", str(folder / "tree"))
    (folder / "tree.ready").write_text('{"bytes": 1}')
    assert len(git("worktree", "list").splitlines()) == 2
    prune(folder, time.time() + 100 * DAY)
    assert len(git("worktree", "list").splitlines()) == 1
