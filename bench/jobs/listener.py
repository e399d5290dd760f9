"""The listener of a job: called while the job runs, for progress and notes."""

from __future__ import annotations

from bench.runner.listener import SilentListener


class Listener(SilentListener):
    """Receives the events of a job. Each method does nothing: override those that you need.

    `entered(key, stage, number)` and `ended(record, standing)` come from `bench.runner.listener`. All are called in the
    thread of the job while a worker may be timing: a slow method takes CPU time from what is measured.
    """

    def note(self, text: str) -> None:
        """Receive a remark for the user, such as a case that was left out."""

    def progress(self, text: str) -> None:
        """Receive the progress of the job, as a line of text."""

    def begin(self, cases: int) -> None:
        """Receive the start of a run, with its number of cases."""

    def over(self) -> None:
        """Receive the end of the launches, however they ended."""


SILENT = Listener()
"""The listener that ignores all events."""
