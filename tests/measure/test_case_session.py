"""The order of one case in a worker, driven by a simulated clock: nothing here depends on the machine."""

from itertools import groupby
from pathlib import Path

import pytest

from bench.cold_blocks import cold_blocks, cold_in_turns, lockstep_ns
from bench.measure import devices
from bench.measure.author.import_workload import module_of
from bench.measure.author.outputs import numbers
from bench.measure.devices.device import NoClockError
from bench.measure.dispatcher import Dispatcher
from bench.measure.machine.cores import affinity
from bench.plan.catalog import find
from bench.protocol import BlockTimed, Close, Closed, Open, Opened, Refused, TimeBlock, Visit, Visited
from bench.protocol.placement import text_of
from bench.records import Case, Settings
from bench.series import Series
from tests.simulated import SimulatedClock

FILE = Path(__file__).parents[1] / "workload_files" / "recorded.py"
SOURCE = find([FILE], installed=False)["recorded/ordered"].source
SETTINGS = Settings(warm_s=0.005, warm_cap_s=0.05)
STEP, HALF = Series("step", "wall"), Series("half", "wall")


class Bench:
    """A dispatcher on a simulated clock, and the events of the recorded workload."""

    def __init__(self, noise=0.0):
        self.clock = SimulatedClock(cost_ns=20, noise=noise)
        self.module = module_of(SOURCE)
        self.module.ordered.clock = self.clock
        self.events = self.module.EVENTS
        self.events.clear()
        self.stages = []
        self.dispatcher = Dispatcher(lambda stage: self.stages.append(stage.stage), self.clock)

    def open(self, steps=None, known=None, **axes):
        """known: more fields of the request, which a later launch has."""
        self.key = Case.of("recorded/ordered", {"resets": False, **axes}).key
        return self.dispatcher.answer(Open(self.key, SOURCE, SETTINGS, steps or {}, **(known or {})))

    def story(self):
        """The events without repetition: what came after what."""
        return [event for event, _ in groupby(self.events)]


@pytest.fixture
def bench():
    return Bench()


def test_the_answer_is_checked_after_the_first_call_and_again_of_what_is_timed(bench):
    """Which is prepared anew, so that its memory is its own."""
    bench.open()
    assert bench.events[:6] == ["prepare", "step", "check", "close", "prepare", "step"]
    assert bench.events[-2:] == ["step", "check"]
    assert bench.events.count("check") == bench.events.count("prepare") == 2
    assert bench.stages == ["prepare", "first_call", "check", "prepare_again", "warm_up", "check"]


def test_a_later_launch_prepares_once_and_warms_up_by_what_the_first_one_learned(bench):
    first = bench.open()
    assert first.facts["steady"] is True
    assert (first.facts["settled_calls"], first.facts["settled_ns"]) == (0, 0)
    bench.events.clear()
    later = bench.open(first.steps, {"memory": False, "warm_calls": 10 * first.steps[STEP], "warm_ns": 0})
    assert bench.events.count("prepare") == bench.events.count("check") == 1
    assert later.steps == first.steps
    assert later.facts["steady"] is None
    assert later.facts["settled_calls"] is None
    assert later.facts["warm_calls"] == 15 * first.steps[STEP]
    assert later.facts["host_peak_bytes"] is None
    assert later.facts["host_peak_reason"] == "an earlier launch of this case measured it"


def test_where_a_case_might_run_is_recorded_with_its_condition(bench):
    bench.open()
    bench.dispatcher.answer(Visit(bench.key))
    closed = bench.dispatcher.answer(Close(bench.key))
    assert closed.facts["condition"]["cpus"] == text_of(affinity())


def test_a_visit_has_as_many_blocks_as_are_asked_for(bench):
    bench.open()
    timed = bench.dispatcher.answer(Visit(bench.key, blocks=20)).blocks
    assert [block.index for block in timed if block.series == STEP] == list(range(21))
    assert sum(block.kept for block in timed if block.series == STEP) == 19


def test_each_block_tells_what_it_took_of_the_processor(bench):
    """The clock is simulated, the processor is not: only that there are numbers, each of its block."""
    bench.open()
    for block in bench.dispatcher.answer(Visit(bench.key)).blocks:
        assert block.cpu_ns >= 0
        assert block.thread_ns >= 0
        assert block.preempted is None or block.preempted >= 0
        assert block.waited is None or block.waited >= 0


def test_a_visit_times_blocks_of_the_step_and_then_of_each_phase(bench):
    opened = bench.open()
    bench.events.clear()
    visited = bench.dispatcher.answer(Visit(bench.key))
    assert isinstance(visited, Visited)
    assert bench.story() == ["step", "phase"]
    assert [block.series for block in visited.blocks] == [STEP] * 6 + [HALF] * 6
    assert bench.events.count("step") == 6 * opened.steps[STEP]


def test_the_first_blocks_of_a_visit_are_marked_and_the_others_are_kept(bench):
    """Two of them: a block of 1 ms is shorter than the 5 ms after which nothing is cold any more."""
    bench.open()
    timed = bench.dispatcher.answer(Visit(bench.key)).blocks
    assert [(block.index, block.kept) for block in timed[:6]] == [(place, place >= 2) for place in range(6)]


def test_of_blocks_that_are_long_enough_only_the_first_is_cold():
    assert [cold_blocks(total) for total in (1_000_000, 4_999_999, 5_000_000, 10**9)] == [2, 2, 1, 1]


def test_in_turns_with_another_side_a_long_block_counts_from_the_first_on():
    lengths = (1_000_000, 5_000_000, 19_999_999, 20_000_000, 10**9)
    assert [cold_in_turns(total) for total in lengths] == [2, 1, 1, 0, 0]
    assert [lockstep_ns(total) / total for total in lengths] == [3, 2, 2, 1, 1]


@pytest.mark.parametrize(("cold", "steps"), [(0, 1), (1, 2), (3, 4), (None, 3)])
def test_a_block_of_a_pair_has_as_many_cold_blocks_before_it_as_are_asked_for(bench, cold, steps):
    """Without a number as many as the first of them says: two before the block of 1 ms that counts."""
    opened = bench.open()
    bench.events.clear()
    timed = bench.dispatcher.answer(TimeBlock(bench.key, "wall", cold=cold))
    assert isinstance(timed, BlockTimed)
    assert bench.events.count("step") == steps * opened.steps[STEP]


def test_raw_totals_and_step_counts_give_back_the_true_step(bench):
    bench.open()
    for block in bench.dispatcher.answer(Visit(bench.key)).blocks:
        true_ns = {STEP: 10_000, HALF: 4_000}[block.series]
        # The clock's own cost is below 0.1 % of a block.
        assert block.total_ns / block.steps == pytest.approx(true_ns, rel=1e-3)


def test_closing_reads_the_quality_checks_again_and_then_closes(bench):
    bench.open()
    bench.dispatcher.answer(Visit(bench.key))
    bench.events.clear()
    closed = bench.dispatcher.answer(Close(bench.key))
    assert isinstance(closed, Closed)
    assert bench.events == ["quality", "step", "check", "step", "step", "close"]  # two are counted, and not timed
    assert closed.facts["quality"] == {"loss": 0.25}


def test_a_reset_runs_before_every_block_and_makes_its_n_one(bench):
    opened = bench.open(resets=True)
    assert set(opened.steps.values()) == {1}
    bench.events.clear()
    bench.dispatcher.answer(Visit(bench.key))
    assert bench.events[:4] == ["reset", "step", "reset", "step"]
    assert bench.events.count("reset") == bench.events.count("step") + bench.events.count("phase")


def test_short_blocks_of_a_case_with_reset_are_more_to_fill_the_visit(bench):
    bench.open(resets=True)
    timed = bench.dispatcher.answer(Visit(bench.key)).blocks
    assert sum(block.series == STEP for block in timed) == 51  # 10 us each where 1 ms was asked for: the most, and one


def test_n_that_an_earlier_launch_found_is_kept(bench):
    assert bench.open(steps={STEP: 123, HALF: 7}).steps == {STEP: 123, HALF: 7}


def test_two_launches_calibrate_alike_and_reach_the_block_length(bench):
    opened = bench.open()
    assert opened.steps[STEP] * 10_000 >= SETTINGS.block_s * 1e9


def test_what_the_clock_costs_and_resolves_is_recorded(bench):
    facts = bench.open().facts
    assert facts["clock_cost_ns"] == pytest.approx(20)
    assert facts["clock_resolution_ns"] == pytest.approx(20)
    assert facts["empty_call_ns"] == pytest.approx(20 / 20_000)


def test_the_first_call_is_timed_apart(bench):
    assert bench.open().facts["first_call_ns"] == 10_000 + 20


def test_a_case_that_is_not_open_is_refused_and_the_desk_lives_on(bench):
    refused = bench.dispatcher.answer(Visit("recorded/ordered[never=1]"))
    assert isinstance(refused, Refused)
    assert refused.outcome == "failed"
    assert isinstance(bench.open(), Opened)


def test_a_refused_case_is_closed_so_that_what_it_opened_is_let_go(bench, monkeypatch):
    import dataclasses

    plain = bench.module.ordered

    def wrong(ctx, **axes):
        return dataclasses.replace(plain(ctx, **axes), check=lambda out: 1.0)

    wrong.__coursebench__ = plain.__coursebench__
    wrong.clock = bench.clock
    monkeypatch.setattr(bench.module, "ordered", wrong)
    refused = bench.open()
    assert (refused.outcome, bench.events[-1]) == ("wrong", "close")


def test_a_case_that_turned_wrong_while_it_was_timed_is_closed_too(bench, monkeypatch):
    import dataclasses

    plain, errors = bench.module.ordered, iter([0.0, 0.0, 1.0])

    def turning(ctx, **axes):
        return dataclasses.replace(plain(ctx, **axes), check=lambda out: next(errors, 1.0))

    turning.__coursebench__ = plain.__coursebench__
    turning.clock = bench.clock
    monkeypatch.setattr(bench.module, "ordered", turning)
    assert isinstance(bench.open(), Opened)
    refused = bench.dispatcher.answer(Close(bench.key))
    assert (refused.outcome, bench.events[-1]) == ("wrong", "close")


def test_garbage_is_not_collected_inside_blocks(bench):
    import gc

    bench.open()
    states = []
    inner = bench.clock.work
    bench.module.ordered.clock = type(
        "Spy", (), {"work": lambda self, ns: (states.append(gc.isenabled()), inner(ns))}
    )()
    bench.dispatcher.answer(Visit(bench.key))
    assert states
    assert not any(states)
    assert gc.isenabled()


class FickleDevice:
    """A CPU with a second clock that cannot time every step, as the device clock of a GPU."""

    clocks = ("wall", "device")

    def __init__(self, clock, works):
        from bench.measure.devices.cpu import Cpu

        self._cpu = Cpu(clock)
        self._works = works
        self.torch_device = self._cpu.torch_device

    def time(self, clock, step, steps, before):
        if clock == "device" and not self._works(steps):
            raise NoClockError("the step synchronises")
        return self._cpu.time(clock, step, steps, before)

    def __getattr__(self, name):
        return getattr(self._cpu, name)


@pytest.mark.parametrize("resets", [False, True])
def test_a_clock_that_cannot_time_the_step_is_left_out_with_its_reason(bench, monkeypatch, resets):
    monkeypatch.setattr(devices, "device_for", lambda name, clock: FickleDevice(clock, lambda steps: False))
    opened = bench.open(resets=resets)
    assert isinstance(opened, Opened)
    assert set(opened.steps) == {STEP, HALF}
    bench.dispatcher.answer(Visit(bench.key))
    closed = bench.dispatcher.answer(Close(bench.key))
    assert closed.no_clock == dict.fromkeys(
        (Series("step", "device"), Series("half", "device")), "the step synchronises"
    )


def test_a_clock_that_fails_later_costs_its_own_blocks_alone(bench, monkeypatch):
    calls = []
    fickle = FickleDevice(bench.clock, lambda steps: (calls.append(1), len(calls) < 40)[1])
    monkeypatch.setattr(devices, "device_for", lambda name, clock: fickle)
    bench.open()
    calls += [1] * 100
    visited = bench.dispatcher.answer(Visit(bench.key))
    assert isinstance(visited, Visited)
    assert {block.series.clock for block in visited.blocks} == {"wall"}


def test_the_longest_block_that_fits_the_queue_is_used_where_the_wanted_one_does_not(bench, monkeypatch):
    monkeypatch.setattr(devices, "device_for", lambda name, clock: FickleDevice(clock, lambda steps: steps <= 8))
    steps = bench.open().steps
    assert 1 <= steps[Series("step", "device")] <= 8 < steps[STEP]


def test_a_compilation_while_the_case_is_timed_counts_against_it(bench, monkeypatch):
    graphs = compiling(monkeypatch)
    bench.open()
    inner = bench.clock.work
    bench.module.ordered.clock = type(
        "Spy", (), {"work": lambda self, ns: (graphs.update(made=graphs["made"] + 1), inner(ns))}
    )()
    bench.dispatcher.answer(Visit(bench.key))
    assert bench.dispatcher.answer(Close(bench.key)).facts["counters"]["recompiles"] > 0


def test_a_compilation_of_another_case_of_the_process_does_not(bench, monkeypatch):
    graphs = compiling(monkeypatch)
    bench.open()
    graphs["made"] += 5
    bench.dispatcher.answer(Visit(bench.key))
    graphs["made"] += 5
    assert bench.dispatcher.answer(Close(bench.key)).facts["counters"]["recompiles"] == 0


def compiling(monkeypatch):
    """Dynamo's count of graphs, in the hands of the test."""
    from bench.measure import case_session

    graphs = {"made": 3}
    monkeypatch.setattr(case_session, "compiled_graphs", lambda: {"graphs": graphs["made"], "graph_breaks": 0})
    return graphs


def test_what_an_author_counts_in_torch_travels_as_plain_numbers():
    import numpy
    import torch

    given = {"a": torch.tensor(0.5), "b": numpy.float32(2), "c": float("nan"), "d": None}
    assert numbers(given) == {"a": 0.5, "b": 2.0, "c": None, "d": None}


def test_the_peak_of_a_compiled_case_is_not_told_since_it_holds_the_compiler():
    from bench.measure.memory.high_water import HighWater

    mark = HighWater("a compiled case holds the compiler too")
    mark.restart()
    assert (mark.bytes(), mark.reason) == (None, "a compiled case holds the compiler too")


def test_a_case_that_kills_the_context_of_its_device_takes_the_process_with_it(bench, monkeypatch):
    # Every case after it would fail in its place; a process that ends costs the culprit alone.
    class Dying(FickleDevice):
        def drain(self):
            raise RuntimeError("CUDA error: device-side assert triggered")

    monkeypatch.setattr(devices, "device_for", lambda name, clock: Dying(clock, lambda steps: True))
    with pytest.raises(RuntimeError, match="device-side assert"):
        bench.open()
