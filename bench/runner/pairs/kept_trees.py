"""The folder of side trees: which of them are in use, which are kept with what `--setup` built, and which may go.

The tree of a commit is kept with its set-up, for the next gate. Each tree has a lock, which whoever measures it holds:
what nobody holds was left behind by a process that died, or is kept.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.records import UserError
from bench.runner.git import git

with contextlib.suppress(ImportError):
    import fcntl  # absent on Windows, where nothing is locked, and nothing pruned by itself

KEPT_DAYS = 30.0
"""A kept tree that was not used for so long goes."""

KEPT_BYTES = 10 * 2**30
"""All kept trees together; of more the longest unused go. A venv with torch takes 1 to 6 GB."""

ORPHAN_HOURS = 24.0
"""A tree without a lock file is of an older coursebench, which may still measure it."""


@dataclass(frozen=True)
class KeptTree:
    """A tree that is kept with its set-up."""

    root: Path
    used_s: float
    """When it was last used, in seconds since the epoch."""
    bytes: int


@dataclass(frozen=True)
class Pruned:
    """What was removed, and what is left."""

    removed: tuple[Path, ...]
    freed: int
    """Bytes of the kept trees among them."""
    left: tuple[KeptTree, ...]


def ready_mark(root: Path) -> Path:
    """The file that says that the set-up of a tree is complete; its time is that of the last use."""
    return root.with_name(root.name + ".ready")


def is_ready(root: Path) -> bool:
    """Is the set-up of this tree complete?"""
    return root.is_dir() and ready_mark(root).exists()


def mark_ready(root: Path) -> None:
    """Note that the set-up of a tree is complete, and how large it is."""
    ready_mark(root).write_text(json.dumps({"bytes": _bytes_of(root)}), encoding="utf-8")


@contextlib.contextmanager
def in_use(root: Path) -> Iterator[None]:
    """While a tree is made, measured and removed: nobody prunes it. A second process may use a kept one too."""
    root.parent.mkdir(parents=True, exist_ok=True)
    lock = _lock_file(root)
    if "fcntl" not in globals():
        yield
        return
    while True:
        with lock.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            if not _is_there(lock, os.fstat(file.fileno())):
                continue  # who pruned the tree meanwhile removed the file that this process opened
            try:
                yield
            finally:
                if not root.exists():
                    lock.unlink(missing_ok=True)
            return


def prune(folder: Path, now_s: float | None = None) -> Pruned:
    """Remove trees that were left behind, and kept ones that are old or too many bytes; none that is in use.

    now_s: the time, in seconds since the epoch.
    """
    now_s = time.time() if now_s is None else now_s
    removed, freed = [], 0
    kept = sorted(filter(None, map(_kept, _trees(folder))), key=lambda each: each.used_s, reverse=True)
    left = []
    size = 0
    for each in kept:
        size += each.bytes
        too_old = now_s - each.used_s > KEPT_DAYS * 86_400
        if (too_old or size > KEPT_BYTES) and _remove_unused(each.root):
            removed.append(each.root)
            freed += each.bytes
            size -= each.bytes
        else:
            left.append(each)
    for root in _trees(folder):
        if not is_ready(root) and _is_orphan(root, now_s) and _remove_unused(root):
            removed.append(root)
    return Pruned(tuple(removed), freed, tuple(left))


def remove(root: Path) -> None:
    """Remove a tree, its mark, and what its repository remembers of it."""
    ready_mark(root).unlink(missing_ok=True)
    if not root.exists():
        return
    repository = _repository_of(root)
    shutil.rmtree(root)
    if repository is not None and repository.exists():
        with contextlib.suppress(UserError):  # git forgets a tree that is gone by itself, only later
            git(repository, "worktree", "prune")


def _trees(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.is_dir()) if folder.is_dir() else []


def _kept(root: Path) -> KeptTree | None:
    mark = ready_mark(root)
    try:
        used_s, text = mark.stat().st_mtime, mark.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return KeptTree(root, used_s, json.loads(text)["bytes"] if text else _bytes_of(root))


def _is_orphan(root: Path, now_s: float) -> bool:
    return _lock_file(root).exists() or now_s - root.stat().st_mtime > ORPHAN_HOURS * 3600


def _remove_unused(root: Path) -> bool:
    """Remove a tree unless somebody uses it."""
    if "fcntl" not in globals():
        return False
    lock = _lock_file(root)
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        remove(root)
        lock.unlink(missing_ok=True)
    return True


def _lock_file(root: Path) -> Path:
    return root.with_name(root.name + ".lock")


def _is_there(path: Path, opened: os.stat_result) -> bool:
    """Whether a path still names the file that was opened."""
    try:
        return os.path.samestat(opened, path.stat())
    except FileNotFoundError:
        return False


def _repository_of(root: Path) -> Path | None:
    """The git folder of the repository that a worktree belongs to; None for a copy."""
    try:
        text = (root / ".git").read_text(encoding="utf-8")
    except OSError:
        return None
    folder = Path(text.removeprefix("gitdir:").strip())  # REPOSITORY/.git/worktrees/NAME
    return folder.parents[1] if len(folder.parents) > 1 else None


def _bytes_of(root: Path) -> int:
    """Bytes of the files below a folder; a link counts as what it takes itself."""
    total = 0
    for text, _, files in os.walk(root):
        for name in files:
            with contextlib.suppress(FileNotFoundError):
                total += os.lstat(os.path.join(text, name)).st_size
    return total
