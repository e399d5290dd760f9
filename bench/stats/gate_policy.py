"""The policy of a gate: which metrics may fail it, by which numbers, and which cases are left out or acknowledged.

A count has no noise: it is compared exactly and spends nothing of α. Every other metric that may fail the gate gets an
equal part of α, as time does, so that the rate of false alarms of the whole suite stays at α.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from bench.stats import betting
from bench.stats.gate_rule import Rule

TIME = "time"

NOT_RESOLVED, COULD_NOT_FAIL = "not_resolved", "could_not_fail"

EXACT: Mapping[str, tuple[str, ...]] = {
    "graph_breaks": ("graph_breaks",),
    "operators": ("operators",),
    "allocations": ("allocations", "allocated_bytes"),
    "kernels": ("device_kernels", "device_copies"),
}
"""Metrics that are counts, each with the counters of one step that must not grow."""

ALLOCATED: Mapping[str, tuple[str, ...]] = {
    "host_memory": ("host_allocated_bytes", "traced_peak_bytes"),
    "device_memory": ("device_allocated_bytes",),
}
"""Counters of bytes of one step that must not grow by more than the slack of their metric."""

MEASURED: Mapping[str, tuple[str, ...]] = {
    "host_memory": ("host_peak",),
    "device_memory": ("device_peak",),
    "import_time": ("import",),
    "compile_time": ("compile_cold", "compile_warm"),
    "first_call": ("first_call",),
}
"""Metrics with noise, each with the quantities of a pair that must not grow by more than its slack."""

METRICS = tuple(dict.fromkeys((*EXACT, *MEASURED)))

FAIL_ON = (NOT_RESOLVED, COULD_NOT_FAIL, *METRICS)
"""What `--fail-on` takes, in addition to a regression of time, which always fails."""

LEAST_BYTES = 64 * 1024
"""Smallest growth of a counter of bytes that counts: the interpreter itself varies by some kilobytes."""

CLEAR = 3.0
"""A log ratio that is beyond any doubt: a factor of twenty."""


@dataclass(frozen=True)
class CaseNumbers:
    """Slack and limit of some cases; None is that of the suite."""

    match: str
    slack: float | None = None
    limit: float | None = None


@dataclass(frozen=True)
class IgnoredCases:
    """Cases that are not measured, and why."""

    match: str
    reason: str


@dataclass(frozen=True)
class Acknowledged:
    """Cases that may be slower for a while, or larger, and why: they are told and fail nothing."""

    match: str
    reason: str
    metrics: tuple[str, ...] = ()
    """The metrics that are acknowledged; all of them without any."""
    until: str = ""
    """The last day on which it holds, as in 2027-01-31."""
    commit: str = ""
    """The revision whose change is acknowledged: it holds until the base contains it."""

    @property
    def ends(self) -> str:
        """When it ends, in words."""
        return f"until {self.until}" if self.until else f"until the base contains {self.commit}"


@dataclass(frozen=True)
class GatePolicy:
    """What a team decided about its gate."""

    alpha: float = 0.01
    """Largest probability that the suite fails in error, of all its metrics together."""
    slack: float = 0.02
    limit: float = 0.05
    fail_on: tuple[str, ...] = ()
    """Some of `FAIL_ON`."""
    metric_slack: Mapping[str, float] = field(default_factory=dict)
    """Share by which a metric may grow, where it is not the slack of time."""
    cases: tuple[CaseNumbers, ...] = ()
    ignored: tuple[IgnoredCases, ...] = ()
    acknowledged: tuple[Acknowledged, ...] = ()
    source: str = ""
    """The file it was read from; empty if there is none."""

    @property
    def measured(self) -> tuple[str, ...]:
        """Metrics with noise that may fail the gate: each has a part of α."""
        return tuple(metric for metric in MEASURED if metric in self.fail_on)

    @property
    def part(self) -> float:
        """The α of time, and of each metric with noise that may fail the gate."""
        return self.alpha / (1 + len(self.measured))

    def rule(self, cases: int) -> Rule:
        """The rule for the times of a suite of this many cases."""
        return Rule(cases=max(1, cases), alpha=self.part, slack=self.slack, limit=self.limit)

    def rule_of(self, key: str, rule: Rule) -> Rule:
        """The rule for one case: that of the suite with the slack and limit of the last entry that fits."""
        own = next((each for each in reversed(self.cases) if fits(each.match, key)), None)
        if own is None:
            return rule
        slack = rule.slack if own.slack is None else own.slack
        limit = rule.limit if own.limit is None else own.limit
        return replace(rule, slack=slack, limit=max(limit, slack))

    def slack_of(self, metric: str, key: str, rule: Rule) -> float:
        """The share by which a metric of a case may grow."""
        return self.metric_slack.get(metric, self.rule_of(key, rule).slack)

    def why_ignored(self, key: str) -> str:
        """The reason why a case is not measured; empty if it is."""
        return next((each.reason for each in self.ignored if fits(each.match, key)), "")

    def acknowledgement(self, key: str, metric: str) -> Acknowledged | None:
        """The entry that acknowledges a metric of a case."""
        for each in self.acknowledged:
            if fits(each.match, key) and (not each.metrics or metric in each.metrics):
                return each
        return None

    def with_numbers(self, **given: float | None) -> GatePolicy:
        """The same with some of alpha, slack and limit replaced; None keeps a number."""
        numbers: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        return replace(self, **numbers)

    def failing_on(self, more: Iterable[str]) -> GatePolicy:
        """The same, with more of `FAIL_ON`."""
        return replace(self, fail_on=tuple(dict.fromkeys((*self.fail_on, *more))))

    def plain(self) -> dict[str, Any]:
        """The fields as JSON can hold them."""
        return asdict(self)

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> GatePolicy:
        """The policy whose `plain` fields these are."""
        made: dict[str, Any] = dict(fields)
        made["fail_on"] = tuple(made.get("fail_on", ()))
        made["cases"] = tuple(CaseNumbers(**each) for each in made.get("cases", ()))
        made["ignored"] = tuple(IgnoredCases(**each) for each in made.get("ignored", ()))
        made["acknowledged"] = tuple(
            Acknowledged(**{**each, "metrics": tuple(each.get("metrics", ()))}) for each in made.get("acknowledged", ())
        )
        return cls(**made)


def fits(pattern: str, key: str) -> bool:
    """Whether a pattern stands for a case: its key, some of the axes of its key, or a glob on either part of it.

    `matmul/*`, `matmul/square`, `matmul/square[size=64]` and `*/square[mode=compile]` are patterns.
    """
    name, _, axes = key.removesuffix("]").partition("[")
    head, _, rest = pattern.partition("[")
    if rest.endswith("]") and "=" in rest:  # axes, and no class of characters of a glob
        stated = {part.strip() for part in rest[:-1].split(",")}
        return pattern == key or (fnmatchcase(name, head) and stated <= set(axes.split(",")))
    return pattern in (key, name) or fnmatchcase(name, pattern) or fnmatchcase(key, pattern)


def metric_needed(policy: GatePolicy, metric: str, cases: int) -> float:
    """log of the evidence that a metric with noise needs to fail the gate, shared among the cases of the suite."""
    return math.log(max(1, cases) * len(MEASURED[metric]) / policy.part)


def least_pairs(policy: GatePolicy, cases: int) -> int:
    """Pairs of a case without which no metric with noise could fail the gate, however much it grew; 0 if none may."""
    needed = [metric_needed(policy, metric, cases) for metric in policy.measured]
    if not needed:
        return 0
    pairs = 1
    while betting.above([CLEAR] * pairs, 0.0)[-1] < max(needed):
        pairs += 1
    return pairs
