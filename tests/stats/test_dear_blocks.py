"""Blocks of two kinds are found where a step does more every so often, and not in noise."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.random import Generator
from numpy.typing import NDArray

from bench.stats.dear_blocks import DearBlocks, dear_blocks

Logs = NDArray[np.float64]
"""Log times by launch, visit and block."""

RUNS = 100


def found_in(logs: Logs) -> DearBlocks | None:
    return dear_blocks([(number, visit.tolist()) for number, launch in enumerate(logs) for visit in launch])


def every(k: int, factor: float, shape: tuple[int, int, int], dice: Generator) -> Logs:
    """Every k-th block dearer, beside noise of 2 % and launches that differ by 5 %."""
    launches, visits, blocks = shape
    offsets = dice.integers(k, size=(launches, 1))
    dear = (np.arange(visits * blocks) + offsets) % k == 0
    logs = np.where(dear, math.log(factor), 0.0).reshape(shape)
    return logs + dice.normal(0, 0.02, shape) + dice.normal(0, 0.05, (launches, 1, 1))


@pytest.mark.parametrize("shape", [(3, 4, 4), (6, 4, 4), (6, 4, 20)])
@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize("factor", [1.5, 10.0])
def test_a_step_that_is_dear_every_so_often_is_found(shape, k, factor):
    dice = np.random.default_rng(k)
    for _ in range(20):
        found = found_in(every(k, factor, shape, dice))
        assert found is not None
        assert found.share == pytest.approx(1 / k, abs=0.15)
        assert found.factor == pytest.approx(factor, rel=0.1)


def test_a_step_that_is_dear_every_thirty_second_time_takes_more_blocks():
    dice = np.random.default_rng(32)
    found = found_in(every(32, 2.0, (6, 4, 40), dice))
    assert found is not None
    assert found.share == pytest.approx(1 / 32, abs=0.01)


def spiked(share: float, size: float, dice: Generator, shape: tuple[int, int, int]) -> Logs:
    return dice.normal(0, 0.02, shape) + (dice.random(shape) < share) * np.abs(dice.normal(size, size, shape))


NOISE: dict[str, Callable[[Generator, tuple[int, int, int]], Logs]] = {
    "normal": lambda dice, shape: dice.normal(0, 0.1, shape),
    "uniform": lambda dice, shape: dice.uniform(0, 0.5, shape),
    "exponential": lambda dice, shape: dice.exponential(0.3, shape),
    "heavy tails": lambda dice, shape: 0.02 * dice.standard_t(2, shape),
    "no variance": lambda dice, shape: 0.05 * dice.standard_t(1, shape),
    "log-normal tails": lambda dice, shape: np.log1p(0.05 * np.exp(dice.normal(0, 1, shape))),
    "rare spikes": lambda dice, shape: spiked(0.05, 0.5, dice, shape),
    "many spikes": lambda dice, shape: spiked(0.2, 0.3, dice, shape),
    "slow visits": lambda dice, shape: dice.normal(0, 0.02, shape) + 0.5 * (dice.random((*shape[:2], 1)) < 0.3),
    "slow launches": lambda dice, shape: dice.normal(0, 0.02, shape) + 0.5 * (dice.random((shape[0], 1, 1)) < 0.5),
    "one slow launch": lambda dice, shape: (
        dice.normal(0, 0.02, shape) + (np.arange(shape[0])[:, None, None] == 0) * (dice.random(shape) < 0.5)
    ),
}


@pytest.mark.parametrize("shape", [(3, 4, 4), (6, 4, 4), (6, 4, 20)])
@pytest.mark.parametrize("noise", NOISE)
def test_noise_is_of_one_kind(noise, shape):
    dice = np.random.default_rng(7)
    called = sum(found_in(NOISE[noise](dice, shape)) is not None for _ in range(RUNS))
    assert called <= 0.05 * RUNS


@pytest.mark.parametrize("blocks", [0, 1, 11])
def test_few_blocks_are_of_one_kind(blocks):
    assert dear_blocks([(0, [float(place % 2) for place in range(blocks)])]) is None
