"""Starting the workers of a DataLoader: what an epoch pays before its first batch, by how their processes begin.

They begin and end with each epoch unless they are persistent. Since Python 3.14 they no longer begin as copies of the
program on Linux, which changes what they cost and what they can be sent.
"""

from __future__ import annotations

import multiprocessing

import torch

from bench.workload import Context, Prepared, Work, workload
from workloads._course import TRAIN_ROWS, course_loader
from workloads._data import regression_data


@workload(
    lesson="DataLoader",
    axes={"by": ("fork", "forkserver", "spawn"), "workers": (2, 1)},
    quick={"by": "fork"},
)
def start(ctx: Context, by: str, workers: int) -> Prepared:
    """One pass of the course's DataLoader over 800 shuffled rows in batches of (32, 1), by workers started for it.

    A worker is started `by` copying this process (`fork`), by copying a server that has imported what the program
    imports at its top (`forkserver`), or as a new program (`spawn`). Python's own choice on Linux was fork up to 3.13,
    and is forkserver from 3.14 on. The server starts once, before the step is timed, and imports torch, as it
    would from a script with `import torch` at its top. Nothing is trained: the batches are moved and joined.

    Course: datasets and loaders
    Answer:
        Inputs and targets, in their order, against the rows that the same permutation takes from the tensors.
    Work:
        No flops; 2·800 numbers read and written; 2 kernels, the two joins; one item a row.
    Expect:
        A copy begins in milliseconds, a new program imports torch: measured on one CPU, spawn took over twenty times as
        long as fork, nearly all of it imports. The copy of a server is about as cheap as that of the process, as long
        as the server has imported torch. From a program whose main module does not, such as a notebook's or a test's
        it costs what spawn does: `multiprocessing.set_forkserver_preload(["torch"])` before the first loader mends
        that, and `persistent_workers=True` starts workers once in place of once an epoch. But for fork, a program must
        start its loops below `if __name__ == "__main__":`, and a transform that is a lambda cannot be sent: scripts
        that lack the one or have the other fail from Python 3.14 on.
    """
    if by not in multiprocessing.get_all_start_methods():
        ctx.skip(f"this system starts no process by {by}")
    data, shuffle = regression_data(ctx), torch.Generator()
    x, y = data.x_train, data.y_train
    loader = course_loader(x.cpu(), y.cpu(), 32, shuffle, workers=workers, start=by)
    order = torch.randperm(TRAIN_ROWS, generator=torch.Generator().manual_seed(ctx.seed))

    def reset() -> None:
        shuffle.manual_seed(ctx.seed)

    def step() -> tuple[torch.Tensor, torch.Tensor]:
        inputs, targets = zip(*[(some.to(ctx.device), others.to(ctx.device)) for some, others in loader], strict=True)
        return torch.cat(inputs), torch.cat(targets)

    return Prepared(
        step=step,
        check=lambda out: max(map(ctx.relative_error, out, (x.cpu()[order], y.cpu()[order]))),
        work=Work(bytes=4 * TRAIN_ROWS * ctx.dtype.itemsize, kernels=2, items=TRAIN_ROWS, unit="row"),
        reset=reset,
    )
