"""One seed and one workload give one stream, of every generator that a workload may draw from."""

from __future__ import annotations

import random

import numpy
import torch

from bench.measure.author.seeding import seed_everything


def drawn(seed: int, workload: str) -> tuple[float, float, float]:
    seed_everything(seed, workload)
    return random.random(), float(numpy.random.rand()), float(torch.rand(()))


def test_one_seed_and_one_workload_draw_the_same_numbers() -> None:
    assert drawn(0, "a/b") == drawn(0, "a/b")


def test_another_seed_or_workload_draws_others_of_every_generator() -> None:
    first = drawn(0, "a/b")
    for other in (drawn(1, "a/b"), drawn(0, "a/c")):
        assert all(mine != theirs for mine, theirs in zip(first, other, strict=True))
