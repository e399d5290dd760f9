"""Durations as people write them."""

from __future__ import annotations

import math
import re

from bench.records import UserError

_SECONDS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PARTS = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_PLAIN = re.compile(r"\d+(?:\.\d+)?")


def parse_duration(text: str) -> float:
    """The seconds of "90s", "5m", "1h30m", "500ms", or of a plain number of seconds.

    Raises `UserError` for anything else, and for 0 seconds, into which no run fits.
    """
    compact = text.strip().lower().replace(" ", "")
    if _PLAIN.fullmatch(compact):
        seconds = float(compact)
    elif _PARTS.fullmatch(compact):
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(compact))
    else:
        raise UserError(f"'{text}' is not a duration; one looks like 90s, 5m, 1h30m, or a number of seconds")
    if not 0 < seconds < math.inf:
        raise UserError(f"'{text}' is not a duration above 0 that could be waited for")
    return seconds
