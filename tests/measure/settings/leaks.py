"""The planted leaks of `workload_files/leaky.py`, without importing it."""

from __future__ import annotations

from pathlib import Path

from bench.plan.catalog import find
from bench.records import Case, Planned

FILE = Path(__file__).parents[2] / "workload_files" / "leaky.py"
CATALOG = find([FILE], installed=False)

LEAKS = {  # by value of the axis, the setting that leaks
    "threads": "threads",
    "default_dtype": "default dtype",
    "default_device": "default device",
    "products": "float32 precision of products",
    "convolutions": "TF32 in convolutions",
    "cudnn": "cuDNN",
    "deterministic": "deterministic algorithms",
    "subnormals": "flushing of subnormals",
    "gradients": "gradients",
    "autocast": "autocast on cpu",
    "anomalies": "anomaly detection",
    "onednn": "oneDNN",
    "attention": "attention kernels",
    "numpy_errors": "numpy errors",
    "collector": "garbage collector",
    "switches": "switch interval in µs",
    "traces": "tracemalloc",
    "start_method": "start method of processes",
    "folder": "working directory",
    "variable": "environment variables",
}


def planned(name: str, **axes: str) -> Planned:
    """A case of the file."""
    return Planned(Case.of(f"leaky/{name}", axes), CATALOG[f"leaky/{name}"].source)


def leaking(leak: str) -> Planned:
    """The case that leaks one setting."""
    return planned("a_leak", leak=leak)


DECLARED = ("products", "cudnn", "deterministic", "subnormals")
"""Of them, those that a case of the file declares."""

VICTIM = planned("b_victim")


def declaring(leak: str) -> Planned:
    """The case that declares to run under one setting."""
    return planned("declared", runs_under=leak)
