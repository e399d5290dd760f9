from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.plan.catalog import Catalog, Workload, find, read_file

# Line 1 of every file written by `declare`; the decorator stands on line 2.
IMPORT = "from bench.workload import Context, Prepared, Work, workload\n"

MATMUL = (
    IMPORT
    + '''
@workload(lesson="GPU", axes={"size": (64, 256, 1024)}, quick={"size": (64, 256)}, modes="all")
def square(ctx: Context, size: int) -> Prepared:
    """C = A·B for square A, B.

    Answer: the product in
        float64
    Work: 2·size³ operations
    """


@workload(lesson="GPU", axes={"size": (64, 256)})
def round_trip(ctx: Context, size: int) -> Prepared:
    """There and back."""
'''
)
LOADER = (
    IMPORT
    + '''
@workload(lesson="Data", axes={"loader": ("sliced", "dataloader"), "batch": (32, 128), "rate": (0.1, 1)})
def epoch(ctx, loader, batch, rate):
    """One epoch."""


@workload(lesson="Autograd")
def polynomial(ctx):
    """dy/dx = 20."""
'''
)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes a file below the test's folder."""

    def write_file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def read(write: Callable[[str, str], Path]) -> Callable[[str], list[Workload]]:
    """The workloads of a file mine.py with that text."""
    return lambda text: read_file(write("mine.py", text))


@pytest.fixture
def declare(read: Callable[[str], list[Workload]]) -> Callable[..., Workload]:
    """The one workload `mine/one` with these arguments of the decorator (on line 2) and these parameters (line 3)."""

    def declare_one(arguments: str, parameters: str = "ctx, size") -> Workload:
        return read(f"{IMPORT}@workload({arguments})\ndef one({parameters}):\n    pass\n")[0]

    return declare_one


@pytest.fixture
def catalog(write: Callable[[str, str], Path]) -> Catalog:
    """matmul/square, matmul/round_trip, data/epoch, data/polynomial."""
    return find([write("matmul.py", MATMUL), write("data.py", LOADER)], installed=False)
