"""torchscript: inference."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from bench.plan.since_claims import installed_release
from bench.workload import MODES
from workloads import torchscript
from workloads._course import regression_net
from workloads._data import regression_data

DEPRECATED_BY = {(2, 13): DeprecationWarning, (2, 14): FutureWarning}


def test_predictions_are_those_of_numpy(opened, context):
    ctx = context(dtype=torch.float64)
    net = regression_net(ctx)
    hidden = regression_data(ctx).x_train[:32].numpy()
    for layer in (net.fc1, net.fc2, net.fc3):
        hidden = np.maximum(hidden @ layer.weight.detach().numpy().T + layer.bias.detach().numpy(), 0)
    exact = hidden @ net.fc4.weight.detach().numpy().T + net.fc4.bias.detach().numpy()
    found = opened(torchscript.inference, batch=32, dtype=torch.float64).run()
    np.testing.assert_allclose(found.numpy(), exact, atol=1e-13)


@pytest.mark.parametrize("mode", ["script", "trace", "frozen", "export"])
def test_every_mode_answers_alike(opened, mode):
    case = opened(torchscript.inference, mode=mode, batch=32)
    assert case.error(case.run()) <= 1
    assert case.prepared.step().shape == (32, 1)


def test_all_modes_are_declared():
    assert torchscript.inference.__coursebench__.modes == MODES


@pytest.mark.parametrize("mode", ["eager", "script", "trace", "frozen", "export"])
def test_no_graph_is_recorded(opened, mode):
    assert not opened(torchscript.inference, mode=mode, batch=32).run().requires_grad


@pytest.mark.parametrize("batch", [1, 32, 800, 8000])
def test_every_batch_is_answered_row_by_row(opened, batch):
    case = opened(torchscript.inference, batch=batch)
    out = case.run()
    assert out.shape == (batch, 1)
    assert case.error(out) <= 1


def test_a_single_prediction_near_zero_is_held_to_the_scale_of_the_net(opened):
    errors = []
    for seed in range(50):
        case = opened(torchscript.inference, batch=1, seed=seed)
        errors.append(case.error(case.run()))
    assert max(errors) < 0.2


def test_an_answer_with_one_row_off_by_ten_tolerances_is_refused(opened):
    case = opened(torchscript.inference, batch=800)
    out = case.run()
    out[out.abs().argmax()] *= 1 + 10 * case.tolerance
    assert case.error(out) > 1


@pytest.mark.skipif(installed_release() not in DEPRECATED_BY, reason="torch said nothing, or it is not known what")
@pytest.mark.parametrize("name", ["script", "trace", "freeze"])
def test_torchscript_says_that_it_is_deprecated_and_names_the_cure(context, name):
    net, x = regression_net(context()).eval(), torch.randn(1, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted = torch.jit.script(net)
    calls = {
        "script": lambda: torch.jit.script(net),
        "trace": lambda: torch.jit.trace(net, (x,)),
        "freeze": lambda: torch.jit.freeze(scripted),
    }
    says = rf"torch\.jit\.{name}.* is (deprecated|not supported).*torch\.(compile|export)"
    with pytest.warns(DEPRECATED_BY[installed_release()], match=says):
        calls[name]()
