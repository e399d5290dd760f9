"""Thread counts of workers: the numbers behind the symbolic values of the axis `threads`."""

from __future__ import annotations

import math

from bench.protocol import Hello
from bench.protocol.placement import Placement
from bench.records import Value


def threads_of(symbolic: Value, hello: Hello) -> int:
    """The thread count behind `threads=…`.

    `physical` is the number of physical cores that a process may use here, and in a container no more than the whole
    cores that its quota of CPU time is worth: more threads would be stopped together.
    """
    if symbolic != "physical":
        return int(symbolic)
    physical, quota = int(hello.facts["cpu"]["physical"]), Placement.of(hello.facts).quota
    return physical if quota is None else max(1, min(physical, math.floor(quota.cores)))
