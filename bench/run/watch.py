"""What a run tells whoever watches it. Measuring never prints: the command line draws a bar, a test keeps a list."""

from __future__ import annotations

from typing import Protocol

from bench.records import CaseLaunch


class Watch(Protocol):
    """Told what happens, as it happens."""

    def entered(self, key: str, stage: str, launch: int) -> None:
        """A case entered a stage of a launch."""

    def ended(self, record: CaseLaunch, finished: int, cases: int, left_s: float) -> None:
        """A case ended in a launch; `finished` of `cases` want no more launches, about `left_s` seconds are left."""


class Unwatched:
    """Nobody looks."""

    def entered(self, key: str, stage: str, launch: int) -> None:
        """Nobody is told."""

    def ended(self, record: CaseLaunch, finished: int, cases: int, left_s: float) -> None:
        """Nobody is told."""
