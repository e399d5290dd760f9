"""Names for several runs that are shown together: by machine, with as much detail as needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

_TELLING: tuple[Callable[[Mapping[str, Any]], str], ...] = (
    lambda run: f"torch {run['environment']['torch']['version']}",
    lambda run: str(run["created"])[:10],
    lambda run: str(run["created"])[:16].replace("T", " "),
    lambda run: str(run["run"]),
)
"""Facts that distinguish runs of machines with the same name, the plainest first; the last one always does."""


def labels(batch: Sequence[Mapping[str, Any]]) -> list[str]:
    """A different name for each of these runs (`run.json`): runs are never pooled, and rows show the name.

    `16-core Xeon + NVIDIA H200`; for several such machines `… (torch 2.8.0)`, or with the day, the minute, or the
    run's id.
    """
    alike: dict[str, list[int]] = {}
    for place, run in enumerate(batch):
        alike.setdefault(str(run["machine"]), []).append(place)
    made = [str(run["machine"]) for run in batch]
    for name, places in alike.items():
        if len(places) > 1:
            tell = next(each for each in _TELLING if len({each(batch[place]) for place in places}) == len(places))
            for place in places:
                made[place] = f"{name} ({tell(batch[place])})"
    return made
