"""What holds for every workload: its answer is right, stays right, and is not taken for right when it is wrong."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch

from workloads import autograd, dataloader, matmul, regression, torchscript

CASES = [
    pytest.param(
        make, axes, id=f"{make.__module__.partition('.')[2]}-{make.__name__}-{'-'.join(map(str, axes.values()))}"
    )
    for make, axes in [
        (matmul.square, {"size": 64}),
        (matmul.round_trip, {"size": 64}),
        (autograd.polynomial, {}),
        (autograd.derivative_curve, {"points": 100}),
        (regression.train_step, {"rows": 32}),
        (regression.train_step, {"rows": 800}),
        (regression.fit, {"epochs": 100}),
        (dataloader.epoch, {"loader": "dataloader", "batch": 128}),
        (dataloader.epoch, {"loader": "sliced", "batch": 32}),
        (dataloader.epoch, {"loader": "device_resident", "batch": 800}),
        (torchscript.inference, {"batch": 32}),
    ]
]
EVERY = pytest.mark.parametrize(("make", "axes"), CASES)
RANDOM = pytest.mark.parametrize(("make", "axes"), [case for case in CASES if "autograd" not in case.id])
BUILT = [
    (make, axes)
    for make, axes in [
        (matmul.square, {"size": 64}),
        (autograd.derivative_curve, {"points": 100}),
        (regression.train_step, {"rows": 800}),
        (torchscript.inference, {"batch": 32}),
    ]
]


def scaled(out: Any, factor: float) -> Any:
    """`out` of a step, a tensor or a list of numbers, times `factor`."""
    return [value * factor for value in out] if isinstance(out, list) else out * factor


def same(one: Any, other: Any) -> bool:
    return torch.equal(torch.as_tensor(one), torch.as_tensor(other))


@EVERY
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_the_answer_is_right_and_still_right_after_three_more_steps(opened, make, axes, dtype):
    case = opened(make, dtype=dtype, **axes)
    assert case.error(case.run()) <= 1
    for _ in range(2):
        case.run()
    assert case.error(case.run()) <= 1


@EVERY
def test_an_answer_off_by_ten_times_the_tolerance_is_refused(opened, make, axes):
    case = opened(make, **axes)
    assert case.error(scaled(case.run(), 1 + 10 * case.tolerance)) > 1


@EVERY
def test_an_answer_that_is_no_number_is_refused(opened, make, axes):
    case = opened(make, **axes)
    assert not case.error(scaled(case.run(), float("nan"))) <= 1


@EVERY
def test_the_same_seed_repeats_the_output(opened, make, axes):
    assert same(opened(make, seed=3, **axes).run(), opened(make, seed=3, **axes).run())


@RANDOM
def test_another_seed_changes_the_output(opened, make, axes):
    assert not same(opened(make, seed=3, **axes).run(), opened(make, seed=4, **axes).run())


@pytest.mark.parametrize(("make", "axes"), BUILT, ids=lambda value: getattr(value, "__name__", ""))
@pytest.mark.parametrize("mode", ["script", "trace"])
def test_a_scripted_or_traced_step_gives_the_right_answer_time_and_again(opened, make, axes, mode):
    case = opened(make, mode=mode, **axes)
    assert max(case.error(case.run()) for _ in range(3)) <= 1


@pytest.mark.slow
@pytest.mark.parametrize(("make", "axes"), BUILT, ids=lambda value: getattr(value, "__name__", ""))
def test_a_compiled_step_gives_the_right_answer_time_and_again(opened, make, axes):
    torch._dynamo.reset()
    case = opened(make, mode="compile", **axes)
    assert max(case.error(case.run()) for _ in range(3)) <= 1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_a_product_of_halves_is_right(opened, dtype):
    case = opened(matmul.square, dtype=dtype, size=64)
    assert case.error(case.run()) <= 1


@EVERY
def test_work_is_stated(opened, make, axes):
    work = opened(make, **axes).prepared.work
    assert work.flops > 0
    assert work.bytes > 0
    assert work.kernels > 0
    assert work.items > 0


@EVERY
def test_the_docstring_has_its_sections_in_order(make, axes):
    assert re.findall(r"^ +(\w+):$", make.__doc__, re.MULTILINE) == ["Answer", "Work", "Expect"]
