"""schedulers: the learning rates of 100 epochs."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

import pytest
import torch
from torch import optim
from torch.optim.lr_scheduler import ReduceLROnPlateau, StepLR

from bench.measure.author.context import CaseContext
from bench.workload import Prepared
from workloads import schedulers

NAMES = ("StepLR", "ReduceLROnPlateau", "none")
every_scheduler = pytest.mark.parametrize("scheduler", NAMES)


def test_step_lr_leaves_a_tenth_after_every_30_epochs(opened):
    rates = opened(schedulers.step, scheduler="StepLR", loop="bare").run()["rates"]
    assert rates == pytest.approx([1e-3] * 30 + [1e-4] * 30 + [1e-5] * 30 + [1e-6] * 10, rel=1e-12)


def test_without_a_scheduler_the_rate_stays(opened):
    assert opened(schedulers.step, scheduler="none", loop="bare").run()["rates"] == [1e-3] * 100


@pytest.mark.parametrize(
    ("losses", "count"),
    [
        ([1.0] * 11, 0),  # the first is the best, ten are no better
        ([1.0] * 12, 1),
        ([1.0] * 22, 1),
        ([1.0] * 23, 2),
        ([1.0] * 11 + [0.9] + [1.0] * 10, 0),  # one that is better in time
        ([1.0] * 11 + [0.9] + [1.0] * 11, 1),
        ([1.0] * 11 + [0.99995] * 10, 1),  # better, but by less than a ten-thousandth
        ([1.0 / epoch for epoch in range(1, 100)], 0),
    ],
)
def test_the_rate_is_halved_when_11_epochs_are_no_better(losses, count):
    assert schedulers.falls(losses) == count


@pytest.mark.parametrize("seed", range(20))
def test_the_rule_of_the_plateau_is_that_of_torch(seed):
    losses = torch.rand(300, generator=torch.Generator().manual_seed(seed)).cumsum(0).sin().tolist()
    optimizer = optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.001)
    scheduler = ReduceLROnPlateau(optimizer, mode="min", factor=0.5, patience=10)
    for epoch in range(200):
        assert optimizer.param_groups[0]["lr"] == max(0.001 * 0.5 ** schedulers.falls(losses[:epoch]), 1e-8)
        scheduler.step(losses[epoch])
        if optimizer.param_groups[0]["lr"] < 1e-7:
            break  # torch stops to halve where a fall would be below its eps, 1e-8


def test_the_made_up_losses_bring_the_rate_down_more_than_once(opened):
    counts = [
        len(set(opened(schedulers.step, scheduler="ReduceLROnPlateau", loop="bare", seed=seed).run()["rates"])) - 1
        for seed in range(20)
    ]
    assert min(counts) >= 2


@every_scheduler
def test_the_bare_rates_are_right_time_and_again(opened, scheduler):
    case = opened(schedulers.step, scheduler=scheduler, loop="bare")
    assert max(case.error(case.run()) for _ in range(5)) <= 1


@every_scheduler
def test_a_training_is_right(opened, scheduler):
    case = opened(schedulers.step, scheduler=scheduler, loop="training")
    assert case.error(case.run()) <= 1


def test_the_bare_rates_are_right_over_seeds(opened):
    for seed in range(100):
        case = opened(schedulers.step, scheduler="ReduceLROnPlateau", loop="bare", seed=seed)
        assert case.error(case.run()) <= 1


@every_scheduler
def test_a_rate_that_falls_an_epoch_late_is_refused(opened, scheduler):
    case = opened(schedulers.step, scheduler=scheduler, loop="bare")
    rates = case.run()["rates"]
    late = [rates[0] * 2, *rates[:-1]] if scheduler == "none" else [rates[0], *rates[:-1]]
    assert case.error({"rates": late}) > 1


def test_the_smallest_rate_is_held_by_its_own_size(opened):
    case = opened(schedulers.step, scheduler="StepLR", loop="bare")
    rates = case.run()["rates"]
    rates[-1] *= 1 + 10 * case.tolerance
    assert case.error({"rates": rates}) > 1


def test_a_list_of_rates_that_lacks_the_last_is_refused(opened):
    case = opened(schedulers.step, scheduler="StepLR", loop="bare")
    assert case.error({"rates": case.run()["rates"][:-1]}) > 1


@pytest.mark.parametrize("scheduler", NAMES[:2])
def test_a_scheduler_that_is_not_put_back_is_refused(opened, scheduler):
    case = opened(schedulers.step, scheduler=scheduler, loop="bare")
    case.run()
    assert case.error(case.prepared.step()) > 1


def test_rates_that_the_optimiser_does_not_follow_are_refused(opened, monkeypatch):
    case = opened(schedulers.step, scheduler="StepLR", loop="training")
    assert case.error(case.run()) <= 1
    adam = import_module("torch.optim.adam")
    honest = adam.adam
    monkeypatch.setattr(adam, "adam", lambda *args, lr, **others: honest(*args, lr=0.001, **others))
    assert case.error(case.run()) > 1


@pytest.fixture(scope="module")
def trained() -> tuple[Prepared, dict[str, Any]]:
    """A training whose scheduler watches the test loss, in float64, and what it gave: its check reads that alone."""
    context = CaseContext(torch.device("cpu"), torch.float64, "eager", 0, "schedulers/step[device=cpu]")
    prepared = schedulers.step(context, scheduler="ReduceLROnPlateau", loop="training")
    prepared.reset()
    return prepared, prepared.step()


@pytest.mark.parametrize("name", ["rates", "losses", "tested"])
def test_every_part_of_a_training_is_held(trained, name):
    prepared, out = trained
    assert prepared.check(out) <= 1e-10
    spoilt = torch.as_tensor(out[name], dtype=torch.float64) * (1 + 1e-9)
    assert prepared.check({**out, name: spoilt.tolist()}) > 1e-10


def test_a_scheduler_that_saw_other_losses_than_those_shown_is_refused(trained):
    prepared, out = trained
    assert prepared.check({**out, "tested": [*out["tested"][:50], *[1.0] * 50]}) > 1e-10


def test_reduce_on_plateau_is_given_the_loss_on_the_test_rows(trained):
    prepared, out = trained
    assert out["tested"][-1] == pytest.approx(prepared.quality()["test_loss"], rel=1e-12)


@pytest.mark.parametrize("scheduler", NAMES[:2])
def test_nothing_warns_that_the_scheduler_comes_before_its_optimiser(opened, scheduler):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        opened(schedulers.step, scheduler=scheduler, loop="bare").run()


def test_torch_would_warn_of_a_scheduler_that_comes_before_its_optimiser():
    optimizer = optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    with pytest.warns(UserWarning, match="before `optimizer.step"):
        StepLR(optimizer, step_size=30, gamma=0.1).step()


def test_the_courses_verbose_is_no_longer_taken():
    optimizer = optim.Adam([torch.zeros(1, requires_grad=True)], lr=0.001)
    with pytest.raises(TypeError, match="verbose"):
        ReduceLROnPlateau(optimizer, mode="min", factor=0.5, patience=10, verbose=True)


def test_the_cure_tells_the_rate():
    optimizer = optim.Adam([torch.zeros(1, requires_grad=True)], lr=0.001)
    scheduler = ReduceLROnPlateau(optimizer, mode="min", factor=0.5, patience=10)
    for _ in range(12):
        scheduler.step(1.0)
    assert scheduler.get_last_lr() == [0.0005]
