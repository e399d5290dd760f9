"""A train step, an epoch and a compiled step, each with a place where `tests/agreement/planted_causes.py` slows it."""

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from bench.workload import Context, Prepared, Work, workload

ROWS, WIDTH = 512, 96


def featurise(table: np.ndarray) -> torch.Tensor:
    """Random features of a table that NumPy read."""
    x = torch.from_numpy(table).float()
    projection = torch.from_numpy(np.random.default_rng(1).normal(size=(WIDTH, 64))).to(x.dtype)
    return torch.tanh(x @ projection).float()


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Linear(64, WIDTH), nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = torch.relu(self.first(x))
        h = torch.relu(self.second(h))
        return self.last(h)


def record(losses: torch.Tensor, history: list[torch.Tensor]) -> None:
    """Keep the mean loss."""
    history[:] = [losses.mean().detach()]


@workload(lesson="Planted")
def step(ctx: Context) -> Prepared:
    """One step of training."""
    table = np.random.default_rng(0).normal(size=(ROWS, WIDTH))
    history: list[torch.Tensor] = []
    target, net = torch.zeros(ROWS, 1), Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-3)

    def train() -> torch.Tensor:
        losses = (net(featurise(table)) - target).square()
        optimizer.zero_grad()
        losses.mean().backward()
        optimizer.step()
        record(losses, history)
        return history[0]

    return Prepared(step=train, check=lambda out: 0.0 if float(out) >= 0 else 1.0, work=Work(items=ROWS))


def augment(row: torch.Tensor) -> torch.Tensor:
    """A transform, as each row passes it."""
    return row.flip(0) * 2


class Rows(Dataset[torch.Tensor]):
    def __init__(self) -> None:
        self.rows = torch.ones(256, 32)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> torch.Tensor:
        return augment(self.rows[index])


@workload(lesson="Planted")
def epoch(ctx: Context) -> Prepared:
    """An epoch of batches that one worker fetches."""
    loader = DataLoader(Rows(), batch_size=32, num_workers=1, persistent_workers=True)

    def fetch() -> Any:
        return sum(batch.sum() for batch in loader)

    return Prepared(step=fetch, check=lambda out: abs(float(out) / (256 * 32 * 2) - 1), work=Work(items=256))


class Gated(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = torch.relu(self.first(x))
        return torch.relu(self.second(h))


@workload(lesson="Planted", modes=("eager", "compile"))
def infer(ctx: Context) -> Prepared:
    """A pass through a small net."""
    net, x = Gated().eval(), ctx.randn(64, WIDTH)
    with torch.no_grad():
        wanted = net(x)
    step = torch.no_grad()(ctx.mode(net, x))
    return Prepared(step=step, check=lambda out: ctx.relative_error(out, wanted.double()), work=Work(items=64))
