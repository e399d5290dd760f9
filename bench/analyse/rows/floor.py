"""The floor of a case: what its work takes at least on this machine, and how far above that its time stays.

floor = max(flops ÷ peak, bytes ÷ bandwidth of their working set, kernels ÷ launches per second), each with the rates
that the calibration workloads reached in the same place (device, threads, clock) and, for flops, in the same dtype.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_object_dtype

from bench.analyse.findings.floor_checks import AbovePeak, BelowFloor, Floor, StaleCalibration
from bench.analyse.rows.estimates import NO_TIME, estimates
from bench.analyse.rows.peaks import CALIBRATION, Peaks, Place, Rate, dtype_of, peaks, working_set
from bench.records import UNIVERSAL_AXES, Finding, Outcome
from bench.store.tables import RunData

__all__ = ["FLOOR_COLUMNS", "BelowFloor", "Floor", "Peaks", "command", "judged", "peaks", "peaks_of", "with_floor"]

Row = Mapping[Any, Any]

FLOOR_COLUMNS = (
    *("floor_s", "floor_low_s", "floor_high_s", "floor_by", "floor_proven"),
    *("times_floor", "times_floor_low", "times_floor_high", "floor_reason"),
)

WITHHELD = (
    *("first_call_s", "first_call_s_low", "first_call_s_high", "compile_cold_s", "compile_warm_s", "build_s"),
    "peak_bytes",
)
"""What a case that is wrong does not have either, besides `NO_TIME`."""


def judged(data: RunData) -> pd.DataFrame:
    """The estimates of a run; where it measured the peaks of its machine, a time below its floor is `wrong`."""
    frame = estimates(data)
    own = peaks_of(data, frame)
    return with_floor(frame, own) if own else frame


def peaks_of(data: RunData, frame: pd.DataFrame) -> Peaks:
    """The peaks a run measured itself; empty where it measured none, or another tool did. frame: its estimates."""
    if "imported" in data.run:
        frame = frame.iloc[:0]
    return peaks(frame, data.run["created"], data.run["run"])


def with_floor(frame: pd.DataFrame, peaks: Peaks, created: datetime | None = None) -> pd.DataFrame:
    """`frame` with `FLOOR_COLUMNS`; a case with a time wholly below its floor becomes `wrong` and keeps no time.

    created: when the run of `frame` began. A case that becomes wrong has one row, whatever its clocks: a step whose
    work was not done has no time on any of them. Calibration rows have no floor: they are the peak. `times_floor_low`
    and `times_floor_high` put both at their worst: the lowest time over the highest floor, and the other way round.
    """
    records = frame.to_dict("records")
    floors = [floor_of(row, peaks) for row in records]
    refused: dict[Any, dict[Any, Any]] = {}
    for row, floor in zip(records, floors, strict=True):
        if (said := BelowFloor().look(row, floor)) is not None:
            finding = Finding(BelowFloor.name, BelowFloor.severity, *said, case=row["key"])
            refused.setdefault(_name(row), {**row, **_columns(row, floor), **_refusal(row, finding)})
    rows: list[dict[Any, Any]] = []
    told = set()
    for row, floor in zip(records, floors, strict=True):
        if _name(row) not in refused:
            doubts = [*row["findings"], *_doubts(row, floor, peaks, created)]
            rows.append({**row, **_columns(row, floor), "findings": doubts})
        elif _name(row) not in told:
            told.add(_name(row))
            rows.append(refused[_name(row)])
    floored = pd.DataFrame(rows, columns=[*frame.columns, *(name for name in FLOOR_COLUMNS if name not in frame)])
    # Whole numbers of an axis that some cases lack would turn into floats on the way through plain rows.
    types = {str(name): kind for name, kind in frame.dtypes.items() if not is_object_dtype(kind)}
    return floored.astype(types)


def floor_of(row: Row, peaks: Peaks) -> Floor:
    """The floor of one row, or the reason why it has none."""
    if str(row["workload"]).startswith(CALIBRATION):
        return Floor(reason="it is the peak")
    if row["outcome"] != Outcome.OK or pd.isna(row["value_s"]):
        return Floor(reason="it has no time")
    work = {name: row[name] for name in ("flops", "bytes", "kernels") if _stated(row, name)}
    if not work:
        return Floor(reason="it computes and moves nothing")
    place, dtype = Place.of(row), dtype_of(row)
    rates = {name: rate for name in work if (rate := _rate(name, row, peaks, place, dtype)) is not None}
    if len(rates) < len(work):
        lacking = " and ".join(name for name in work if name not in rates)
        threads = f" threads={place.threads}" if place.threads else ""
        where = f"device={place.device} dtype={dtype}{threads}"
        return Floor(reason=f"no peak of {lacking} was measured for {where}: {command([row])}")
    times = {name: rate.seconds(work[name]) for name, rate in rates.items()}
    by = max(times, key=lambda name: times[name][0])
    value, low, high = np.max(list(times.values()), axis=0).tolist()  # without an interval where a part has none
    source = f"{_counted(work[by])} {by} at {_counted(rates[by].value)} {by}/s"
    proven = by != "flops" or work[by] <= peaks.largest[place, dtype]
    return Floor(value, low, high, by, _doubt(row, value, low, proven), f"{source}, run {peaks.run}", proven)


def _name(row: Row) -> tuple[Any, Any]:
    return row.get("run"), row["key"]


def _rate(name: str, row: Row, peaks: Peaks, place: Place, dtype: str) -> Rate | None:
    """The peak that a part of the work is held against; None where it was not measured."""
    if name == "flops":
        return peaks.flops.get((place, dtype))
    if name == "kernels":
        return peaks.launches.get(place)
    # Bytes that pass again and again over the same memory may come from the cache that holds it.
    found = peaks.bandwidth(place, working_set(row))
    return None if found is None else found[1]


def _stated(row: Row, name: str) -> bool:
    value = row.get(name)
    return value is not None and not pd.isna(value) and value > 0


def _doubt(row: Row, value: float, low: float, proven: bool) -> str:
    """Why a time below its floor is no error here."""
    if not row["value_s"] < value:
        return ""
    if not proven:
        return (
            "below the floor, but larger than any product its peak was measured with: "
            "bench run 'calibration/*' --preset full"
        )
    if pd.isna(row["high_s"]) or math.isnan(low):
        return "below the floor, but without an interval nothing is decided: use --launches 6 or more"
    return ""


def _doubts(row: Row, floor: Floor, peaks: Peaks, created: datetime | None) -> list[Finding]:
    """What is to be said of a time that has a floor."""
    if math.isnan(floor.value):
        return []
    days = 0.0 if created is None else (created - peaks.created).total_seconds() / 86_400
    above, stale = AbovePeak(), StaleCalibration()
    said = ((above, above.look(row, floor)), (stale, stale.look(days, peaks)))
    return [Finding(check.name, check.severity, *what, case=row["key"]) for check, what in said if what is not None]


def _columns(row: Row, floor: Floor) -> dict[str, Any]:
    return {
        "floor_s": floor.value,
        "floor_low_s": floor.low,
        "floor_high_s": floor.high,
        "floor_by": floor.by,
        "floor_proven": floor.proven,
        "times_floor": row["value_s"] / floor.value,
        "times_floor_low": row["low_s"] / floor.high,
        "times_floor_high": row["high_s"] / floor.low,
        "floor_reason": floor.reason,
    }


def _refusal(row: Row, finding: Finding) -> dict[str, Any]:
    """What changes in the row of a case whose time cannot be: it ends like any other wrong answer."""
    ratios = ("times_floor", "times_floor_low", "times_floor_high")
    nothing = {**NO_TIME, **dict.fromkeys((*WITHHELD, *ratios), math.nan)}
    findings = [*row["findings"], finding]
    return {**nothing, "outcome": Outcome.WRONG.value, "reason": finding.message, "findings": findings}


def command(rows: Iterable[Row]) -> str:
    """The command that measures the peaks these rows are held against."""
    axes: dict[str, dict[str, None]] = {"device": {}, "threads": {}, "dtype": {}}
    for row in rows:
        for axis, values in axes.items():
            values[str(row["params"].get(axis, UNIVERSAL_AXES[axis]))] = None
    if set(axes["device"]) == {"cpu"}:
        del axes["device"]
    sets = (f"-s {axis}={','.join(values)}" for axis, values in axes.items() if values)
    return " ".join(["bench run 'calibration/*'", *sets])


def _counted(value: float) -> str:
    """A number with its prefix: `2 G`. `analyse` knows no `present`, which has the words of the tables."""
    for factor, prefix in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= factor:
            return f"{value / factor:.3g}{prefix}"
    return f"{value:.3g}"
