"""Mistakes in a training loop: reading the loss too often, workers for data in memory, float64, old gradients."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.data import DataLoader, RandomSampler, TensorDataset

from bench.workload import Context, Prepared, Work, workload
from workloads._course import PRODUCTS, TRAIN_ROWS, WEIGHTS, Training, in_float64, regression_net, training_work
from workloads._data import regression_data

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


BATCH = 32
WORKERS = 2


@workload(lesson="Pitfalls", axes={"form": ("mistake", "cure")}, quick={"form": "cure"})
def workers_on_memory(ctx: Context, form: str) -> Prepared:
    """One pass of the course's DataLoader over 800 shuffled rows in batches of (32, 1), by two workers or by none.

    The mistake is `num_workers=2` for data that are in memory already: each pass starts two processes, sends them the
    numbers of rows and is sent the rows. The cure is `num_workers=0`, the default. Nothing is trained: the batches are
    moved to the device and joined. The factor is of time. The quick sweep leaves the mistake out, for its time.
    The processes begin by the start method of the Python that runs this: `workers/start` compares them.

    Answer:
        Inputs and targets, in their order, against the rows that the same permutation takes from the tensors.
    Work:
        No flops; 2·800 numbers read and written; 2 kernels, the two joins; one item a row.
    Expect:
        Starting and ending a process that holds torch takes tens of milliseconds and more, stacking 800 rows takes a
        few: measured on CPUs, ten to fifty times what the workers were to spare. They pay where rows are read from a
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
    gradient = nn.utils.parameters_to_vector([weight.grad for weight in exact.parameters()])  # type: ignore[misc]  # filled
    expected = gradient * (passes if form == "mistake" else 1)

    def step() -> list[torch.Tensor | None]:
        model.zero_grad()
        for _ in range(passes):
            if form == "cure":
                model.zero_grad()
            criterion(model(x), y).backward()
        return [weight.grad for weight in model.parameters()]

    def error_factor() -> float:
        found = nn.utils.parameters_to_vector([weight.grad for weight in model.parameters()])  # type: ignore[misc]  # filled
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
