"""Ratios of pairs on the wall clock and on the CPU clock, and which of the two judges a line.

Where a step is of one thread and does not wait, its CPU time is its wall time less what other programs took meanwhile.
A line about such work is judged on the clock whose interval is narrower, and says so. A ratio is of one clock only. The
same rule chooses between the blocks of another timer: all of them, or the fastest.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

import pandas as pd

from bench.analyse.certificate.line import NOT_HELD, CertificateLine
from bench.analyse.certificate.recorded import Ratios
from bench.analyse.gate import pair_ratios
from bench.series import CPU, WALL
from bench.store.tables import RunData

COMPUTING = 0.98
"""Least share of wall that one block in twenty of a step computes, if it does not wait: no other program takes the core
during each of them."""

TICKS = 100
"""Least CPU time of a block in ticks of the CPU clock: coarser ratios are not used."""

CLOCKS = ("on the wall clock", "on the CPU clock")
BLOCKS = ("of all blocks", "of the fastest blocks")
"""Two kinds of ratios that a line may be judged by, in words."""

Logs = Sequence[float]
"""The log ratio of each pair."""


def on_wall(data: RunData) -> Ratios:
    """The log ratios of the pairs of each case on the wall clock."""
    return _by_key(data.pairs[data.pairs["clock"] == WALL])


def on_cpu(data: RunData) -> Ratios:
    """The log ratios of the same pairs on the CPU clock, of cases of which it is known and fine enough."""
    return _by_key(_cpu_pairs(data.pairs))


def in_cpu_time(data: RunData) -> RunData:
    """The run with CPU time in place of wall, on the clock `cpu`; blocks without are left out."""
    blocks = data.blocks[data.blocks["cpu_ns"].notna() & (data.blocks["clock"] == WALL)]
    blocks = blocks.assign(total_ns=blocks["cpu_ns"].astype("int64"), clock=CPU)
    return dataclasses.replace(data, blocks=blocks[blocks["total_ns"] > 0], pairs=_cpu_pairs(data.pairs))


def _cpu_pairs(pairs: pd.DataFrame) -> pd.DataFrame:
    """The block pairs on the wall clock whose CPU time is known, with it in place of wall, on the clock `cpu`."""
    known = pairs["base_cpu_ns"].notna() & pairs["head_cpu_ns"].notna() & (pairs["clock"] == WALL)
    found = pairs[known]
    columns = {f"{side}_ns": found[f"{side}_cpu_ns"].astype("int64") for side in ("base", "head")}
    least = TICKS * tick_ns([*columns["base_ns"], *columns["head_ns"]])
    fine = (columns["base_ns"] >= least) & (columns["head_ns"] >= least)
    return found.assign(**columns, clock=CPU)[fine]


def tick_ns(times: Sequence[int]) -> int:
    """The tick of the clock that read these ns: the largest number that divides them all, and 1 without any."""
    return math.gcd(*times) or 1


def _by_key(pairs: pd.DataFrame) -> dict[str, list[float]]:
    frame = pair_ratios.pair_ratios(pairs)
    return {str(key): group["log_ratio"].tolist() for key, group in frame.groupby("key", sort=False)}


def follows_cpu_time(data: RunData, key: str) -> bool:
    """Whether the step of a case is of one thread and does not wait, as far as its block pairs show.

    Most cases of a certificate have no other blocks, and nothing counts how often a block of a pair waited.
    """
    own = data.launches.loc[data.launches["key"] == key, "one_core"]
    pairs = data.pairs[(data.pairs["key"] == key) & (data.pairs["clock"] == WALL)]
    shares = pd.concat([pairs[f"{side}_cpu_ns"] / pairs[f"{side}_ns"] for side in ("base", "head")]).dropna()
    if own.empty or shares.empty or not own.fillna(False).all():
        return False
    return bool(shares.quantile(0.95) >= COMPUTING)


def judged(
    logs: Logs, others: Logs | None, judge: Callable[[Logs], CertificateLine], names: tuple[str, str] = CLOCKS
) -> CertificateLine:
    """The line that `judge` makes of the log ratios with the narrower interval, of two that tell of the same.

    others: None where the second stand for nothing, or not for all pairs. names: of both, in words; the first is the
    usual, and named only beside the second. Where the two disagree the line shows both; what is not held by one of them
    is not held.
    """
    line, told, (usual, unusual) = judge(logs), "", names
    if others is None or len(others) != len(logs):
        return line
    other, rest = judge(others), unusual
    if _width(other) < _width(line):
        line, other, told, rest = other, line, f", {unusual}", usual
    said, verdicts = line.said + told, {line.verdict, other.verdict}
    if len(verdicts) > 1:
        said += f"; {rest} {other.said}: {other.verdict}"
    return dataclasses.replace(line, said=said, verdict=NOT_HELD if NOT_HELD in verdicts else line.verdict)


def _width(line: CertificateLine) -> float:
    found = line.estimate
    if found is None or found.low is None or found.high is None:
        return math.inf
    return math.log(found.high / found.low)
