"""The contract every workload of the catalog keeps, at its quick values on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from bench.jobs.contract_check import docstring_faults
from bench.measure.author import contract
from bench.measure.author.context import Skip
from bench.measure.author.contract import CALLS, OFF_BY, Broken, inspect, spoilt
from bench.measure.author.subject import Subject, subject_of
from bench.plan.catalog import find
from bench.records import Case, Settings
from bench.workload import Prepared, Work

CATALOG = find()
EVERY = pytest.mark.parametrize("name", CATALOG)

LONG = (
    "autograd/derivative_plot",
    "dataloader/time_to_accuracy",
    "vision/transfer_learning",
)
"""Workloads of long steps."""

FITS = {"classification/fit": {"epochs": 5}, "regression/fit": {"epochs": 5}}
"""Workloads whose step is a loop of a hundred like ones: as many calls as a mistake may take to show are made of a
short loop, and the quick value is held to all that a few calls tell."""

BY_MANY_CALLS = (contract.stays_right, contract.keeps_nothing)

FIXED = {
    "autograd/polynomial",
    "autograd/compute_gradient",
    "autograd/derivative_curve",
    "autograd/derivative_plot",
    "calibration/empty_kernel",
    "certification/periodic",
    "certification/spin",
    "networks/print_model",
    "optimisation/minimise",
    "tensors/create",
    "tensors/elementwise",
    "tensors/from_numpy",
    "tensors/to_numpy",
}
"""Workloads whose data the course fixes, so that no seed may change their answer."""


def quick_keys(name: str) -> Iterator[str]:
    """The first quick value of each axis, then each other quick value alone."""
    quick = CATALOG[name].quick
    first = {axis: values[0] for axis, values in quick.items()}
    yield first_key(name)
    for axis, values in quick.items():
        for value in values[1:]:
            yield key_of(name, {**first, axis: value})


def first_key(name: str) -> str:
    return key_of(name, {axis: values[0] for axis, values in CATALOG[name].quick.items()})


def key_of(name: str, axes: dict[str, Any], **universal: str) -> str:
    item = CATALOG[name]
    usual = {"mode": item.modes[0], "dtype": item.dtypes[0]}
    return Case.of(name, {**axes, **usual, **universal}).key


def opened(key: str, seed: int = 0) -> Subject:
    """The case, prepared; a test of what cannot run here is skipped with the workload's own reason."""
    try:
        return subject_of(key, CATALOG[Case.from_key(key).workload].source, Settings(seed=seed))
    except Skip as reason:
        pytest.skip(f"{key}: {reason}")


def declaring(axis: str, *values: str) -> list[str]:
    """The first quick case of every workload in each of `values` that it declares, the first it declares apart."""
    named = {"dtype": "dtypes", "mode": "modes"}[axis]
    return [
        key_of(name, {own: chosen[0] for own, chosen in CATALOG[name].quick.items()}, **{axis: value})
        for value in values
        for name in CATALOG
        if value in getattr(CATALOG[name], named)[1:]
    ]


@EVERY
@pytest.mark.filterwarnings("ignore")  # pytest keeps each warning, which would be an object that a call leaves behind
def test_it_keeps_the_contract_at_each_of_its_quick_values(name):
    reasons = []
    for key in quick_keys(name):
        if name in FITS:
            held_by_few_calls(key)
            key = short(key)
        faults = inspect(key, CATALOG[name].source, Settings()).faults
        if [fault.rule for fault in faults] == ["it can run here"]:
            reasons.append(f"{key}: {faults[0].message}")
        else:
            assert faults == [], key
    if len(reasons) == len(list(quick_keys(name))):
        pytest.skip("; ".join(reasons))


def short(key: str) -> str:
    """The same case of a fit, with a short loop."""
    case = Case.from_key(key)
    return Case.of(case.workload, {**dict(case.params), **FITS[case.workload]}).key


def held_by_few_calls(key: str) -> None:
    """Hold a case to each rule that needs no more than a few calls."""
    subject = opened(key)
    for rule in contract.RULES.values():
        if rule not in BY_MANY_CALLS:
            rule(subject)


@pytest.mark.parametrize("key", declaring("dtype", "float32", "float64", "float16", "bfloat16"))
def test_its_answer_is_right_time_and_again_in_every_precision_it_declares(key):
    subject = opened(key)
    for _ in range(3):
        contract.answers_right(subject)


@pytest.mark.parametrize("key", declaring("mode", "script", "trace", "frozen", "export"))
def test_its_answer_is_right_time_and_again_in_every_mode_that_is_quick_to_build(key):
    subject = opened(key)
    for _ in range(3):
        contract.answers_right(subject)


@pytest.mark.parametrize("name", ["regression/train_step", "torchscript/inference"])
def test_a_compiled_step_gives_the_right_answer_time_and_again(name):
    torch._dynamo.reset()
    subject = opened(key_of(name, {axis: values[0] for axis, values in CATALOG[name].quick.items()}, mode="compile"))
    for _ in range(3):
        contract.answers_right(subject)


@EVERY
def test_its_docstring_states_course_answer_work_and_what_to_expect(name):
    item = CATALOG[name]
    assert docstring_faults(item) == []
    wanted = {"Answer", "Work", "Expect"} | (
        {"Course"} if item.role == "lesson" and item.lesson != "Pitfalls" else set()
    )
    assert wanted <= set(item.sections)
    order = [section for section in item.sections if section in ("Course", "Answer", "Work", "Expect", "Since")]
    assert order == [each for each in ("Course", "Answer", "Work", "Expect", "Since") if each in order]


@EVERY
def test_two_seeds_give_two_sets_of_data_where_data_are_random(name):
    def output(seed: int) -> bytes:
        return digits(opened(first_key(name), seed).call())

    assert output(0) == output(0)
    assert (output(0) == output(1)) is (name in FIXED)


def digits(output: Any) -> bytes:
    """All there is in the output of a step, to the last bit."""
    match output:
        case torch.Tensor():
            return output.detach().double().numpy().tobytes()
        case np.ndarray():
            return output.tobytes()
        case Mapping():
            return b"".join(name.encode() + digits(item) for name, item in output.items())
        case list() | tuple():
            return b"".join(map(digits, output))
        case _:
            return repr(output).encode()


@pytest.fixture(scope="module")
def subject_for() -> Callable[[str], Subject]:
    """The first quick case of a workload; prepared once for all tests that plant a mistake in it."""
    return cache(lambda name: opened(first_key(name)))


def planted(subject: Subject, spoil: Callable[[int, Any], Any]) -> Subject:
    """The same case with a step whose output goes through `spoil(call, output)`."""
    calls = 0

    def step() -> Any:
        nonlocal calls
        calls += 1
        return spoil(calls, subject.prepared.step())

    return replace(subject, prepared=replace(subject.prepared, step=step))


@EVERY
def test_an_output_off_by_ten_tolerances_is_refused(name, subject_for):
    subject = subject_for(name)
    off = planted(subject, lambda call, output: spoilt(output, OFF_BY * subject.tolerance))
    with pytest.raises(Broken, match="relative error"):
        contract.answers_right(off)


@EVERY
def test_an_output_that_is_no_number_is_refused(name, subject_for):
    subject = subject_for(name)
    if isinstance(subject.call(), str):
        pytest.skip(f"{name} answers with text")
    off = planted(subject, lambda call, output: spoilt(output, float("nan")))
    with pytest.raises(Broken, match="relative error"):
        contract.answers_right(off)


@EVERY
def test_a_step_that_turns_wrong_only_in_its_50th_call_is_refused(name, subject_for):
    if name in LONG:
        pytest.skip(f"fifty calls of {name} take a quarter of a minute, and it is held to the others as well")
    subject = opened(short(first_key(name))) if name in FITS else subject_for(name)
    once = planted(
        subject, lambda call, output: spoilt(output, OFF_BY * subject.tolerance) if call == CALLS else output
    )
    with pytest.raises(Broken, match=f"in call {CALLS} "):
        contract.stays_right(once)


def test_what_is_kept_is_read_while_answers_are_checked():
    """Fifty calls that are made anyway tell a quiet step; one round more is for a process that is not quiet itself."""
    calls = 0

    def step() -> float:
        nonlocal calls
        calls += 1
        return 1.0

    prepared = Prepared(step=step, check=lambda out: 0.0, work=Work(items=1))
    subject = Subject(lambda: prepared, prepared, 1e-6)
    contract.stays_right(subject)
    assert calls == CALLS
    contract.keeps_nothing(subject)
    assert calls <= CALLS + contract.ROUND_CALLS
