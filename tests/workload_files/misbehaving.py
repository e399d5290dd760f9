"""Workloads that go wrong, each in its own way, beside one that behaves."""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn

import torch

from bench.workload import Context, Prepared, Work, workload


def prepared(step: Callable[[], Any], check: Callable[[Any], float] = lambda out: 0.0) -> Prepared:
    return Prepared(step=step, check=check, work=Work(flops=1, items=1))


@workload(lesson="Faults")
def behaves(ctx: Context) -> Prepared:
    """Adds one to a tensor, rightly."""
    x = ctx.randn(100)
    return prepared(lambda: x + 1, lambda out: ctx.relative_error(out, x + 1))


@workload(lesson="Faults", axes={"when": ("prepare", "first", "later")})
def segfaults(ctx: Context, when: str) -> Prepared:
    """Reads address 0."""
    calls = []

    def step() -> torch.Tensor:
        calls.append(1)
        if when == "first" or (when == "later" and len(calls) > 3000):
            ctypes.string_at(0)
        return torch.ones(1)

    if when == "prepare":
        ctypes.string_at(0)
    return prepared(step)


@workload(lesson="Faults")
def killed(ctx: Context) -> Prepared:
    """Is killed as the kernel kills a process that takes too much memory."""

    def step() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    return prepared(step)


@workload(lesson="Faults")
def hangs(ctx: Context) -> Prepared:
    """Never returns."""

    def step() -> NoReturn:
        while True:
            time.sleep(60)

    return prepared(step)


@workload(lesson="Faults")
def prints_rubbish(ctx: Context) -> Prepared:
    """Writes to stdout what might be taken for messages, through Python and below it."""

    def step() -> torch.Tensor:
        print("rubbish", end="")
        os.write(1, b'\x1e{"message": "Closed"}\n')
        sys.stdout.flush()
        return torch.ones(1)

    return prepared(step)


@workload(lesson="Faults")
def is_wrong(ctx: Context) -> Prepared:
    """Gives an answer that is off by a thousandth."""
    x = ctx.randn(100)
    return prepared(lambda: x * 1.001, lambda out: ctx.relative_error(out, x))


@workload(lesson="Faults")
def turns_wrong(ctx: Context) -> Prepared:
    """Is right at first and wrong from its 50th call on."""
    x = ctx.randn(100)
    calls = []

    def step() -> torch.Tensor:
        calls.append(1)
        return x if len(calls) < 50 else x * 2

    return prepared(step, lambda out: ctx.relative_error(out, x))


@workload(lesson="Faults")
def is_nan(ctx: Context) -> Prepared:
    """Gives not-a-number, and a check that passes it on."""
    return prepared(lambda: torch.tensor(float("nan")), lambda out: out.item())


@workload(lesson="Faults")
def takes_all_memory(ctx: Context) -> Prepared:
    """Asks for 40 TB."""
    return prepared(lambda: torch.empty(10**13))


@workload(lesson="Faults")
def takes_all_memory_in_numpy(ctx: Context) -> Prepared:
    """Raises Python's own MemoryError."""

    def step() -> NoReturn:
        raise MemoryError

    return prepared(step)


@workload(lesson="Faults")
def raises(ctx: Context) -> Prepared:
    """Raises."""
    raise ZeroDivisionError("of all things")


@workload(lesson="Faults")
def skips(ctx: Context) -> Prepared:
    """Says that it cannot run here."""
    ctx.skip("the moon is not full")


@workload(lesson="Faults")
def exits(ctx: Context) -> Prepared:
    """Leaves the process, as a library may in an atexit mood."""

    def step() -> NoReturn:
        os._exit(3)

    return prepared(step)


@workload(lesson="Faults")
def talks_before_dying(ctx: Context) -> Prepared:
    """Says on stderr why it dies."""

    def step() -> NoReturn:
        sys.stderr.write("the reason is written here\n")
        sys.stderr.flush()
        os._exit(4)

    return prepared(step)


@workload(lesson="Faults", axes={"called": ("step", "first_call", "a:b", "compile_cold")})
def names_a_phase(ctx: Context, called: str) -> Prepared:
    """Gives a part of its step a name that the harness needs itself."""
    a = torch.ones(50, 50)
    work = Work(flops=1, items=1)
    return Prepared(step=lambda: a @ a, check=lambda out: 0.0, work=work, phases={called: lambda: a[0]})
