"""The code that decides what is timed: a run whose code changed in between would pool unlike data."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from bench import records
from bench.records import Planned

HARNESS = ("records.py", "series.py", "cold_blocks.py", "suites.py", "workload.py", "protocol", "measure")
"""Files and folders of this package that decide it: the worker, the author's API, and what both speak."""


def code(planned: Sequence[Planned]) -> dict[str, str]:
    """SHA-256 of each file that decides what is timed: the harness, the workloads, and the modules beside them.

    A file of the user's own counts alone, and so does a module on its own; a module of a package counts with the whole
    folder and all below it, whose modules it may share.
    """
    paths = set(harness_files())
    for source in {item.source.path: item.source for item in planned}.values():
        path = Path(source.path)
        # Beside a module that is in no package stands whatever else is installed.
        packaged = source.dotted is not None and "." in source.dotted
        paths |= set(path.parent.rglob("*.py")) if packaged else {path}
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(paths) if path.exists()}


def harness_files() -> list[Path]:
    """The files behind `HARNESS`."""
    package = Path(records.__file__).parent
    return [path for name in HARNESS for path in _python_files(package / name)]


def _python_files(place: Path) -> list[Path]:
    return sorted(place.rglob("*.py")) if place.is_dir() else [place]
