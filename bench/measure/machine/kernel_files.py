"""Files in which the kernel reports on the machine, such as those below /proc and /sys."""

from __future__ import annotations

from pathlib import Path


def kernel_text(path: str | Path) -> str:
    """The text of a file, stripped; empty where it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""
