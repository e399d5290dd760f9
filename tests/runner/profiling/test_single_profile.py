"""One worker profiles one case; whatever ends it in the middle is an outcome, and nothing is left behind."""

import os
import signal
import time
from pathlib import Path

import pytest

from bench.analyse.profiles.compile_time import parts
from bench.plan.catalog import find
from bench.protocol import Refused
from bench.protocol.rungs import NO_STACKS
from bench.records import Case, Planned, Settings
from bench.runner import machine_probe
from bench.runner.profiling import single_profile
from bench.runner.profiling.py_spy import CALM_HZ, RATE_HZ
from bench.runner.profiling.single_profile import ProfileSettings, TakenProfile
from bench.runner.stop_request import Stop, Stopped

FILE = Path(__file__).parents[2] / "workload_files" / "planted_profiles.py"

pytestmark = pytest.mark.usefixtures("fresh_workers")  # who is left behind is looked for among children


WISH = ProfileSettings(steps=3, rung=NO_STACKS)
"""Samplers are tried in `test_py_spy`."""


@pytest.fixture(scope="module")
def hello():
    return machine_probe.look([], Stop())


@pytest.fixture
def take(tmp_path, hello):
    def take(key, stop=None, timeout_s=60.0, on_stage=lambda stage: None):
        case = Case.from_key(key)
        planned = Planned(case, find([FILE], installed=False)[case.workload].source)
        settings = Settings(warm_s=0.01, warm_cap_s=0.1, timeout_s=timeout_s)
        return single_profile.take(
            planned, settings, hello, stop or Stop(), tmp_path / "t.json.gz", tmp_path / "cache", WISH, on_stage
        )

    return take


def children():
    """The processes that this one started and that have not ended."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        found += [int(pid) for pid in (task / "children").read_text().split()]
    return [pid for pid in found if Path(f"/proc/{pid}/cmdline").read_bytes().find(b"bench.measure") >= 0]


needs_proc = pytest.mark.skipif(not Path(f"/proc/self/task/{os.getpid()}/children").exists(), reason="no /proc")


def test_a_profile_comes_back_with_its_trace(take, tmp_path):
    reply = take("planted_profiles/multiplies")
    assert isinstance(reply, TakenProfile), reply
    assert reply.profile["blocks"] == 3
    assert (tmp_path / "t.json.gz").stat().st_size > 100


@needs_proc
@pytest.mark.parametrize(
    ("how", "timeout_s", "outcome", "reason"),
    [("exits", 60, "crashed", "exited with code 3"), ("hangs", 8, "timeout", "no answer for 8 s")],
)
def test_a_worker_that_ends_under_the_profiler_is_an_outcome_and_leaves_nothing(take, how, timeout_s, outcome, reason):
    reply = take(f"planted_profiles/ends[how={how}]", timeout_s=timeout_s)
    assert isinstance(reply, Refused)
    assert (reply.outcome, reason in reply.reason) == (outcome, True)
    assert ("the reason is written here" in reply.detail) is (how == "exits")
    assert children() == []


@needs_proc
def test_a_stop_ends_the_worker_at_once(take):
    stop = Stop()
    began = time.monotonic()
    with pytest.raises(Stopped):
        take("planted_profiles/ends[how=hangs]", stop, 600, lambda stage: stop.request(signal.SIGINT))
    assert time.monotonic() - began < 60
    assert children() == []


@pytest.mark.timeout(600)
def test_of_a_compiled_case_it_is_told_where_compiling_went(hello, tmp_path):
    if reason := hello.capabilities["compile"]:
        pytest.skip(reason)
    case = Case.from_key("torchscript/inference[mode=compile,batch=32]")
    planned = Planned(case, find()[case.workload].source)
    trace, cache = tmp_path / "t.json.gz", tmp_path / "cache"
    wish = ProfileSettings(20, NO_STACKS)
    reply = single_profile.take(planned, Settings(timeout_s=500), hello, Stop(), trace, cache, wish, lambda stage: None)
    assert isinstance(reply, TakenProfile), reply
    compiling = parts(reply.profile["compiling"]["seconds"])
    assert min(compiling.values()) > 0
    assert sum(compiling.values()) == pytest.approx(reply.facts["first_call_ns"] / 1e9, rel=0.2)
    assert (reply.facts["counters"]["compiled_graphs"], reply.profile["compiling"]["recompiles"]) == (1, [])
    assert reply.profile["split_ns"]["compiled"] > 0


class Slowed:
    """A `CaseProfiler` whose steps take longer while they are sampled, by how often that is."""

    def __init__(self, by_hz):
        self.by_hz, self.rates = by_hz, []

    def why_not(self, rung):
        return ""

    def loop_plain(self, seconds, loops):
        loops.plain_ns += [100, 100]

    def loop_sampled(self, seconds, loops):
        self.rates.append(loops.rate_hz)
        loops.sampled_ns += [int(100 * self.by_hz[loops.rate_hz])] * 2
        loops.stacks.samples += int(loops.rate_hz * seconds)


def test_a_step_that_py_spy_slows_down_is_sampled_less_often_and_for_longer():
    profiler = Slowed({RATE_HZ: 1.4, CALM_HZ: 1.05})
    loops = single_profile.sampled_loops(profiler, ProfileSettings())
    assert profiler.rates == [RATE_HZ] + [CALM_HZ] * single_profile.ROUNDS
    assert set(loops.sampled_ns) == {105}
    assert loops.stacks.samples == single_profile.FEWEST_SAMPLES


def test_a_step_that_it_does_not_slow_down_is_sampled_as_often_as_can_be():
    profiler = Slowed({RATE_HZ: 1.02})
    assert len(single_profile.sampled_loops(profiler, ProfileSettings()).sampled_ns) == 2 * single_profile.ROUNDS
    assert set(profiler.rates) == {RATE_HZ}


def test_a_step_of_which_little_is_seen_is_sampled_for_longer_but_not_for_ever():
    profiler = Slowed({RATE_HZ: 1.02})
    single_profile.sampled_loops(profiler, ProfileSettings(sampled_s=1.0))
    assert len(profiler.rates) == 2 * single_profile.ROUNDS
    profiler.rates.clear()
    single_profile.sampled_loops(profiler, ProfileSettings(sampled_s=0.01))
    assert len(profiler.rates) == single_profile.MOST_ROUNDS
