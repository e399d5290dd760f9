"""Cases for lockstep pairs: of steps that tell when they ran, that are slow, that go wrong or die, that are cold."""

import os
import signal
import threading
import time

import torch

from bench.workload import Context, Prepared, Work, workload

WORK = Work(flops=1, items=1)


@workload(lesson="Sides", axes={"place": (1, 2)}, quick={"place": (1, 2)})
def told(ctx: Context, place: int) -> Prepared:
    """Writes a line when it begins and when it ends, to the file that the environment names."""
    out = os.environ.get("SIDED_LOG")

    def step() -> torch.Tensor:
        began = time.monotonic_ns()
        time.sleep(0.002)
        if out:
            with open(out, "a", encoding="utf-8") as file:
                file.write(f"{os.getpid()} {place} {began} {time.monotonic_ns()}\n")
        return torch.ones(1)

    return Prepared(step=step, check=lambda out: ctx.relative_error(out, torch.ones(1)), work=WORK)


@workload(lesson="Sides", axes={"slow": (0, 1)}, quick={"slow": (0, 1)})
def paced(ctx: Context, slow: int) -> Prepared:
    """Reads the clock for 1 ms, or for 1.5 ms."""
    wanted = 0.0015 if slow else 0.001

    def step() -> torch.Tensor:
        ends = time.perf_counter() + wanted
        while time.perf_counter() < ends:
            pass
        return torch.ones(1)

    return Prepared(step=step, check=lambda out: ctx.relative_error(out, torch.ones(1)), work=WORK)


@workload(lesson="Sides", axes={"how": ("well", "wrong", "dies")}, quick={"how": ("well", "wrong", "dies")})
def ends(ctx: Context, how: str) -> Prepared:
    """Ends well, is wrong, or kills its process in its 40th step."""
    steps = 0

    def step() -> torch.Tensor:
        nonlocal steps
        steps += 1
        if how == "dies" and steps == 40:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.001)
        return torch.ones(1) * (2 if how == "wrong" else 1)

    return Prepared(step=step, check=lambda out: ctx.relative_error(out, torch.ones(1)), work=WORK)


@workload(lesson="Sides", axes={"extra": (0, 1)}, quick={"extra": (0, 1)})
def cold(ctx: Context, extra: int) -> Prepared:
    """Takes three times as long in its first call after a pause of a millisecond: what a cold cache does to a block."""
    last = 0.0

    def step() -> torch.Tensor:
        nonlocal last
        now = time.perf_counter()
        wanted = 0.003 if now - last > 0.001 else 0.001
        while (time.perf_counter() - now) < wanted:
            pass
        last = time.perf_counter()
        return torch.ones(1)

    return Prepared(step=step, check=lambda out: ctx.relative_error(out, torch.ones(1)), work=WORK)


def spin(seconds: float) -> None:
    """Keep a core busy."""
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        pass


@workload(lesson="Sides", axes={"how": ("one", "thread", "process")}, quick={"how": ("one", "thread", "process")})
def cores(ctx: Context, how: str) -> Prepared:
    """Is busy for two milliseconds, by itself, in a thread, or in a process that it starts."""

    def step() -> torch.Tensor:
        if how == "one":
            spin(0.002)
        elif how == "thread":
            thread = threading.Thread(target=spin, args=(0.002,))
            thread.start()
            thread.join()
        else:
            child = os.fork()
            if child == 0:
                spin(0.002)
                os._exit(0)
            os.waitpid(child, 0)
        return torch.ones(1)

    return Prepared(step=step, check=lambda out: ctx.relative_error(out, torch.ones(1)), work=WORK)
