"""Which devices a machine has, by which name they are chosen, and what they refuse."""

import pytest
import torch

from bench.jobs.choice import devices_of
from bench.measure import devices
from bench.measure.author.context import CaseContext, Skip
from bench.measure.author.usable import usable_dtype
from bench.measure.counting import operator_counts
from bench.measure.devices import device_for
from bench.measure.dispatcher import outcome_of
from bench.measure.machine import facts
from bench.plan.axis_values import Assign, universal
from bench.present.tables.machine_report import facts_lines
from bench.protocol import VERSION, Hello
from bench.records import Case, Outcome
from bench.store.runs import fingerprint, machine_name
from bench.workload import MODES, Declaration
from tests.measure.devices.simulated_gpu import SimulatedGpu, as_mps, as_xpu

DECLARED = Declaration("lesson", {}, {}, MODES, ("float32", "float64", "bfloat16"), "lesson")


@pytest.fixture
def mps(monkeypatch):
    return as_mps(SimulatedGpu(), monkeypatch)


@pytest.fixture
def xpu(monkeypatch):
    return as_xpu(SimulatedGpu(), monkeypatch)


def there(capabilities):
    return devices_of(Hello(VERSION, {}, capabilities))


def test_a_device_that_is_there_is_taken_where_nobody_names_any(mps):
    assert there(facts.capabilities())[-1] == "mps"


def test_an_intel_gpu_is_taken_too(xpu):
    assert there(facts.capabilities())[-1] == "xpu"


def test_a_torch_that_is_built_for_neither_does_not_speak_of_them(monkeypatch):
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda check_available=False: None)
    assert not {"mps", "xpu", "state of mps", "state of xpu"} & set(facts.capabilities())


def test_a_device_that_torch_is_built_for_and_that_is_not_there_is_said_to_be_missing(mps, monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert "finds no Apple GPU" in facts.capabilities()["mps"]
    assert "mps" not in there(facts.capabilities())
    with pytest.raises(Skip, match="finds no Apple GPU"):
        device_for("mps", lambda: 0)


def test_a_number_above_those_there_is_refused(xpu):
    assert devices.why_not("xpu:1") == ""
    assert devices.why_not("xpu:2") == "no device xpu:2: this machine has 2 XPU device(s)"
    assert device_for("xpu:1", lambda: 0).torch_device == torch.device("xpu", 1)
    assert xpu.chosen[-1].index == 1


@pytest.mark.parametrize("name", ["mps", "xpu", "xpu:1"])
def test_their_names_are_values_of_the_axis(name):
    assert universal(Assign("device", (name,)), MODES) == (name,)


def test_float64_is_skipped_by_name_on_an_apple_gpu(mps):
    with pytest.raises(Skip, match=r"^dtype=float64: device=mps has no float64"):
        usable_dtype(Case.of("a/b", {"device": "mps", "dtype": "float64"}), DECLARED)
    assert usable_dtype(Case.of("a/b", {"device": "mps", "dtype": "bfloat16"}), DECLARED) is torch.bfloat16


@pytest.mark.parametrize("has_fp64", [True, False])
def test_float64_is_skipped_on_an_intel_gpu_that_has_none(monkeypatch, has_fp64):
    as_xpu(SimulatedGpu(), monkeypatch, has_fp64)
    case = Case.of("a/b", {"device": "xpu", "dtype": "float64"})
    if has_fp64:
        assert usable_dtype(case, DECLARED) is torch.float64
    else:
        with pytest.raises(Skip, match="this Intel GPU has no float64"):
            usable_dtype(case, DECLARED)


class NoFloat64Across(torch.utils._python_dispatch.TorchDispatchMode):
    """An operator that sees float64 on both sides of a copy to the stand-in of an Apple GPU fails, as Metal does."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        wide = any(isinstance(each, torch.Tensor) and each.dtype == torch.float64 for each in (*args, out))
        if wide and isinstance(out, torch.Tensor) and out.device.type == "meta":
            raise TypeError("Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64")
        return out


def test_numbers_are_narrowed_before_they_travel():
    context = CaseContext(torch.device("meta"), torch.float32, "eager", 0, "a/b")
    with NoFloat64Across():
        assert context.randn(4).dtype == torch.float32
        assert context.place(torch.arange(3)).dtype == torch.int64
        with pytest.raises(TypeError, match="float64"):  # the planted mistake
            torch.ones(3, dtype=torch.float64).to("meta", torch.float32)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (RuntimeError("MPS backend out of memory (MPS allocated: 17 GB)"), Outcome.OOM),
        (torch.OutOfMemoryError("XPU out of memory. Tried to allocate 1 GiB"), Outcome.OOM),
        (NotImplementedError("The operator 'aten::x' is not currently implemented for the MPS device."),
         Outcome.SKIPPED),
        (TypeError("Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64. Please"),
         Outcome.SKIPPED),
        (RuntimeError("Required aspect fp64 is not supported on the device"), Outcome.SKIPPED),
        (TypeError("unsupported operand"), Outcome.FAILED),
    ],
)  # fmt: skip
def test_what_these_devices_lack_ends_a_case_as_on_any_other(error, outcome):
    assert outcome_of(error)[0] is outcome


def test_a_machine_is_named_by_its_accelerator_and_told_from_one_without(mps):
    told = facts.facts()
    assert told["accelerators"][0] | {"driver": ""} == {
        "kind": "mps", "name": "Apple M9", "memory_bytes": 2**34, "multiprocessors": 10, "driver": "",
    }  # fmt: skip
    assert machine_name(told).endswith(" + Apple M9")
    assert any(line.startswith("GPU            Apple M9, ") for line in facts_lines(told))
    assert fingerprint(told) != fingerprint({**told, "accelerators": []})


def test_fingerprints_of_earlier_runs_stay_as_they_were(monkeypatch):
    told = facts.facts()
    without = {name: value for name, value in told.items() if name != "accelerators"}
    assert told["accelerators"] or fingerprint(told) == fingerprint(without)


def test_kernels_that_the_profiler_does_not_see_are_not_counted_as_none(monkeypatch):
    """The planted mistake: no kernel is seen, and every case of an Apple GPU is `wrong-device`."""
    monkeypatch.setattr(operator_counts, "_supported_activities", set)
    monkeypatch.setattr(operator_counts, "sees_kernels", operator_counts.sees_kernels.__wrapped__)
    assert not operator_counts.sees_kernels(torch.device("xpu", 0))
    assert not operator_counts.sees_kernels(torch.device("mps"))
    assert operator_counts.sees_kernels(torch.device("cuda", 0))


def test_readings_of_an_intel_gpu_each_stand_for_themselves(xpu, monkeypatch):
    def refused(device):
        raise RuntimeError("No Level Zero Sysman frequency domains found.")

    monkeypatch.setattr(torch.xpu, "clock_rate", refused, raising=False)
    monkeypatch.setattr(torch.xpu, "temperature", lambda device: 61.5, raising=False)
    condition = device_for("xpu", lambda: 0).condition()
    assert (condition.mhz, condition.celsius) == (None, 61.5)
    assert devices.untold()["state of xpu"].startswith("No Level Zero Sysman frequency domains found.; ")
