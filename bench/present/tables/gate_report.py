"""The result of a gate for people and programs: text for a terminal, Markdown for a pull request, JSON, JUnit."""

from __future__ import annotations

import math
import textwrap
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from bench.analyse.gate.other_metrics import OtherMetric
from bench.analyse.gate.verdicts import FailedSide, GateResult, Verdict
from bench.present.tables import table_formats
from bench.present.tables.terminal_table import Column
from bench.present.words import units
from bench.present.words.units import DASH
from bench.records import SIDES, UNIVERSAL_AXES, UNKNOWN
from bench.stats.gate_rule import FEWEST_TO_GIVE_UP

NOTHING: Mapping[str, str] = MappingProxyType({})

SCHEMA = 1
"""Version of the JSON that `bench gate --json` writes."""

MEANINGS: Mapping[str, str] = {
    "regressed": "slower by more than the slack; this fails the gate",
    "failed": "a case was wrong, crashed or hung on a side, or the workloads of a side cannot be loaded",
    "machine_unfit": "base differs from a second copy of itself: nothing that this machine says can be trusted",
    "not_resolved": "the pairs do not decide it; no regression was shown, and none was excluded",
    "workload_changed": "the workload itself differs between the sides, so that times answer different questions",
    "improved": "faster by more than the slack",
    "not_slower": "a slow-down as large as the limit is excluded",
    "nothing_in_common": "no case is on both sides, so that there was nothing to compare",
}
"""The meaning of each verdict, the worst first."""

OTHER_METRICS: Mapping[str, str] = {
    "device": "device time",
    "latency": "latency",
    "host_peak": "peak host memory",
    "device_peak": "peak device memory",
    "compile_cold": "first call, compile cache empty",
    "compile_warm": "first call, compile cache full",
    "import": "import",
}
"""Names of the metrics that are compared in addition to wall time."""

MOST_HEADING = 300
"""Letters of the first failure that the headline shows; all of them stand below."""

COLUMNS = (
    Column("case", wrap=True),
    Column("verdict"),
    Column("head ÷ base", right=True),
    Column("95 % sequence", right=True),
    Column("pairs", right=True),
    Column("evidence", right=True),
    Column("smallest effect seen", title="least seen", right=True, drop=1),
    Column("note", wrap=True),
)


def rows(judged: GateResult) -> list[dict[str, Any]]:
    """Rows of the table for people, one for each case, the worst first."""
    order = list(MEANINGS)
    return [_row(case) for case in sorted(judged.cases, key=lambda case: order.index(case.verdict))]


def _row(case: Verdict) -> dict[str, Any]:
    return {
        "case": short(case.key),
        "verdict": case.verdict,
        "head ÷ base": DASH if case.ratio is None else f"{case.ratio:.3f}",
        "95 % sequence": DASH if case.low is None or case.high is None else f"{case.low:.3f} to {case.high:.3f}",
        "pairs": str(case.pairs),
        "evidence": DASH if not case.pairs else f"{_short(case.evidence)} of {_short(case.needed)}",
        "smallest effect seen": DASH if case.smallest_effect_seen is None else f"+{case.smallest_effect_seen:.1%}",
        "note": _note(case),
    }


def short(key: str) -> str:
    """A case key without the axes that have their declared default, or that are not known."""
    name, _, axes = key.removesuffix("]").partition("[")
    silent = {f"{axis}={value}" for axis, default in UNIVERSAL_AXES.items() for value in (default, UNKNOWN)}
    left = [part for part in axes.split(",") if part and part not in silent]
    return f"{name}[{','.join(left)}]" if left else name


def _note(case: Verdict) -> str:
    if case.verdict != "not_resolved":
        return case.note
    if case.pairs_to_go is None:
        return case.note or (
            "too few pairs" if case.pairs < FEWEST_TO_GIVE_UP else "more like these would not decide it"
        )
    return f"about {math.ceil(case.pairs_to_go)} more pairs would"


def _short(odds: float) -> str:
    """Evidence as odds to one: three digits are enough."""
    return f"{odds:.1e}" if odds >= 1e5 else f"{odds:,.0f}" if odds >= 10 else f"{odds:.1f}"


def heading(judged: GateResult) -> str:
    """One line with the verdict and the number of cases with each."""
    counts = {each: sum(case.verdict == each for case in judged.cases) for each in MEANINGS}
    listed = ", ".join(f"{number} {each}" for each, number in counts.items() if number)
    if not listed:
        sides = (("base", judged.plan.only_base), ("head", judged.plan.only_head))
        listed = ", ".join([f"{len(keys)} only on the {side}" for side, keys in sides if keys]) or "no case"
    first = f"; {judged.failed[0].text[:MOST_HEADING]}" if judged.verdict == "failed" else ""
    return f"{judged.verdict}: {listed}{first}"


def lines_below(judged: GateResult) -> list[str]:
    """The lines below the table: the rule, the canary, cases on one side only, failures, counters that differ."""
    rule, canary, plan = judged.rule, judged.canary, judged.plan
    below = [
        f"Slower by more than {100 * rule.slack:g} % is a regression; at most one suite in "
        f"{math.floor(1 / rule.alpha):,} says so of any of its {rule.cases} cases in error. Not slower: by less "
        f"than {100 * rule.limit:g} %, in error at most once in {math.floor(1 / rule.alpha_other):,}, if the effect is "
        "the same wherever a side is placed. One datum is a pair of fresh processes that take turns.",
        f"Canary (base against a second copy of it): {'fired' if canary.fired else 'quiet'}, {canary.pairs} pairs, "
        f"evidence {_short(canary.evidence)} of {_short(canary.needed)}.",
    ]
    if plan.rule.alpha != rule.alpha:
        below.append(
            "Judged again by an alpha that was not fixed before the pairs were seen: it bounds no rate of errors."
        )
    below += [
        f"The {side} is {plan.sides[side].note}." for side in SIDES if side in plan.sides and plan.sides[side].note
    ]
    base, head = (plan.libraries.get(side, {}) for side in SIDES)
    below += [
        f"Not the same on both sides: {name} {base.get(name) or 'missing'} → {head.get(name) or 'missing'}"
        for name in dict.fromkeys([*base, *head])
        if base.get(name) != head.get(name)
    ]
    below += [f"Failed: {each.text}" for each in judged.failed]
    below += [f"Skipped: {each.key} on the {each.where}: {each.reason}" for each in judged.skipped]
    below += [f"No case: {line}" for line in plan.no_cases]
    below += [f"Only on the base: {key}" for key in plan.only_base]
    below += [f"Only on the head: {key}" for key in plan.only_head]
    below += [f"Counter differs: {text}" for text in judged.counters]
    below += [_other_metric(each) for each in judged.beside if each.differs]
    return below


def _other_metric(other: OtherMetric) -> str:
    """The sentence on a metric that differs; its sequence is missing if the effect changed during the gate."""
    write = units.size if other.unit == "B" else units.seconds
    ends = "" if other.low is None or other.high is None else f" [{other.low:.3f}, {other.high:.3f}]"
    return (
        f"Also differs, and does not fail the gate: {OTHER_METRICS[other.metric]} of "
        f"{short(other.key) if other.key else 'all workloads'}, "
        f"{write(other.base)} → {write(other.head)}, ratio {other.ratio:.3f}{ends}, {other.pairs} pairs."
    )


def text(judged: GateResult, *, width: int = 100, color: bool = False) -> str:
    """The text for a terminal; ends in a newline."""
    table = table_formats.render(rows(judged), COLUMNS, "table", width=width, color=color)
    wrap = textwrap.TextWrapper(width, break_long_words=False, break_on_hyphens=False).fill
    return "\n\n".join([wrap(heading(judged)), table.rstrip(), *map(wrap, lines_below(judged))]) + "\n"


def markdown(judged: GateResult) -> str:
    """Markdown for a pull request; ends in a newline."""
    table = table_formats.render(rows(judged), COLUMNS, "md")
    sides = " against ".join(f"`{judged.plan.sides[side].text}`" for side in ("head", "base"))
    below = "\n".join(f"- {line}" for line in lines_below(judged))
    means = MEANINGS[judged.verdict]
    return f"### bench gate: {heading(judged)}\n\n{sides}. **{judged.verdict}**: {means}.\n\n{table}\n{below}\n"


def as_json(judged: GateResult, run: Mapping[str, Any], explained: Sequence[Mapping[str, Any]] = ()) -> str:
    """One object, with all numbers; ends in a newline. explained: the parts of the difference of each case."""
    body = {
        "schema": SCHEMA,
        "run": run["run"],
        "verdict": judged.verdict,
        "alpha": judged.rule.alpha,
        "rule": asdict(judged.rule),
        "seed": run["settings"]["seed"],
        "canary": asdict(judged.canary),
        "sides": {name: asdict(side) for name, side in judged.plan.sides.items()},
        "libraries": judged.plan.libraries,
        "cases": [asdict(case) for case in judged.cases],
        "improved": [case.key for case in judged.cases if case.verdict == "improved"],
        "only_base": judged.plan.only_base,
        "only_head": judged.plan.only_head,
        "failed": [each.text for each in judged.failed],
        "skipped": [each.text for each in judged.skipped],
        "no_cases": judged.plan.no_cases,
        "tests": judged.plan.tests,
        "counters": judged.counters,
        "beside": [asdict(each) for each in judged.beside],
        "explained": list(explained),
        "wall_s": run.get("time", {}).get("wall_s"),
    }
    return table_formats.as_json([body])[2:-3].strip() + "\n"


def junit(judged: GateResult, run: Mapping[str, Any], explained: Mapping[str, str] = NOTHING) -> str:
    """JUnit XML with a test case for each case: a failure if it regressed, skipped if nothing could be decided.

    explained: a sentence on why a case is slower, by its key.
    """
    suite = ElementTree.Element("testsuite", name="bench gate")
    for case in judged.cases:
        item = ElementTree.SubElement(suite, "testcase", name=case.key, classname=case.key.partition("/")[0])
        item.set("time", f"{case.seconds:.3f}")
        message = sentence(case)
        if case.verdict == "regressed":
            ElementTree.SubElement(item, "failure", message=message).text = explained.get(case.key)
        elif failed := [each for each in judged.failed if each.key in (case.key, "")]:
            _add_error(item, failed)
        elif _unsaid(case):
            ElementTree.SubElement(item, "skipped", message=f"{message}. {MEANINGS[case.verdict]}")
    # A case that no side has in common with the other, or a side as a whole; no name is there twice.
    known = {case.key for case in judged.cases}
    for name in dict.fromkeys(each.name for each in judged.failed if each.key not in known):
        item = ElementTree.SubElement(suite, "testcase", name=name, classname="failed")
        _add_error(item, [each for each in judged.failed if each.name == name])
    for attribute, tag in (("tests", "testcase"), ("failures", "failure"), ("skipped", "skipped"), ("errors", "error")):
        suite.set(attribute, str(sum(1 for _ in suite.iter(tag))))
    suite.set("time", f"{run.get('time', {}).get('wall_s', 0.0):.1f}")
    ElementTree.indent(suite)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suite, encoding="unicode") + "\n"


def _add_error(item: ElementTree.Element, failed: Sequence[FailedSide]) -> None:
    """The failures of one case, as one error: JUnit knows no second test case of the same name."""
    message = "; ".join(each.text for each in failed)
    ElementTree.SubElement(item, "error", message=message).text = "\n".join(filter(None, (f.detail for f in failed)))


def sentence(case: Verdict) -> str:
    """The verdict on a case and the numbers behind it, without a full stop."""
    row = _row(case)
    return f"{case.verdict}: head ÷ base {row['head ÷ base']} [{row['95 % sequence']}], evidence {row['evidence']}"


def _unsaid(case: Verdict) -> bool:
    return case.verdict in ("not_resolved", "workload_changed", "machine_unfit")
