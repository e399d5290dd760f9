"""A process that belongs to someone else, such as a session of pytest or a notebook: it is left as it was found."""

from __future__ import annotations

import gc
import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy
import torch

from bench.measure.author.torch_notices import hide
from bench.measure.settings.process_settings import put, snapshot


@contextmanager
def as_before() -> Iterator[None]:
    """Put back the settings of the process, its random states, frozen garbage and filters of warnings.

    Raises `StuckSettingError` where a setting cannot be put back.
    """
    found = snapshot()
    random_states = random.getstate(), numpy.random.get_state(), torch.get_rng_state()
    try:
        with warnings.catch_warnings():
            hide()
            yield
    finally:
        gc.unfreeze()
        put(found)
        random.setstate(random_states[0])
        numpy.random.set_state(random_states[1])
        torch.set_rng_state(random_states[2])
