"""Synthetic rows, the same on every machine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bench.analyse.rows import record_reader
from bench.analyse.rows.row import Row
from bench.records import Case, Finding
from bench.stats.intervals import Interval

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
    """The record of a row, without a time where `value` is None. Keywords that are no column are axes."""
    timed = value is not None
    columns: dict[str, Any] = {
        "outcome": "ok" if timed else "skipped", "reason": "", "clock": "wall" if timed else None,
        "value_s": NAN, "low_s": NAN, "high_s": NAN,
        "method": "order statistics of 6 launches, 96.9 %" if timed else "",
        "launches": 6 if timed else 0, "blocks": 96 if timed else 0,
        "first_call_s": NAN, "compile_cold_s": NAN, "compile_warm_s": NAN, "build_s": NAN, "peak_bytes": NAN,
        "items": 1.0, "unit": "product", "items_per_s": NAN,
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
        "twins",
        "phases",
        "samples",
        "check_error",
        "created",
        "threads_used",
        "sd_launches",
        "working_set",
        "fastest_s",
        "break_even",
        "break_even_low",
        "break_even_high",
        "break_even_of",
        "times_floor",
        "times_floor_low",
        "times_floor_high",
        "floor_by",
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
    return {"key": case.key, "workload": workload, **case.axes, "params": case.axes, **columns}


def rows(*records: dict[str, Any]) -> list[Row]:
    """The rows that these records are of."""
    return [_row(each) for each in records]


def _row(found: dict[str, Any]) -> Row:
    # By its parts: a name that means harm cannot be read back from a key, and must do none all the same.
    case = Case.of(found["workload"], found["params"])
    return replace(record_reader.row_of({**found, "key": "some/case"}), case=case)


def scaled(row: Row, factor: float) -> Row:
    """The row with its time multiplied, and with the rate that follows from it."""
    return replace(row, time=_times(row.time, factor), rate=_times(row.rate, 1 / factor))


def _times(found: Interval | None, factor: float) -> Interval | None:
    if found is None:
        return None
    low, high = (None if end is None else end * factor for end in (found.low, found.high))
    return replace(found, value=found.value * factor, low=low, high=high)


def matmul(**more: Any) -> list[Row]:
    """A sweep over size on two devices, with one size out of memory and one mode skipped."""
    records = [
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
    records += [
        row("matmul/square", 4e-11 * size**3 / 900 + 3e-5, size=size, device="cuda", machine="2-core AMD EPYC", **more)
        for size in (64, 256, 1024)
    ]
    records.append(
        row(
            "matmul/square",
            size=4096,
            device="cuda",
            outcome="oom",
            reason="CUDA out of memory: 192 MiB asked, 80 MiB free",
        )
    )
    return rows(*records)


def modes(**more: Any) -> list[Row]:
    """Training steps in several modes with speed-ups against eager: faster, slower, undecided, skipped."""
    records: list[dict[str, Any]] = []
    for rows_, eager in ((800, 210e-6), (8000, 690e-6)):
        reference = Case.of("regression/train_step", {"rows": rows_}).key
        records.append(_compared(reference, eager, 1.0, NAN, NAN, "eager", rows_, paired=True, **more))
        records.append(_compared(reference, eager, 1.52, 1.48, 1.57, "compile", rows_, compile_cold_s=17.2, **more))
        records.append(
            _compared(reference, eager, 1.01, 0.97, 1.04, "script", rows_, paired=True, build_s=0.03, **more)
        )
        records.append(_compared(reference, eager, 0.81, 0.79, 0.84, "trace", rows_, paired=True, **more))
    records.append(
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
    return rows(*records)


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


def loaders(**more: Any) -> list[Row]:
    """An epoch by batch size through three loaders; throughput flattens out."""
    records = []
    for loader, cost in (("dataloader", 3e-4), ("sliced", 2e-5), ("device_resident", 1.2e-5)):
        for batch in (32, 128, 512, 2048, 8192):
            step = cost + 1.5e-7 * batch * (2 if loader == "dataloader" else 1)
            records.append(
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
    return rows(*records)


def trainings(**more: Any) -> list[Row]:
    """Three draws of a training to the same accuracy, by a loader in batches of 32 and by full batches."""
    records = []
    for loader, batch, epoch_s, epochs in (
        ("dataloader", 32, 40e-3, (6, 8, 10)),
        ("sliced", 800, 3e-3, (110, 140, 180)),
    ):
        for draw, number in enumerate(epochs):
            course = {f"test_accuracy_after_{n}": 0.9 - 0.4 * (1 - n / number) ** 2 for n in range(1, number + 1)}
            records.append(
                row(
                    "dataloader/time_to_accuracy", epoch_s * number, loader=loader, batch=batch, draw=draw,
                    quality={"epochs": number, "test_accuracy": 0.9, **course}, unit="training", **more,
                )
            )  # fmt: skip
    return rows(*records)


def twin(axis: str, reference: str, ratio: float, spread: float = 0.05) -> dict[str, Any]:
    """The nested column of a case that is `ratio` times as fast as its twin on an axis."""
    ends = {"speedup": ratio, "speedup_low": ratio * (1 - spread), "speedup_high": ratio * (1 + spread)}
    method = "paired by launch: order statistics of 6 launches, 96.9 %"
    return {axis: {"reference": reference, **ends, "speedup_paired": True, "speedup_method": method}}


def devices(**more: Any) -> list[Row]:
    """Products on the CPU, at one thread and all, on a GPU, there and back; the GPU overtakes between 256 and 1024."""
    records = []
    for size in (64, 256, 1024, 2048):
        times = {1: 4e-11 * size**3 + 2e-6, 8: 6e-12 * size**3 + 1.2e-5}
        for threads, time_s in times.items():
            records.append(row("matmul/square", time_s, size=size, device="cpu", threads=threads, **more))
        best = min(records[-2:], key=lambda each: each["value_s"])
        for name, slower in (("square", 0.0), ("round_trip", 1e-5 + 1e-9 * size**2)):
            time_s = max(3e-5, 2e-13 * size**3) + slower
            found = twin("device", best["key"], best["value_s"] / time_s) if name == "square" else {}
            records.append(row(f"matmul/{name}", time_s, size=size, device="cuda", twins=found, **more))
    records.append(row("calibration/empty_kernel", 4e-3, device="cuda", kernels=1000.0, **more))
    records.append(row("matmul/square", size=4096, device="cuda", outcome="oom", reason="CUDA out of memory", **more))
    return rows(*records)


def threads(**more: Any) -> list[Row]:
    """A product at 1 to 16 threads on 8 cores, a tenth of it serial."""
    records = []
    one = row("matmul/square", 0.03, size=1000, threads=1, threads_used=1.0, sd_launches=0.01, **more)
    for count, used in ((2, 2), (4, 4), ("physical", 8), (16, 16)):
        time_s = 0.03 * (0.1 + 0.9 / min(used, 8))
        found = twin("threads", one["key"], one["value_s"] / time_s)
        records.append(row("matmul/square", time_s, size=1000, threads=count, threads_used=float(used),
                           sd_launches=0.01, twins=found, **more))  # fmt: skip
    return rows(one, *records)


def operations(**more: Any) -> list[Row]:
    """An operation on 10 to 10⁷ numbers that costs 5 µs at least."""
    return rows(*(
        row("tensors/elementwise", max(5e-6, 8e-10 * size), size=size, op="add", bytes=8.0 * size, flops=1.0 * size,
            kernels=1.0, sd_launches=0.02, **more)
        for size in (10, 100, 1000, 10**4, 10**5, 10**6, 10**7)
    ))  # fmt: skip


def compiled(**more: Any) -> list[Row]:
    """A training step, eager and compiled: it pays; one that never does; one of which that is not known."""
    records = []
    for size, (value, low, high) in {
        800: (9e4, 7e4, 1.3e5),
        32: (float("inf"),) * 3,
        8: (2e6, 1e5, float("inf")),
    }.items():
        records.append(row("regression/train_step", 3e-4, rows=size, mode="eager", **more))
        records.append(row("regression/train_step", 1e-4, rows=size, mode="compile", compile_cold_s=17.2,
                        compile_warm_s=0.25, break_even=value, break_even_low=low, break_even_high=high,
                        break_even_of="cold", **more))  # fmt: skip
    return rows(*records)


def compared(workload: str, axis: str, plain: str, others: dict[str, float], **more: Any) -> list[Row]:
    """Cases beside their twin on an axis, so many times as fast as it."""
    one = row(workload, 1e-3, **{axis: plain, **more})
    return rows(one, *(
        row(workload, 1e-3 / ratio, **{axis: value, **more}, twins=twin(axis, one["key"], ratio), check_error=3e-4)
        for value, ratio in others.items()
    ))  # fmt: skip


def measured(**more: Any) -> list[Row]:
    """Cases with phases, samples and floors, and the calibration that the floors come from."""
    created = "2026-11-01T10:00:00+00:00"
    records = []
    for size, parts in ((64, (0.3, 0.2, 0.3)), (1000, (0.02, 0.9, 0.02))):
        time_s = 1e-10 * size**3 + 1e-5
        names = ("to_device", "compute", "to_host")
        found = {name: [x * time_s, 0.97 * x * time_s, 1.04 * x * time_s] for name, x in zip(names, parts, strict=True)}
        blocks = {str(n): [time_s * (1 + 0.01 * n + 0.02 * (k % 5)) for k in range(16)] for n in range(6)}
        records.append(row(
            "matmul/round_trip", time_s, size=size, phases=found, samples=blocks, first_call_s=8 * time_s,
            flops=2.0 * size**3, bytes=12.0 * size**2, working_set=12.0 * size**2, created=created, times_floor=3.0,
            times_floor_low=2.5, times_floor_high=4.0, floor_by="bytes", **more,
        ))  # fmt: skip
    records.append(
        row("calibration/product", 2e9 / 6e10, size=1024, flops=2e9, fastest_s=2e9 / 6.2e10, created=created)
    )
    records.append(row("calibration/triad", 1e8 / 1e10, numbytes=10**8, bytes=1e8, working_set=1e8, fastest_s=0.99e-2,
                    created=created))  # fmt: skip
    return rows(*records)


def everything(**more: Any) -> list[Row]:
    """Rows that allow every chart of a run but that of `modes`."""
    return [
        row
        for part in (
            devices(**more), threads(**more), operations(**more), compiled(**more), loaders(**more), measured(**more),
            trainings(**more),
            compared("losses/custom", "dtype", "float32", {"float64": 0.6, "bfloat16": 1.02, "float16": 1.7}, **more),
            compared("frameworks/fit", "framework", "torch", {"numpy": 9.0, "sklearn": 1.01, "jax": 0.4}, **more),
            compared("pitfalls/item_every_step", "form", "cure", {"mistake": 0.7}, **more),
            compared("pitfalls/zeros_as_data", "form", "cure", {"mistake": 1.02}, **more),
            compared("dataloader/pass", "loader", "sliced", {"dataloader": 0.2, "device_resident": 1.1}, **more),
        )
        for row in part
    ]  # fmt: skip


def gate(**more: Any) -> list[Row]:
    """The verdicts of a gate: regressed, not resolved, improved, not slower, failed, changed."""
    cases = {
        800: ("regressed", 1.051, 1.042, 1.06, "ok"), 32: ("not_resolved", 1.012, 0.95, 1.06, "ok"),
        8: ("improved", 0.93, 0.91, 0.95, "ok"), 64: ("not_slower", 1.001, 0.99, 1.012, "ok"),
        128: ("not_resolved", NAN, NAN, NAN, "failed"), 256: ("workload_changed", NAN, NAN, NAN, "ok"),
    }  # fmt: skip
    return rows(*(
        {"key": Case.of("regression/train_step", {"rows": rows}).key, "workload": "regression/train_step",
         "params": {"rows": rows}, "outcome": outcome, "reason": "head: it raised" if outcome == "failed" else "",
         "clock": "wall", "verdict": verdict, "ratio": ratio, "ratio_low": low, "ratio_high": high, "pairs": 9,
         "slack": 0.02, "limit": 0.05, "suite_verdict": "regressed", "method": "95 % confidence sequence over pairs",
         "run": "20250101T120000-ab12", "machine": "2-core AMD EPYC", "torch": "2.13.0", **more}
        for rows, (verdict, ratio, low, high, outcome) in cases.items()
    ))  # fmt: skip
