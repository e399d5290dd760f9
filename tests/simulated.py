"""A simulated clock, with a cost and a noise of its own: timing tests never sleep and never assert a real duration."""

from __future__ import annotations

import random


class SimulatedClock:
    """Tells simulated ns. Reading it costs `cost_ns`; `work` lets time pass, with a seeded relative noise."""

    def __init__(self, cost_ns: int = 50, noise: float = 0.0, seed: int = 0, grain_ns: int = 1) -> None:
        self.now_ns = 0
        self._cost_ns = cost_ns
        self._noise = noise
        self._grain_ns = grain_ns
        self._dice = random.Random(seed)

    def __call__(self) -> int:
        self.now_ns += self._cost_ns
        return self.now_ns // self._grain_ns * self._grain_ns

    def work(self, ns: float) -> None:
        self.now_ns += max(0, round(ns * (1 + self._noise * self._dice.gauss(0, 1))))
