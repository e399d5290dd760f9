"""The process that `forks.py` starts: it imports torch, forks at each line it reads, and passes on what a fork saw.

    python tests/agreement/fork_starter.py VISITS

Each line that it reads makes a fork: a seed, by which the fork draws where its tensors lie, or `as-is`. The answer is a
line of JSON: lists of [step, visit, wall_ns, cpu_ns], nanoseconds a step, medians of the blocks of a visit.
"""

from __future__ import annotations

import gc
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable

import torch
import torch._dynamo  # torch.optim imports it when it is first used

BLOCKS, COLD = 12, 2
"""Blocks of a visit that count, and those before them that do not: a first block is slow, and a second one a little."""
WARM_UP_BLOCKS = 8
AS_IS = "as-is"

Steps = dict[str, tuple[Callable[[], object], int]]


def steps() -> Steps:
    """Five steps, and how often each is done in a block of about a millisecond. All from one seed."""
    torch.manual_seed(0)
    a, b, x = torch.randn(64, 64), torch.randn(64, 64), torch.randn(10_000)
    net, rows = (
        torch.nn.Sequential(torch.nn.Linear(10, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1)),
        torch.randn(32, 10),
    )
    line, points, targets = torch.nn.Linear(13, 1), torch.randn(800, 13), torch.randn(800, 1)
    optimizer = torch.optim.SGD(line.parameters(), 1e-3)
    large = torch.randn(256, 256)

    def train() -> None:
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(line(points), targets).backward()
        optimizer.step()

    return {
        "product of 64×64": (lambda: torch.mm(a, b), 160),
        "sine of 10,000": (lambda: torch.sin(x), 100),
        "net, 32 rows": (lambda: net(rows), 80),
        "training, 800 rows": (train, 20),
        "product of 256×256": (lambda: torch.mm(large, large), 4),
    }


def block(step: Callable[[], object], times: int) -> tuple[float, float]:
    """Nanoseconds a step on the wall and on this thread's clock of the CPU, which is read outside of the other."""
    cpu, wall = time.thread_time_ns(), time.perf_counter_ns()
    for _ in range(times):
        step()
    end = time.perf_counter_ns()
    return (end - wall) / times, (time.thread_time_ns() - cpu) / times


def moved(dice: random.Random) -> list[torch.Tensor]:
    """Tensors of random sizes up to 256 KiB; while they live, what is made after them lies elsewhere."""
    return [torch.empty(dice.randrange(1, 2**16)) for _ in range(64)]


def measure(visits: int, place: str) -> list[list[object]]:
    """Visits of all steps, in turns. place: a seed for where tensors lie, or `as-is`."""
    ahead = [] if place == AS_IS else moved(random.Random(place))
    prepared, found = steps(), []
    gc.collect()
    gc.disable()
    for step, times in prepared.values():
        for _ in range(WARM_UP_BLOCKS):
            block(step, times)
    for visit in range(visits):
        for name, (step, times) in prepared.items():
            blocks = [block(step, times) for _ in range(COLD + BLOCKS)][COLD:]
            wall, cpu = (statistics.median(clock) for clock in zip(*blocks, strict=True))
            found.append([name, visit, wall, cpu])
    ahead.clear()
    return found


def in_a_fork(visits: int, place: str) -> str:
    """What a fork of this process measured, as JSON. Raises `RuntimeError` where it died."""
    outgoing, incoming = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(outgoing)
        with os.fdopen(incoming, "w") as pipe:
            json.dump(measure(visits, place), pipe)
        os._exit(0)
    os.close(incoming)
    with os.fdopen(outgoing) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError(f"a fork ended with status {status}")
    return text


def main() -> None:
    """Be ready for forks: one thread, and what first products and gradients load; then one fork a line."""
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    a = torch.randn(8, 8, requires_grad=True)
    (a @ a).sum().backward()
    print("ready", flush=True)
    for line in sys.stdin:
        print(in_a_fork(int(sys.argv[1]), line.strip()), flush=True)


if __name__ == "__main__":
    main()
