"""Tensors: making them, sharing them with NumPy, and the first things done with them.

The course's own tensors hold three to twelve numbers. At that size every line costs a microsecond or a few, whatever it
computes: the price of asking. Larger ones show which costs grow; a view, or sharing NumPy's memory, never costs more.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import torch

from bench.workload import Context, Prepared, Work, workload
from workloads._course import Normals

SHAPES = {6: (2, 3), 12: (3, 4)}
"""The shapes of the course's matrices, by how many numbers they hold; any other number of them lies in one row."""

CHECKED_AT_ONCE = 2**20
"""Numbers the float64 oracle holds at a time (8 MB): all are checked, none of them adds to the memory of the case."""

ORIGINALS: WeakValueDictionary[int, Any] = WeakValueDictionary()
"""What the living cases convert, by the address of its memory: to return it beside the result would cost a tuple."""


def converted(original: Any, exact: np.ndarray, shared: bool) -> Callable[[Any], float]:
    """A check of what is made of `original`, an array or tensor in one row: it has dtype, shape and numbers of `exact`,
    and shows a number that is written into the original where memory is `shared`, and only there."""
    ORIGINALS[address(original)] = original

    def check(out: Any) -> float:
        written = ORIGINALS.get(address(out), original)
        kept, before = written[0].item(), out.reshape(-1)[0].item()
        written[0] = kept + 1
        seen = out.reshape(-1)[0].item() != before
        written[0] = kept
        return equality(out, exact) if seen == shared else math.inf

    return check


def address(numbers: Any) -> int:
    """Where the memory of an array or a tensor begins."""
    return numbers.data_ptr() if isinstance(numbers, torch.Tensor) else numbers.ctypes.data


def equality(out: Any, exact: np.ndarray) -> float:
    """0 where `out`, array or tensor, has dtype, shape and every number of `exact`, else infinity."""
    found = out.cpu().numpy() if isinstance(out, torch.Tensor) else out
    alike = found.dtype == exact.dtype and found.shape == exact.shape
    return 0.0 if alike and (found == exact).all() else math.inf


def copying(bytes_: int, copies: bool, unit: str) -> Work:
    """Work of one `unit`: every byte read and written by one kernel where it copies, nothing where it shares."""
    return Work(flops=0, bytes=2 * bytes_ * copies, kernels=int(copies), items=1, unit=unit)


def numpy_name(dtype: torch.dtype) -> str:
    """NumPy's name of a dtype of torch."""
    return str(dtype).removeprefix("torch.")


@workload(
    lesson="PyTorch tensors",
    axes={"kind": ("tensor", "zeros", "ones", "randn"), "size": (5, 6, 12, 10**4, 10**6)},
    quick={"kind": ("tensor", "zeros", "ones", "randn"), "size": (5, 10**4)},
)
def create(ctx: Context, kind: str, size: int) -> Prepared:
    """A new tensor of `size` numbers: → (size,), and (2, 3) of 6 or (3, 4) of 12.

    `tensor` is given a list of whole numbers, as in the course: int64, whatever the dtype of the case. `randn` puts its
    generator back in every step, or no answer would be known; its phase `draw` is the draw alone.

    Course:
        create tensors; shape and dtype
    Answer:
        Shape, dtype and every number; of `randn` the numbers of a second generator of the same seed, and a mean and a
        mean square within ten standard errors of 0 and 1.
    Work:
        `size` numbers written, of 8 bytes each in `tensor`; one kernel; one item a number.
    Expect:
        Up to a dozen numbers every kind costs a few microseconds: Python, dispatch, an allocation. Later `zeros` and
        `ones` cost what writing costs, `randn` tens of times as much, and `tensor` a thousand times, for it visits the
        list object by object: measured on one CPU, about 0.15, 5 and 300 ms of a million. Data come by way of NumPy.
    """
    shape = SHAPES.get(size, (size,))
    phases = {}
    if kind == "randn":
        normals = Normals(ctx, shape, ctx.device)
        make, check, phases = normals.again, normals.error, {"draw": normals.draw}
    elif kind == "tensor":
        exact = np.arange(1, size + 1)
        make, check = partial(torch.tensor, exact.tolist(), device=ctx.device), partial(equality, exact=exact)
    else:
        make = partial(torch.zeros if kind == "zeros" else torch.ones, shape, dtype=ctx.dtype, device=ctx.device)
        check = partial(equality, exact=np.full(shape, int(kind == "ones"), numpy_name(ctx.dtype)))
    bytes_ = size * (8 if kind == "tensor" else ctx.dtype.itemsize)
    return Prepared(make, check, Work(flops=0, bytes=bytes_, kernels=1, items=size, unit="number"), phases=phases)


@workload(
    lesson="PyTorch tensors",
    axes={"how": ("share", "copy"), "size": (3, 10**4, 10**6)},
    quick={"how": ("share", "copy"), "size": (3, 10**4)},
)
def from_numpy(ctx: Context, how: str, size: int) -> Prepared:
    """A tensor from a NumPy array, in its memory or in memory of its own: array (size,) → tensor (size,).

    `share` is the course's `torch.from_numpy(array)`, `copy` is `torch.tensor(array)`, on the device of the case.

    Course:
        from NumPy
    Answer:
        dtype and every number of the array; a number written into it is seen in the tensor where it shares, and only
        there.
    Work:
        Sharing moves nothing; copying 2·size numbers, read and written, by one kernel; one item a conversion.
    Expect:
        Sharing takes a microsecond or two, of three numbers as of a million; copying grows with them, and takes several
        times as long already for three. The price of sharing: a later change of the array changes the tensor.
    """
    if how == "share" and ctx.device.type != "cpu":
        ctx.skip("torch.from_numpy gives a tensor in the memory of the array, on the host: no GPU computes on that")
    array = np.arange(1, size + 1, dtype=numpy_name(ctx.dtype))
    return Prepared(
        step=partial(torch.from_numpy, array) if how == "share" else partial(torch.tensor, array, device=ctx.device),
        check=converted(array, array.copy(), shared=how == "share"),
        work=copying(array.nbytes, how == "copy", "conversion"),
    )


@workload(
    lesson="PyTorch tensors",
    axes={"how": ("share", "copy"), "size": (3, 10**4, 10**6)},
    quick={"how": ("share", "copy"), "size": (3, 10**4)},
)
def to_numpy(ctx: Context, how: str, size: int) -> Prepared:
    """A NumPy array from a tensor, in its memory or in memory of its own: tensor (size,) → array (size,).

    `share` is the course's `tensor.numpy()`, `copy` goes by `tensor.to("cpu", copy=True)`, the one way from a GPU.

    Course:
        to NumPy
    Answer:
        dtype and every number of the tensor; a number written into it is seen in the array where it shares, and only
        there.
    Work:
        As in `tensors/from_numpy`.
    Expect:
        As in `tensors/from_numpy`: sharing takes a few microseconds whatever the size, copying grows with it. From a
        GPU the copy also waits for all that was asked of the GPU before.
    """
    if how == "share" and ctx.device.type != "cpu":
        ctx.skip("NumPy cannot reach a GPU's memory: tensor.numpy() raises there, and .cpu() first is a copy")
    exact = np.arange(1, size + 1, dtype=numpy_name(ctx.dtype))
    tensor = torch.tensor(exact, device=ctx.device)
    return Prepared(
        step=tensor.numpy if how == "share" else lambda: tensor.to("cpu", copy=True).numpy(),
        check=converted(tensor, exact, shared=how == "share"),
        work=copying(exact.nbytes, how == "copy", "conversion"),
    )


def add(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """a + b, number by number."""
    return a + b


def mul(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """a·b, number by number."""
    return a * b


def sin(a: torch.Tensor) -> torch.Tensor:
    """Sin a, number by number."""
    return torch.sin(a)


Operation = tuple[Callable[..., torch.Tensor], Callable[..., np.ndarray], int]
OPERATIONS: dict[str, Operation] = {"add": (add, np.add, 2), "mul": (mul, np.multiply, 2), "sin": (sin, np.sin, 1)}
"""By the name of the operation: ours, NumPy's, and of how many tensors."""


@workload(
    lesson="Tensor operations",
    axes={"op": ("add", "mul", "sin"), "size": (3, 10**4, 10**6, 10**7)},
    quick={"op": ("add", "mul", "sin"), "size": (3, 10**4)},
    modes="all",
    dtypes=("float32", "float64", "float16", "bfloat16"),
)
def elementwise(ctx: Context, op: str, size: int) -> Prepared:
    """a + b, a·b or sin a of the course's three numbers, or of more, normal ones: (size,) → (size,).

    Course:
        element-wise operations
    Answer:
        The same operation of NumPy in float64, at every number.
    Work:
        One flop a number, a sine counting as one; operands and result moved; one kernel; one item a number.
    Expect:
        Three numbers cost what asking costs; ten thousand about twice that in `add` and `mul`, which wait for the
        memory, and several times in `sin`, which computes. From 10⁶ to 10⁷ the time grows more than tenfold on a CPU:
        results of 40 MB are fresh memory in every step. Compiling finds nothing to fuse, and adds checks to every call.
    """
    function, reference, arity = OPERATIONS[op]
    course = [ctx.place(torch.tensor(numbers)) for numbers in ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])]
    operands = course[:arity] if size == 3 else [ctx.randn(size) for _ in range(arity)]

    def check(out: torch.Tensor) -> float:
        if out.shape != operands[0].shape:
            return math.inf
        pieces = zip(*(each.split(CHECKED_AT_ONCE) for each in (out, *operands)), strict=True)
        return max(
            ctx.relative_error(found, reference(*(piece.cpu().double().numpy() for piece in inputs)))
            for found, *inputs in pieces
        )

    return Prepared(
        step=ctx.mode(function, *operands),
        check=check,
        work=Work(flops=size, bytes=(arity + 1) * size * ctx.dtype.itemsize, kernels=1, items=size, unit="number"),
    )


def product(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """A·B; a Python function, since torch.jit.script takes no builtin."""
    return torch.mm(a, b)


@workload(
    lesson="Tensor operations",
    axes={"shape": ("3x4x5", "30x40x50", "300x400x500")},
    quick={"shape": ("3x4x5", "30x40x50")},
    modes="all",
    dtypes=("float32", "float64", "float16", "bfloat16"),
)
def mm(ctx: Context, shape: str) -> Prepared:
    """C = A·B for A: (rows, inner), B: (inner, columns) → (rows, columns), with `shape` rows x inner x columns.

    Course:
        matrix product
    Answer:
        A·B in float64, by NumPy.
    Work:
        2·rows·inner·columns flops; A, B and C moved; one kernel; one product.
    Expect:
        From 3x4x5 to 30x40x50 the flops grow a thousandfold and the time about twofold, the cost of asking; the next
        thousandfold is paid almost in full.
    """
    rows, inner, columns = map(int, shape.split("x"))
    a, b = ctx.randn(rows, inner), ctx.randn(inner, columns)
    exact = a.cpu().double().numpy() @ b.cpu().double().numpy()
    moved = (a.numel() + b.numel() + exact.size) * ctx.dtype.itemsize
    return Prepared(
        step=ctx.mode(product, a, b),
        check=partial(ctx.relative_error, exact=exact),
        work=Work(flops=2 * rows * inner * columns, bytes=moved, kernels=1, items=1, unit="product"),
    )


@workload(
    lesson="Tensor operations",
    axes={"how": ("view", "pairs", "copy"), "size": (12, 12 * 10**3, 12 * 10**5)},
    quick={"how": ("view", "pairs", "copy"), "size": (12, 12 * 10**3)},
)
def reshape(ctx: Context, how: str, size: int) -> Prepared:
    """The same numbers as a view of another shape, or as a copy: (size,) → (3, size/3), (size/2, 2) or (size,).

    `view` is the course's `x.view(3, 4)` and `pairs` its `x.view(-1, 2)`. `copy` flattens the transpose of that view:
    no view shows its numbers in this order, so that `reshape` copies them, without a word.

    Course:
        reshaping
    Answer:
        Every number where NumPy puts it; a number written into x is seen in the view, and is not in the copy.
    Work:
        A view moves nothing; the copy moves 2·size numbers, read and written, by one kernel; one item a reshape.
    Expect:
        A view takes a few microseconds, of a dozen numbers as of a million. The copy grows with them, and takes longer
        for each number than a straight one, since it gathers every three neighbours from three places.
    """
    x = ctx.randn(size)
    numbers = x.cpu().numpy().copy()
    turned, rows = x.view(3, -1).t(), numbers.reshape(3, -1)
    step, exact = {
        "view": (partial(x.view, 3, size // 3), rows),
        "pairs": (partial(x.view, -1, 2), numbers.reshape(-1, 2)),
        "copy": (partial(turned.reshape, -1), rows.T.flatten()),
    }[how]
    return Prepared(
        step=step,
        check=converted(x, exact, shared=how != "copy"),
        work=copying(exact.nbytes, how == "copy", "reshape"),
    )
