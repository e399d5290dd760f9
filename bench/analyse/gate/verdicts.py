"""The verdicts of a gate, from the pairs that a run recorded. Pure: a recorded gate can be judged again."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bench.analyse.gate.other_metrics import OtherMetric, other_metrics
from bench.analyse.gate.pair_ratios import pair_ratios, seconds_of
from bench.records import HEAD, SIDES, UserError
from bench.stats import betting as evidence
from bench.stats.gate_rule import IMPROVED, NOT_RESOLVED, NOT_SLOWER, REGRESSED, Rule
from bench.store.tables import RunData

WORKLOAD_CHANGED, MACHINE_UNFIT = "workload_changed", "machine_unfit"

OF_THE_MACHINE = "precompiled_headers"
"""A counter of what the machine lacked and had to make, once for all who come later; it says nothing of a side."""

CONFIDENCE = 0.95
"""Of the interval beside a verdict: a confidence sequence, which holds whenever one looks. It decides nothing."""


@dataclass(frozen=True)
class Verdict:
    """What can be said of one case. Ratios are head ÷ base: above 1 is slower."""

    key: str
    metric: str
    verdict: str
    ratio: float | None
    low: float | None
    high: float | None
    pairs: int
    evidence: float
    """The most there ever was for the verdict, or for `regressed` where nothing was resolved: so many to one."""
    needed: float
    smallest_effect_seen: float | None
    """The least slow-down, as a share, that these pairs would have called a regression."""
    pairs_to_go: float | None
    """Of a case that was not resolved: so many more would resolve it, if they are like those seen."""
    seconds: float
    note: str = ""


@dataclass(frozen=True)
class CanaryResult:
    """Base against a second copy of it, in the same rounds."""

    fired: bool
    pairs: int
    evidence: float
    needed: float


@dataclass(frozen=True)
class GateResult:
    """All that a gate says."""

    verdict: str
    rule: Rule
    canary: CanaryResult
    cases: tuple[Verdict, ...]
    failed: tuple[str, ...]
    """Cases that ended badly, with side, outcome and reason."""
    only_base: tuple[str, ...] = ()
    only_head: tuple[str, ...] = ()
    counters: tuple[str, ...] = ()
    """Counters that differ between the sides."""
    beside: tuple[OtherMetric, ...] = ()
    """What else was measured of each case; it fails nothing."""
    facts: Mapping[str, Any] = field(default_factory=dict)


def judge(data: RunData, **changes: Any) -> GateResult:
    """The verdicts of a run of `bench gate`. changes: fields of `Rule` to judge by in place of those it was run with.

    Raises `UserError` for any other run.
    """
    facts = data.run.get("gate")
    if facts is None:
        raise UserError(f"{data.folder} is no run of bench gate")
    rule = Rule(**{**facts["rule"], **{name: value for name, value in changes.items() if value is not None}})
    canary = _canary(data, rule)
    seen, twins = _series(data, twin=False)["wall"], canary.fired
    failed = tuple(_failed(data))
    cases = [_verdict(key, seen.get(key, ([], 0.0)), rule, unfit=twins) for key in facts["cases"]]
    cases = [replace(case, pairs_to_go=None, note="it failed") if _of(case.key, failed) else case for case in cases]
    cases += [
        Verdict(key, "wall", WORKLOAD_CHANGED, None, None, None, 0, 1.0, 1.0, None, None, 0.0, "its own source differs")
        for key in facts["changed"]
    ]
    return GateResult(
        _overall([case.verdict for case in cases], canary, bool(failed)),
        rule,
        canary,
        tuple(cases),
        failed,
        tuple(facts["only_base"]),
        tuple(facts["only_head"]),
        tuple(_counters(data)),
        other_metrics(data, rule.slack, rule.alpha_other),
        facts,
    )


def _of(key: str, failed: Sequence[str]) -> bool:
    return any(text.startswith(f"{key} on the ") for text in failed)


def _overall(verdicts: Sequence[str], canary: CanaryResult, failed: bool) -> str:
    """Of the suite: none where the canary fired; else the worst of any case, and where one failed not resolved."""
    if canary.fired:
        return MACHINE_UNFIT
    order = (REGRESSED, NOT_RESOLVED, WORKLOAD_CHANGED, IMPROVED, NOT_SLOWER)
    seen = {*verdicts, NOT_RESOLVED} if failed else set(verdicts)
    return next((each for each in order if each in seen), NOT_RESOLVED)


def _series(data: RunData, twin: bool) -> dict[str, dict[str, tuple[list[float], float]]]:
    """By clock and key: the log ratio of each pair in the order they were measured, and the seconds of all blocks."""
    frame = data.pairs[data.pairs["twin"].astype(bool) == twin]
    ratios = pair_ratios(frame)
    found: dict[str, dict[str, tuple[list[float], float]]] = {"wall": {}}
    for (clock, key), group in frame.groupby(["clock", "key"], sort=False):
        own = ratios[(ratios["clock"] == clock) & (ratios["key"] == key)].sort_values("pair")
        found.setdefault(str(clock), {})[str(key)] = (own["log_ratio"].tolist(), seconds_of(group))
    return found


def _verdict(key: str, seen: tuple[list[float], float], rule: Rule, unfit: bool) -> Verdict:
    logs, seconds = seen
    verdict = MACHINE_UNFIT if unfit else rule.verdict(logs)
    of = verdict if verdict in (REGRESSED, NOT_SLOWER, IMPROVED) else REGRESSED
    ends = evidence.interval(logs, CONFIDENCE) if logs else None
    crossed = ends is not None and ends[0] > ends[1]  # every effect was refuted at some look: it changed meanwhile
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
    """Fired where the pairs of base against base, all cases together, show a difference in one direction."""
    series = [logs for logs, _ in _series(data, twin=True)["wall"].values()]
    won = [evidence.pooled([[sign * x for x in logs] for logs in series], 0.0) for sign in (1, -1)]
    needed = math.log(2 / rule.alpha)
    return CanaryResult(max(won) >= needed, sum(map(len, series)), math.exp(min(max(won), 700)), math.exp(needed))


def _failed(data: RunData) -> list[str]:
    """Who ended in anything but `ok` and `skipped`, with the reason, once each."""
    bad = data.launches[~data.launches["outcome"].isin(["ok", "skipped"])]
    rows = bad[["key", "side", "twin", "outcome", "reason"]].drop_duplicates(["key", "side", "twin"])
    told = []
    for key, side, twin, outcome, reason in rows.astype(str).to_numpy().tolist():
        where = "second copy of the base" if twin == "True" and side == HEAD else side
        told.append(f"{key} on the {where}: {outcome}: {reason}")
    return told


def _counters(data: RunData) -> list[str]:
    """Counters of one step that differ between the sides, exactly."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    launches = data.launches[~data.launches["twin"].astype(bool)]
    for key, side, counters in launches[["key", "side", "counters"]].astype(str).to_numpy().tolist():
        found.setdefault(key, {}).setdefault(side, {}).update(json.loads(counters))
    told = []
    for key, sides in found.items():
        base, head = (sides.get(side, {}) for side in SIDES)
        told += [
            f"{key}: {name} {base[name]} → {head[name]}"
            for name in base
            if name in head and base[name] != head[name] and name != OF_THE_MACHINE
        ]
    return told
