"""Which state of the user's code was measured."""

from __future__ import annotations

import subprocess
from typing import Any


def state() -> dict[str, Any]:
    """Commit, branch and dirty flag of the repository around the working folder; None each outside of one."""
    commit = _git("rev-parse", "HEAD")
    return {
        "commit": commit,
        "branch": _git("rev-parse", "--abbrev-ref", "HEAD"),
        "dirty": bool(_git("status", "--porcelain")) if commit else None,
    }


def _git(*words: str) -> str | None:
    try:
        done = subprocess.run(["git", *words], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
