"""Which commit a base is, in a real repository."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest

from bench.records import UserError
from bench.runner.git import WHOLE_HISTORY
from bench.runner.pairs.base_commit import base_spec, is_branch
from bench.runner.pairs.side_trees import read


@pytest.fixture
def repository(tmp_path):
    """main with three commits; `change` left it after the second, and is checked out."""
    here = tmp_path / "repository"
    here.mkdir()

    def git(*words):
        words = ("git", "-C", str(here), "-c", "user.name=A", "-c", "user.email=a@example.org", *words)
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q", "-b", "main")
    for number in ("one", "two"):
        git("commit", "-q", "--allow-empty", "-m", number)
    git("checkout", "-q", "-b", "change")
    git("commit", "-q", "--allow-empty", "-m", "a change")
    git("checkout", "-q", "main")
    git("commit", "-q", "--allow-empty", "-m", "three")
    git("tag", "v1")
    git("checkout", "-q", "change")
    return here, git


@pytest.mark.parametrize("base", ["", "main"])
@pytest.mark.parametrize("head", ["", "change", "."])
def test_a_branch_is_the_commit_at_which_the_head_left_it(repository, base, head, monkeypatch):
    here, git = repository
    monkeypatch.chdir(here)
    found = base_spec(read(base), read(head), here)
    assert found.tree == git("rev-parse", "main~1")
    assert found.text == "main"
    assert found.note == f"{found.tree[:10]}, where the head left main, which has moved on by 1 commit since"


def test_its_tip_is_asked_for_or_named_as_a_commit(repository):
    here, git = repository
    now = git("rev-parse", "main")
    assert base_spec(read("main"), read(""), here, tip=True).tree == now
    for name in ("main~0", "v1", now):
        assert base_spec(read(name), read(""), here).tree == name


def test_an_interpreter_stays_with_it(repository):
    here, git = repository
    found = base_spec(read("main,python=/x"), read(""), here)
    assert (found.tree, found.python) == (git("rev-parse", "main~1"), "/x")
    assert base_spec(read("python=/x"), read(""), here) == read("python=/x")


def test_a_branch_that_has_not_moved_on_says_no_more(repository):
    here, git = repository
    git("checkout", "-q", "main")
    found = base_spec(read("main"), read(""), here)
    assert found.note == f"{git('rev-parse', 'main')[:10]}, where the head left main"


def test_a_head_of_another_history_is_refused_and_a_folder_without_one_gets_the_tip(repository, tmp_path):
    here, git = repository
    (tmp_path / "folder").mkdir()
    assert base_spec(read("main"), read(str(tmp_path / "folder")), here).tree == git("rev-parse", "main")
    git("checkout", "-q", "--orphan", "other")
    git("commit", "-q", "--allow-empty", "-m", "begins anew")
    with pytest.raises(UserError, match="no commit in common"):
        base_spec(read("main"), read(""), here)


def test_without_a_default_branch_one_must_be_named(repository):
    here, git = repository
    git("branch", "-m", "main", "trunk")
    with pytest.raises(UserError, match="--base"):
        base_spec(read(""), read(""), here)


@pytest.mark.parametrize(
    ("name", "answer"), [("main", True), ("HEAD", False), ("v1", False), ("main~0", False), ("nosuch", False)]
)
def test_what_a_branch_is(repository, name, answer):
    assert is_branch(name, repository[0]) is answer


def test_a_shallow_clone_says_that_it_is_one(repository, tmp_path):
    here, _ = repository
    shallow = tmp_path / "shallow"
    words = ["clone", "-q", "--depth", "1", "--no-single-branch", f"file://{here}", str(shallow)]
    subprocess.run(["git", *words], check=True)
    with pytest.raises(UserError, match=r"^the history is shallow: the commit .* left origin/main .*fetch-depth: 0"):
        base_spec(read("origin/main"), read(""), shallow)


def cloned(origin, folder):
    """A clone of the newest commit of `change` alone; that of main is the default of its remote. Asks git in it."""
    subprocess.run(["git", "-C", str(origin), "checkout", "-q", "main"], check=True)
    subprocess.run(["git", "clone", "-q", "--depth", "1", "--branch", "change", f"file://{origin}", folder], check=True)

    def git(*words):
        done = subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    return git


def test_a_shallow_clone_of_one_branch_is_no_repository_without_a_default_branch(repository, tmp_path):
    cloned(repository[0], tmp_path / "one")
    with pytest.raises(UserError, match=r"^the history is shallow: ") as refused:
        base_spec(read(""), read(""), tmp_path / "one")
    assert "tried" not in str(refused.value)


def test_a_shallow_clone_that_fetched_main_lacks_the_commit_at_which_the_head_left_it(repository, tmp_path):
    git = cloned(repository[0], tmp_path / "two")
    git("fetch", "-q", "--depth", "1", "origin", "main:refs/remotes/origin/main")
    with pytest.raises(UserError, match=r"^the history is shallow: .* left origin/main is not in this clone"):
        base_spec(read(""), read(""), tmp_path / "two")


def test_the_cure_that_is_named_cures(repository, tmp_path):
    git = cloned(repository[0], tmp_path / "three")
    (words,) = re.findall(r"git (fetch --unshallow .*?) fetches", WHOLE_HISTORY)
    git(*shlex.split(words), "-q")
    found = base_spec(read("origin/main"), read(""), tmp_path / "three")
    assert found.tree == git("rev-parse", "origin/main~1")
