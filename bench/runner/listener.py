"""What a run tells whoever watches it. Measuring never prints: the command line draws a bar, a test keeps a list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bench.records import CaseLaunch

OnStage = Callable[[str, str, int], None]
"""Told a case's key, the stage it entered, and the number of the launch or pair."""


@dataclass(frozen=True)
class RunProgress:
    """How far a run is."""

    finished: int
    """Cases that want no more launches."""
    cases: int
    share: float
    """Share of the expected launches that are done."""
    left_s: float
    """About so many seconds are left."""


class RunListener(Protocol):
    """Told what happens, as it happens."""

    def entered(self, key: str, stage: str, launch: int) -> None:
        """A case entered a stage of a launch."""

    def ended(self, record: CaseLaunch, standing: RunProgress) -> None:
        """A case ended in a launch; so the run stands now."""


class SilentListener:
    """Nobody looks."""

    def entered(self, key: str, stage: str, launch: int) -> None:
        """Nobody is told."""

    def ended(self, record: CaseLaunch, standing: RunProgress) -> None:
        """Nobody is told."""
