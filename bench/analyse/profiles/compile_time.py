"""Where compile time went, from Dynamo's own timers, which are nested."""

from __future__ import annotations

from collections.abc import Mapping

WHOLE, BACKEND, BACKWARD = "_compile.compile_inner", "OutputGraph.call_user_compiler", "compile_fx.<locals>.bw_compiler"
INDUCTOR, LOADING = "compile_fx_inner", "PyCodeCache.load_by_key_path"
"""Names of timers in torch 2.8 to 2.13. The backward pass is compiled when it is first called, outside of the other
timers."""


def parts(seconds: Mapping[str, float]) -> dict[str, float]:
    """Seconds of compiling by part; empty if torch names its timers differently.

    The parts add up to the whole compile time. Loading includes the wait for the C++ or Triton compilers that run in
    processes of their own.
    """
    if not {WHOLE, BACKEND, INDUCTOR, LOADING} <= set(seconds):
        return {}
    backward = seconds.get(BACKWARD, 0.0)
    found = {
        "Dynamo": seconds[WHOLE] - seconds[BACKEND],
        "AOTAutograd": seconds[BACKEND] + backward - seconds[INDUCTOR],
        "Inductor": seconds[INDUCTOR] - seconds[LOADING],
        "C++ or Triton, and loading": seconds[LOADING],
    }
    # A part below zero means that the timers are nested in another way, and nothing follows from them.
    return {} if min(found.values()) < 0 else found
