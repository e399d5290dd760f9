"""What is going on while a run measures: a live bar on a terminal, plain lines elsewhere. All of it on stderr."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Protocol, Self

from bench.records import CaseLaunch, Outcome
from bench.runner.listener import OnStage, RunListener, RunProgress, SilentListener

LINE_EVERY_S = 5.0
"""Plain lines come no oftener than this, but for cases that did not end well: a log is read afterwards."""

REDRAW_EVERY_S = 0.5
"""The bar is drawn when something happens, at most twice a second: a bar that ticks by itself costs the parent 2 %."""


class Progress(RunListener, Protocol):
    """A watch that is open while the run lasts."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Clear up."""


class Silent(SilentListener):
    """--quiet."""

    def __enter__(self) -> Self:
        """Nothing to begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to clear up."""


class Lines(Silent):
    """Plain lines, for logs and pipes."""

    def __init__(self) -> None:
        self._next = 0.0

    def ended(self, record: CaseLaunch, standing: RunProgress) -> None:
        """A line for what went wrong, for each step of the count after some seconds, and for the last."""
        bad = record.outcome != Outcome.OK
        done = standing.finished == standing.cases
        if bad:
            sys.stderr.write(f"{record.outcome:8} {record.key}: {record.reason}\n")
        if done or time.monotonic() >= self._next:
            self._next = time.monotonic() + LINE_EVERY_S
            sys.stderr.write(
                f"launch {record.launch + 1}: {standing.share:.0%} done, "
                f"{standing.finished} of {standing.cases} cases finished{_left(standing.left_s)}\n"
            )
        sys.stderr.flush()


class Bar:
    """A live bar: current case and stage, cases done, time left."""

    def __init__(self, cases: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        self._console = Console(stderr=True)
        self._bar = RichProgress(
            BarColumn(bar_width=20),
            TextColumn("{task.fields[done]} cases"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            TextColumn("{task.fields[now]}", markup=False),
            console=self._console,
            auto_refresh=False,
            transient=True,
        )
        self._task = self._bar.add_task("", total=1.0, done=f"0/{cases}", left="", now="starting a worker")
        self._drawn = 0.0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def entered(self, key: str, stage: str, launch: int) -> None:
        """Show the case at work."""
        self._bar.update(self._task, now=f"launch {launch + 1} · {key} · {stage}")
        self._draw()

    def ended(self, record: CaseLaunch, standing: RunProgress) -> None:
        """Count, and leave a line above the bar for what went wrong."""
        self._bar.update(
            self._task,
            completed=standing.share,
            done=f"{standing.finished}/{standing.cases}",
            left=_left(standing.left_s).removeprefix(", "),
        )
        if record.outcome != Outcome.OK:
            self._console.print(f"{record.outcome}  {record.key}: {record.reason}", markup=False, highlight=False)
        self._draw()

    def _draw(self) -> None:
        if time.monotonic() - self._drawn >= REDRAW_EVERY_S:
            self._drawn = time.monotonic()
            self._bar.refresh()


def progress(cases: int, quiet: bool) -> Progress:
    """The progress that suits where stderr goes."""
    if quiet:
        return Silent()
    return Bar(cases) if sys.stderr.isatty() else Lines()


def _left(seconds: float) -> str:
    if seconds < 1:
        return ""
    return f", about {seconds:.0f} s left" if seconds < 100 else f", about {seconds / 60:.0f} min left"


def pair_lines(quiet: bool) -> OnStage:
    """What is going on while lockstep pairs are measured: a line a pair, none with `quiet`."""
    begun = -1

    def heard(key: str, stage: str, launch: int) -> None:
        nonlocal begun
        if launch > begun and not quiet:
            begun = launch
            sys.stderr.write(f"pair {launch + 1} …\n")
            sys.stderr.flush()

    return heard
