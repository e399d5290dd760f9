"""What limits a case, in a word and a sentence: only what the numbers prove, whatever the profiler added."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.analyse.profiles.time_shares import Cost, Share, together
from bench.analyse.profiles.work_limits import COMPUTE, LAUNCHES, MEMORY, Limits

DOMINATES = 0.5
"""A share above one half is larger than all others together: no other part can be the limit."""

ASLEEP = 0.5
"""Below this share of time on a core, the host mostly slept or waited outside of torch."""

COMPUTE_BOUND, MEMORY_BOUND, LAUNCH_BOUND = "compute-bound", "memory-bound", "launch-bound"
OPERATOR_BOUND, KERNEL_BOUND = "operator-bound", "kernel-bound"
PYTHON_BOUND, COPY_BOUND, LOADER_BOUND, WAITING = "Python-bound", "copy-bound", "loader-bound", "waiting"
STARTING = "starting workers"
MIXED, CANNOT_TELL = "mixed", "cannot tell"

MEANINGS: Mapping[str, str] = {
    COMPUTE_BOUND: "arithmetic at the peak of the machine accounts for more than half of the step",
    MEMORY_BOUND: "moving its bytes at the bandwidth of the machine accounts for more than half of the step",
    LAUNCH_BOUND: "the work is so small that starting it is more than half of the step",
    OPERATOR_BOUND: "more than half of the step is in operators; which limit of the machine binds them is not known",
    KERNEL_BOUND: "the device computes for more than half of the step; which of its limits binds is not known",
    PYTHON_BOUND: "the host is outside of torch's operators and of compiled code for more than half of the step",
    COPY_BOUND: "copying memory takes more than half of the step",
    LOADER_BOUND: "fetching batches from a DataLoader takes more than half of the step",
    STARTING: "starting processes for a DataLoader, and what they import anew, takes more than half of the step",
    WAITING: "the host waits for more than half of the step for a device that has nothing to do",
    MIXED: "no part takes more than half of the step",
    CANNOT_TELL: "a part may take more than half of the step, or none: the profiler, or the machine, changed its pace",
}
"""What each verdict claims."""


@dataclass(frozen=True)
class Verdict:
    """The verdict in a word, and the numbers behind it in a sentence."""

    word: str
    because: str


def verdict_of(shares: Sequence[Share], limits: Limits, cost: Cost, on_device: bool) -> Verdict:
    """The verdict on a step whose time has these shares. on_device: whether the case uses a device besides the host."""
    if not shares:
        return Verdict(CANNOT_TELL, "the profiler lost the regions of all blocks")
    if cost.unsteady:
        return Verdict(CANNOT_TELL, cost.unsteady)
    by_name = {share.name: share for share in shares}
    for name, word in (("copies", COPY_BOUND), ("starting", STARTING), ("loader", LOADER_BOUND), ("waiting", WAITING)):
        if name in by_name and by_name[name].low > DOMINATES:
            return Verdict(word, _says(by_name[name]))
    fetching = together(shares, ("loader", "starting"), cost)
    if fetching.low > DOMINATES:
        starting = _between(by_name["starting"])
        return Verdict(LOADER_BOUND, f"{_between(fetching)} of the step is a DataLoader's, of it {starting} its start")
    outside = together(shares, ("python", "wrapping"), cost)
    if outside.low > DOMINATES:
        asleep = f"; the thread was on a core for only {_percent(cost.on_core)} of the time: it sleeps or waits there"
        return Verdict(PYTHON_BOUND, _outside(outside, by_name) + (asleep if cost.on_core < ASLEEP else ""))
    working = together(shares, ("kernels",) if on_device else ("operators", "compiled", "copies"), cost)
    if working.low > DOMINATES:
        return _by_limit(working, limits, KERNEL_BOUND if on_device else OPERATOR_BOUND)
    feeding = together(shares, ("operators", "compiled", "wrapping", "python"), cost)
    if on_device and feeding.low > DOMINATES:
        of_it = (
            f", of which at most {_percent(by_name['python'].high)} outside operators" if "python" in by_name else ""
        )
        return Verdict(LAUNCH_BOUND, f"{_between(feeding)} of the step the device idles until the host launches{of_it}")
    wholes = (working, outside, *((feeding,) if on_device else ()))
    possible = [share for share in (*shares, *wholes) if share.high > DOMINATES]
    if not possible:
        return Verdict(MIXED, ", ".join(f"{share.name} {_between(share)}" for share in shares[:3]))
    largest = max(possible, key=lambda share: share.value)
    return Verdict(
        CANNOT_TELL,
        f"under the profiler {largest.name} were {_percent(largest.value)} of the step, but it was "
        f"{cost.overhead.value:.2f} times as slow: without, they are {_between(largest)}",
    )


def _by_limit(working: Share, limits: Limits, without: str) -> Verdict:
    """The limit of a step that mostly works, as far as the peaks of the machine are known."""
    said = f"{_between(working)} of the step is in {working.name}"
    limit = limits.largest()
    if limit is None:
        return Verdict(without, f"{said}; compute or memory? {limits.reason}")
    sure = limit.value if math.isnan(limit.low) else limit.low
    accounts = (
        f"{_OF[limit.name]} at the peak of this machine would take {_percent(limit.value)} of it (run {limits.run})"
    )
    if sure > 1:
        return Verdict(
            without, f"{said}; {accounts}, which is impossible: measure the peaks again, bench run 'calibration/*'"
        )
    if sure > DOMINATES:
        return Verdict(_BOUND[limit.name], f"{said}; {accounts}")
    return Verdict(without, f"{said}; no limit of the machine accounts for half: {accounts}")


_BOUND = {COMPUTE: COMPUTE_BOUND, MEMORY: MEMORY_BOUND, LAUNCHES: LAUNCH_BOUND}
_OF = {COMPUTE: "its arithmetic", MEMORY: "moving its bytes", LAUNCHES: "launching its kernels"}


def _says(share: Share) -> str:
    return f"{_between(share)} of the step {share.what}"


def _outside(outside: Share, by_name: Mapping[str, Share]) -> str:
    """How much of a step is outside of operators and compiled code, and how much of that is torch.compile's own."""
    if "wrapping" not in by_name:
        return _says(by_name["python"])
    return (
        f"{_between(outside)} of the step the host is outside of operators and compiled code, of it "
        f"{_between(by_name['wrapping'])} where torch.compile checks its guards and hands over"
    )


def _between(share: Share) -> str:
    low, high = _percent(share.low), _percent(share.high)
    return low if low == high else f"{low} to {high}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
