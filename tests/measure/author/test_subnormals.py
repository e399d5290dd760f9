"""Subnormal numbers that a step reads or gives."""

from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from bench.measure.author.subnormals import MOST_NUMBERS, share, worst
from bench.measure.dispatcher import Dispatcher
from bench.plan.catalog import find
from bench.protocol import Close, Open, Visit
from bench.records import Case, Settings

FILE = Path(__file__).parents[2] / "workload_files" / "subnormal.py"
TINY = 1e-40
GLOBAL = torch.full((4,), TINY)


@pytest.mark.parametrize(("dtype", "tiny"), [(torch.float32, 1e-40), (torch.float64, 1e-310), (torch.bfloat16, 1e-40)])
def test_the_share_is_that_of_numbers_below_the_least_normal_one(dtype, tiny):
    numbers = torch.tensor([1.0, tiny, -tiny, 0.0], dtype=dtype)
    assert share(numbers) == 0.5
    assert share(torch.tensor([torch.finfo(dtype).tiny, 0.0, 1.0], dtype=dtype)) == 0


def test_halves_whole_numbers_and_nothing_have_none():
    for tensor in (torch.full((4,), 1e-6, dtype=torch.float16), torch.zeros(4, dtype=torch.int64), torch.empty(0)):
        assert share(tensor) == 0


def test_of_a_large_tensor_a_part_is_looked_at():
    numbers = torch.ones(8 * MOST_NUMBERS)
    numbers[: 4 * MOST_NUMBERS] = TINY
    assert share(numbers) == pytest.approx(0.5, abs=0.01)


def test_where_the_process_flushes_them_they_are_none():
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor cannot flush")
    try:
        assert share(torch.full((4,), TINY)) == 0
    finally:
        torch.set_flush_denormal(False)
    assert share(torch.full((4,), TINY)) == 1


def test_what_a_step_closes_over_is_looked_at_by_its_name():
    small = torch.full((4,), TINY)
    assert worst(lambda: small * 2, torch.ones(1)) == (1.0, "small")


def test_arguments_modules_optimisers_and_globals_are_reached():
    model = torch.nn.Linear(2, 2)
    with torch.no_grad():
        model.weight.fill_(TINY)
    assert worst(partial(model, torch.ones(1, 2)), None) == (1.0, "weight")
    assert worst(partial(torch.mul, GLOBAL, 2), None) == (1.0, "[0]")
    assert worst(lambda: GLOBAL + 1, None) == (1.0, "GLOBAL")
    held = SimpleNamespace(model=model)
    assert worst(lambda: held.model, None) == (1.0, "held.model.weight")
    weight = torch.nn.Parameter(torch.ones(3))
    adam = torch.optim.Adam([weight])
    weight.grad = torch.full((3,), 1e-21)
    adam.step()
    share_found, where = worst(lambda: adam, None)
    assert share_found == 1.0
    assert where == "adam.state[0]['exp_avg_sq']"


def test_the_output_is_looked_at_inside_what_holds_it():
    assert worst(lambda: None, {"loss": [torch.full((2,), TINY)]}) == (1.0, "output['loss'][0]")


def test_what_holds_itself_ends():
    loop = []
    loop.append(loop)
    assert worst(lambda: loop, loop) == (0.0, "")


@pytest.mark.parametrize(("scale", "found"), [(1e-39, True), (1.0, False)])
def test_a_case_tells_of_them(scale, found):
    dispatcher = Dispatcher(lambda stage: None)
    settings = Settings(warm_s=0.001, warm_cap_s=0.005, block_s=1e-5)
    key = Case.of("subnormal/product", {"scale": scale}).key
    source = find([FILE], installed=False)["subnormal/product"].source
    dispatcher.answer(Open(key, source, settings, memory=False))
    dispatcher.answer(Visit(key))
    facts = dispatcher.answer(Close(key)).facts["step_facts"]
    assert (facts["subnormal_share"] > 0.5) is found
    assert (facts.get("subnormal_in") == "x") is found
