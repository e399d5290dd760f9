"""Steps in which one thing is planted that takes most of their time, and steps that end in the middle of a profile."""

import ctypes
import os
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import torch
from torch.utils.data import DataLoader, TensorDataset

from bench.workload import Context, Prepared, Work, workload


def prepared(step: Callable[[], Any], **more: Any) -> Prepared:
    return Prepared(step=step, check=lambda out: 0.0, work=Work(items=1), **more)


def under_a_profiler() -> bool:
    return torch.autograd.profiler._is_profiler_enabled


@workload(lesson="Planted")
def sleeps(ctx: Context) -> Prepared:
    """Sleeps for 3 ms beside a small product."""
    a = ctx.randn(16, 16)

    def step() -> torch.Tensor:
        time.sleep(0.003)
        return a @ a

    return prepared(step)


@workload(lesson="Planted")
def hides(ctx: Context) -> Prepared:
    """Sleeps for 3 ms in a process that no other may look into, unless it has CAP_SYS_PTRACE."""
    pr_set_dumpable = 4
    ctypes.CDLL(None).prctl(pr_set_dumpable, 0, 0, 0, 0)

    def step() -> torch.Tensor:
        time.sleep(0.003)
        return torch.ones(1)

    return prepared(step)


@workload(lesson="Planted")
def copies(ctx: Context) -> Prepared:
    """Copies 4 MB beside a small product."""
    a, b, large = ctx.randn(16, 16), torch.empty(2**20), torch.ones(2**20)

    def step() -> torch.Tensor:
        b.copy_(large)
        return a @ a

    return prepared(step)


@workload(lesson="Planted")
def reads_items(ctx: Context) -> Prepared:
    """Reads seven numbers back by `.item()`."""
    a = ctx.randn(7)
    return prepared(lambda: torch.tensor(sum(value.item() for value in a)))


@workload(lesson="Planted")
def multiplies(ctx: Context) -> Prepared:
    """One large product."""
    a = ctx.randn(400, 400)
    return prepared(lambda: torch.mm(a, a))


@workload(lesson="Planted")
def loads(ctx: Context) -> Prepared:
    """Fetches batches of eight from a thousand rows by a DataLoader, and adds them up."""
    loader = DataLoader(TensorDataset(torch.ones(1000, 1)), batch_size=8)
    resets = []

    def step() -> Any:
        return sum(batch.sum() for (batch,) in loader)

    return prepared(step, reset=lambda: resets.append(1))


@workload(lesson="Planted")
def vanishes(ctx: Context) -> Prepared:
    """Ends its process once it runs inside the function that is named for the case."""

    def step() -> torch.Tensor:
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            if frame.f_code.co_name.startswith("planted_profiles/vanishes"):
                time.sleep(0.1)
                os._exit(3)
            frame = frame.f_back
        return torch.ones(1)

    return prepared(step)


@workload(lesson="Planted", axes={"how": ("exits", "hangs", "raises", "turns_wrong")})
def ends(ctx: Context, how: str) -> Prepared:
    """Ends its process, hangs, raises or turns wrong, but only while a profiler looks on, and leaves a child behind."""
    wrong = []

    def step() -> torch.Tensor:
        if under_a_profiler():
            if how == "exits":
                sys.stderr.write("the reason is written here\n")
                sys.stderr.flush()
                os._exit(3)
            if how == "hangs":
                time.sleep(600)
            if how == "raises":
                raise ZeroDivisionError("of all things")
            wrong.append(1)
        return torch.ones(1)

    return Prepared(step=step, check=lambda out: 1.0 if wrong else 0.0, work=Work(items=1))
