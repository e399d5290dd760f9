"""git, asked in real repositories, and a git that is slow, broken or not there."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from bench.records import UserError
from bench.runner import git as asked
from bench.runner.git import GitRefusedError, git, is_inside, state


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit on main, and a file whose name is no UTF-8."""
    here = tmp_path / "repository"
    here.mkdir()
    for words in (
        ("init", "-q", "-b", "main"),
        ("-c", "user.email=a@b", "-c", "user.name=A", "commit", "-q", "--allow-empty", "-m", "one"),
    ):
        subprocess.run(["git", "-C", str(here), *words], check=True)
    return here


def fake(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `git` of our own, ahead of all others on the path."""
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_what_git_says_is_told_without_its_newline(repository: Path) -> None:
    assert git(repository, "rev-parse", "--abbrev-ref", "HEAD") == "main"


def test_a_name_that_is_no_utf8_survives(repository: Path) -> None:
    name = b"caf\xe9.py".decode("utf-8", "surrogateescape")
    (repository / name).touch()
    assert git(repository, "ls-files", "-z", "--others") == f"{name}\0"


def test_what_git_refuses_is_told_in_its_own_words_with_what_was_wanted(repository: Path) -> None:
    with pytest.raises(GitRefusedError, match=r"no such commit: fatal: .*nosuch"):
        git(repository, "rev-parse", "nosuch", why="no such commit")


def test_a_git_that_says_nothing_is_told_by_its_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path / "bin", "exit 7", monkeypatch)
    with pytest.raises(GitRefusedError, match=r"^git status ended with 7$"):
        git(tmp_path, "status")


def test_a_slow_git_is_ended_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path / "bin", "sleep 30", monkeypatch)
    began = time.monotonic()
    with pytest.raises(UserError, match=r"git status did not end within 0\.5 s in ") as caught:
        git(tmp_path, "status", timeout_s=0.5)
    assert not isinstance(caught.value, GitRefusedError)
    assert time.monotonic() - began < 15


def test_without_git_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="git is not installed"):
        git(tmp_path, "status")


def test_a_git_that_cannot_be_run_is_told_with_the_systems_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path / "bin", "", monkeypatch)
    (tmp_path / "bin" / "git").write_bytes(b"\0no program")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(UserError, match="git cannot be run: Exec format error"):
        git(tmp_path, "status")


# --- the state that a run keeps -------------------------------------------------------------------------------------


def test_the_state_is_commit_branch_and_whether_anything_was_changed(repository: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD")
    assert state(repository) == {"commit": commit, "branch": "main", "dirty": False}
    (repository / "new.py").touch()
    assert state(repository)["dirty"] is True


def test_outside_of_a_repository_nothing_is_known_and_nothing_is_wrong(tmp_path: Path) -> None:
    assert state(tmp_path) == {"commit": None, "branch": None, "dirty": None}


def test_in_a_repository_without_a_commit_git_says_why_none_is_known(tmp_path: Path) -> None:
    subprocess.run(["git", "-C", str(tmp_path), "init", "-q"], check=True)
    found = state(tmp_path)
    assert (found["commit"], found["branch"], found["dirty"]) == (None, None, None)
    assert "HEAD" in found["reason"]


def test_without_git_a_repository_is_not_taken_for_none(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    assert state(repository)["reason"] == "git is not installed"


def test_a_status_that_takes_too_long_is_no_clean_tree(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path / "bin", 'case "$3" in status) sleep 30;; *) echo abc;; esac', monkeypatch)
    monkeypatch.setattr(asked, "ANSWER_S", 0.5)
    found = state(repository)
    assert (found["commit"], found["branch"], found["dirty"]) == ("abc", "abc", None)
    assert "git status did not end" in found["reason"]


def test_a_folder_is_inside_where_a_repository_lies_above_it(repository: Path, tmp_path: Path) -> None:
    (repository / "below").mkdir()
    assert is_inside(repository)
    assert is_inside(repository / "below")
    assert not is_inside(tmp_path)
