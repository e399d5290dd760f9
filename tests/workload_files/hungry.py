"""Cases of very different memory."""

import torch

from bench.workload import Context, Prepared, Work, workload

LOADED: list[torch.Tensor] = []


@workload(lesson="Memory", axes={"mib": (8,)}, quick={"mib": (8,)})
def loads(ctx: Context, mib: int) -> Prepared:
    """Keeps 128 MiB in the process on its first call, as a library does that is loaded then; a step takes `mib`."""

    def step() -> torch.Tensor:
        if not LOADED:
            LOADED.append(torch.ones(128 * 2**18))
        return torch.ones(mib * 2**18)

    return Prepared(
        step=step,
        check=lambda out: ctx.relative_error(out[:10], torch.ones(10)),
        work=Work(bytes=4 * mib * 2**18, items=1, unit="tensor"),
    )


@workload(lesson="Memory", axes={"mib": (8, 256)}, quick={"mib": (8, 256)})
def takes(ctx: Context, mib: int) -> Prepared:
    """Holds a quarter of `mib` MiB and doubles it twice in each step; its oracle takes 300 MiB and lets them go."""
    x = torch.ones(mib * 2**18 // 4)
    torch.ones(300 * 2**18).sum()
    return Prepared(
        step=lambda: torch.cat([x, x, x]),
        check=lambda out: ctx.relative_error(out[:10], torch.ones(10)),
        work=Work(bytes=4 * x.numel(), items=x.numel(), unit="number"),
    )
