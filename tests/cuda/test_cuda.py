"""The CUDA device, on a machine that has one."""

import pytest
import torch

from bench.measure.author.context import CaseContext
from bench.measure.devices import device_for
from bench.measure.devices.device import NoClockError
from bench.measure.modes import Mode
from bench.measure.timing.blocks import nothing
from bench.measure.timing.clocks import wall
from bench.measure.timing.other_timers import timed_with_do_bench
from workloads import transfer

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine"),
]


@pytest.fixture
def device():
    return device_for("cuda", wall)


@pytest.fixture
def product(device):
    a = torch.randn(2048, 2048, device="cuda")
    torch.mm(a, a)
    device.drain()
    return lambda: torch.mm(a, a)


def test_wall_time_waits_for_the_device(device, product):
    # Without the drain a block of launches would take a fraction of the device's own time.
    on_device = device.time("device", product, 20, nothing)
    assert device.time("wall", product, 20, nothing) >= 0.9 * on_device


def test_latency_is_never_below_wall(device, product):
    device.time("wall", product, 20, nothing)
    walls = sorted(device.time("wall", product, 20, nothing) for _ in range(9))
    latencies = sorted(device.time("latency", product, 20, nothing) for _ in range(9))
    assert latencies[4] >= 0.98 * walls[4]


def test_device_time_grows_with_the_steps(device, product):
    ten, forty = (sorted(device.time("device", product, n, nothing) for _ in range(9))[4] for n in (10, 40))
    assert 3.2 <= forty / ten <= 4.8


def test_a_step_that_synchronises_has_no_device_time(device):
    a = torch.ones(8, device="cuda")
    with pytest.raises(NoClockError, match="synchronises"):
        device.time("device", lambda: a.sum().item(), 5, nothing)


def test_the_slope_of_graphs_is_no_longer_than_events_and_not_much_shorter(device):
    a = torch.randn(64, 64, device="cuda")
    torch.mm(a, a)
    slope = sorted(device.time("device", lambda: torch.mm(a, a), 200, nothing) for _ in range(9))[4]
    events = sorted(device._time_on_device(lambda: torch.mm(a, a), 200, nothing) for _ in range(9))[4]
    assert 0.2 * events < slope < 1.05 * events


def test_work_left_on_a_side_stream_has_no_device_time(device):
    side, a = torch.cuda.Stream(), torch.randn(2048, 2048, device="cuda")

    def step():
        with torch.cuda.stream(side):
            for _ in range(10):
                torch.mm(a, a)
        return torch.mm(a, a)

    with pytest.raises(NoClockError, match="another stream"):
        device.time("device", step, 5, nothing)


def test_each_reading_of_the_state_is_a_number_or_has_its_reason(device):
    condition = device.condition()
    readings = {"clock rate": condition.mhz, "temperature": condition.celsius, "power": condition.watts}
    for name, value in readings.items():
        assert value is not None or condition.unread[name]
    assert condition.mhz is None or condition.mhz > 100
    assert condition.watts is None or condition.watts > 1


def test_peak_memory_is_that_since_the_reset(device):
    before = device.resident_bytes()
    device.reset_peak()
    x = torch.ones(2**20, device="cuda")
    allocated, reserved = device.peak_bytes()
    assert allocated - before >= x.numel() * 4
    assert reserved >= allocated


def test_waits_take_the_cycles_that_they_were_asked_for(device):
    mhz = device.condition().mhz
    if mhz is None:
        pytest.skip("this GPU does not tell its clock rate")
    hertz = mhz * 1e6
    short, long = (
        sorted(device.time("device", lambda n=cycles: torch.cuda._sleep(n), 1, nothing) for _ in range(9))[4]
        for cycles in (1_000_000, 10_000_000)
    )
    assert (long - short) * 1e-9 * hertz == pytest.approx(9_000_000, rel=0.05)


def test_do_bench_agrees_on_a_large_product(device):
    pytest.importorskip("triton", reason="triton is not installed")
    a = torch.randn(4096, 4096, device="cuda", dtype=torch.bfloat16)
    pairs = timed_with_do_bench(lambda: torch.mm(a, a), device, 5, "seed")["triton do_bench"]
    assert sorted(pair.ours_ns / pair.theirs_ns for pair in pairs)[2] == pytest.approx(1, abs=0.05)


def test_a_recorded_product_has_the_answer_of_its_inputs_in_every_replay(device):
    a, b = torch.randn(64, 64, device="cuda"), torch.randn(64, 64, device="cuda")
    replay = Mode("cudagraph")(torch.mm, a, b)
    torch.testing.assert_close(replay(), a @ b)
    a.normal_()
    torch.testing.assert_close(replay(), a @ b)


@pytest.mark.parametrize("how", ["sequential", "overlapped"])
def test_chunks_that_travel_meanwhile_arrive_whole(how):
    context = CaseContext(torch.device("cuda"), torch.float32, "eager", 0, "transfer/overlap[device=cuda]")
    prepared = transfer.overlap(context, how, 256)
    for _ in range(3):
        assert prepared.check(prepared.step()) < 5e-5
