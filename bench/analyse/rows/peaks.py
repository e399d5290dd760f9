"""The peaks of a machine: the highest rates that the calibration workloads of a run reached."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from bench.analyse.rows.row import Row
from bench.records import Case
from bench.stats.intervals import Interval
from bench.workload import Work

CALIBRATION = "calibration/"
"""What the names of workloads begin with whose rows are peaks."""

PRODUCT, KERNEL = "calibration/product", "calibration/empty_kernel"
STREAMS = ("calibration/copy", "calibration/triad", "calibration/read", "calibration/write")


@dataclass(frozen=True)
class Rate:
    """Work per second: flops, bytes or kernels. `low` and `high` are NaN where one launch allows no interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, work: float, row: Row, time: Interval) -> Rate:
        """The rate of `work` a step. It reaches up to the fastest block that was seen, as STREAM reports it.

        A neighbour on the machine lengthens whole launches, and the median with them; that a block was so fast is
        proof that the machine can be.
        """
        low, high = (math.nan if end is None else end for end in (time.low, time.high))
        fastest = low if row.fastest_s is None else row.fastest_s
        return cls(work / time.value, work / high, work / float(np.minimum(low, fastest)))

    @classmethod
    def highest(cls, rates: Iterable[Rate]) -> Rate:
        """The highest of several, end by end; without an interval where one of them has none."""
        ends = [(rate.value, rate.low, rate.high) for rate in rates]
        value, low, high = np.max(ends, axis=0).tolist()  # a NaN stays one
        return cls(value, low, high)

    def seconds(self, work: float) -> tuple[float, float, float]:
        """How long `work` takes at least: value, low, high. The highest rate gives the lowest time."""
        return work / self.value, work / self.high, work / self.low


@dataclass(frozen=True, order=True)
class Place:
    """Where a peak holds: device, its real number of threads (0 for a device that has none), and the clock."""

    device: str
    threads: int
    clock: str

    @classmethod
    def of(cls, row: Row) -> Place:
        """The place of a row."""
        return cls.where(row.case, row.clock, row.threads_used)

    @classmethod
    def where(cls, case: Case, clock: str | None, threads_used: float | None) -> Place:
        """Where a case ran, on one clock. threads_used: as they were counted; as they were asked for without.

        A `latency` is held against peaks of `wall`: it waits for the device besides, so it cannot be less. A time of
        the `device` is held against its own, since the launches that `wall` contains are no part of it.
        """
        device, threads = str(case["device"]), 0
        if device == "cpu":
            threads = int(case["threads"] if threads_used is None else threads_used)
        return cls(device, threads, "device" if clock == "device" else "wall")


@dataclass(frozen=True)
class Peaks:
    """What a machine can do at most, by place. Rates are flops, bytes and kernels per second."""

    run: str
    created: datetime
    """When the run that measured them began."""
    flops: Mapping[tuple[Place, str], Rate]
    """The highest rate of all products, by place and dtype."""
    largest: Mapping[tuple[Place, str], float]
    """Flops of the largest product: what the peak was seen to hold for."""
    bandwidths: Mapping[Place, tuple[tuple[float, Rate], ...]]
    """Working set in bytes, ascending, and the highest rate of it and of all larger ones."""
    launches: Mapping[Place, Rate]

    def __bool__(self) -> bool:
        return bool(self.flops or self.bandwidths or self.launches)

    def age_s(self, now: datetime) -> float:
        """Seconds since they were measured."""
        return (now - self.created).total_seconds()

    def bandwidth(self, place: Place, working_set: float) -> tuple[float, Rate] | None:
        """The ceiling for a working set: the set it was measured with, and its rate.

        It is that of the largest set that was measured and is not larger: a smaller set may sit in a faster cache. A
        larger set is never faster but by noise, so the highest rate of all larger ones counts: the ceiling falls
        from set to set. Below the smallest set it is the highest of all.
        """
        known = self.bandwidths.get(place)
        if not known:
            return None
        return max((item for item in known if item[0] <= working_set), default=known[0], key=lambda item: item[0])


Timed = tuple[Row, Interval]
"""A row that has a time, and that time."""


def peaks(rows: Sequence[Row], created: str | datetime, run: str = "") -> Peaks:
    """The peaks in the rows of one run; empty where it has no calibration row with a time.

    created: when the run began, as its `run.json` says.
    """
    products: dict[tuple[Place, str], list[Timed]] = {}
    streams: dict[Place, list[tuple[float, Rate]]] = {}
    kernels: dict[Place, list[Rate]] = {}
    for row in rows:
        if not row.ok or row.time is None or row.clock == "latency":
            continue  # a latency holds the wait for the device: it is never a peak
        place = Place.of(row)
        if row.workload == PRODUCT:
            products.setdefault((place, dtype_of(row.case)), []).append((row, row.time))
        elif row.workload == KERNEL:
            kernels.setdefault(place, []).append(Rate.of(row.work.kernels or math.nan, row, row.time))
        elif row.workload in STREAMS:
            # The set by its name: three arrays fill it less fully than two, and are no smaller set for that.
            size = float(row.axis("numbytes", working_set(row.work)) or math.nan)
            streams.setdefault(place, []).append((size, Rate.of(row.work.bytes or math.nan, row, row.time)))
    begun = datetime.fromisoformat(created) if isinstance(created, str) else created
    return Peaks(
        run or (rows[0].run if rows else ""),
        begun if begun.tzinfo else begun.replace(tzinfo=UTC),
        {
            at: Rate.highest(Rate.of(_flops(row), row, time) for row, time in _bounding(products, *at))
            for at in products
        },
        {at: max(_flops(row) for row, _ in timed) for at, timed in products.items()},
        {at: _ceilings(sets) for at, sets in streams.items()},
        {at: Rate.highest(rates) for at, rates in kernels.items()},
    )


def _flops(row: Row) -> float:
    return math.nan if row.work.flops is None else row.work.flops


def _bounding(products: Mapping[tuple[Place, str], list[Timed]], place: Place, dtype: str) -> list[Timed]:
    """The products whose rate bounds the arithmetic of a dtype: its own, and for the halves those of float32.

    A processor without instructions for halves widens them, number by number: its products of halves are slow (a
    hundredth of float32 on one CPU), while a sum of halves still runs at the rate of the float32 it is made of.
    """
    halves = dtype in ("float16", "bfloat16")
    return [*products[place, dtype], *(products.get((place, "float32"), ()) if halves else ())]


def dtype_of(case: Case) -> str:
    """The dtype of a case."""
    return str(case["dtype"])


def working_set(work: Work) -> float:
    """Bytes of memory that a step touches: as many as it moves, unless it says that it loops over fewer.

    NaN where it states neither.
    """
    stated = work.bytes if work.working_set is None else work.working_set
    return math.nan if stated is None else float(stated)


def _ceilings(sets: list[tuple[float, Rate]]) -> tuple[tuple[float, Rate], ...]:
    sizes = sorted({size for size, _ in sets})
    return tuple((least, Rate.highest(rate for size, rate in sets if size >= least)) for least in sizes)
