"""Whose code a frame is: the user's own, or that of torch, Python, a library, the harness or a compiler."""

from __future__ import annotations

import re
import sys
from functools import cache

COMPILED = "compiled code"

WAIT = "waiting for another thread or process"
"""Stands for every function that waits."""

BACKWARD = "_engine_run_backward (torch/autograd/graph.py)"
"""The Python function in which all of the backward pass runs."""

_FRAME = re.compile(r"(.*) \((.+)\)", re.DOTALL)
_GENERATED = re.compile(r"c[a-z2-7]{40,}\.py")
"""Files that Inductor writes: a letter and a hash in base 32."""

_LIBRARIES = frozenset(
    (
        *("torch", "torchgen", "functorch", "triton", "numpy", "scipy", "sklearn", "pandas", "joblib", "pyarrow"),
        *("matplotlib", "PIL", "jax", "jaxlib", "keras", "onnx", "onnxruntime", "onnxscript", "pyinstrument", "bench"),
    )
)

_WAITING = frozenset(
    (
        *("selectors.py", "threading.py", "queue.py", "multiprocessing/connection.py", "multiprocessing/queues.py"),
        *("multiprocessing/synchronize.py", "multiprocessing/popen_fork.py"),
        *("torch/cuda/__init__.py", "torch/cuda/streams.py"),
    )
)
"""Files whose functions wait for another thread or process, or for the device."""


@cache
def parts(frame: str) -> tuple[str, str]:
    """Name and file of a frame `name (file)`; the file is empty if the frame has none."""
    found = _FRAME.fullmatch(frame)
    return (found[1], found[2]) if found else (frame, "")


@cache
def is_own(frame: str) -> bool:
    """Whether it is the user's own code: neither Python's, nor a known library's, nor generated."""
    top = re.split(r"[/.]", parts(frame)[1])[0]
    return bool(top) and not (
        top in sys.stdlib_module_names or top in _LIBRARIES or top.startswith("<") or _GENERATED.fullmatch(top + ".py")
    )


@cache
def waits(frame: str) -> bool:
    """Whether it waits for another thread or process."""
    return frame == WAIT or parts(frame)[1] in _WAITING


@cache
def follows(frame: str) -> bool:
    """Whether it only waits, or replays what was recorded elsewhere, as the backward pass replays the forward pass."""
    return waits(frame) or frame == BACKWARD


@cache
def named(frame: str) -> str:
    """The name by which a frame is compared: one for all generated code, whose own names change with every version."""
    return COMPILED if _GENERATED.fullmatch(parts(frame)[1]) else frame
