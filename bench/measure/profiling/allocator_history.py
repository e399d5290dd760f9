"""The history of CUDA's caching allocator over a few steps, as plain rows: what was taken and freed, and by whom.

`torch.cuda.memory._record_memory_history` and `_snapshot` are the interface that torch documents for this
("Understanding CUDA Memory Usage"), alike from 2.8 to 2.13.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

MOST_ENTRIES = 20_000
"""Most entries that the allocator keeps; of more the oldest are lost, and `lost` says so."""

TAKEN, GIVEN_BACK = "alloc", "free_completed"
"""Entries that change how much is allocated. `free_requested` comes before the latter, and segments are memory of the
driver below."""

_NOT_THE_USERS = (Path(torch.__file__).parent, Path(__file__).parents[1])
"""Folders whose frames do not show who wanted the memory: torch, and the worker."""


def history(work: Callable[[], Any], device: torch.device) -> dict[str, Any]:
    """What the allocator did while `work` ran. `rows`: as in `rows_of`; `before`: bytes allocated when it began;
    `lost`: whether entries are missing at the beginning.
    """
    before = torch.cuda.memory_allocated(device)
    torch.cuda.memory._record_memory_history("all", context="all", stacks="python", max_entries=MOST_ENTRIES)
    try:
        work()
        snapshot = torch.cuda.memory._snapshot(device)
    finally:
        torch.cuda.memory._record_memory_history(None)
    return {"before": before, **rows_of(snapshot, device.index or 0)}


def rows_of(snapshot: Mapping[str, Any], device: int) -> dict[str, Any]:
    """The rows of one device in a snapshot, in the order in which they happened.

    us: since the first row; bytes: below zero where they were freed; place: the code that did it.
    """
    traces: Sequence[Sequence[Mapping[str, Any]]] = snapshot["device_traces"]
    entries = traces[device] if device < len(traces) else []
    changes = [entry for entry in entries if entry["action"] in (TAKEN, GIVEN_BACK)]
    first = changes[0]["time_us"] if changes else 0
    rows = [
        {
            "us": entry["time_us"] - first,
            "bytes": entry["size"] if entry["action"] == TAKEN else -entry["size"],
            "place": _where(entry),
        }
        for entry in changes
    ]
    return {"rows": rows, "lost": len(entries) >= MOST_ENTRIES}


def _where(entry: Mapping[str, Any]) -> str:
    """The innermost frame of the user's code, as `file.py:12 function`; a frame of torch where there is no other."""
    frames = [frame for frame in entry.get("frames") or () if str(frame["filename"]).endswith(".py")]
    for frame in frames:
        if not any(Path(frame["filename"]).is_relative_to(folder) for folder in _NOT_THE_USERS):
            return _spelt(frame)
    return _spelt(frames[0]) if frames else ""


def _spelt(frame: Mapping[str, Any]) -> str:
    return f"{Path(frame['filename']).name}:{frame['line']} {frame['name']}"
