"""Crossover, knee, break-even, serial share, launch floor and roof: of a thousand noisy frames of known truth, at least
930 hold it within their 95 % interval; where the data cannot decide, they say so.

930 is what 1,000 draws of a true 95 % give but for chance: fewer than that has a probability of 0.2 %.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from bench.analyse.curves.crossover import crossover
from bench.analyse.curves.launch_floor import LaunchFloor, launch_floor
from bench.analyse.curves.roofline import roofline_points
from bench.analyse.curves.serial_share import amdahl
from bench.analyse.curves.throughput_knee import KNEE_SHARE, knee
from bench.analyse.rows.break_even import break_even
from bench.analyse.rows.peaks import Place, peaks
from bench.analyse.rows.row import Row
from bench.records import Case, Outcome
from bench.stats import intervals
from bench.stats.curve_fits import Fit
from bench.stats.intervals import Interval
from bench.workload import Work

DRAWS, FEWEST = 1000, 930
CREATED = "2026-11-01T10:00:00+00:00"


def row(dice: np.random.Generator, truth_s: float, sd: float = 0.03, launches: int = 6, **more: Any) -> Row:
    """A row of a step that takes `truth_s`, its launches `sd` apart on logs; keywords: stated work, or axes."""
    times = [truth_s * math.exp(x) for x in dice.normal(0, sd, launches)]
    found = intervals.median(times)
    stated = {"flops", "bytes", "items", "kernels", "working_set"}
    axes = {name: item for name, item in more.items() if name not in (*stated, "workload")}
    case = Case.of(more.get("workload", "made/up"), {"device": "cpu", "threads": 1, **axes})
    work = Work(**{"items": 1.0, **{name: item for name, item in more.items() if name in stated}})
    low, high = (None if end is None else work.items / end for end in (found.high, found.low))
    return Row(
        case, "R", "machine", "torch", Outcome.OK, clock="wall", time=found, fastest_s=min(times), work=work,
        sd_launches=statistics.stdev(map(math.log, times)) if launches > 1 else None,
        rate=Interval(work.items / found.value, low, high, found.n, found.method),
        threads_used=case["threads"],
    )  # fmt: skip


def held(draw: Callable[[np.random.Generator], tuple[float, float]], truth: float) -> int:
    """How many of a thousand intervals hold the truth."""
    dice = np.random.default_rng(7)
    return sum(low <= truth <= high for low, high in (draw(dice) for _ in range(DRAWS)))


SIZES = (64, 256, 1024, 4096)


def cpu_s(size: float) -> float:
    return 2e-6 + 2 * size**3 / 5e10


def gpu_s(size: float) -> float:
    return max(3e-5, 2 * size**3 / 2e13)


def devices(
    dice: np.random.Generator, slow: Callable[[float], float], fast: Callable[[float], float], **more: Any
) -> tuple[list[Row], list[Row]]:
    return (
        [
            row(dice, slow(size) * wait, size=size, threads=n, **more)
            for size in SIZES
            for n, wait in ((1, 1.0), (4, 1.3))
        ],
        [row(dice, fast(size), size=size, device="cuda", **more) for size in SIZES],
    )


@pytest.mark.parametrize("slope", [1.0, 0.2])
def test_a_crossover_is_held_by_its_interval(slope: float) -> None:
    """Both for times that part steeply, and for such that hardly do, where several sizes cannot decide."""

    def draw(dice: np.random.Generator) -> tuple[float, float]:
        found = crossover(*devices(dice, lambda x: (x / 700) ** slope, lambda _: 1.0), "size")
        assert not found.reason
        assert found.low is not None
        assert found.value is not None
        assert found.high is not None
        assert found.low <= found.value <= found.high
        return found.low, found.high

    assert held(draw, 700) >= FEWEST


def test_a_crossover_of_real_shapes_lies_between_the_sizes_around_it() -> None:
    found = crossover(*devices(np.random.default_rng(1), cpu_s, gpu_s), "size")
    assert (found.low, found.high) == (64, 256)
    assert found.value == pytest.approx((3e-5 - 2e-6) ** (1 / 3) * (5e10 / 2) ** (1 / 3), rel=0.25)


@pytest.mark.parametrize(
    ("slow", "says"),
    [
        (lambda _: 1.0, "every interval holds the line"),
        (lambda _: 3.0, "above from the first"),
        (lambda _: 0.3, "below up to the last"),
        (lambda x: {64: 3.0, 256: 0.3, 1024: 3.0, 4096: 0.3}[x], "surely above at 64, and surely below at 4,096"),
    ],
    ids=["flat", "always", "never", "contradictory"],
)
def test_a_crossover_that_is_not_there_is_not_resolved(slow: Callable[[float], float], says: str) -> None:
    found = crossover(*devices(np.random.default_rng(2), slow, lambda _: 1.0, sd=1e-3), "size")
    assert found.value is None
    assert says in found.reason


def test_a_crossover_of_one_launch_a_case_is_not_resolved() -> None:
    found = crossover(*devices(np.random.default_rng(2), cpu_s, gpu_s, launches=1), "size")
    assert found.value is None
    assert found.reason == "one launch for each case: without intervals nothing is resolved"


BATCHES = (1, 8, 32, 128, 512, 2048, 8192)


def batches(dice: np.random.Generator, step_s: Callable[[float], float], sd: float = 0.03) -> list[Row]:
    return [row(dice, step_s(batch), sd, batch=batch, items=float(batch)) for batch in BATCHES]


def test_a_knee_is_held_by_its_interval() -> None:
    """Times follow a + b·batch; the truth is where the rate is nine tenths of that of the largest batch."""
    overhead, each = 2e-4, 1e-5
    best = BATCHES[-1] / (overhead + each * BATCHES[-1])
    truth = overhead * KNEE_SHARE * best / (1 - each * KNEE_SHARE * best)

    def draw(dice: np.random.Generator) -> tuple[float, float]:
        found = knee(batches(dice, lambda batch: overhead + each * batch))
        return found.low or math.nan, found.high or math.nan

    assert held(draw, truth) >= FEWEST


@pytest.mark.parametrize(
    ("step_s", "says"),
    [
        (lambda batch: batch * 1e-6, "above from the first"),
        (lambda batch: 1e-3, "still rises at batch 8,192"),
        (lambda batch: batch * 1e-6 * (5 if batch in (8, 128) else 1), "surely above at 1, and surely below at 128"),
    ],
    ids=["flat", "rising", "contradictory"],
)
def test_a_knee_that_is_not_there_is_not_resolved(step_s: Callable[[float], float], says: str) -> None:
    found = knee(batches(np.random.default_rng(3), step_s, sd=0.005))
    assert found.value is None
    assert says in found.reason


@pytest.mark.parametrize("serial", [0.02, 0.3])
def test_the_serial_share_is_held_by_its_interval(serial: float) -> None:
    def draw(dice: np.random.Generator) -> tuple[float, float]:
        counts = (1, 2, 4, 8, 16)
        found = amdahl([row(dice, serial + (1 - serial) / n, threads=n) for n in counts])
        assert isinstance(found, Fit) or "more than its noise" in found
        return (found.shape_low, found.shape_high) if isinstance(found, Fit) else (math.nan, math.nan)

    assert held(draw, serial) >= FEWEST


@pytest.mark.parametrize(
    ("times", "says"),
    [
        ({1: 1.0, 2: 1.0, 4: 1.0, 8: 1.0}, "no number of threads is surely faster"),
        ({1: 1.0, 2: 0.5, 4: 0.9, 8: 0.2}, "more than its noise explains"),
        ({1: 1.0, 2: 1.5, 4: 3.0, 8: 6.0}, "more than its noise explains"),
        ({1: 1.0, 2: 0.5}, "three thread counts are needed"),
    ],
    ids=["flat", "contradictory", "slower", "two"],
)
def test_a_serial_share_that_the_data_do_not_tell_is_not_resolved(times: Mapping[int, float], says: str) -> None:
    dice = np.random.default_rng(4)
    found = amdahl([row(dice, time, threads=n) for n, time in times.items()])
    assert isinstance(found, str)
    assert says in found


MOVED = tuple(10.0**power for power in range(2, 10))


def operations(dice: np.random.Generator, time_s: Callable[[float], float], **more: Any) -> list[Row]:
    return [row(dice, time_s(moved), bytes=moved, size=int(moved), **more) for moved in MOVED]


def test_the_launch_floor_is_held_by_its_interval() -> None:
    truth, dice = {"overhead_s": 5e-6, "bandwidth": 3e11, "knee_bytes": 5e-6 * 3e11}, np.random.default_rng(7)
    counts = dict.fromkeys(truth, 0)
    for _ in range(DRAWS):
        found = launch_floor(operations(dice, lambda moved: max(5e-6, moved / 3e11)))
        assert isinstance(found, LaunchFloor) or "more than its noise" in found
        for name, value in truth.items() if isinstance(found, LaunchFloor) else ():
            _, low, high = getattr(found, name)
            counts[name] += low <= value <= high
    assert min(counts.values()) >= FEWEST, counts


@pytest.mark.parametrize(
    ("time_s", "says"),
    [
        (lambda moved: 5e-6, "to see the bandwidth"),
        (lambda moved: moved / 3e11, "costs the overhead alone"),
        (lambda moved: 5e-6 * (4 if round(math.log10(moved)) % 2 else 1), "more than its noise explains"),
    ],
    ids=["flat", "proportional", "contradictory"],
)
def test_a_launch_floor_that_is_not_there_is_not_resolved(time_s: Callable[[float], float], says: str) -> None:
    found = launch_floor(operations(np.random.default_rng(5), time_s))
    assert isinstance(found, str)
    assert says in found


def test_a_launch_floor_of_one_launch_a_case_is_not_resolved() -> None:
    found = launch_floor(operations(np.random.default_rng(5), lambda moved: max(5e-6, moved / 3e11), launches=1))
    assert isinstance(found, str)
    assert "their noise is not known" in found


def test_a_break_even_is_held_by_its_interval() -> None:
    def draw(dice: np.random.Generator) -> tuple[float, float]:
        cost, eager, compiled = row(dice, 20.0, 0.05), row(dice, 1e-3), row(dice, 0.7e-3, mode="compile")
        found = break_even(cost.step, eager.step, compiled.step)
        return found.low, found.high

    assert held(draw, 20.0 / 0.3e-3) >= FEWEST


@pytest.mark.parametrize(("eager_s", "value"), [(1e-3, None), (0.5e-3, math.inf)], ids=["flat", "slower"])
def test_a_break_even_that_may_never_come_has_no_upper_end(eager_s: float, value: float | None) -> None:
    dice = np.random.default_rng(6)
    cost = Interval(20.0, 19.0, 21.0, 6, "")
    found = break_even(cost, row(dice, eager_s).step, row(dice, 1e-3, mode="compile").step)
    assert found.high == math.inf
    assert value is None or (found.value, found.low) == (value, value)


PEAK, BANDWIDTH = 1e11, 2e10


@pytest.mark.parametrize(("intensity", "truth"), [(0.25, 0.25 * BANDWIDTH), (100.0, PEAK)], ids=["memory", "compute"])
def test_a_roof_is_held_by_its_interval(intensity: float, truth: float) -> None:
    """The rows of the calibration are the machine's: several products, the largest of which is the fastest."""

    def draw(dice: np.random.Generator) -> tuple[float, float]:
        (found,) = roofline_points(*machine(dice, intensity))
        assert found.bound == ("memory" if intensity < PEAK / BANDWIDTH else "compute")
        _, low, high = found.roof.at(intensity)
        return low, high

    assert held(draw, truth) >= FEWEST


def machine(dice: np.random.Generator, intensity: float, share: float = 0.5, launches: int = 6) -> tuple[Any, Any]:
    """Rows of one case that reaches a share of its roof, and the peaks they are held to."""
    calibration = [
        row(dice, 2e9 / (PEAK * part), launches=launches, workload="calibration/product", flops=2e9, size=size)
        for size, part in ((256, 0.5), (1024, 0.9), (2048, 1.0))
    ]
    calibration += [
        row(
            dice, 1e8 / BANDWIDTH, launches=launches, workload="calibration/triad", bytes=1e8, kernels=1.0,
            numbytes=10**8, working_set=1e8,
        )
    ]  # fmt: skip
    roof = min(PEAK, intensity * BANDWIDTH)
    case = row(
        dice, 1e8 * intensity / (roof * share), launches=launches, flops=1e8 * intensity, bytes=1e8, working_set=1e8
    )
    return [case, *calibration], peaks(calibration, CREATED)


def test_near_the_ridge_what_binds_is_not_resolved() -> None:
    (found,) = roofline_points(*machine(np.random.default_rng(8), PEAK / BANDWIDTH))
    assert found.bound == "not resolved"


def test_a_roof_of_one_launch_has_no_interval_and_binds_nothing() -> None:
    (found,) = roofline_points(*machine(np.random.default_rng(8), 0.25, launches=1))
    assert math.isnan(found.share[1])
    assert found.bound == "not resolved"


def test_the_share_of_the_roof_holds_the_truth() -> None:
    def draw(dice: np.random.Generator) -> tuple[float, float]:
        (found,) = roofline_points(*machine(dice, 0.25))
        assert found.roof.place == Place("cpu", 1, "wall")
        return found.share[1:]

    assert held(draw, 0.5) >= FEWEST
