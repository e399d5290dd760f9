"""Messages about what an author's files hold, before anything of them is timed."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.protocol.rows import Fault
from bench.records import Settings, Source
from bench.suites import FoundTest, OtherTest, Suite


@dataclass(frozen=True)
class Inspect:
    """Check a workload against the author's contract. Answered by `Inspected`."""

    key: str
    source: Source
    settings: Settings


@dataclass(frozen=True)
class Inspected:
    """The rules that a workload keeps, and its faults, which are none where it keeps all of them."""

    key: str
    passed: list[str]
    faults: list[Fault]


@dataclass(frozen=True)
class Collect:
    """List the tests of a suite, as its own tool finds them. Answered by `Collected`."""

    suite: Suite


@dataclass(frozen=True)
class Collected:
    """The tests of a suite."""

    tests: list[FoundTest]
    others: list[OtherTest]
    """Tests that cannot become cases."""
    unused: int
    """Number of tests that do not use the fixture at all."""
    faults: dict[str, str]
    """By file that cannot be collected: why not, as text."""
    error: str = ""
    """Why nothing can be collected; empty where something could."""
    strangers: dict[str, str] = field(default_factory=dict)  # modules that are not this side's, with their files
