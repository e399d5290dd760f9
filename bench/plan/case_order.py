"""The order in which cases are listed: cases to compare by eye are next to each other."""

from __future__ import annotations

from bench.plan.axis_values import DTYPES
from bench.plan.catalog import Workload
from bench.records import Case, Value
from bench.workload import MODES

Rank = tuple[int, float, str]


def place(case: Case, workload: Workload) -> tuple[str, tuple[Rank, ...]]:
    """Sort key: workload, device (cpu first), dtype, threads, the workload's own axes, and last mode, eager first.

    Numbers ascend; text keeps the order in which its author declared it, and undeclared text follows.
    """
    ranks = [
        _text(case["device"], ("cpu",)),
        _text(case["dtype"], DTYPES),
        _natural(case["threads"], ()),
        *(_natural(case[axis], declared) for axis, declared in workload.axes.items()),
        _text(case["mode"], MODES),
    ]
    return case.workload, tuple(ranks)


def _natural(value: Value, declared: tuple[Value, ...]) -> Rank:
    return _text(value, declared) if isinstance(value, str) else (0, float(value), "")


def _text(value: Value, known: tuple[Value, ...]) -> Rank:
    # 1 + …: after any number, such as "physical" after numbers of threads.
    return 1 + (known.index(value) if value in known else len(known)), 0.0, str(value)
