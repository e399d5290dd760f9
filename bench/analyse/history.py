"""When did it get slower? Series of one value a commit, their changes of level, and alerts that gather them.

A series is one case and clock on one machine. Inside of it nothing is compared across fingerprints: another torch,
driver or kernel starts a new segment, and is no alarm.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

import numpy as np
import pandas as pd

from bench.analyse.marks import Alert, History, Known, Mark, Segment, Series
from bench.stats import changes
from bench.stats.changes import Change

FALSE_DISCOVERIES = 0.05
"""Share of false changes among those told, over all series of a call (Benjamini & Hochberg, JRSS B 57, 1995)."""

NORMAL_95 = 1.96
"""Standard errors either side of a change in a 95 % interval."""


def history(points: pd.DataFrame) -> History:
    """Judge a frame of points; see `marks.COLUMNS`. Raises `ValueError` for values that are not above 0 and finite."""
    found = [_series(rows) for rows in _grouped(points)]
    limit = _limit([change.p for series in found for part in series.segments for change in part.changes], found)
    marks = [
        _mark(series, part, change)
        for series in found
        for part in series.segments
        for change in part.changes
        if change.p <= limit
    ]
    return History(tuple(found), tuple(_alerts(marks, _order(found))))


def unknown(found: History, known: Iterable[Known]) -> list[Alert]:
    """Alerts of which no mark lies where a known change of its series does. More data move a change a little, so that
    ranges are compared; a known commit that is no longer in the series tells nothing."""
    told: dict[tuple[str, str, str], list[Known]] = {}
    for item in known:
        told.setdefault((item.key, item.clock, item.machine), []).append(item)
    places = {
        series.identity: {commit: place for place, commit in enumerate(series.commits)}
        for series in found.series
        if series.identity in told
    }

    def is_known(mark: Mark) -> bool:
        own = places.get(mark.series, {})
        return any(
            own.get(item.after_commit, math.inf) < mark.until_place
            and mark.after_place < own.get(item.until_commit, -math.inf)
            for item in told.get(mark.series, ())
        )

    return [alert for alert in found.alerts if not any(is_known(mark) for mark in alert.marks)]


def _labelled(points: pd.DataFrame) -> pd.DataFrame:
    """Points in order of time, each with a commit: one that has none is a state of its own."""
    frame = points.sort_values("at", kind="stable", na_position="first", ignore_index=True)
    nameless = frame["commit"].isna()
    labels = frame["at"].dt.strftime("%Y-%m-%d %H:%M:%S").where(frame["at"].notna(), "value ")
    numbers = pd.Series(frame.index.astype(str), frame.index)
    labels = labels.where(frame["at"].notna(), labels + numbers)
    return frame.assign(commit=frame["commit"].where(~nameless, labels))


def _grouped(points: pd.DataFrame) -> list[pd.DataFrame]:
    """A frame a series, a row a commit and fingerprint: the median of its launches on the log scale."""
    values = points["value"].to_numpy(dtype=float)
    if not (np.isfinite(values) & (values > 0)).all():
        raise ValueError("every value of a history must be a number above 0")
    frame = _labelled(points).assign(log=lambda rows: np.log(rows["value"]))
    by = ["key", "clock", "machine", "fingerprint", "commit"]
    # Codes instead of texts: two hundred thousand rows are grouped ten times as fast.
    frame[by] = frame[by].fillna("").astype("category")
    grouped = frame.groupby(by, observed=True, sort=False)
    states = grouped.agg(
        at=("at", "first"),
        log=("log", "median"),
        unit=("unit", "first"),
        higher_is_better=("higher_is_better", "first"),
        launches=("launches", "sum"),
    ).reset_index()
    codes, moments = pd.factorize(states["at"])
    # Many series share their nights: each is written once. The code of a missing one is -1, the last place.
    texts = [*(moment.isoformat(timespec="seconds") for moment in moments), None]
    states["time"] = np.array(texts, dtype=object)[codes]
    return [rows for _, rows in states.groupby(["key", "clock", "machine"], observed=True, sort=False)]


def _series(rows: pd.DataFrame) -> Series:
    logs = rows["log"].to_numpy()
    prints = rows["fingerprint"].astype(str).to_numpy()
    segments = []
    for fingerprint in dict.fromkeys(prints.tolist()):
        places = np.flatnonzero(prints == fingerprint)
        segments.append(Segment(fingerprint, tuple(places.tolist()), tuple(changes.find(logs[places]))))
    first = rows.iloc[0]
    return Series(
        key=str(first["key"]),
        clock=str(first["clock"]),
        machine=str(first["machine"]),
        unit=str(first["unit"]),
        higher_is_better=bool(first["higher_is_better"]),
        commits=tuple(rows["commit"].astype(str)),
        times=tuple(rows["time"]),
        values=np.exp(logs),
        launches=tuple(rows["launches"].astype(int)),
        segments=tuple(segments),
    )


def _limit(ps: Sequence[float], series: Sequence[Series]) -> float:
    """The largest p that is told. Hypotheses are the segments long enough to be searched."""
    searched = sum(len(part.places) >= 2 * changes.FEWEST for item in series for part in item.segments)
    hypotheses = max(searched, len(ps))
    steps = ((p, FALSE_DISCOVERIES * rank / hypotheses) for rank, p in enumerate(sorted(ps), start=1))
    return max((p for p, most in steps if p <= most), default=-1.0)


def _mark(series: Series, part: Segment, change: Change) -> Mark:
    place, after, until = (part.places[at] for at in (change.at, change.first - 1, change.last))
    size = change.after - change.before
    ends = sorted(math.exp(size + sign * NORMAL_95 * change.error) for sign in (-1, 1))
    later = [other.at for other in part.changes if other.at > change.at]
    return Mark(
        key=series.key,
        clock=series.clock,
        machine=series.machine,
        unit=series.unit,
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


def _order(series: Sequence[Series]) -> dict[str, int]:
    """Places of all commits, in an order that each series agrees with.

    Where there is none (machines that measured two commits in unlike order), in the order of the longest series first.
    """
    before: dict[str, set[str]] = {}
    for item in series:
        before.setdefault(item.commits[0], set())
        for commit, next_ in pairwise(item.commits):
            if commit != next_:
                before.setdefault(next_, set()).add(commit)
    try:
        commits = list(TopologicalSorter(before).static_order())
    except CycleError:
        longest_first = sorted(series, key=lambda item: -len(item.commits))
        commits = list(dict.fromkeys(commit for item in longest_first for commit in item.commits))
    return {commit: place for place, commit in enumerate(commits)}


def _alerts(marks: Iterable[Mark], order: Mapping[str, int]) -> list[Alert]:
    """As few alerts as explain all marks: each at the commits that its marks' ranges have in common."""

    def ends(mark: Mark) -> tuple[int, int]:
        first, last = sorted((order[mark.after_commit], order[mark.until_commit]))
        return first, last

    left, alerts = sorted(marks, key=lambda mark: ends(mark)[1]), []
    while left:
        until = ends(left[0])[1]
        own = [mark for mark in left if ends(mark)[0] < until]
        left = [mark for mark in left if ends(mark)[0] >= until]
        latest = max(own, key=lambda mark: ends(mark)[0])
        own.sort(key=lambda mark: (not mark.worse, -abs(math.log(mark.ratio))))
        alerts.append(Alert(latest.after_commit, min(own, key=lambda mark: ends(mark)[1]).until_commit, tuple(own)))
    return alerts
