"""Other timers on the same step in the same process: blocks that each of them times, alternating with ours."""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import io
import random
import statistics
from collections.abc import Callable
from time import perf_counter
from types import SimpleNamespace
from typing import Any, ClassVar, NamedTuple

import torch

from bench.measure.devices.device import Device
from bench.measure.timing.blocks import Step, nothing, time_block
from bench.measure.timing.clocks import Clock
from bench.measure.timing.garbage_collector import quiet_garbage
from bench.protocol.rows import TimerPair

LONGEST_NS, FEWEST_PAIRS = 300_000_000, 5
"""Stop adding block pairs after 0.3 s of timed blocks, but take at least 5: a step of 30 ms runs six times a pair."""

FLUSHED_BYTES = 2**28
"""Bytes that triton's do_bench writes before each call to flush the second-level cache (triton 3, testing)."""

SINGLE_STEPS = 9
"""Steps of ours, each timed alone on a flushed cache, whose median is compared with do_bench's."""

TimeSteps = Callable[[Step, int], int]
"""Runs a step a number of times, and returns total ns."""


def by_timer(step: Step, steps: int) -> int:
    """A block of torch's `Timer.timeit`; it makes max(steps/100, 2) calls first that it does not time (torch 2.13)."""
    from torch.utils.benchmark import Timer  # only here: it imports setuptools, a tenth of the start of every worker

    # One thread is its own default.
    timer = Timer("step()", globals={"step": step}, num_threads=torch.get_num_threads())
    return round(timer.timeit(steps).raw_times[0] * 1e9)


def by_pytest_benchmark(step: Step, steps: int) -> int:
    """A round of `benchmark.pedantic(step, iterations=steps)`; the fixture is made as its plugin makes it."""
    from pytest_benchmark import utils
    from pytest_benchmark.fixture import BenchmarkFixture

    library: Any = utils  # untyped
    found: list[Any] = []
    options: dict[str, Any] = {
        "node": SimpleNamespace(name="step", nodeid="step", _nodeid="step"), "timer": library.NameWrapper(perf_counter),
        "add_stats": found.append, "disable_gc": False, "min_rounds": 1, "min_time": 0, "max_time": 0,
        "warmup": False, "warmup_iterations": 0, "calibration_precision": 1, "disabled": False,
    }  # fmt: skip
    # Before 5.3 it reads _nodeid; what it takes besides differs since 5.0, and does not matter to a single round.
    others = set(inspect.signature(BenchmarkFixture).parameters) - set(options) - {"group"}
    fixture: Any = BenchmarkFixture
    fixture(**options, **dict.fromkeys(others)).pedantic(step, rounds=1, iterations=steps, warmup_rounds=1)
    return round(float(found[0].stats.data[0]) * steps * 1e9)


def by_pyperf(step: Step, steps: int) -> int:
    """A value of `Runner.bench_func`, as one of pyperf's worker processes takes it, after a warm-up value."""
    import pyperf

    class Once(pyperf.Runner):  # type: ignore[misc]  # untyped
        _created: ClassVar[set[int]] = set()  # by which it refuses a second instance in a process

    runner = Once(values=1, processes=1, warmups=1, loops=steps)
    runner.parse_args(["--worker", "--quiet"])
    with contextlib.redirect_stdout(io.StringIO()):  # it prints its result
        result = runner.bench_func("step", step)
    return round(float(result.get_values()[0]) * steps * 1e9)


class OtherTimer(NamedTuple):
    """Another timer: the module that it needs, and its block."""

    module: str
    time: TimeSteps


ON_THE_HOST: dict[str, OtherTimer] = {
    "torch Timer": OtherTimer("torch", by_timer),
    "pytest-benchmark": OtherTimer("pytest_benchmark", by_pytest_benchmark),
    "pyperf": OtherTimer("pyperf", by_pyperf),
}
"""Other timers by name. CPU only: none of them waits for a device."""

Paired = dict[str, list[TimerPair]]
"""Block pairs by the name of the other timer."""


def timed_with_others(step: Step, steps: int, clock: Clock, pairs: int, seed: str) -> Paired:
    """Block pairs of `steps` on the CPU, ours and those of each timer that is installed, in random order; at most
    `pairs`.

    Before every block as many steps are run that are not timed.
    """

    def ours(step: Step, steps: int) -> int:
        return time_block(clock, step, steps, nothing)

    found: Paired = {}
    for name, other in ON_THE_HOST.items():
        if importlib.util.find_spec(other.module) is not None:
            with quiet_garbage():
                found[name] = _alternating(step, steps, ours, other.time, pairs, random.Random(f"{seed}:{name}"))
    return found


def _alternating(
    step: Step, steps: int, ours: TimeSteps, theirs: TimeSteps, most: int, dice: random.Random
) -> list[TimerPair]:
    found: list[TimerPair] = []
    while len(found) < most:
        if len(found) >= FEWEST_PAIRS and sum(pair.ours_ns + pair.theirs_ns for pair in found) > LONGEST_NS:
            break
        totals = {}
        for timer in dice.sample((ours, theirs), 2):
            for _ in range(steps):
                step()
            totals[timer] = timer(step, steps)
        found.append(TimerPair(totals[ours], totals[theirs]))
    return found


def timed_with_do_bench(step: Step, device: Device, pairs: int, seed: str) -> Paired:
    """Pairs of single steps on a GPU, on a flushed cache: the median of ours on the device clock, and triton's
    do_bench.

    Empty where triton is not installed. Raises `NoClockError` where the device clock cannot time this step.
    """
    if importlib.util.find_spec("triton") is None:
        return {}
    from triton.testing import do_bench

    others = torch.empty(FLUSHED_BYTES, dtype=torch.uint8, device=device.torch_device)
    dice, found = random.Random(seed), list[TimerPair]()

    def flush() -> None:
        others.fill_(1)

    def ours() -> int:
        return round(statistics.median(device.time("device", step, 1, flush) for _ in range(SINGLE_STEPS)))

    def theirs() -> int:
        return round(1e6 * float(do_bench(step, warmup=5, rep=25, return_mode="median")))

    for _ in range(pairs):
        totals = {}
        for timer in dice.sample((ours, theirs), 2):
            totals[timer] = timer()
        found.append(TimerPair(totals[ours], totals[theirs]))
    return {"triton do_bench": found}
