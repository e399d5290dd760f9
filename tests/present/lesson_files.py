"""Two families of a small course, as workload files, and the course they belong to."""

from __future__ import annotations

from pathlib import Path

from bench.plan.catalog import Workload, read_file
from bench.plan.course_blocks import Block, shown

PRODUCTS = '''"""Products: the work grows with the cube of the size.

Small ones measure the *call*; see `sums/total`."""
from bench.workload import Context, Prepared, workload


@workload(lesson="GPU acceleration", axes={"size": (1000, 64), "kind": ("dense", "sparse")}, quick={"size": 64})
def square(ctx: Context, size: int, kind: str) -> Prepared:
    """C = A·B for square A, B: (size, size) → (size, size).

    The factors of `sums/total` are drawn outside, those of `products/square` too; `torch.mm` alone is timed, for
    whatever else there is would be timed with it.

    Course: matrix product; move
        to the device
    Answer:
        the rows of A_i * B_i < 1 in float64.

        A second paragraph of it.
    Work: 2·size³ flops.
    Expect:
        Flat | then **cubic**, as size**3 is.
    Since: `verbose=True` is refused.
    """


@workload(lesson="GPU acceleration", modes=("eager", "compile"), dtypes=("float32",))
def round_trip(ctx: Context) -> Prepared:
    """There and back."""
'''
SUMS = '''"""All about sums."""
from bench.workload import Context, Prepared, workload


@workload(lesson="Tensors")
def total(ctx: Context) -> Prepared:
    """The sum of (n,) numbers: () in `products/square`.

    Course: sum
    Answer: 20.
    Work: n additions.
    Expect: Overhead.
    """
'''
BLOCKS = (
    Block("Setup", "install", "pip install torch", by="`make demo`"),
    Block("Tensors", "sum", "x.sum() | y"),
    Block("GPU acceleration", "matrix product", "torch.mm(A, B)"),
    Block("GPU acceleration", "move to the device", "x.to(device)"),
)


def write(folder: Path) -> list[Workload]:
    """The workloads of both families; `products` as of an installed package, `sums` as a user's own file."""
    files = {"products.py": (PRODUCTS, "workloads.products"), "sums.py": (SUMS, None)}
    found = []
    for name, (text, dotted) in files.items():
        (folder / name).write_text(text, encoding="utf-8")
        found += read_file(folder / name, dotted)
    return found


def course(workloads: list[Workload]) -> tuple[Block, ...]:
    """The blocks, shown by those of `workloads` that name them."""
    return shown(BLOCKS, workloads)
