"""The caption of a table of rows: what holds for every row, and how its numbers were made."""

from __future__ import annotations

from bench.present.row_summary import RowSummary
from bench.present.words.ratio_words import ON_CPU, on_cpu
from bench.records import UNIVERSAL_AXES

MOST_METHODS = 3
"""Most methods of intervals that a caption names."""


def caption(found: RowSummary, vs: str | None) -> list[str]:
    """The facts that hold for every row: constant axes, machine, run, clock, pairing, method.

    vs: the reference of the speed-ups (`mode=eager`), as it was asked for.
    """
    same = {axis: text for axis, text in found.constants.items() if axis in UNIVERSAL_AXES or len(found.rows) > 1}
    facts = [f"{axis}={text}" for axis, text in same.items()]
    for values, form in ((found.machines, "{}"), (found.runs, "run {}"), (found.clocks, "{} clock")):
        if len(values) == 1:
            facts.append(form.format(values[0]))
    texts = ["All cases: " + " · ".join(facts)] if facts else []
    if found.pairings:
        texts.append(_of_speedups(found, vs))
    if found.statistics:
        more = " …" if len(found.methods) > MOST_METHODS else ""
        rates = "; throughput is by the mean" if any(row.rate and row.mean for row in found.rows) else ""
        how = f"; interval: {'; '.join(found.methods[:MOST_METHODS])}{more}" if found.methods else ""
        texts.append(f"Time is {_statistic(found)} per step{how}{rates}")
    return texts


STATISTICS = {
    "median": "the median",
    "mean": "the mean",
    "min": "the median over launches of the fastest block of each,",
}
"""What the time is, by what stands for the blocks of a launch."""


def _statistic(found: RowSummary) -> str:
    return " or ".join(STATISTICS[name] for name in found.statistics)


def _of_speedups(found: RowSummary, vs: str | None) -> str:
    speedups = [row.speedup for row in found.rows if row.speedup]
    methods = {each.ratio.method for each in speedups} - {""}
    alike = methods if len(methods) == 1 else found.pairings  # a method already says how it was paired
    how = "".join(f", {each}" for each in alike) if len(alike) == 1 else ""
    side = ""
    if (vs or "").startswith("device="):
        threads = sorted({str(each.reference_case["threads"]) for each in speedups})
        side = f"; the reference is the fastest measured thread count, threads={' or '.join(threads)}"
    clock = f"; {ON_CPU}: both times are CPU time, whose interval is narrower" if any(map(on_cpu, found.rows)) else ""
    return f"Speed-up against {vs or 'the reference case'}: its time ÷ this time, above 1 is faster{how}{side}{clock}"
