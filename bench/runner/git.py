"""Asking git, with a time-out, and the state of the user's code that a run keeps."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from bench.records import UserError

ANSWER_S = 60.0
"""Longest wait for an answer: the status of a large tree on a cold network disk takes half a minute."""

CHECKOUT_S = 900.0
"""Longest wait for a tree to be written."""


class GitRefusedError(UserError):
    """git ended with an error; the text is its own."""


def git(folder: Path, *words: str, why: str = "", timeout_s: float | None = None, index: Path | None = None) -> str:
    """The output of git in a folder, without the newline at its end; bytes that are no UTF-8 become surrogates.

    timeout_s: None is `ANSWER_S`. index: a file to use in place of the repository's own index. Raises `UserError` where
    git is missing or does not end in time, and `GitRefusedError` where it fails: with `why`, and git's own words.
    """
    timeout_s = ANSWER_S if timeout_s is None else timeout_s
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=timeout_s,
            # A look never waits for whoever writes, nor makes them wait.
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", **({} if index is None else {"GIT_INDEX_FILE": str(index)})},
        )
    except FileNotFoundError:
        raise UserError("git is not installed") from None
    except OSError as error:
        raise UserError(f"git cannot be run: {error.strerror or error}") from None
    except subprocess.TimeoutExpired:
        raise UserError(f"git {words[0]} did not end within {timeout_s:g} s in {folder}") from None
    if done.returncode != 0:
        own = done.stderr.strip() or f"git {words[0]} ended with {done.returncode}"
        raise GitRefusedError(f"{why}: {own}" if why else own)
    return done.stdout.removesuffix("\n")


def state(folder: Path) -> dict[str, Any]:
    """Commit, branch and dirty flag of the repository around a folder; None each outside of one: a run needs none.

    Where git fails inside of one, what it did not say is None, and `reason` has its words.
    """
    known: dict[str, Any] = {"commit": None, "branch": None, "dirty": None}
    if not is_inside(folder):
        return known
    try:
        known["commit"] = git(folder, "rev-parse", "HEAD")
        known["branch"] = git(folder, "rev-parse", "--abbrev-ref", "HEAD")
        known["dirty"] = bool(git(folder, "status", "--porcelain"))
    except UserError as error:
        known["reason"] = str(error)
    return known


WHOLE_HISTORY = (
    "git fetch --unshallow origin '+refs/heads/*:refs/remotes/origin/*' fetches the rest, in a workflow "
    "actions/checkout with fetch-depth: 0"
)
"""The cure of a shallow clone. The refspec is there for a clone of one branch, which has no other to fetch."""


def is_shallow(folder: Path) -> bool:
    """Does the clone around a folder lack older commits? False where git does not say."""
    try:
        return git(folder, "rev-parse", "--is-shallow-repository") == "true"
    except UserError:
        return False


def shallow_hint(folder: Path) -> str:
    """The end of a message about a commit that is missing; empty where the clone has its whole history."""
    if not is_shallow(folder):
        return ""
    return f"; the history is shallow, so that older commits and other branches are missing: {WHOLE_HISTORY}"


def is_inside(folder: Path) -> bool:
    """Does a folder lie in the working tree of a repository? Looks for `.git` or GIT_DIR as git does, without it."""
    here = folder.absolute()
    return "GIT_DIR" in os.environ or any((place / ".git").exists() for place in (here, *here.parents))
