"""Synthetic frames of estimates, the same on every machine."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bench.records import Case, Finding

NAN = float("nan")
FEW = Finding(
    check="few-launches",
    severity="warning",
    message="3 launches: the interval rests on an assumption about the distribution",
    advice="run it again with --launches 6 or more",
)
NOT_STEADY = Finding(
    check="not-steady", severity="error", message="the step was still getting faster", advice="raise --warm-cap"
)


def row(workload: str, value: float | None = None, *, spread: float = 0.02, **more: Any) -> dict[str, Any]:
    """One row of the frame; keywords that are columns override, all others are axes."""
    columns: dict[str, Any] = {
        "outcome": "ok" if value is not None else "skipped", "reason": "", "clock": "wall" if value else None,
        "value_s": NAN, "low_s": NAN, "high_s": NAN, "method": "order statistics of 6 launches, 96.9 %",
        "launches": 6, "blocks": 96, "first_call_s": NAN, "compile_cold_s": NAN, "compile_warm_s": NAN,
        "build_s": NAN, "peak_bytes": NAN, "items": 1.0, "unit": "product", "items_per_s": NAN,
        "items_per_s_low": NAN, "items_per_s_high": NAN, "flops": NAN, "bytes": NAN, "kernels": NAN,
        "run": "20250101T120000-ab12", "machine": "2-core AMD EPYC", "findings": [],
    }  # fmt: skip
    extra = (
        "reference",
        "speedup",
        "speedup_low",
        "speedup_high",
        "speedup_paired",
        "speedup_method",
        "torch",
        "quality",
    )
    axes = {name: item for name, item in more.items() if name not in (*columns, *extra)}
    case = Case.of(workload, axes)
    given = {name: item for name, item in more.items() if name not in axes}
    columns.update(given)
    if value is not None:
        columns["value_s"] = value
        if spread:
            columns["low_s"], columns["high_s"] = value * (1 - spread), value * (1 + 1.2 * spread)
        items = columns["items"]
        columns["items_per_s"] = items / value
        columns["items_per_s_low"] = items / columns["high_s"]
        columns["items_per_s_high"] = items / columns["low_s"]
    key = columns.pop("key", case.key)
    return {"key": key, "workload": workload, **case.axes, "params": case.axes, **columns}


def frame(*rows: dict[str, Any]) -> pd.DataFrame:
    """The frame of these rows; columns only some have are NaN in the others."""
    return pd.DataFrame(list(rows))


def matmul(**more: Any) -> pd.DataFrame:
    """A sweep over size on two devices, with one size out of memory and one mode skipped."""
    rows = [
        row(
            "matmul/square",
            4e-11 * size**3 / 30 + 9e-6,
            size=size,
            peak_bytes=12.0 * size**2,
            first_call_s=2e-3,
            **more,
        )
        for size in (64, 256, 1024, 4096)
    ]
    rows += [
        row("matmul/square", 4e-11 * size**3 / 900 + 3e-5, size=size, device="cuda", machine="2-core AMD EPYC", **more)
        for size in (64, 256, 1024)
    ]
    rows.append(
        row(
            "matmul/square",
            size=4096,
            device="cuda",
            outcome="oom",
            reason="CUDA out of memory: 192 MiB asked, 80 MiB free",
        )
    )
    return frame(*rows)


def modes(**more: Any) -> pd.DataFrame:
    """Training steps in several modes with speed-ups against eager: faster, slower, undecided, skipped."""
    rows: list[dict[str, Any]] = []
    for rows_, eager in ((800, 210e-6), (8000, 690e-6)):
        reference = Case.of("regression/train_step", {"rows": rows_}).key
        rows.append(_compared(reference, eager, 1.0, NAN, NAN, "eager", rows_, paired=True, **more))
        rows.append(_compared(reference, eager, 1.52, 1.48, 1.57, "compile", rows_, compile_cold_s=17.2, **more))
        rows.append(_compared(reference, eager, 1.01, 0.97, 1.04, "script", rows_, paired=True, build_s=0.03, **more))
        rows.append(_compared(reference, eager, 0.81, 0.79, 0.84, "trace", rows_, paired=True, **more))
    rows.append(
        row(
            "regression/train_step",
            rows=800,
            mode="compile-max-autotune",
            outcome="skipped",
            unit="row",
            reason="no C++ compiler on this machine: install g++ | clang",
            speedup=NAN,
            speedup_paired=None,
        )
    )
    return frame(*rows)


def _compared(
    reference: str, eager: float, ratio: float, low: float, high: float, mode: str, rows_: int, *, paired: bool = False,
    **more: Any,
) -> dict[str, Any]:  # fmt: skip
    findings = [FEW] if mode == "compile" else [NOT_STEADY, FEW] if mode == "trace" else []
    return row(
        "regression/train_step", eager / ratio, rows=rows_, mode=mode, unit="row", items=float(rows_),
        reference=reference, speedup=ratio, speedup_low=low, speedup_high=high, speedup_paired=paired,
        findings=findings, first_call_s=0.004, peak_bytes=3.5e6, **more,
    )  # fmt: skip


def loaders(**more: Any) -> pd.DataFrame:
    """An epoch by batch size through three loaders; throughput flattens out."""
    rows = []
    for loader, cost in (("dataloader", 3e-4), ("sliced", 2e-5), ("device_resident", 1.2e-5)):
        for batch in (32, 128, 512, 2048, 8192):
            step = cost + 1.5e-7 * batch * (2 if loader == "dataloader" else 1)
            rows.append(
                row(
                    "dataloader/epoch",
                    step * 16384 / batch,
                    loader=loader,
                    batch=batch,
                    items=16384.0,
                    unit="row",
                    **more,
                )
            )
    return frame(*rows)
