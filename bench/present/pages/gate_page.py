"""A gate as one self-contained page: the verdict, every case with its pairs as a picture, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jinja2

from bench.analyse.gate.verdicts import GateResult, Verdict
from bench.present.pages import gate_picture
from bench.present.tables import gate_report
from bench.present.tables.gate_failures import OTHER_METRICS, failing, fault, short
from bench.present.words import units

PAGE = "gate.html"


def page(judged: GateResult, run: Mapping[str, Any], explained: str = "") -> str:
    """The whole page. explained: the name of the page beside it that says why cases are slower, if there is one."""
    environ = jinja2.Environment(
        loader=jinja2.PackageLoader("bench.present"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    order = list(gate_report.MEANINGS)
    cases = sorted(judged.cases, key=lambda case: (order.index(case.verdict), -(case.ratio or 0.0)))
    counts = {name: sum(case.verdict == name for case in cases) for name in order}
    return environ.get_template("gate.html.j2").render(
        verdict=judged.verdict,
        heading=gate_report.heading(judged),
        meaning=gate_report.MEANINGS[judged.verdict],
        meanings=gate_report.MEANINGS,
        counts={name: number for name, number in counts.items() if number},
        sides={name: _side(judged, name) for name in ("head", "base") if name in judged.plan.sides},
        fails=[fault(each) for each in failing(judged)],
        cases=[_case(case, judged) for case in cases],
        below=gate_report.lines_below(judged),
        explained=explained,
        run=run,
    )


def _side(judged: GateResult, name: str) -> str:
    side = judged.plan.sides[name]
    commit = "" if side.commit is None or side.commit == side.text else f", commit {side.commit[:12]}"
    return f"{side.text}{commit}{', with changes that are not committed' if side.dirty else ''}"


def _case(case: Verdict, judged: GateResult) -> dict[str, Any]:
    rule = judged.policy.rule_of(case.key, judged.rule)
    (row,) = gate_report.rows(replace(judged, cases=(case,)))
    place = judged.plan.places.get(case.key)
    return {
        "key": case.key,
        "name": short(case.key),
        "verdict": case.verdict,
        "meaning": gate_report.MEANINGS[case.verdict],
        "note": "" if row["note"] == units.DASH else row["note"],
        "picture": gate_picture.draw(case, rule),
        "numbers": {
            "head ÷ base": row["head ÷ base"],
            "95 % sequence": row["95 % sequence"],
            "pairs": row["pairs"],
            "evidence": row["evidence"],
            "least seen": row["smallest effect seen"],
            "slack, limit": f"{100 * rule.slack:g} %, {100 * rule.limit:g} %",
            "clock": case.metric,
        },
        "place": "" if place is None else f"{place.file}:{place.line}",
        "why": _why(case, judged),
    }


def _why(case: Verdict, judged: GateResult) -> list[str]:
    """Sentences on what else is known of a case: what fails, who ended badly, counters and metrics that differ."""
    own = [each for each in judged.failures if each.key == case.key and each.metric != "time"]
    told = {each.quantity for each in own}
    found = [f"Fails: {fault(each)}" if not each.acknowledged else f"Acknowledged: {fault(each)}" for each in own]
    found += [f"Ended: {each.outcome} on the {each.where}: {each.reason}" for each in judged.failed
              if each.key == case.key]  # fmt: skip
    found += [f"Counter differs: {each.counter} {each.base} → {each.head}" for each in judged.counters
              if each.key == case.key and each.counter not in told]  # fmt: skip
    found += [f"Differs too: {OTHER_METRICS[each.metric]}, ratio {each.ratio:.3f}" for each in judged.beside
              if each.key == case.key and each.differs and each.metric not in told]  # fmt: skip
    return found
