"""The highest bandwidths by working set: copy, triad, read, write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from bench.workload import Context, Prepared, Work, workload
from workloads._course import in_float64
from workloads.calibration._scripted import scripted

PERIOD = 512
"""Numbers after which the data repeat: any array is known in full from so few."""

BYTES_A_STEP = 2**23
"""A step passes over a smaller working set so often that it moves so many bytes: then the call is none of its time."""


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
    return stream.prepared(added, *arrays, 3.0, exact=in_float64(b) + 3 * in_float64(c), flops=2)


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
    exact = stream.repeats * in_float64(tile).sum(0, keepdim=True)
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
