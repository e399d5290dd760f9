"""What a device class claims of its hardware, on a machine that has it."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.measure import devices
from bench.measure.counting.operator_counts import sees_kernels
from bench.measure.devices.device import Device, NoClockError
from bench.measure.timing.blocks import Step, nothing
from tests import forking

pytestmark = pytest.mark.timeout(1800)

SIDE = 2048


@pytest.fixture(scope="session")
def product(device: Device) -> Step:
    """A step of some milliseconds that the device computes and the host only launches."""
    a = torch.randn(SIDE, SIDE).to(device.torch_device)
    torch.mm(a, a)
    device.drain()
    return lambda: torch.mm(a, a)


def middle(device: Device, clock: str, step: Step, steps: int, count: int = 9) -> float:
    """Nanoseconds of the median of some blocks, after one that does not count."""
    device.time(clock, step, steps, nothing)
    return statistics.median(device.time(clock, step, steps, nothing) for _ in range(count))


def on_device(device: Device, step: Step, steps: int) -> float:
    """As `middle`, on the device's own clock; skips with the reason where that has none."""
    try:
        return middle(device, "device", step, steps)
    except NoClockError as reason:
        pytest.skip(f"no device time: {reason}")


def test_wall_time_waits_for_the_device(device: Device, product: Step, seen: dict[str, Any]) -> None:
    launched = []

    def launch() -> None:
        launched.append(product())
        if len(launched) > 4:
            launched.clear()

    ten, forty = (middle(device, "wall", launch, steps) for steps in (10, 40))
    seen |= {"10 products (ms)": ten / 1e6, "40 products (ms)": forty / 1e6}
    assert 3 <= forty / ten <= 5
    rate = 2 * SIDE**3 * 40 / forty
    seen["TFLOP/s"] = rate / 1e3
    assert rate < 2e6  # 2 PFLOP/s: no device computes float32 so fast, a host that does not wait would seem to


def test_latency_is_never_below_wall(device: Device, product: Step, seen: dict[str, Any]) -> None:
    walls, latencies = (middle(device, clock, product, 20) for clock in ("wall", "latency"))
    seen |= {"wall (ms)": walls / 20e6, "latency (ms)": latencies / 20e6}
    assert latencies >= 0.95 * walls


def test_device_time_grows_with_the_steps(device: Device, product: Step, seen: dict[str, Any]) -> None:
    ten, forty = (on_device(device, product, steps) for steps in (10, 40))
    seen |= {"10 products (ms)": ten / 1e6, "40 products (ms)": forty / 1e6}
    assert 3.2 <= forty / ten <= 4.8


def test_device_time_of_long_work_is_its_wall_time(device: Device, product: Step, seen: dict[str, Any]) -> None:
    of_device, of_wall = on_device(device, product, 40), middle(device, "wall", product, 40)
    seen["device ÷ wall"] = of_device / of_wall
    assert 0.85 <= of_device / of_wall <= 1.1


def test_a_step_that_synchronises_has_no_device_time(device: Device, seen: dict[str, Any]) -> None:
    a = torch.ones(8, device=device.torch_device)
    with pytest.raises(NoClockError) as refused:
        device.time("device", lambda: a.sum().item(), 5, nothing)
    seen["reason"] = str(refused.value)


def test_memory_of_tensors_is_seen(device: Device, seen: dict[str, Any]) -> None:
    before = device.resident_bytes()
    device.reset_peak()
    x = torch.ones(2**20, device=device.torch_device)
    device.drain()
    allocated, reserved = device.peak_bytes()
    seen |= {"grew (bytes)": device.resident_bytes() - before, "peak": allocated, "reserved": reserved}
    assert device.resident_bytes() - before >= x.numel() * 4
    assert allocated is None or allocated - before >= x.numel() * 4
    assert reserved is None or reserved >= x.numel() * 4


def test_the_state_of_the_device_is_read_or_said_to_be_unknown(device: Device, seen: dict[str, Any]) -> None:
    condition = device.condition()
    seen |= {**vars(condition), **devices.untold()}
    assert condition.mhz is None or 10 < condition.mhz < 10_000
    assert condition.celsius is None or 0 < condition.celsius < 150


def test_float64_runs_or_is_refused_by_name(device: Device, kind: str, seen: dict[str, Any]) -> None:
    reason = devices.why_no_dtype(kind, "float64")
    seen["coursebench"] = reason or "float64 runs"
    try:
        torch.ones(8, dtype=torch.float64, device=device.torch_device).sum().item()
        seen["torch"] = ""
    except (RuntimeError, TypeError) as error:
        seen["torch"] = str(error)
    assert bool(seen["torch"]) is bool(reason)


def test_what_the_profiler_sees_is_written_down(device: Device, seen: dict[str, Any]) -> None:
    seen["kernels are seen"] = sees_kernels(device.torch_device)
    assert isinstance(seen["kernels are seen"], bool)


def ran(folder: Path, *words: str) -> dict[str, Any]:
    """What `bench run` ended as, and the rows of its table."""
    environment = {name: value for name, value in os.environ.items() if name != forking.ADDRESS}
    command = [sys.executable, "-m", "bench"]
    done = subprocess.run(
        [*command, "run", *words, "--out", "run", "--format", "json", "--quiet"],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=1700,
    )  # fmt: skip
    assert done.stdout, done.stderr
    shown = subprocess.run(
        [*command, "show", "run", "--format", "json"],
        cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    return {**json.loads(done.stdout), "code": done.returncode, "rows": json.loads(shown.stdout), "said": done.stderr}


def test_a_course_net_and_a_product_are_measured(kind: str, tmp_path: Path, seen: dict[str, Any]) -> None:
    cases = "matmul/square[size=1000]", "regression/train_step[rows=800]"
    found = ran(tmp_path, *cases, "-s", f"device={kind}", "--launches", "2")
    for row in found["rows"]:
        if row["clock"] != "cpu":
            seen[f"{row['workload']} {row['clock']} (us)"] = row["value_s"] and row["value_s"] * 1e6
    assert found["outcomes"] == {"ok": 2}, found


def test_the_quick_preset_ends_without_a_fault(kind: str, tmp_path: Path, seen: dict[str, Any]) -> None:
    found = ran(tmp_path, "--preset", "quick", "-s", f"device={kind}", "--launches", "1", "--budget", "20m")
    seen["outcomes"] = found["outcomes"]
    ended = {row["key"]: (row["outcome"], row["reason"]) for row in found["rows"] if row["outcome"] != "ok"}
    seen |= {key: f"{outcome}: {reason}" for key, (outcome, reason) in ended.items()}
    faults = {key: ending for key, ending in ended.items() if ending[0] in ("wrong", "failed", "crashed", "timeout")}
    assert not faults
    assert found["outcomes"].get("ok", 0) > 30
