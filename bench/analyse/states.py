"""Runs as points of a history: a row a case, clock and launch, with the state of the code that was measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from bench.analyse.marks import COLUMNS
from bench.analyse.medians import launch_medians
from bench.records import Case, Outcome
from bench.store.tables import RunData


def points(runs: Iterable[RunData]) -> pd.DataFrame:
    """The frame of points of some runs (see `marks.COLUMNS`): seconds per step, of cases that ended well."""
    frames = [frame for data in runs if len(frame := _points(data))]
    empty = pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    found = pd.concat(frames, ignore_index=True) if frames else empty
    return found.assign(at=pd.to_datetime(found["at"], utc=True))


def commit_of(run: Mapping[str, Any]) -> str | None:
    """The state of the code: its commit, marked where files differed from it; None where that is not known."""
    git = run.get("git") or {}
    commit = git.get("commit")
    return f"{commit}+dirty" if commit and git.get("dirty") else commit


def _points(data: RunData) -> pd.DataFrame:
    medians = launch_medians(data)
    steps = medians[(medians["phase"] == "step") & ~medians["key"].isin(_without_time(data))]
    return pd.DataFrame(
        {
            "key": steps["key"],
            "clock": steps["clock"],
            "machine": data.run["machine"],
            "fingerprint": data.run["fingerprint"],
            "commit": commit_of(data.run),
            "at": datetime.fromisoformat(data.run["created"]),
            "value": steps["median_s"],
            "unit": "s",
            "higher_is_better": False,
            "launches": 1,
        }
    )


def _without_time(data: RunData) -> set[str]:
    """Cases of which a launch ended otherwise than well, or that were worked elsewhere than their key says."""
    rows = data.launches
    bad = set(rows.loc[rows["outcome"] != Outcome.OK, "key"])
    answered = rows.loc[rows["output_devices"].fillna("") != "", ["key", "output_devices"]].drop_duplicates()
    for key, devices in answered.itertuples(index=False):
        on_cpu = str(Case.from_key(key)["device"]) == "cpu"
        if on_cpu and any(not name.startswith("cpu") for name in devices.split(",") if name):
            bad.add(key)
    return bad
