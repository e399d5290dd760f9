"""The course's classifier of two moons: a training step, the whole fit, and what is said of it on the test rows.

Three costs are new against the regression: dropout, which draws two masks a step; an accuracy that is counted in every
epoch; and a report that scikit-learn makes on the host, in Python, wherever the net is.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn.metrics import classification_report, confusion_matrix
from torch import nn

from bench.workload import Context, Prepared, Work, workload
from workloads._course import MOONS_PRODUCTS, MOONS_WEIGHTS, TRAIN_ROWS, SameMasks, Training, classifier, in_float64
from workloads._data import moons

COURSE_EPOCHS = 100
HELD_EPOCHS = 3
"""Epochs whose loss is held to the dtype's own tolerance. Over the seeds 0 to 999 float32 stayed within 2.7e-7."""
STRAY = 1e-3
"""How far the later losses may be from float64, as a share of the largest. The farthest of the same seeds was 1e-5
(median 1.3e-7): Adam takes a full step along a gradient however small, and the sign of a small one is rounding."""
STRAY_ROWS = 3
"""How many of the 800 rows may be right in one dtype alone, as a probability near 0.5 falls to either side. Three of
the same seeds had such an epoch, by one row."""
TEST_ACCURACY = (0.8, 0.95)
"""Share of test rows that are right after the course's 100 epochs. Over the seeds 0 to 999 it ran from 0.825 to 0.925
(median 0.87), alike in float32 and float64; the range is that, widened by a quarter of its width on both sides."""


@workload(
    lesson="Example 2: binary classification",
    axes={"rows": (800, 32, 256, 8000, 80000)},
    quick={"rows": (32, 800)},
    modes=("eager", "script", "trace"),
)
def train_step(ctx: Context, rows: int) -> Prepared:
    """One Adam step of the net 2-32-16-1 with dropout on a batch of (rows, 2): forward, BCE, backward, update.

    The mode applies to the forward pass alone. Each step starts from the same weights, an unused Adam and the same
    random numbers. Above 800 rows more moons are drawn. torch.compile is no mode of this: its graph draws masks of its
    own, which no reference can be given.

    Course:
        model, loss and optimiser
    Answer:
        Loss of the step, length of the gradient, and loss in eval mode after the step, each against float64 on the CPU
        from the same seed, under the masks that the case draws in its own dtype on its own device.
    Work:
        2·(3·592 - 64) flops a row, matrix products alone; 3 numbers a row and 6 a weight moved: two features, a class,
        and 641 weights with Adam's two moments, each read and written; 8 kernels, one a matrix product; one item a row.
    Expect:
        About as long as `regression/train_step` at as many rows: a tenth of its weights, but two dropouts, each a draw
        for every hidden number. A few dozen calls are most of the time up to hundreds of rows; at 8000 it is the rows.
        Script and trace leave Python out of the forward pass alone, which is the smaller part.
    """
    data = moons(ctx, rows)
    training = Training(classifier(ctx), nn.BCELoss())
    # the tracer runs the net twice, and wonders that two masks give two answers
    with warnings.catch_warnings(action="ignore", category=torch.jit.TracerWarning):  # type: ignore
        forward = ctx.mode(training.model, data.x_train)

    exact = exact_training(ctx)
    x, y = in_float64(data.x_train), in_float64(data.y_train)
    torch.manual_seed(ctx.seed)
    expected = exact.update(exact.model(x), y), exact.gradient_norm(), loss_in_eval(exact, x, y)

    def check(loss: object) -> float:
        found = loss, training.gradient_norm(), loss_in_eval(training, data.x_train, data.y_train)
        return max(map(ctx.relative_error, found, expected))

    return Prepared(
        step=lambda: training.update(forward(), data.y_train),
        check=check,
        work=moons_work(ctx, rows, updates=1),
        reset=partial(begin_again, ctx, training),
    )


@workload(lesson="Example 2: binary classification", axes={"epochs": (100,), "record": ("item", "tensor")})
def fit(ctx: Context, epochs: int, record: str) -> Prepared:
    """The course's training loop: full batches of (800, 2), loss and accuracy of every epoch kept: twice (epochs,).

    `item` reads both by `.item()` in every epoch, as the course does; `tensor` keeps them where they are and stacks
    them once, after the loop.

    Course:
        data, scaling and split; model, loss and optimiser; training loop
    Answer:
        Against a float64 run from the same seed under the same masks: losses closely for 3 epochs and within a
        thousandth of the largest for 100, rows that are right within 3 of 800. Accuracy on the test rows after 100
        epochs, in eval mode, within its known range over seeds, 0.8 to 0.95.
    Work:
        Epochs times one training step of 800 rows: 2·(3·592 - 64)·800 flops, 3·800 + 6·641 numbers moved, 8 kernels;
        one item a row and epoch.
    Expect:
        Epochs times `classification/train_step` at 800 rows, and the accuracy: four small calls beside dozens. On a
        device `.item()` makes the host wait twice an epoch, and `tensor` not at all; on the CPU the two are level.
    """
    data = moons(ctx)
    training = Training(classifier(ctx), nn.BCELoss())
    keep: Callable[[torch.Tensor], Any] = torch.Tensor.item if record == "item" else torch.Tensor.detach
    known = min(epochs, COURSE_EPOCHS)
    exact_losses, exact_rows = exact_fit(ctx, known)

    def step() -> dict[str, Any]:
        losses, accuracies = [], []
        for _ in range(epochs):
            training.model.train()
            outputs = training.model(data.x_train)
            losses.append(keep(training.update(outputs, data.y_train)))
            accuracies.append(keep(accuracy(classes(outputs), data.y_train)))
        curves = {"losses": losses, "accuracies": accuracies}
        return curves if record == "item" else {name: torch.stack(curve) for name, curve in curves.items()}

    def test_accuracy() -> float:
        return accuracy(classes(probabilities(training.model, data.x_test)), data.y_test).item()

    def check(out: dict[str, Any]) -> float:
        losses, shares = (torch.tensor([*map(float, curve)], dtype=torch.float64)[:known] for curve in out.values())
        rows = (shares * TRAIN_ROWS).round()
        stray_rows = ctx.relative_error(rows, exact_rows) * exact_rows.max().item()
        return max(
            ctx.relative_error(losses[:HELD_EPOCHS], exact_losses[:HELD_EPOCHS]),
            ctx.within(ctx.relative_error(losses, exact_losses), 0, STRAY),
            ctx.relative_error(shares, rows / TRAIN_ROWS),
            ctx.within(stray_rows, 0, STRAY_ROWS),
            # the range of the test accuracy is known for the course's epochs alone
            ctx.within(test_accuracy(), *TEST_ACCURACY) if epochs == COURSE_EPOCHS else 0,
        )

    return Prepared(
        step=step,
        check=check,
        work=moons_work(ctx, TRAIN_ROWS * epochs, updates=epochs),
        reset=partial(begin_again, ctx, training),
        quality=lambda: {
            "train_loss": loss_in_eval(training, data.x_train, data.y_train).item(),
            "test_loss": loss_in_eval(training, data.x_test, data.y_test).item(),
            "test_accuracy": test_accuracy(),
        },
    )


@workload(
    lesson="Example 2: binary classification",
    axes={"report": ("accuracy", "full"), "rows": (200, 20000)},
    quick={"report": ("accuracy", "full")},
)
def evaluate(ctx: Context, report: str, rows: int) -> Prepared:
    """Test rows (rows, 2) classified by the trained net in eval mode under `no_grad`, and what is said of them.

    `accuracy` is the share that is right; `full` adds scikit-learn's confusion matrix (2, 2) and classification report,
    made on the host. The net is trained for the course's 100 epochs beforehand, untimed. Above 200 test rows more moons
    are drawn.

    Course:
        data, scaling and split; test accuracy; confusion matrix and report
    Answer:
        Probabilities against the float64 net of the same weights. Accuracy, confusion matrix and every word of the
        report against a count, by hand, of the rows on each side of 0.5 by these very probabilities, so that none is in
        doubt; accuracy within its known range over seeds, 0.8 to 0.95.
    Work:
        2·592 flops a row, matrix products alone; 3 numbers a row moved, two features and a class, and the 641 weights
        read; 3 kernels, one a matrix product; one item a row. What scikit-learn does is left out.
    Expect:
        The report costs dozens of times what the net does at 200 rows, and still many times at 20000: scikit-learn
        checks and counts labels in Python, over and over. On a device it adds the way of the predictions to the host,
        and a wait for them.
    """
    data, tested = moons(ctx), moons(ctx, 4 * rows)  # a fifth of the points is kept for the test
    x, y = tested.x_test, tested.y_test
    training = Training(classifier(ctx), nn.BCELoss())
    begin_again(ctx, training)
    for _ in range(COURSE_EPOCHS):
        training.update(training.model(data.x_train), data.y_train)
    model = training.model.eval()

    exact = in_float64(classifier(ctx))
    exact.load_state_dict(model.state_dict())
    expected = probabilities(exact, in_float64(x))
    moved = (3 * rows + MOONS_WEIGHTS) * ctx.dtype.itemsize

    @torch.no_grad()
    def step() -> dict[str, Any]:
        outputs = model(x)
        predictions = classes(outputs)
        said = {"probabilities": outputs, "accuracy": accuracy(predictions, y)}
        if report == "full":
            true, predicted = y.cpu().numpy(), predictions.cpu().numpy()
            said["confusion"] = confusion_matrix(true, predicted)
            said["report"] = classification_report(true, predicted)
        return said

    def check(out: dict[str, Any]) -> float:
        own = count(out["probabilities"], y)
        right = torch.tensor((own[0][0] + own[1][1]) / rows, dtype=torch.float64)
        errors = [
            ctx.relative_error(out["probabilities"], expected),
            ctx.relative_error(out["accuracy"], right),
            ctx.within(right.item(), *TEST_ACCURACY),
        ]
        if report == "full":
            errors += [ctx.relative_error(out["confusion"], own), report_error(out["report"], own)]
        return max(errors)

    return Prepared(
        step=step,
        check=check,
        work=Work(flops=2 * MOONS_PRODUCTS * rows, bytes=moved, kernels=3, items=rows, unit="row"),
        quality=lambda: {"test_accuracy": step()["accuracy"].item()},
    )


def exact_training(ctx: Context) -> Training:
    """The case's training in float64 on the CPU, under the masks of the case."""
    model = in_float64(classifier(ctx))
    model.dropout = SameMasks(ctx, model.dropout.p)  # type: ignore[union-attr, arg-type]  # an nn.Dropout
    return Training(model, nn.BCELoss())


def exact_fit(ctx: Context, epochs: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The fit in float64: of each epoch its loss, and how many rows were right."""
    exact, data = exact_training(ctx), moons(ctx)
    x, y = in_float64(data.x_train), in_float64(data.y_train)
    losses, rows = [], []
    torch.manual_seed(ctx.seed)
    for _ in range(epochs):
        outputs = exact.model(x)
        losses.append(exact.update(outputs, y))
        rows.append(((outputs > 0.5) == (y == 1)).sum())
    return torch.stack(losses), torch.stack(rows)


def begin_again(ctx: Context, training: Training) -> None:
    """First weights, unused Adam, and the global generator of every device where its masks begin."""
    training.rewind()
    torch.manual_seed(ctx.seed)


def probabilities(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """What the net answers as it is now, nothing dropped; it goes back to training."""
    model.eval()
    with torch.no_grad():
        outputs = model(x)
    model.train()
    return outputs


def loss_in_eval(training: Training, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Loss of the net as it is now, nothing dropped."""
    return training.criterion(probabilities(training.model, x), y)


def classes(outputs: torch.Tensor) -> torch.Tensor:
    """1 where the probability is above 0.5, else 0, in its own dtype: the course's `.float()` suits float32 alone."""
    return (outputs > 0.5).to(outputs.dtype)


def accuracy(predictions: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Share of the rows that are predicted right."""
    return (predictions == targets).to(predictions.dtype).mean()


def moons_work(ctx: Context, rows: int, updates: int) -> Work:
    """Work of `updates` Adam steps over `rows` rows in all; formula in the docstrings of those who use it."""
    # forward, gradient of the weights, gradient of the inputs; the first layer's inputs need none (64 a row)
    flops = 2 * (3 * MOONS_PRODUCTS - 64) * rows
    moved = (3 * rows + 6 * MOONS_WEIGHTS * updates) * ctx.dtype.itemsize
    touched = (3 * rows / updates + 3 * MOONS_WEIGHTS) * ctx.dtype.itemsize
    return Work(flops=flops, bytes=moved, kernels=8 * updates, items=rows, unit="row", working_set=touched)


def count(outputs: torch.Tensor, targets: torch.Tensor) -> list[list[int]]:
    """Rows of each true class by the one they are given: [[0 as 0, 0 as 1], [1 as 0, 1 as 1]]."""
    above = outputs > 0.5
    return [[int(((targets == true) & (above == given)).sum()) for given in (0, 1)] for true in (0, 1)]


def report_error(report: str, counts: list[list[int]]) -> float:
    """0 where `report` says in scikit-learn's words what `counts` give, halves rounded either way; else infinity."""
    table = np.array(counts)
    right, predicted, true, total = table.diagonal(), table.sum(axis=0), table.sum(axis=1), table.sum()
    scores = np.array([right / predicted, right / true, 2 * right / (predicted + true)])
    shares = [*scores.T, [right.sum() / total], scores.mean(axis=1), scores @ true / total]
    names = ["0.0", "1.0", "accuracy", "macro avg", "weighted avg"]
    words = [{word} for word in ("precision", "recall", "f1-score", "support")]
    for name, numbers, size in zip(names, shares, [*true, total, total, total], strict=True):
        words += [{word} for word in name.split()]
        words += [*({f"{share - 1e-9:.2f}", f"{share + 1e-9:.2f}"} for share in numbers), {str(size)}]
    found = report.split()
    same = len(found) == len(words) and all(word in either for word, either in zip(found, words, strict=True))
    return 0.0 if same else math.inf
