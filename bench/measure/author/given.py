"""The test of another tool as the step of a case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.workload import Prepared


@dataclass(frozen=True)
class Given:
    """A step from the test of another tool, in place of a workload."""

    make: Callable[[], Prepared]
    once: str = ""
    """Why it cannot be made twice, so that the peak of memory is not known; empty where it can."""
    keep: Callable[[Any], None] = lambda output: None
    """Takes each output of a call outside of the blocks: a test goes on with the last."""
