"""Gradients used to find a minimum: a loop of a hundred steps around one number.

Each step is a dozen calls for a handful of arithmetic, so that the loop shows what an optimiser costs by itself, and
what torch offers against it where there are many parameters: one operation over a list, one kernel, a compiler.
"""

from __future__ import annotations

import torch
from torch import optim

from bench.workload import Context, Prepared, Work, workload

STEPS = 100
RATE = 0.1
SHOWN_EVERY = 20
"""The course prints x and f(x) every 20 steps."""
SHRINK = 1 - 2 * RATE
"""What a step leaves of the distance to the minimum: x - 0.1·2·(x - 3)."""
IMPLEMENTATIONS = {"for_loop": {"foreach": False}, "foreach": {"foreach": True}, "fused": {"fused": True}}
"""How torch's optimiser goes through its parameters. Unasked it takes the loop on the CPU and foreach on CUDA."""


def paraboloid(minima: torch.Tensor, *points: torch.Tensor) -> torch.Tensor:
    """f(x) = (x - minimum)² + 5 for each point, a tensor of one number: (points,)."""
    x = points[0] if len(points) == 1 else torch.cat(points)
    return (x - minima) ** 2 + 5


@workload(
    lesson="Numerical optimisation",
    axes={"implementation": ("for_loop", "foreach", "fused"), "parameters": (1, 100)},
    quick={"implementation": ("for_loop", "foreach", "fused"), "parameters": 1},
    modes=("eager", "compile"),
)
def minimise(ctx: Context, implementation: str, parameters: int) -> Prepared:
    """100 steps of SGD, lr 0.1, from x = 0 towards the minimum of (x - 3)² + 5: x (parameters,).

    The course has one parameter, a tensor of one number, and its minimum is 3; of a hundred, the i-th has it at
    3 + i/100. `for_loop`, `foreach` and `fused` are SGD's own ways through its parameters; unasked it takes the loop on
    the CPU and foreach on CUDA. The mode applies to two calls of the loop, f and the optimiser's step: compiled, they
    are a graph each, and a fused step is left as it is, for torch keeps the compiler out of it. Clearing gradients and
    the call of `backward` are eager. What the course prints every 20 steps is kept. Going back to 0 is untimed.

    Course:
        minimise by gradients
    Answer:
        x after 100 steps is 3·(1 - 0.8^100), which is 3 to nine digits; f(x) before steps 0, 20, 40, 60 and 80 is
        5 + 9·0.8^(2·step). Each number by its own size.
    Work:
        7 flops a parameter and step: 3 forward, 2 backward, 2 to update; 2 numbers moved, x read and written; 3 kernels
        a step, one pass each, were all parameters fused; one item a parameter and step.
    Expect:
        Pure overhead: with one parameter the three are level. With a hundred the loop takes several times as long, most
        of it for gathering them and handing each its gradient, so that on a CPU the implementation moves little. On a
        device foreach and fused replace a hundred launches by a few. Compiling is slower on the CPU, for what it checks
        at each call is more than the step.
    """
    minima = ctx.place(3 + torch.arange(parameters, dtype=torch.float64) / parameters)
    points = [ctx.place(torch.zeros(1)).requires_grad_() for _ in range(parameters)]
    optimizer = optim.SGD(points, lr=RATE, **IMPLEMENTATIONS[implementation])

    def descend(*_: torch.Tensor) -> None:
        optimizer.step()

    value = ctx.mode(paraboloid, minima, *points)
    update = ctx.mode(descend, *points)

    def step() -> dict[str, torch.Tensor]:
        shown = []
        for count in range(STEPS):
            optimizer.zero_grad()
            y = value()
            y.backward(torch.ones_like(y))
            update()
            if count % SHOWN_EVERY == 0:
                shown.append(y.detach())
        return {"x": torch.cat(points).detach(), "shown": torch.stack(shown)}

    def reset() -> None:
        with torch.no_grad():
            for point in points:
                point.zero_()

    lowest = minima.cpu().double()
    done = torch.arange(0, STEPS, SHOWN_EVERY, dtype=torch.float64).unsqueeze(1)
    exact = {"x": lowest * (1 - SHRINK**STEPS), "shown": 5 + (lowest * SHRINK**done) ** 2}

    return Prepared(
        step=step,
        # each number by its own size
        check=lambda out: max(
            ctx.relative_error(out[name].cpu() / known, torch.ones_like(known)) for name, known in exact.items()
        ),
        work=Work(
            flops=7 * parameters * STEPS,
            bytes=2 * parameters * STEPS * ctx.dtype.itemsize,
            kernels=3 * STEPS,
            items=parameters * STEPS,
            unit="update",
            working_set=2 * parameters * ctx.dtype.itemsize,
        ),
        reset=reset,
    )
