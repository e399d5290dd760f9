"""To the device and back: what moving numbers costs, and which host memory they leave from or arrive in.

The course moves a tensor by `.to(device)`, out of pageable memory: the driver copies it into memory of its own first,
since a GPU can fetch by itself only from memory that is pinned, which the operating system may not move. Pinned memory
spares that copy, and lets the host go on while the numbers travel: so can the device, with what has arrived already.
The shortest way is that from a processor's cache.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch

from bench.workload import Context, Prepared, Work, workload
from workloads._course import in_float64

CHUNKS = 8
"""Parts in which `overlap` moves its data: while one is multiplied, the next one travels."""

FLUSHED_BYTES = {"cpu": 2**27, "cuda": 2**28, "mps": 2**28, "xpu": 2**28}
"""Written between two steps to push all else out of the caches: 256 MB as triton's do_bench writes, more than the
second level of any GPU; half of it on a CPU, four times a last level of 32 MB, as it takes tens of milliseconds."""


def need_gpu(ctx: Context, what: str) -> None:
    """End the case where there is nobody to pin memory for."""
    if ctx.device.type != "cuda":
        ctx.skip(f"{what} wants host memory pinned for a GPU to reach by itself: device={ctx.device.type} is none")


def moved(ctx: Context, size: int) -> Work:
    """Work of moving a (size, size) matrix once."""
    bytes_ = size * size * ctx.dtype.itemsize
    return Work(flops=0, bytes=bytes_, kernels=1, items=bytes_, unit="byte")


def arrived(source: torch.Tensor, device: str) -> Callable[[torch.Tensor], float]:
    """A check that a tensor is on `device`, in memory of its own, and the same to the bit as `source`."""

    def check(out: torch.Tensor) -> float:
        # This copy queues behind a non-blocking one of the step and waits for it, as the harness has done already.
        there = source.cpu()
        same = (
            out.device.type == device
            and out.dtype == source.dtype
            and out.data_ptr() != source.data_ptr()
            and torch.equal(out.cpu(), there)
        )
        return 0.0 if same else math.inf

    return check


@workload(
    lesson="GPU acceleration",
    axes={"memory": ("pageable", "pinned", "non_blocking"), "size": (1000, 32, 256, 4096)},
    quick={"memory": ("pageable", "pinned", "non_blocking"), "size": (1000, 32)},
)
def h2d(ctx: Context, memory: str, size: int) -> Prepared:
    """A matrix from the host to the device: (size, size) → (size, size).

    `pageable` is the course's `x.to(device)`. `pinned` leaves from memory pinned beforehand, and `non_blocking` does so
    without waiting: the latency clock waits all the same, the wall clock at the end of a block. On the CPU `pageable`
    is a copy within its memory, and the others are skipped.

    Course:
        move to the device
    Answer:
        The very bytes, compared on the host, on the device and in memory of their own.
    Work:
        Nothing is computed; size² numbers moved, each counted once, though a bus may carry it twice; one kernel, the
        copy; one item a byte, so that items per second are the rate of the transfer.
    Expect:
        Small matrices cost a call and a start whatever their size, large ones the rate of the link. Pageable memory is
        copied by the driver into pinned memory first, so that `pinned` is faster; `non_blocking` hands the host back at
        once, which pays where it has something else to do. On the CPU 67 MB take far more than 17 times as long as 4
        MB: memory so large is fresh from the operating system in every step.
    """
    host = ctx.randn(size, size).cpu()
    if memory != "pageable":
        need_gpu(ctx, f"memory={memory}")
        host = host.pin_memory()
    return Prepared(
        step=partial(host.to, ctx.device, copy=True, non_blocking=memory == "non_blocking"),
        check=arrived(host, ctx.device.type),
        work=moved(ctx, size),
    )


@workload(
    lesson="GPU acceleration",
    axes={"memory": ("pageable", "pinned", "non_blocking"), "size": (1000, 32, 256, 4096)},
    quick={"memory": ("pageable", "pinned", "non_blocking"), "size": (1000, 32)},
)
def d2h(ctx: Context, memory: str, size: int) -> Prepared:
    """A matrix from the device to the host: (size, size) → (size, size).

    `pageable` is the course's `z.to("cpu")`, into fresh memory. `pinned` and `non_blocking` arrive in one buffer pinned
    beforehand, as they would be used: to pin memory takes longer than the copy. On the CPU `pageable` is a copy within
    its memory, and the others are skipped.

    Course:
        move back
    Answer:
        The very bytes, compared on the host, where they must be, in memory of their own. The harness waits for the
        device between step and check, so that a transfer without blocking has ended; the buffer is wiped after each
        check.
    Work:
        Nothing is computed; size² numbers moved, each counted once, though a bus may carry it twice; one kernel, the
        copy; one item a byte, so that items per second are the rate of the transfer.
    Expect:
        As in `transfer/h2d`. In earnest `non_blocking` needs a `torch.cuda.synchronize()` before the numbers are read:
        until then the buffer holds what it held before, or part of both.
    """
    source = ctx.randn(size, size)
    same = arrived(source, "cpu")
    if memory == "pageable":
        return Prepared(step=partial(source.to, "cpu", copy=True), check=same, work=moved(ctx, size))
    need_gpu(ctx, f"memory={memory}")
    buffer = torch.full((size, size), math.nan, dtype=ctx.dtype, pin_memory=True)

    def check(out: torch.Tensor) -> float:
        error = same(out)
        buffer.fill_(math.nan)  # or the next step could do nothing and be right
        return error

    return Prepared(
        step=partial(buffer.copy_, source, non_blocking=memory == "non_blocking"), check=check, work=moved(ctx, size)
    )


@workload(
    lesson="GPU acceleration",
    axes={"how": ("sequential", "overlapped"), "size": (1024, 256, 4096)},
    quick={"how": ("sequential", "overlapped"), "size": 1024},
    dtypes=("float32", "float64", "float16", "bfloat16"),
)
def overlap(ctx: Context, how: str, size: int) -> Prepared:
    """Eight matrices from pinned memory to the device, each multiplied there: 8 x (size, size) → 8 x (size, size).

    `sequential` copies and multiplies on one stream, in turns. `overlapped` copies on a stream of its own, and each
    product waits for its own matrix alone. CUDA only: a CPU copies with the very cores that compute.

    Course:
        move to the device; compute on the device
    Answer:
        Rows of every product, drawn at random, against float64; the results are wiped after each check.
    Work:
        8 times 2·size³ flops; 8·size² numbers moved to the device, and the products' own; 16 kernels; one item a
        product.
    Expect:
        Sequentially the step takes the copies and the products, overlapped the longer of the two and one chunk of the
        other. Both together hide nothing where either is negligible.
    """
    need_gpu(ctx, f"how={how}")
    factor = ctx.randn(size, size)
    hosts = [ctx.randn(size, size).cpu().pin_memory() for _ in range(CHUNKS)]
    there = [torch.empty_like(factor) for _ in hosts]
    out = [torch.full_like(factor, math.nan) for _ in hosts]
    rows = torch.randperm(size, generator=ctx.generator)[:16]
    exact = [in_float64(host[rows]) @ in_float64(factor) for host in hosts]
    copies = torch.cuda.Stream() if how == "overlapped" else torch.cuda.current_stream()

    def step() -> list[torch.Tensor]:
        computing = torch.cuda.current_stream()
        copies.wait_stream(computing)  # the products of the step before have read what is overwritten now
        for host, chunk, product in zip(hosts, there, out, strict=True):
            with torch.cuda.stream(copies):
                chunk.copy_(host, non_blocking=True)
            computing.wait_stream(copies)
            torch.mm(chunk, factor, out=product)
        return out

    def check(found: list[torch.Tensor]) -> float:
        errors = [ctx.relative_error(each.cpu()[rows], one) for each, one in zip(found, exact, strict=True)]
        for each in found:
            each.fill_(math.nan)
        return max(errors)

    bytes_ = 4 * CHUNKS * size * size * ctx.dtype.itemsize
    work = Work(flops=CHUNKS * 2 * size**3, bytes=bytes_, kernels=2 * CHUNKS, items=CHUNKS, unit="product")
    return Prepared(step=step, check=check, work=work)


@workload(
    lesson="GPU acceleration",
    axes={"cache": ("warm", "flushed"), "size": (10**5, 10**4, 10**6)},
    quick={"cache": ("warm", "flushed"), "size": 10**5},
)
def reread(ctx: Context, cache: str, size: int) -> Prepared:
    """The sum of numbers that lie in a cache, or that were pushed out of it: (size,) → ().

    Before each step all of them are read (`warm`), or something larger than the caches is written (`flushed`); neither
    is timed. Each block is one step, so that a short one is told no better than the clock and a launch allow.

    Course:
        compute on the device
    Answer:
        The sum in float64.
    Work:
        size flops; size numbers read once; one kernel; one item a number.
    Expect:
        Flushed, a sum of what fits into the cache takes several times as long: a benchmark that repeats one step on the
        same data shows the warm one, and a training loop that comes by once an epoch lives with the other. With more
        numbers than the cache holds the two meet.
    """
    x = ctx.randn(size).square()  # of one sign, so that the sum is no difference of large numbers
    others = torch.empty(FLUSHED_BYTES[ctx.device.type], dtype=torch.uint8, device=ctx.device)

    def warm() -> None:
        x.sum()

    def flush() -> None:
        others.fill_(1)

    return Prepared(
        step=x.sum,
        check=partial(ctx.relative_error, exact=in_float64(x).sum()),
        reset=warm if cache == "warm" else flush,
        work=Work(flops=size, bytes=size * ctx.dtype.itemsize, kernels=1, items=size, unit="number"),
    )
