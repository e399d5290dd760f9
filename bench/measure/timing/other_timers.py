"""Other timers beside ours, on the same step in the same process: what each of them times, and nothing around it."""

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
from typing import Any, ClassVar

import torch

from bench.measure.devices.device import Device
from bench.measure.timing.blocks import Step, nothing, time_block
from bench.measure.timing.clocks import Clock
from bench.measure.timing.garbage_collector import quiet_garbage

LONGEST_NS, FEWEST_COUPLES = 300_000_000, 5
"""No couple is begun after so many ns of timed blocks, but five are had: a step of 30 ms runs six times a couple."""

FLUSHED_BYTES = 2**28
"""What triton's do_bench writes before each call to push all else out of the second-level cache (triton 3, testing)."""

SINGLE_STEPS = 9
"""Steps of ours, each timed alone on a flushed cache, whose median is held against do_bench's."""

Block = Callable[[Step, int], int]
"""Total ns of so many steps."""


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
        "node": SimpleNamespace(name="step", nodeid="step"), "timer": library.NameWrapper(perf_counter),
        "add_stats": found.append, "disable_gc": False, "min_rounds": 1, "min_time": 0, "max_time": 0,
        "warmup": False, "warmup_iterations": 0, "calibration_precision": 1, "disabled": False,
    }  # fmt: skip
    # What it takes besides differs between 5.0 and 5.2, and does not matter to a single round.
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


ON_THE_HOST: dict[str, tuple[str, Block]] = {
    "torch Timer": ("torch", by_timer),
    "pytest-benchmark": ("pytest_benchmark", by_pytest_benchmark),
    "pyperf": ("pyperf", by_pyperf),
}
"""Name: the module it needs, and a block timed by it. CPU only: none of them waits for a device."""

Totals = dict[str, list[list[int]]]
"""By the name of the other timer: totals in ns of blocks, as [ours, its]."""


def beside(step: Step, steps: int, clock: Clock, couples: int, seed: str) -> Totals:
    """Blocks of `steps` on the CPU, ours and those of each timer that is installed, in random order; `couples` at most.

    Every block comes right after as many steps that are not timed.
    """

    def ours(step: Step, steps: int) -> int:
        return time_block(clock, step, steps, nothing)

    found: Totals = {}
    for name, (module, theirs) in ON_THE_HOST.items():
        if importlib.util.find_spec(module) is not None:
            with quiet_garbage():
                found[name] = _in_turns(step, steps, (ours, theirs), couples, random.Random(f"{seed}:{name}"))
    return found


def _in_turns(step: Step, steps: int, pair: tuple[Block, Block], couples: int, dice: random.Random) -> list[list[int]]:
    found: list[list[int]] = []
    for couple in range(couples):
        if couple >= FEWEST_COUPLES and sum(map(sum, found)) > LONGEST_NS:
            break
        totals = {}
        for place in dice.sample((0, 1), 2):
            for _ in range(steps):
                step()
            totals[place] = pair[place](step, steps)
        found.append([totals[0], totals[1]])
    return found


def beside_do_bench(step: Step, device: Device, couples: int, seed: str) -> Totals:
    """Single steps on a GPU, each on a flushed cache: the median of ours on the device clock, and triton's do_bench's.

    Empty where triton is not installed. Raises `NoClockError` where the device clock cannot time this step.
    """
    if importlib.util.find_spec("triton") is None:
        return {}
    from triton.testing import do_bench

    others = torch.empty(FLUSHED_BYTES, dtype=torch.uint8, device=device.torch_device)
    dice, found = random.Random(seed), []

    def flush() -> None:
        others.fill_(1)

    for _ in range(couples):
        totals = {}
        for place in dice.sample((0, 1), 2):
            if place == 0:
                ours = [device.time("device", step, 1, flush) for _ in range(SINGLE_STEPS)]
                totals[0] = round(statistics.median(ours))
            else:
                totals[1] = round(do_bench(step, warmup=5, rep=25, return_mode="median") * 1e6)
        found.append([totals[0], totals[1]])
    return {"triton do_bench": found}
