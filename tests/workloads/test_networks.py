"""networks: the course's first net, its derivative by hand, and its text."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from workloads import networks

PASSES = pytest.mark.parametrize("passes", ["forward", "both"])
PARAMETERS = ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]


def simple_net(opened, passes="both", batch=32, **rest):
    return opened(networks.simple_net, passes=passes, batch=batch, **rest)


def model_of(monkeypatch):
    """The nets that are built from now on, in a list that fills."""
    built, make = [], networks.simple_model
    monkeypatch.setattr(networks, "simple_model", lambda ctx: built.append(make(ctx)) or built[-1])
    return built


def test_the_net_has_the_shapes_of_the_course(context):
    shapes = [tuple(weight.shape) for weight in networks.simple_model(context()).parameters()]
    assert shapes == [(64, 10), (64,), (1, 64), (1,)]


def test_weights_and_products_are_counted_right(context):
    weights = list(networks.simple_model(context()).parameters())
    assert sum(weight.numel() for weight in weights) == networks.WEIGHTS
    assert sum(weight.numel() for weight in weights if weight.dim() == 2) == networks.PRODUCTS


def test_the_gradients_by_hand_are_those_that_differences_show(context):
    ctx = context(dtype=torch.float64)
    by_hand = networks.ByHand(networks.simple_model(ctx))
    x = ctx.randn(16, 10).numpy()
    gradients, h = by_hand.backward(x), 1e-6
    for name, weights in zip(PARAMETERS, (by_hand.w1, by_hand.b1, by_hand.w2, by_hand.b2), strict=True):
        for index in list(np.ndindex(weights.shape))[:: max(1, weights.size // 7)]:
            kept = weights[index]
            weights[index] = kept + h
            above = by_hand.forward(x).mean()
            weights[index] = kept - h
            below = by_hand.forward(x).mean()
            weights[index] = kept
            assert gradients[name][index] == pytest.approx((above - below) / (2 * h), abs=1e-8)


@PASSES
@pytest.mark.parametrize("batch", [1, 32, 800])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_the_answer_is_right_over_seeds(opened, passes, batch, dtype):
    for seed in range(10):
        case = simple_net(opened, passes, batch, dtype=dtype, seed=seed)
        out = case.run()
        assert out.shape == (batch, 1)
        assert case.error(out) < 0.5


def test_the_gradients_are_as_right_in_the_50th_step(opened):
    case = simple_net(opened)
    assert max(case.error(case.run()) for _ in range(50)) <= 1


def test_gradients_that_are_not_cleared_are_refused(opened, monkeypatch):
    monkeypatch.setattr(nn.Module, "zero_grad", lambda *_, **__: None)
    case = simple_net(opened)
    assert case.error(case.run()) <= 1
    assert case.error(case.run()) > 1


def test_a_step_without_the_way_back_is_refused(opened, monkeypatch):
    case = simple_net(opened)
    monkeypatch.setattr(torch.Tensor, "backward", lambda *_, **__: None)
    assert case.error(case.run()) > 1


@pytest.mark.parametrize("parameter", range(4), ids=PARAMETERS)
def test_one_wrong_number_of_any_gradient_is_refused(opened, monkeypatch, parameter):
    built = model_of(monkeypatch)
    case = simple_net(opened)
    out = case.run()
    assert case.error(out) <= 1
    gradient = list(built[-1].parameters())[parameter].grad
    gradient.view(-1)[0] += 10 * case.tolerance * gradient.abs().max()
    assert case.error(out) > 1


def test_the_forward_pass_alone_leaves_no_gradient(opened, monkeypatch):
    built = model_of(monkeypatch)
    out = simple_net(opened, "forward").run()
    assert out.requires_grad
    assert all(weight.grad is None for weight in built[-1].parameters())


@pytest.mark.parametrize("mode", ["script", "trace"])
def test_scripted_and_traced_the_gradients_reach_the_same_weights(opened, mode):
    case = simple_net(opened, mode=mode)
    assert max(case.error(case.run()) for _ in range(5)) <= 1


@pytest.mark.parametrize("batch", [1, 800])
def test_rows_at_a_kink_or_with_an_output_near_zero_are_not_drawn(context, batch):
    for seed in range(20):
        ctx = context(seed=seed)
        by_hand = networks.ByHand(networks.simple_model(ctx))
        x = networks.rows_for(ctx, by_hand, batch).double().numpy()
        assert x.shape == (batch, 10)
        assert np.abs(by_hand.hidden(x)).min() > networks.KINK
        assert np.abs(by_hand.forward(x)).min() > networks.NEAR_ZERO


def test_a_right_gradient_at_a_kink_could_have_been_refused(opened, monkeypatch):
    """The reason for leaving such rows out: the float32 net and the float64 oracle take different sides."""

    def at_a_kink(ctx, by_hand, batch, coarse):
        x = ctx.randn(batch, 10).double()
        first = torch.from_numpy(by_hand.w1[0])
        onto = torch.from_numpy(by_hand.hidden(x.numpy())[:, :1])
        return ctx.place(x - onto * first / first.square().sum())

    monkeypatch.setattr(networks, "rows_for", at_a_kink)
    cases = [simple_net(opened, batch=1, seed=seed) for seed in range(20)]
    assert max(case.error(case.run()) for case in cases) > 1


@pytest.mark.parametrize(("passes", "flops", "kernels"), [("forward", 2 * 704, 2), ("both", 2 * (3 * 704 - 640), 5)])
def test_the_work_of_a_row_is_its_products(opened, passes, flops, kernels):
    work = simple_net(opened, passes, 32).prepared.work
    assert (work.flops, work.kernels) == (32 * flops, kernels)


def test_the_text_is_what_print_shows(opened, capsys, context):
    print(networks.simple_model(context()))
    assert capsys.readouterr().out == networks.PRINTED + "\n"
    assert opened(networks.print_model).run() == networks.PRINTED


def test_the_text_of_another_net_is_refused(opened):
    case = opened(networks.print_model)
    assert case.error(case.run().replace("64", "32")) > 1
    assert case.error(case.run() + "\n") > 1
