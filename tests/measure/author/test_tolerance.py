import math

import pytest
import torch

from bench.measure.author.tolerance import TOLERANCE, relative_error, within


def test_the_error_is_relative_to_the_largest_exact_number():
    assert relative_error(torch.tensor([10.0, 0.1]), torch.tensor([10.0, 0.0])) == pytest.approx(0.01)


def test_an_answer_that_is_zero_is_compared_absolutely():
    assert relative_error(torch.tensor([1e-3]), torch.tensor([0.0])) == pytest.approx(1e-3)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_infinitely_wrong(bad):
    assert relative_error(torch.tensor([1.0, bad]), torch.tensor([1.0, bad])) == math.inf


def test_a_broadcastable_shape_is_still_a_wrong_shape():
    assert relative_error(torch.ones(3, 1), torch.ones(3)) == math.inf


def test_an_empty_answer_is_wrong():
    assert relative_error(torch.ones(0), torch.ones(0)) == math.inf


def test_plain_numbers_and_lists_are_compared_too():
    assert relative_error(20.0, 20.0) == 0
    assert relative_error([1.0, 2.0], [1.0, 4.0]) == pytest.approx(0.5)


def test_a_range_is_met_or_missed():
    assert within(0.2, 0.1, 0.3) == 0
    assert within(0.4, 0.1, 0.3) == math.inf
    assert within(math.nan, 0.1, 0.3) == math.inf


@pytest.mark.parametrize("size", [64, 1000])
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_a_right_product_passes_in_every_dtype_and_a_coarser_one_fails(dtype, size):
    torch.manual_seed(0)
    a, b = torch.randn(size, size, dtype=dtype), torch.randn(size, size, dtype=dtype)
    exact = a.double() @ b.double()
    assert relative_error(a @ b, exact) <= TOLERANCE[dtype]
    coarser = {torch.float64: torch.float32, torch.float32: torch.bfloat16, torch.float16: torch.float8_e4m3fn}
    if dtype in coarser:
        assert relative_error((a @ b).to(coarser[dtype]).double(), exact) > TOLERANCE[dtype]


def test_a_product_in_tf32_is_wrong_in_float32():
    torch.manual_seed(0)
    a, b = torch.randn(256, 256), torch.randn(256, 256)

    def tf32(x):  # ten bits of mantissa: what a tensor core reads of a float32
        return (x.view(torch.int32) & ~0x1FFF).view(torch.float32)

    assert relative_error(tf32(a) @ tf32(b), a.double() @ b.double()) > TOLERANCE[torch.float32]
