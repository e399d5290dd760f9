"""The ways to take stacks of a running worker."""

from __future__ import annotations

PY_SPY, PYINSTRUMENT, SAMPLING_THREAD, NO_STACKS = RUNGS = (
    *("py-spy", "pyinstrument", "sampling thread", "torch.profiler alone"),
)
"""How the stacks of a profile are taken, best first: from outside the process, from within at calls and returns, from
within by a thread, or not at all. They see different things, and are never compared."""
