"""What would other tools have said of the same pairs? Their rules beside ours: false alarms, power at 5 %, seconds.

    python -m tests.agreement.gate_rivals [--suites 2000]

Drawn from the two recorded files (see `gate_rates` and `gate_power`): suites of ten cases, nothing changed; and single
cases whose head does 5 % more. A rule is given the processes it asks for, and of each as much as it would look at.
These tools measure one side, then the other: a head's process is one of the pair after the base's. `lockstep` gives
them ours, both sides of one pair, which none of them measures.

The rules are those of the manuals: pytest-benchmark 5 (`--benchmark-compare-fail`), asv 0.6 (`asv continuous`: two
rounds of five samples of 10 ms, Mann-Whitney below 0.002 and the factor 1.1 of its medians), benchstat (Mann-Whitney
below 0.05; ten rounds of one process, as `-count 10` has it, or ten processes), github-action-benchmark (an alert at
200 %). Only a slower head counts as an alarm.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu

from bench.stats import betting
from bench.stats.gate_rule import REGRESSED, Rule
from tests.agreement import recorded

CASES, PAIRS = 10, 30

Sample = Sequence[np.ndarray]
"""Seconds a step, block by block, of each process of a side."""


@dataclass(frozen=True)
class Peer:
    """A tool's rule, and how many processes of a side it looks at."""

    name: str
    processes: int
    alarms: Callable[[Sample, Sample], bool]


def _slower_mean(base: Sample, head: Sample) -> bool:
    return bool(head[0].mean() > 1.05 * base[0].mean())


def _slower_median(base: Sample, head: Sample) -> bool:
    return bool(np.median(head[0]) > 1.10 * np.median(base[0]))


def _asv(base: Sample, head: Sample) -> bool:
    # A sample lasts 10 ms there and a block 1.4 ms here: as many blocks as make five samples.
    ours, theirs = (
        np.concatenate([[part.mean() for part in np.array_split(x, 5)] for x in side]) for side in (base, head)
    )
    return bool(np.median(theirs) > 1.1 * np.median(ours) and mannwhitneyu(ours, theirs).pvalue < 0.002)


def _significant(base: np.ndarray, head: np.ndarray) -> bool:
    return bool(np.median(head) > np.median(base) and mannwhitneyu(base, head).pvalue < 0.05)


def _benchstat_rounds(base: Sample, head: Sample) -> bool:
    return _significant(*(np.array([part.mean() for part in np.array_split(x[0], 10)]) for x in (base, head)))


def _benchstat_processes(base: Sample, head: Sample) -> bool:
    return _significant(*(np.array([x.mean() for x in side]) for side in (base, head)))


def _doubled(base: Sample, head: Sample) -> bool:
    return bool(head[0].mean() > 2.0 * base[0].mean())


PEERS = (
    Peer("pytest-benchmark, mean:5%", 1, _slower_mean),
    Peer("pytest-benchmark, median:10%", 1, _slower_median),
    Peer("asv continuous, U test and factor 1.1", 2, _asv),
    Peer("benchstat, U test on ten rounds", 1, _benchstat_rounds),
    Peer("benchstat, U test on ten processes", 10, _benchstat_processes),
    Peer("github-action-benchmark, 200 %", 1, _doubled),
)


@dataclass(frozen=True)
class Pool:
    """The pairs of one case, in the order they were measured."""

    base: list[np.ndarray]
    head: list[np.ndarray]
    logs: np.ndarray
    pair_s: float
    """Seconds that a pair of it took, its share of the start of the processes included."""

    def sample(self, processes: int, lockstep: bool, coin: bool, dice: np.random.Generator) -> tuple[Sample, Sample]:
        """So many processes of either side; with the coin either side may be called the base."""
        at = dice.choice(len(self.base) - 1, processes, replace=processes >= len(self.base))
        sides = [self.base[i] for i in at], [self.head[i if lockstep else i + 1] for i in at]
        return (sides[1], sides[0]) if coin and dice.random() < 0.5 else sides


def pools(frame: pd.DataFrame) -> list[Pool]:
    """A pool a case and suite, without the canary's."""
    return [pool for _, suite in frame.groupby(["state", "suite"], observed=True) for pool in _of(suite).values()]


def pools_by_case(frame: pd.DataFrame, wanted: Callable[[str], bool]) -> list[Pool]:
    """A pool a case over all suites, for those that were recorded in rounds of few pairs: of the neighbours in such a
    pool a few are of different hours."""
    parts: dict[str, list[Pool]] = {}
    for _, suite in frame.groupby(["state", "suite"], observed=True):
        for key, pool in _of(suite, wanted).items():
            parts.setdefault(key, []).append(pool)
    return [
        Pool(
            [x for pool in own for x in pool.base], [x for pool in own for x in pool.head],
            np.concatenate([pool.logs for pool in own]), float(np.median([pool.pair_s for pool in own])),
        )
        for own in parts.values()
    ]  # fmt: skip


def _of(suite: pd.DataFrame, wanted: Callable[[str], bool] = lambda key: True) -> dict[str, Pool]:
    """A pool a case of one suite, of those that are wanted."""
    found = {}
    pair_s = suite["wall_s"].iloc[0] / suite.groupby(["key", "twin", "pair"], observed=True).ngroups
    for key, case in suite[~suite["twin"]].groupby("key", observed=True):
        if not wanted(str(key)):
            continue
        sides = [
            [(x[f"{side}_ns"] / x["steps"]).to_numpy() / 1e9 for _, x in case.groupby("pair")]
            for side in ("base", "head")
        ]
        base, head = sides
        found[str(key)] = Pool(base, head, case.drop_duplicates("pair")["log_ratio"].to_numpy(), float(pair_s))
    return found


def ours(unchanged: list[Pool], slower: list[Pool], suites: int, dice: np.random.Generator) -> str:
    """The row of the gate: alarms of suites whose coins are tossed anew, what it finds, and what that takes."""
    rule = Rule(cases=CASES)
    chosen = dice.integers(len(unchanged), size=(suites, CASES))
    x = np.stack([[dice.choice(unchanged[case].logs, PAIRS) for case in row] for row in chosen])
    x = np.abs(x) * dice.choice((-1.0, 1.0), x.shape)
    alarmed = (betting.above(x, np.log1p(rule.slack)) >= rule.needed(REGRESSED)).any(axis=(1, 2)).mean()
    picked = [slower[i] for i in dice.integers(len(slower), size=suites)]
    evidence = betting.above(np.stack([dice.choice(pool.logs, PAIRS) for pool in picked]), np.log1p(rule.slack))
    reached = evidence >= rule.needed(REGRESSED)
    pairs = np.where(reached.any(axis=-1), reached.argmax(axis=-1) + 1, PAIRS)
    seconds = CASES * float(np.median([n * pool.pair_s for n, pool in zip(pairs, picked, strict=True)]))
    power = reached.any(axis=-1).mean()
    return f"| bench gate, within {PAIRS} pairs | {alarmed:.1%} | {alarmed:.1%} | {power:.1%} | {seconds:.0f} |"


def theirs(peer: Peer, unchanged: list[Pool], slower: list[Pool], suites: int, dice: np.random.Generator) -> str:
    """The row of another tool."""
    rates = []
    for lockstep in (False, True):
        alarmed = sum(
            any(
                peer.alarms(*unchanged[case].sample(peer.processes, lockstep, True, dice))
                for case in dice.integers(len(unchanged), size=CASES)
            )
            for _ in range(suites)
        )
        rates.append(alarmed / suites)
    picked = [slower[i] for i in dice.integers(len(slower), size=suites)]
    power = np.mean([peer.alarms(*pool.sample(peer.processes, False, False, dice)) for pool in picked])
    seconds = CASES * peer.processes * float(np.median([pool.pair_s for pool in picked]))
    return f"| {peer.name} | {rates[0]:.1%} | {rates[1]:.1%} | {power:.1%} | {seconds:.0f} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suites", type=int, default=2000)
    suites, dice = parser.parse_args().suites, np.random.default_rng(0)
    unchanged = pools(pd.read_parquet(recorded.UNCHANGED))
    slower = pools_by_case(pd.read_parquet(recorded.INJECTED), lambda key: recorded.work_and_percent(key)[1] == 5)
    print(
        "| rule | suites of ten that alarm, nothing changed | given lockstep pairs | a 5 % slow-down found | seconds |"
    )
    print("| --- | ---: | ---: | ---: | ---: |")
    print(ours(unchanged, slower, suites, dice), flush=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ties make the U test approximate, which its tools accept
        for peer in PEERS:
            print(theirs(peer, unchanged, slower, suites, dice), flush=True)


if __name__ == "__main__":
    main()
