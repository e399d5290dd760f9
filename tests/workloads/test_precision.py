"""_precision: the course's nets under autocast and with TF32, right within what they declare and wrong beyond."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from bench.measure.author.context import CaseContext, Skip
from bench.measure.author.tolerance import FORMATS, TOLERANCE
from bench.measure.settings.process_settings import put, snapshot
from tests.tf32 import to_tf32
from workloads import _precision, networks, vision

NETS = pytest.mark.parametrize(
    ("make", "axes"),
    [
        (networks.simple_net, {"passes": "forward", "batch": 32}),
        (networks.simple_net, {"passes": "both", "batch": 32}),
        (networks.simple_net, {"passes": "both", "batch": 1}),
        (vision.cnn_train_step, {"batch": 32}),
    ],
    ids=["forward", "both", "one_row", "cnn"],
)

LESS_EXACT = 3
"""How many times as large an error is at least under a switch: of a loss a few times, of single numbers a thousand."""


@pytest.fixture
def tf32_on_the_cpu(monkeypatch):
    """As if this CPU had tensor cores: products and convolutions read ten bits of mantissa while TF32 is allowed.

    The matmul precision of the process tells whether it is. What the cases switch on is off again at the end.
    """
    found = snapshot()

    def rounded(x):
        allowed = torch.get_float32_matmul_precision() == "high"
        return Rounded.apply(x) if allowed and x.dtype == torch.float32 else x

    class Rounded(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return to_tf32(x)

        @staticmethod
        def backward(ctx, gradient):
            return to_tf32(gradient.contiguous())

    linear, convolution = nn.functional.linear, nn.Conv2d._conv_forward
    monkeypatch.setattr(nn.functional, "linear", lambda x, weight, bias=None: linear(rounded(x), rounded(weight), bias))
    monkeypatch.setattr(
        nn.Conv2d, "_conv_forward", lambda self, x, weight, bias: convolution(self, rounded(x), rounded(weight), bias)
    )
    for module in (networks, vision):
        monkeypatch.setattr(module, "allow_tf32", lambda ctx: ctx.run_under(_precision.switch_tf32_on))
    yield
    put(found)


@NETS
def test_under_autocast_a_net_is_right_within_the_tolerance_of_bfloat16(opened, make, axes):
    for seed in range(5):
        case = opened(make, amp=True, seed=seed, **axes)
        assert case.tolerance == TOLERANCE[torch.bfloat16]
        assert case.error(case.run()) <= 1, seed


@NETS
def test_it_is_less_exact_than_without_the_switch(opened, make, axes):
    """Or the switch switched nothing."""
    plain, case = opened(make, **axes), opened(make, amp=True, **axes)
    assert case.prepared.check(case.run()) > LESS_EXACT * plain.prepared.check(plain.run())


@NETS
def test_beyond_the_tolerance_of_bfloat16_it_is_wrong(opened, make, axes):
    case = opened(make, amp=True, **axes)
    out = case.run()
    assert case.error(out + 2 * case.tolerance * out.detach().abs().max()) > 1


@NETS
def test_with_tf32_a_net_is_right_within_its_tolerance_and_less_exact(opened, tf32_on_the_cpu, make, axes):
    for seed in range(5):
        off = snapshot()
        plain = opened(make, seed=seed, **axes)
        exact = plain.prepared.check(plain.run())
        case = opened(make, tf32=True, seed=seed, **axes)
        assert case.tolerance == FORMATS["tf32"]
        error = case.prepared.check(case.run())
        assert LESS_EXACT * exact < error <= FORMATS["tf32"], seed
        put(off)


@pytest.mark.parametrize("passes", ["forward", "both"])
def test_undeclared_tf32_is_wrong_within_the_tolerance_of_float32(opened, tf32_on_the_cpu, passes):
    case = opened(networks.simple_net, tf32=True, passes=passes, batch=32)
    assert case.prepared.check(case.run()) > TOLERANCE[torch.float32]


@NETS
def test_beyond_the_tolerance_of_tf32_it_is_wrong(opened, tf32_on_the_cpu, make, axes):
    case = opened(make, tf32=True, **axes)
    out = case.run()
    assert case.error(out + 2 * case.tolerance * out.detach().abs().max()) > 1


@NETS
def test_without_a_switch_nothing_is_declared(opened, make, axes):
    assert opened(make, **axes).prepared.compute_dtype is None


@NETS
@pytest.mark.parametrize("switch", ["amp", "tf32"])
def test_a_switch_of_float32_is_skipped_in_float64(opened, make, axes, switch):
    with pytest.raises(Skip, match=f"{switch}=True .*another dtype"):
        opened(make, dtype=torch.float64, **{switch: True}, **axes)


@NETS
def test_a_cpu_has_no_tensor_cores(opened, make, axes):
    with pytest.raises(Skip, match="device=cpu has none"):
        opened(make, tf32=True, **axes)


@NETS
def test_the_timed_step_switches_nothing(opened, tf32_on_the_cpu, monkeypatch, make, axes):
    case = opened(make, tf32=True, **axes)
    calls = []
    monkeypatch.setattr(torch, "set_float32_matmul_precision", calls.append)
    case.run()
    assert calls == []


@NETS
@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
@pytest.mark.parametrize(("switch", "form"), [("amp", "bfloat16"), ("tf32", "tf32")])
def test_on_a_gpu_a_net_is_right_within_what_it_declares_and_less_exact(make, axes, switch, form):
    def error(**switches):
        found = snapshot()
        ctx = CaseContext(torch.device("cuda", 0), torch.float32, "eager", 0, "family/workload[device=cuda]")
        prepared = make(ctx, **axes, **switches)
        if prepared.reset is not None:
            prepared.reset()
        try:
            return prepared.check(prepared.step())
        finally:
            put(found)

    assert LESS_EXACT * error() < error(**{switch: True}) <= FORMATS[form]
