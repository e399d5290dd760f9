"""The verdicts of a gate as rows for charts, one for each case."""

from __future__ import annotations

from bench.analyse.gate.verdicts import GateResult, Verdict, judge
from bench.analyse.rows.row import GateVerdict, Row
from bench.records import Case, Outcome
from bench.stats.intervals import Interval
from bench.store.tables import RunData

METHOD = "95 % confidence sequence over pairs"


def verdict_rows(data: RunData, judged: GateResult | None = None) -> list[Row]:
    """The rows of a run of `bench gate`. Raises `UserError` for another run.

    judged: the verdicts, if they are by another rule than that of the run. `outcome` is `failed` if a side failed.
    """
    found = judged or judge(data)
    return [_row(verdict, found, data) for verdict in found.cases]


def _row(verdict: Verdict, judged: GateResult, data: RunData) -> Row:
    why = next((each.text for each in judged.failed if each.key in (verdict.key, "")), "")
    value = verdict.ratio
    ratio = None if value is None else Interval(value, verdict.low, verdict.high, verdict.pairs, METHOD)
    return Row(
        case=Case.from_key(verdict.key),
        run=str(data.run["run"]),
        machine=str(data.run["machine"]),
        torch=str(data.run["environment"]["torch"]["version"]),
        outcome=Outcome.FAILED if why else Outcome.OK,
        reason=why,
        clock=verdict.metric,
        verdict=GateVerdict(
            verdict.verdict, ratio, verdict.pairs, judged.rule.slack, judged.rule.limit, judged.verdict
        ),
    )
