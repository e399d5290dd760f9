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
from bench.runner.git import CHECKOUT_S, git, is_inside, shallow_hint
from bench.runner.pairs.import_roots import import_roots
from bench.runner.pairs.kept_trees import in_use, is_ready, mark_ready, ready_mark, remove
from bench.runner.pairs.submodules import fill
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
    note: str = ""
    """Which commit of a branch this is, and what the branch became since."""

    @property
    def is_folder(self) -> bool:
        """Whether the tree is a folder: it begins with a dot, a tilde or a slash. Any other word is a revision."""
        return (
            self.tree is not None and self.tree.startswith((".", "~", os.sep)) and Path(self.tree).expanduser().is_dir()
        )


@dataclass(frozen=True)
class SideTree:
    """A side's code, ready to be measured, and its description for `run.json`."""

    side: SideCode
    root: Path
    description: dict[str, str | bool | None]
    """text: as the user wrote it; commit; dirty: whether files differ from the commit; python: the interpreter; note:
    which commit of a branch it is."""
    missing: tuple[str, ...] = ()
    """Submodules that are empty in the tree, since the checkout has not fetched them."""


def read(text: str) -> SideSpec:
    """Read `REV`, `FOLDER`, `python=PATH`, or both with a comma. Raises `UserError` for anything else."""
    parts = [part for part in text.split(",") if part]
    pythons = [part.removeprefix(PYTHON) for part in parts if part.startswith(PYTHON)]
    trees = [part for part in parts if not part.startswith(PYTHON)]
    if len(pythons) > 1 or len(trees) > 1 or "" in pythons:
        raise UserError(f"'{text}' is no side: a revision or a folder, {PYTHON}PATH, or both with a comma")
    return SideSpec(text, trees[0] if trees else None, pythons[0] if pythons else None)


def toplevel(folder: Path) -> Path:
    """The root of the git repository around a folder. Raises `UserError` outside of one."""
    return Path(git(folder, "rev-parse", "--show-toplevel", why=f"{folder} lies in no git repository"))


@contextlib.contextmanager
def prepared(asked: SideSpec, slot: str, here: Path, setup: str | None) -> Iterator[SideTree]:
    """The tree of a side, set up, until the context ends.

    slot: base, head or twin: two trees of one commit are two folders. here: the user's folder. setup: a command that a
    shell runs in the tree; the tree of a commit is kept with it, any other is removed. Raises `UserError`.
    """
    top = toplevel(here)
    folder = Path(str(asked.tree)).expanduser().absolute() if asked.is_folder else None
    commit, missing = None, list[str]()
    if asked.tree is not None and folder is None:
        commit = git(here, "rev-parse", "--verify", "--quiet", f"{asked.tree}^{{commit}}", why=_no_such(asked, here))
    kept = commit is not None and setup is not None
    name = hashlib.sha256(f"{top} {commit} {setup} {slot}".encode()).hexdigest()[:16]
    root = KEPT / (name if kept else secrets.token_hex(8))
    with in_use(root):
        try:
            if is_ready(root):
                ready_mark(root).touch()
            else:
                remove(root)
                missing = _make(root, top, commit, folder)
                if setup is not None:
                    _set_up(root, setup, slot)
                if kept:
                    mark_ready(root)
            python = _python(asked, root)
            description: dict[str, str | bool | None] = {
                "text": asked.text or "working tree",
                "commit": commit,
                "dirty": None,
                "python": python,
                "note": asked.note,
            }
            if commit is None and folder is None:  # the working tree
                description["commit"] = git(here, "rev-parse", "HEAD", why="this repository has no commit yet")
                description["dirty"] = bool(git(here, "status", "--porcelain", why="git does not say what was changed"))
            side = SideCode(python, root, (top,) if folder is None else (folder, top), import_roots(root))
            yield SideTree(side, root, description, tuple(missing))
        finally:
            if not is_ready(root):
                remove(root)


def _make(root: Path, top: Path, commit: str | None, folder: Path | None) -> list[str]:
    """Write a tree. Returns the submodules that could not be filled."""
    if commit is None:
        return _copy(folder or top, root)
    words = ("worktree", "add", "--detach", "--force", str(root), commit)
    git(top, *words, why=f"no worktree of {commit}", timeout_s=CHECKOUT_S)
    return fill(top, commit, root)


def _no_such(asked: SideSpec, here: Path) -> str:
    text = asked.tree
    hint = f"; write ./{text} for the folder" if Path(str(text)).is_dir() else shallow_hint(here)
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


def _copy(source: Path, root: Path) -> list[str]:
    """Copy what git would keep of a working tree, as it is now; of a folder outside of git, all of it.

    Returns the submodules that are empty there.
    """
    if not is_inside(source):
        shutil.copytree(source, root, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        return []
    words = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = git(source, *words, why=f"git does not say which files of {source} it keeps")
    root.mkdir(parents=True, exist_ok=True)
    missing = []
    for name in filter(None, names.split("\0")):
        file = source / name
        if file.is_dir() and not file.is_symlink():
            # A submodule; a repository that lies there without being one has a slash behind its name.
            if (file / ".git").exists() and not name.endswith("/"):
                missing += [f"{name}/{each}" for each in _copy(file, root / name)]
            elif not name.endswith("/"):
                missing.append(name)
        elif file.exists() or file.is_symlink():  # else it is deleted, and not yet committed
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, root / name, follow_symlinks=False)
    return missing


def _set_up(root: Path, command: str, slot: str) -> None:
    done = subprocess.run(command, shell=True, cwd=root, capture_output=True, text=True)
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-20:])
        raise UserError(f"--setup failed on the {slot} (exit {done.returncode}): {command}\n{tail}")
