"""The CUDA class on a simulated device: how the queue is filled behind a sleep, without the hardware."""

import sys
from contextlib import nullcontext
from types import ModuleType, SimpleNamespace

import pytest
import torch

from bench.measure.devices.cuda import FIRST_SLEEP_CYCLES, LONGEST_SLEEP_CYCLES, Cuda
from bench.measure.devices.device import NoClockError
from bench.measure.modes import graphs
from bench.measure.timing import other_timers
from bench.measure.timing.blocks import nothing
from bench.protocol.rows import TimerPair
from tests.measure.devices.simulated_gpu import SimulatedGpu, as_cuda


@pytest.fixture
def gpu(monkeypatch):
    return as_cuda(SimulatedGpu(), monkeypatch)


@pytest.fixture
def device(gpu):
    return Cuda("cuda", lambda: gpu.host_ns)


def test_device_time_hides_the_launches_behind_the_sleep(gpu, device):
    # 100 ns of work behind launches of 1000 ns each: only a full queue shows the work alone.
    assert device.time("device", lambda: gpu.launch(100), 50, nothing) == 50 * 100


def test_wall_time_of_tiny_kernels_is_their_launches(gpu, device):
    assert device.time("wall", lambda: gpu.launch(100), 50, nothing) == 50 * 1000 + 100


def test_latency_pays_for_launch_and_work_in_every_step(gpu, device):
    assert device.time("latency", lambda: gpu.launch(100), 50, nothing) == 50 * (1000 + 100)


def test_a_sleep_that_ends_before_the_queue_is_full_is_doubled(gpu, device):
    steps = 3 * FIRST_SLEEP_CYCLES // gpu.launch_ns
    assert device.time("device", lambda: gpu.launch(100), steps, nothing) == steps * 100
    assert gpu.sleeps == [FIRST_SLEEP_CYCLES, 2 * FIRST_SLEEP_CYCLES, 4 * FIRST_SLEEP_CYCLES]


def test_a_step_that_synchronises_has_no_device_time_and_the_sleep_stays_bounded(gpu, device):
    def step():
        gpu.launch(100)
        gpu.synchronize()

    with pytest.raises(NoClockError, match="synchronises"):
        device.time("device", step, 5, nothing)
    assert max(gpu.sleeps) <= LONGEST_SLEEP_CYCLES


def test_work_that_is_not_drained_would_be_missing_from_wall_time(gpu, device, monkeypatch):
    # The planted mistake: synchronise removed. The true block takes ten times as long as what would be read.
    honest = device.time("wall", lambda: gpu.launch(10_000), 20, nothing)
    monkeypatch.setattr(Cuda, "drain", lambda self: None)
    assert device.time("wall", lambda: gpu.launch(10_000), 20, nothing) < honest / 5


@pytest.mark.parametrize(("name", "index"), [("cuda", 0), ("cuda:0", 0), ("cuda:3", 3)])
def test_the_device_is_chosen_by_its_index(gpu, name, index):
    # torch.cuda.set_device refuses a device without one.
    assert Cuda(name, lambda: 0).torch_device.index == index
    assert gpu.chosen[-1].index == index


def test_each_try_of_the_device_clock_starts_from_what_was_reset(gpu, device):
    # A step that overfills the sleep is timed again: it must not be its second, un-reset run that counts.
    resets = []
    steps = 3 * FIRST_SLEEP_CYCLES // gpu.launch_ns
    device.time("device", lambda: gpu.launch(60_000), steps, lambda: resets.append(1))
    assert len(gpu.sleeps) == 3
    assert len(resets) == 1 + len(gpu.sleeps)  # and once to see that nothing is left on another stream


def test_visits_of_two_devices_make_their_own_current_again(gpu):
    one, other = Cuda("cuda:0", lambda: 0), Cuda("cuda:1", lambda: 0)
    one.enter()
    assert gpu.chosen[-1].index == 0
    other.enter()
    assert gpu.chosen[-1].index == 1


def test_the_gaps_between_tiny_kernels_are_no_part_of_their_time(gpu, device):
    gpu.gap_ns = 300
    assert device.time("device", lambda: gpu.launch(2000), 50, nothing) == 50 * 2000


def test_a_step_of_fifty_microseconds_is_timed_by_events(gpu, device):
    gpu.gap_ns = 300
    assert device.time("device", lambda: gpu.launch(50_000), 50, nothing) == 50 * 50_300


def test_a_tiny_step_that_cannot_be_captured_has_no_device_time(gpu, device, monkeypatch):
    step = Uncapturable(gpu)
    with pytest.raises(NoClockError, match="cannot be captured: operation not permitted when stream is capturing"):
        device.time("device", step, 5, nothing)


class Uncapturable:
    """Synchronises, but only while it is captured: elsewhere the queue is filled in time."""

    def __init__(self, gpu):
        self._gpu = gpu

    def __call__(self):
        if self._gpu.captured is not None:
            self._gpu.synchronize()
        self._gpu.launch(100)


def test_graphs_are_captured_once_for_all_blocks(gpu, device, monkeypatch):
    captures = []
    capture = gpu.capture
    monkeypatch.setattr(torch.cuda, "graph", lambda graph: (captures.append(graph), capture(graph))[1])

    def step():
        gpu.launch(100)

    assert [device.time("device", step, 5, nothing) for _ in range(3)] == [500] * 3
    assert len(captures) == 2


def test_a_step_that_is_reset_is_timed_by_events_however_short(gpu, device):
    """A graph of two steps would time the second on what the first left: warm where the reset had flushed the cache."""
    cold = [True]

    def flush():
        cold[0] = True

    def step():
        gpu.launch(2000 if cold[0] else 500)
        cold[0] = False

    assert device.time("device", step, 1, flush) == 2000


def test_do_bench_and_ours_time_single_steps_on_a_flushed_cache(gpu, device, monkeypatch):
    flushed, calls = [], []
    monkeypatch.setattr(torch, "empty", lambda *_, **__: SimpleNamespace(fill_=lambda value: flushed.append(value)))
    monkeypatch.setitem(sys.modules, "triton", ModuleType("triton"))
    testing = ModuleType("triton.testing")
    testing.do_bench = lambda step, **options: (calls.append(options), 0.06)[1]  # ms
    monkeypatch.setitem(sys.modules, "triton.testing", testing)
    monkeypatch.setattr(other_timers.importlib.util, "find_spec", lambda name: testing)
    found = other_timers.timed_with_do_bench(lambda: gpu.launch(60_000), device, 4, "seed")
    assert found == {"triton do_bench": [TimerPair(60_000, 60_000)] * 4}
    # Once for each single step, and once more for the look at other streams.
    assert len(flushed) == 4 * other_timers.SINGLE_STEPS + 1
    assert {options["return_mode"] for options in calls} == {"median"}


def test_without_triton_do_bench_is_left_out(gpu, device, monkeypatch):
    monkeypatch.setattr(other_timers.importlib.util, "find_spec", lambda name: None)
    assert other_timers.timed_with_do_bench(lambda: None, device, 4, "seed") == {}


class Stream:
    def wait_stream(self, other):
        pass


def test_a_recorded_function_is_launched_once_whatever_is_in_it(gpu, monkeypatch):
    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "current_stream", Stream)
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: nullcontext())
    calls = []

    def work(x):
        calls.append(x)
        for _ in range(20):
            gpu.launch(100)
        return "answer"

    replay = graphs.recorded(work, ("input",))
    assert calls == ["input"] * (graphs.CALLS_BEFORE_RECORDING + 1)
    before = gpu.host_ns
    assert replay("input") == "answer"
    assert gpu.host_ns - before == gpu.launch_ns
    assert len(calls) == graphs.CALLS_BEFORE_RECORDING + 1


def test_what_cannot_be_recorded_is_refused_with_the_reason(gpu, monkeypatch):
    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "current_stream", Stream)
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: nullcontext())
    with pytest.raises(graphs.UnsuitedError, match=r"mode=cudagraph cannot record .* operation not permitted"):
        graphs.recorded(lambda x: gpu.synchronize(), (1,))


def test_work_on_a_side_stream_is_joined_on_the_wall_clock(gpu, device):
    def step():
        gpu.launch(60_000)
        gpu.launch_beside(500_000)

    assert device.time("wall", step, 4, nothing) >= 4 * 500_000


def test_work_left_on_a_side_stream_has_no_device_time(gpu, device):
    """The planted mistake: the events of one stream would show an eighth of the work."""

    def step():
        gpu.launch(60_000)
        gpu.launch_beside(500_000)

    with pytest.raises(NoClockError, match="work on another stream"):
        device.time("device", step, 4, nothing)
