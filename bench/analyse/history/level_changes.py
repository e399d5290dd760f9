"""When did it get slower? Series with one value for each commit, their level changes, and alerts that group them.

A series is one case and clock on one machine. Within it nothing is compared across fingerprints: another torch, driver
or kernel starts a new segment and gives no alarm.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

import numpy as np
import pandas as pd

from bench.analyse.history.series import Alert, History, HistorySeries, KnownChange, LevelChange, Segment
from bench.stats import change_points
from bench.stats.change_points import Change

FALSE_DISCOVERIES = 0.05
"""Expected share of false level changes among those reported, over all series of a call (Benjamini & Hochberg, JRSS B
57, 1995)."""

NORMAL_95 = 1.96
"""Standard errors either side of a change in a 95 % interval."""


def history(points: pd.DataFrame) -> History:
    """Judge a frame of points; see `series.COLUMNS`. Raises `ValueError` for values that are not above 0 and finite."""
    found = [_series(rows) for rows in _grouped(points)]
    limit = _limit(found)
    kept = tuple(_reported(series, limit) for series in found)
    changes = [
        _level_change(series, part, change) for series in kept for part in series.segments for change in part.changes
    ]
    return History(kept, tuple(_alerts(changes, _order(kept))))


def unknown(found: History, known: Iterable[KnownChange]) -> list[Alert]:
    """Alerts in which something got worse that is not known: no known change of its series and direction lies there.

    New data move a change a little, so ranges are compared. A known change whose commit is gone is ignored.
    """
    by_series: dict[tuple[str, ...], list[KnownChange]] = {}
    for item in known:
        by_series.setdefault(item.series, []).append(item)
    places = {
        series.series: {
            part.fingerprint: {series.commits[place]: place for place in part.places} for part in series.segments
        }
        for series in found.series
        if series.series in by_series
    }

    def is_known(change: LevelChange) -> bool:
        own = places.get(change.series, {}).get(change.fingerprint, {})
        return any(
            item.worse == change.worse
            and own.get(item.after_commit, math.inf) < change.until_place
            and change.after_place < own.get(item.until_commit, -math.inf)
            for item in by_series.get(change.series, ())
        )

    return [alert for alert in found.alerts if any(each.worse and not is_known(each) for each in alert.changes)]


BY = ["key", "clock", "machine", "unit", "higher_is_better"]
"""Columns that identify a series."""


def _labelled(points: pd.DataFrame) -> pd.DataFrame:
    """Points in order of time, each with a commit; a point without a commit gets a label of its own.

    A point without a date keeps its place in the file: after the last dated point before it.
    """
    placed = points["at"].ffill().bfill()
    frame = points.iloc[np.argsort(placed.to_numpy(), kind="stable")].reset_index(drop=True)
    numbers = "value " + (frame.groupby(BY, dropna=False, sort=False).cumcount() + 1).astype(str)
    labels = frame["at"].dt.strftime("%Y-%m-%d %H:%M:%S").where(frame["at"].notna(), numbers)
    return frame.assign(commit=frame["commit"].where(frame["commit"].notna(), labels))


def _grouped(points: pd.DataFrame) -> list[pd.DataFrame]:
    """A frame for each series, with a row a commit and fingerprint: the median of its launches on the log scale."""
    values = points["value"].to_numpy(dtype=float)
    if not (np.isfinite(values) & (values > 0)).all():
        raise ValueError("every value of a history must be a number above 0")
    frame = _labelled(points.assign(log=np.log(values)))
    # Codes instead of texts: grouping two hundred thousand rows is ten times as fast.
    names = [*BY, "fingerprint", "commit"]
    frame[names] = frame[names].fillna("").astype("category")
    grouped = frame.groupby(names, observed=True, sort=False)
    commits = grouped.agg(at=("at", "first"), log=("log", "median"), launches=("launches", "sum")).reset_index()
    codes, moments = pd.factorize(commits["at"])
    # Many series share their dates: each is formatted once. The code of a missing date is -1, the last place.
    texts = [*(moment.isoformat(timespec="seconds") for moment in moments), None]
    commits["time"] = np.array(texts, dtype=object)[codes]
    return [rows for _, rows in commits.groupby(BY, observed=True, sort=False)]


def _series(rows: pd.DataFrame) -> HistorySeries:
    logs = rows["log"].to_numpy()
    prints = rows["fingerprint"].astype(str).to_numpy()
    segments = []
    for fingerprint in dict.fromkeys(prints.tolist()):
        places = np.flatnonzero(prints == fingerprint)
        segments.append(Segment(fingerprint, tuple(places.tolist()), tuple(change_points.find(logs[places]))))
    first = rows.iloc[0]
    return HistorySeries(
        key=str(first["key"]),
        clock=str(first["clock"]),
        machine=str(first["machine"]),
        unit=str(first["unit"]),
        higher_is_better=bool(first["higher_is_better"]),
        commits=tuple(rows["commit"].astype(str)),
        times=tuple(None if pd.isna(time) else time for time in rows["time"]),
        values=np.exp(logs),
        launches=tuple(rows["launches"].astype(int)),
        segments=tuple(segments),
    )


def _limit(found: Sequence[HistorySeries]) -> float:
    """The largest p that is reported. The hypotheses are the changes found, and each segment without any."""
    parts = [part for series in found for part in series.segments if part.searched]
    ps = [change.p for part in parts for change in part.changes]
    if not ps:
        return -1.0
    # The search that found these changes has imported scipy.stats already.
    from scipy.stats import false_discovery_control

    without = [1.0 for part in parts if not part.changes]
    adjusted = false_discovery_control([*ps, *without], method="bh")
    return max((p for p, own in zip(ps, adjusted, strict=False) if own <= FALSE_DISCOVERIES), default=-1.0)


def _reported(series: HistorySeries, limit: float) -> HistorySeries:
    """The series with the changes whose p is at most `limit`; a level reaches from one of these to the next."""
    parts = []
    for part in series.segments:
        kept = [change.at for change in part.changes if change.p <= limit]
        if len(kept) < len(part.changes):
            part = replace(part, changes=tuple(change_points.describe(np.log(series.values[list(part.places)]), kept)))
        parts.append(part)
    return replace(series, segments=tuple(parts))


def _level_change(series: HistorySeries, part: Segment, change: Change) -> LevelChange:
    place, after, until = (part.places[at] for at in (change.at, change.first - 1, change.last))
    size = change.after - change.before
    ends = sorted(math.exp(size + sign * NORMAL_95 * change.error) for sign in (-1, 1))
    later = [other.at for other in part.changes if other.at > change.at]
    return LevelChange(
        key=series.key,
        clock=series.clock,
        machine=series.machine,
        unit=series.unit,
        fingerprint=part.fingerprint,
        place=place,
        commit=series.commits[place],
        at=series.times[place],
        after_place=after,
        after_commit=series.commits[after],
        until_place=until,
        until_commit=series.commits[until],
        before=math.exp(change.before),
        after=math.exp(change.after),
        ratio=math.exp(size),
        low=ends[0],
        high=ends[1],
        worse=(size > 0) != series.higher_is_better,
        sd=change.sd,
        p=change.p,
        values_after=min([*later, len(part.places)]) - change.at,
    )


def _order(found: Sequence[HistorySeries]) -> dict[str, int]:
    """The place of each commit: by the time it was first measured, or if that is unknown in the order of the series."""
    first: dict[str, str | None] = {}
    for series in found:
        for commit, time in zip(series.commits, series.times, strict=True):
            known = first.get(commit, time)
            first[commit] = None if known is None or time is None else min(known, time)
    dated = {commit: time for commit, time in first.items() if time is not None}
    commits = sorted(dated, key=dated.__getitem__) if len(dated) == len(first) else _merged(found)
    return {commit: place for place, commit in enumerate(commits)}


def _merged(found: Sequence[HistorySeries]) -> list[str]:
    """All commits in an order that agrees with every series; if there is none, the longest series leads."""
    before: dict[str, set[str]] = {}
    for series in found:
        own = list(dict.fromkeys(series.commits))
        before.setdefault(own[0], set())
        for commit, next_ in pairwise(own):
            before.setdefault(next_, set()).add(commit)
    try:
        return list(TopologicalSorter(before).static_order())
    except CycleError:
        longest_first = sorted(found, key=lambda series: -len(series.commits))
        return list(dict.fromkeys(commit for series in longest_first for commit in series.commits))


def _alerts(changes: Iterable[LevelChange], order: Mapping[str, int]) -> list[Alert]:
    """Group level changes whose ranges share commits, starting with the narrowest range."""
    groups: list[tuple[int, int, list[LevelChange]]] = []

    def width(change: LevelChange) -> int:
        return abs(order[change.until_commit] - order[change.after_commit])

    for change in sorted(changes, key=width):
        low, high = sorted((order[change.after_commit], order[change.until_commit]))
        meeting = [group for group in groups if max(low, group[0]) < min(high, group[1])]
        # If several fit, the one whose commits are nearest to the change itself.
        near = min(meeting, key=lambda group: abs(group[1] - order[change.commit]), default=None)
        if near is None:
            groups.append((low, high, [change]))
        else:
            groups[groups.index(near)] = (max(low, near[0]), min(high, near[1]), [*near[2], change])
    commits = {place: commit for commit, place in order.items()}
    return [
        Alert(
            commits[low],
            commits[high],
            tuple(sorted(own, key=lambda change: (not change.worse, -abs(math.log(change.ratio))))),
        )
        for low, high, own in sorted(groups, key=lambda group: (group[1], group[0]))
    ]
