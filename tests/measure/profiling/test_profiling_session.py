"""Profiles by real torch, on the CPU: what the worker tells of steps in which something was planted."""

import gzip
import json
from pathlib import Path

import pytest

from bench.measure.dispatcher import Dispatcher
from bench.measure.profiling import profiling_session
from bench.plan.catalog import find
from bench.protocol import Close, Loop, Looped, Open, OpenToProfile, ProfileSteps, Refused, StepsProfiled
from bench.protocol.rows import OperatorCalls
from bench.protocol.rungs import PYINSTRUMENT, SAMPLING_THREAD
from bench.records import Case, Settings

FILE = Path(__file__).parents[2] / "workload_files" / "planted_profiles.py"
CATALOG = find([FILE])
SETTINGS = Settings(warm_s=0.01, warm_cap_s=0.1)


@pytest.fixture(scope="module")
def profiled(tmp_path_factory):
    """A function that profiles a case once: its reply, and the path of its trace."""
    taken = {}

    def profile(key, steps=6):
        if key not in taken:
            case = Case.from_key(key)
            trace = tmp_path_factory.mktemp("trace") / "trace.json.gz"
            source = CATALOG[case.workload].source
            stages = []
            dispatcher = Dispatcher(lambda stage: stages.append(stage.stage))
            reply = told = dispatcher.answer(OpenToProfile(case.key, source, SETTINGS, count=False))
            for request in (ProfileSteps(case.key, steps, str(trace)), Close(case.key)):
                if not isinstance(reply, Refused):
                    told, reply = reply, dispatcher.answer(request)
            taken[key] = (reply if isinstance(reply, Refused) else told, trace, stages)
        return taken[key]

    return profile


def share(reply, name):
    split = reply.profile["split_ns"]
    return split[name] / sum(split.values())


def row(reply, name):
    return next(row for row in reply.profile["operators"] if row["name"] == name)


@pytest.mark.parametrize(
    ("key", "part"),
    [
        ("planted_profiles/sleeps", "python"),
        ("planted_profiles/copies", "copies"),
        ("planted_profiles/multiplies", "operators"),
        ("planted_profiles/loads", "loader"),
    ],
)
def test_what_was_planted_takes_most_of_the_time(profiled, key, part):
    reply, _, _ = profiled(key)
    assert isinstance(reply, StepsProfiled), reply
    assert share(reply, part) > 0.5


def test_a_sleeping_thread_is_not_on_a_core(profiled):
    told = profiled("planted_profiles/sleeps")[0].profile
    assert told["thread_ns"] < 0.5 * told["wall_ns"]


def test_each_item_is_counted_and_on_the_cpu_waits_for_nothing(profiled):
    reply, _, _ = profiled("planted_profiles/reads_items")
    assert reply.profile["waits"]["calls"] == {"aten::item": 42, "aten::_local_scalar_dense": 42}
    assert reply.profile["split_ns"]["waiting"] == 0


def test_calls_shapes_and_bytes_are_those_of_the_steps_alone(profiled):
    product = row(profiled("planted_profiles/multiplies")[0], "aten::mm")
    assert (product["calls"], product["shapes"]) == (6, "[[400, 400], [400, 400]]")
    assert product["host_bytes"] == 6 * 400 * 400 * 4


def test_own_times_and_what_lies_outside_add_up_to_the_blocks(profiled):
    told = profiled("planted_profiles/reads_items")[0].profile
    own = sum(item["self_ns"] for item in told["operators"])
    assert own == pytest.approx(sum(told["split_ns"].values()) - told["split_ns"]["python"], rel=1e-6)


def test_as_many_blocks_are_timed_without_the_profiler_as_with_it(profiled):
    told = profiled("planted_profiles/multiplies")[0].profile
    counts = [len(told[name]) for name in ("before_ns", "profiled_ns", "after_ns")]
    assert (counts, told["steps"], told["blocks"]) == ([6, 6, 6], 1, 6)
    assert min(told["before_ns"] + told["profiled_ns"] + told["after_ns"]) > 0


def test_the_answer_is_checked_before_and_after(profiled):
    _, _, stages = profiled("planted_profiles/multiplies")
    opening = ["prepare", "first_call", "check", "prepare_again", "warm_up", "check"]
    assert stages == [*opening, "profile", "trace", "close"]


def test_the_trace_is_what_chrome_and_perfetto_read_and_names_the_case(profiled):
    reply, trace, _ = profiled("planted_profiles/multiplies")
    names = [item.get("name") for item in json.loads(gzip.decompress(trace.read_bytes()))["traceEvents"]]
    assert names.count(reply.key) == 6
    assert names.count("aten::mm") >= 6


def test_memory_is_told_by_phase(profiled):
    memory = profiled("planted_profiles/multiplies")[0].profile["memory"]
    assert list(memory["phases"]) == ["prepare", "first_call", "step"]
    known = [phase["host"] for phase in memory["phases"].values()]
    assert all(size is None for size in known) if memory["reason"] else min(known) >= 0


def test_without_a_device_nothing_is_told_of_one(profiled):
    told = profiled("planted_profiles/multiplies")[0].profile
    assert (told["device"], told["history"], told["kernels"], told["compiling"]) == (None, None, [], None)


def test_a_step_that_raises_under_the_profiler_is_a_refusal_with_its_traceback(profiled):
    reply, _, _ = profiled("planted_profiles/ends[how=raises]")
    assert isinstance(reply, Refused)
    assert (reply.outcome, "of all things" in reply.reason) == ("failed", True)


def test_a_step_that_turns_wrong_under_the_profiler_has_no_profile(profiled):
    reply, _, _ = profiled("planted_profiles/ends[how=turns_wrong]")
    assert isinstance(reply, Refused)
    assert reply.outcome == "wrong"


def test_without_a_number_many_steps_of_few_events_are_profiled(profiled):
    told = profiled("matmul/square[size=64]", steps=None)[0].profile
    assert (told["blocks"], 20 <= told["steps"] * told["blocks"] <= profiling_session.MOST_STEPS) == (
        profiling_session.BLOCKS,
        True,
    )


def test_without_a_number_few_steps_of_many_events_are_profiled(profiled, monkeypatch):
    monkeypatch.setattr(profiling_session, "MOST_EVENTS", 3000)
    told = profiled("regression/train_step[rows=32]", steps=None)[0].profile
    assert 1 <= told["blocks"] < 20
    assert told["events"] <= 1.5 * 3000


def test_an_epoch_is_one_step_a_block(profiled):
    told = profiled("dataloader/epoch[loader=dataloader,batch=800,workers=0,pin=False]", steps=2)[0].profile
    assert (told["steps"], told["blocks"]) == (1, 2)
    assert told["split_ns"]["loader"] > 0


def test_what_the_workers_of_a_loader_take_to_start_is_a_part_of_its_own(profiled):
    told = profiled("dataloader/epoch[loader=dataloader,batch=800,workers=1,pin=False]", steps=2)[0].profile
    assert told["split_ns"]["starting"] > told["split_ns"]["loader"]
    alone = profiled("dataloader/epoch[loader=dataloader,batch=800,workers=0,pin=False]", steps=2)[0].profile
    assert alone["split_ns"]["starting"] == 0


def test_what_each_nanosecond_went_to_is_told_by_name_and_dtype_and_adds_up(profiled):
    reply = profiled("planted_profiles/multiplies")[0]
    most = max(reply.owned, key=lambda row: row.ns)
    assert (most.part, most.name, most.dtypes) == ("operators", "aten::mm", "float32")
    assert sum(row.ns for row in reply.owned) == sum(reply.profile["split_ns"].values())


def test_every_operator_is_counted(profiled):
    reply = profiled("planted_profiles/multiplies")[0]
    assert OperatorCalls("aten::mm", "float32", 6) in reply.calls


# --- the loop that samplers look at -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def looped():
    """A function that opens a case, loops it under a sampler in the process, and returns the reply."""

    def loop(key, sampler="", seconds=0.3):
        dispatcher, case = Dispatcher(lambda stage: None), Case.from_key(key)
        dispatcher.answer(OpenToProfile(case.key, CATALOG[case.workload].source, SETTINGS, count=False))
        reply = dispatcher.answer(Loop(case.key, seconds, sampler))
        dispatcher.answer(Close(case.key))
        return case.key, reply

    return loop


def test_a_loop_lasts_as_long_as_was_asked_and_nobody_looks(looped):
    _, reply = looped("planted_profiles/sleeps", seconds=0.2)
    assert isinstance(reply, Looped), reply
    assert 0.2e9 <= sum(reply.totals_ns) < 0.2e9 + 2 * max(reply.totals_ns)
    assert reply.stacks == []


@pytest.mark.parametrize("sampler", [PYINSTRUMENT, SAMPLING_THREAD])
def test_a_sampler_in_the_process_sees_the_step_inside_a_function_named_for_the_case(looped, sampler):
    if sampler == PYINSTRUMENT:
        pytest.importorskip("pyinstrument", reason="pyinstrument is not installed")
    key, reply = looped("planted_profiles/sleeps", sampler, 1.0)
    region = f"{key} (bench/measure/timing/blocks.py)"
    step = {PYINSTRUMENT: "step (planted_profiles.py)", SAMPLING_THREAD: "sleeps.<locals>.step (planted_profiles.py)"}
    inside = [(seen.stack.split(";"), seen.ns) for seen in reply.stacks if region in seen.stack.split(";")]
    in_step = sum(ns for frames, ns in inside if frames[frames.index(region) + 1 :][:1] == [step[sampler]])
    assert in_step > 0.8 * sum(ns for _, ns in inside)
    assert sum(ns for _, ns in inside) > 0.5 * sum(reply.totals_ns)


def test_a_case_that_was_opened_to_be_timed_is_not_looped():
    dispatcher, case = Dispatcher(lambda stage: None), Case.from_key("planted_profiles/multiplies")
    dispatcher.answer(Open(case.key, CATALOG[case.workload].source, SETTINGS, count=False))
    reply = dispatcher.answer(Loop(case.key, 0.1))
    assert isinstance(reply, Refused)
    assert "opened to be timed" in reply.reason
