"""What `bench certify` measures: known work, and real cases against themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.plan.catalog import Catalog
from bench.records import Case, ComparedCase, Planned, Value

LINEARITY, MEAN, INJECTED, ADDITIVITY, SAME = "linearity", "mean", "injected", "additivity", "same"
"""Purposes of a comparison: known waits; waits of which every so many-th is longer; work slowed by a known share; twice
the work; a case and itself."""

VISITED = (LINEARITY, MEAN, SAME)
"""Purposes whose cases are also timed on one side alone."""

WORKS = ("product", "sine", "backward")

REAL: tuple[tuple[str, Mapping[str, Value]], ...] = (
    ("regression/train_step", {"rows": 800}),
    ("matmul/square", {"size": 512}),
    ("autograd/polynomial", {}),
    ("dataloader/epoch", {"loader": "sliced", "batch": 32}),
    ("torchscript/inference", {"batch": 32}),
)
"""Real cases of the course: training, one product, small operators, loading, inference."""

REAL_ON_GPU: tuple[tuple[str, Mapping[str, Value]], ...] = (
    ("matmul/square", {"size": 4096}),
    ("regression/train_step", {"rows": 8000}),
)
"""Real cases on a GPU: one that keeps it busy, and one that is mostly launches."""


@dataclass(frozen=True)
class Extent:
    """How much is measured: quick takes two minutes, full takes twenty."""

    micros: tuple[int, ...]
    cycles: tuple[int, ...]
    every: tuple[int, ...]
    """Waits of which every so many-th is longer."""
    percents: tuple[int, ...]
    pairs: int
    known_pairs: int
    """Pairs of work whose ratio is known: it is small operations of one thread, whose CPU time other programs hardly
    touch."""
    fewer_pairs: int
    """Pairs of waits: one slope for each process is precise enough."""
    real: tuple[str, ...]
    """Workloads whose real cases are compared."""
    couples_s: float
    """Seconds that a pair spends on the block pairs of one case."""
    rival_couples: int
    """Blocks of a real case in a pair for each other timer, and for ours beside it."""
    budget_s: float
    repetitions: int
    """Simulated measurements of each family."""


QUICK = Extent(
    (10, 100, 1000, 10_000),
    (10_000, 100_000, 1_000_000),
    (7,),
    (5,),
    pairs=9,
    known_pairs=6,
    fewer_pairs=3,
    real=("regression/train_step", "matmul/square", "autograd/polynomial", "torchscript/inference"),
    couples_s=0.15,
    rival_couples=7,
    budget_s=80,
    repetitions=2000,
)
FULL = Extent(
    (10, 100, 1000, 10_000, 100_000),
    (10_000, 100_000, 1_000_000, 10_000_000),
    (3, 7, 31),
    (1, 2, 3, 5, 10),
    pairs=30,
    known_pairs=30,
    fewer_pairs=6,
    real=tuple(name for name, _ in REAL),
    couples_s=0.5,
    rival_couples=25,
    budget_s=1140,
    repetitions=20_000,
)


@dataclass(frozen=True)
class Comparison:
    """One comparison of the certificate: its purpose, its case on both sides, and what its ratio must be."""

    purpose: str
    coupled: ComparedCase
    pairs: int
    ratio: float = 1.0


def comparisons(catalog: Catalog, extent: Extent, gpu: bool = False) -> list[Comparison]:
    """All comparisons of an extent, on the CPU, and on a CUDA device where there is one.

    Raises `UserError` if the course's workloads are not installed.
    """
    waits: list[tuple[str, Mapping[str, Value]]]
    waits = [("certification/spin", {"micros": micros}) for micros in extent.micros]
    real = [(name, axes) for name, axes in REAL if name in extent.real]
    slowed = [(work, "cpu") for work in WORKS]
    if gpu:
        waits += [("certification/sleep", {"cycles": cycles, "device": "cuda"}) for cycles in extent.cycles]
        real += [(name, {**axes, "device": "cuda"}) for name, axes in REAL_ON_GPU]
        slowed += [("product", "cuda")]
    found = [Comparison(LINEARITY, _same(catalog, name, axes), extent.fewer_pairs) for name, axes in waits]
    for every in extent.every:
        periodic = _same(catalog, "certification/periodic", {"every": every})
        found.append(Comparison(MEAN, periodic, extent.fewer_pairs))
    for percent in (*extent.percents, 100):
        for work, device in slowed:
            axes: dict[str, Value] = {"work": work, "percent": percent, "device": device}
            pair = [_planned(catalog, "certification/injected", {**axes, "form": form}) for form in ("plain", "slower")]
            purpose = ADDITIVITY if percent == 100 else INJECTED
            found.append(Comparison(purpose, ComparedCase(*pair), extent.known_pairs, 1 + percent / 100))
    return [*found, *(Comparison(SAME, _same(catalog, name, axes), extent.pairs) for name, axes in real)]


def about(extent: Extent, wanted: Sequence[Comparison]) -> dict[str, Any]:
    """The entry of `run.json` about the comparisons, for `bench.analyse.certificate`."""
    entries = [
        {
            "purpose": item.purpose,
            "key": item.coupled.case.key,
            "ratio": item.ratio,
            "micros": item.coupled.case.axes.get("micros"),
            "cycles": item.coupled.case.axes.get("cycles"),
            "every": item.coupled.case.axes.get("every"),
            "times": item.coupled.case.axes.get("times"),
        }
        for item in wanted
    ]
    extent_name = "quick" if extent is QUICK else "full"
    return {"certificate": {"extent": extent_name, "repetitions": extent.repetitions, "comparisons": entries}}


def _same(catalog: Catalog, name: str, axes: Mapping[str, Value]) -> ComparedCase:
    planned = _planned(catalog, name, axes)
    return ComparedCase(planned, planned)


def _planned(catalog: Catalog, name: str, axes: Mapping[str, Value]) -> Planned:
    workload = catalog.get(name)
    return Planned(Case.of(name, {**workload.defaults, **axes}), workload.source)
