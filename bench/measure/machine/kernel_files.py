"""Files in which the kernel reports on the machine, such as those below /proc and /sys."""

from __future__ import annotations

from pathlib import Path

ROOT = Path("/")
"""The root that /proc and /sys are looked for in; a test has the recorded tree of another machine in its place."""


def kernel_text(path: str | Path) -> str:
    """The text of a file, stripped; empty where it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def kernel_number(path: str | Path) -> int | None:
    """The number in a file; None where it cannot be read, or holds something else."""
    try:
        return int(kernel_text(path))
    except ValueError:
        return None
