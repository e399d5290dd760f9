"""Folders for compile caches, one a case: a cold cache is an empty folder."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

CACHES = "cache"
"""The folder of compile caches inside a run; removed when the run is sealed."""


def folder_of(caches: Path, key: str) -> Path:
    """The folder of a case's cache."""
    return caches / hashlib.sha256(key.encode()).hexdigest()[:16]


def empty(folder: Path) -> None:
    """Make the folder, or empty it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
