"""frameworks: one problem, many tools, one answer."""

from __future__ import annotations

import importlib.util
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from workloads import frameworks
from workloads._course import TRAIN_ROWS
from workloads._frameworks import numpy_nets
from workloads._frameworks.numpy_nets import EpsilonHatNet, NumpyNet
from workloads._frameworks.sklearn_nets import SklearnNet

NETS = ("regression", "classification")
EXTRA = "pip install 'coursebench[frameworks]'"
each_net = pytest.mark.parametrize("net", NETS)


def given(context, net, dtype=torch.float64, seed=0):
    """The model of a net and its problem."""
    ctx = context(dtype=dtype, seed=seed)
    course = frameworks.NETS[net]
    model = course.model(ctx)
    return model, frameworks.problem_of(model, course.data(ctx, TRAIN_ROWS), course.classifies)


def needs(framework):
    """Skip the test where the framework is not installed.

    Not by `importorskip`, which imports: keras on its default backend, TensorFlow, fails at that, installed or not.
    """
    for name in frameworks.NEEDED.get(framework, ()):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed: {EXTRA}")


@each_net
def test_the_hand_written_gradient_is_that_of_autograd(context, net):
    model, problem = given(context, net)
    criterion = nn.BCELoss() if problem.classifies else nn.MSELoss()
    loss = criterion(model(torch.from_numpy(problem.x)), torch.from_numpy(problem.y))
    loss.backward()
    by_hand = NumpyNet(problem)
    assert by_hand.backward() == pytest.approx(loss.item(), rel=1e-13)
    exact = np.concatenate([parameter.grad.numpy().T.ravel() for parameter in model.parameters()])
    np.testing.assert_allclose(by_hand.gradient, exact, atol=1e-14)


@each_net
def test_the_hand_written_gradient_is_that_which_differences_show(context, net):
    _, problem = given(context, net)
    by_hand = NumpyNet(problem)
    by_hand.backward()
    gradient = by_hand.gradient.copy()
    steepest = np.argsort(-np.abs(gradient))[:20]
    for at in steepest:
        sides = []
        for h in (1e-6, -1e-6):
            by_hand.weights[at] += h
            sides.append(by_hand.backward())
            by_hand.weights[at] -= h
        assert (sides[0] - sides[1]) / 2e-6 == pytest.approx(gradient[at], rel=1e-4)


def test_the_two_places_of_epsilon_differ_as_kingma_and_ba_say(context):
    # the first step: moments corrected for their start leave g/(|g| + epsilon), the uncorrected root weighs it more
    _, problem = given(context, "regression")
    for make, weight in ((NumpyNet, 1.0), (EpsilonHatNet, 1 / math.sqrt(1 - 0.999))):
        net = make(problem)
        start = net.weights.copy()
        net.train(1)
        expected = start - 0.001 * net.gradient / (np.abs(net.gradient) + weight * 1e-8)
        np.testing.assert_allclose(net.weights, expected, atol=1e-14)


@each_net
@pytest.mark.parametrize("framework", ["torch", "numpy", "sklearn", "jax"])
def test_a_framework_trains_as_numpy_does_in_float64(opened, framework, net):
    needs(framework)
    case = opened(frameworks.fit, framework=framework, net=net, epochs=10, dtype=torch.float64)
    first, again = case.run(), case.run()
    assert len(first) == 10
    assert case.error(first) <= 1
    assert again == first


@each_net
def test_keras_trains_as_numpy_does(opened, net):
    needs("keras")
    case = opened(frameworks.fit, framework="keras", net=net, epochs=10)
    first, again = case.run(), case.run()
    assert len(first) == 10
    assert case.error(first) <= 1
    assert again == first


@pytest.mark.parametrize("framework", ["torch", "numpy", "sklearn", "jax", "keras"])
def test_a_framework_classifies_as_numpy_does(opened, framework):
    needs(framework)
    dtype = torch.float32 if framework == "keras" else torch.float64
    case = opened(frameworks.inference, framework=framework, net="classification", batch=32, dtype=dtype)
    out = case.run()
    assert tuple(out.shape) == (32, 1)
    assert case.error(out) <= 1


@each_net
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_onnx_runtime_answers_batches_of_any_size_as_numpy_does(opened, net, dtype):
    needs("onnxruntime")
    for batch in (32, 1):
        case = opened(frameworks.inference, framework="onnxruntime", net=net, batch=batch, dtype=dtype)
        assert case.error(case.run()) <= 1


def test_the_classifier_drops_nothing_in_training(context):
    model, problem = given(context, "classification")
    x = torch.from_numpy(problem.x)
    assert torch.equal(model.train()(x), model.eval()(x))


def fit_of(context, monkeypatch, twist, framework="numpy", net="regression"):
    """The error of a fit whose problem went through `twist` on its way to the framework, but not to the oracle."""
    honest = frameworks.opened
    monkeypatch.setattr(
        frameworks, "opened", lambda ctx, name, model, problem: honest(ctx, name, model, twist(problem))
    )
    ctx = context(dtype=torch.float32)
    prepared = frameworks.fit(ctx, framework, net, 10)
    prepared.reset()
    return prepared.check(prepared.step()) / 5e-5


def test_the_plant_itself_does_no_harm(context, monkeypatch):
    assert fit_of(context, monkeypatch, lambda problem: problem) <= 1


def test_rows_that_lost_their_targets_are_refused(context, monkeypatch):
    assert fit_of(context, monkeypatch, lambda problem: replace(problem, x=problem.x[::-1])) > 1


def test_a_weight_the_wrong_way_round_is_refused(context, monkeypatch):
    def turned(problem):
        first, (weight, bias), *rest = problem.layers
        return replace(problem, layers=(first, (weight.T.copy(), bias), *rest))

    assert fit_of(context, monkeypatch, turned) > 1


def test_a_single_row_too_few_is_refused(context, monkeypatch):
    assert fit_of(context, monkeypatch, lambda problem: replace(problem, x=problem.x[1:], y=problem.y[1:])) > 1


@pytest.mark.parametrize("name", ["EPSILON", "LEARNING_RATE"])
def test_another_adam_is_refused(opened, monkeypatch, name):
    case = opened(frameworks.fit, framework="numpy", net="regression", epochs=10, dtype=torch.float64)
    assert case.error(case.run()) <= 1
    monkeypatch.setattr(numpy_nets, name, 10 * getattr(numpy_nets, name))  # Keras' own epsilon is ten times torch's
    assert case.error(case.run()) > 1


def test_small_batches_are_refused(opened, monkeypatch):
    class InBatches(SklearnNet):
        def train(self, epochs):
            self.estimator.batch_size = "auto"
            return super().train(epochs)

    monkeypatch.setattr("workloads._frameworks.sklearn_nets.SklearnNet", InBatches)
    case = opened(frameworks.fit, framework="sklearn", net="regression", epochs=10)
    assert case.error(case.run()) > 1


def test_a_half_squared_error_is_refused(opened):
    case = opened(frameworks.fit, framework="sklearn", net="regression", epochs=10)
    assert case.error([loss / 2 for loss in case.run()]) > 1


def test_a_fit_without_reset_starts_elsewhere_and_is_refused(opened):
    case = opened(frameworks.fit, framework="numpy", net="regression", epochs=10)
    case.run()
    assert case.error(case.prepared.step()) > 1


def test_the_weights_are_held_too(opened, monkeypatch):
    case = opened(frameworks.fit, framework="numpy", net="regression", epochs=10)
    losses = case.run()
    case.prepared.reset()
    assert case.error(losses) > 1


def test_a_curve_of_scikit_learn_begins_anew_with_each_fit(context):
    _, problem = given(context, "regression")
    net = SklearnNet(problem)
    for _ in range(3):
        net.rewind()
        net.train(4)
    assert len(net.estimator.loss_curve_) == 4


@pytest.mark.parametrize("epochs", [10, 101])
def test_a_fit_that_stops_an_epoch_early_is_refused(opened, epochs):
    case = opened(frameworks.fit, framework="numpy", net="classification", epochs=epochs)
    losses = case.run()
    assert case.error(losses) <= 1
    assert case.error(losses[:-1]) > 1


def test_quality_tells_how_well_the_test_rows_are_met(opened):
    case = opened(frameworks.fit, framework="numpy", net="classification", epochs=100)
    case.run()
    assert 0.7 < case.prepared.quality()["test_accuracy"] <= 1


def test_losses_that_jax_only_promised_are_refused(opened, monkeypatch):
    needs("jax")
    from workloads._frameworks import jax_nets

    case = opened(frameworks.fit, framework="jax", net="regression", epochs=10)
    monkeypatch.setattr(jax_nets, "float", lambda loss: loss, raising=False)
    assert case.error(case.run()) == math.inf


def test_predictions_that_jax_only_promised_are_refused(opened, monkeypatch):
    needs("jax")
    from workloads._frameworks import jax_nets

    monkeypatch.setattr(jax_nets, "finished", lambda out: out)
    case = opened(frameworks.inference, framework="jax", net="regression", batch=32)
    assert case.error(case.run()) == math.inf


def test_jax_really_returns_before_it_has_computed(opened, monkeypatch):
    # what makes the mistake dangerous: the array looks like any other, and reading it gives the right answer
    needs("jax")
    from workloads._frameworks import jax_nets

    monkeypatch.setattr(jax_nets, "finished", lambda out: out)
    case = opened(frameworks.inference, framework="jax", net="regression", batch=8000)
    case.run().block_until_ready()
    assert any(not case.run().is_ready() for _ in range(50))


def test_float64_in_jax_stays_with_its_case(opened):
    needs("jax")
    import jax.numpy

    case = opened(frameworks.fit, framework="jax", net="regression", epochs=10, dtype=torch.float64)
    case.run()
    assert jax.numpy.ones(1).dtype == np.float32


def test_only_torch_states_kernels(context):
    ctx = context()
    assert frameworks.inference(ctx, "torch", "regression", 32).work.kernels == 4
    assert frameworks.fit(ctx, "torch", "classification", 10).work.kernels == 80
    assert frameworks.inference(ctx, "numpy", "regression", 32).work.kernels is None
