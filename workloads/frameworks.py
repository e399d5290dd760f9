"""The course's two nets in other frameworks: same data, same first weights, same Adam, same epochs, same losses.

What is left to differ is the tool: how much of each call it decides anew, and how much it compiled before. The
classifier goes without its dropout, for no two frameworks draw the same masks. torch alone is also timed on a device;
the other frameworks compute on the CPU here, with as many threads as torch.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from bench.workload import Context, Prepared, Work, workload
from workloads._course import (
    MOONS_PRODUCTS,
    MOONS_WEIGHTS,
    PRODUCTS,
    TRAIN_ROWS,
    WEIGHTS,
    Split,
    classifier,
    regression_net,
)
from workloads._data import moons, regression_data
from workloads._frameworks.numpy_nets import EpsilonHatNet, NumpyNet
from workloads._frameworks.problem import Problem, Trains

COURSE_EPOCHS = 100
"""Beyond these nobody looked how far a loss may stray, and none is held."""
HELD_EPOCHS = 3
"""Epochs whose loss is held to the dtype's own tolerance. Over the seeds 0 to 5, torch and JAX in float32 stayed within
2.7e-7 on both nets."""
STRAY = {torch.float32: 0.05, torch.float64: 1e-9}
"""How far later losses, and predictions after the last epoch, may be from float64 NumPy with its epsilon in the same
place, as a share of the largest. In float32 it is that of `regression/fit`, from a thousand seeds of torch; here, over
the seeds 0 to 5, torch and JAX strayed by 4.7e-4 (predictions 2e-3). In float64, over two seeds, none by 1e-14."""
STRAY_OF_EPSILON = 0.05
"""How far the losses may be from the course's Adam where epsilon is added elsewhere. Over the seeds 0 to 5 that moved
them by 6.2e-3 (3.6e-3 for the classifier), and the held epochs by 4.3e-6."""

NEEDED = {"jax": ("jax",), "keras": ("keras", "jax"), "onnxruntime": ("onnxruntime", "onnx", "onnxscript")}
"""What must be installed for a framework; torch, NumPy and scikit-learn always are."""


@dataclass(frozen=True)
class CourseNet:
    """One of the course's nets, its data, and what its work is counted by."""

    model: Callable[[Context], nn.Module]
    data: Callable[[Context, int], Split]
    classifies: bool
    features: int
    products: int
    weights: int
    layers: int


def classifier_without_dropout(ctx: Context) -> nn.Module:
    """The classifier with its weights of the seed, in which nothing is dropped."""
    model = classifier(ctx)
    model.dropout = nn.Identity()  # type: ignore[assignment]  # called as the dropout was
    return model


NETS = {
    "regression": CourseNet(regression_net, regression_data, False, 1, PRODUCTS, WEIGHTS, layers=4),
    "classification": CourseNet(classifier_without_dropout, moons, True, 2, MOONS_PRODUCTS, MOONS_WEIGHTS, layers=3),
}


@workload(
    lesson="PyTorch vs other frameworks",
    axes={
        "framework": ("torch", "numpy", "sklearn", "jax", "keras"),
        "net": ("regression", "classification"),
        "epochs": (100, 10),
    },
    quick={"framework": ("torch", "numpy", "sklearn", "jax"), "net": "regression", "epochs": 10},
)
def fit(ctx: Context, framework: str, net: str, epochs: int) -> Prepared:
    """The course's training of one of its nets: full batches of (800, features), the loss of every epoch a number.

    Timed are the epochs, from the course's first weights and an unused Adam; building the net is not. torch runs the
    course's loop, NumPy a backward pass by hand, JAX a jitted step called once an epoch, scikit-learn and Keras (on
    JAX) one `fit` with all rows as a batch. What JAX and Keras compile falls into the first call.

    Course: other frameworks
    Answer:
        Losses against a float64 NumPy run from the same weights, closely for 3 epochs, within 5 % (float64: 1e-9) for
        all, and so the predictions for the test rows afterwards. scikit-learn and Keras add Adam's epsilon before they
        correct the moments, torch after; they are held to a NumPy run that does the same, and within 5 % to torch's.
        scikit-learn minimises half the squared error, so its losses are doubled and its epsilon is halved.
    Work:
        Epochs times 2·(3·products - 64)·800 flops, and (features + 1)·800 + 6·weights numbers moved: rows, targets, and
        weights with Adam's two moments, each read and written. Products and weights are 6240 and 6401 for the
        regression, 592 and 641 for the classifier. In torch, 11 kernels an epoch or 8, one a matrix product; the others
        do not go through its dispatcher. One item a row and epoch.
    Expect:
        The classifier shows the cost of calls: by hand in NumPy, or compiled by JAX, an epoch of it takes less than
        torch's, which decides on each of its operations anew. The regression has ten times the arithmetic, so that less
        of its time is calls. Keras runs on the very compiler of JAX and adds its bookkeeping of epochs and batches.
        JAX and Keras pay seconds in the first call, which is when they compile.
    """
    if framework == "onnxruntime":
        ctx.skip("ONNX Runtime answers here and does not train: see frameworks/inference")
    require(ctx, framework)
    course = NETS[net]
    model, data = course.model(ctx), course.data(ctx, TRAIN_ROWS)
    problem = problem_of(model, data, course.classifies)
    trained: Trains = opened(ctx, framework, model, problem)
    x_test, y_test = data.x_test.cpu().numpy(), data.y_test.cpu().numpy()
    placed = trained.place(x_test)

    exact = (EpsilonHatNet if trained.epsilon_hat else NumpyNet)(problem.in_float64())
    own = exact.train(epochs)
    predictions = exact.predict(x_test.astype(np.float64))
    course_losses = NumpyNet(problem.in_float64()).train(min(epochs, COURSE_EPOCHS))

    def check(losses: list[float]) -> float:
        if len(losses) != epochs or not all(isinstance(loss, float) for loss in losses):
            return math.inf  # a loss that was not read may not be computed yet
        held = error(ctx, losses[:HELD_EPOCHS], own[:HELD_EPOCHS])
        stray = error(ctx, losses[:COURSE_EPOCHS], own[:COURSE_EPOCHS])
        if epochs <= COURSE_EPOCHS:
            stray = max(stray, error(ctx, trained.predict(placed), predictions))
        of_epsilon = error(ctx, losses[:COURSE_EPOCHS], course_losses)
        return max(held, ctx.within(stray, 0, STRAY[ctx.dtype]), ctx.within(of_epsilon, 0, STRAY_OF_EPSILON))

    def quality() -> dict[str, float]:
        found = in_float64(trained.predict(placed))
        if not course.classifies:
            return {"test_loss": float(np.mean((found - y_test) ** 2))}
        return {"test_accuracy": float(np.mean((found > 0.5) == (y_test == 1)))}

    return Prepared(
        step=lambda: trained.train(epochs),
        check=check,
        work=Work(
            # forward, gradient of the weights, gradient of the inputs; the first layer's inputs need none (64 a row)
            flops=2 * (3 * course.products - 64) * TRAIN_ROWS * epochs,
            # a row and its target once; weight and two moments of Adam, each read and written
            bytes=((course.features + 1) * TRAIN_ROWS + 6 * course.weights) * epochs * ctx.dtype.itemsize,
            kernels=(3 * course.layers - 1) * epochs if framework == "torch" else None,
            items=TRAIN_ROWS * epochs,
            unit="row",
            working_set=((course.features + 1) * TRAIN_ROWS + 3 * course.weights) * ctx.dtype.itemsize,
        ),
        reset=trained.rewind,
        quality=quality,
    )


@workload(
    lesson="PyTorch vs other frameworks",
    axes={
        "framework": ("torch", "numpy", "sklearn", "jax", "keras", "onnxruntime"),
        "net": ("regression", "classification"),
        "batch": (32, 1, 800, 8000),
    },
    quick={"framework": ("torch", "numpy", "sklearn", "jax", "keras", "onnxruntime"), "net": "regression", "batch": 32},
)
def inference(ctx: Context, framework: str, net: str, batch: int) -> Prepared:
    """Predictions of one of the course's nets, untrained: (batch, features) → (batch, 1).

    Each framework is given its rows as it likes them, placed beforehand, and the step ends once the numbers are there:
    JAX returns before it has computed, and is waited for. scikit-learn answers by `predict` or `predict_proba`, Keras
    by `predict_on_batch`, ONNX Runtime runs what torch exported. A JAX case in float64 includes 4 us for its switch.

    Course: other frameworks
    Answer:
        Predictions against float64 NumPy, relative to its largest output over the course's rows: a single prediction
        may be near zero.
    Work:
        2·products flops a row (6240 for the regression, 592 for the classifier), matrix products alone; features + 1
        numbers a row moved and the weights (6401, 641) read; in torch one kernel a matrix product, 4 or 3, the others
        do not go through its dispatcher; one item a row.
    Expect:
        For one row, time is the cost of being called: ONNX Runtime and NumPy need the fewest calls, torch and JAX
        several times their time, and scikit-learn and Keras check and wrap their inputs for longer than any of these
        take. At 8000 rows of the regression it is arithmetic: torch, JAX, Keras and ONNX Runtime draw level.
    """
    require(ctx, framework)
    course = NETS[net]
    model = course.model(ctx)
    problem = problem_of(model, course.data(ctx, TRAIN_ROWS), course.classifies)
    answering = opened(ctx, framework, model, problem)
    rows = course.data(ctx, max(batch, TRAIN_ROWS)).x_train.cpu().numpy()
    x = answering.place(rows[:batch])

    exact = NumpyNet(problem.in_float64()).predict(rows.astype(np.float64))
    share = float(np.abs(exact[:batch]).max() / np.abs(exact).max())

    def check(out: Any) -> float:
        if not isinstance(out, torch.Tensor | np.ndarray):
            return math.inf  # an array of JAX that nobody waited for looks like any other, and holds nothing yet
        return share * error(ctx, out, exact[:batch])

    return Prepared(
        step=lambda: answering.predict(x),
        check=check,
        work=Work(
            flops=2 * course.products * batch,
            bytes=((course.features + 1) * batch + course.weights) * ctx.dtype.itemsize,
            kernels=course.layers if framework == "torch" else None,
            items=batch,
            unit="row",
        ),
    )


def require(ctx: Context, framework: str) -> None:
    """Skip the case where its framework is not installed, computes on no such device, or not in its dtype."""
    for name in NEEDED.get(framework, ()):
        if importlib.util.find_spec(name) is None:
            ctx.skip(f"{name} is not installed: pip install 'coursebench[frameworks]'")
    if framework != "torch" and ctx.device.type != "cpu":
        ctx.skip(f"{framework} computes on the CPU here: of the frameworks, torch alone is put on a device")
    if framework == "keras" and ctx.dtype != torch.float32:
        ctx.skip("Keras promotes float64 to float32 on JAX, as on torch: its answers are not those of float64")


def opened(ctx: Context, framework: str, model: nn.Module, problem: Problem) -> Any:
    """The net in `framework`, which is imported only now."""
    match framework:
        case "torch":
            from workloads._frameworks.torch_nets import TorchNet

            return TorchNet(ctx, model, problem)
        case "numpy":
            return NumpyNet(problem)
        case "sklearn":
            from workloads._frameworks.sklearn_nets import SklearnNet

            return SklearnNet(problem)
        case "jax":
            from workloads._frameworks.jax_nets import JaxNet

            return JaxNet(problem)
        case "keras":
            from workloads._frameworks.keras_nets import KerasNet

            return KerasNet(problem)
        case "onnxruntime":
            from workloads._frameworks.onnx_nets import OnnxNet

            return OnnxNet(model, problem)
        case _:
            raise ValueError(f"there is no framework '{framework}' here")


def problem_of(model: nn.Module, data: Split, classifies: bool) -> Problem:
    """What the frameworks are given: the weights of `model` and the training rows, as NumPy on the CPU."""
    numbers = [parameter.detach().cpu().numpy() for parameter in model.parameters()]
    # torch keeps a weight as (outputs, inputs), everybody else the other way round
    layers = tuple((np.array(w.T, order="C"), b.copy()) for w, b in zip(numbers[::2], numbers[1::2], strict=True))
    return Problem(layers, data.x_train.cpu().numpy(), data.y_train.cpu().numpy(), classifies, torch.get_num_threads())


def error(ctx: Context, found: Any, exact: Any) -> float:
    """The relative error of numbers of whatever framework."""
    return ctx.relative_error(in_float64(found), in_float64(exact))


def in_float64(found: Any) -> np.ndarray:
    """Numbers of whatever framework, as NumPy on the CPU; torch would take Python's own in float32."""
    return np.array(found.cpu().numpy() if isinstance(found, torch.Tensor) else found, dtype=np.float64)
