"""A step on a simulated clock that is dear in every k-th call; who simulates says how, and starts counting anew."""

from dataclasses import dataclass
from typing import Any

import torch

from bench.workload import Context, Prepared, Work, workload

ANSWER = torch.ones(1)


@dataclass
class Costs:
    """What a call costs on a clock, in ns; every `period`-th call costs `factor` times as much."""

    clock: Any = None
    step_ns: float = 0.0
    period: int = 1
    factor: float = 1.0
    calls: int = 0

    def call(self) -> None:
        """Let the time of the next call pass."""
        self.calls += 1
        self.clock.work(self.step_ns * (self.factor if self.calls % self.period == 0 else 1))


COSTS = Costs()


@workload(lesson="Periodic")
def periodic(ctx: Context) -> Prepared:
    """Takes the time that `COSTS` says."""

    def step() -> torch.Tensor:
        COSTS.call()
        return ANSWER

    return Prepared(step=step, check=lambda out: 0.0, work=Work(items=1))
