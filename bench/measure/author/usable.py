"""Whether this machine and the workload support the dtype and the mode that a case asks for."""

from __future__ import annotations

import torch

from bench.measure import devices
from bench.measure.author.context import Skip
from bench.measure.author.tolerance import TOLERANCE
from bench.measure.machine.compiler import why_no_compiler
from bench.measure.modes import NEEDS_COMPILER
from bench.records import Case
from bench.workload import Declaration


def usable_dtype(case: Case, declared: Declaration) -> torch.dtype:
    """The dtype of the case. Raises `Skip` where the workload does not declare it, or its device lacks it."""
    name = str(case["dtype"])
    if name not in declared.dtypes:
        raise Skip(f"{case.workload} makes no sense in dtype={name}: it declares {', '.join(declared.dtypes)}")
    dtype = getattr(torch, name, None)
    if dtype not in TOLERANCE:
        raise Skip(f"no tolerance is known for dtype={name}")
    if reason := devices.why_no_dtype(str(case["device"]), name):
        raise Skip(f"dtype={name}: {reason}")
    return dtype  # type: ignore[no-any-return]  # getattr on a module; the line above made sure


def usable_mode(case: Case, declared: Declaration) -> str:
    """The mode of the case. Raises `Skip` where the workload does not declare it or this machine cannot compile."""
    mode = str(case["mode"])
    if mode not in declared.modes:
        raise Skip(f"{case.workload} makes no sense in mode={mode}: it declares {', '.join(declared.modes)}")
    if mode in NEEDS_COMPILER and (reason := why_no_compiler()):
        raise Skip(reason)
    if mode == "cudagraph" and not str(case["device"]).startswith("cuda"):
        raise Skip(f"mode=cudagraph records what is launched on a CUDA device, and device={case['device']} is none")
    return mode
