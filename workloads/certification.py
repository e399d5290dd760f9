"""Certification: work that is known beforehand, by which the harness itself is tested.

Not of the course. `bench certify` times it and holds what was measured against what must come out: a wait against the
clock that ended it, a hundred and five operations against a hundred. A harness that is wrong here is wrong everywhere.
"""

from __future__ import annotations

from itertools import repeat
from time import perf_counter_ns

import torch

from bench.workload import Context, Prepared, Work, workload
from workloads._course import in_float64

OPERATIONS = 100
"""Operations of `injected` in its plain form, so that one more is one percent."""

SIDE = 64
"""Rows of the matrices of `injected[work=product]`: some microseconds a product."""

NUMBERS = 1000
"""Numbers of `injected[work=sine]`: some microseconds for the sine of all of them."""


@workload(
    lesson="Certification",
    axes={"micros": (1000, 10, 100, 10_000, 100_000)},
    quick={"micros": 10},
    dtypes=("float32",),
    role="certification",
)
def spin(ctx: Context, micros: int) -> Prepared:
    """Reads the clock until so many microseconds have passed.

    CPU only: on a GPU `sleep` is the work that is known.

    Answer:
        The microseconds that passed, but no more than were asked for: less, and it returned too early.
    Work:
        No arithmetic; one item a wait.
    Expect:
        The time that was asked for, and less than a microsecond besides: the last look at the clock comes late.
    """
    if ctx.device.type != "cpu":
        ctx.skip("a wait of the host says nothing of a device; certification/sleep does")
    wanted_ns = micros * 1000

    def step() -> float:
        started = now = perf_counter_ns()
        ends = started + wanted_ns
        while now < ends:
            now = perf_counter_ns()
        return min(now - started, wanted_ns) / 1000

    return Prepared(
        step=step, check=lambda out: ctx.relative_error(out, micros), work=Work(flops=0, items=1, unit="wait")
    )


@workload(
    lesson="Certification",
    axes={"every": (7, 3, 31), "times": (10,), "micros": (2000,)},
    quick={"every": 7},
    dtypes=("float32",),
    role="certification",
)
def periodic(ctx: Context, every: int, times: int, micros: int) -> Prepared:
    """Reads the clock until so many microseconds have passed, and in every so many-th call so many times longer.

    CPU only, as `spin`. A step is longer than a block must be, so that a block is one call: cheap or dear.

    Answer:
        1: the share of what was asked for that has passed; less, and it returned too early.
    Work:
        No arithmetic; one item a wait.
    Expect:
        A median of `micros`, and a mean of `micros` times (`every` - 1 + `times`) / `every`: of the default 2 ms and
        4.57 ms.
    """
    if ctx.device.type != "cpu":
        ctx.skip("a wait of the host says nothing of a device")
    calls = 0

    def step() -> float:
        nonlocal calls
        calls += 1
        wanted_ns = micros * 1000 * (1 if calls % every else times)
        started = now = perf_counter_ns()
        ends = started + wanted_ns
        while now < ends:
            now = perf_counter_ns()
        return min(now - started, wanted_ns) / wanted_ns

    return Prepared(step=step, check=lambda out: ctx.relative_error(out, 1), work=Work(flops=0, items=1, unit="wait"))


@workload(
    lesson="Certification",
    axes={"cycles": (1_000_000, 10_000, 100_000, 10_000_000)},
    quick={"cycles": 10_000},
    dtypes=("float32",),
    role="certification",
)
def sleep(ctx: Context, cycles: int) -> Prepared:
    """Lets a GPU wait for so many cycles of its clock. CUDA only: a CPU has `spin`.

    Answer:
        That it was asked for: nothing but its time tells that a device has waited.
    Work:
        No arithmetic; one kernel; one item a wait.
    Expect:
        Cycles ÷ the clock rate of the multiprocessors, as NVML tells it, and a launch besides.
    """
    if ctx.device.type != "cuda":
        ctx.skip("torch.cuda._sleep waits on a GPU; on a CPU certification/spin does")

    def step() -> int:
        torch.cuda._sleep(cycles)
        return cycles

    return Prepared(
        step=step,
        check=lambda out: ctx.relative_error(out, cycles),
        work=Work(flops=0, kernels=1, items=1, unit="wait"),
    )


@workload(
    lesson="Certification",
    axes={
        "work": ("product", "sine", "backward"),
        "percent": (5, 1, 2, 3, 10, 100),
        "form": ("slower", "plain"),
    },
    quick={"work": ("product", "sine", "backward"), "percent": 5},
    role="certification",
)
def injected(ctx: Context, work: str, percent: int, form: str) -> Prepared:
    """One small operation 100 times in a row, or so many percent more often: slower by that much, by construction.

    `product` multiplies a (64, 64) matrix by an orthogonal one, `sine` takes the sine of 1000 numbers, each of what the
    last one left; `backward` is `autograd/polynomial`, whose gradient adds up. `plain` does 100 whatever `percent` is.

    Answer:
        What n operations, and no fewer, leave: X·Qⁿ by powers of the matrix and n sines in turn, both in float64, and a
        gradient of 20·n.
    Work:
        n times 2·64³ flops of a product, 1000 of sines or 9 of the polynomial and its gradient; one kernel each, 12 for
        the polynomial; one item an operation.
    Expect:
        Time of `slower` ÷ time of `plain` is 1 + percent/100: what the loop around the operations costs is less than a
        thousandth of either.
    """
    times = OPERATIONS + (percent if form == "slower" else 0)
    if work == "product":
        q, _ = torch.linalg.qr(in_float64(ctx.randn(SIDE, SIDE)))
        x, turn = ctx.randn(SIDE, SIDE), ctx.place(q)
        exact = in_float64(x) @ torch.linalg.matrix_power(in_float64(turn), times)

        def step() -> torch.Tensor:
            y = x
            for _ in repeat(None, times):
                y = torch.mm(y, turn)
            return y

        done = Work(flops=2 * SIDE**3 * times, kernels=times, items=times, unit="product")
    elif work == "sine":
        x = ctx.randn(NUMBERS)
        exact = in_float64(x)
        for _ in range(times):
            exact = exact.sin()

        def step() -> torch.Tensor:
            y = x
            for _ in repeat(None, times):
                y = torch.sin(y)
            return y

        done = Work(flops=NUMBERS * times, kernels=times, items=times, unit="sine")
    else:
        x = ctx.place(torch.tensor([2.0])).requires_grad_()
        exact = torch.tensor([20.0 * times], dtype=torch.float64)

        def step() -> torch.Tensor:
            x.grad = None
            for _ in repeat(None, times):
                (x**3 + 2 * x**2 + 5).backward()
            return x.grad  # type: ignore[return-value]  # backward has filled it

        done = Work(flops=9 * times, kernels=12 * times, items=times, unit="gradient")
    return Prepared(step=step, check=lambda out: ctx.relative_error(out, exact), work=done)
