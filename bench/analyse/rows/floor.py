"""The floor of a case: the least time of its work on this machine, and how far above it the measured time is.

floor = max(flops ÷ peak, bytes ÷ bandwidth of their working set, kernels ÷ launches per second), with the rates that
the calibration workloads reached in the same place (device, threads, clock) and, for flops, in the same dtype.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from bench.analyse.findings.floor_checks import AbovePeak, BelowFloor, StaleCalibration
from bench.analyse.rows.peaks import CALIBRATION, Peaks, Place, Rate, dtype_of, working_set
from bench.analyse.rows.row import Floor, Row
from bench.records import UNIVERSAL_AXES, Finding, Outcome
from bench.series import CPU
from bench.stats.intervals import Interval
from bench.stats.missing_numbers import number

WORK = ("flops", "bytes", "kernels")
"""The parts of the stated work that take time."""

DTYPES = ("float32", "float64", "float16", "bfloat16")
"""Number formats of which `calibration/product` measures a peak."""


def with_floor(rows: Sequence[Row], peaks: Peaks, created: datetime | None = None) -> list[Row]:
    """The rows with their floors; a case with a time wholly below its floor becomes `wrong` and loses its time.

    created: when the run of the rows began. A case that becomes wrong has one row for all clocks: a step whose work was
    not done has no time on any of them. Calibration rows have no floor: they are the peak. The ends of `times_floor`
    take both at their worst: the lowest time over the highest floor, and the highest time over the lowest floor.
    """
    floored = [(row, floor_of(row, peaks)) for row in rows]
    refused: dict[tuple[str, str], Row] = {}
    for row, floor in floored:
        if (said := BelowFloor().look(row.time, floor)) is not None:
            finding = Finding(BelowFloor.name, BelowFloor.severity, *said, case=row.key)
            refused.setdefault(_name(row), _refused(replace(row, floor=floor), finding))
    made: list[Row] = []
    added = set()
    for row, floor in floored:
        if _name(row) not in refused:
            findings = (*row.findings, *_findings(row, floor, peaks, created))
            made.append(replace(row, floor=floor, times_floor=_times(row, floor), findings=findings))
        elif _name(row) not in added:
            added.add(_name(row))
            made.append(refused[_name(row)])
    return made


def floor_of(row: Row, peaks: Peaks) -> Floor:
    """The floor of one row, or the reason why there is none."""
    if row.workload.startswith(CALIBRATION):
        return Floor(reason="it is the peak")
    if not row.ok or row.time is None:
        return Floor(reason="it has no time")
    if row.clock == CPU:
        return Floor(reason="a floor is of the wall clock, and CPU time adds up what threads do at one time")
    stated = {name: getattr(row.work, name) for name in WORK}
    work = {name: float(value) for name, value in stated.items() if value is not None and value > 0}
    if not work:
        return Floor(reason="it computes and moves nothing")
    place, dtype = Place.of(row), dtype_of(row.case, row.work)
    rates = {name: rate for name in work if (rate := _rate(name, row, peaks, place, dtype)) is not None}
    if "flops" in work and dtype not in DTYPES:
        return Floor(reason=f"its flops are in {dtype}, of which the calibration measures no peak")
    if len(rates) < len(work):
        lacking = " and ".join(name for name in work if name not in rates)
        threads = f" threads={place.threads}" if place.threads else ""
        where = f"device={place.device} dtype={dtype}{threads}"
        return Floor(reason=f"no peak of {lacking} was measured for {where}: {command([row])}")
    times = {name: rate.seconds(work[name]) for name, rate in rates.items()}
    by = max(times, key=lambda name: times[name][0])
    value, low, high = np.max(list(times.values()), axis=0).tolist()  # NaN ends if any part has no interval
    seconds = Interval(value, number(low), number(high), row.time.n, "")
    source = f"{_counted(work[by])} {by} at {_counted(rates[by].value)} {by}/s, run {peaks.run}"
    proven = by != "flops" or work[by] <= peaks.largest[place, dtype]
    return Floor(seconds, by, _why_no_error(row.time, seconds, proven), source, proven)


def _name(row: Row) -> tuple[str, str]:
    return row.run, row.key


def _rate(name: str, row: Row, peaks: Peaks, place: Place, dtype: str) -> Rate | None:
    """The peak for a part of the work; None if it was not measured."""
    if name == "flops":
        return peaks.flops.get((place, dtype))
    if name == "kernels":
        return peaks.launches.get(place)
    # Bytes read again and again from the same memory may come from a cache.
    found = peaks.bandwidth(place, working_set(row.work))
    return None if found is None else found[1]


def _why_no_error(time: Interval, floor: Interval, proven: bool) -> str:
    """Why a time below its floor is not an error; empty if it is not below."""
    if not time.value < floor.value:
        return ""
    if not proven:
        return (
            "below the floor, but larger than any product its peak was measured with: "
            "bench run 'calibration/*' --preset full"
        )
    if time.high is None or floor.low is None:
        return "below the floor, but without an interval nothing is decided: use --launches 6 or more"
    return ""


def _times(row: Row, floor: Floor) -> Interval | None:
    """time ÷ floor, with both at their worst in the ends."""
    time, least = row.time, floor.seconds
    if time is None or least is None:
        return None
    low = None if time.low is None or least.high is None else time.low / least.high
    high = None if time.high is None or least.low is None else time.high / least.low
    return Interval(time.value / least.value, low, high, time.n, "")


def _findings(row: Row, floor: Floor, peaks: Peaks, created: datetime | None) -> list[Finding]:
    """The findings on a time that has a floor."""
    if floor.seconds is None:
        return []
    days = 0.0 if created is None else (created - peaks.created).total_seconds() / 86_400
    above, stale = AbovePeak(), StaleCalibration()
    said = ((above, above.look(row.time, floor)), (stale, stale.look(days, peaks)))
    return [Finding(check.name, check.severity, *what, case=row.key) for check, what in said if what is not None]


def _refused(row: Row, finding: Finding) -> Row:
    """The row of a case whose time is impossible: like any other wrong answer, it has no numbers."""
    bare = row.without_time(Outcome.WRONG, finding.message, (*row.findings, finding))
    return replace(bare, compile_cold_s=None, compile_warm_s=None, build_s=None, peak_bytes=None, times_floor=None)


def command(rows: Iterable[Row]) -> str:
    """The command that measures the peaks for these rows."""
    axes: dict[str, dict[str, None]] = {"device": {}, "threads": {}, "dtype": {}}
    for row in rows:
        computes_in = row.work.compute_dtype if row.work.compute_dtype in DTYPES else ""
        for axis, values in axes.items():
            known = computes_in if axis == "dtype" else ""
            values[known or str(row.axis(axis, UNIVERSAL_AXES[axis]))] = None
    if set(axes["device"]) == {"cpu"}:
        del axes["device"]
    sets = (f"-s {axis}={','.join(values)}" for axis, values in axes.items() if values)
    return " ".join(["bench run 'calibration/*'", *sets])


def _counted(value: float) -> str:
    """Write a number with its prefix: `2 G`. `analyse` cannot import the same function from `present`."""
    for factor, prefix in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= factor:
            return f"{value / factor:.3g}{prefix}"
    return f"{value:.3g}"
