"""Runs as points of a history: a row for each case, clock and launch, with the commit that was measured."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from bench.analyse.history.series import COLUMNS
from bench.analyse.protocols import comparable_fingerprint
from bench.analyse.rows.launch_times import launch_times
from bench.records import Case, Outcome
from bench.store import environments
from bench.store.tables import RunData

BATCH = 16
"""Number of runs whose blocks are grouped together: a grouping costs as much as ten thousand blocks."""

BARE, SAYS = "bare", "says"
"""Columns of points on the way: the fingerprint without an environment, and whether the run says its environment."""

APART = 1_000_000
"""Distance between the launch numbers of two runs of a batch: more launches than a run can have."""


def points(found: Iterable[RunData]) -> pd.DataFrame:
    """The points of some runs (see `series.COLUMNS`): seconds per step of cases that ended well."""
    frames, rest = [pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})], iter(found)
    while batch := list(islice(rest, BATCH)):
        frames.append(_points(batch))
    every = pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
    every = every.assign(at=pd.to_datetime(every["at"], utc=True))
    return _joined_to_known(every)[list(COLUMNS)]


def _joined_to_known(every: pd.DataFrame) -> pd.DataFrame:
    """The points, where those of a run that does not say its environment join the earliest one of their machine that
    does: else each series would break where runs begin to say it.
    """
    if BARE not in every:
        return every
    said = every[every[SAYS].astype(bool)].sort_values("at").drop_duplicates(BARE)
    known = dict(zip(said[BARE], said["fingerprint"], strict=True))
    rows = zip(every["fingerprint"], every[BARE], every[SAYS], strict=True)
    return every.assign(fingerprint=[own if says else known.get(bare, own) for own, bare, says in rows])


def commit_of(run: Mapping[str, Any]) -> str | None:
    """The commit of a run, with `+dirty` if files differed from it; None if it is not known."""
    git = run.get("git") or {}
    commit = git.get("commit")
    return f"{commit}+dirty" if commit and git.get("dirty") else commit


def _points(batch: Sequence[RunData]) -> pd.DataFrame:
    medians = launch_times(_together(batch), cpu_clock=False)
    steps = medians[medians["phase"] == "step"]
    number = steps["launch"] // APART
    lost = [_without_time(data) for data in batch]
    kept = [key not in lost[place] for key, place in zip(steps["key"], number, strict=True)]
    steps, number = steps[kept], number[kept]
    of_run = {
        "machine": [data.run["machine"] for data in batch],
        "fingerprint": [comparable_fingerprint(data.run) for data in batch],
        BARE: [comparable_fingerprint({**data.run, "environment": {}}) for data in batch],
        SAYS: [environments.steering(data.run) is not None for data in batch],
        "commit": [commit_of(data.run) for data in batch],
        "at": [datetime.fromisoformat(data.run["created"]) for data in batch],
    }
    return pd.DataFrame(
        {
            "key": steps["key"],
            "clock": steps["clock"],
            **{name: np.array(values, dtype=object)[number] for name, values in of_run.items()},
            "value": steps["median_s"],
            "unit": "s",
            "higher_is_better": False,
            "launches": 1,
        }
    )


def _together(batch: Sequence[RunData]) -> RunData:
    """Join several runs, with different launch numbers for each."""
    tables = {
        name: pd.concat(
            [getattr(data, name).assign(launch=getattr(data, name)["launch"] + APART * place)
             for place, data in enumerate(batch)],
            ignore_index=True,
        )
        for name in ("blocks", "launches")
    }  # fmt: skip
    return replace(batch[0], **tables)


def _without_time(data: RunData) -> set[str]:
    """Keys of cases without a time: a launch did not end well, or the case was judged wrong after the run.

    A case that ran on another device than its key says is found here too, since a killed run was never judged.
    """
    rows = data.launches
    lost = {*rows.loc[rows["outcome"] != Outcome.OK, "key"], *data.run.get("wrong", ())}
    # A key is parsed only if a launch names another device: a year of nightly runs has a hundred thousand keys.
    telling = ~rows["output_devices"].isin(["", "cpu"]) | rows["counters"].str.contains("device_kernels", regex=False)
    for key, devices, counters in rows.loc[telling.fillna(False), ["key", "output_devices", "counters"]].itertuples(
        index=False
    ):
        on_cpu = str(Case.from_key(key)["device"]) == "cpu"
        elsewhere = any(name and not name.startswith("cpu") for name in (devices or "").split(","))
        if (on_cpu and elsewhere) or (not on_cpu and json.loads(counters).get("device_kernels") == 0):
            lost.add(key)
    return lost
