"""What do rules for histories find, miss and mark for nothing? Series whose truth is known, and SAP's 25.

    python -m tests.agreement.history_rules [--series 40] [--otava PYTHON]

The rules: ours; the detector of apache-otava with its defaults, in an interpreter that has it; pytest-benchmark's
`--benchmark-compare-fail=mean:5%` against the commit before, in either direction; and github-action-benchmark's alert
threshold of 200 % of the commit before. A mark within five commits of a step has found it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from bench.stats import change_points
from tests.agreement import synthetic
from tests.agreement.synthetic import Logs

NEAR = 5
STEPS = (0.0, 0.02, 0.05, 0.10)
MISSING = "missing points"
"""Of every ten nights three were not measured."""

SAP = Path(__file__).parents[1] / "data" / "sap_hana_small"

Rule = Callable[[Sequence[Logs]], list[list[int]]]

OTAVA = """
import json, sys
from otava.series import AnalysisOptions, Metric, Series
for line in sys.stdin:
    values = json.loads(line)
    series = Series("x", None, list(range(len(values))), {"v": Metric()}, {"v": values}, {})
    found = series.analyze(AnalysisOptions()).change_points["v"]
    print(json.dumps([int(each.index) for each in found]))
"""


def ours(series: Sequence[Logs]) -> list[list[int]]:
    """`bench history`."""
    return [[change.at for change in change_points.find(x)] for x in series]


def above(factor: float, falls: bool) -> Rule:
    """A value is compared with the one before: more than so many times it, or where `falls` less than its inverse."""
    limit = np.log(factor)

    def judge(x: Logs) -> list[int]:
        steps = np.diff(x)
        return (np.flatnonzero((np.abs(steps) if falls else steps) > limit) + 1).tolist()

    return lambda series: [judge(x) for x in series]


def otava(python: str) -> Rule:
    """Its own code, with its defaults."""

    def judge(series: Sequence[Logs]) -> list[list[int]]:
        lines = "\n".join(json.dumps(np.exp(x).tolist()) for x in series)
        done = subprocess.run([python, "-c", OTAVA], input=lines, capture_output=True, text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    return judge


def made(kind: str, step: float, count: int) -> tuple[list[Logs], list[list[int]]]:
    """Series of a kind with steps of this size, and where they are."""
    dice = np.random.default_rng(list(f"{kind}{step}".encode()))
    series, truth = [], []
    for _ in range(count):
        x, at = synthetic.stepped("normal" if kind == MISSING else kind, step, dice)
        if kind == MISSING:
            kept = np.flatnonzero(dice.random(len(x)) >= 0.3)
            x, at = x[kept], [int(np.searchsorted(kept, place)) for place in at]
        series.append(x)
        truth.append(at if step else [])
    return series, truth


def scored(found: Sequence[Sequence[int]], truth: Sequence[Sequence[int]]) -> tuple[int, int, int, int]:
    """Steps found and steps there were, marks that are none, and series with such a mark."""
    hits = false = marked = 0
    for marks, at in zip(found, truth, strict=True):
        left = list(marks)
        for place in at:
            near = [mark for mark in left if abs(mark - place) <= NEAR]
            if near:
                left.remove(min(near, key=lambda mark: abs(mark - place)))
                hits += 1
        false += len(left)
        marked += bool(left)
    return hits, sum(map(len, truth)), false, marked


def table(rules: dict[str, Rule], count: int) -> None:
    """A row a kind of noise: for each rule, series without a step that are marked, and steps found of each size."""
    print("| noise (sd about 1 %) | " + " | ".join(rules) + " |")
    print("| --- | " + " | ".join("---" for _ in rules) + " |")
    for kind in (*synthetic.KINDS, MISSING):
        cells = []
        sets = [made(kind, step, count) for step in STEPS]
        for rule in rules.values():
            rows = [scored(rule(series), truth) for series, truth in sets]
            marked = rows[0][3] / count
            found = ", ".join(f"{hits / there:.0%}" for hits, there, _, _ in rows[1:])
            extra = sum(row[2] for row in rows[1:]) / (count * (len(STEPS) - 1))
            cells.append(f"{marked:.0%} marked; {found}; {extra:.1f} false")
        print(f"| {kind} | " + " | ".join(cells) + " |", flush=True)


def sap(rules: dict[str, Rule]) -> None:
    """SAP's verdicts: a value a build, the median of its measurements."""
    details = pd.read_csv(SAP / "metadata" / "dataset_details.csv", sep=";")
    details.columns = [name.strip() for name in details.columns]
    series: list[np.ndarray] = []
    truth: list[list[int]] = []
    for _, row in details.iterrows():
        measured = pd.read_csv(SAP / "data" / row["Dataset"].strip())
        builds = measured.groupby("GHC", sort=False)["Measurement"].median()
        series.append(np.log(builds.to_numpy()))
        last = int(row["Change Point"])
        truth.append([list(builds.index).index(measured["GHC"].iloc[last])] if last else [])
    for name, rule in rules.items():
        hits, there, false, marked = scored(rule(series), truth)
        print(f"SAP, {name}: {hits} of {there} regressions found, {false} false marks in {marked} of 25 series")


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=40)
    parser.add_argument("--otava", metavar="PYTHON", help="an interpreter with apache-otava (pip install apache-otava)")
    options = parser.parse_args()
    rules: dict[str, Rule] = {"`bench history`": ours}
    if options.otava:
        rules["apache-otava"] = otava(options.otava)
    rules |= {"`mean:5%`": above(1.05, falls=True), "200 %": above(2.0, falls=False)}
    table(rules, options.series)
    sap(rules)


if __name__ == "__main__":
    main()
