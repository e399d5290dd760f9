"""Submodules of a side's tree. `git worktree` leaves them empty; they are filled from the user's checkout."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.runner.git import CHECKOUT_S, GitRefusedError, git

GITLINK = "160000"
"""Mode of an entry that is the commit of a submodule."""


def fill(checkout: Path, commit: str, root: Path) -> list[str]:
    """Write the submodules of a commit into its tree, and theirs. Returns those that are not here, with their commits.

    checkout: the repository whose submodules were fetched; root: the tree.
    """
    missing = []
    for path, wanted in _links(checkout, commit):
        inner = checkout / path
        if not _has(inner, wanted):
            missing.append(f"{path} at {wanted[:10]}")
            continue
        with tempfile.TemporaryDirectory(prefix="coursebench-") as name:
            index = Path(name, "index")
            git(inner, "read-tree", wanted, index=index)
            target = f"--prefix={root / path}/"
            git(inner, "checkout-index", "--all", "--force", target, index=index, timeout_s=CHECKOUT_S)
        missing += [f"{path}/{each}" for each in fill(inner, wanted, root / path)]
    return missing


def _has(submodule: Path, commit: str) -> bool:
    """Whether a submodule was fetched, and this commit with it."""
    if not (submodule / ".git").exists():
        return False  # git would answer for the repository around it
    try:
        git(submodule, "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")
    except GitRefusedError:
        return False
    return True


def _links(repository: Path, commit: str) -> Iterator[tuple[str, str]]:
    """Path and commit of each submodule of a commit."""
    for line in git(repository, "ls-tree", "-r", "-z", "--full-tree", commit).split("\0"):
        facts, _, path = line.partition("\t")
        mode, *_, wanted = facts.split(" ") if facts else ("", "")
        if mode == GITLINK:
            yield path, wanted
