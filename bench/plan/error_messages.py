"""Parts of error messages: where an error is, and which known names are near the given one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from bench.records import UserError

# Below 0.5 difflib proposes words that share little but their length; "square" still finds "matmul/square" (0.63).
_ALIKE = 0.5
_NEAREST = 3
_LISTED = 12


class FileFaultError(UserError):
    """A workload file that cannot be used; the text begins with its path and line."""


def fault(path: Path | str, line: int, message: str) -> FileFaultError:
    """The error for something at `line` (from 1) of a file, in a form that editors can jump to."""
    return FileFaultError(f"{path}:{line}: {message}")


def near(name: str, known: Iterable[str]) -> str:
    """The end of an error about an unknown `name`: the nearest of `known`, or all of them if none is near."""
    options = list(dict.fromkeys(known))
    if not options:
        return "; there are none"
    by_lower = {option.lower(): option for option in options}
    found = difflib.get_close_matches(name.lower(), by_lower, n=_NEAREST, cutoff=_ALIKE)
    if found:
        return f"; did you mean {' or '.join(repr(by_lower[option]) for option in found)}?"
    listed = ", ".join(repr(option) for option in options[:_LISTED])
    return f"; known: {listed}{', …' if len(options) > _LISTED else ''}"
