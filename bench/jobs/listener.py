"""Who hears what a job does while it lasts."""

from __future__ import annotations

from bench.runner.listener import SilentListener


class Listener(SilentListener):
    """Hears what a job does. Each method does nothing: override those that you want.

    `entered(key, stage, number)` and `ended(record, standing)` come from `bench.runner.listener`. All are called in the
    thread of the job, while a worker may be timing: what takes long here takes a core from what is measured.
    """

    def note(self, text: str) -> None:
        """Hear what a person should know beside the result, such as a case that was left out."""

    def progress(self, text: str) -> None:
        """Hear how far the job is, in a line for people."""

    def begin(self, cases: int) -> None:
        """Hear that a run begins, and how many cases it has."""

    def over(self) -> None:
        """Hear that no more launches follow, however they ended."""


SILENT = Listener()
"""Nobody listens."""
