"""The code of a side: a revision, the working tree or a folder, copied so that both sides have paths of equal length.

A path of another length moves what Python and the loader put on the stack and the heap, and with it the time of small
steps: Mytkowicz et al., "Producing wrong data without doing anything obviously wrong!", ASPLOS 2009. So each tree lies
in a folder whose name is 16 characters long, side by side with the other's.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.records import UserError
from bench.runner.git import CHECKOUT_S, GitRefusedError, git, is_inside
from bench.runner.worker import SideCode

KEPT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "coursebench" / "sides"
"""The folder of trees while they are measured, and of those whose `--setup` is kept by commit."""

PYTHON = "python="


@dataclass(frozen=True)
class SideSpec:
    """A side as the user wrote it."""

    text: str
    tree: str | None
    """A revision or a folder; None is the working tree."""
    python: str | None
    """An interpreter; a relative path is one inside the side's tree, such as a venv that `--setup` makes."""


@dataclass(frozen=True)
class SideTree:
    """A side's code, ready to be measured, and its description for `run.json`."""

    side: SideCode
    root: Path
    description: dict[str, str | bool | None]
    """text: as the user wrote it; commit; dirty: whether files differ from the commit; python: the interpreter."""


def read(text: str) -> SideSpec:
    """Read `REV`, `FOLDER`, `python=PATH`, or both with a comma. Raises `UserError` for anything else."""
    parts = [part for part in text.split(",") if part]
    pythons = [part.removeprefix(PYTHON) for part in parts if part.startswith(PYTHON)]
    trees = [part for part in parts if not part.startswith(PYTHON)]
    if len(pythons) > 1 or len(trees) > 1 or "" in pythons:
        raise UserError(f"'{text}' is no side: a revision or a folder, {PYTHON}PATH, or both with a comma")
    return SideSpec(text or "working tree", trees[0] if trees else None, pythons[0] if pythons else None)


def toplevel(folder: Path) -> Path:
    """The root of the git repository around a folder. Raises `UserError` outside of one."""
    return Path(git(folder, "rev-parse", "--show-toplevel", why=f"{folder} lies in no git repository"))


def merge_base(folder: Path) -> str:
    """The commit at which the working tree's branch left the default branch. Raises `UserError` where none is found.

    The default branch is the one that origin's HEAD names; without it main or master, on origin or here.
    """
    names = ["origin/HEAD", "origin/main", "origin/master", "main", "master"]
    for name in names:
        with contextlib.suppress(GitRefusedError):  # there is no branch of this name
            return git(folder, "merge-base", "HEAD", name)
    raise UserError(f"no default branch is found here (tried {', '.join(names)}): name the base with --base")


@contextlib.contextmanager
def prepared(asked: SideSpec, slot: str, here: Path, setup: str | None) -> Iterator[SideTree]:
    """The tree of a side, set up, until the context ends.

    slot: base, head or twin: two trees of one commit are two folders. here: the user's folder. setup: a command that a
    shell runs in the tree; the tree of a commit is kept with it, any other is removed. Raises `UserError`.
    """
    folder = Path(asked.tree).expanduser() if asked.tree is not None and _is_path(asked.tree) else None
    commit = None
    if asked.tree is not None and folder is None:
        commit = git(here, "rev-parse", "--verify", "--quiet", f"{asked.tree}^{{commit}}", why=_no_such(asked.tree))
    kept = commit is not None and setup is not None
    name = hashlib.sha256(f"{toplevel(here)} {commit} {setup} {slot}".encode()).hexdigest()[:16]
    root = KEPT / (name if kept else secrets.token_hex(8))
    KEPT.mkdir(parents=True, exist_ok=True)
    try:
        if not _is_ready(root):
            _remove(here, root)
            if commit is not None:
                words = ("worktree", "add", "--detach", "--force", str(root), commit)
                git(here, *words, why=f"no worktree of {commit}", timeout_s=CHECKOUT_S)
            else:
                _copy(folder or toplevel(here), root)
            if setup is not None:
                _set_up(root, setup, slot)
            if kept:
                _ready_mark(root).touch()
        python = _python(asked, root)
        description: dict[str, str | bool | None] = {
            "text": asked.text,
            "commit": commit,
            "dirty": None,
            "python": python,
        }
        if commit is None and folder is None:  # the working tree
            description["commit"] = git(here, "rev-parse", "HEAD", why="this repository has no commit yet")
            description["dirty"] = bool(git(here, "status", "--porcelain", why="git does not say what was changed"))
        yield SideTree(SideCode(python, root), root, description)
    finally:
        if not _is_ready(root):
            _remove(here, root)


def _is_path(text: str) -> bool:
    """Is this the path of a folder? It begins with a dot, a tilde or a slash; any other word is a revision."""
    return text.startswith((".", "~", os.sep)) and Path(text).expanduser().is_dir()


def _no_such(text: str) -> str:
    hint = f"; write ./{text} for the folder" if Path(text).is_dir() else ""
    return f"'{text}' is neither a revision of this repository nor a folder{hint}"


def _python(asked: SideSpec, root: Path) -> str:
    if asked.python is None:
        return sys.executable
    # Not resolved: the python of a venv is a link, and what it links to has none of the venv's packages.
    path = asked.python if os.sep not in asked.python else str(root / asked.python)
    found = shutil.which(path)
    if found is None:
        raise UserError(f"{asked.python} is no Python that can be run")
    return found


def _ready_mark(root: Path) -> Path:
    return root.with_name(root.name + ".ready")


def _is_ready(root: Path) -> bool:
    """Is the set-up of this tree complete?"""
    return root.is_dir() and _ready_mark(root).exists()


def _remove(here: Path, root: Path) -> None:
    if root.exists():
        shutil.rmtree(root)
        with contextlib.suppress(UserError):  # git forgets a tree that is gone by itself, only later
            git(here, "worktree", "prune")


def _copy(source: Path, root: Path) -> None:
    """Copy what git would keep of a working tree, as it is now; of a folder outside of git, all of it."""
    if not is_inside(source):
        shutil.copytree(source, root, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        return
    words = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = git(source, *words, why=f"git does not say which files of {source} it keeps")
    root.mkdir()
    for name in filter(None, names.split("\0")):
        file = source / name
        if file.is_dir() and not file.is_symlink():
            continue  # a submodule
        if file.exists() or file.is_symlink():  # else it is deleted, and not yet committed
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, root / name, follow_symlinks=False)


def _set_up(root: Path, command: str, slot: str) -> None:
    done = subprocess.run(command, shell=True, cwd=root, capture_output=True, text=True)
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-20:])
        raise UserError(f"--setup failed on the {slot} (exit {done.returncode}): {command}\n{tail}")
