"""What a gate reports beside its verdicts, from the same pairs: device time, latency, peak memory, compile and import.

Only wall time can fail a gate. These metrics have an α of their own and are shown if they differ, so that a reader
knows what else a change did. A kernel that became slower behind an even slower host does not slow the training down.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from bench.analyse.gate.pair_ratios import pair_ratios
from bench.records import BASE, HEAD, IMPORT, SIDES
from bench.stats import betting as evidence
from bench.store.tables import RunData

DEVICE_SLACK = 0.01
"""Largest difference of device time that is ignored: half of that of wall time, as it lacks the host's noise."""

CONFIDENCE = 0.95
"""Level of the interval, a confidence sequence."""


@dataclass(frozen=True)
class OtherMetric:
    """One quantity of one case on both sides. ratio: head ÷ base, the median over pairs, with its interval."""

    key: str
    """Empty for `import`, which is one for all cases."""
    metric: str
    """`device` or `latency` time of a step; `host_peak`, `device_peak`; `compile_cold`, `compile_warm`; `import`."""
    unit: str
    """`s` or `B`."""
    base: float
    head: float
    """Medians over the pairs."""
    ratio: float
    low: float | None
    high: float | None
    pairs: int
    evidence: float
    """Largest evidence at any look that the sides differ by more than the slack, either way, as odds to one."""
    needed: float
    """Evidence from which the sides count as different, as odds to one."""
    differs: bool


def other_metrics(data: RunData, slack: float, alpha: float) -> tuple[OtherMetric, ...]:
    """Compare what was measured of each case besides wall time, in the pairs in which both sides have it.

    slack: largest difference, as a share, that is ignored; device time has `DEVICE_SLACK`. alpha: the largest
    probability that any metric is called different in error, either way; it is shared among them.
    """
    found = [*_clocks(data), *_facts(data), *_imports(data)]
    # Two directions each. The number of metrics does not depend on what was measured of them.
    return tuple(_compared(one, slack, math.log(2 * len(found) / alpha)) for one in found)


class _Series(NamedTuple):
    """One quantity of a case, pair by pair."""

    key: str
    metric: str
    unit: str
    base: evidence.Floats
    head: evidence.Floats
    logs: list[float]
    """Log ratios, head ÷ base."""


def _clocks(data: RunData) -> Iterator[_Series]:
    """Times on every clock but the wall clock."""
    frame = data.pairs[~data.pairs["twin"].astype(bool) & (data.pairs["clock"].astype(str) != "wall")]
    if frame.empty:
        return
    for (key, clock), group in pair_ratios(frame).groupby(["key", "clock"], sort=False):
        ordered = group.sort_values("pair")
        base, head = ordered["base_s"].to_numpy(), ordered["head_s"].to_numpy()
        yield _Series(str(key), str(clock), "s", base, head, ordered["log_ratio"].tolist())


def _facts(data: RunData) -> Iterator[_Series]:
    """Numbers that the processes of a pair recorded when they opened a case, outside of all timed blocks."""
    launches = data.launches[~data.launches["twin"].astype(bool) & (data.launches["outcome"].astype(str) == "ok")]
    compiled = launches["build_ns"].fillna(0).astype("float64") + launches["first_call_ns"].astype("float64")
    cache = launches["cache"].astype(str)
    columns = {
        "host_peak": ("B", launches["host_peak_bytes"]),
        "device_peak": ("B", launches["device_peak_bytes"]),
        "compile_cold": ("s", compiled.where(cache == "cold") / 1e9),
        "compile_warm": ("s", compiled.where(cache == "warm") / 1e9),
    }
    for metric, (unit, values) in columns.items():
        frame = pd.DataFrame(
            {
                "key": launches["key"].astype(str), "pair": launches["launch"].astype("int64"),
                "side": launches["side"].astype(str), "value": values.astype("float64"),
            }
        )  # fmt: skip
        # Zero has no ratio: a small step may find all its memory allocated already.
        both = frame[frame["value"] > 0].pivot_table(index=["key", "pair"], columns="side", values="value")
        if not set(SIDES) <= set(both.columns):
            continue
        for key, group in both.dropna().groupby(level="key", sort=False):
            base, head = group[BASE].to_numpy(), group[HEAD].to_numpy()
            yield _Series(str(key), metric, unit, base, head, np.log(head / base).tolist())


def _imports(data: RunData) -> Iterator[_Series]:
    """Time in which the processes of a pair imported their workload files, pair by pair."""
    launches = data.launches[~data.launches["twin"].astype(bool)].drop_duplicates(["launch", "process", "side"])
    frame = pd.DataFrame(
        {
            "pair": launches["launch"].astype("int64"),
            "side": launches["side"].astype(str),
            "value": [json.loads(text).get(IMPORT) for text in launches["seconds"].astype(str)],
        }
    ).dropna()
    if frame.empty:
        return
    sums = frame.astype({"value": "float64"}).groupby(["pair", "side"])["value"].agg(["sum", "size"]).reset_index()
    by_side = [sums[sums["side"] == side] for side in SIDES]
    both = by_side[0].merge(by_side[1], on="pair", suffixes=("_base", "_head"))
    # Where a process was lost, a side has fewer than the other, and their sums say nothing.
    alike = both[(both["size_base"] == both["size_head"]) & (both["sum_base"] > 0) & (both["sum_head"] > 0)]
    if len(alike):
        base, head = alike["sum_base"].to_numpy(), alike["sum_head"].to_numpy()
        yield _Series("", IMPORT, "s", base, head, np.log(head / base).tolist())


def _compared(one: _Series, slack: float, needed: float) -> OtherMetric:
    bound = math.log1p(DEVICE_SLACK if one.metric == "device" else slack)
    most = max(float(evidence.above(one.logs, bound).max()), float(evidence.below(one.logs, -bound).max()), 0.0)
    ends = evidence.interval(one.logs, CONFIDENCE)
    low, high = map(math.exp, ends) if ends and ends[0] <= ends[1] else (None, None)
    return OtherMetric(
        one.key, one.metric, one.unit, float(np.median(one.base)), float(np.median(one.head)),
        math.exp(float(np.median(one.logs))), low, high, len(one.logs), math.exp(min(most, 700)), math.exp(needed),
        most >= needed,
    )  # fmt: skip
