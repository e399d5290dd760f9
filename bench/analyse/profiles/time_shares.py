"""Where the time of a step goes, and how far the profiler itself may have changed that.

A profiler slows a step down. A part that takes c of the P nanoseconds under the profiler takes at least c - (P - U) and
at most c of the U nanoseconds without it, since the profiler added its time somewhere. As shares of U these are bounds,
not estimates: they hold wherever the profiler's own time went.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.analyse.profiles.recorded import RecordedProfile
from bench.stats import intervals
from bench.stats.intervals import Interval

BUDGET = 1.25
"""If a step takes more than this many times as long under the profiler, no times of its parts are shown. At 1.25 a part
that seems to be 60 % of a step may be half of it: no longer more than all others together."""

PARTS: Mapping[str, str] = {
    "kernels": "the device computes",
    "copies": "memory is copied",
    "starting": "the workers of a DataLoader start, import and fetch their first batch",
    "loader": "a DataLoader fetches a batch",
    "waiting": "the host waits for an idle device",
    "compiled": "compiled code runs",
    "wrapping": "torch.compile checks its guards, hands over arguments and results",
    "operators": "operators of torch run",
    "python": "the host is outside of all operators",
}
"""What happens in each part of the time."""

LAUNCHING = "operators call and launch, while the device idles"
"""What happens in the part `operators` of a case with a device."""


@dataclass(frozen=True)
class Cost:
    """The time of a step, and the cost of profiling it."""

    step_s: Interval
    """Seconds per step without the profiler, before and after it; n counts blocks of one process."""
    overhead: Interval
    """A step with the profiler ÷ one without."""
    profiled_s: float
    """Seconds per step that the parts add up to."""
    steps: int
    """Steps that were profiled."""
    on_core: float
    """Share of the time without the profiler in which the thread that calls the steps was on a core."""

    unsteady: str = ""
    """Why blocks with and without the profiler cannot be compared: the machine changed its pace."""

    @property
    def shape_only(self) -> bool:
        """Whether it is over budget or its cost unknown; then calls, shapes and bytes are shown without times."""
        return self.overhead.value > BUDGET or bool(self.unsteady)


@dataclass(frozen=True)
class Share:
    """A part of the time of a step: `value` under the profiler, between `low` and `high` without it."""

    name: str
    what: str
    value: float
    low: float
    high: float


def cost_of(taken: RecordedProfile) -> Cost:
    """The time of a step and the cost of profiling, from the blocks before, with and after the profiler."""
    plain = [total / taken.steps / 1e9 for total in (*taken.before_ns, *taken.after_ns)]
    profiled = [total / taken.steps / 1e9 for total in taken.profiled_ns]
    seen = taken.steps * taken.blocks
    return Cost(
        step_s=intervals.median(plain, of="blocks"),
        overhead=intervals.unpaired_ratio(profiled, plain, of="blocks"),
        profiled_s=sum(taken.split_ns.values()) / 1e9 / seen if seen else statistics.median(profiled),
        steps=seen,
        on_core=taken.thread_ns / taken.wall_ns,
        unsteady=_unsteady(taken),
    )


UNSTEADY = 1.25
"""The machine changed its pace if the blocks before and after differ by more than this factor, or if those with the
profiler are faster than both by more. Another program on the same cores does that: 1.8 times was seen here."""


def _unsteady(taken: RecordedProfile) -> str:
    before, during, after = (statistics.median(ns) for ns in (taken.before_ns, taken.profiled_ns, taken.after_ns))
    if max(before, after) <= UNSTEADY * min(before, after) and during * UNSTEADY >= min(before, after):
        return ""
    paces = ", ".join(f"{ns / taken.steps / 1e9:.3g} s" for ns in (before, during, after))
    return f"the machine changed its pace: a step took {paces} before, under and after the profiler"


def shares_of(taken: RecordedProfile, cost: Cost) -> tuple[Share, ...]:
    """The parts that took any time, the largest first."""
    total = sum(taken.split_ns.values())
    whats = {**PARTS, "operators": LAUNCHING} if taken.device is not None else PARTS
    found = [_share(name, whats[name], ns / total, cost) for name, ns in taken.split_ns.items() if ns]
    return tuple(sorted(found, key=lambda share: -share.value))


def together(shares: Iterable[Share], names: Iterable[str], cost: Cost) -> Share:
    """Join several parts into one, whose bounds are narrower than the sums of theirs."""
    own = [share for share in shares if share.name in set(names)]
    *names, last = [share.name for share in own] or ["nothing"]
    name = f"{', '.join(names)} and {last}" if names else last
    return _share(name, "", sum(share.value for share in own), cost)


def _share(name: str, what: str, value: float, cost: Cost) -> Share:
    """A part whose share of the time under the profiler is `value`. If the profiler cost nothing, the bounds are the
    value; if its cost is unknown, they are 0 and 1."""
    if cost.unsteady:
        return Share(name, what, value, 0.0, 1.0)
    slower = max(1.0, cost.profiled_s / cost.step_s.value)
    return Share(name, what, value, max(0.0, value * slower - (slower - 1)), min(1.0, value * slower))


def device_idle(taken: RecordedProfile, cost: Cost) -> Share | None:
    """The share of the time in which the device has nothing to do; None if no work of a device is known.

    `value` is the share between its first and its last work under the profiler. `low` and `high` are without the
    profiler, where the work of the device takes no longer.
    """
    device = taken.device
    if device is None or not device.span_ns or not cost.steps:
        return None
    value = 1 - device.busy_ns / device.span_ns
    if cost.unsteady:
        return Share("idle", "the device has nothing to do", value, 0.0, 1.0)
    without = 1 - device.busy_ns / 1e9 / cost.steps / cost.step_s.value
    ends = sorted((max(0.0, without), value))
    return Share("idle", "the device has nothing to do", value, *ends)
