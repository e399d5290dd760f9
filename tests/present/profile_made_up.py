"""A profile as `store` reads it, made up."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bench.analyse.profiles import ProfileResult, judge
from bench.store.profiles import TABLES, Profile
from tests.analyse.profiles.told import told

RUN = {
    "schema": 3,
    "run": "20261126T120000Z-00000000",
    "machine": "2-core Example",
    "created": "2026-11-26T12:00:00Z",
    "fingerprint": "0123456789abcdef",
    "coursebench": "0.1.0",
    "command": "bench profile 'matmul/square[size=64]'",
    "environment": {"torch": {"version": "2.13.0"}},
}


def operator(
    name: str,
    shapes: str,
    calls: int,
    self_us: int,
    total_us: int,
    device_us: int = 0,
    host_bytes: int = 0,
    device_bytes: int = 0,
    kind: str = "operator",
) -> dict[str, Any]:
    """A row of totals over 200 steps, from numbers per step."""
    ns = {"self_ns": self_us, "total_ns": total_us, "device_self_ns": device_us, "device_total_ns": device_us}
    counts = {"calls": calls, "host_bytes": host_bytes, "device_bytes": device_bytes}
    return {
        "name": name,
        "kind": kind,
        "shapes": shapes,
        "dtypes": "float32" if kind == "operator" else "",
        **{column: value * 200 * 1000 for column, value in ns.items()},
        **{column: value * 200 for column, value in counts.items()},
    }


def on_cpu(slower: float = 1.02) -> tuple[Profile, ProfileResult]:
    """A product, and what lies around it."""
    rows = [
        operator("aten::mm", "[[64, 64], [64, 64]]", 1, 9000, 9000, host_bytes=16384),
        operator("aten::resolve_conj", "[[64, 64]]", 3, 2, 2),
        operator("Optimizer.step#<b>SGD</b>.step", "", 1, 900, 1000, kind="annotation"),
    ]
    return profile(told({"operators": 9, "python": 1}, slower), rows)


def on_gpu(lost: int = 0) -> tuple[Profile, ProfileResult]:
    """A step of kernels and copies, with the history of two steps."""
    history = {"steps": 2, "before": 1 << 20, "lost": False}
    device = {
        "launches": 600,
        "kernels": 600,
        "fills": 200,
        "copies": {"HtoD": {"calls": 200, "ns": 200_000}},
        "copy_ns": 200_000,
        "busy_ns": 1_600_000_000,
        "span_ns": 2_000_000_000,
        "lost": lost,
    }
    phases = {name: {"host": None, "device": 1 << 20} for name in ("prepare", "first_call", "step")}
    found = told(
        {"kernels": 8, "operators": 2}, 1.01, True, device=device, history=history,
        waits={"calls": {"cudaStreamSynchronize": 200}, "ns": 2000},
        memory={"phases": phases, "reason": "told elsewhere"},
    )  # fmt: skip
    rows = [operator("aten::mm", "[[64, 64], [64, 64]]", 1, 20, 30, 8000, device_bytes=16384)]
    kernels = [
        {"name": "gemm<float>", "kind": "kernel", "calls": 600, "ns": 1_599_800_000},
        {"name": "Memcpy HtoD (Pageable -> Device)", "kind": "copy", "calls": 200, "ns": 200_000},
    ]
    allocations = [[0, 1 << 20, "mine.py:3 step"], [40, 1 << 19, ""], [90, -(1 << 19), ""], [95, -(1 << 20), ""]]
    return profile(found, rows, kernels, allocations)


STACKS = [
    ("main", "step (mine.py);forward (torch/nn/modules/linear.py)", 700, 1_400_000_000),
    ("main", "step (mine.py)", 250, 500_000_000),
    ("main", "step (mine.py);<lambda> (mine.py)", 50, 100_000_000),
]


def profile(
    found: dict[str, Any],
    operators: Sequence[Mapping[str, Any]],
    kernels: Sequence[Mapping[str, Any]] = (),
    allocations: Sequence[Sequence[Any]] = (),
    stacks: Sequence[Sequence[Any]] = STACKS,
) -> tuple[Profile, ProfileResult]:
    """As it would be read back."""
    rows: dict[str, Sequence[Any]] = {
        "operators": operators,
        "kernels": kernels,
        "allocations": allocations,
        "stacks": stacks,
    }
    frames = [pd.DataFrame(list(rows[name]), columns=list(TABLES[name])).astype(TABLES[name]) for name in TABLES]
    made = Profile(Path("results/p"), RUN, found, *frames)
    return made, judge(found)
