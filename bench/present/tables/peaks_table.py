"""The table of the peaks that floors come from, and what has to be said of floors in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bench.analyse.rows.peaks import Peaks, Place, Rate, dtype_of
from bench.analyse.rows.row import Row
from bench.present.tables.row_cells import DOUBT, has_floor
from bench.present.tables.table_formats import Table
from bench.present.tables.terminal_table import Column
from bench.present.words import units
from bench.present.words.finding_notes import sentence

HOW = (
    "÷ floor: time ÷ the least that its work takes here, which is the longest of flops ÷ peak, bytes ÷ bandwidth and "
    "kernels × launch; its interval puts time and floor at their worst"
)

_PEAKS = (Column("peak"), Column("where"), Column("of"), Column("rate", right=True), Column("interval"))
_AGES = ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute"))


def table_of_peaks(rows: Sequence[Row], runs: Sequence[str], peaks: Peaks, now: datetime) -> Table:
    """The peaks that the floors of these rows come from.

    runs: ids of the runs of the rows; now: the time from which the age of the peaks is counted back.
    """
    return Table(_PEAKS, _measured(rows, peaks), heading=_source(runs, peaks, now))


def floor_notes(rows: Sequence[Row]) -> list[str]:
    """The reasons why a time below its floor is no error, each once."""
    reasons = dict.fromkeys(row.floor.reason for row in rows if row.floor and row.floor.seconds and row.floor.reason)
    return [f"{DOUBT} {sentence(text)}" for text in reasons]


def _source(runs: Sequence[str], peaks: Peaks, now: datetime) -> str:
    own = list(runs) == [peaks.run]
    return f"Peaks: measured {age(peaks.age_s(now))} ago by {'this run' if own else f'run {peaks.run}'}"


def age(seconds: float) -> str:
    """A duration in its largest unit: `3 hours`, `1 day`, `less than a minute`."""
    for length, unit in _AGES:
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"


def _measured(rows: Sequence[Row], peaks: Peaks) -> list[dict[str, str]]:
    """The peaks that the floors of these rows come from; all peaks if no row has a floor."""
    floored = [row for row in rows if has_floor(row)]
    places = {Place.of(row) for row in floored}
    products = {(Place.of(row), dtype_of(row.case, row.work)) for row in floored}
    measured = [
        _peak("arithmetic", place, dtype, rate, "flop")
        for (place, dtype), rate in peaks.flops.items()
        if not floored or (place, dtype) in products
    ]
    for place, sets in peaks.bandwidths.items():
        steps = [item for before, item in zip((None, *sets), sets, strict=False) if not before or before[1] != item[1]]
        if not floored or place in places:
            measured += [_peak("bandwidth", place, f"sets from {units.size(size)}", r, "byte") for size, r in steps]
    for place, rate in peaks.launches.items():
        if not floored or place in places:
            cost = rate.seconds(1)
            value, interval = units.interval_parts(*cost)
            measured.append({**_peak("launch", place, "one kernel", rate, ""), "rate": value, "interval": interval})
    return measured


def _peak(name: str, place: Place, of: str, rate: Rate, unit: str) -> dict[str, str]:
    value, interval = units.rate_parts(rate.value, rate.low, rate.high, unit)
    threads = f" threads={place.threads}" if place.threads else ""
    clock = "" if place.device == "cpu" else f" {place.clock} clock"
    return {"peak": name, "where": f"{place.device}{threads}{clock}", "of": of, "rate": value, "interval": interval}
