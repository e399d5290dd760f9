"""Steps that give their work to others and return, each in its own way, beside steps that wait for it."""

from __future__ import annotations

import asyncio
import multiprocessing
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch

from bench.workload import Context, Prepared, Work, workload

WORK = Work(flops=1, items=1)
LATE_S = 0.02


def spin(seconds: float) -> int:
    """Compute for so long, and give one."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass
    return 1


@workload(lesson="own", axes={"gives": ("future", "result", "list")})
def to_a_pool(ctx: Context, gives: str) -> Prepared:
    """Hands a product to a thread, and returns what stands for it, or waits."""
    a, pool = ctx.randn(64, 64), ThreadPoolExecutor(1)
    exact = a.double() @ a.double()

    def step() -> Any:
        future: Future[torch.Tensor] = pool.submit(torch.mm, a, a)
        return {"future": future, "list": [future], "result": None}[gives] or future.result()

    def check(out: Any) -> float:
        out = out[0] if isinstance(out, list) else out
        return ctx.relative_error(out.result() if isinstance(out, Future) else out, exact)

    return Prepared(step=step, check=check, work=WORK, close=pool.shutdown)


@workload(lesson="own", axes={"waits": (False, True)})
def to_a_thread(ctx: Context, waits: bool) -> Prepared:
    """Lets a thread fill a buffer 20 ms later, and returns the buffer at once, or joins the thread."""

    def step() -> torch.Tensor:
        out = torch.zeros(8)

        def fill() -> None:
            time.sleep(LATE_S)
            out.fill_(1)

        thread = threading.Thread(target=fill)
        thread.start()
        if waits:
            thread.join()
        return out

    return Prepared(step=step, check=lambda out: ctx.relative_error(out, torch.ones(8)), work=WORK)


@workload(lesson="own")
def to_a_queue(ctx: Context) -> Prepared:
    """Queues a product for a thread, which writes it where the call before found the same one."""
    a, waiting = ctx.randn(200, 200), queue.SimpleQueue[bool]()
    exact, out = a.double() @ a.double(), torch.zeros(200, 200)

    def serve() -> None:
        while waiting.get():
            out.zero_()
            spin(0.02)  # longer than Python lets a thread go on: others see `out` as it is now
            torch.mm(a, a, out=out)

    threading.Thread(target=serve, daemon=True).start()

    def step() -> torch.Tensor:
        waiting.put(True)
        return out

    def close() -> None:
        while not waiting.empty():
            waiting.get()
        waiting.put(False)

    return Prepared(step=step, check=lambda y: ctx.relative_error(y, exact), work=WORK, close=close)


@workload(lesson="own")
def to_a_queue_of_its_own(ctx: Context) -> Prepared:
    """Queues work of 5 ms for a thread, and computes another thing, rightly."""
    ones, waiting = torch.ones(8), queue.SimpleQueue[bool]()

    def serve() -> None:
        while waiting.get():
            spin(0.005)

    threading.Thread(target=serve, daemon=True).start()

    def step() -> torch.Tensor:
        waiting.put(True)
        return ones + 1

    def close() -> None:
        while not waiting.empty():
            waiting.get()
        waiting.put(False)

    return Prepared(step=step, check=lambda y: ctx.relative_error(y, ones + 1), work=WORK, close=close)


@workload(lesson="own")
def never_right(ctx: Context) -> Prepared:
    """Gives a wrong answer beside a thread that only waits."""
    ended = threading.Event()
    threading.Thread(target=ended.wait, daemon=True).start()
    return Prepared(
        step=lambda: torch.zeros(8),
        check=lambda out: ctx.relative_error(out, torch.ones(8)),
        work=WORK,
        close=ended.set,
    )


@workload(lesson="own", axes={"waits": (False, True)})
def to_a_child(ctx: Context, waits: bool) -> Prepared:
    """Tells a child process to compute for 2 ms, and goes on, or waits for its answer."""
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=serve, args=(theirs,), daemon=True)
    child.start()
    one = torch.ones(1)

    def step() -> torch.Tensor:
        ours.send(0.002)
        if waits:
            ours.recv()
            return one
        spin(0.002)
        while ours.poll():
            ours.recv()
        return one

    def close() -> None:
        child.terminate()
        child.join()

    return Prepared(step=step, check=lambda out: ctx.relative_error(out, one), work=WORK, close=close)


def serve(pipe: Any) -> None:
    """Compute for as long as one is told, again and again."""
    while True:
        pipe.send(spin(pipe.recv()))


@workload(lesson="own", axes={"form": ("async_def", "lambda", "phases", "leaves_a_task")}, modes=("eager", "trace"))
def awaited(ctx: Context, form: str) -> Prepared:
    """A product in a coroutine, which gives the loop a turn in between."""
    a = ctx.randn(32, 32)
    exact = a.double() @ a.double()
    tasks: list[Any] = []

    async def product() -> torch.Tensor:
        await asyncio.sleep(0)
        return a @ a

    async def leaves() -> torch.Tensor:
        tasks.append(asyncio.get_running_loop().create_task(asyncio.sleep(60)))
        return a @ a

    step: Callable[[], Any] = {"lambda": lambda: product(), "leaves_a_task": leaves}.get(form, product)
    phases = {"again": product} if form == "phases" else {}
    return Prepared(step=step, check=lambda out: ctx.relative_error(out, exact), work=WORK, phases=phases)


@workload(lesson="own", axes={"form": ("async", "plain", "given")})
def generates(ctx: Context, form: str) -> Prepared:
    """A generator in place of a step."""

    async def each() -> Any:
        yield torch.ones(1)

    def plain() -> Any:
        yield torch.ones(1)

    step: Any = {"async": each, "plain": plain, "given": lambda: plain()}[form]
    return Prepared(step=step, check=lambda out: 0.0, work=WORK)


@workload(lesson="own", axes={"name": ("reset", "check", "close", "quality")})
def awaits_nobody(ctx: Context, name: str) -> Prepared:
    """A coroutine function where the harness calls a plain one."""

    async def never(*_: Any) -> Any:
        return 0.0

    plain: dict[str, Any] = {"step": lambda: torch.ones(1), "check": lambda out: 0.0, "work": WORK}
    return Prepared(**{**plain, name: never})
