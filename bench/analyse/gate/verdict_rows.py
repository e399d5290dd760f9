"""The verdicts of a gate as a frame that a chart is drawn from: a row a case."""

from __future__ import annotations

import pandas as pd

from bench.analyse.gate.verdicts import GateResult, judge
from bench.records import Case, Outcome
from bench.store.tables import RunData

COLUMNS = ("key", "verdict", "ratio", "ratio_low", "ratio_high", "pairs", "slack", "limit", "suite_verdict")


def forest(data: RunData, judged: GateResult | None = None) -> pd.DataFrame:
    """The frame of a run of `bench gate`. Raises `UserError` for another run.

    judged: its verdicts, where they are not those of the rule that it was run with. ratio: head ÷ base, above 1 is
    slower, with its 95 % confidence sequence. `outcome` is `failed` where a side failed.
    """
    found = judge(data) if judged is None else judged
    return pd.DataFrame([_row(found, place, data) for place in range(len(found.cases))])


def _row(judged: GateResult, place: int, data: RunData) -> dict[str, object]:
    verdict = judged.cases[place]
    case = Case.from_key(verdict.key)
    why = next((text for text in judged.failed if text.startswith(f"{verdict.key} on the ")), "")
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
