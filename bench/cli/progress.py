"""What the terminal hears of a job: a live bar where it can show one, plain lines elsewhere. All of it on stderr."""

from __future__ import annotations

import sys
import time

from bench.cli.options import note
from bench.jobs.listener import Listener
from bench.records import CaseLaunch, Outcome
from bench.runner.listener import RunProgress

LINE_EVERY_S = 5.0
"""Plain lines come no oftener than this, but for cases that did not end well: a log is read afterwards."""

REDRAW_EVERY_S = 0.5
"""The bar is drawn when something happens, at most twice a second: a bar that ticks by itself costs the parent 2 %."""


class Notes(Listener):
    """--quiet: what a person should know beside the result, and nothing of how far it is."""

    def note(self, text: str) -> None:
        """Write it as it is."""
        note(text)


class Lines(Notes):
    """Plain lines, for logs and pipes."""

    def __init__(self) -> None:
        self._next = 0.0

    def progress(self, text: str) -> None:
        """Write the line."""
        note(text)

    def ended(self, record: CaseLaunch, standing: RunProgress) -> None:
        """Write a line for what went wrong, for each step of the count after some seconds, and for the last."""
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


class Bar(Lines):
    """A live bar: current case and stage, cases done, time left."""

    def begin(self, cases: int) -> None:
        """Draw the bar."""
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
        self._bar.start()

    def over(self) -> None:
        """Clear it away."""
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


class PairLines(Lines):
    """A line for each lockstep pair that begins."""

    _begun = -1

    def entered(self, key: str, stage: str, launch: int) -> None:
        """Write the number of a pair that is new."""
        if launch > self._begun:
            self._begun = launch
            note(f"pair {launch + 1} …")


class StageLines(Lines):
    """A line for each stage of the one case."""

    _latest = ""

    def entered(self, key: str, stage: str, launch: int) -> None:
        """Write the name of a stage that is new."""
        if stage != self._latest:
            self._latest = stage
            note(f"{stage} …")


class EveryStage(Notes):
    """A line whenever a stage begins, for who sits in a debugger."""

    def entered(self, key: str, stage: str, launch: int) -> None:
        """Write its name."""
        note(f"{stage} …")


def run_progress(quiet: bool) -> Listener:
    """What suits where stderr goes, for the launches of a run."""
    if quiet:
        return Notes()
    return Bar() if sys.stderr.isatty() else Lines()


def _left(seconds: float) -> str:
    if seconds < 1:
        return ""
    return f", about {seconds:.0f} s left" if seconds < 100 else f", about {seconds / 60:.0f} min left"
