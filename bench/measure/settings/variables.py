"""Environment variables that steer what is timed. Listed one by one: whatever else a user has there is never recorded.

`steering` are those that change what is computed or how; two runs that differ in one are not measured alike. `recorded`
are also those that say where something lies, which change neither.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import PurePath

INSTRUCTION_SETS = ("ATEN_CPU_CAPABILITY", "DNNL_", "ONEDNN_", "NPY_DISABLE_CPU_FEATURES", "NPY_ENABLE_CPU_FEATURES")
LIBRARIES = ("MKL_", "OPENBLAS_", "BLIS_", "GOTO_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMEXPR_")
THREADS = ("OMP_", "KMP_", "GOMP_")
ALLOCATORS = (
    *("LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "GLIBC_TUNABLES", "MALLOC_", "TCMALLOC_", "MIMALLOC_", "PYTHONMALLOC"),
    *("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_HIP_ALLOC_CONF", "PYTORCH_NO_CUDA_MEMORY_CACHING"),
)
DEVICES = (
    *("CUDA_LAUNCH_BLOCKING", "CUDA_DEVICE_MAX_CONNECTIONS", "CUDA_MODULE_LOADING", "CUDA_FORCE_PTX_JIT"),
    *("CUDA_DISABLE_PTX_JIT", "CUDA_AUTO_BOOST", "NVIDIA_TF32_OVERRIDE", "CUBLAS", "CUDNN_", "TORCH_CUDNN_"),
    *("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "TORCH_BLAS_PREFER_", "DISABLE_ADDMM_CUDA_LT"),
)
COMPILERS = ("TORCHINDUCTOR_", "TORCHDYNAMO_", "TORCH_COMPILE_", "TORCH_LOGS", "TRITON_", "PYTORCH_JIT",
             "PYTORCH_TENSOREXPR_")  # fmt: skip
PYTHON = (
    *("PYTHONHASHSEED", "PYTHONOPTIMIZE", "PYTHONDEVMODE", "PYTHONTRACEMALLOC", "PYTHONFAULTHANDLER"),
    *("PYTHONASYNCIODEBUG", "PYTHON_GIL", "PYTHON_JIT"),
)

STEERS = (*INSTRUCTION_SETS, *LIBRARIES, *THREADS, *ALLOCATORS, *DEVICES, *COMPILERS, *PYTHON)
"""Beginnings of the names of variables that steer; most are whole names."""

BESIDES = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CUDA_HOME", "CUDA_PATH", "CUDA_CACHE_", "TORCH_HOME")
"""Recorded, but no difference between two runs: what they lead to is a fact of its own, such as the GPU."""

PLACES = ("_DIR", "_PATH", "_HOME", "_FILE", "_OUT", "_TRACE")
"""Ends of names that say where something lies."""

PRIVATE = ("TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "REDIS", "URL", "USER")
"""Parts of names that are never recorded."""

OF_LIBRARIES = frozenset(("KMP_INIT_AT_FORK", "KMP_DUPLICATE_LIB_OK", "CUDA_MODULE_LOADING"))
"""Set by torch, scikit-learn and others when they are imported or first used: no one's choice."""

OF_HARNESS = frozenset(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OMP_WAIT_POLICY"))
"""Set for each worker, by the axis `threads` (`environment` in `bench/runner/worker.py`)."""

PRELOADED = ("LD_PRELOAD", "DYLD_INSERT_LIBRARIES")


def recorded(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The allowed variables that are set; of a library that is loaded first, only its file's name."""
    return {name: _shown(name, environment[name]) for name in sorted(filter(is_recorded, environment))}


def steering(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Those of them that change what is computed or how, and that no library sets by itself."""
    return {name: _shown(name, environment[name]) for name in sorted(filter(is_steering, environment))}


def chosen_by_user(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The steering variables that a user chose: not those that the harness sets for its workers."""
    return {name: value for name, value in steering(environment).items() if name not in OF_HARNESS}


@cache
def is_recorded(name: str) -> bool:
    """Whether a variable of this name is on the list."""
    return name.startswith((*STEERS, *BESIDES)) and not any(part in name for part in PRIVATE)


@cache
def is_steering(name: str) -> bool:
    """Whether it is one of those that steer. Cached, as all names are looked at with each request about a case."""
    on_list = name.startswith(STEERS) and is_recorded(name)
    return on_list and name not in OF_LIBRARIES and not name.endswith(PLACES)


def _shown(name: str, value: str) -> str:
    if name not in PRELOADED:
        return value
    return " ".join(PurePath(each).name for each in value.replace(":", " ").split())
