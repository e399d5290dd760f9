"""How a test of pytest ended, as an outcome of its case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.measure.dispatcher import outcome_of
from bench.records import Outcome

if TYPE_CHECKING:
    import pytest

TWICE = "it calls the benchmark fixture twice, which pytest-benchmark refuses"

JUDGED = ("AssertionError", "Failed")
"""Errors by which a test says that an answer is wrong: a failed assert, and `pytest.fail`."""


@dataclass(frozen=True)
class Phase:
    """Set-up, call or teardown of a test."""

    report: pytest.TestReport
    error: BaseException | None


@dataclass(frozen=True)
class Ending:
    """The outcome of a test that did not pass, the reason in one line, and pytest's own text."""

    outcome: Outcome
    reason: str
    detail: str = ""


def ending_of(phases: Sequence[Phase], root: Path) -> Ending | None:
    """The first phase that did not pass decides; None where all did. root: what paths are relative to."""
    for phase in phases:
        if phase.report.skipped:
            return Ending(Outcome.SKIPPED, _why_skipped(phase.report))
        if phase.report.failed:
            return _failed(phase, root)
    return None


def _why_skipped(report: pytest.TestReport) -> str:
    if hasattr(report, "wasxfail"):
        return f"it is expected to fail: {report.wasxfail or 'no reason given'}"
    longrepr = report.longrepr
    text = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
    return text.removeprefix("Skipped: ")


def _failed(phase: Phase, root: Path) -> Ending:
    report, error = phase.report, phase.error
    if error is not None and type(error).__name__ == "FixtureAlreadyUsed":
        return Ending(Outcome.SKIPPED, TWICE)
    reason = f"{'' if report.when == 'call' else f'its {report.when}: '}{_place(report, root)}"
    if report.when != "call":
        return Ending(Outcome.FAILED, reason, report.longreprtext)
    # Without an error it is a test that passed although it must fail (xfail, strict).
    judged = error is None or any(kind.__name__ in JUDGED for kind in type(error).__mro__)
    if judged or not isinstance(error, Exception):
        return Ending(Outcome.WRONG if judged else Outcome.FAILED, reason, report.longreprtext)
    return Ending(outcome_of(error)[0], reason, report.longreprtext)


def _place(report: pytest.TestReport, root: Path) -> str:
    """File, line and message of what failed, in one line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is None:
        return next(iter(report.longreprtext.strip().splitlines()), "it failed")
    message = next(iter(crash.message.splitlines()), "")
    path = Path(crash.path)
    # Else it was raised by what has no lines of Python, right where the harness called it.
    return f"{path.relative_to(root)}:{crash.lineno}: {message}" if path.is_relative_to(root) else message
