"""The verdicts of a gate as a frame that a chart is drawn from: a row a case."""

from __future__ import annotations

import pandas as pd

from bench.analyse.gate.verdicts import GateResult, Verdict, judge
from bench.records import Case, Outcome
from bench.store.tables import RunData


def forest(data: RunData) -> pd.DataFrame:
    """Judge a run of `bench gate` by its own rule, as a frame with a row a case. Raises `UserError` for another run.

    ratio: head ÷ base, above 1 is slower, with its 95 % confidence sequence. `outcome` is `failed` where a side failed.
    """
    judged = judge(data)
    return pd.DataFrame([_row(judged, case, data) for case in judged.cases])


def _row(judged: GateResult, verdict: Verdict, data: RunData) -> dict[str, object]:
    case = Case.from_key(verdict.key)
    why = next((each.text for each in judged.failed if each.key == verdict.key), "")
    return {
        "key": verdict.key,
        "workload": case.workload,
        "params": case.axes,
        "outcome": (Outcome.FAILED if why else Outcome.OK).value,
        "reason": why,
        "clock": verdict.metric,
        "verdict": verdict.verdict,
        "ratio": verdict.ratio,
        "ratio_low": verdict.low,
        "ratio_high": verdict.high,
        "pairs": verdict.pairs,
        "slack": judged.rule.slack,
        "limit": judged.rule.limit,
        "suite_verdict": judged.verdict,
        "method": "95 % confidence sequence over pairs",
        "run": data.run["run"],
        "machine": data.run["machine"],
        "torch": data.run["environment"]["torch"]["version"],
    }
