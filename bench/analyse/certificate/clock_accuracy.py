"""Is the clock fine enough, and does measured time grow in proportion to requested time?"""

from __future__ import annotations

import json
import statistics
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from bench.analyse.certificate.line import (
    HELD,
    LIVE,
    SLOPE,
    TOLD,
    CertificateLine,
    estimate_of,
    ratio_text,
    skipped_line,
    within,
)
from bench.analyse.certificate.recorded import RecordedComparison
from bench.stats import intervals
from bench.store.tables import RunData


def clock(data: RunData) -> Iterator[CertificateLine]:
    """Resolution and cost of the clock, and the cost of an empty call, each the worst of all processes."""
    launches = data.launches
    worst = {
        name: float(launches[f"{name}_ns"].max())
        for name in ("clock_resolution", "clock_cost", "empty_call")
        if launches[f"{name}_ns"].notna().any()
    }
    if len(worst) < 3:
        yield skipped_line("clock", "this machine", "")
        return
    block_ns = data.run["settings"]["block_s"] * 1e9
    fine = max(worst["clock_resolution"], worst["empty_call"]) * 1000 <= block_ns
    yield CertificateLine(
        "clock", "this machine", LIVE, HELD if fine else TOLD,
        f"resolves {worst['clock_resolution']:.0f} ns, takes {worst['clock_cost']:.0f} ns a reading; an empty step "
        f"{worst['empty_call']:.0f} ns",
        f"a thousandth of a block of {block_ns / 1e6:g} ms; otherwise blocks are made longer",
        launches["process"].nunique(), "processes", facts=worst,
    )  # fmt: skip


def linearity(data: RunData, waits: Sequence[RecordedComparison]) -> Iterator[CertificateLine]:
    """Measured time against requested time, over waits from microseconds up: one slope a pair, the median over pairs.

    A wait on the CPU ends by the clock that times it: this tests blocks, their steps and sums, not the rate of the
    clock. A wait on a GPU is a number of cycles of its multiprocessors; NVML gives their rate, CUDA events the time.

    The fit is least squares weighted by 1/asked², so that short waits count as much as long ones; the intercept is what
    the harness and the last reading of the clock add to each.
    """
    micros = {item.key: item.micros * 1e-6 for item in waits if item.micros is not None}
    if micros:
        span = f"{min(micros.values()) * 1e6:g} µs to {max(micros.values()) * 1e3:g} ms"
        frame = _measured(data, micros, "wall")
        yield _slope(f"waits of {span}", frame.assign(asked_s=frame["asked"]))
    cycles = {item.key: item.cycles for item in waits if item.cycles is not None}
    if cycles:
        about = f"a GPU's waits of {min(cycles.values()):,} to {max(cycles.values()):,} cycles"
        frame = _measured(data, cycles, "device").merge(_rates(data), on=["key", "launch", "side"])
        if frame.empty:
            yield skipped_line("linearity", about, BOUND, "NVML reported no clock rate, or no wait has device time")
        else:
            yield _slope(about, frame.assign(asked_s=frame["asked"] / frame["hertz"]))


BOUND = f"slope within {SLOPE:.0%} of 1"


def _measured(data: RunData, asked: Mapping[str, float], clock: str) -> pd.DataFrame:
    """A row for each wait, pair and side: asked, in its own unit, and measured_s, of the median block on `clock`.

    Blocks during which another program took the core are left out, where that is known: they are as long as it wanted.
    """
    blocks = data.blocks
    kept = blocks[
        blocks["kept"].astype(bool)
        & (blocks["phase"] == "step")
        & (blocks["clock"] == clock)
        & blocks["key"].isin(list(asked))
        & (blocks["preempted"].fillna(0) == 0)
    ]
    frame = kept.assign(measured_s=kept["total_ns"] / kept["steps"] / 1e9)
    frame = frame.groupby(["key", "launch", "side"], sort=False)["measured_s"].median().reset_index()
    return frame.assign(asked=frame["key"].map(asked).astype("float64"))


class ClockRate(NamedTuple):
    """The clock rate of a GPU while a case was measured: the mean of the lowest and the highest that NVML read."""

    key: str
    launch: int
    side: str
    hertz: float


def _rates(data: RunData) -> pd.DataFrame:
    """A row for each `ClockRate` that is known."""
    rows = []
    columns = data.launches[["key", "launch", "side", "condition"]]
    for key, launch, side, text in columns.itertuples(index=False, name=None):
        condition = json.loads(text)
        if "mhz_low" in condition:
            rows.append(ClockRate(key, launch, side, (condition["mhz_low"] + condition["mhz_high"]) / 2 * 1e6))
    return pd.DataFrame(rows, columns=list(ClockRate._fields))


def _slope(about: str, frame: pd.DataFrame) -> CertificateLine:
    by_pair: dict[Hashable, list[tuple[float, float]]] = {}
    for (pair, _), group in frame.groupby(["launch", "side"], sort=False):
        if len(group) < 3:
            continue
        x = group["asked_s"].to_numpy(dtype=np.float64)
        slope, intercept = np.polyfit(x, group["measured_s"].to_numpy(dtype=np.float64), 1, w=1 / x)
        by_pair.setdefault(pair, []).append((float(slope), float(intercept)))
    # Both sides of a pair are one datum: they ran side by side.
    means = [tuple(map(statistics.fmean, zip(*lines, strict=True))) for lines in by_pair.values()]
    slopes, intercepts = [mean[0] for mean in means], [mean[1] for mean in means]
    if len(slopes) < 2:
        return skipped_line("linearity", about, BOUND)
    found = estimate_of(intervals.median(slopes, of="pairs"))
    return CertificateLine(
        "linearity", about, LIVE, within(found, 1, SLOPE),
        f"slope {ratio_text(found, 5)}; {statistics.median(intercepts) * 1e9:.0f} ns besides",
        BOUND, found.n, "pairs", found,
    )  # fmt: skip
