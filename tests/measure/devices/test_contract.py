"""What every device keeps to, on the CPU and on simulated GPUs of three makers: the contract of `Device`."""

import inspect

import pytest
import torch

from bench.measure import devices
from bench.measure.devices import device_for
from bench.measure.devices.cpu import Cpu
from bench.measure.devices.cuda import Cuda
from bench.measure.devices.device import Device, NoClockError
from bench.measure.devices.mps import Mps
from bench.measure.devices.processor_condition import Condition
from bench.measure.devices.xpu import Xpu
from bench.measure.timing.blocks import nothing
from bench.measure.timing.series_timer import SeriesTimer
from bench.records import Settings
from bench.series import STEP, Series
from bench.workload import Prepared, Work
from tests.measure.devices.simulated_gpu import (
    BUSY_NS,
    MetalEvent,
    SimulatedEvent,
    SimulatedGpu,
    as_cuda,
    as_mps,
    as_xpu,
)

CLASSES = {"cpu": Cpu, "cuda": Cuda, "mps": Mps, "xpu": Xpu}
GPUS = ("cuda", "mps", "xpu")
STEP_NS = 60_000
"""Device time of a step that events can tell."""


class Host(SimulatedGpu):
    """A host beside the GPUs: what is launched is done when the call returns."""

    def launch(self, ns):
        self.host_ns += self.launch_ns + ns


@pytest.fixture(params=CLASSES)
def kind(request):
    return request.param


@pytest.fixture
def gpu(kind, monkeypatch):
    """What the device of this kind runs on."""
    if kind == "cpu":
        return Host()
    return {"cuda": as_cuda, "mps": as_mps, "xpu": as_xpu}[kind](SimulatedGpu(), monkeypatch)


@pytest.fixture
def device(kind, gpu, monkeypatch):
    if kind == "cuda":
        monkeypatch.setattr(devices, "why_not", lambda name: "")
    return device_for(kind, lambda: gpu.host_ns)


def on_gpus(test):
    """A part of the contract that is about a queue."""
    return pytest.mark.parametrize("kind", GPUS)(test)


def test_it_has_all_that_a_device_has(kind, device):
    assert type(device) is CLASSES[kind]
    for name, member in inspect.getmembers(Device, inspect.isfunction):
        if not name.startswith("_"):
            assert list(inspect.signature(getattr(type(device), name)).parameters) == list(
                inspect.signature(member).parameters
            )
    assert device.torch_device.type == kind
    assert device.clocks[0] == "wall"


def test_wall_time_is_that_of_all_the_work(gpu, device):
    assert device.time("wall", lambda: gpu.launch(STEP_NS), 20, nothing) >= 20 * STEP_NS


@on_gpus
def test_work_that_is_not_drained_would_be_missing_from_wall_time(gpu, device, monkeypatch):
    # The planted mistake: synchronise removed.
    monkeypatch.setattr(type(device), "drain", lambda self: None)
    assert device.time("wall", lambda: gpu.launch(STEP_NS), 20, nothing) < 20 * STEP_NS / 5


@on_gpus
def test_latency_pays_for_launch_and_work_in_every_step(gpu, device):
    assert device.time("latency", lambda: gpu.launch(STEP_NS), 20, nothing) == 20 * (gpu.launch_ns + STEP_NS)


@on_gpus
def test_device_time_is_that_of_the_work_alone(gpu, device):
    gpu.launch_ns = STEP_NS + 12_000  # so dear that the queue runs dry, where nothing holds the device
    assert device.time("device", lambda: gpu.launch(STEP_NS), 20, nothing) == 20 * STEP_NS
    assert device.time("wall", lambda: gpu.launch(STEP_NS), 20, nothing) >= 20 * gpu.launch_ns


@on_gpus
def test_a_step_that_synchronises_has_no_device_time_and_says_why(gpu, device):
    def step():
        gpu.launch(STEP_NS)
        gpu.synchronize()

    with pytest.raises(NoClockError, match="the step synchronises"):
        device.time("device", step, 20, nothing)
    assert gpu.host_ns < 60e9  # the hold that grew meanwhile is bounded


def test_what_is_reset_is_reset_before_each_block_and_not_timed(gpu, device):
    reset = []

    def before():
        reset.append(1)
        gpu.launch(10 * STEP_NS)
        gpu.synchronize()

    for clock in device.clocks:
        reset.clear()
        assert device.time(clock, lambda: gpu.launch(20 * STEP_NS), 1, before) < 30 * STEP_NS
        assert reset


@on_gpus
def test_memory_is_that_since_the_reset(kind, gpu, device):
    gpu.allocate(500)
    before = device.resident_bytes()
    device.reset_peak()
    gpu.allocate(300)
    gpu.held_bytes -= 300
    allocated, reserved = device.peak_bytes()
    assert device.resident_bytes() == before == 500
    assert reserved >= 800
    assert allocated == (None if kind == "mps" else 800)


def test_what_it_cannot_tell_is_missing_with_a_reason(kind, gpu, device):
    condition = device.condition()
    assert isinstance(condition, Condition)
    if kind in ("mps", "xpu"):
        assert condition == Condition()
        reasons = devices.untold()
        assert all(reason and "\n" not in reason for reason in reasons.values())
        assert set(reasons) == {"mps": {"state of mps", "peak memory of mps"}, "xpu": {"state of xpu"}}[kind]


def test_cached_memory_is_given_back(kind, gpu, device):
    device.release()
    assert gpu.emptied == (kind != "cpu")


def timer(device, step):
    return SeriesTimer(device, Prepared(step=step, check=lambda out: 0.0, work=Work(items=1)), Settings(), 1e6)


def test_a_case_is_warmed_up_calibrated_and_timed_on_every_clock(kind, gpu, device):
    timing = timer(device, lambda: gpu.launch(STEP_NS))
    timing.warm_step({}, None)
    timing.calibrate({}, None)
    assert not timing.no_clock
    assert [series.clock for series in timing.steps] == list(device.clocks)
    blocks = timing.visit(4)
    assert {block.series.clock for block in blocks} == set(device.clocks)
    for block in blocks:
        assert block.total_ns >= block.steps * STEP_NS >= 5e5


@pytest.mark.parametrize("kind", ["mps", "xpu"])
def test_a_step_too_short_for_events_keeps_its_other_clocks_and_says_why(gpu, device):
    timing = timer(device, lambda: gpu.launch(5000))
    timing.warm_step({}, None)
    timing.calibrate({}, None)
    assert [series.clock for series in timing.steps] == ["wall", "latency"]
    assert "a step below 50 us is too short for events" in timing.no_clock[Series(STEP, "device")]


@pytest.mark.parametrize(("kind", "told"), [("mps", False), ("xpu", True)])
def test_a_reset_step_is_timed_by_events_where_they_are_exact_enough(kind, gpu, device, told):
    if told:
        assert device.time("device", lambda: gpu.launch(30_000), 1, gpu.synchronize) == 30_000
    else:
        with pytest.raises(NoClockError, match="shorter than events of mps are exact"):
            device.time("device", lambda: gpu.launch(30_000), 1, gpu.synchronize)


@pytest.mark.parametrize("kind", ["mps", "xpu"])
def test_events_without_times_cost_the_device_clock_alone(kind, gpu, device, monkeypatch):
    def refused(self, end):
        raise NotImplementedError("elapsed_time is not supported.")

    for event in (SimulatedEvent, MetalEvent):
        monkeypatch.setattr(event, "elapsed_time", refused)
    with pytest.raises(NoClockError, match=f"events of {kind}:0 have no times here: elapsed_time is not supported"):
        device.time("device", lambda: gpu.launch(STEP_NS), 20, nothing)
    assert device.time("wall", lambda: gpu.launch(STEP_NS), 3, nothing) >= 3 * STEP_NS


@pytest.mark.parametrize("kind", ["mps", "xpu"])
def test_an_error_of_the_step_is_its_own(gpu, device):
    def step():
        raise torch.OutOfMemoryError("no memory")

    with pytest.raises(torch.OutOfMemoryError):
        device.time("device", step, 20, nothing)


@pytest.mark.parametrize("kind", ["cuda", "xpu"])
def test_work_left_on_a_side_stream_has_no_device_time(gpu, device):
    def step():
        gpu.launch(STEP_NS)
        gpu.launch_beside(10 * STEP_NS)

    with pytest.raises(NoClockError, match="work on another stream"):
        device.time("device", step, 4, nothing)


@pytest.mark.parametrize("kind", ["mps", "xpu"])
def test_a_hold_grows_until_the_queue_is_full(gpu, device):
    gpu.launch_ns = 10_000
    steps = 20 * BUSY_NS // gpu.launch_ns
    assert device.time("device", lambda: gpu.launch(STEP_NS), steps, nothing) == steps * STEP_NS
