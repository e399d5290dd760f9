"""Building a network: the course's first net, asked, differentiated and printed.

A net of 769 weights on a few rows is two small matrix products: the lesson is what the layers around them cost, what
the way back adds to the way there, and from how many rows on it is arithmetic that is paid for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

import numpy as np
import torch
from torch import nn

from bench.workload import Context, Prepared, Work, workload
from workloads._course import fresh
from workloads._precision import allow_tf32, computes_in, under_autocast

INPUTS, HIDDEN, OUTPUTS = 10, 64, 1
PRODUCTS = INPUTS * HIDDEN + HIDDEN * OUTPUTS
"""Multiply-adds of one forward pass, per row."""
WEIGHTS = PRODUCTS + HIDDEN + OUTPUTS
"""Parameters of the net: one weight a multiply-add, and the biases."""

KINK = 1e-5
"""A row that brings a hidden number so near to the kink of ReLU is not drawn: float32 and float64 may lie on two sides
of it, with two gradients, both right. Over the seeds 0 to 299 they were at most 6e-7 apart."""
NEAR_ZERO = 0.01
"""Nor is a row whose output is so near to zero: relative to it alone, rounding (at most 2.3e-7 over the same seeds)
would count as an error."""
COARSE_KINK, COARSE_NEAR_ZERO = 0.01, 0.1
"""The same two where `amp` or `tf32` rounds to 8 or 11 bits."""

PRINTED = """\
SimpleNet(
  (fc1): Linear(in_features=10, out_features=64, bias=True)
  (relu): ReLU()
  (fc2): Linear(in_features=64, out_features=1, bias=True)
)"""


class SimpleNet(nn.Module):
    """Two layers with ReLU between them: (batch, input_size) → (batch, output_size)."""

    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(input_size, hidden_size)
        self.relu = nn.ReLU()
        self.fc2 = nn.Linear(hidden_size, output_size)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs (batch, output_size) for inputs (batch, input_size)."""
        x = self.relu(self.fc1(x))
        return self.fc2(x)


def simple_model(ctx: Context) -> SimpleNet:
    """A fresh 10-64-1 of the case."""
    return fresh(ctx, partial(SimpleNet, INPUTS, HIDDEN, OUTPUTS))


class ByHand:
    """The net and its derivative in float64 NumPy, from the weights of `model`."""

    def __init__(self, model: SimpleNet) -> None:
        weights = (weight.detach().cpu().double().numpy() for weight in model.parameters())
        self.w1, self.b1, self.w2, self.b2 = weights

    def hidden(self, x: np.ndarray) -> np.ndarray:
        """What ReLU is given: (batch, 10) → (batch, 64)."""
        return x @ self.w1.T + self.b1

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Outputs: (batch, 10) → (batch, 1)."""
        return np.maximum(self.hidden(x), 0) @ self.w2.T + self.b2

    def backward(self, x: np.ndarray) -> Mapping[str, np.ndarray]:
        """Gradients of the mean output, by the name of the parameter."""
        hidden = self.hidden(x)
        to_out = np.full((len(x), 1), 1 / len(x))
        to_hidden = (to_out @ self.w2) * (hidden > 0)
        return {
            "fc1.weight": to_hidden.T @ x,
            "fc1.bias": to_hidden.sum(0),
            "fc2.weight": to_out.T @ np.maximum(hidden, 0),
            "fc2.bias": to_out.sum(0),
        }


def rows_for(ctx: Context, by_hand: ByHand, batch: int, coarse: bool = False) -> torch.Tensor:
    """Normal inputs (batch, 10), but for rows that hang on rounding: 1 in 1000 is at a kink, 1 in 30 near zero.

    coarse: whether it rounds to fewer bits than float32 has, on which three rows in four hang.
    """
    drawn = ctx.randn(12 * batch + 96 if coarse else 2 * batch + 16, INPUTS)
    kink, near_zero = (COARSE_KINK, COARSE_NEAR_ZERO) if coarse else (KINK, NEAR_ZERO)
    x = drawn.cpu().double().numpy()
    clear = (np.abs(by_hand.hidden(x)).min(1) > kink) & (np.abs(by_hand.forward(x)[:, 0]) > near_zero)
    return drawn[torch.from_numpy(np.flatnonzero(clear)[:batch]).to(drawn.device)]


@workload(
    lesson="Building neural networks",
    axes={
        "passes": ("forward", "both"),
        "batch": (32, 1, 800, 8000),
        "amp": (False, True),
        "tf32": (False, True),
    },
    quick={"passes": ("forward", "both"), "batch": (32, 800)},
    modes="differentiable",
)
def simple_net(ctx: Context, passes: str, batch: int, amp: bool = False, tf32: bool = False) -> Prepared:
    """The net 10-64-1 with ReLU, forward, or forward and backward of its mean output: (batch, 10) → (batch, 1).

    The mode applies to the forward pass (and, where it compiles, to its backward); the mean and the call of `backward`
    are eager. Both record the graph, so that their difference is the way back. Gradients are cleared in the step.
    `amp` puts the forward pass under autocast to bfloat16, and the way back follows it; `tf32` allows TF32 in the whole
    step, on an NVIDIA GPU that has it.

    Course:
        a simple network
    Answer:
        Outputs, and after both passes the gradients of all four parameters, each against forward and backward written
        out in float64 NumPy: within the tolerance of float32, with `amp` that of bfloat16, with `tf32` that of TF32.
    Work:
        Matrix products alone: 2·704 flops a row forward, 2·(3·704 - 640) both; 11 numbers a row moved, x read and the
        output written, and the 769 weights read, both passes also 769 gradients written; 2 kernels forward, 5 both, one
        a matrix product; one item a row.
    Expect:
        Up to some hundred rows time is the cost of the calls: the forward pass makes three, the way back walks the
        graph they left and takes several times as long. At 8000 rows it is arithmetic and memory. Script and trace
        spare Python the layers, compile adds checks to every call. Autocast casts inputs and weights in every step: few
        rows take about twice as long with it. It pays where products are large on a processor that is fast in
        bfloat16. TF32 casts nothing.
    """
    if tf32:
        allow_tf32(ctx)
    model = simple_model(ctx)
    by_hand = ByHand(model)
    x = rows_for(ctx, by_hand, batch, coarse=amp or tf32)
    forward = ctx.mode(model, x)
    if amp:
        forward = under_autocast(ctx, forward)

    inputs = x.cpu().double().numpy()
    exact, gradients = by_hand.forward(inputs), by_hand.backward(inputs)

    def both() -> torch.Tensor:
        model.zero_grad()
        outputs = forward()
        outputs.mean().backward()
        return outputs

    def check(outputs: torch.Tensor) -> float:
        errors = [ctx.relative_error(outputs, exact)]
        for name, weight in model.named_parameters() if passes == "both" else ():
            errors.append(math.inf if weight.grad is None else ctx.relative_error(weight.grad, gradients[name]))
        return max(errors)

    step = forward if passes == "forward" else both
    return Prepared(
        step=step,
        check=check,
        work=net_work(ctx, passes, batch),
        compute_dtype=computes_in(amp, tf32),
    )


def net_work(ctx: Context, passes: str, batch: int) -> Work:
    """Work of one pass or two over `batch` rows; formula in the docstring of `simple_net`."""
    back = passes == "both"
    # there and back are three products for each multiply-add; the first layer's inputs need no gradient
    flops = 2 * (3 * PRODUCTS - INPUTS * HIDDEN if back else PRODUCTS) * batch
    numbers = (INPUTS + OUTPUTS) * batch + WEIGHTS * (2 if back else 1)
    return Work(flops=flops, bytes=numbers * ctx.dtype.itemsize, kernels=5 if back else 2, items=batch, unit="row")


@workload(lesson="Building neural networks", dtypes=("float32",))
def print_model(ctx: Context) -> Prepared:
    """The text that `print(model)` shows, of the net 10-64-1: → text.

    The text is made, not printed: a terminal would be timed in place of PyTorch.

    Course:
        print the model
    Answer:
        The text, letter by letter, as the course's slide would show it.
    Work:
        Nothing is computed; the 148 bytes of the text written; no kernel, for no tensor is touched; one item a text.
    Expect:
        Tens of microseconds of pure Python, one visit for each layer: nothing to think about, outside a training loop.
    """
    return Prepared(
        step=partial(str, simple_model(ctx)),
        check=lambda text: ctx.within(text == PRINTED, 1, 1),
        work=Work(flops=0, bytes=len(PRINTED), items=1, unit="text"),
    )
