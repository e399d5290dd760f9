"""The verdicts of a gate, from the pairs that a run recorded. A recorded gate can be judged again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from bench.analyse.gate import failures
from bench.analyse.gate.case_pairs import NO_PAIRS, CasePairs, case_pairs
from bench.analyse.gate.counters import CounterDifference, differences
from bench.analyse.gate.failed_sides import FAILED, FailedSide, failed_sides, skipped_sides
from bench.analyse.gate.failures import Failure
from bench.analyse.gate.gate_plan import DATUM, GatePlan
from bench.analyse.gate.other_metrics import OtherMetric, other_metrics, series_of
from bench.series import WALL
from bench.stats import betting as evidence
from bench.stats.gate_policy import TIME, GatePolicy
from bench.stats.gate_rule import IMPROVED, NOT_RESOLVED, NOT_SLOWER, REGRESSED, Rule
from bench.stats.pairs import PairData
from bench.store.tables import RunData

WORKLOAD_CHANGED, MACHINE_UNFIT, ACKNOWLEDGED = "workload_changed", "machine_unfit", "acknowledged"

NOTHING_IN_COMMON = "nothing_in_common"
"""The verdict of a suite whose sides have no case in common: the change that introduces a gate, for example."""

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
    logs: tuple[float, ...] = ()
    """The log ratios of medians that were judged, one a pair, in the order measured."""
    means: tuple[float, ...] = ()
    """Those of means; none in gates that judged medians alone."""
    slack: float | None = None
    limit: float | None = None
    """Those of this case, as shares; None where they do not apply."""
    wall_ratio: float | None = None
    """The ratio on wall time, where `ratio` is one of CPU time."""
    mean_ratio: float | None = None
    """The ratio of the means, the median over pairs; None in gates that judged medians alone."""
    doubts: tuple[str, ...] = ()
    """What speaks against the ratio, in words."""


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
    counters: tuple[CounterDifference, ...] = ()
    """Counters that differ between the sides."""
    beside: tuple[OtherMetric, ...] = ()
    """Other metrics of each case."""
    policy: GatePolicy = field(default_factory=GatePolicy)
    """What may fail this gate."""
    failures: tuple[Failure, ...] = ()
    """Everything that fails it, and what would without an acknowledgement."""
    fewest_pairs: int = 0
    """Fewest pairs after which a case can be called regressed."""
    could_not_fail: bool = False
    """Whether a case was left unresolved by a gate that had too few pairs to call any case regressed."""
    skipped: tuple[FailedSide, ...] = ()
    """Cases that a side cannot run, and says why; they have no verdict."""


def judge(
    data: RunData,
    *,
    alpha: float | None = None,
    slack: float | None = None,
    limit: float | None = None,
    policy: GatePolicy | None = None,
    fail_on: Sequence[str] = (),
) -> GateResult:
    """Judge the pairs of a run of `bench gate`.

    alpha, slack, limit: numbers in place of those of the run. policy: another policy than that of the run; fail_on:
    more of `gate_policy.FAIL_ON`. Raises `UserError` for a run of another command.
    """
    plan = GatePlan.of(data)
    chosen = (policy or plan.policy).with_numbers(alpha=alpha, slack=slack, limit=limit).failing_on(fail_on)
    rule = replace(plan.rule, alpha=chosen.part, slack=chosen.slack, limit=chosen.limit)
    of_old = plan.datum < DATUM
    canary = _canary(data, replace(rule, alpha=chosen.alpha), of_old)
    seen = case_pairs(data, twin=False, wall_medians=of_old)
    failed = tuple(each for each in failed_sides(data, plan) if not chosen.why_ignored(each.key))
    skipped = tuple(each for each in skipped_sides(data) if not chosen.why_ignored(each.key))
    without = {each.key for each in skipped}
    keys = [key for key in plan.cases if key not in without and not chosen.why_ignored(key)]
    ended_badly = {each.key for each in failed}
    all_failed = "" in ended_badly
    cases = [_verdict(key, seen.get(key, NO_PAIRS), chosen.rule_of(key, rule), unfit=canary.fired) for key in keys]
    cases = [_failed(case) if all_failed or case.key in ended_badly else case for case in cases]
    counters = tuple(each for each in differences(data) if not chosen.why_ignored(each.key))
    found = _failures(data, cases, counters, chosen, rule, set(keys), unfit=canary.fired)
    let_pass = {each.key: each.acknowledged for each in found if each.metric == TIME and each.acknowledged}
    cases = [
        replace(case, verdict=ACKNOWLEDGED, note=let_pass[case.key]) if case.key in let_pass else case for case in cases
    ]
    cases += [
        Verdict(key, "wall", WORKLOAD_CHANGED, None, None, None, 0, 1.0, 1.0, None, None, 0.0, "its own source differs")
        for key in plan.changed
    ]
    return GateResult(
        _overall([case.verdict for case in cases], canary, bool(failed), found),
        rule,
        canary,
        tuple(cases),
        failed,
        plan,
        counters,
        other_metrics(data, rule.slack, rule.alpha_other),
        chosen,
        found,
        rule.fewest_pairs(REGRESSED),
        _could_not_fail(data, plan, rule, [case for case in cases if case.key not in ended_badly]),
        skipped,
    )


def _could_not_fail(data: RunData, plan: GatePlan, rule: Rule, cases: Sequence[Verdict]) -> bool:
    """Whether a case is unresolved, and no case could have had pairs enough to be called regressed.

    A gate that was not cut short would have gone on to the most pairs that it was allowed; any other had as many as the
    case with the most.
    """
    most = max((case.pairs for case in cases), default=0)
    if data.run["status"] == "complete" and plan.most_pairs is not None:
        most = max(most, plan.most_pairs)
    return most < rule.fewest_pairs(REGRESSED) and any(case.verdict == NOT_RESOLVED for case in cases)


def _failures(
    data: RunData,
    cases: Sequence[Verdict],
    counters: Sequence[CounterDifference],
    policy: GatePolicy,
    rule: Rule,
    keys: set[str],
    unfit: bool,
) -> tuple[Failure, ...]:
    """Everything that fails the gate by its policy, times first."""
    times = [failures.of_time(case.key, case.metric, case.ratio) for case in cases if case.verdict == REGRESSED]
    counted = failures.counted([each for each in counters if each.key in keys], policy, rule)
    with_noise = [] if unfit else [each for each in series_of(data) if each.key in {*keys, ""}]
    return failures.acknowledged([*times, *counted, *failures.measured(with_noise, policy, rule)], policy)


def _overall(verdicts: Sequence[str], canary: CanaryResult, failed: bool, found: Sequence[Failure]) -> str:
    """The verdict of the suite: unfit if the canary fired, else the worst of any case.

    It is `regressed` too where another metric fails it.
    """
    if canary.fired:
        return MACHINE_UNFIT
    if any(not each.acknowledged for each in found):
        return REGRESSED
    order = (REGRESSED, FAILED, NOT_RESOLVED, WORKLOAD_CHANGED, ACKNOWLEDGED, IMPROVED, NOT_SLOWER)
    seen = {*verdicts, FAILED} if failed else set(verdicts)
    return next((each for each in order if each in seen), NOTHING_IN_COMMON)


def _failed(case: Verdict) -> Verdict:
    """The verdict on a case that ended badly on a side: its pairs may show a regression, and nothing else."""
    verdict = case.verdict if case.verdict in (REGRESSED, MACHINE_UNFIT) else FAILED
    return replace(case, verdict=verdict, pairs_to_go=None, note="it failed")


def _verdict(key: str, seen: CasePairs, rule: Rule, unfit: bool) -> Verdict:
    data = seen.data
    logs, means = data.medians, data.means
    verdict = MACHINE_UNFIT if unfit else rule.verdict(logs, means)
    of = verdict if verdict in (REGRESSED, NOT_SLOWER, IMPROVED) else REGRESSED
    ends = evidence.interval(logs, CONFIDENCE) if logs else None
    crossed = ends is not None and ends[0] > ends[1]  # every effect was refuted at some look: the effect changed
    low, high = map(math.exp, ends) if ends and not crossed else (None, None)
    to_go = None
    if verdict == NOT_RESOLVED and len(logs) > 1:
        to_go = min(rule.to_go(logs, each, means=means) for each in (REGRESSED, NOT_SLOWER))
    return Verdict(
        key, data.clock, verdict, _ratio(logs), low, high, len(logs),
        math.exp(min(rule.evidence(logs, of, means), 700)), math.exp(rule.needed(of)), rule.smallest_seen(logs, means),
        to_go if to_go is not None and math.isfinite(to_go) else None, seen.seconds,
        "the effect changed while it was measured" if crossed else _of_mean_alone(verdict, data, rule),
        tuple(logs), tuple(means), rule.slack, rule.limit,
        None if data.clock == WALL else _ratio(data.wall_medians), _ratio(means), seen.doubts,
    )  # fmt: skip


def _ratio(logs: Sequence[float]) -> float | None:
    """The median of log ratios, as a ratio; None without any."""
    return math.exp(float(np.median(logs))) if len(logs) else None


def _of_mean_alone(verdict: str, data: PairData, rule: Rule) -> str:
    """The note on a case that regressed though its median is not slower by more than the slack."""
    if verdict != REGRESSED or not data.means or np.median(data.medians) > math.log1p(rule.slack):
        return ""
    return f"its mean is slower, {_ratio(data.means):.3f}, though its median is not: some of its steps are much slower"


def _canary(data: RunData, rule: Rule, of_old: bool) -> CanaryResult:
    """Judge base against base: it fires if the pairs of all cases together show a difference in one direction.

    Half the slack is left to it: a folder of another name may make some thousandths, which is nobody's regression.
    """
    series = [pairs.data.medians for pairs in case_pairs(data, twin=True, wall_medians=of_old).values()]
    bound = 0.0 if of_old else math.log1p(rule.slack / 2)
    won = [evidence.pooled([[sign * x for x in logs] for logs in series], bound) for sign in (1, -1)]
    needed = math.log(2 / rule.alpha)
    return CanaryResult(max(won) >= needed, sum(map(len, series)), math.exp(min(max(won), 700)), math.exp(needed))
