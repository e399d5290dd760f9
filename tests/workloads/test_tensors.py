"""tensors: what is made, what shares memory and what does not, and the first operations."""

from __future__ import annotations

import gc

import numpy as np
import pytest
import torch

from workloads import tensors

KINDS = ("tensor", "zeros", "ones", "randn")
HOW = pytest.mark.parametrize("how", ["share", "copy"])


def test_a_list_becomes_the_tensor_of_the_course(opened):
    out = opened(tensors.create, kind="tensor", size=5).run()
    assert out.tolist() == [1, 2, 3, 4, 5]
    assert (out.shape, out.dtype) == ((5,), torch.int64)


@pytest.mark.parametrize(("kind", "size", "shape"), [("zeros", 12, (3, 4)), ("ones", 6, (2, 3)), ("randn", 6, (2, 3))])
def test_the_shapes_are_those_of_the_course(opened, kind, size, shape):
    out = opened(tensors.create, kind=kind, size=size).run()
    assert (out.shape, out.dtype) == (shape, torch.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_a_tensor_of_another_dtype_is_refused(opened, kind):
    case = opened(tensors.create, kind=kind, size=6)
    assert case.error(case.run()) <= 1
    assert case.error(case.run().half()) > 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_tensor_of_another_shape_is_refused(opened, kind):
    case = opened(tensors.create, kind=kind, size=6)
    assert case.error(case.run().reshape(3, 2)) > 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("position", [0, 5_000, 9_999])
def test_a_single_wrong_number_is_refused_wherever_it_is(opened, kind, position):
    case = opened(tensors.create, kind=kind, size=10_000)
    out = case.run()
    out[position] += 1
    assert case.error(out) > 1


def test_random_numbers_are_the_same_in_every_step_and_follow_the_seed(opened):
    case = opened(tensors.create, kind="randn", size=10_000)
    first = case.run()
    assert torch.equal(case.run(), first)
    assert not torch.equal(opened(tensors.create, kind="randn", size=10_000, seed=1).run(), first)


def test_a_generator_that_is_not_put_back_is_refused(opened):
    case = opened(tensors.create, kind="randn", size=6)
    drawn = case.prepared.phases["draw"]
    case.run()
    assert case.error(drawn()) > 1


def test_drawing_leaves_the_global_generator_as_it_was(opened):
    torch.manual_seed(5)
    expected = torch.randn(1)
    torch.manual_seed(5)
    opened(tensors.create, kind="randn", size=6).run()
    assert torch.equal(torch.randn(1), expected)


def test_numbers_that_are_not_normal_are_refused_even_if_both_generators_agree(opened, monkeypatch):
    monkeypatch.setattr(torch, "randn", torch.rand)
    case = opened(tensors.create, kind="randn", size=10_000)
    assert case.error(case.run()) > 1


@HOW
def test_an_array_becomes_a_tensor_of_its_numbers_and_dtype(opened, how):
    out = opened(tensors.from_numpy, how=how, size=3, dtype=torch.float64).run()
    assert out.dtype == torch.float64
    assert out.tolist() == [1, 2, 3]


@HOW
def test_a_tensor_becomes_an_array_of_its_numbers_and_dtype(opened, how):
    out = opened(tensors.to_numpy, how=how, size=3).run()
    assert out.dtype == np.float32
    assert out.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("make", "axes"),
    [
        (tensors.from_numpy, {"how": "share", "size": 3}),
        (tensors.to_numpy, {"how": "share", "size": 3}),
        (tensors.reshape, {"how": "view", "size": 12}),
        (tensors.reshape, {"how": "pairs", "size": 12}),
    ],
)
def test_what_should_share_memory_is_refused_as_a_copy(opened, make, axes):
    case = opened(make, **axes)
    out = case.run()
    assert case.error(out) <= 1
    assert case.error(out.copy() if isinstance(out, np.ndarray) else out.clone()) > 1


@pytest.mark.parametrize("make", [tensors.from_numpy, tensors.to_numpy])
def test_what_should_be_a_copy_is_refused_where_it_shares_memory(opened, monkeypatch, make):
    monkeypatch.setattr(torch, "tensor", lambda array, **_: torch.from_numpy(array))
    monkeypatch.setattr(torch.Tensor, "to", lambda self, *_, **__: self)
    case = opened(make, how="copy", size=3)
    assert case.prepared.check(case.prepared.step()) > 1


def test_a_reshape_that_should_copy_is_refused_as_a_view(opened):
    case = opened(tensors.reshape, how="copy", size=12)
    shared = opened(tensors.reshape, how="view", size=12)
    gc.collect()
    assert case.error(shared.run().t().reshape(-1)) <= 1
    in_order = shared.run().view(-1)
    in_order.copy_(case.run())
    assert case.error(in_order) > 1


@HOW
def test_looking_for_shared_memory_leaves_the_numbers_as_they_were(opened, how):
    case = opened(tensors.from_numpy, how=how, size=3)
    case.error(case.run())
    assert case.run().tolist() == [1, 2, 3]


def test_no_original_outlives_its_case(opened):
    gc.collect()
    before = len(tensors.ORIGINALS)
    cases = [opened(make, how="share", size=3) for make in (tensors.from_numpy, tensors.to_numpy)]
    assert len(tensors.ORIGINALS) == before + 2
    del cases
    gc.collect()
    assert len(tensors.ORIGINALS) == before


def test_a_copy_is_found_out_for_as_long_as_its_case_lives(opened):
    case = opened(tensors.reshape, how="copy", size=12)
    gc.collect()
    (original,) = [each for each in tensors.ORIGINALS.values() if isinstance(each, torch.Tensor) and len(each) == 12]
    assert case.prepared.check(original) > 1


@pytest.mark.parametrize("size", [3, 10**4, 10**6])
def test_sharing_moves_nothing_and_copying_reads_and_writes_every_number(opened, size):
    for make in (tensors.from_numpy, tensors.to_numpy):
        share, copy = (opened(make, how=how, size=size).prepared.work for how in ("share", "copy"))
        assert (share.bytes, share.kernels) == (0, 0)
        assert (copy.bytes, copy.kernels) == (8 * size, 1)


@pytest.mark.parametrize(
    ("op", "expected"),
    [("add", [5, 7, 9]), ("mul", [4, 10, 18]), ("sin", [0.8414709848, 0.9092974268, 0.1411200081])],
)
def test_the_operations_give_what_the_course_shows(opened, op, expected):
    out = opened(tensors.elementwise, op=op, size=3, dtype=torch.float64).run()
    np.testing.assert_allclose(out.numpy(), expected, rtol=1e-9)


@pytest.mark.parametrize("op", ["add", "mul", "sin"])
@pytest.mark.parametrize("position", [0, 31, 32, 99])
def test_one_wrong_number_of_an_operation_is_refused_wherever_it_is(opened, monkeypatch, op, position):
    monkeypatch.setattr(tensors, "CHECKED_AT_ONCE", 32)
    case = opened(tensors.elementwise, op=op, size=100)
    out = case.run()
    assert case.error(out) <= 1
    out[position] += 0.01
    assert case.error(out) > 1


def test_an_operation_that_lacks_its_last_numbers_is_refused(opened):
    case = opened(tensors.elementwise, op="add", size=100)
    assert case.error(case.run()[:99]) > 1


@pytest.mark.parametrize("op", ["add", "mul", "sin"])
def test_operations_take_two_operands_or_one(opened, op):
    numbers = opened(tensors.elementwise, op=op, size=10**4).prepared.work.bytes / 4
    assert numbers == 10**4 * (2 if op == "sin" else 3)


@pytest.mark.parametrize(("shape", "sizes"), [("3x4x5", (3, 5)), ("30x40x50", (30, 50))])
def test_a_product_has_the_outer_sizes(opened, shape, sizes):
    assert opened(tensors.mm, shape=shape).run().shape == sizes


def test_a_product_of_the_course_is_what_sums_by_hand_give(opened, context):
    ctx = context(dtype=torch.float64)
    a, b = ctx.randn(3, 4), ctx.randn(4, 5)
    by_hand = [[sum(a[i, k] * b[k, j] for k in range(4)) for j in range(5)] for i in range(3)]
    out = opened(tensors.mm, shape="3x4x5", dtype=torch.float64).run()
    np.testing.assert_allclose(out.numpy(), np.array(by_hand, dtype=float), rtol=1e-12)


def test_one_wrong_number_of_a_product_is_refused(opened):
    case = opened(tensors.mm, shape="30x40x50")
    out = case.run()
    out[29, 49] += 0.1
    assert case.error(out) > 1


def test_the_work_of_a_product_counts_its_three_matrices(opened):
    work = opened(tensors.mm, shape="3x4x5").prepared.work
    assert (work.flops, work.bytes) == (120, 4 * (12 + 20 + 15))


@pytest.mark.parametrize(("how", "shape"), [("view", (3, 4)), ("pairs", (6, 2)), ("copy", (12,))])
def test_reshaping_gives_the_shapes_of_the_course(opened, how, shape):
    assert opened(tensors.reshape, how=how, size=12).run().shape == shape


def test_numbers_in_the_wrong_order_are_refused(opened):
    case = opened(tensors.reshape, how="copy", size=12)
    assert case.error(case.run().view(4, 3).t().reshape(-1)) > 1


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
@pytest.mark.parametrize("make", [tensors.from_numpy, tensors.to_numpy])
def test_a_gpu_shares_no_memory_with_numpy(make):
    from bench.measure.author.context import CaseContext, Skip

    ctx = CaseContext(torch.device("cuda"), torch.float32, "eager", 0, "tensors/numpy[device=cuda]")
    with pytest.raises(Skip):
        make(ctx, "share", 3)
    prepared = make(ctx, "copy", 3)
    assert prepared.check(prepared.step()) == 0
