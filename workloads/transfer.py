"""To the device and back: what moving numbers costs, and which host memory they leave from or arrive in.

The course moves a tensor by `.to(device)`, out of pageable memory: the driver copies it into memory of its own first,
since a GPU can fetch by itself only from memory that is pinned, which the operating system may not move. Pinned memory
spares that copy, and lets the host go on while the numbers travel.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch

from bench.workload import Context, Prepared, Work, workload


def need_gpu(ctx: Context, memory: str) -> None:
    """End the case where there is nobody to pin memory for."""
    if ctx.device.type != "cuda":
        ctx.skip(
            f"memory={memory} is host memory pinned for a GPU to reach by itself: device={ctx.device.type} is none"
        )


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
        need_gpu(ctx, memory)
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
    need_gpu(ctx, memory)
    buffer = torch.full((size, size), math.nan, dtype=ctx.dtype, pin_memory=True)

    def check(out: torch.Tensor) -> float:
        error = same(out)
        buffer.fill_(math.nan)  # or the next step could do nothing and be right
        return error

    return Prepared(
        step=partial(buffer.copy_, source, non_blocking=memory == "non_blocking"), check=check, work=moved(ctx, size)
    )
