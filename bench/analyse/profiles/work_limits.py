"""How much of a step arithmetic, memory and launches account for: its stated work at the peaks of the machine."""

from __future__ import annotations

from dataclasses import dataclass

from bench.analyse.profiles.recorded import RecordedProfile
from bench.analyse.profiles.time_shares import Cost
from bench.analyse.rows.peaks import Peaks, Place, Rate, dtype_of, working_set
from bench.records import Case

COMPUTE, MEMORY, LAUNCHES = "flops", "bytes", "kernels"


@dataclass(frozen=True)
class Limit:
    """The least time that a kind of work takes, as a share of the step; `low` and `high` are NaN without intervals."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Limits:
    """The least time of each kind of work, or why it is not known."""

    found: tuple[Limit, ...] = ()
    reason: str = ""
    run: str = ""
    """The run that measured the peaks."""

    def largest(self) -> Limit | None:
        """The kind of work that accounts for most of the step; None if none is known."""
        return max(self.found, key=lambda limit: limit.value, default=None)


def limits_of(taken: RecordedProfile, cost: Cost, peaks: Peaks | None) -> Limits:
    """Compare the work of a step with the peaks, for each kind of work whose peak is known."""
    if not peaks:
        return Limits(reason="no peaks of this machine were measured: bench run 'calibration/*'")
    case = Case.from_key(taken.key)
    work = taken.work
    place = Place.where(case, "wall", taken.threads)
    bandwidth = peaks.bandwidth(place, working_set(work)) if work.bytes else None
    known = (
        (COMPUTE, work.flops, peaks.flops.get((place, dtype_of(case, work)))),
        (LAUNCHES, work.kernels, peaks.launches.get(place)),
        (MEMORY, work.bytes, None if bandwidth is None else bandwidth[1]),
    )
    found = [_limit(name, done, rate, cost) for name, done, rate in known if rate is not None and done]
    if not found:
        return Limits(reason="neither its work nor a peak for its device, threads and dtype is known", run=peaks.run)
    return Limits(tuple(found), run=peaks.run)


def _limit(name: str, work: float, rate: Rate, cost: Cost) -> Limit:
    value, low, high = rate.seconds(work)
    step = cost.step_s
    ends = (step.low or float("nan"), step.high or float("nan"))
    return Limit(name, value / step.value, low / ends[1], high / ends[0])
