"""Where the time of compiling went, from Dynamo's own timers, which lie within each other."""

from __future__ import annotations

from collections.abc import Mapping

WHOLE, BACKEND, BACKWARD = "_compile.compile_inner", "OutputGraph.call_user_compiler", "compile_fx.<locals>.bw_compiler"
INDUCTOR, LOADING = "compile_fx_inner", "PyCodeCache.load_by_key_path"
"""Names of timers, as torch 2.8 to 2.13 have them. The backward pass is compiled when it is first called, outside of
the others."""


def parts(seconds: Mapping[str, float]) -> dict[str, float]:
    """Seconds by what they went to, which add up to all that compiling took; empty where torch names them otherwise.

    `loading` waits for the C++ or Triton compilers that run beside, and loads what they made.
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
    # A part below zero: the timers do not lie in each other as they do here, and nothing follows from them.
    return {} if min(found.values()) < 0 else found
