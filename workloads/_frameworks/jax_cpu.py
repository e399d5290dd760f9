"""JAX on the CPU, with as many threads as the case has: what the rows of jax and of Keras stand on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import ModuleType

import numpy as np


def import_jax(threads: int) -> ModuleType:
    """jax, its CPU client begun with `threads` threads; the count of the first call stays that of the process.

    XLA sizes the pool of its CPU client by NPROC, where that is set, and by the cores of the machine elsewhere (seen
    with jaxlib 0.10). `--xla_cpu_multi_thread_eigen=false` leaves it as it is. The threads that compile, and one that
    the client runs each computation on, cannot be limited; they rest while a computation runs.
    """
    import jax

    with environment(NPROC=str(threads)):
        # a GPU build would begin with taking most of the GPU's memory
        jax.config.update("jax_platforms", "cpu")
        jax.devices()
    return jax


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """The process' environment with these variables set, put back afterwards."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def precision_of(jax: ModuleType, dtype: np.dtype) -> Callable[[], AbstractContextManager[object]]:
    """What float64 must be built and called in: JAX turns it into float32 without a switch.

    That switch is of the process (`jax_enable_x64`); this one is of the thread, and of the time it is entered.
    """
    if dtype != np.float64:
        return nullcontext
    switch = jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64  # the latter before 0.8
    return lambda: switch(True)
