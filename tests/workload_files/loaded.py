"""Work whose ratios are known, to be measured on a machine that is busy; and work that a step leaves to a thread."""

from concurrent.futures import ThreadPoolExecutor

import torch

from bench.workload import Context, Prepared, Work, workload

OPERATIONS = {"plain": 150, "same": 150, "fewer": 100}


@workload(lesson="Load", axes={"work": ("plain", "same", "fewer")}, quick={"work": ("plain", "same", "fewer")})
def repeated(ctx: Context, work: str) -> Prepared:
    """The sine of 10,000 numbers 150 times, in `fewer` 100 times, by one thread that never waits.

    A step takes milliseconds, about as long as a scheduler lets a process run before it is another one's turn.

    Answer: the sine in float64.
    """
    x, times = ctx.randn(10_000), range(OPERATIONS[work])

    def step() -> torch.Tensor:
        for _ in times:
            found = torch.sin(x)
        return found

    return Prepared(
        step=step, check=lambda out: ctx.relative_error(out, torch.sin(x.double())), work=Work(items=len(times))
    )


@workload(lesson="Load")
def handed_over(ctx: Context) -> Prepared:
    """Lets a thread make a product of 600×600 and returns the last one that is done, without waiting.

    The thread has one product in work and none in its queue; while it works, steps return at once.
    Answer: the product in float64.
    """
    a = ctx.randn(600, 600)
    exact = a.double() @ a.double()
    pool = ThreadPoolExecutor(1)
    done = a @ a
    pending = pool.submit(torch.mm, a, a)

    def step() -> torch.Tensor:
        nonlocal done, pending
        if pending.done():
            done, pending = pending.result(), pool.submit(torch.mm, a, a)
        return done

    return Prepared(step=step, check=lambda out: ctx.relative_error(out, exact), work=Work(items=1))
