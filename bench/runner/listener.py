"""Listeners: what a run reports while it measures. Measuring never prints; the command line draws a bar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bench.records import CaseLaunch

OnStage = Callable[[str, str, int], None]
"""Called with a case's key, the stage it entered, and the number of the launch or pair."""


@dataclass(frozen=True)
class RunProgress:
    """How far a run is."""

    finished: int
    """Cases that need no more launches."""
    cases: int
    share: float
    """Share of the expected launches that are done."""
    left_s: float
    """Estimate of the seconds that are left."""


class RunListener(Protocol):
    """Hears what happens, as it happens."""

    def entered(self, key: str, stage: str, launch: int) -> None:
        """A case entered a stage of a launch."""

    def ended(self, record: CaseLaunch, standing: RunProgress) -> None:
        """A case ended in a launch; `standing` is how far the run is now."""


class SilentListener:
    """Listens to nothing."""

    def entered(self, key: str, stage: str, launch: int) -> None:
        """Do nothing."""

    def ended(self, record: CaseLaunch, standing: RunProgress) -> None:
        """Do nothing."""
