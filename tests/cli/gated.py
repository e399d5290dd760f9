"""Where a repository that is gated lies in a test."""

from __future__ import annotations

from pathlib import Path

import pytest


def folder_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for it; kept trees go beside it, and nothing into the summary of the CI that runs the tests."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    (folder / "repository").mkdir()
    return folder / "repository"
