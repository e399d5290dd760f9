"""The verdicts of a gate, from the pairs that a run recorded. A recorded gate can be judged again."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from bench.analyse.gate.gate_plan import GatePlan
from bench.analyse.gate.other_metrics import OtherMetric, other_metrics
from bench.analyse.gate.pair_ratios import pair_ratios, seconds_of
from bench.records import HEAD, SIDES, Outcome
from bench.stats import betting as evidence
from bench.stats.gate_rule import IMPROVED, NOT_RESOLVED, NOT_SLOWER, REGRESSED, Rule
from bench.store.tables import RunData

WORKLOAD_CHANGED, MACHINE_UNFIT, FAILED = "workload_changed", "machine_unfit", "failed"

NOTHING_IN_COMMON = "nothing_in_common"
"""The verdict of a suite whose sides have no case in common: the change that introduces a gate, for example."""

OF_THE_MACHINE = "precompiled_headers"
"""A counter of files that the first compilation on a machine writes for all later ones: no property of a side."""

CONFIDENCE = 0.95
"""Level of the interval shown with a verdict: a confidence sequence, valid at every look. The rule does not use it."""


@dataclass(frozen=True)
class Verdict:
    """The verdict on one case. Ratios are head ÷ base: above 1 is slower."""

    key: str
    metric: str
    verdict: str
    ratio: float | None
    low: float | None
    high: float | None
    pairs: int
    evidence: float
    """Largest evidence at any look for the verdict, or for `regressed` if nothing was resolved, as odds to one."""
    needed: float
    """Evidence that the verdict needs, as odds to one."""
    smallest_effect_seen: float | None
    """Smallest slow-down, as a share, that would have been called a regression with these pairs."""
    pairs_to_go: float | None
    """Pairs that an unresolved case still needs, if they are like those seen."""
    seconds: float
    """Seconds that the blocks of its pairs took."""
    note: str = ""


@dataclass(frozen=True)
class FailedSide:
    """A case that ended badly on one side, or a side whose workloads cannot be loaded."""

    key: str
    """Empty for a side as a whole."""
    where: str
    """The side, in words."""
    outcome: str
    reason: str
    detail: str = ""
    """A traceback, or the last lines of the output of a process that died."""

    @property
    def name(self) -> str:
        """The case, or the workloads of the side."""
        return self.key or f"the workloads of the {self.where}"

    @property
    def text(self) -> str:
        """The failure in one line."""
        if not self.key:
            return f"{self.name} cannot be loaded: {self.reason}"
        return f"{self.key} on the {self.where}: {self.outcome}: {self.reason}"


@dataclass(frozen=True)
class CanaryResult:
    """The base against a second copy of it, in the same rounds."""

    fired: bool
    pairs: int
    evidence: float
    needed: float


@dataclass(frozen=True)
class GateResult:
    """Everything that a gate concludes."""

    verdict: str
    rule: Rule
    """The rule of the verdicts; it differs from that of `plan` if a recorded gate is judged again by another."""
    canary: CanaryResult
    cases: tuple[Verdict, ...]
    failed: tuple[FailedSide, ...]
    plan: GatePlan
    counters: tuple[str, ...] = ()
    """Counters that differ between the sides."""
    beside: tuple[OtherMetric, ...] = ()
    """Other metrics of each case, which cannot fail the gate."""
    skipped: tuple[FailedSide, ...] = ()
    """Cases that a side cannot run, and says why; they have no verdict."""


def judge(
    data: RunData, *, alpha: float | None = None, slack: float | None = None, limit: float | None = None
) -> GateResult:
    """Judge the pairs of a run of `bench gate`.

    alpha, slack, limit: numbers of the `Rule`, in place of those of the run. Raises `UserError` for a run of another
    command.
    """
    plan = GatePlan.of(data)
    rule = replace(
        plan.rule,
        alpha=plan.rule.alpha if alpha is None else alpha,
        slack=plan.rule.slack if slack is None else slack,
        limit=plan.rule.limit if limit is None else limit,
    )
    canary = _canary(data, rule)
    seen = _wall_pairs(data, twin=False)
    failed = (*_broken(plan), *_ended(data, [each for each in Outcome if each not in (Outcome.OK, Outcome.SKIPPED)]))
    skipped = tuple(_ended(data, [Outcome.SKIPPED]))
    without = {each.key for each in skipped}
    ended_badly = {each.key: each.text for each in reversed(failed)}
    cases = [
        _verdict(key, seen.get(key, CasePairs([], 0.0)), rule, unfit=canary.fired)
        for key in plan.cases
        if key not in without
    ]
    cases = [_or_failed(case, ended_badly.get(case.key) or ended_badly.get("")) for case in cases]
    cases += [
        Verdict(key, "wall", WORKLOAD_CHANGED, None, None, None, 0, 1.0, 1.0, None, None, 0.0, "its own source differs")
        for key in plan.changed
    ]
    return GateResult(
        _overall([case.verdict for case in cases], canary, bool(failed)),
        rule,
        canary,
        tuple(cases),
        failed,
        plan,
        tuple(_counters(data)),
        other_metrics(data, rule.slack, rule.alpha_other),
        skipped,
    )


def _or_failed(case: Verdict, why: str | None) -> Verdict:
    """The verdict on a case that ended badly on a side: its pairs may show a regression, and nothing else.

    why: the failure in one line; None where it ended well.
    """
    if why is None:
        return case
    verdict = case.verdict if case.verdict in (REGRESSED, MACHINE_UNFIT) else FAILED
    return replace(case, verdict=verdict, pairs_to_go=None, note="it failed")


def _overall(verdicts: Sequence[str], canary: CanaryResult, failed: bool) -> str:
    """The verdict of the suite: unfit if the canary fired, else the worst of any case."""
    if canary.fired:
        return MACHINE_UNFIT
    order = (REGRESSED, FAILED, NOT_RESOLVED, WORKLOAD_CHANGED, IMPROVED, NOT_SLOWER)
    seen = {*verdicts, FAILED} if failed else set(verdicts)
    return next((each for each in order if each in seen), NOTHING_IN_COMMON)


class CasePairs(NamedTuple):
    """The pairs of a case on the wall clock: log ratios in the order measured, and the seconds of their blocks."""

    logs: list[float]
    seconds: float


def _wall_pairs(data: RunData, twin: bool) -> dict[str, CasePairs]:
    """The pairs of each case by its key. twin: those of the base against a second copy of it."""
    frame = data.pairs[(data.pairs["twin"].astype(bool) == twin) & (data.pairs["clock"].astype(str) == "wall")]
    ratios = pair_ratios(frame)
    found = {}
    for key, group in frame.groupby("key", sort=False):
        own = ratios[ratios["key"] == key].sort_values("pair")
        found[str(key)] = CasePairs(own["log_ratio"].tolist(), seconds_of(group))
    return found


def _verdict(key: str, seen: CasePairs, rule: Rule, unfit: bool) -> Verdict:
    logs, seconds = seen
    verdict = MACHINE_UNFIT if unfit else rule.verdict(logs)
    of = verdict if verdict in (REGRESSED, NOT_SLOWER, IMPROVED) else REGRESSED
    ends = evidence.interval(logs, CONFIDENCE) if logs else None
    crossed = ends is not None and ends[0] > ends[1]  # every effect was refuted at some look: the effect changed
    low, high = map(math.exp, ends) if ends and not crossed else (None, None)
    to_go = None
    if verdict == NOT_RESOLVED and len(logs) > 1:
        to_go = min(rule.to_go(logs, each) for each in (REGRESSED, NOT_SLOWER))
    return Verdict(
        key, "wall", verdict, math.exp(float(np.median(logs))) if logs else None, low, high, len(logs),
        math.exp(min(rule.evidence(logs, of), 700)), math.exp(rule.needed(of)), rule.smallest_seen(logs),
        to_go if to_go is not None and math.isfinite(to_go) else None, seconds,
        "the effect changed while it was measured" if crossed else "",
    )  # fmt: skip


def _canary(data: RunData, rule: Rule) -> CanaryResult:
    """Judge base against base: it fires if the pairs of all cases together show a difference in one direction."""
    series = [pairs.logs for pairs in _wall_pairs(data, twin=True).values()]
    won = [evidence.pooled([[sign * x for x in logs] for logs in series], 0.0) for sign in (1, -1)]
    needed = math.log(2 / rule.alpha)
    return CanaryResult(max(won) >= needed, sum(map(len, series)), math.exp(min(max(won), 700)), math.exp(needed))


def _ended(data: RunData, outcomes: Sequence[Outcome]) -> list[FailedSide]:
    """Each case and side that ended with one of these, once."""
    bad = data.launches[data.launches["outcome"].isin([each.value for each in outcomes])]
    rows = bad[["key", "side", "twin", "outcome", "reason", "detail"]].drop_duplicates(["key", "side", "twin"])
    return [
        FailedSide(key, "second copy of the base" if twin == "True" and side == HEAD else side, outcome, reason, detail)
        for key, side, twin, outcome, reason, detail in rows.astype(str).to_numpy().tolist()
    ]


def _broken(plan: GatePlan) -> list[FailedSide]:
    """Sides of which nothing could be measured. The reason is the last line of a traceback, where there is one."""
    found = []
    for side, text in plan.broken.items():
        lines = text.splitlines()
        errors = [line for line in lines if re.match(r"[\w.]*(Error|Exception)\b", line)]
        reason = errors[-1] if errors else " ".join(line.strip() for line in lines[:2])
        found.append(FailedSide("", side, "failed", reason, text))
    return found


def _counters(data: RunData) -> list[str]:
    """Counters of one step that differ between the sides, in words."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    launches = data.launches[~data.launches["twin"].astype(bool)]
    for key, side, counters in launches[["key", "side", "counters"]].astype(str).to_numpy().tolist():
        found.setdefault(key, {}).setdefault(side, {}).update(json.loads(counters))
    lines = []
    for key, sides in found.items():
        base, head = (sides.get(side, {}) for side in SIDES)
        lines += [
            f"{key}: {name} {base[name]} → {head[name]}"
            for name in base
            if name in head and base[name] != head[name] and name != OF_THE_MACHINE
        ]
    return lines
