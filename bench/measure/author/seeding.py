"""Seeding of every generator that a workload may draw from, before it is prepared."""

from __future__ import annotations

import random
import zlib

import numpy
import torch


def seed_everything(seed: int, workload: str) -> None:
    """Seed every generator that a workload may draw from, by the seed of the run and the workload's name.

    All modes and devices then see the same data.
    """
    mixed = zlib.crc32(f"{seed}:{workload}".encode())
    random.seed(mixed)
    numpy.random.seed(mixed)
    torch.manual_seed(mixed)
