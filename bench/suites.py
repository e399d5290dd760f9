"""Tests that a repository has already for another tool, of which the gate makes cases."""

from __future__ import annotations

from dataclasses import dataclass

PYTEST, ASV = RUNNERS = ("pytest", "asv")
"""The tools: pytest with pytest-benchmark, and airspeed velocity."""


@dataclass(frozen=True)
class Suite:
    """The tests of one tool in one tree."""

    runner: str
    folder: str
    """The folder that they run in."""
    words: str = ""
    """Arguments of the tool, quoted as for a shell."""

    @property
    def one_at_a_time(self) -> bool:
        """Whether a process can have one case open: a test of pytest is left only when its case is closed."""
        return self.runner == PYTEST


@dataclass(frozen=True)
class FoundTest:
    """A test that can become a case."""

    name: str
    """Its name in its tool: `tests/test_sort.py::test_sorted[10]`, `sorting.TimeSort.time_sorted(10)`."""
    family: str
    """The first part of its key, before it is spelled as one: file and class."""
    function: str
    params: dict[str, str]
    """By name of a parameter: its value as text."""
    path: str
    """The file that the tool collects it from."""
    defined: str
    """The file of its function, often the same; with `line`, the place that a person looks at."""
    line: int
    qualified: str
    """The function's name in that file, with its class: `TestSort.test_sorted`."""


@dataclass(frozen=True)
class OtherTest:
    """A test that cannot become a case."""

    name: str
    reason: str
