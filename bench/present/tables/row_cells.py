"""All fields of a row as text, for tables that people read."""

from __future__ import annotations

from bench.analyse.rows.row import Floor, Row
from bench.present.row_groups import NOT_KNOWN
from bench.present.words import units
from bench.present.words.ratio_words import ON_CPU, on_cpu, why_bare
from bench.present.words.units import DASH
from bench.stats.intervals import Interval
from bench.workload import AFTER

DOUBT = "(!)"
"""The mark of a time below its floor that is no error."""


def cells(row: Row, marks: str) -> dict[str, str]:
    """All fields of a row as text; missing ones are dashes. marks: the letters of its findings, as `(a) (b)`."""
    floor = row.floor or Floor()
    bound = floor.by or why_none(row)
    median, within = units.interval_parts(*units.ends(row.time))
    time = units.interval(*units.ends(row.time))
    has_interval, bare = within != DASH or median == DASH, why_bare(row.time)
    clock = f" {ON_CPU}" if on_cpu(row) else ""
    speedup, speedup_within = units.ratio_parts(*units.ends(row.speedup.ratio if row.speedup else None))
    unknown = _unknown(row.speedup.ratio if row.speedup else None)
    reference = row.speedup is not None and row.speedup.reference == row.key
    # Values of the quality by epoch (`…_after_3`) are left out, because the table has no room; a chart draws them.
    metrics = {name: value for name, value in (row.quality or {}).items() if not AFTER.fullmatch(name)}
    pays = row.break_even
    ratio = units.ratio(*units.ends(row.times_floor))
    return {
        "key": row.key,
        "workload": row.workload,
        "outcome": row.outcome.value,
        "reason": row.reason or DASH,
        "clock": row.clock or DASH,
        "machine": row.machine or DASH,
        "run": row.run or DASH,
        "median": median,
        "interval": NOT_KNOWN if not has_interval and bare == NOT_KNOWN else within,
        "time": f"{time} {marks}".rstrip() if has_interval else f"{time} ({bare}) {marks}".rstrip(),
        "mean": f"{units.interval(*units.ends(row.mean))}{_unknown(row.mean)}",
        "method": row.method or DASH,
        "launches": units.count(row.launches),
        "items": units.rate(row.rate.value if row.rate else None, row.work.unit or "item"),
        "peak": units.size(row.peak_bytes),
        "quality": ", ".join(f"{named.replace('_', ' ')} {units.plain(x)}" for named, x in metrics.items()) or DASH,
        "first_call": units.seconds(row.first_call.value if row.first_call else None),
        "cold": units.seconds(row.compile_cold_s),
        "warm": units.seconds(row.compile_warm_s),
        "break_even": units.steps(pays.value, pays.low, pays.high) if pays else DASH,
        "speedup": speedup,
        "speedup_interval": f"{speedup_within}{clock}",
        "faster": "reference" if reference else f"{_joined(speedup, speedup_within)}{unknown}{clock}",
        "paired": "reference" if reference else row.speedup.pairing if row.speedup else DASH,
        "floor": units.interval(*units.ends(floor.seconds)),
        "ratio": f"{ratio} {DOUBT}" if floor.seconds and floor.reason else ratio,
        "bound": floor.by or DASH,
        "bound_or_why": bound,
        "findings": marks or DASH,
    }


def _unknown(found: Interval | None) -> str:
    return f" ({NOT_KNOWN})" if why_bare(found) == NOT_KNOWN else ""


def _joined(value: str, within: str) -> str:
    return value if within == DASH else f"{value} {within}"


def has_floor(row: Row) -> bool:
    """Is it known how fast the row could be?"""
    return row.floor is not None and row.floor.seconds is not None


def why_none(row: Row) -> str:
    """Why the row has no time, or, if it has one, why it has no floor."""
    if not row.ok:
        return f"{row.outcome}: {row.reason or 'no reason was recorded'}"
    return f"no floor: {row.floor.reason if row.floor and row.floor.reason else 'none was computed'}"
