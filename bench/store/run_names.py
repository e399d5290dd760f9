"""What each of several runs is called where they stand beside each other: by its machine, as precisely as it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

_TELLING: tuple[Callable[[Mapping[str, Any]], str], ...] = (
    lambda run: f"torch {run['environment']['torch']['version']}",
    lambda run: str(run["created"])[:10],
    lambda run: str(run["created"])[:16].replace("T", " "),
    lambda run: str(run["run"]),
)
"""What may tell runs of machines of one name apart, the plainest first; the last one always does."""


def names(batch: Sequence[Mapping[str, Any]]) -> list[str]:
    """A name for each of these runs (`run.json`), no two alike: runs are never pooled, and a name is how a row tells.

    `16-core Xeon + NVIDIA H200`; of several such machines `… (torch 2.8.0)`, else with the day, the minute, or the
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
