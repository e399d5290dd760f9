"""The peaks of a machine: the highest rates that the calibration workloads of a run reached."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from bench.analyse.rows.row import Row
from bench.records import Case
from bench.series import CPU
from bench.stats.intervals import Interval
from bench.workload import Work

CALIBRATION = "calibration/"
"""Prefix of the names of workloads whose rows are peaks."""

PRODUCT, KERNEL = "calibration/product", "calibration/empty_kernel"
STREAMS = ("calibration/copy", "calibration/triad", "calibration/read", "calibration/write")


class Timed(NamedTuple):
    """A row that has a time, that time, and the fastest block: of one thread by CPU time, where that is less."""

    row: Row
    time: Interval
    fastest_s: float | None


@dataclass(frozen=True)
class Rate:
    """Work per second: flops, bytes or kernels. `low` and `high` are NaN if there is no interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, work: float, timed: Timed) -> Rate:
        """The rate of `work` per step. Its upper end is that of the fastest block, as STREAM reports it.

        Another program on the machine lengthens whole launches, and the median with them. A fast block proves that the
        machine can be so fast; where every block lost its core now and then, the CPU time of the fastest still does.
        """
        time = timed.time
        low, high = (math.nan if end is None else end for end in (time.low, time.high))
        fastest = low if timed.fastest_s is None else timed.fastest_s
        return cls(work / time.value, work / high, work / float(np.minimum(low, fastest)))

    @classmethod
    def highest(cls, rates: Iterable[Rate]) -> Rate:
        """The highest of several rates: value, low and high separately; without an interval if one of them has none."""
        ends = [(rate.value, rate.low, rate.high) for rate in rates]
        value, low, high = np.max(ends, axis=0).tolist()  # NaN stays NaN
        return cls(value, low, high)

    def seconds(self, work: float) -> tuple[float, float, float]:
        """The least seconds for `work`: value, low, high. The highest rate gives the lowest time."""
        return work / self.value, work / self.high, work / self.low


@dataclass(frozen=True, order=True)
class Place:
    """Where a peak holds: device, actual number of threads (0 for a device without threads), and clock."""

    device: str
    threads: int
    clock: str

    @classmethod
    def of(cls, row: Row) -> Place:
        """The place of a row."""
        return cls.where(row.case, row.clock, row.threads_used)

    @classmethod
    def where(cls, case: Case, clock: str | None, threads_used: float | None) -> Place:
        """Where a case ran, on one clock. threads_used: as counted; None takes the axis.

        A `latency` is compared with peaks on `wall`: it also waits for the device, so it cannot be less. A time on
        `device` is compared with peaks on `device`, since it does not contain the launches that `wall` contains.
        """
        device, threads = str(case["device"]), 0
        if device == "cpu":
            threads = int(case["threads"] if threads_used is None else threads_used)
        return cls(device, threads, "device" if clock == "device" else "wall")


@dataclass(frozen=True)
class Peaks:
    """The highest rates of a machine, by place: flops, bytes and kernels per second."""

    run: str
    created: datetime
    """When the run that measured them began."""
    flops: Mapping[tuple[Place, str], Rate]
    """The highest rate of all products, by place and dtype."""
    largest: Mapping[tuple[Place, str], float]
    """Flops of the largest product: the peak was measured with work up to this size."""
    bandwidths: Mapping[Place, tuple[tuple[float, Rate], ...]]
    """Working set in bytes, ascending, and the highest rate of that set and all larger ones."""
    launches: Mapping[Place, Rate]

    def __bool__(self) -> bool:
        return bool(self.flops or self.bandwidths or self.launches)

    def age_s(self, now: datetime) -> float:
        """Seconds from the measurement of the peaks until `now`."""
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


def peaks(rows: Sequence[Row], created: str | datetime, run: str = "") -> Peaks:
    """The peaks in the rows of one run; empty if it has no calibration row with a time.

    created: when the run began, as its `run.json` says.
    """
    cpu_s = {row.key: row.fastest_s for row in rows if row.clock == CPU and row.fastest_s}
    products: dict[tuple[Place, str], list[Timed]] = {}
    streams: dict[Place, list[tuple[float, Rate]]] = {}
    kernels: dict[Place, list[Rate]] = {}
    for row in rows:
        if not row.ok or row.time is None or row.clock in ("latency", CPU):
            continue  # a latency contains the wait for the device, and CPU time is not what a step takes
        place = Place.of(row)
        of_both = [each for each in (row.fastest_s, cpu_s.get(row.key) if place.threads == 1 else None) if each]
        timed = Timed(row, row.time, min(of_both, default=None))
        if row.workload == PRODUCT:
            products.setdefault((place, dtype_of(row.case, row.work)), []).append(timed)
        elif row.workload == KERNEL:
            kernels.setdefault(place, []).append(Rate.of(row.work.kernels or math.nan, timed))
        elif row.workload in STREAMS:
            # The set by its axis: three arrays fill it less fully than two, but are not a smaller set.
            size = float(row.axis("numbytes", working_set(row.work)) or math.nan)
            streams.setdefault(place, []).append((size, Rate.of(row.work.bytes or math.nan, timed)))
    begun = datetime.fromisoformat(created) if isinstance(created, str) else created
    return Peaks(
        run or (rows[0].run if rows else ""),
        begun if begun.tzinfo else begun.replace(tzinfo=UTC),
        {at: Rate.highest(Rate.of(_flops(each.row), each) for each in _bounding(products, *at)) for at in products},
        {at: max(_flops(each.row) for each in found) for at, found in products.items()},
        {at: _ceilings(sets) for at, sets in streams.items()},
        {at: Rate.highest(rates) for at, rates in kernels.items()},
    )


def _flops(row: Row) -> float:
    return math.nan if row.work.flops is None else row.work.flops


def _bounding(products: Mapping[tuple[Place, str], list[Timed]], place: Place, dtype: str) -> list[Timed]:
    """The products whose rate limits the arithmetic of a dtype: its own, and for 16-bit floats also those of float32.

    A processor without 16-bit instructions converts the numbers one by one: its 16-bit products are slow (a hundredth
    of float32 on one CPU), while a 16-bit sum still runs at the rate of float32.
    """
    halves = dtype in ("float16", "bfloat16")
    return [*products[place, dtype], *(products.get((place, "float32"), ()) if halves else ())]


def dtype_of(case: Case, work: Work) -> str:
    """The number format of the flops of a case: its dtype, or what its author declares that it computes in."""
    return work.compute_dtype or str(case["dtype"])


def working_set(work: Work) -> float:
    """Bytes of memory that a step touches: as many as it moves, unless it states a smaller working set.

    NaN if it states neither.
    """
    stated = work.bytes if work.working_set is None else work.working_set
    return math.nan if stated is None else float(stated)


def _ceilings(sets: list[tuple[float, Rate]]) -> tuple[tuple[float, Rate], ...]:
    sizes = sorted({size for size, _ in sets})
    return tuple((least, Rate.highest(rate for size, rate in sets if size >= least)) for least in sizes)
