"""Seeds: every generator that a workload may draw from, set before it is prepared."""

from __future__ import annotations

import random
import zlib

import numpy
import torch


def seed_everything(seed: int, workload: str) -> None:
    """Seed every generator a workload may draw from, by run seed and workload: modes and devices see the same data."""
    mixed = zlib.crc32(f"{seed}:{workload}".encode())
    random.seed(mixed)
    numpy.random.seed(mixed)
    torch.manual_seed(mixed)
