import pytest

from bench.measure.timing import blocks, clocks
from tests.simulated import SimulatedClock


def test_a_block_lasts_its_steps_and_one_reading_of_the_clock():
    clock = SimulatedClock(cost_ns=50)
    assert blocks.time_block(clock, lambda: clock.work(1000), 7, blocks.nothing) == 7 * 1000 + 50


def test_a_block_ends_only_when_the_device_is_drained():
    clock = SimulatedClock(cost_ns=0)
    queue = []

    def drain():
        clock.work(500 * len(queue))
        queue.clear()

    total = blocks.time_block(clock, lambda: queue.append(1), 4, drain)
    assert total == 4 * 500


def test_work_queued_before_a_block_is_none_of_it():
    clock = SimulatedClock(cost_ns=0)
    queue = [1, 1, 1]

    def drain():
        clock.work(500 * len(queue))
        queue.clear()

    assert blocks.time_block(clock, lambda: None, 4, drain) == 0


def test_a_latency_block_drains_after_every_step():
    clock = SimulatedClock(cost_ns=0)
    drains = []
    blocks.time_latency_block(clock, lambda: clock.work(10), 3, lambda: drains.append(clock.now_ns))
    assert drains == [0, 10, 20, 30]


@pytest.mark.parametrize("step_ns", [3, 40, 900, 25_000, 3_000_000])
def test_calibration_reaches_the_target_without_overshooting_far(step_ns):
    clock = SimulatedClock(cost_ns=50, noise=0.05, seed=3)

    def time(steps):
        return blocks.time_block(clock, lambda: clock.work(step_ns), steps, blocks.nothing)

    target = 1e5
    steps = blocks.calibrate(time, target)
    assert time(steps) >= 0.8 * target  # a noisy block may fall a little short of the one that was tried
    assert steps == 1 or steps * step_ns <= 4 * target


def test_a_slow_first_call_does_not_end_calibration_with_one_step_a_block():
    clock = SimulatedClock(cost_ns=0)
    calls = []

    def step():
        calls.append(1)
        clock.work(50_000 if len(calls) == 1 else 10)

    steps = blocks.calibrate(lambda n: blocks.time_block(clock, step, n, blocks.nothing), 100_000)
    assert steps * 10 >= 100_000


def test_the_empty_call_is_the_cheapest_of_its_repeats():
    clock = SimulatedClock(cost_ns=1000)
    assert blocks.empty_call_ns(clock, calls=100, repeats=3) == 10  # one reading over a hundred calls


def test_a_block_is_a_thousand_times_what_the_clock_resolves():
    assert blocks.shortest_block_ns(1e-3, resolution_ns=15e6, empty_ns=40) == 15e9
    assert blocks.shortest_block_ns(1e-3, resolution_ns=60, empty_ns=40) == 1e6
    assert blocks.shortest_block_ns(1e-3, resolution_ns=60, empty_ns=5000) == 5e6


def test_the_resolution_of_a_coarse_clock_is_its_grain():
    assert clocks.resolution_ns(SimulatedClock(cost_ns=7, grain_ns=1000), ticks=20) == 1000


def test_the_cost_of_a_reading_is_recovered():
    assert clocks.cost_ns(SimulatedClock(cost_ns=55), readings=500) == pytest.approx(55)
