"""The peaks of a machine: the highest rates that the calibration workloads of a run reached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from bench.records import UNIVERSAL_AXES, Outcome

CALIBRATION = "calibration/"
"""What the names of workloads begin with whose rows are peaks."""

Row = Mapping[Any, Any]

PRODUCT, KERNEL = "calibration/product", "calibration/empty_kernel"
STREAMS = ("calibration/copy", "calibration/triad", "calibration/read", "calibration/write")


@dataclass(frozen=True)
class Rate:
    """Work per second: flops, bytes or kernels. `low` and `high` are NaN where one launch allows no interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, work: float, row: Row) -> Rate:
        """The rate of `work` a step. It reaches up to the fastest block that was seen, as STREAM reports it.

        A neighbour on the machine lengthens whole launches, and the median with them; that a block was so fast is
        proof that the machine can be.
        """
        fastest = row.get("fastest_s", row["low_s"])
        return cls(work / row["value_s"], work / row["high_s"], work / np.minimum(row["low_s"], fastest))

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
        """The place of a row of estimates.

        A `latency` is held against peaks of `wall`: it waits for the device besides, so it cannot be less. A time of
        the `device` is held against its own, since the launches that `wall` contains are no part of it.
        """
        params = row["params"]
        device = str(params.get("device", UNIVERSAL_AXES["device"]))
        threads = 0
        if device == "cpu":
            used = row.get("threads_used")
            threads = int(params.get("threads", UNIVERSAL_AXES["threads"]) if used is None or pd.isna(used) else used)
        return cls(device, threads, "device" if row["clock"] == "device" else "wall")


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


def peaks(frame: pd.DataFrame, created: str | datetime, run: str = "") -> Peaks:
    """The peaks in a frame of estimates of one run; empty where it has no calibration row with a time.

    created: when the run began, as its `run.json` says.
    """
    products: dict[tuple[Place, str], list[Row]] = {}
    streams: dict[Place, list[tuple[float, Rate]]] = {}
    kernels: dict[Place, list[Rate]] = {}
    for row in frame.to_dict("records"):
        name = row["workload"]
        if row["outcome"] != Outcome.OK or pd.isna(row["value_s"]) or row["clock"] == "latency":
            continue  # a latency holds the wait for the device: it is never a peak
        place = Place.of(row)
        if name == PRODUCT:
            products.setdefault((place, dtype_of(row)), []).append(row)
        elif name == KERNEL:
            kernels.setdefault(place, []).append(Rate.of(row["kernels"], row))
        elif name in STREAMS:
            # The set by its name: three arrays fill it less fully than two, and are no smaller set for that.
            size = float(row["params"].get("numbytes", working_set(row)))
            streams.setdefault(place, []).append((size, Rate.of(row["bytes"], row)))
    begun = datetime.fromisoformat(created) if isinstance(created, str) else created
    return Peaks(
        run or str(frame["run"].iloc[0] if len(frame) and "run" in frame else ""),
        begun if begun.tzinfo else begun.replace(tzinfo=UTC),
        {at: Rate.highest(Rate.of(row["flops"], row) for row in _bounding(products, *at)) for at in products},
        {at: max(row["flops"] for row in rows) for at, rows in products.items()},
        {at: _ceilings(sets) for at, sets in streams.items()},
        {at: Rate.highest(rates) for at, rates in kernels.items()},
    )


def _bounding(products: Mapping[tuple[Place, str], list[Row]], place: Place, dtype: str) -> list[Row]:
    """The products whose rate bounds the arithmetic of a dtype: its own, and for the halves those of float32.

    A processor without instructions for halves widens them, number by number: its products of halves are slow (a
    hundredth of float32 on one CPU), while a sum of halves still runs at the rate of the float32 it is made of.
    """
    halves = dtype in ("float16", "bfloat16")
    return [*products[place, dtype], *(products.get((place, "float32"), ()) if halves else ())]


def dtype_of(row: Row) -> str:
    """The dtype of a row of estimates."""
    return str(row["params"].get("dtype", UNIVERSAL_AXES["dtype"]))


def working_set(row: Row) -> float:
    """Bytes of memory that the step of a row touches: as many as it moves, unless it says that it loops over fewer."""
    stated = row.get("working_set")
    return float(row["bytes"] if stated is None or pd.isna(stated) else stated)


def _ceilings(sets: list[tuple[float, Rate]]) -> tuple[tuple[float, Rate], ...]:
    sizes = sorted({size for size, _ in sets})
    return tuple((least, Rate.highest(rate for size, rate in sets if size >= least)) for least in sizes)
