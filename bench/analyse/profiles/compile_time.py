"""Where the time of compiling went, from Dynamo's own timers, which are nested."""

from __future__ import annotations

from collections.abc import Mapping

WHOLE, BACKEND, BACKWARD = "_compile.compile_inner", "OutputGraph.call_user_compiler", "compile_fx.<locals>.bw_compiler"
INDUCTOR, LOADING = "compile_fx_inner", "PyCodeCache.load_by_key_path"
"""Names of timers, as torch 2.8 to 2.13 have them. The backward pass is compiled when it is first called, outside of
the others."""


def parts(seconds: Mapping[str, float]) -> dict[str, float]:
    """Seconds of compiling by the part that took them; empty where torch names its timers otherwise.

    The parts add up to all that compiling took. Loading includes the wait for the C++ or Triton compilers that run in
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
