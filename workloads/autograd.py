"""Automatic differentiation: what one backward pass costs, from a single number to ten million.

At one number the time is bookkeeping: building the graph, walking it, a dozen operations on one element. At ten million
it is memory traffic. The gradient is exact either way, up to rounding.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from bench.workload import Context, Prepared, Work, workload

CHECKED_AT_ONCE = 2**20
"""Points the float64 oracle holds at a time (8 MB): all are checked, none of them adds to the memory of the case."""

PLOTTED = 100
"""Points of the course's plot."""
WIDTH, HEIGHT = 1200, 500
"""Pixels of its figure: 12 x 5 inches at 100 dots each."""
BLUE = "tab:blue"
"""Matplotlib's own first colour, said outright: a style of the user's would change it."""
OFF_CURVE = 0.02
"""Share of the curve's height by which the drawn line may be off it: measured 0.009 on both panels, from the width of
the line at the ends; the heights are 350 pixels."""


@workload(lesson="Automatic differentiation")
def polynomial(ctx: Context) -> Prepared:
    """y = x³ + 2x² + 5 at x = 2, forward and backward: (1,) → dy/dx (1,).

    The gradient is cleared in the step, so that 20 stays 20 however often it is called.

    Course:
        gradient of a polynomial
    Answer:
        dy/dx = 3x² + 4x = 20, exactly.
    Work:
        5 flops forward (cube and square count as one each), 7 backward; 2 numbers moved: x read, dy/dx written; 2
        kernels, one pass forward and one back, were all fused; one gradient.
    Expect:
        Pure overhead: a dozen operations on one element, so that time is their dispatch and not their arithmetic.
        Precision changes nothing. A device has nothing to gain: each operation becomes a launch around one element.
    """
    x = ctx.place(torch.tensor([2.0])).requires_grad_()

    def step() -> torch.Tensor | None:
        x.grad = None
        y = x**3 + 2 * x**2 + 5
        y.backward()
        return x.grad

    return Prepared(
        step=step,
        check=lambda gradient: ctx.relative_error(gradient, [20.0]),
        work=Work(flops=12, bytes=2 * ctx.dtype.itemsize, kernels=2, items=1, unit="gradient"),
    )


def curve(x: torch.Tensor) -> torch.Tensor:
    """f(x) = sin x + x²/10, point by point."""
    return torch.sin(x) + x**2 / 10


@workload(
    lesson="Computing derivatives",
    axes={"points": (100, 10**4, 10**6, 10**7)},
    quick={"points": (100, 10**4)},
    modes="differentiable",
)
def derivative_curve(ctx: Context, points: int) -> Prepared:
    """f(x) = sin x + x²/10 over [-5, 5], summed and differentiated: (points,) → f'(x) (points,).

    The mode applies to f; the sum and the call of `backward` are eager, and a mode that compiles compiles f's backward.

    Course:
        gradient of a curve
    Answer:
        f'(x) = cos x + x/5 in float64 at every point.
    Work:
        11 flops a point: 5 forward with the sum, 6 backward; 2 numbers a point moved: x read, f' written; 2 kernels,
        one pass forward and one back, were all fused; one item a point.
    Expect:
        Overhead rules up to some ten thousand points; then time grows with them, on a CPU faster still at 10⁷,
        where every array (40 MB) is a fresh one from the operating system. Eager writes and reads an array for each
        operation; compile fuses them into one pass each way: on a CPU several times faster at a million points, slower
        at a hundred, where its checks are most of the time.
    """
    x = ctx.place(torch.linspace(-5, 5, points, dtype=torch.float64)).requires_grad_()
    forward = ctx.mode(curve, x)

    def step() -> torch.Tensor | None:
        x.grad = None
        forward().sum().backward()
        return x.grad

    def check(gradient: torch.Tensor) -> float:
        pieces = zip(x.detach().split(CHECKED_AT_ONCE), gradient.split(CHECKED_AT_ONCE), strict=True)
        return max(ctx.relative_error(found, derivative(piece.cpu().double())) for piece, found in pieces)

    return Prepared(
        step=step,
        check=check,
        work=Work(flops=11 * points, bytes=2 * points * ctx.dtype.itemsize, kernels=2, items=points, unit="point"),
    )


def derivative(x: torch.Tensor) -> torch.Tensor:
    """f'(x) = cos x + x/5."""
    return torch.cos(x) + x / 5


@workload(lesson="Computing derivatives")
def derivative_plot(ctx: Context) -> Prepared:
    """f(x) = sin x + x²/10 and f'(x), drawn side by side: three of (100,) → 1200 x 500 pixels.

    Timed is the drawing, from tensors on the device to pixels in memory: figure, two axes, two lines, two titles. There
    is no window, for none is there to be timed; the gradient is taken beforehand.

    Course:
        plot of the derivative
    Answer:
        The derivative as the drawn line holds it against cos x + x/5 in float64; and the blue pixels of both panels,
        within 2 % of their height on the curve that is theirs.
    Work:
        Nothing is computed; the 1200·500 pixels of 4 bytes written; no kernels, for Matplotlib calls none; one figure.
    Expect:
        About a thousand times what `autograd/derivative_curve` takes to find the hundred gradients: ticks, fonts and
        lines, laid out in Python. Precision and device change nothing: one would not plot in a training loop.
    """
    exact_x = torch.linspace(-5, 5, PLOTTED, dtype=torch.float64)
    x = ctx.place(exact_x).requires_grad_()
    f = curve(x)
    f.sum().backward()

    def check(drawn: tuple[np.ndarray, np.ndarray]) -> float:
        plotted, pixels = drawn
        left, right = np.split(pixels, 2, axis=1)
        apart = max(off_curve(left, curve), off_curve(right, derivative))
        return max(ctx.relative_error(plotted, derivative(exact_x)), ctx.within(apart, 0, OFF_CURVE))

    return Prepared(
        step=lambda: picture(*(each.detach().cpu().numpy() for each in (x, f, x.grad))),  # type: ignore[union-attr]  # filled above
        check=check,
        work=Work(flops=0, bytes=WIDTH * HEIGHT * 4, items=1, unit="figure"),
        # A figure is a knot of references that the collector alone unties, and it is off inside blocks.
        reset=gc.collect,  # type: ignore[arg-type]  # nobody looks at what it returns
    )


def picture(x: np.ndarray, f: np.ndarray, slope: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The course's figure: the derivative as the drawn line holds it (100,), and the pixels (500, 1200, 4) in RGBA.

    Figure and canvas are made by hand: `plt.figure` would keep every figure until it is closed, and ask for a screen.
    """
    # Imported here, so that the other cases of the family do not carry it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=100, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    left = figure.add_subplot(1, 2, 1)
    left.plot(x, f, color=BLUE)
    left.set_title("Function f(x)")
    right = figure.add_subplot(1, 2, 2)
    (line,) = right.plot(x, slope, color=BLUE)
    right.set_title("Derivative f'(x)")
    canvas.draw()
    return line.get_ydata(orig=False), np.asarray(canvas.buffer_rgba())  # type: ignore[return-value]  # an array


def off_curve(panel: np.ndarray, function: Callable[[torch.Tensor], torch.Tensor]) -> float:
    """How far the blue line in `panel` (500, 600, 4) is from `function`, as a share of its height; infinite without it.

    Only the line is coloured, and a pixel's lack of red says how much of it the line covers: of these the mean height
    in each column is held to the function, both scaled to run from 0 to 1.
    """
    covered = np.clip(panel[::-1, :, 2].astype(float) - panel[::-1, :, 0], 0, None)
    covered = covered[:, covered.sum(0) > 0]
    if covered.shape[1] < PLOTTED:
        return math.inf
    heights = np.arange(len(covered)) @ covered / covered.sum(0)
    exact = function(torch.linspace(-5, 5, len(heights), dtype=torch.float64)).numpy()
    return float(np.abs(scaled(heights) - scaled(exact)).max())


def scaled(values: np.ndarray) -> np.ndarray:
    """`values`, shifted and stretched to run from 0 to 1."""
    return (values - values.min()) / max(np.ptp(values), 1e-9)


FUNCTIONS = {"square": (lambda x: x**2, 3.0, 6.0), "sine": (torch.sin, 0.0, 1.0)}
"""The functions that the course differentiates, each with the point it does so at and the gradient there."""


def gradient_at(function: Callable[[torch.Tensor], torch.Tensor], point: float, **placed: Any) -> float:
    """The course's helper: the gradient of `function` at `point`, as a number of Python's."""
    x = torch.tensor([point], requires_grad=True, **placed)
    y = function(x)
    y.backward()
    return x.grad.item()  # type: ignore[union-attr]  # backward has filled it


@workload(lesson="Computing gradients", axes={"function": ("square", "sine")}, quick={"function": ("square", "sine")})
def compute_gradient(ctx: Context, function: str) -> Prepared:
    """The gradient of x² at 3, or of sin x at 0, from number to number: () → ().

    All of the course's helper is timed: making the tensor, forward, backward, `.item()`.

    Course:
        gradient of any function
    Answer:
        6 and 1, exactly.
    Work:
        3 flops, one forward and two back; 2 numbers moved: x written, dy/dx read; 2 kernels, one pass forward and one
        back; one gradient.
    Expect:
        Pure overhead, as in `autograd/polynomial`, with fewer operations and the making of a tensor: x² and sin x take
        equally long. On a device the number must travel there and back, and `.item()` waits for it.
    """
    differentiated, point, gradient = FUNCTIONS[function]
    return Prepared(
        step=partial(gradient_at, differentiated, point, dtype=ctx.dtype, device=ctx.device),
        check=lambda found: ctx.relative_error(np.float64(found), gradient),  # torch would take a float for a float32
        work=Work(flops=3, bytes=2 * ctx.dtype.itemsize, kernels=2, items=1, unit="gradient"),
    )
