"""_course and _data: the course's data, net and training."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from workloads._course import PRODUCTS, WEIGHTS, RegressionNet, Training, regression_net
from workloads._data import regression_data

FLOAT64 = {"dtype": torch.float64}


@pytest.fixture
def data(context):
    return regression_data(context(**FLOAT64))


@pytest.fixture
def training(context):
    return Training(regression_net(context(**FLOAT64)))


def test_800_rows_train_and_200_test(data):
    assert [len(part) for part in data] == [800, 200, 800, 200]


def test_train_and_test_rows_are_together_the_courses_grid(data):
    grid = torch.cat([data.x_train, data.x_test]).flatten().sort().values
    np.testing.assert_array_equal(grid, np.linspace(-5, 5, 1000))


def test_targets_are_the_courses_curve_with_a_tenth_of_noise(data):
    noise = data.y_train - torch.sin(data.x_train) - torch.cos(2 * data.x_train)
    assert noise.std().item() == pytest.approx(0.1, rel=0.1)
    assert noise.mean().item() == pytest.approx(0, abs=0.015)


@pytest.mark.parametrize("rows", [1, 32, 800, 801, 802, 803, 804, 8000])
def test_as_many_training_rows_as_asked_for(context, rows):
    assert len(regression_data(context(), rows).x_train) == rows


def test_fewer_rows_are_the_first_of_the_course(context, data):
    assert torch.equal(regression_data(context(**FLOAT64), 32).y_train, data.y_train[:32])


def test_noise_follows_the_seed(context, data):
    assert not torch.equal(regression_data(context(seed=1, **FLOAT64)).y_train, data.y_train)


def test_drawing_a_net_leaves_the_global_generator_as_it_was(context):
    torch.manual_seed(5)
    expected = torch.randn(1)
    torch.manual_seed(5)
    regression_net(context())
    assert torch.equal(torch.randn(1), expected)


def test_the_net_has_the_shapes_of_the_course():
    assert [tuple(weight.shape) for weight in RegressionNet().parameters() if weight.dim() == 2] == [
        (64, 1),
        (64, 64),
        (32, 64),
        (1, 32),
    ]


def test_weights_and_products_are_counted_right():
    weights = list(RegressionNet().parameters())
    assert sum(weight.numel() for weight in weights) == WEIGHTS
    assert sum(weight.numel() for weight in weights if weight.dim() == 2) == PRODUCTS


def test_the_update_is_that_of_a_fresh_adam_by_hand(training, data):
    before = training.weights()
    training.update(training.model(data.x_train), data.y_train)
    gradient = torch.cat([weight.grad.flatten() for weight in training.model.parameters()])
    # the first step of Adam: both moments are corrected for their start, which leaves the sign of the gradient
    assert torch.allclose(training.weights(), before - 0.001 * gradient / (gradient.abs() + 1e-8), atol=1e-12)


def test_rewinding_repeats_a_training_exactly(training, data):
    def three_losses():
        return [training.update(training.model(data.x_train), data.y_train).item() for _ in range(3)]

    first = three_losses()
    training.rewind()
    assert three_losses() == first


def test_rewinding_keeps_every_tensor_in_its_place(training, data):
    training.update(training.model(data.x_train), data.y_train)
    places = [weight.data_ptr() for weight in training.model.parameters()]
    training.rewind()
    assert [weight.data_ptr() for weight in training.model.parameters()] == places


def test_families_that_need_no_rows_start_without_scikit_learn():
    families = "autograd, calibration, certification, matmul, networks, tensors, transfer"
    code = f"import sys; from workloads import {families}; print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
