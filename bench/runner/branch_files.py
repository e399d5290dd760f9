"""Files kept on a branch of their own in a git repository, without touching what is checked out there.

The branch has no history in common with any other. It is written with an index of its own, so that neither the working
tree nor the user's index is read or changed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.records import UserError
from bench.runner.git import GitRefusedError, git

PUSHES = 3
"""Tries to push, where others push at the same time."""

PUSH_S = 300.0
"""Longest wait for a fetch or a push."""

NOBODY = ("bench", "bench@localhost")
"""Name and address of who commits, where git knows none: a runner has no user."""


@dataclass(frozen=True)
class KeptFiles:
    """What was kept."""

    commit: str
    added: tuple[str, ...]
    """Paths on the branch of files that were not there, or were different; empty where it had all of them."""
    pushed: bool


def keep(here: Path, branch: str, files: Mapping[str, bytes], message: str, remote: str = "") -> KeptFiles:
    """Commit files to a branch, by their paths on it; other files there stay.

    here: a folder of the repository. remote: where the branch is fetched from and pushed to; empty keeps it here.
    Raises `UserError` where the branch is checked out somewhere, its name is none, or git refuses.
    """
    _refuse_unfit(here, branch)
    for left in reversed(range(PUSHES)):
        local, tips = _tips(here, branch, remote)
        made = _committed(here, tips, files, message)
        pushed = False
        if remote:
            try:
                git(here, "push", "--quiet", remote, f"{made.commit}:refs/heads/{branch}", timeout_s=PUSH_S)
                pushed = True
            except GitRefusedError as error:
                if left:
                    continue  # somebody else pushed meanwhile: begin with what they did
                raise UserError(f"{branch} cannot be pushed to {remote}: {error}") from None
        if made.commit != local:
            git(here, "update-ref", f"refs/heads/{branch}", made.commit, local or "", why=f"{branch} cannot be written")
        return KeptFiles(made.commit, made.added, pushed)
    raise AssertionError("the last try returns or raises")


def restore(here: Path, branch: str, folder: Path) -> None:
    """Write the files of a branch into a folder. Raises `UserError` where there is no such branch."""
    _, tips = _tips(here, branch, "")
    if not tips:
        raise UserError(f"there is no branch '{branch}' here; bench history --keep-on {branch} makes it")
    with tempfile.TemporaryDirectory() as name:
        index = Path(name, "index")
        git(here, "read-tree", tips[0], index=index)
        git(here, "checkout-index", "--all", "--force", f"--prefix={folder.absolute()}/", index=index)


def _refuse_unfit(here: Path, branch: str) -> None:
    git(here, "check-ref-format", f"refs/heads/{branch}", why=f"'{branch}' is no name for a branch")
    place = git(here, "for-each-ref", "--format=%(worktreepath)", f"refs/heads/{branch}")
    if place:
        raise UserError(f"the branch {branch} is checked out in {place}: check out another one there first")


def _tips(here: Path, branch: str, remote: str) -> tuple[str | None, list[str]]:
    """The commit of the branch here, and those that a new one follows: none for a new branch, two to be joined."""
    local = _commit_of(here, f"refs/heads/{branch}")
    if not remote:
        there = local or _commit_of(here, f"refs/remotes/origin/{branch}")
        return local, [there] if there else []
    listed = git(here, "ls-remote", "--heads", remote, f"refs/heads/{branch}", timeout_s=PUSH_S)
    if not listed:
        return local, [local] if local else []
    git(here, "fetch", "--quiet", "--no-tags", remote, f"refs/heads/{branch}", timeout_s=PUSH_S)
    there = git(here, "rev-parse", "FETCH_HEAD")
    if local is None or _contains(here, there, local):
        return local, [there]
    return local, [local] if _contains(here, local, there) else [there, local]


def _commit_of(here: Path, name: str) -> str | None:
    try:
        return git(here, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    except GitRefusedError:
        return None


def _contains(here: Path, commit: str, other: str) -> bool:
    try:
        git(here, "merge-base", "--is-ancestor", other, commit)
    except GitRefusedError:
        return False
    return True


@dataclass(frozen=True)
class _Made:
    commit: str
    added: tuple[str, ...]


def _committed(here: Path, tips: Sequence[str], files: Mapping[str, bytes], message: str) -> _Made:
    """A commit that follows the tips and has their files and these; the tip itself where it has them already."""
    with tempfile.TemporaryDirectory() as name:
        index = Path(name, "index")
        git(here, "read-tree", *([tips[0]] if tips else ["--empty"]), index=index)
        known = _listed(here, tips[0]) if tips else {}
        for tip in tips[1:]:
            for path, entry in _listed(here, tip).items():
                if path not in known:
                    known[path] = entry
                    git(here, "update-index", "--add", "--cacheinfo", f"100644,{entry},{path}", index=index)
        added = []
        for path, content in files.items():
            source = Path(name, "content")
            source.write_bytes(content)
            entry = git(here, "hash-object", "-w", "--no-filters", str(source))
            if known.get(path) != entry:
                added.append(path)
                git(here, "update-index", "--add", "--cacheinfo", f"100644,{entry},{path}", index=index)
        if not added and len(tips) == 1:
            return _Made(tips[0], ())
        tree = git(here, "write-tree", index=index)
    parents = [word for tip in tips for word in ("-p", tip)]
    return _Made(git(here, *_identity(here), "commit-tree", tree, *parents, "-m", message), tuple(added))


def _listed(here: Path, commit: str) -> dict[str, str]:
    """By path the content of each file of a commit, as git names it."""
    lines = git(here, "ls-tree", "-r", "-z", commit).split("\0")  # mode, kind and name of the content, a tab, the path
    return {path: about.split()[2] for about, _, path in (line.partition("\t") for line in lines if line)}


def _identity(here: Path) -> list[str]:
    """Words for git that say who commits, where it does not know."""
    try:
        git(here, "var", "GIT_COMMITTER_IDENT")
    except GitRefusedError:
        return ["-c", f"user.name={NOBODY[0]}", "-c", f"user.email={NOBODY[1]}"]
    return []
