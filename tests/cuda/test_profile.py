"""Profiles on a machine with a GPU: kernels, copies, waits, and the allocator's history."""

import gzip
import json
from pathlib import Path

import pytest
import torch

from bench.analyse.profiles import judge
from bench.measure.dispatcher import Dispatcher
from bench.plan.catalog import find
from bench.protocol import Close, Opened, OpenToProfile, ProfileSteps, StepsProfiled
from bench.records import Case, Settings

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine"),
]

FILE = Path(__file__).parents[1] / "workload_files" / "planted_on_gpu.py"
CATALOG = find([FILE])


@pytest.fixture(scope="module")
def profiled(tmp_path_factory):
    """A function that profiles a case on the GPU once: what the worker told, and the path of its trace."""
    taken = {}

    def profile(key, steps=None):
        if key not in taken:
            case = Case.from_key(key).but(device="cuda")
            trace = tmp_path_factory.mktemp("trace") / "trace.json.gz"
            source = CATALOG[case.workload].source
            settings = Settings(warm_s=0.05, warm_cap_s=0.5)
            dispatcher = Dispatcher(lambda stage: None)
            opened = dispatcher.answer(OpenToProfile(case.key, source, settings, count=False))
            assert isinstance(opened, Opened), opened
            reply = dispatcher.answer(ProfileSteps(case.key, steps, str(trace)))
            assert isinstance(reply, StepsProfiled), reply
            dispatcher.answer(Close(case.key))
            facts = {name: opened.facts[name] for name in ("work", "threads")}
            taken[key] = ({**facts, "key": case.key, **reply.profile}, trace)
        return taken[key]

    return profile


LARGE, SMALL = "planted_on_gpu/product[size=4096]", "planted_on_gpu/product[size=32]"


def steps_of(told):
    return told["steps"] * told["blocks"]


def test_a_large_product_keeps_the_device_busy(profiled):
    found = judge(profiled(LARGE)[0])
    assert found.verdict.word == "kernel-bound"
    assert found.idle.value < 0.2


def test_each_step_launches_one_kernel_at_least_and_none_is_lost(profiled):
    told, _ = profiled(LARGE)
    assert told["device"]["kernels"] >= steps_of(told)
    assert told["device"]["lost"] == 0


def test_the_kernels_take_as_long_as_the_step_without_the_profiler(profiled):
    told, _ = profiled(LARGE)
    busy_s = told["device"]["busy_ns"] / 1e9 / steps_of(told)
    assert busy_s == pytest.approx(judge(told).cost.step_s.value, rel=0.1)


def test_the_product_is_told_its_device_time(profiled):
    told, _ = profiled(LARGE)
    product = next(row for row in told["operators"] if row["name"] == "aten::mm")
    assert product["device_self_ns"] >= 0.9 * told["device"]["busy_ns"]
    assert product["device_bytes"] == steps_of(told) * 4096**2 * 4


def test_small_products_leave_the_device_idle_until_the_host_launches(profiled):
    found = judge(profiled(SMALL)[0])
    assert found.idle.value > 0.5
    assert found.verdict.word in ("launch-bound", "Python-bound", "cannot tell")


def test_a_copy_from_the_host_each_step_is_copy_bound(profiled):
    told, _ = profiled("planted_on_gpu/copies")
    assert told["device"]["copies"]["HtoD"]["calls"] == steps_of(told)
    assert judge(told).verdict.word == "copy-bound"


def test_numbers_read_back_are_waits(profiled):
    told, _ = profiled("planted_on_gpu/reads_items", steps=20)
    assert told["waits"]["calls"]["aten::item"] == 20 * 50
    assert told["waits"]["calls"]["cudaStreamSynchronize"] == 20 * 50
    assert max(told["split_ns"], key=told["split_ns"].get) == "waiting"


def test_a_backward_pass_runs_its_kernels_in_operators_of_another_thread(profiled):
    told, _ = profiled("regression/train_step[rows=32]")
    rows = {row["name"]: row for row in told["operators"]}
    assert rows["AddmmBackward0"]["device_total_ns"] > 0
    assert sum(row["device_self_ns"] for row in told["operators"]) >= 0.95 * sum(row["ns"] for row in told["kernels"])


def test_the_history_of_the_allocator_has_each_output_and_who_wanted_it(profiled):
    history = profiled(LARGE)[0]["history"]
    outputs = [row for row in history["rows"] if row["bytes"] == 4096**2 * 4]
    assert len(outputs) == history["steps"]
    assert "planted_on_gpu.py" in outputs[0][2]
    assert not history["lost"]


def test_the_peak_of_a_step_holds_its_output(profiled):
    phases = profiled(LARGE)[0]["memory"]["phases"]
    assert phases["step"]["device"] >= 2 * 4096**2 * 4


def test_the_trace_has_the_kernels(profiled):
    _, trace = profiled(LARGE)
    categories = {item.get("cat") for item in json.loads(gzip.decompress(trace.read_bytes()))["traceEvents"]}
    assert {"kernel", "cpu_op", "cuda_runtime"} <= categories
