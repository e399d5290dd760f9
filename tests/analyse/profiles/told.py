"""What a worker tells of a profile, made up: parts in ms a step, and how much slower the profiler made it."""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.measure.profiling.timeline import SPLIT

KEY = "matmul/square[device=cpu,dtype=float32,mode=eager,size=64,threads=1]"


def told(
    parts_ms: Mapping[str, float],
    slower: float = 1.0,
    on_device: bool = False,
    steps: int = 10,
    blocks: int = 20,
    noise: Sequence[float] = (0.99, 1.0, 1.01),
    **more: Any,
) -> dict[str, Any]:
    """A profile whose step takes `parts_ms` under the profiler, and `slower` times less without."""
    seen = steps * blocks
    step_ns = sum(parts_ms.values()) * 1e6
    around = [int(step_ns * steps * noise[place % len(noise)]) for place in range(blocks)]
    plain = [int(total / slower) for total in around]
    device: dict[str, Any] = {
        "launches": 3 * seen,
        "kernels": 3 * seen,
        "fills": 0,
        "copies": {},
        "copy_ns": 0,
        "lost": 0,
    }
    device["busy_ns"] = int(parts_ms.get("kernels", 0) * 1e6 * seen)
    device["span_ns"] = int(step_ns * seen)
    return {
        "key": KEY,
        "rung": "py-spy",
        "watched": {
            "refused": {},
            "steps": steps,
            "plain_ns": [int(step_ns * steps / slower)] * 5,
            "watched_ns": [int(step_ns * steps / slower)] * 5,
            "rate_hz": 500,
            "samples": 1000,
            "elsewhere": 12,
            "errors": 3,
        },
        "steps": steps,
        "blocks": blocks,
        "events": 100,
        "before_ns": plain,
        "profiled_ns": around,
        "after_ns": plain,
        "wall_ns": 1000,
        "thread_ns": 1000,
        "split_ns": {name: int(parts_ms.get(name, 0) * 1e6 * seen) for name in SPLIT},
        "device": device if on_device else None,
        "waits": {"calls": {}, "ns": 0},
        "memory": {"phases": {name: {"host": 1 << 20, "device": None} for name in PHASES}, "reason": ""},
        "history": None,
        "compiling": None,
        "work": {"flops": 2 * 64**3, "bytes": 3 * 64**2 * 4, "kernels": 1},
        "threads": 1,
        "counters": {"compiled_graphs": 0, "graph_breaks": 0, "recompiles": 0},
        "break_reasons": {},
        **more,
    }


PHASES = ("prepare", "first_call", "step")
