"""Settings of Python, numpy and the operating system that change how long a step takes, or what it answers.

Left out: warning filters and the recursion limit, which change neither; trace functions, which a debugger sets while a
case runs in its process; niceness, which the system lets no one take back.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import tracemalloc

import numpy

from bench.measure.machine.cores import affinity
from bench.measure.settings.setting import Setting
from bench.measure.settings.variables import steering

GONE = "a folder that is gone"


def _garbage() -> dict[str, object]:
    return {"enabled": gc.isenabled(), "threshold": gc.get_threshold()}


def _set_garbage(wanted: dict[str, object]) -> None:
    (gc.enable if wanted["enabled"] else gc.disable)()
    thresholds = wanted["threshold"]
    assert isinstance(thresholds, tuple)
    gc.set_threshold(*thresholds)


def _switch_us() -> int:
    return round(sys.getswitchinterval() * 1e6)


def _set_switch_us(wanted: int) -> None:
    sys.setswitchinterval((wanted + 0.5) / 1e6)  # it is cut to whole microseconds


def _traced_frames() -> int:
    """Frames that are kept of each allocation; 0 while none is traced."""
    return tracemalloc.get_traceback_limit() if tracemalloc.is_tracing() else 0


def _trace(frames: int) -> None:
    tracemalloc.stop()
    if frames:
        tracemalloc.start(frames)


def _start_method() -> str:
    """How loaders and others start processes. To ask for it must not decide it."""
    return multiprocessing.get_start_method(allow_none=True) or multiprocessing.get_all_start_methods()[0]


def _set_start_method(name: str) -> None:
    multiprocessing.set_start_method(name, force=True)


def _cores() -> tuple[int, ...]:
    return tuple(affinity())


def _set_cores(wanted: tuple[int, ...]) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, wanted)


def _folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return GONE


def _variables() -> dict[str, str]:
    return {name: os.environ[name] for name in steering()}


def _set_variables(wanted: dict[str, str]) -> None:
    now = _variables()
    for name in set(now) - set(wanted):
        del os.environ[name]
    os.environ.update({name: value for name, value in wanted.items() if now.get(name) != value})


def _set_numpy(wanted: dict[str, str]) -> None:
    numpy.seterr(**wanted)  # type: ignore[arg-type]  # the words that geterr returned


OF_PYTHON = (
    # What numpy does at a division by zero: nothing, a warning at some microseconds, or an error.
    Setting("numpy errors", numpy.geterr, _set_numpy),
    Setting("garbage collector", _garbage, _set_garbage),
    # How long a thread keeps the interpreter while another wants it: it rules what a background thread costs.
    Setting("switch interval in µs", _switch_us, _set_switch_us),
    # Two to four times the cost of each allocation.
    Setting("tracemalloc", _traced_frames, _trace),
    # fork and spawn differ by seconds a worker.
    Setting("start method of processes", _start_method, _set_start_method),
    Setting("cores", _cores, _set_cores),
    # Files that a workload names without a folder.
    Setting("working directory", _folder, os.chdir),
    # Children inherit them, and libraries that are loaded later read them.
    Setting("environment variables", _variables, _set_variables),
)
