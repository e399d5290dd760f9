"""calibration: what is moved and launched is what is stated, and what was not written is noticed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from workloads.calibration import launches, memory, products

STREAMS = {memory.copy: 2, memory.triad: 3, memory.read: 1, memory.write: 1}
EACH = pytest.mark.parametrize("make", STREAMS, ids=lambda make: make.__name__)


def all_but_one(tensors: list[torch.Tensor], passes: int) -> list[torch.Tensor]:
    for tensor in tensors[:-1]:
        tensor.zero_()
    return tensors


def test_a_product_is_that_of_numpy(opened):
    case = opened(products.product, dtype=torch.float64, size=512)
    a, b = case.prepared.step.args
    assert np.allclose(case.run().numpy(), a.numpy() @ b.numpy(), rtol=1e-12)


def test_a_product_allocates_nothing(opened):
    case = opened(products.product, size=512)
    assert case.run().data_ptr() == case.run().data_ptr()


def test_a_product_that_was_not_computed_again_is_refused(opened):
    case = opened(products.product, size=512)
    out = case.run()
    assert case.error(out) <= 1
    assert not case.error(out) <= 1


def test_a_product_too_long_for_the_threads_of_a_cpu_is_skipped_with_the_reason(context):
    from bench.measure.author.context import Skip

    with pytest.raises(Skip, match="takes a CPU with so few threads seconds"):
        products.product(context(), 4096)


def test_a_product_too_slow_in_its_dtype_is_skipped_with_the_time_it_would_take(context, monkeypatch):
    from bench.measure.author.context import Skip

    monkeypatch.setattr(products, "probe_s", lambda ctx: 0.025)
    with pytest.raises(Skip, match=r"a product of size 2048 would take this CPU about 13 s in torch\.float16"):
        products.product(context(dtype=torch.float16), 2048)


def test_a_product_that_takes_a_second_or_two_is_measured(opened, monkeypatch):
    monkeypatch.setattr(products, "probe_s", lambda ctx: 0.025)
    assert opened(products.product, size=512).prepared.work.flops == 2 * 512**3


def test_the_probe_takes_time(context):
    assert products.probe_s(context()) > 0


@EACH
def test_the_arrays_of_a_set_fill_it(opened, make):
    work = opened(make, numbytes=2**21).prepared.work
    assert 0.99 * 2**21 < work.working_set <= 2**21


@EACH
def test_a_small_set_is_passed_over_until_the_call_is_none_of_its_time(opened, make):
    work = opened(make, numbytes=2**15).prepared.work
    assert (work.kernels, work.bytes) == (256, 256 * work.working_set)
    assert opened(make, numbytes=2**25).prepared.work.kernels == 1


@EACH
def test_the_bytes_of_a_pass_are_those_of_its_tensors(opened, make):
    prepared = opened(make, numbytes=2**17).prepared
    inputs = next(cell.cell_contents for cell in prepared.step.__wrapped__.__closure__ if _is_inputs(cell))
    arrays = [each for each in inputs if isinstance(each, torch.Tensor) and len(each) > 1]
    assert len(arrays) == STREAMS[make]
    assert sum(each.nbytes for each in arrays) == prepared.work.working_set


def _is_inputs(cell):
    return isinstance(cell.cell_contents, tuple)


def test_a_copy_and_a_triad_and_a_sum_are_those_of_numpy(context):
    a = torch.zeros(1024)
    b, c = torch.arange(1024.0), torch.arange(1024.0).flip(0)
    assert np.array_equal(memory.copied(a, b, 2).numpy(), b.numpy())
    assert np.array_equal(memory.added(a, b, c, 3.0, 2).numpy(), b.numpy() + 3 * c.numpy())
    assert memory.summed(torch.zeros(1), b, 2).item() == b.numpy().sum()


@pytest.mark.parametrize("function", ["copied", "added", "filled"])
def test_a_pass_that_leaves_one_number_out_is_refused(opened, monkeypatch, function):
    make = {"copied": memory.copy, "added": memory.triad, "filled": memory.write}[function]
    right = getattr(memory, function)

    def leaves_one_out(a, *rest):
        right(a[:-1], *(each[:-1] if isinstance(each, torch.Tensor) else each for each in rest))
        return a

    monkeypatch.setattr(memory, "scripted", lambda function: leaves_one_out)
    case = opened(make, numbytes=2**17)
    assert not case.error(case.run()) <= 1


def test_a_sum_that_leaves_one_number_out_is_refused(opened, monkeypatch):
    monkeypatch.setattr(
        memory, "scripted", lambda function: lambda total, b, passes: memory.summed(total, b[:-1], passes)
    )
    case = opened(memory.read, dtype=torch.float64, numbytes=2**15)
    assert not case.error(case.run()) <= 1


@EACH
def test_a_pass_that_writes_nothing_is_refused_though_the_answer_was_there_before(opened, make):
    case = opened(make, numbytes=2**15)
    out = case.run()
    assert case.error(out) <= 1
    assert not case.error(out) <= 1


def test_every_kernel_of_a_pass_zeroes_a_number_of_its_own(opened):
    case = opened(launches.empty_kernel)
    assert case.prepared.work.kernels == 256 * 16
    assert not case.run().any()


def test_a_kernel_that_was_left_out_is_refused(opened, monkeypatch):
    monkeypatch.setattr(launches, "scripted", lambda function: all_but_one)
    case = opened(launches.empty_kernel)
    case.error(case.run())  # the check leaves ones
    assert case.error(case.run()) > 1


@pytest.mark.parametrize("seed", range(20))
@EACH
def test_the_answer_is_right_under_any_seed(opened, make, seed):
    case = opened(make, seed=seed, numbytes=2**17)
    assert case.error(case.run()) <= 1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("make", [memory.copy, memory.triad, memory.write], ids=lambda make: make.__name__)
def test_halves_are_streamed_right(opened, make, dtype):
    case = opened(make, dtype=dtype, numbytes=2**17)
    assert case.error(case.run()) <= 1


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
def test_on_a_gpu_the_replayed_graph_zeroes_every_number():
    from bench.measure.author.context import CaseContext

    ctx = CaseContext(torch.device("cuda"), torch.float32, "eager", 0, "calibration/empty_kernel[device=cuda]")
    prepared = launches.empty_kernel(ctx)
    for _ in range(3):
        assert prepared.check(prepared.step()) == 0
