"""Is the CPU clock right? On waits that spin, on cases against themselves, and on work slower by construction."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence

import pandas as pd

from bench.analyse.certificate.line import (
    CPU_TIME,
    HELD,
    LIVE,
    NOT_HELD,
    RECOVERY,
    UNDECIDED,
    CertificateLine,
    ends,
    ratio_text,
    skipped_line,
    within,
)
from bench.analyse.certificate.pair_clocks import TICKS, tick_ns
from bench.analyse.certificate.recorded import Ratios, RecordedComparison
from bench.analyse.gate import pair_ratios
from bench.records import Case
from bench.series import STEP, WALL
from bench.store.tables import RunData

CHECK, BOUND = "CPU clock", f"within {CPU_TIME:.0%} of 1"

PLANTED = 1.05
"""The slow-down that the CPU clock must find in the planted work, and must not find in a case against itself."""


def cpu_clock(
    data: RunData,
    waits: Sequence[RecordedComparison],
    same: Sequence[RecordedComparison],
    injected: Sequence[RecordedComparison],
    ratios: Ratios,
) -> Iterator[CertificateLine]:
    """CPU time against wall of waits that spin; then cases against themselves and planted slow-downs on it.

    ratios: on the CPU clock. One skipped line where the machine gives no CPU times, or too coarse ones.
    """
    spins = [item for item in waits if item.micros is not None]
    blocks = _blocks(data, [item.key for item in spins])
    if blocks.empty:
        yield skipped_line(CHECK, "waits", BOUND)
        return
    known = blocks[blocks["cpu_ns"].notna()]
    tick = tick_ns(known["cpu_ns"].astype("int64").tolist())
    coarse = not known.empty and TICKS * tick > float(known["cpu_ns"].median())
    if known.empty or coarse:
        reason = f"its ticks of {tick / 1e6:.3g} ms are too coarse for blocks" if coarse else "no block has a CPU time"
        yield dataclasses.replace(skipped_line(CHECK, "this machine", BOUND, reason), optional=True)
        return
    yield _of_waits(spins, known, tick, float(data.run["settings"]["block_s"]) * 1e9)
    on_host = [item for item in same if Case.from_key(item.key).axes["device"] == "cpu"]
    planted = [item for item in injected if item.ratio == PLANTED and item.key in ratios]
    confidence = 1 - (1 - RECOVERY) / max(1, len(on_host) + len(planted))
    for item in (*on_host, *planted):
        yield _of_pairs(item, ratios.get(item.key, ()), confidence)


def _blocks(data: RunData, keys: Sequence[str]) -> pd.DataFrame:
    """The kept blocks of these cases that were timed on one side alone."""
    blocks = data.blocks
    timed = blocks["kept"].astype(bool) & (blocks["phase"] == STEP) & (blocks["clock"] == WALL)
    return blocks[timed & blocks["key"].isin(list(keys))]


def _of_waits(waits: Sequence[RecordedComparison], blocks: pd.DataFrame, tick: int, block_ns: float) -> CertificateLine:
    """A wait that spins computes all the time that it takes, unless another program takes the core."""
    micros = [item.micros for item in waits if item.micros is not None]
    about = f"waits of {min(micros):g} µs to {max(micros) / 1e3:g} ms"
    counted = bool(blocks["preempted"].notna().any())
    whole = blocks[blocks["preempted"].fillna(0) == 0]
    shares = (whole["cpu_ns"].astype("float64") / whole["total_ns"].astype("float64")).groupby(
        [whole["launch"], whole["key"], whole["side"]], sort=False
    )
    # Waits and sides of a pair are one datum: they ran side by side.
    logs = shares.median().map(math.log).groupby("launch", sort=False).mean().tolist()
    if len(logs) < 2:
        return skipped_line(CHECK, about, BOUND)
    found = pair_ratios.ratio(logs)
    cost_ns = float((whole["cpu_ns"].astype("float64") - whole["total_ns"].astype("float64")).median())
    which = f"of the {len(whole) / len(blocks):.0%} of blocks that kept their core" if counted else "of all blocks"
    return CertificateLine(
        CHECK, about, LIVE, within(found, 1, CPU_TIME),
        f"CPU ÷ wall {ratio_text(found, 4)}, {which}; resolves {tick} ns; its readings add {cost_ns:.0f} ns, "
        f"{cost_ns / block_ns:.2%} of a block of {block_ns / 1e6:g} ms",
        BOUND, found.n, "pairs", found, facts={"tick_ns": tick, "cost_ns": cost_ns, "blocks": len(whole)},
    )  # fmt: skip


def _of_pairs(item: RecordedComparison, logs: Sequence[float], confidence: float) -> CertificateLine:
    """The truth, 1 or the planted slow-down, lies in the interval on the CPU clock, and the other does not."""
    other = 1.0 if item.ratio != 1 else PLANTED
    bound = f"{item.ratio:g} inside the interval and {other:g} outside"
    if len(logs) < 2:
        return skipped_line(CHECK, item.key, bound)
    found = pair_ratios.ratio(logs, confidence)
    low, high = ends(found)
    inside, told_apart = low <= item.ratio <= high, not low <= other <= high
    return CertificateLine(
        CHECK, item.key, LIVE, (HELD if told_apart else UNDECIDED) if inside else NOT_HELD,
        f"{item.ratio:g} is {'in' if inside else 'out'}side head ÷ base {ratio_text(found)}", bound, found.n, "pairs",
        found,
    )  # fmt: skip
