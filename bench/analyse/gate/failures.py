"""Why a gate fails: cases whose time regressed, counters that grew, and metrics with noise that a policy may fail."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bench.analyse.gate.counters import BYTES, CounterDifference
from bench.analyse.gate.other_metrics import MetricSeries, middle
from bench.stats import betting as evidence
from bench.stats.gate_policy import (
    ALLOCATED,
    EXACT,
    LEAST_BYTES,
    MEASURED,
    TIME,
    GatePolicy,
    metric_needed,
)
from bench.stats.gate_rule import Rule


@dataclass(frozen=True)
class Failure:
    """One thing that fails the gate, or would without an acknowledgement."""

    key: str
    """Empty for what is one for the whole suite, as the import is."""
    metric: str
    """`time`, or one of the metrics that `--fail-on` takes."""
    quantity: str
    """What was recorded of it: a clock, the name of a counter, or that of a quantity with noise."""
    unit: str
    """`s`, `B`, or empty for a count."""
    base: float | None
    head: float | None
    ratio: float | None
    """head ÷ base; None where the base has none of it."""
    exact: bool
    """Whether it is a count, which spends nothing of α."""
    acknowledged: str = ""
    """Why it is let pass, and until when; empty if it fails the gate."""


def counted(differences: Iterable[CounterDifference], policy: GatePolicy, rule: Rule) -> list[Failure]:
    """Counters that grew and may fail the gate: counts by any number, bytes of memory by more than the slack."""
    found = []
    for each in differences:
        metric = next((name for name in policy.fail_on if _fails(each, name, policy, rule)), None)
        if metric is not None and each.steady:
            unit = "B" if each.counter.endswith(BYTES) else ""
            ratio = each.head / each.base if each.base else None
            found.append(Failure(each.key, metric, each.counter, unit, each.base, each.head, ratio, True))
    return found


def _fails(each: CounterDifference, metric: str, policy: GatePolicy, rule: Rule) -> bool:
    """Whether a counter belongs to a metric and grew by more than that may."""
    if each.counter in EXACT.get(metric, ()):
        allowed = each.base * policy.metric_slack.get(metric, 0.0)
    elif each.memory in ALLOCATED.get(metric, ()):
        allowed = max(each.base * policy.slack_of(metric, each.key, rule), LEAST_BYTES)
    else:
        return False
    return each.head - each.base > allowed


def measured(series: Sequence[MetricSeries], policy: GatePolicy, rule: Rule) -> list[Failure]:
    """Metrics with noise that grew by more than their slack, each by its part of α."""
    found = []
    for each in series:
        metric = next((name for name in policy.measured if each.metric in MEASURED[name]), None)
        if metric is None or not each.logs:
            continue
        bound = math.log1p(policy.slack_of(metric, each.key, rule))
        cases = rule.cases if each.key else 1  # what is one for the whole suite has no key
        if float(evidence.above(each.logs, bound).max()) < metric_needed(policy, metric, cases):
            continue
        base, head = middle(each)
        ratio = math.exp(float(np.median(each.logs)))
        found.append(Failure(each.key, metric, each.metric, each.unit, base, head, ratio, False))
    return found


def acknowledged(failures: Iterable[Failure], policy: GatePolicy) -> tuple[Failure, ...]:
    """The same, with the reason where the policy lets one pass."""
    found = []
    for each in failures:
        entry = policy.acknowledgement(each.key, each.metric)
        words = "" if entry is None else f"{entry.reason} ({entry.ends})"
        found.append(Failure(**{**vars(each), "acknowledged": words}))
    return tuple(found)


def of_time(key: str, clock: str, ratio: float | None) -> Failure:
    """The failure of a case that regressed."""
    return Failure(key, TIME, clock, "s", None, None, ratio, False)
