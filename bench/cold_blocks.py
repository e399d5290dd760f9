"""The rule of cold blocks: how many blocks after a pause do not count, for whoever times, counts or budgets them."""

from __future__ import annotations

COLD_NS = 5_000_000
"""A second block after a pause is cold too where the first was shorter: that of a training step of 1.4 ms takes 9 %
longer, of a product of 3 ms 2 %; from 6 ms up it is 0.3 %, and a third is no longer cold (80 visits of each, here)."""


WARM_ALONE_NS = 20_000_000
"""In turns with another side a block this long counts from the first on: it warms up within itself. By CPU time the
first of two is 1 % longer at 8 ms and 0.1 % shorter at 130 ms (200 and 24 pairs of blocks on a busy machine, here)."""


def cold_blocks(first_ns: float) -> int:
    """How many blocks after a pause do not count, by how long the first took."""
    return 2 if first_ns < COLD_NS else 1


def cold_in_turns(first_ns: float) -> int:
    """How many blocks a side of a lockstep pair runs before its timed one, by how long a block takes."""
    return 0 if first_ns >= WARM_ALONE_NS else cold_blocks(first_ns)


def lockstep_ns(timed_ns: float) -> float:
    """Time that one side of a lockstep pair needs for one block: the timed block, and its cold blocks before it."""
    return (1 + cold_in_turns(timed_ns)) * timed_ns
