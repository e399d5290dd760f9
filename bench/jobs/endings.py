"""How a job can end without a result."""

from __future__ import annotations


class NothingMeasuredError(Exception):
    """The one case to measure ended badly; the text says how, with its traceback."""


class BrokenSideError(NothingMeasuredError):
    """The code of a side does not import; the text has its traceback."""
