"""How a job can end without a result."""

from __future__ import annotations


class NothingMeasuredError(Exception):
    """The one case that was to be measured ended badly; the text says how, with its traceback."""


class BrokenSideError(NothingMeasuredError):
    """The code of a side does not even import; the text has its traceback."""
