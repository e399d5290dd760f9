"""A workload that writes down what the harness does with it, in order."""

from typing import Any

import torch

from bench.workload import Context, Prepared, Work, workload

EVENTS: list[str] = []


@workload(lesson="Order", axes={"resets": (False, True)}, modes=("eager", "trace"))
def ordered(ctx: Context, resets: bool) -> Prepared:
    """Tells when it is prepared, reset, stepped, checked and closed."""
    EVENTS.append("prepare")

    def step() -> torch.Tensor:
        EVENTS.append("step")
        ordered.clock.work(10_000)  # type: ignore[attr-defined]  # a test puts its clock there
        return torch.ones(1)

    def phase() -> None:
        EVENTS.append("phase")
        ordered.clock.work(4_000)  # type: ignore[attr-defined]  # likewise

    def check(out: Any) -> float:
        EVENTS.append("check")
        return 0.0

    def quality() -> dict[str, float]:
        EVENTS.append("quality")
        return {"loss": 0.25}

    return Prepared(
        step=step,
        check=check,
        work=Work(flops=1, items=3, unit="row"),
        reset=(lambda: EVENTS.append("reset")) if resets else None,
        close=lambda: EVENTS.append("close"),
        phases={"half": phase},
        quality=quality,
    )
