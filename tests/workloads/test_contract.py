"""The contract every workload of the catalog keeps, at its quick values on the CPU."""

import pytest

from bench.cli.check import docstring_faults
from bench.measure.contract import inspect
from bench.plan.catalog import find
from bench.records import Case, Settings

CATALOG = find()


def quick_cases(name):
    item = CATALOG[name]
    for axis, values in item.quick.items():
        for value in values:
            yield Case.of(name, {**{other: chosen[0] for other, chosen in item.quick.items()}, axis: value}).key
    if not item.quick:
        yield Case.of(name, {}).key


@pytest.mark.parametrize("name", CATALOG)
def test_it_keeps_the_contract_at_each_of_its_quick_values(name):
    for key in dict.fromkeys(quick_cases(name)):
        assert inspect(key, CATALOG[name].source, Settings()).faults == [], key


@pytest.mark.parametrize("name", CATALOG)
def test_its_docstring_states_answer_and_work(name):
    assert docstring_faults(CATALOG[name]) == []


@pytest.mark.parametrize("name", CATALOG)
def test_two_seeds_give_two_sets_of_data_where_data_are_random(name):
    # Seeds may not matter only where the course fixes the data itself.
    import torch

    from bench.measure.context import CaseContext
    from bench.measure.load import make_of
    from bench.measure.usable import seed_everything

    key = next(quick_cases(name))
    make, _ = make_of(CATALOG[name].source)
    axes = {axis: value for axis, value in Case.from_key(key).params if axis in CATALOG[name].axes}

    def output(seed):
        seed_everything(seed, name)
        prepared = make(CaseContext(torch.device("cpu"), torch.float64, "eager", seed, key), **axes)
        if prepared.reset:
            prepared.reset()
        return str(prepared.step())

    fixed = {"autograd/polynomial", "autograd/derivative_curve"}
    assert (output(0) == output(0)) is True
    assert (output(0) == output(1)) is (name in fixed)
