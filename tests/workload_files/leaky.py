"""Workloads that set something for their whole process, and a neighbour that tells what it was timed under."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import tracemalloc

import numpy
import torch

from bench.measure.settings.process_settings import changes, snapshot
from bench.workload import Context, Prepared, Work, workload


def threads() -> None:
    torch.set_num_threads(3)


def default_dtype() -> None:
    torch.set_default_dtype(torch.float64)


def default_device() -> None:
    torch.set_default_device("meta")


def products() -> None:
    torch.set_float32_matmul_precision("medium")


def convolutions() -> None:
    torch.backends.cudnn.allow_tf32 = False


def cudnn() -> None:
    torch.backends.cudnn.benchmark = True


def deterministic() -> None:
    torch.use_deterministic_algorithms(True)


def subnormals() -> None:
    torch.set_flush_denormal(True)


def gradients() -> None:
    torch.set_grad_enabled(False)


def autocast() -> None:
    torch.set_autocast_enabled("cpu", True)


def anomalies() -> None:
    torch.autograd.set_detect_anomaly(True)


def onednn() -> None:
    torch.backends.mkldnn.enabled = False  # type: ignore[assignment]  # a property of the module


def attention() -> None:
    torch.backends.cuda.enable_flash_sdp(False)


def numpy_errors() -> None:
    numpy.seterr(divide="raise")


def collector() -> None:
    gc.set_threshold(7)


def switches() -> None:
    sys.setswitchinterval(0.1)


def traces() -> None:
    tracemalloc.start()


def start_method() -> None:
    multiprocessing.set_start_method("spawn", force=True)


def folder() -> None:
    os.chdir("/")


def variable() -> None:
    os.environ["MKL_CBWR"] = "COMPATIBLE"


LEAKS = {
    "threads": ("threads", threads),
    "default_dtype": ("default dtype", default_dtype),
    "default_device": ("default device", default_device),
    "products": ("float32 precision of products", products),
    "convolutions": ("TF32 in convolutions", convolutions),
    "cudnn": ("cuDNN", cudnn),
    "deterministic": ("deterministic algorithms", deterministic),
    "subnormals": ("flushing of subnormals", subnormals),
    "gradients": ("gradients", gradients),
    "autocast": ("autocast on cpu", autocast),
    "anomalies": ("anomaly detection", anomalies),
    "onednn": ("oneDNN", onednn),
    "attention": ("attention kernels", attention),
    "numpy_errors": ("numpy errors", numpy_errors),
    "collector": ("garbage collector", collector),
    "switches": ("switch interval in µs", switches),
    "traces": ("tracemalloc", traces),
    "start_method": ("start method of processes", start_method),
    "folder": ("working directory", folder),
    "variable": ("environment variables", variable),
}
"""By value of the axis: the setting that leaks, and what leaks it."""

AT_FIRST = snapshot()
"""What the process was set to when this file was imported."""


def differs() -> dict[str, float]:
    """A number for each setting that is not as it was at first, by its name."""
    return {name.replace(" ", "_"): 1.0 for name in changes(AT_FIRST, snapshot())}


@workload(
    lesson="Planted",
    axes={
        "leak": (
            "threads",
            "default_dtype",
            "default_device",
            "products",
            "convolutions",
            "cudnn",
            "deterministic",
            "subnormals",
            "gradients",
            "autocast",
            "anomalies",
            "onednn",
            "attention",
            "numpy_errors",
            "collector",
            "switches",
            "traces",
            "start_method",
            "folder",
            "variable",
        )
    },
    quick={"leak": "threads"},
)
def a_leak(ctx: Context, leak: str) -> Prepared:
    """Sets one thing for its whole process, and tells what it was timed under.

    Answer: ten ones added.
    Work: ten numbers.
    """
    ones = torch.ones(10, dtype=ctx.dtype, device="cpu")
    _, set_it = LEAKS[leak]
    set_it()
    return Prepared(
        step=lambda: ones.sum(), check=lambda out: abs(float(out) - 10.0), quality=differs, work=Work(items=1, flops=10)
    )


@workload(lesson="Planted")
def b_victim(ctx: Context) -> Prepared:
    """Sets nothing, and tells what it was timed under.

    Answer: ten ones added.
    Work: ten numbers.
    """
    ones = torch.ones(10, dtype=ctx.dtype, device="cpu")
    return Prepared(
        step=lambda: ones.sum(), check=lambda out: abs(float(out) - 10.0), quality=differs, work=Work(items=1, flops=10)
    )


@workload(lesson="Planted", axes={"runs_under": ("products", "cudnn", "deterministic", "subnormals", "threads")})
def declared(ctx: Context, runs_under: str) -> Prepared:
    """Declares what it runs under, so that it is its own.

    Answer: ten ones added.
    Work: ten numbers.
    """
    ones = torch.ones(10, dtype=ctx.dtype, device="cpu")
    _, set_it = LEAKS[runs_under]
    ctx.run_under(set_it)
    return Prepared(
        step=lambda: ones.sum(), check=lambda out: abs(float(out) - 10.0), quality=differs, work=Work(items=1, flops=10)
    )


@workload(lesson="Planted")
def as_reported(ctx: Context) -> Prepared:
    """Asks for two threads, flushed subnormals, a coarser product and float64, as someone's workload did.

    Answer: ten ones added.
    Work: ten numbers.
    """
    torch.set_num_threads(2)
    torch.set_flush_denormal(True)
    torch.set_float32_matmul_precision("medium")
    torch.set_default_dtype(torch.float64)
    ones = torch.ones(10, dtype=ctx.dtype)
    return Prepared(
        step=lambda: ones.sum(), check=lambda out: abs(float(out) - 10.0), quality=differs, work=Work(items=1, flops=10)
    )


@workload(lesson="Planted")
def stuck(ctx: Context) -> Prepared:
    """Enters inference mode by hand, from which nothing leads back.

    Answer: ten ones added.
    Work: ten numbers.
    """
    mode = torch.inference_mode()
    mode.__enter__()
    ones = torch.ones(10)
    return Prepared(
        step=lambda: (ones.sum(), mode)[0], check=lambda out: abs(float(out) - 10.0), work=Work(items=1, flops=10)
    )
