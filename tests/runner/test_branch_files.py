"""Files kept on a branch of their own, in real repositories: nothing that is checked out is touched."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bench.records import UserError
from bench.runner import branch_files
from bench.runner.branch_files import keep, restore
from bench.runner.git import git

BRANCH = "bench-data"


def made(here: Path, *words: str) -> Path:
    subprocess.run(["git", *words, str(here)], check=True, capture_output=True)
    return here


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine whose git knows no user, as a runner's."""
    for name in ("AUTHOR", "COMMITTER"):
        for what in ("NAME", "EMAIL"):
            monkeypatch.delenv(f"GIT_{name}_{what}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.useConfigOnly")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "true")


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    return made(tmp_path / "remote.git", "init", "-q", "--bare", "-b", "main")


@pytest.fixture
def here(tmp_path: Path, remote: Path) -> Path:
    """A clone with one commit on main, a change that is not committed, and one that is staged."""
    folder = made(tmp_path / "here", "init", "-q", "-b", "main")
    (folder / "code.py").write_text("x = 1\n")
    git(folder, "add", "-A")
    git(folder, "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-q", "-m", "one")
    git(folder, "remote", "add", "origin", str(remote))
    git(folder, "push", "-q", "origin", "main")
    (folder / "code.py").write_text("x = 2\n")
    (folder / "staged.py").write_text("y = 1\n")
    git(folder, "add", "staged.py")
    return folder


def files(folder: Path, of: str = BRANCH) -> dict[str, str]:
    names = git(folder, "ls-tree", "-r", "--name-only", of).splitlines()
    return {name: git(folder, "show", f"{of}:{name}") for name in names}


def standing(folder: Path) -> tuple[str, str, str]:
    return git(folder, "status", "--porcelain"), git(folder, "rev-parse", "HEAD"), (folder / "code.py").read_text()


def test_the_first_files_begin_a_history_of_their_own_and_nothing_else_changes(here: Path) -> None:
    before = standing(here)
    kept = keep(here, BRANCH, {"history/a.csv": b"1\n", "badge.json": b"{}\n"}, "one")
    assert files(here) == {"history/a.csv": "1", "badge.json": "{}"}
    assert git(here, "rev-list", "--count", BRANCH) == "1"
    assert git(here, "log", "-1", "--format=%an %s", BRANCH) == "bench one"
    assert (kept.pushed, sorted(kept.added)) == (False, ["badge.json", "history/a.csv"])
    assert standing(here) == before


def test_later_files_join_the_earlier_ones_and_the_same_again_makes_no_commit(here: Path) -> None:
    keep(here, BRANCH, {"history/a.csv": b"1\n"}, "one")
    second = keep(here, BRANCH, {"history/b.csv": b"2\n"}, "two")
    assert files(here) == {"history/a.csv": "1", "history/b.csv": "2"}
    again = keep(here, BRANCH, {"history/b.csv": b"2\n"}, "three")
    assert (again.commit, again.added) == (second.commit, ())


def test_it_is_pushed_only_when_asked(here: Path, remote: Path) -> None:
    keep(here, BRANCH, {"a": b"1\n"}, "one")
    assert git(remote, "branch", "--list", BRANCH) == ""
    assert keep(here, BRANCH, {"b": b"2\n"}, "two", "origin").pushed
    assert files(remote) == {"a": "1", "b": "2"}


def test_a_fresh_shallow_clone_goes_on_where_the_remote_is(here: Path, remote: Path, tmp_path: Path) -> None:
    keep(here, BRANCH, {"a": b"1\n"}, "one", "origin")
    clone = tmp_path / "clone"
    words = ("clone", "-q", "--depth", "1", "--branch", "main", f"file://{remote}")
    subprocess.run(["git", *words, str(clone)], check=True, capture_output=True)
    keep(clone, BRANCH, {"b": b"2\n"}, "two", "origin")
    assert files(remote) == {"a": "1", "b": "2"}
    assert git(remote, "rev-list", "--count", BRANCH) == "2"


def test_what_was_kept_here_and_there_is_joined(here: Path, remote: Path, tmp_path: Path) -> None:
    keep(here, BRANCH, {"a": b"1\n"}, "one", "origin")
    other = made(tmp_path / "other", "clone", "-q", str(remote))
    keep(other, BRANCH, {"b": b"2\n"}, "two", "origin")
    keep(here, BRANCH, {"c": b"3\n"}, "three")  # not pushed, and knows nothing of b
    keep(here, BRANCH, {"d": b"4\n"}, "four", "origin")
    assert files(remote) == {"a": "1", "b": "2", "c": "3", "d": "4"}


def test_who_pushes_at_the_same_time_loses_nothing(
    here: Path, remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(here, BRANCH, {"a": b"1\n"}, "one", "origin")
    other = made(tmp_path / "other", "clone", "-q", str(remote))
    real, raced = branch_files._committed, []

    def slow(*words):  # between our fetch and our push, once
        done = real(*words)
        if not raced:
            raced.append(True)
            monkeypatch.setattr(branch_files, "_committed", real)
            keep(other, BRANCH, {"b": b"2\n"}, "two", "origin")
        return done

    monkeypatch.setattr(branch_files, "_committed", slow)
    keep(here, BRANCH, {"c": b"3\n"}, "three", "origin")
    assert raced
    assert files(remote) == {"a": "1", "b": "2", "c": "3"}


def test_a_branch_that_somebody_looks_at_is_not_moved_under_them(here: Path, tmp_path: Path) -> None:
    keep(here, BRANCH, {"a": b"1\n"}, "one")
    git(here, "worktree", "add", "-q", str(tmp_path / "tree"), BRANCH)
    with pytest.raises(UserError, match=r"is checked out in .*tree"):
        keep(here, BRANCH, {"b": b"2\n"}, "two")


def test_a_push_that_is_refused_is_told_in_the_words_of_git(here: Path, remote: Path) -> None:
    hook = remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'not today' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(UserError, match=r"bench-data cannot be pushed to origin: (.|\n)*not today"):
        keep(here, BRANCH, {"a": b"1\n"}, "one", "origin")
    assert git(here, "branch", "--list", BRANCH) == ""


@pytest.mark.parametrize("name", ["a b", "x..y", "a~1"])
def test_what_is_no_name_of_a_branch_is_refused(here: Path, name: str) -> None:
    with pytest.raises(UserError):
        keep(here, name, {"a": b"1\n"}, "one")


def test_the_files_are_written_to_a_folder_and_nowhere_else(here: Path, tmp_path: Path) -> None:
    keep(here, BRANCH, {"history/a.csv": b"1\n"}, "one")
    before = standing(here)
    (tmp_path / "out").mkdir()
    restore(here, BRANCH, tmp_path / "out")
    assert (tmp_path / "out" / "history" / "a.csv").read_bytes() == b"1\n"
    assert standing(here) == before


def test_a_branch_that_is_not_there_is_named(here: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no branch 'bench-data' here"):
        restore(here, BRANCH, tmp_path)
