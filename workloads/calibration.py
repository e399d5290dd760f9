"""What this machine can do at most: its rates of arithmetic, of moving memory, and of launching kernels.

The measure of all lessons: a step takes at least max(flops ÷ the highest rate of arithmetic, bytes ÷ the highest
bandwidth, kernels × the least cost of a launch), and `bench show --floor` says how far above that each case stays.
Peaks are never taken from a data sheet. One that is too low would call honest times impossible, so each workload does
its one thing in the cheapest way that torch has for it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any

import torch

from bench.workload import Context, Prepared, Work, workload

FLOPS_A_THREAD = 2 * 2048**3
"""Flops of one product that a thread of a CPU is asked for: half a second at most, where a thread does 40 GFLOP/s."""

PROBED, LONGEST_S = 256, 4.0
"""Size of a product that tells how long a larger one takes, and the longest that a CPU is asked for, in seconds. A CPU
without instructions for float16 does 1.3 GFLOP/s here: 1.6 s for a product of 1024, 13 s for one of 2048."""

PERIOD = 512
"""Numbers after which the data repeat: any array is known in full from so few."""

BYTES_A_STEP = 2**23
"""A step passes over a smaller working set so often that it moves so many bytes: then the call is none of its time."""

TENSORS, PASSES = 256, 16
"""Launches of a step of `empty_kernel`: tensors that fit into a cache, so often that the call of the step vanishes."""


def scripted(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` with its loop outside Python: measured, 50 ns in place of 230 ns for each call of an operator."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of torch.jit, which the course teaches
        return torch.jit.script(function)


def probe_s(ctx: Context) -> float:
    """Seconds that a product of size `PROBED` takes, the least of three."""
    a = ctx.place(torch.ones(PROBED, PROBED))
    seconds = []
    for _ in range(3):
        started = perf_counter()
        torch.mm(a, a)
        seconds.append(perf_counter() - started)
    return min(seconds)


@workload(
    lesson="Calibration",
    axes={"size": (2048, 256, 512, 1000, 1024, 4096, 8192)},
    quick={"size": (256, 512, 1000, 1024, 4096, 8192)},
    dtypes=("float32", "float64", "float16", "bfloat16"),
    role="calibration",
)
def product(ctx: Context, size: int) -> Prepared:
    """C = A·B into memory that is there: (size, size) → (size, size).

    Answer:
        64 rows of C, drawn at random, against the same rows multiplied in float64.
    Work:
        2·size³ flops; 3·size² numbers moved: A and B read, C written; one kernel; one product.
    Expect:
        The rate of arithmetic rises with size until all units of the processor are busy: a core of a CPU is there at
        256, a GPU or many cores take 4096 and more. The peak is the highest rate of all: rows of 2ⁿ numbers fall on the
        same lines of a cache, and 1000 may be faster than 1024, by a tenth in float32 and twice in float16. A CPU skips
        what asks more than 2048 does of a thread, since it takes seconds and is no faster, and what a product of 256
        says would take longer than 4 s.
    """
    if ctx.device.type == "cpu" and 2 * size**3 > FLOPS_A_THREAD * torch.get_num_threads():
        ctx.skip(f"a product of size {size} takes a CPU with so few threads seconds, and finds no higher rate")
    if ctx.device.type == "cpu" and size > PROBED:
        seconds = probe_s(ctx) * (size / PROBED) ** 3
        if seconds > LONGEST_S:
            ctx.skip(f"a product of size {size} would take this CPU about {seconds:.0f} s in {ctx.dtype}")
    a, b = ctx.randn(size, size), ctx.randn(size, size)
    out = torch.empty_like(a)
    rows = torch.randperm(size, generator=ctx.generator)[:64]
    exact = a.cpu()[rows].double() @ b.cpu().double()

    def check(found: torch.Tensor) -> float:
        error = ctx.relative_error(found.cpu()[rows], exact)
        out.fill_(torch.nan)  # what the next step does not write stays wrong
        return error

    work = Work(flops=2 * size**3, bytes=3 * size**2 * ctx.dtype.itemsize, kernels=1, items=1, unit="product")
    return Prepared(step=partial(torch.mm, a, b, out=out), check=check, work=work)


def copied(a: torch.Tensor, b: torch.Tensor, passes: int) -> torch.Tensor:
    """a = b, `passes` times."""
    for _ in range(passes):
        a.copy_(b)
    return a


def added(a: torch.Tensor, b: torch.Tensor, c: torch.Tensor, factor: float, passes: int) -> torch.Tensor:
    """a = b + factor·c in one operator, `passes` times."""
    for _ in range(passes):
        torch.add(b, c, alpha=factor, out=a)
    return a


def summed(total: torch.Tensor, b: torch.Tensor, passes: int) -> torch.Tensor:
    """The sum of b, `passes` times: (numbers,) → (1,)."""
    for _ in range(passes):
        torch.sum(b, [0], True, out=total)
    return total


def filled(a: torch.Tensor, value: float, passes: int) -> torch.Tensor:
    """a = value, `passes` times: (numbers,) → (numbers,)."""
    for _ in range(passes):
        a.fill_(value)
    return a


class Stream:
    """Arrays that fill a working set together, and the step that passes over them; the sets of McCalpin's STREAM."""

    def __init__(self, ctx: Context, numbytes: int, arrays: int) -> None:
        self._ctx = ctx
        self.repeats = max(1, numbytes // (arrays * PERIOD * ctx.dtype.itemsize))
        self.bytes = arrays * PERIOD * self.repeats * ctx.dtype.itemsize
        self.passes = max(1, BYTES_A_STEP // numbytes)

    def array(self, tile: torch.Tensor) -> torch.Tensor:
        """`tile` over and over: (PERIOD,) → (PERIOD·repeats,)."""
        with torch.inference_mode():  # tensors that autograd never looks at are cheaper to call
            return tile.repeat(self.repeats)

    def empty(self) -> torch.Tensor:
        """An array that holds no number yet."""
        return self.array(torch.full((PERIOD,), torch.nan, dtype=self._ctx.dtype, device=self._ctx.device))

    def prepared(self, function: Callable[..., Any], *inputs: Any, exact: torch.Tensor, flops: int = 0) -> Prepared:
        """The step `function(*inputs, passes)`, which writes its first input: `exact` again and again, or once."""
        passing, ctx, destination = scripted(function), self._ctx, inputs[0]

        @torch.inference_mode()
        def step() -> torch.Tensor:
            return passing(*inputs, self.passes)

        @torch.inference_mode()
        def check(found: torch.Tensor) -> float:
            # Where the least and the greatest of a column are right, each number of it is.
            columns = found.reshape(-1, len(exact))
            error = ctx.relative_error(torch.stack((columns.amin(0), columns.amax(0))), torch.stack((exact, exact)))
            destination.fill_(torch.nan)  # what the next step does not write stays wrong
            return error

        moved, computed = self.bytes * self.passes, flops * PERIOD * self.repeats * self.passes
        work = Work(computed, moved, self.passes, items=moved, unit="byte", working_set=self.bytes)
        return Prepared(step=step, check=check, work=work)


@workload(
    lesson="Calibration",
    axes={"numbytes": (2**27, 2**15, 2**17, 2**19, 2**21, 2**23, 2**25, 2**29)},
    quick={"numbytes": (2**15, 2**17, 2**19, 2**21, 2**23, 2**25, 2**27)},
    dtypes=("float32", "float64", "float16", "bfloat16"),
    role="calibration",
)
def copy(ctx: Context, numbytes: int) -> Prepared:
    """a = b, both arrays together `numbytes` large: (numbers,) → (numbers,).

    STREAM's Copy (McCalpin, Memory bandwidth and machine balance in current high performance computers, 1995).

    Answer:
        Every number of a is that of b. The check leaves a empty, so that each step it looks at has written all of it.
    Work:
        No flops; `numbytes` bytes a pass, as STREAM counts: each number read once and written once. What a processor
        reads before it writes to it (write-allocate) is not counted, though it crosses the bus; one kernel a pass.
    Expect:
        A step down at the size of each cache: a set that fits is served from it, one that does not from the next.
    """
    stream = Stream(ctx, numbytes, arrays=2)
    tile = ctx.randn(PERIOD)
    return stream.prepared(copied, stream.empty(), stream.array(tile), exact=tile)


@workload(
    lesson="Calibration",
    axes={"numbytes": (2**27, 2**15, 2**17, 2**19, 2**21, 2**23, 2**25, 2**29)},
    quick={"numbytes": (2**15, 2**17, 2**19, 2**21, 2**23, 2**25, 2**27)},
    dtypes=("float32", "float64", "float16", "bfloat16"),
    role="calibration",
)
def triad(ctx: Context, numbytes: int) -> Prepared:
    """a = b + 3·c in one operator, the three arrays together `numbytes` large: (numbers,) → (numbers,).

    STREAM's Triad: as `calibration/copy`, with two arrays read for one written.

    Answer:
        b + 3·c in float64 for every number.
    Work:
        2 flops a number; `numbytes` bytes a pass, no write-allocate counted; one kernel a pass.
    Expect:
        As a copy. Where reads are cheaper than writes it is faster, counted like this: of four transfers with the
        write-allocate three count, of a copy's three two.
    """
    stream = Stream(ctx, numbytes, arrays=3)
    b, c = ctx.randn(PERIOD), ctx.randn(PERIOD)
    arrays = stream.empty(), stream.array(b), stream.array(c)
    return stream.prepared(added, *arrays, 3.0, exact=b.double() + 3 * c.double(), flops=2)


@workload(
    lesson="Calibration",
    axes={"numbytes": (2**27, 2**15, 2**17, 2**19, 2**21, 2**23, 2**25, 2**29)},
    quick={"numbytes": (2**15, 2**17, 2**19, 2**21, 2**23, 2**25, 2**27)},
    dtypes=("float32", "float64"),
    role="calibration",
)
def read(ctx: Context, numbytes: int) -> Prepared:
    """The sum of an array of `numbytes`: (numbers,) → (1,).

    Not in STREAM, but a floor needs it: what only reads, as a loss does, could be faster than any copy. Halves are
    left out: the sum of so many overflows.

    Answer:
        The sum in float64, of positive numbers.
    Work:
        One flop a number; `numbytes` bytes a pass, each number read once; one kernel a pass.
    Expect:
        From memory, with all cores at it, more than a copy as STREAM counts it; one core alone may get less.
    """
    stream = Stream(ctx, numbytes, arrays=1)
    tile = ctx.randn(PERIOD).abs()
    exact = stream.repeats * tile.double().sum(0, keepdim=True)
    with torch.inference_mode():
        total = torch.full_like(tile[:1], torch.nan)
    return stream.prepared(summed, total, stream.array(tile), exact=exact, flops=1)


@workload(
    lesson="Calibration",
    axes={"numbytes": (2**27, 2**15, 2**17, 2**19, 2**21, 2**23, 2**25, 2**29)},
    quick={"numbytes": (2**15, 2**17, 2**19, 2**21, 2**23, 2**25, 2**27)},
    dtypes=("float32", "float64", "float16", "bfloat16"),
    role="calibration",
)
def write(ctx: Context, numbytes: int) -> Prepared:
    """a = a number, `numbytes` of it: → (numbers,).

    Not in STREAM; what creates arrays does it.

    Answer:
        Every number of a is the one that was asked for.
    Work:
        No flops; `numbytes` bytes a pass, each number written once, no write-allocate counted; one kernel a pass.
    Expect:
        As a copy; from memory less, where each line is read before it is written and half of the traffic not counted.
    """
    stream = Stream(ctx, numbytes, arrays=1)
    value = ctx.randn(1)
    return stream.prepared(filled, stream.empty(), value.item(), exact=value)


def zeroed(tensors: list[torch.Tensor], passes: int) -> list[torch.Tensor]:
    """Each tensor set to zero by a kernel of its own, `passes` times."""
    for _ in range(passes):
        torch._foreach_zero_(tensors)
    return tensors


def recorded(tensors: list[torch.Tensor]) -> Callable[[], None]:
    """The same as a CUDA graph, replayed: the least a launch on a GPU costs, since the host takes no part in it."""
    graph = torch.cuda.CUDAGraph()
    tensors[0].zero_()  # so that the kernel is loaded before anything is recorded
    torch.cuda.synchronize(tensors[0].device)
    with torch.cuda.graph(graph):
        for _ in range(PASSES):
            for tensor in tensors:
                tensor.zero_()
    return graph.replay


@workload(lesson="Calibration", dtypes=("float32", "float64", "float16", "bfloat16"), role="calibration")
def empty_kernel(ctx: Context) -> Prepared:
    """4096 kernels that each set a single number to zero, launched in the cheapest way: → (256,).

    On the CPU a launch is a call of an operator through torch's dispatcher, from C++: a scripted loop around a
    `foreach` operator, which on the CPU calls the operator for one tensor after the other, without Python or autograd
    in between. On a GPU it is a node of a CUDA graph, replayed on one stream.

    Answer:
        256 zeros, where the check has left ones. That shows one pass of the sixteen.
    Work:
        No flops; 4096 numbers moved, each written; 4096 kernels, which are the items too.
    Expect:
        Some tens of nanoseconds a launch on a CPU, where one call from Python takes six times as long; on a GPU less
        than in a queue of single launches.
    """
    with torch.inference_mode():
        row = torch.ones(TENSORS, dtype=ctx.dtype, device=ctx.device)
        tensors = list(row.split(1))
        launch = partial(scripted(zeroed), tensors, PASSES) if ctx.device.type == "cpu" else recorded(tensors)

    @torch.inference_mode()
    def step() -> torch.Tensor:
        launch()
        return row

    @torch.inference_mode()
    def check(found: torch.Tensor) -> float:
        error = ctx.relative_error(found, torch.zeros(TENSORS))
        row.fill_(1)
        return error

    kernels, size = TENSORS * PASSES, ctx.dtype.itemsize
    work = Work(0, kernels * size, kernels, items=kernels, unit="kernel", working_set=TENSORS * size)
    return Prepared(step=step, check=check, work=work)
