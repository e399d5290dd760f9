"""Pitfalls: the mistakes students make, each beside its cure, so that the factor of the error can be shown.

Every workload has the axis `form`: `bench show RUN --vs form=mistake` prints time of the mistake ÷ time of the cure.
Not every mistake costs time. Some falsify the number that is reported, some the answer: each says which, and `quality`
holds the factor that no time can show. A wrong answer is held as closely as a right one, to the value it must have.
"""

# A long module, since a family takes its name from its one file: half of its lines are what `bench list` prints.

from __future__ import annotations

import io
import warnings
from collections import deque
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, RandomSampler, TensorDataset

from bench.workload import Context, Prepared, Work, workload
from workloads._course import (
    PRODUCTS,
    TRAIN_ROWS,
    WEIGHTS,
    Normals,
    Training,
    in_float64,
    regression_data,
    regression_net,
    training_work,
)

BATCH = 32
CHECKED_ROWS = 64
"""Rows of a product that are checked, so that the oracle costs 64/size of the work."""


def product_error(ctx: Context, a: torch.Tensor, b: torch.Tensor) -> Callable[[torch.Tensor], float]:
    """A check of A·B on its first rows, against float64 on the CPU."""
    exact = in_float64(a[:CHECKED_ROWS]) @ in_float64(b)
    return lambda out: ctx.relative_error(out[:CHECKED_ROWS], exact)


def product_work(ctx: Context, size: int) -> Work:
    """Work of one product of two (size, size) matrices."""
    return Work(flops=2 * size**3, bytes=3 * size**2 * ctx.dtype.itemsize, kernels=1, items=1, unit="product")


def predictions(ctx: Context, x: torch.Tensor) -> torch.Tensor:
    """The untrained net's predictions (rows, 1) for x (rows, 1), in float64 on the CPU."""
    with torch.no_grad():
        return in_float64(regression_net(ctx))(in_float64(x))


def forward_work(ctx: Context, rows: int, calls: int = 1) -> Work:
    """Work of the net's predictions of `rows` rows in `calls` batches; formula in the docstrings that use it."""
    moved = (2 * rows + WEIGHTS) * ctx.dtype.itemsize
    return Work(flops=2 * PRODUCTS * rows, bytes=moved, kernels=4 * calls, items=rows, unit="row")


class Stopwatch:
    """A student's own clock around a call. `wait` is what is done before it is read again."""

    READINGS = 101
    """How many are kept: the last, so that nothing grows and no first call is among them."""

    def __init__(self, wait: Callable[[], Any]) -> None:
        self.wait = wait
        self.shown: deque[float] = deque(maxlen=self.READINGS)

    def __call__(self, call: Callable[[], torch.Tensor]) -> torch.Tensor:
        """The output of `call`, timed."""
        started = perf_counter()
        out = call()
        self.wait()
        self.shown.append(perf_counter() - started)
        return out


@workload(
    lesson="Pitfalls",
    axes={"form": ("mistake", "cure"), "size": (1000, 4096)},
    quick={"form": ("mistake", "cure"), "size": 1000},
)
def no_synchronise(ctx: Context, form: str, size: int) -> Prepared:
    """A student times C = A·B: (size, size) → (size, size) with a clock of their own, inside the step.

    A call on a GPU returns once its work is queued. The mistake reads the clock then; the cure calls `synchronize`
    before. CUDA only. The factor is of the reported number, not of the time: the harness waits for all work in both
    forms. `quality` has what the student's clock showed (`reported_s`, the median of the last readings), and how many
    times longer a call takes that is waited for (`error_factor`).

    Answer:
        64 rows of C against the same rows multiplied in float64; it is right in both forms.
    Work:
        2·size³ flops; 3·size² numbers moved; one kernel; one product.
    Expect:
        The mistake reports the cost of a launch, the same for every size, so that its `error_factor` grows with size³
        and has no upper end; the cure's is 1. By the harness's clock the cure is the slower one, a little: it waits
        after each step, where the launches of the mistake overlap with the work before them.
    """
    if ctx.device.type != "cuda":
        ctx.skip("calls on the CPU end when their work is done: there is nothing to forget")
    a, b = ctx.randn(size, size), ctx.randn(size, size)

    def product() -> torch.Tensor:
        return torch.mm(a, b)

    def synchronise() -> None:
        torch.cuda.synchronize(ctx.device)

    watch = Stopwatch(synchronise if form == "cure" else lambda: None)

    def quality() -> dict[str, float]:
        truth = Stopwatch(synchronise)
        for _ in range(Stopwatch.READINGS):
            truth(product)
        reported = median(watch.shown)
        return {"reported_s": reported, "error_factor": median(truth.shown) / reported}

    return Prepared(
        step=lambda: watch(product), check=product_error(ctx, a, b), work=product_work(ctx, size), quality=quality
    )


WARM_CALLS = 5
"""TorchScript watches its first call and optimises in its second; from the third on, calls cost the same."""


@workload(lesson="Pitfalls", axes={"form": ("mistake", "cure")}, quick={"form": ("mistake", "cure")})
def first_call_timed(ctx: Context, form: str) -> Prepared:
    """The first call of a TorchScript program just loaded, or its sixth: the net on the test rows, (200, 1) → (200, 1).

    `reset`, untimed, loads the traced net anew. The mistake times its first call; the cure makes five calls before
    that one. The factor is of the reported number: both are the same call, but one of them is made once.

    Answer:
        Predictions against the eager net in float64; they are right in both forms.
    Work:
        2·6240·200 flops, matrix products alone; 2·200 + 6401 numbers moved; 4 kernels; one item a row.
    Expect:
        The first call records shapes and the second optimises for them: measured on a CPU, some twenty times a later
        one. The factor shrinks as the work grows, and is larger still for what is done once a process, which no reset
        brings back: loading libraries, making a CUDA context, compiling. `bench` keeps first calls apart for that.
    """
    x = regression_data(ctx).x_test
    exact = predictions(ctx, x)
    saved = io.BytesIO()

    # torch.jit is deprecated and says so at every call (2.13); what is shown holds for whatever is loaded or compiled
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.trace(regression_net(ctx).eval(), x), saved)
    program: Callable[[torch.Tensor], torch.Tensor]

    @torch.no_grad()
    def reset() -> None:
        nonlocal program
        saved.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            program = torch.jit.load(saved, map_location=ctx.device)
        for _ in range(WARM_CALLS if form == "cure" else 0):
            program(x)

    @torch.no_grad()
    def step() -> torch.Tensor:
        return program(x)

    return Prepared(
        step=step,
        check=lambda out: ctx.relative_error(out, exact),
        work=forward_work(ctx, len(x)),
        reset=reset,
    )


HELD_EPOCHS = 3
STRAY = 0.05
"""As in `regression/fit`: the first losses are held to float64 by the dtype's tolerance, the later less closely."""


@workload(
    lesson="Pitfalls",
    axes={"form": ("mistake", "cure"), "epochs": (100, 10)},
    quick={"form": ("mistake", "cure"), "epochs": 10},
)
def item_every_step(ctx: Context, form: str, epochs: int) -> Prepared:
    """The course's training loop on full batches of (800, 1), its loss read by `.item()` in every epoch or at the end.

    The mistake is the course's own. The cure keeps the losses as tensors on their device, without their graphs, and
    reads them all at once after the last epoch. The factor is of time.

    Answer:
        The losses of both forms against a plain loop in the same dtype, and against float64: closely for 3 epochs and
        within 5 % of the first loss for the rest.
    Work:
        Epochs times 2·(3·6240 - 64)·800 flops, 6·6401 numbers moved and 11 kernels, and 2·800 numbers; one item a row
        and epoch.
    Expect:
        No difference on a CPU, where the loss is there when the call returns: `.item()` takes less than a thousandth of
        an epoch. On a device it waits for the epoch to end, so that launches cannot run ahead of the work: that costs
        the more, the nearer the work of an epoch is to the cost of its launches.
    """
    data = regression_data(ctx)
    x, y = data.x_train, data.y_train
    training, plain = Training(regression_net(ctx)), Training(regression_net(ctx))
    exact, exact_x, exact_y = Training(in_float64(regression_net(ctx))), in_float64(x), in_float64(y)
    same = [plain.update(plain.model(x), y).item() for _ in range(epochs)]
    near = [exact.update(exact.model(exact_x), exact_y).item() for _ in range(epochs)]

    def read_each() -> list[float]:
        losses = []
        for _ in range(epochs):
            loss = training.update(training.model(x), y)
            losses.append(loss.item())
        return losses

    def read_once() -> list[float]:
        losses = []
        for _ in range(epochs):
            losses.append(training.update(training.model(x), y))
        return torch.stack(losses).tolist()

    def check(losses: list[float]) -> float:
        return max(
            ctx.relative_error(losses, same),
            ctx.relative_error(losses[:HELD_EPOCHS], near[:HELD_EPOCHS]),
            ctx.within(ctx.relative_error(losses, near), 0, STRAY),
        )

    return Prepared(
        step=read_each if form == "mistake" else read_once,
        check=check,
        work=training_work(ctx, TRAIN_ROWS * epochs, updates=epochs),
        reset=training.rewind,
    )


@workload(
    lesson="Pitfalls",
    axes={"form": ("mistake", "cure"), "size": (1000, 64, 256)},
    quick={"form": ("mistake", "cure"), "size": 64},
)
def random_numbers_inside(ctx: Context, form: str, size: int) -> Prepared:
    """C = A·B: (size, size) → (size, size), its random factors drawn inside the timed region, or before it.

    The mistake times `randn` and calls it a product. The factor is of the reported number: the product is the same
    in both forms. The generator is put back in the step, which costs less than a microsecond, so that the numbers are.

    Answer:
        64 rows of C against the same rows multiplied in float64, of factors drawn once more from the same seed.
    Work:
        2·size³ flops; 3·size² numbers moved; one kernel; one product: the drawing is not counted, it is the mistake.
    Expect:
        A CPU draws its numbers in a row from one generator and puts each through a logarithm and a sine: 2·size² of
        them take several times as long as a product of 64, and at 1000, where the product has grown with size³, still
        about half of its time. A device draws in parallel; at small sizes the factor is that of the kernels launched.
    """
    numbers = Normals(ctx, (2, size, size), ctx.device)
    drawn = numbers.again()
    factors = numbers.again if form == "mistake" else lambda: drawn
    return Prepared(step=lambda: torch.mm(*factors()), check=product_error(ctx, *drawn), work=product_work(ctx, size))


WORKERS = 2


@workload(lesson="Pitfalls", axes={"form": ("mistake", "cure")}, quick={"form": "cure"})
def workers_on_memory(ctx: Context, form: str) -> Prepared:
    """One pass of the course's DataLoader over 800 shuffled rows in batches of (32, 1), by two workers or by none.

    The mistake is `num_workers=2` for data that are in memory already: each pass starts two processes, sends them the
    numbers of rows and is sent the rows. The cure is `num_workers=0`, the default. Nothing is trained: the batches are
    moved to the device and joined. The factor is of time. The quick sweep leaves the mistake out, for its time.

    Answer:
        Inputs and targets, in their order, against the rows that the same permutation takes from the tensors.
    Work:
        No flops; 2·800 numbers read and written; 2 kernels, the two joins; one item a row.
    Expect:
        Starting and ending a process that holds torch takes tens of milliseconds and more, stacking 800 rows takes a
        few: measured on a CPU, ten to thirty times what the workers were to spare. They pay where rows are read from a
        disk or decoded. `persistent_workers=True` keeps them from pass to pass, and leaves the sending.
    """
    data = regression_data(ctx)
    x, y = data.x_train, data.y_train
    order = torch.randperm(TRAIN_ROWS, generator=torch.Generator().manual_seed(ctx.seed))
    shuffle, rows = torch.Generator(), TensorDataset(x.cpu(), y.cpu())
    loader = DataLoader(
        rows,
        batch_size=BATCH,
        sampler=RandomSampler(rows, generator=shuffle),  # what shuffle=True builds, under a generator of its own
        num_workers=WORKERS if form == "mistake" else 0,
    )

    def reset() -> None:
        shuffle.manual_seed(ctx.seed)

    def step() -> tuple[torch.Tensor, torch.Tensor]:
        batches = [(batch_x.to(ctx.device), batch_y.to(ctx.device)) for batch_x, batch_y in loader]
        inputs, targets = zip(*batches, strict=True)
        return torch.cat(inputs), torch.cat(targets)

    def check(out: tuple[torch.Tensor, torch.Tensor]) -> float:
        return max(map(ctx.relative_error, out, (x.cpu()[order], y.cpu()[order])))

    return Prepared(
        step=step,
        check=check,
        work=Work(bytes=4 * TRAIN_ROWS * ctx.dtype.itemsize, kernels=2, items=TRAIN_ROWS, unit="row"),
        reset=reset,
    )


RAGGED_BATCH = 128
"""A batch that 800 rows do not fill: six of them and 32 rows more."""


@workload(
    lesson="Pitfalls",
    axes={"form": ("mistake", "cure")},
    quick={"form": ("mistake", "cure")},
    modes=("eager", "compile"),
)
def ragged_last_batch(ctx: Context, form: str) -> Prepared:
    """Predictions of the net for 800 rows in seven batches of 128, the last of 32 rows or filled up to 128.

    The mistake leaves the last batch ragged, a second shape; the cure repeats rows to fill it, outside the step, and
    drops their predictions. Both answer the same 800 rows, which makes the comparison fair; `drop_last` would answer
    768, and the cure is charged for the 96 rows it computes in vain. The factor is of compile time: look at first
    call, cold and warm, in mode compile, and not at the speed-up of the steps.

    Answer:
        All 800 predictions against the eager net in float64; they are right in both forms.
    Work:
        2·6240·800 flops, matrix products alone; 2·800 + 6401 numbers moved; 28 kernels, one a matrix product and
        batch; one item a row.
    Expect:
        In mode compile, with `dynamic=False` as everywhere here, each shape is compiled for itself, in the first step:
        two graphs in place of one. Measured on a CPU with a cold cache, the second took about a third of the first,
        which also pays for what the compiler loads once. The steps after it cost nearly the same, and so does
        everything in eager mode. Without `dynamic=False` torch compiles the second shape for all sizes, once.
    """
    data = regression_data(ctx)
    x = data.x_train
    model = regression_net(ctx).eval()
    missing = -TRAIN_ROWS % RAGGED_BATCH if form == "cure" else 0
    batches = torch.cat((x, x[:missing])).split(RAGGED_BATCH)
    forwards = [ctx.mode(model, batch) for batch in batches]
    exact = predictions(ctx, x)

    @torch.no_grad()
    def step() -> torch.Tensor:
        return torch.cat([forward() for forward in forwards])[:TRAIN_ROWS]

    return Prepared(
        step=step,
        check=lambda out: ctx.relative_error(out, exact),
        work=forward_work(ctx, TRAIN_ROWS, calls=len(batches)),
    )


@workload(
    lesson="Pitfalls",
    axes={"form": ("mistake", "cure"), "rows": (800, 32, 8000)},
    quick={"form": ("mistake", "cure"), "rows": 32},
)
def graph_in_evaluation(ctx: Context, form: str, rows: int) -> Prepared:
    """Predictions of the net in eval mode: (rows, 1) → (rows, 1), with the graph of a backward pass that never comes.

    The mistake takes `model.eval()` to be enough; the cure adds `no_grad`. The factor is of time; the peak memory
    of the two cases shows the other price.

    Answer:
        Predictions against float64; they are right in both forms.
    Work:
        2·6240 flops a row, matrix products alone; 2·rows + 6401 numbers moved; 4 kernels; one item a row.
    Expect:
        A graph costs some microseconds a call to build, which is felt at few rows and lost at many. It keeps what each
        layer put out, some 160 numbers a row, until the predictions are dropped; a list of them keeps it all.
    """
    x = regression_data(ctx, max(rows, TRAIN_ROWS)).x_train[:rows]
    model = regression_net(ctx).eval()
    exact = predictions(ctx, x)

    @torch.no_grad()
    def without_graph() -> torch.Tensor:
        return model(x)

    return Prepared(
        step=without_graph if form == "cure" else lambda: model(x),
        check=lambda out: ctx.relative_error(out, exact),
        work=forward_work(ctx, rows),
    )


@workload(
    lesson="Pitfalls",
    axes={"form": ("mistake", "cure"), "rows": (800, 32, 8000)},
    quick={"form": ("mistake", "cure"), "rows": 32},
    dtypes=("float32",),
)
def float64_from_numpy(ctx: Context, form: str, rows: int) -> Prepared:
    """One Adam step of the net on (rows, 1), in the float64 that NumPy's arrays come in, or in float32.

    `torch.from_numpy` keeps NumPy's float64, on which the net refuses to work; the mistake silences it by
    `model.double()`. The cure is the course's `torch.FloatTensor(X)`. The factor is of time, and of memory.

    Answer:
        Loss before the step, length of the gradient, and loss after the step, each against float64 from the same seed;
        both forms are right, the mistake to more digits than anyone asked for.
    Work:
        As of the float32 step: 2·(3·6240 - 64) flops a row, 2 numbers a row and 6 a weight moved, 11 kernels; one item
        a row.
    Expect:
        Arithmetic and memory traffic double, the cost of calls does not: near 1 at 32 rows, 2 and more at thousands,
        where twice the numbers also leave the caches sooner. GPUs made for graphics have few units for float64, down to
        a 64th of those for float32, and there it is worse.
    """
    data = regression_data(ctx, rows)
    dtype = torch.float64 if form == "mistake" else ctx.dtype
    # rounded to float32 before they are widened, so that both forms have one answer
    x, y = (torch.from_numpy(part.cpu().numpy()).to(ctx.device, dtype) for part in (data.x_train, data.y_train))
    training = Training(regression_net(ctx).to(dtype))

    exact, exact_x, exact_y = Training(in_float64(regression_net(ctx))), in_float64(x), in_float64(y)
    expected = exact.update(exact.model(exact_x), exact_y), exact.gradient_norm(), exact.loss(exact_x, exact_y)

    def check(loss: torch.Tensor) -> float:
        return max(map(ctx.relative_error, (loss, training.gradient_norm(), training.loss(x, y)), expected))

    return Prepared(
        step=lambda: training.update(training.model(x), y),
        check=check,
        work=training_work(ctx, rows, updates=1),
        reset=training.rewind,
    )


@workload(
    lesson="Pitfalls",
    axes={"form": ("mistake", "cure"), "passes": (10, 2)},
    quick={"form": ("mistake", "cure"), "passes": 2},
)
def gradients_not_cleared(ctx: Context, form: str, passes: int) -> Prepared:
    """The gradient of the net's loss on (800, 1), after some passes forward and backward without an update.

    `backward` adds to the gradient that is there. The mistake never clears it; the cure calls `zero_grad` before each
    pass. Both begin the step with none. The factor is of the answer: `quality` has by how many times the gradient
    is too long (`error_factor`), measured; the factor of time stands beside it.

    Answer:
        The gradient (6401 numbers) against float64. The cure's is the gradient; the mistake's is wrong and held to what
        it must be by theory: `passes` times the gradient.
    Work:
        Passes times 2·(3·6240 - 64)·800 flops and 11 kernels; 2·800 + 2·6401 numbers moved: x and y and the weights
        read, the gradient written; one item a row and pass.
    Expect:
        Nothing fails and the time is nearly the same, for adding to eight gradients costs what making them anew costs:
        no clock finds this mistake. With updates in between, the sum is that of old gradients: of plain gradient
        descent it makes descent with a momentum of 1, which nothing damps.
    """
    data = regression_data(ctx)
    x, y = data.x_train, data.y_train
    model, criterion = regression_net(ctx), nn.MSELoss()

    exact = in_float64(regression_net(ctx))
    criterion(exact(in_float64(x)), in_float64(y)).backward()
    gradient = nn.utils.parameters_to_vector([weight.grad for weight in exact.parameters()])
    expected = gradient * (passes if form == "mistake" else 1)

    def step() -> list[torch.Tensor | None]:
        model.zero_grad()
        for _ in range(passes):
            if form == "cure":
                model.zero_grad()
            criterion(model(x), y).backward()
        return [weight.grad for weight in model.parameters()]

    def error_factor() -> float:
        found = nn.utils.parameters_to_vector([weight.grad for weight in model.parameters()])
        return (found.norm() / gradient.norm()).item()

    return Prepared(
        step=step,
        check=lambda out: ctx.relative_error(nn.utils.parameters_to_vector(out), expected),
        work=Work(
            flops=passes * 2 * (3 * PRODUCTS - 64) * TRAIN_ROWS,
            bytes=(2 * TRAIN_ROWS + 2 * WEIGHTS) * ctx.dtype.itemsize,
            kernels=11 * passes,
            items=passes * TRAIN_ROWS,
            unit="row",
        ),
        quality=lambda: {"error_factor": error_factor()},
    )


@workload(
    lesson="Pitfalls",
    axes={"form": ("mistake", "cure"), "size": (1000, 64)},
    quick={"form": ("cure", "mistake"), "size": 64},
)
def zeros_as_data(ctx: Context, form: str, size: int) -> Prepared:
    """C = A·B: (size, size) → (size, size), of zeros or of random numbers.

    The mistake takes `torch.zeros` for test data, since a time needs no values. The factor is of what is noticed:
    `quality` has whether the check of the answer refuses B·A in place of A·B (`wrong_answer_noticed`: 1 or 0); the
    factor of time stands beside it.

    Answer:
        64 rows of C against the same rows multiplied in float64. Of zeros that is 0, whatever is computed.
    Work:
        2·size³ flops; 3·size² numbers moved; one kernel; one product.
    Expect:
        Zeros answer every question with 0: the check sees nothing. The time of the product is nearly the same on a CPU,
        whose clock hardly depends on the numbers. A GPU that is held back by its power limit switches fewer transistors
        on zeros and runs faster, on numbers that nobody has.
    """
    a, b = ctx.randn(size, size), ctx.randn(size, size)
    if form == "mistake":
        a, b = torch.zeros_like(a), torch.zeros_like(b)
    error = product_error(ctx, a, b)
    return Prepared(
        step=lambda: torch.mm(a, b),
        check=error,
        work=product_work(ctx, size),
        # a right answer is wrong by rounding, B·A by more than its own size
        quality=lambda: {"wrong_answer_noticed": float(error(torch.mm(b, a)) > 0.1)},
    )
