"""The commit that a head is compared with: that at which it left a branch, not what the branch became since."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

from bench.records import UserError
from bench.runner.git import WHOLE_HISTORY, GitRefusedError, git, is_shallow
from bench.runner.pairs.side_trees import SideSpec

DEFAULTS = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
"""Names of the default branch: that which origin's HEAD names; without it main or master, on origin or here."""

SHORT = 10
"""Digits of a commit in a sentence."""


def base_spec(asked: SideSpec, head: SideSpec, here: Path, tip: bool = False) -> SideSpec:
    """The base with the commit to measure, where it was named by a branch or not at all; any other as it is.

    head: the other side; here: the user's folder. tip: take the branch as it is now. Raises `UserError` where no commit
    of both is found.
    """
    if asked.tree is None and asked.python is None and asked.text == "":
        branch = default_branch(here)
    elif asked.tree is not None and is_branch(asked.tree, here):
        branch = asked.tree
    else:
        return asked
    now = git(here, "rev-parse", f"{branch}^{{commit}}")
    named = replace(asked, text=asked.text or branch)
    end = _history_of(head, here)
    if tip or end is None:
        return replace(named, tree=now, note=f"{branch} as it is now, {now[:SHORT]}")
    try:
        commit = git(here, "merge-base", end, branch)
    except GitRefusedError:
        of_head, tip_advice = head.text or "the working tree", "--base-tip compares with the branch as it is"
        if is_shallow(here):
            raise UserError(
                f"the history is shallow: the commit at which {of_head} left {branch} is not in this clone. "
                f"{WHOLE_HISTORY}; {tip_advice}"
            ) from None
        raise UserError(f"{of_head} and {branch} have no commit in common here. {tip_advice}") from None
    ahead = int(git(here, "rev-list", "--count", f"{commit}..{now}"))
    moved = f", which has moved on by {ahead} commit{'' if ahead == 1 else 's'} since" if ahead else ""
    return replace(named, tree=commit, note=f"{commit[:SHORT]}, where the head left {branch}{moved}")


def _history_of(head: SideSpec, here: Path) -> str | None:
    """The commit that a head is, or was begun at; None for a revision or folder of which nothing is known here."""
    if head.tree is None:
        return "HEAD"
    with contextlib.suppress(UserError):  # the folder lies in no repository, or in another one; the name is wrong
        commit = git(Path(head.tree).expanduser(), "rev-parse", "HEAD") if head.is_folder else head.tree
        return git(here, "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")
    return None


def default_branch(here: Path) -> str:
    """The branch that changes are merged into. Raises `UserError` where none is found."""
    for name in DEFAULTS:
        with contextlib.suppress(GitRefusedError):  # there is no branch of this name
            git(here, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
            return name
    if is_shallow(here):
        raise UserError(
            "the history is shallow: this clone has neither older commits nor the default branch, at which the base "
            f"would be found. {WHOLE_HISTORY}"
        )
    raise UserError(f"no default branch is found here (tried {', '.join(DEFAULTS)}): name the base with --base")


def is_branch(name: str, here: Path) -> bool:
    """Whether a name is that of a branch, here or on a remote. A commit, a tag and `main~0` are none."""
    with contextlib.suppress(GitRefusedError):  # it names nothing
        full = git(here, "rev-parse", "--symbolic-full-name", name)
        return name not in ("HEAD", "@") and full.startswith(("refs/heads/", "refs/remotes/"))
    return False
