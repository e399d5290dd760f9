"""When CPU time stands for wall time: a step of one thread that does not wait takes of an idle core what it computes.

Other programs lengthen the wall time of such a step by what they take of its core; its CPU time they hardly change.
"""

from __future__ import annotations

ALONE = 0.02
"""Largest share of wall that other threads of the process may compute beside a step of one thread."""

MOST_WAITS = 0.01
"""Largest share of blocks with a voluntary context switch of a step that does not wait…"""

WAITS_PER_S = 100.0
"""…or how many such switches a second of wall it may have instead: one in 10 ms."""


def stands_for_wall(background: float, waiting_blocks: float, waits_per_s: float) -> bool:
    """Whether a step is of one thread and does not wait.

    background: CPU time of other threads of the process ÷ wall; waiting_blocks: share of the blocks in which the timing
    thread gave its core up; waits_per_s: how often it did, per second of wall.
    """
    return background <= ALONE and (waiting_blocks <= MOST_WAITS or waits_per_s < WAITS_PER_S)
